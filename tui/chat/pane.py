"""Chat: try the served model. One Static a turn; the live answer is plain text until it is complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static, TextArea

from launcher.chat.settings import ChatSettings
from launcher.runs.view import RunView
from launcher.text import clean
from tui.chat import state as chat_state
from tui.chat import text as chat_text
from tui.chat.commands import is_command
from tui.chat.prompt import PromptArea
from tui.detail.actions import bindings
from tui.detail.messages import Asked, Interrupted
from tui.detail.pane import Pane

if TYPE_CHECKING:
    from launcher.chat.turn import Turn

KEPT_TURNS = 40
"""Widgets on the screen; older turns stay in the transcript."""
_OWN_LETTERS = "ic"
"""Keys of the table of actions that work in the conversation."""


class ChatPane(Pane):
    """The fourth tab."""

    BINDINGS = [  # noqa: RUF012
        *bindings("chat"),
        Binding("escape", "hold_back", "Hold back"),
        Binding("escape", "leave_prompt", "Leave"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.answering = False
        self._live: Static | None = None
        self._last_answer = ""
        self._settings = ChatSettings()
        self._model: str | None = None
        self._waiting: str | None = None
        """The prompt that is sent when the run becomes ready."""

    def compose(self) -> ComposeResult:
        yield VerticalScroll(id="chat-history")
        yield Static(id="chat-state", markup=False)
        yield PromptArea(id="chat-prompt")

    def on_mount(self) -> None:
        self._open_or_close()

    @property
    def prompt(self) -> PromptArea:
        return self.query_one("#chat-prompt", PromptArea)

    @property
    def _history(self) -> VerticalScroll:
        return self.query_one("#chat-history", VerticalScroll)

    # -- what the controller gives

    def show_history(self, turns: Sequence[Turn]) -> None:
        """The conversation as it was left; replaces whatever is shown."""
        self._live = None
        self.answering = False
        self._last_answer = next((turn.text for turn in reversed(turns) if turn.role == "assistant" and turn.text), "")
        self._history.remove_children()
        shown = [self._widget(turn) for turn in turns if turn.role in ("user", "assistant")]
        self._history.mount_all(shown[-KEPT_TURNS:])
        self._history.anchor()
        self._open_or_close()

    def show_settings(self, settings: ChatSettings, model: str | None) -> None:
        """How the next prompt will be sent."""
        self._settings, self._model = settings, model
        self._open_or_close()

    def begin(self, turn: Turn, model: str | None) -> None:
        """A prompt was sent: show it, and an answer that is still empty."""
        self.answering = True
        self._live = Static(chat_text.live(model, "", "", ""), classes="turn answer", markup=False)
        self._add(Static(chat_text.prompt(turn), classes="turn prompt", markup=False), self._live)
        self._open_or_close()

    def show_live(self, model: str | None, text: str, reasoning: str, figures: str) -> None:
        """The answer so far; called at most ten times a second."""
        if self._live is not None:
            self._live.update(chat_text.live(model, text, reasoning, figures))

    def finish(self, turn: Turn) -> None:
        """The answer is complete, or has failed (``turn.error``): the live text becomes Markdown."""
        self.answering = False
        if turn.text:
            self._last_answer = turn.text
        if self._live is not None:
            self._live.update(chat_text.answer(turn, dark=self.app.current_theme.dark))
            self._live = None
        self._open_or_close()

    def say(self, text: str, *, problem: bool = False) -> None:
        """A line of the chat itself."""
        self._add(Static(chat_text.notice(text, problem=problem), classes="turn notice", markup=False))

    def clear_history(self) -> None:
        """A new conversation."""
        self._history.remove_children()
        self._last_answer = ""

    def put_back(self, text: str) -> None:
        """A prompt that was not answered returns to where it was written."""
        self.prompt.put_back(text)

    def run_switched(self, run: RunView | None) -> None:
        self._waiting = None
        self.show_history(())
        self.prompt.clear()
        self.show_settings(ChatSettings(), None)

    def run_changed(self, run: RunView | None) -> None:
        self._open_or_close()

    def focus_target(self) -> Widget:
        return self.prompt

    # -- the user

    def on_prompt_area_sent(self, event: PromptArea.Sent) -> None:
        event.stop()
        closed = None if is_command(event.text) else chat_state.why_closed(self.shown_run)
        if closed is not None:
            self.put_back(event.text)
            if chat_state.can_wait(self.shown_run):
                self._waiting = self.prompt.text
                self._open_or_close()
            else:
                self.notify(closed, severity="warning", markup=False)
        elif self.answering and not is_command(event.text):
            self.notify("An answer is still being written. Press esc to stop it.", severity="warning", markup=False)
            self.put_back(event.text)
        else:
            self.post_message(Asked(self, event.text))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Somebody who goes on writing does not want the prompt to be sent under their hands."""
        event.stop()
        if self._waiting is not None and self._waiting != self.prompt.text:
            self.action_hold_back()

    def on_key(self, event: events.Key) -> None:
        """Letters that are typed into the conversation belong into the prompt, never to the actions on runs."""
        letter = event.character or ""
        if self.screen.focused is not self.prompt and letter.isalpha() and letter not in _OWN_LETTERS:
            event.stop()
            self.screen.set_focus(self.prompt)
            self.prompt.insert(letter)

    def on_paste(self, event: events.Paste) -> None:
        """A paste into the conversation as well."""
        if not self.prompt.has_focus:
            event.stop()
            self.screen.set_focus(self.prompt)
            self.prompt.insert(event.text)

    def action_hold_back(self) -> None:
        """The prompt waits for the server no longer; it stays where it was written."""
        self._waiting = None
        self._open_or_close()

    def action_interrupt(self) -> None:
        """Stop the answer."""
        self.post_message(Interrupted())

    def action_leave_prompt(self) -> None:
        """From the prompt to the conversation."""
        self._history.focus()

    def action_write_prompt(self) -> None:
        """From the conversation to the prompt."""
        self.prompt.focus()

    def action_copy_answer(self) -> None:
        """The last answer, as the model wrote it."""
        if not self._last_answer:
            self.notify("There is no answer yet.", severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(clean(self._last_answer))
        self.notify("Copied the answer.", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape stops an answer, else holds a waiting prompt back, else leaves the prompt, else leaves the pane (it is
        the screen's then)."""
        if action == "interrupt":
            return self.answering
        if action == "hold_back":
            return self._waiting is not None
        if action == "leave_prompt":
            return self.prompt.has_focus
        return not self.prompt.has_focus if action in ("write_prompt", "copy_answer") else True

    # -- inside

    def _widget(self, turn: Turn) -> Static:
        if turn.role == "user":
            return Static(chat_text.prompt(turn), classes="turn prompt", markup=False)
        return Static(chat_text.answer(turn, dark=self.app.current_theme.dark), classes="turn answer", markup=False)

    def _add(self, *widgets: Static) -> None:
        history = self._history
        history.mount_all(widgets)
        surplus = len(history.children) - KEPT_TURNS
        if surplus > 0:
            history.remove_children(history.children[:surplus])
        history.anchor()

    def _open_or_close(self) -> None:
        """The run or the settings are other ones: a prompt that waits is sent when somebody can answer."""
        self.refresh_bindings()
        if self._waiting is not None and not chat_state.can_wait(self.shown_run):
            self._waiting = None
            if chat_state.why_closed(self.shown_run) is None:
                self.prompt.send()
        self.query_one("#chat-state", Static).update(
            chat_state.state_line(
                self.shown_run, self._settings, self._model,
                answering=self.answering, waiting=self._waiting is not None,
            )
        )  # fmt: skip
