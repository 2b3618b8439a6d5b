"""The question before something dangerous. It names what it hits; the safe button has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from launcher.text import clean_line
from styles.themes import palette
from tui import format as fmt
from tui.render.cells import Cell, to_text
from tui.render.row import model_name
from tui.render.state import look
from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from launcher.runs.view import RunView


class Question(NamedTuple):
    title: str
    says: str
    """What will happen, in one sentence."""
    button: str
    targets: tuple[RunView, ...]
    note: str = ""


def describe(run: RunView, now: float) -> tuple[Cell, ...]:
    """Two lines about one run: name and id; then state, model, processes, GPUs, uptime, as far as they are known."""
    state = look(run)
    begun = run.started if run.started is not None else run.created
    facts = [
        model_name(run),
        f"{'pid' if len(run.pids) == 1 else 'pids'} {' '.join(map(str, run.pids))}" if run.pids else "",
        f"GPU {','.join(map(str, run.gpus))}" if run.gpus else "",
        f"up {fmt.duration(now - begun)}" if run.live and begun is not None else "",
    ]
    return (
        ((clean_line(run.name), "title"), (f"  {clean_line(run.id)}", "muted")),
        ((f"  {state.glyph} {state.words}", state.style), *((f" · {fact}", "") for fact in facts if fact)),
    )


class ConfirmScreen(Dialog[bool]):
    """Dismissed with True only for a clear yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
        Binding("left,right,h,l", "other", "Other button", show=False),
    ]

    def __init__(self, question: Question, now: float) -> None:
        super().__init__()
        self.question = question
        self._now = now

    def compose(self) -> ComposeResult:
        with Vertical(id="window", classes="-bad -question") as window:
            window.border_title = Text(self.question.title)
            with VerticalScroll(id="window-body", can_focus=False):
                yield Static(self._text(), id="window-text")
            with Horizontal(id="window-buttons"):
                yield Button(Text(f"{self.question.button} (y)"), id="yes", variant="error", compact=True)
                yield Button(Text("Leave it (n)"), id="no", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    def _text(self) -> Text:
        lines: list[Cell] = [((self.question.says, ""),), ((" ", ""),)]
        for run in self.question.targets:
            lines += describe(run, self._now)
        if self.question.note:
            lines += [((" ", ""),), ((self.question.note, "muted"),)]
        colours = palette(self.app.theme)
        return Text("\n").join(to_text(line, colours) for line in lines)

    def action_answer(self, yes: bool) -> None:
        """Answer by key."""
        self.dismiss(yes)

    def action_other(self) -> None:
        """Go to the other button."""
        self.focus_next(Button)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "yes")
