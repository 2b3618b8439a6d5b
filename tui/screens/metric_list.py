"""The list of all metrics of a server: type to search, enter charts one (or no longer)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from launcher.text import clean_line
from styles.themes import palette
from tui.render import families as rows
from tui.render.cells import to_text
from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize

    from launcher.metrics.families import Family


class MetricList(Dialog[None]):
    """Stays open while charts are picked: each is told to ``toggle`` at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("enter", "pick", "Chart it, or not", priority=True),
        Binding("delete", "drop", "Remove", show=False, priority=True),
        Binding("down", "move('cursor_down')", show=False),
        Binding("up", "move('cursor_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
    ]

    def __init__(self, charted: tuple[str, ...], toggle: Callable[[str], None]) -> None:
        super().__init__()
        self.charted = set(charted)
        self._toggle = toggle
        self._all: tuple[Family, ...] = ()
        self._shown: tuple[Family, ...] = ()
        self._read = False

    def compose(self) -> ComposeResult:
        with Vertical(id="window", classes="-list") as window:
            window.border_title = Text("All metrics")
            window.border_subtitle = "enter chart it, or no longer · esc close"
            yield Input(placeholder="type to search name, kind and help", compact=True, id="metric-search")
            yield OptionList(id="metric-options", markup=False, compact=True)
            yield Static(id="metric-about", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._fill()

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._fill)

    def show(self, families: tuple[Family, ...]) -> None:
        """The families with their values of now; the place in the list is kept."""
        self._read = True
        if families != self._all and self.is_attached:
            self._all = families
            self._fill()

    def action_close(self) -> None:
        """Close the list."""
        self.dismiss(None)

    def action_move(self, way: str) -> None:
        """Move in the list while the keys stay in the search line."""
        getattr(self.query_one(OptionList), f"action_{way}")()

    def action_pick(self) -> None:
        """Chart the family under the cursor, or no longer."""
        family = self._under_cursor()
        if family is not None:
            self._pick(family.name)

    def action_drop(self) -> None:
        """Chart the family under the cursor no longer."""
        family = self._under_cursor()
        if family is not None and family.name in self.charted:
            self._pick(family.name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Inside what was typed the key deletes a letter, as everywhere."""
        if action == "drop":
            field = self.query_one(Input)
            return field.cursor_position >= len(field.value)
        return True

    def _pick(self, name: str) -> None:
        self.charted ^= {name}
        self._toggle(name)
        self._fill()

    def _under_cursor(self) -> Family | None:
        place = self.query_one(OptionList).highlighted
        return self._shown[place] if place is not None and place < len(self._shown) else None

    def _fill(self) -> None:
        options, before = self.query_one(OptionList), self._under_cursor()
        self._shown = rows.matching(self._all, self.query_one(Input).value)
        options.clear_options()
        if self._shown:
            options.add_options(self._options())
            names = [family.name for family in self._shown]
            options.highlighted = names.index(before.name) if before and before.name in names else 0
        else:
            why = "reading …" if not self._read else "nothing matches" if self._all else "nothing was recorded yet"
            options.add_option(Option(Text(why, palette(self.app.theme).muted), disabled=True))
        self._describe()

    def _options(self) -> list[Option]:
        width = self.query_one(OptionList).scrollable_content_region.width or 70
        longest = max(cell_len(clean_line(family.name)) for family in self._shown)
        colours = palette(self.app.theme)
        found = []
        for family in self._shown:
            cell = rows.row(family, width - 2, charted=family.name in self.charted, names=longest)
            found.append(Option(to_text(cell, colours)))
        return found

    def _describe(self) -> None:
        family = self._under_cursor()
        text = to_text(rows.about(family), palette(self.app.theme)) if family is not None else Text("")
        text.no_wrap = False
        self.query_one("#metric-about", Static).update(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._describe()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_pick()
