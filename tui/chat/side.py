"""Side by side: one prompt to several runs, or to several models of one, at the same moment; a column each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

import styles
from launcher.chat import picture
from launcher.errors import VdeckError
from launcher.text import clean_line
from tui.chat import commands, contest
from tui.chat.column import ChatColumn
from tui.chat.commands import Clear
from tui.chat.prompt import PromptArea
from tui.chat.session import Session
from tui.chat.wants import Attach

if TYPE_CHECKING:
    from launcher.runs.view import RunView
    from tui.detail.sources import Sources

MOST = 4
"""Columns; more would be too narrow to read."""
_FOLDER = os.path.dirname(os.path.abspath(styles.__file__))
_SHEETS: list[str | PurePath] = [os.path.join(_FOLDER, name) for name in ("chat.tcss", "side.tcss")]


class Contender(NamedTuple):
    """Who answers in a column. ``model`` None: the first that the run serves."""

    run: RunView
    model: str | None = None


class SideScreen(Screen[None]):
    """Each column has a session of its own, whose turns go into the chat of its run as a conversation of their own."""

    CSS_PATH: ClassVar[list[str | PurePath]] = _SHEETS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "step_back", "Stop, leave", priority=True, tooltip="Stop the answers; then leave."),
        Binding("ctrl+r", "again", "Again", priority=True, tooltip="Ask all for another answer to the last prompt."),
        Binding("ctrl+o", "options", "Options", priority=True, tooltip="The options of all columns."),
        Binding("tab", "app.focus_next", "Next column", show=False),
    ]

    def __init__(self, sources: Sources, contenders: Sequence[Contender], note: str = "") -> None:
        super().__init__()
        self.contenders = tuple(contenders)[:MOST]
        self.columns = [ChatColumn(contender.run) for contender in self.contenders]
        self._sources = sources
        self._note = note
        self._sessions: list[Session] = []
        self._prompt = PromptArea(id="side-prompt")
        self._state = Static(id="side-state", markup=False)

    def compose(self) -> ComposeResult:
        with Horizontal(id="side-columns"):
            yield from self.columns
        yield self._state
        yield self._prompt
        yield Footer(show_command_palette=False, compact=True)

    async def on_mount(self) -> None:
        self.set_class(len(self.columns) > 2, "-many")
        self._prompt.focus()
        for column, contender in zip(self.columns, self.contenders):
            session = Session(column, self._sources, contender.run, fresh=True, model=contender.model)
            self._sessions.append(session)
            await session.open(column)
            if contender.model is None:
                column.run_worker(session.ask_models(), group="chat-models", exit_on_error=False)
        self._show_state()

    def on_unmount(self) -> None:
        for session in self._sessions:
            session.close()

    @property
    def answering(self) -> bool:
        """Somebody still writes."""
        return any(column.answering for column in self.columns)

    # -- the prompt

    @on(PromptArea.Sent)
    def _sent(self, event: PromptArea.Sent) -> None:
        event.stop()
        if commands.is_command(event.text):
            self._command(event.text)
        elif self.answering:
            self.notify("Answers are still being written. Press esc to stop them.", severity="warning", markup=False)
            self._prompt.put_back(event.text)
        else:
            for session in self._sessions:
                session.ask(commands.unescape(event.text))
            self._show_state()

    @on(PromptArea.Edited)
    def _edited(self, event: PromptArea.Edited) -> None:
        event.stop()

    @on(PromptArea.Picture)
    def _picture(self, event: PromptArea.Picture) -> None:
        event.stop()
        self._add_picture(event.path)

    def _command(self, text: str) -> None:
        """The options of all columns at once; each keeps its own model."""
        for number, session in enumerate(self._sessions):
            done = commands.apply(text, session.settings, session.models)
            if done.problem is not None:
                session.say(done.problem, problem=True)
                continue
            session.change(done.settings)
            if done.say and (number == 0 or text.startswith("/model")):
                session.say(done.say)
            if isinstance(done.deed, Clear) and not session.answering:
                session.clear()
        deed = commands.apply(text, self._sessions[0].settings, self._sessions[0].models).deed
        if isinstance(deed, Attach):
            self._add_picture(deed.picture)
        elif deed is not None and not isinstance(deed, Clear):
            self.notify("Only in the chat of one run (key 4).", severity="warning", markup=False)
        self._show_state()

    def _add_picture(self, text: str) -> None:
        self.run_worker(self._check_picture(text), group="side-picture", exit_on_error=False)

    async def _check_picture(self, text: str) -> None:
        try:
            if text and not picture.is_url(text):
                text = picture.resolve(text)
                await asyncio.to_thread(self._sources.check_picture, text)
        except VdeckError as error:
            self.notify(error.sentence(), severity="warning", markup=False)
            return
        for session in self._sessions:
            session.attach((*session.pictures, text) if text else ())
        self._show_state()

    # -- keys

    def action_step_back(self) -> None:
        """Stop what is being written; when nothing is, leave."""
        if self.answering:
            for session in self._sessions:
                session.interrupt()
        else:
            self.dismiss(None)

    def action_again(self) -> None:
        if self.answering:
            return
        asked = [session.regenerate() for session in self._sessions]
        if not any(asked):
            self.notify("There is no prompt yet.", severity="warning", markup=False)

    def action_options(self) -> None:
        self.run_worker(self._options(), group="side-options", exclusive=True, exit_on_error=False)

    async def _options(self) -> None:
        """One sheet for all; the models stay those of the columns."""
        from dataclasses import replace

        from tui.chat.sheet import OptionsSheet

        first = self._sessions[0]
        chosen = await self.app.push_screen_wait(OptionsSheet(replace(first.settings, model=None), ()))
        if chosen is not None:
            for session in self._sessions:
                session.change(replace(chosen, model=session.settings.model))
        self._show_state()

    # -- what came of it

    @on(ChatColumn.Changed)
    def _changed(self, event: ChatColumn.Changed) -> None:
        event.stop()
        answers = [None if column.answering else column.answer for column in self.columns]
        for column, verdict in zip(self.columns, contest.verdicts(answers)):
            column.judge(verdict)
        returned = [column.returned for column in self.columns]
        if not self.answering and returned and all(text is not None for text in returned):
            self._prompt.put_back(str(returned[0]))  # nobody answered: it can be sent again
        self._show_state()

    def _show_state(self) -> None:
        count = len(self.columns)
        said = f"{count} answers at once: enter sends to all, /help, esc leaves"
        if self.answering:
            left = sum(column.answering for column in self.columns)
            said = f"{left} of {count} still {'writes' if left == 1 else 'write'}; esc stops"
        names = [
            clean_line(os.path.basename(one) or one) for one in (self._sessions[0].pictures if self._sessions else ())
        ]
        shown = f"   ▣ {', '.join(names)}" if names else ""
        note = f"   {self._note}" if self._note else ""
        self._state.update(Content.assemble((f"● {said}", "bold"), (shown, "$accent"), (note, "$foreground-muted")))
