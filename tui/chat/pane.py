"""Chat: try the served model. The conversation above, the prompt below, one line between that says how it stands."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Static

from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Turn
from launcher.runs.view import RunView
from launcher.serving.parts import Model
from launcher.text import clean
from tui.chat import state as chat_state
from tui.chat.commands import is_command
from tui.chat.growing import Growth
from tui.chat.prompt import PromptArea
from tui.chat.view import ChatView
from tui.chat.wants import Ask, Attach, ChatWanted, EditTurn, Interrupt, OpenDialog, Regenerate, SaveChat, Want
from tui.detail.actions import bindings
from tui.detail.pane import Pane

_OWN_LETTERS = "ijkcersh"
"""Keys of the table of actions that work in the conversation."""
_COPIED = {"code": "code", "prompt": "prompt", "thought": "reasoning", "call": "tool call", "error": "error"}
"""What a copied item is called; any other is an answer."""


class ChatPane(Pane):
    """The fourth tab; the face of a session."""

    BINDINGS = [  # noqa: RUF012
        *bindings("chat"),
        Binding("escape", "hold_back", "Hold back"),
        Binding("escape", "stop_editing", "Stop editing"),
        Binding("escape", "leave_prompt", "Leave"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.view = ChatView(id="chat-view")
        self.prompt = PromptArea(id="chat-prompt")
        self.answering = False
        self._state = Static(id="chat-state", markup=False)
        self._turns: tuple[Turn, ...] = ()
        self._settings = ChatSettings()
        self._model: str | None = None
        self._pictures: tuple[str, ...] = ()
        self._waiting: str | None = None
        """The prompt that is sent when the run becomes ready."""
        self._editing: int | None = None
        """The prompt that is to be sent again, changed."""
        self._draft = ""
        """What stood in the prompt area before that."""

    def compose(self) -> ComposeResult:
        yield self.view
        yield self._state
        yield self.prompt

    def on_mount(self) -> None:
        self._open_or_close()

    # -- the face of a session

    def show_history(self, turns: Sequence[Turn]) -> None:
        self._turns = tuple(turns)
        self.answering = False
        self.view.show_history(self._turns)
        self._leave_edit()
        self.prompt.remember([turn.text for turn in turns if turn.role == "user"])
        self._open_or_close()

    def show_settings(self, settings: ChatSettings, model: str | None, models: Sequence[Model]) -> None:
        self._settings, self._model = settings, model
        self._open_or_close()

    def show_pictures(self, pictures: Sequence[str]) -> None:
        self._pictures = tuple(pictures)
        self._open_or_close()

    def begin(self, turn: Turn, index: int) -> None:
        self.answering = True
        self._turns = (*self._turns[:index], turn)
        self.view.add_prompt(turn, index)
        self._open_or_close()

    def grow(self, growth: Growth) -> None:
        self.view.grow(growth)

    def finish(self, turn: Turn, index: int) -> None:
        self.answering = False
        self._turns = (*self._turns[:index], turn)
        self.view.finish(turn, index)
        self._open_or_close()

    def say(self, text: str, *, problem: bool = False) -> None:
        self.view.say(text, problem=problem)

    def put_back(self, text: str) -> None:
        self.prompt.put_back(text)

    # -- the run

    def run_switched(self, run: RunView | None) -> None:
        self._waiting = self._editing = None
        self._draft, self._pictures = "", ()
        self.show_history(())
        self.prompt.clear()
        self.show_settings(ChatSettings(), None, ())

    def run_changed(self, run: RunView | None) -> None:
        self._open_or_close()

    def focus_target(self) -> Widget:
        return self.prompt

    # -- the prompt

    def on_prompt_area_sent(self, event: PromptArea.Sent) -> None:
        event.stop()
        command = is_command(event.text)
        closed = None if command else chat_state.why_closed(self.shown_run)
        if closed is not None:
            self.put_back(event.text)
            if chat_state.can_wait(self.shown_run):
                self._waiting = self.prompt.text
                self._open_or_close()
            else:
                self.notify(closed, severity="warning", markup=False)
        elif self.answering and not command:
            self.notify("An answer is still being written. Press esc to stop it.", severity="warning", markup=False)
            self.put_back(event.text)
        elif self._editing is not None and not command:
            index, self._editing, self._draft = self._editing, None, ""
            self._want(EditTurn(index, event.text))
        else:
            self._want(Ask(event.text))

    def on_prompt_area_edited(self, event: PromptArea.Edited) -> None:
        """Somebody who goes on writing does not want the prompt to be sent under their hands."""
        event.stop()
        if self._waiting is not None and self._waiting != self.prompt.text:
            self.action_hold_back()

    def on_prompt_area_picture(self, event: PromptArea.Picture) -> None:
        """The path of a picture was pasted: it goes along, and is no text."""
        event.stop()
        self._want(Attach(event.path, pasted=True))

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
            self.prompt.take_paste(event.text)

    # -- keys

    def action_hold_back(self) -> None:
        """The prompt waits for the server no longer; it stays where it was written."""
        self._waiting = None
        self._open_or_close()

    def action_stop_editing(self) -> None:
        """The conversation stays as it is, and what was being written before is there again."""
        self.prompt.clear()
        self._leave_edit()
        self._open_or_close()

    def _leave_edit(self) -> None:
        """Also when another conversation is shown: the prompt that was edited may not be in it."""
        self._editing, draft, self._draft = None, self._draft, ""
        self.prompt.put_back(draft)

    def action_interrupt(self) -> None:
        self._want(Interrupt())

    def action_leave_prompt(self) -> None:
        """From the prompt to the conversation."""
        self.view.focus()

    def action_write_prompt(self) -> None:
        """From the conversation to the prompt."""
        self.prompt.focus()

    def action_item_down(self) -> None:
        self.view.move(1)

    def action_item_up(self) -> None:
        self.view.move(-1)

    def action_fold(self) -> None:
        self.view.toggle()

    def action_copy_item(self) -> None:
        """What is chosen, else what the mouse selected, else the last answer, as the model wrote it."""
        chosen = self.view.chosen
        text, what = "", "answer"
        if self.view.text_selection is not None:
            text, what = self.screen.get_selected_text() or "", "selection"
        elif chosen is not None:
            text, what = (
                chosen.copy,
                _COPIED.get(chosen.kind, what),
            )
        if not text:
            answers = (turn.text for turn in reversed(self._turns) if turn.role == "assistant" and turn.text)
            text = clean(next(answers, ""))
        if not text:
            self.notify("There is no answer yet.", severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied the {what}.", markup=False)

    def action_edit_prompt(self) -> None:
        """Write the chosen prompt (else the last) anew."""
        prompts = [index for index, turn in enumerate(self._turns) if turn.role == "user"]
        if not prompts or self.answering:
            self.notify("There is no prompt to edit now.", severity="warning", markup=False)
            return
        chosen = self.view.chosen
        before = [index for index in prompts if chosen is not None and index <= chosen.turn]
        if self._editing is None:
            self._draft = self.prompt.text
        self._editing = before[-1] if before else prompts[-1]
        self.prompt.replace_text(self._turns[self._editing].text)
        self.prompt.focus()
        self._open_or_close()

    def action_regenerate(self) -> None:
        closed = chat_state.why_closed(self.shown_run)
        if closed is not None or self.answering:
            self.notify(closed or "An answer is still being written.", severity="warning", markup=False)
        else:
            self._want(Regenerate())

    def action_options(self) -> None:
        self._want(OpenDialog("options"))

    def action_library(self) -> None:
        self._want(OpenDialog("library"))

    def action_history(self) -> None:
        self._want(OpenDialog("history"))

    def action_save(self) -> None:
        self._want(SaveChat())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape stops an answer, else holds a waiting prompt back, else leaves an edit, else leaves the prompt, else
        leaves the pane (it is the screen's then)."""
        if action == "interrupt":
            return self.answering
        if action == "hold_back":
            return self._waiting is not None
        if action == "stop_editing":
            return self._editing is not None
        if action == "leave_prompt":
            return self.prompt.has_focus
        inside = ("write_prompt", "item_down", "item_up", "fold", "copy_item", "edit_prompt", "history")
        return not self.prompt.has_focus if action in inside else True

    # -- inside

    def _want(self, want: Want) -> None:
        self.post_message(ChatWanted(self, want))

    def _open_or_close(self) -> None:
        """The run or the settings are other ones: a prompt that waits is sent when somebody can answer."""
        self.refresh_bindings()
        if self._waiting is not None and not chat_state.can_wait(self.shown_run):
            self._waiting = None
            if chat_state.why_closed(self.shown_run) is None:
                self.prompt.send()
        self._state.update(
            chat_state.state_line(
                self.shown_run, self._settings, self._model, answering=self.answering,
                waiting=self._waiting is not None, editing=self._editing is not None, pictures=self._pictures,
            )
        )  # fmt: skip
