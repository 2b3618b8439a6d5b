"""One of several conversations side by side: a head that says who answers, the conversation, a verdict below."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Turn
from launcher.runs.view import RunView
from launcher.serving.parts import Model
from launcher.text import clean_line
from tui.chat.growing import Growth
from tui.chat.view import ChatView


class ChatColumn(Vertical):
    """The face of one session among several."""

    class Changed(Message):
        """An answer began or ended."""

    def __init__(self, run: RunView) -> None:
        super().__init__(classes="side-column")
        self.shown_run = run
        self.answering = False
        self.answer: Turn | None = None
        """The last answer, once it is complete."""
        self.returned: str | None = None
        """The prompt, when it was not answered."""
        self.view = ChatView()
        self._head = Static(markup=False, classes="side-head")
        self._foot = Static(markup=False, classes="side-foot")

    def compose(self) -> ComposeResult:
        yield self._head
        yield self.view
        yield self._foot

    def judge(self, verdict: str) -> None:
        """What the comparison says of the answer."""
        self._foot.update(Content.styled(verdict, "bold $accent" if "▲" in verdict else "$foreground-muted"))

    # -- the face of a session

    def show_history(self, turns: Sequence[Turn]) -> None:
        self.view.show_history(turns)

    def show_settings(self, settings: ChatSettings, model: str | None, models: Sequence[Model]) -> None:
        run = self.shown_run
        about = [clean_line(model or "-"), *([clean_line(run.engine)] if run.engine else []), settings.describe()]
        said = "   ".join(part for part in about if part)
        self._head.update(Content.assemble((f"● {clean_line(run.name)}", "bold"), (f"   {said}", "$foreground-muted")))

    def show_pictures(self, pictures: Sequence[str]) -> None:
        """The screen shows them once for all."""

    def begin(self, turn: Turn, index: int) -> None:
        self.answering, self.answer, self.returned = True, None, None
        self.judge("")
        self.view.add_prompt(turn, index)
        self.post_message(self.Changed())

    def grow(self, growth: Growth) -> None:
        self.view.grow(growth)

    def finish(self, turn: Turn, index: int) -> None:
        self.answering, self.answer = False, turn
        self.view.finish(turn, index)
        self.post_message(self.Changed())

    def say(self, text: str, *, problem: bool = False) -> None:
        self.view.say(text, problem=problem)

    def put_back(self, text: str) -> None:
        self.returned = text
