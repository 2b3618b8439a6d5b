"""A window with a text that scrolls: errors and the help. `c` copies it, esc closes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from styles.themes import palette
from tui.render.cells import Cell, to_text
from tui.screens.dialog import Dialog
from tui.screens.failures import Failure

if TYPE_CHECKING:
    from textual.app import ComposeResult


class TextModal(Dialog[None]):
    """Shows lines of spans. The title and the lines may hold anything: nothing of it is markup."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "close", "Close"),
        Binding("c,y", "copy_all", "Copy"),
        Binding("j", "scroll('down')", "Down", show=False),
        Binding("k", "scroll('up')", "Up", show=False),
    ]

    def __init__(self, title: str, lines: tuple[Cell, ...], *, bad: bool = False) -> None:
        super().__init__()
        self.heading = title
        self.lines = lines
        self._bad = bad

    def compose(self) -> ComposeResult:
        with Vertical(id="window", classes="-bad" if self._bad else "") as window:
            window.border_title = Text(self.heading)
            window.border_subtitle = "esc close · c copy"
            with VerticalScroll(id="window-body"):
                yield Static(self._text(), id="window-text")

    def on_mount(self) -> None:
        self.query_one("#window-body").focus()

    def _text(self) -> Text:
        colours = palette(self.app.theme)
        return Text("\n", no_wrap=False).join(to_text(line, colours) for line in self.lines)

    def plain(self) -> str:
        """The whole text, as it is copied."""
        return "\n".join([self.heading, *("".join(part for part, _ in line) for line in self.lines)])

    def action_close(self) -> None:
        """Close the window."""
        self.dismiss(None)

    def action_copy_all(self) -> None:
        """Copy the text to the clipboard."""
        self.app.copy_to_clipboard(self.plain())
        self.notify("copied", markup=False)

    def action_scroll(self, way: str) -> None:
        """One line up or down."""
        self.query_one("#window-body").scroll_relative(y=1 if way == "down" else -1, animate=False)


def error_modal(failure: Failure) -> TextModal:
    """The window for an error: detail, then what to do."""
    lines: list[Cell] = [((line, ""),) for line in failure.detail.splitlines()]
    if failure.fix:
        lines += [((" ", ""),)] if lines else []
        lines.append((("→ ", "key"), (failure.fix, "")))
    return TextModal(failure.title, tuple(lines), bad=True)
