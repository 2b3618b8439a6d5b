"""The list of manifests to choose from, with a line above it that filters by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from launcher.text import clean_line
from styles.themes import palette

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from tui.screens.launch_data import Candidate


class _Search(Input):
    """Keys that move go to the list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move('down')", show=False),
        Binding("up", "move('up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
    ]

    def action_move(self, way: str) -> None:
        """Move in the list while the keys stay here."""
        if isinstance(self.parent, ManifestList):
            self.parent.move(way)


class ManifestList(Vertical):
    """``Chosen`` tells what the cursor is on, ``Taken`` that enter was pressed on it."""

    class Chosen(Message):
        def __init__(self, candidate: Candidate | None) -> None:
            super().__init__()
            self.candidate = candidate

    class Taken(Message):
        """The user wants this one."""

    def __init__(
        self, match: Callable[[Sequence[Candidate], str], Sequence[Candidate]], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._match = match
        self._all: tuple[Candidate, ...] = ()
        self._shown: dict[str, Candidate] = {}
        self._told: Candidate | None = None

    def compose(self) -> ComposeResult:
        yield _Search(placeholder="type to filter", compact=True, id="manifest-search")
        yield OptionList(id="manifest-options", markup=False, compact=True)

    def take_keys(self) -> None:
        """Give the keys to the search line."""
        self.query_one(_Search).focus()

    def show(self, candidates: tuple[Candidate, ...]) -> None:
        """Show these manifests; the first is chosen."""
        self._all = candidates
        self._fill(self.query_one(_Search).value)

    def move(self, way: str) -> None:
        """Move the cursor of the list (down, up, page_down, page_up)."""
        options = self.query_one(OptionList)
        ways: dict[str, Callable[[], None]] = {
            "down": options.action_cursor_down, "up": options.action_cursor_up,
            "page_down": options.action_page_down, "page_up": options.action_page_up,
        }  # fmt: skip
        ways[way]()

    def _fill(self, typed: str) -> None:
        options = self.query_one(OptionList)
        colours = palette(self.app.theme)
        found = self._match(self._all, typed)
        self._shown = {f"c{number}": candidate for number, candidate in enumerate(found)}
        rows: list[Option] = []
        group = ""
        for key, candidate in self._shown.items():
            if candidate.group != group:
                group = candidate.group
                rows.append(Option(Text(group, colours.muted, no_wrap=True), disabled=True))
            rows.append(Option(Text(f" {clean_line(candidate.label)}", no_wrap=True, overflow="ellipsis"), id=key))
        options.clear_options()
        options.add_options(rows or [Option(Text("nothing matches", colours.muted), disabled=True)])
        if self._shown:
            keep = next((key for key, candidate in self._shown.items() if candidate == self._told), "c0")
            options.highlighted = options.get_option_index(keep)
        else:
            self._tell(None)

    def _tell(self, candidate: Candidate | None) -> None:
        if candidate != self._told:
            self._told = candidate
            self.post_message(self.Chosen(candidate))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        candidate = self._shown.get(event.option.id or "")
        if candidate is not None:
            self._tell(candidate)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Taken())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._shown:
            self.post_message(self.Taken())
