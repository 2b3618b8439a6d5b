"""A window with a search line, a list and a view of what is under the cursor: prompts, earlier conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.chat.dialog import ChatDialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

T = TypeVar("T")


class Picking(ChatDialog[T | None], Generic[T]):
    """Dismissed with the entry that was chosen, or None."""

    TITLE_TEXT = ""
    EMPTY = ""
    """What the list says when there is no entry at all."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("enter", "pick", "Choose", priority=True),
        Binding("down", "move('cursor_down')", show=False),
        Binding("up", "move('cursor_up')", show=False),
        Binding("pagedown", "move('page_down')", show=False),
        Binding("pageup", "move('page_up')", show=False),
    ]

    def __init__(self, entries: Sequence[T]) -> None:
        super().__init__()
        self.entries = tuple(entries)
        self._shown: tuple[T, ...] = ()

    # -- what a window knows of its entries

    def line(self, entry: T) -> str:
        """The entry in the list."""
        raise NotImplementedError

    def text(self, entry: T) -> str:
        """The entry, whole; it is searched as well."""
        raise NotImplementedError

    def problem(self, entry: T) -> str | None:
        """Why it cannot be chosen."""
        return None

    # -- the window

    def compose(self) -> ComposeResult:
        with Vertical(id="window", classes="-pick") as window:
            window.border_title = Text(self.TITLE_TEXT)
            window.border_subtitle = "enter choose · esc close"
            yield Input(placeholder="type to search", compact=True, id="pick-search")
            yield OptionList(id="pick-options", markup=False, compact=True)
            with VerticalScroll(id="pick-look", can_focus=False):
                yield Static(id="pick-text", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._fill()

    def action_close(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    def action_move(self, way: str) -> None:
        """Move in the list while the keys stay in the search line."""
        getattr(self.query_one(OptionList), f"action_{way}")()

    def action_pick(self) -> None:
        """Choose the entry under the cursor."""
        entry = self._under_cursor()
        if entry is None:
            return
        problem = self.problem(entry)
        if problem is None:
            self.dismiss(entry)
        else:
            self.notify(problem, severity="warning", markup=False)

    def _under_cursor(self) -> T | None:
        place = self.query_one(OptionList).highlighted
        return self._shown[place] if place is not None and place < len(self._shown) else None

    def _fill(self) -> None:
        typed = self.query_one(Input).value.lower().split()
        self._shown = tuple(
            entry for entry in self.entries
            if all(word in f"{self.line(entry)}\n{self.text(entry)}".lower() for word in typed)
        )  # fmt: skip
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(Text(self.line(entry), no_wrap=True)) for entry in self._shown)
        if self._shown:
            options.highlighted = 0
        else:
            options.add_option(Option(Text("nothing matches" if self.entries else self.EMPTY), disabled=True))
        self._describe()

    def _describe(self) -> None:
        entry = self._under_cursor()
        text = "" if entry is None else self.problem(entry) or self.text(entry)
        self.query_one("#pick-text", Static).update(Text(text))
        self.query_one("#pick-look", VerticalScroll).scroll_home(animate=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._describe()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_pick()
