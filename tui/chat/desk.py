"""Does what the chat pane asks for: the session of the shown run, slash commands, the dialogs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from launcher.chat import picture
from launcher.errors import VdeckError
from launcher.runs.view import RunView
from launcher.text import clean_line
from tui.chat import commands
from tui.chat.commands import Clear, Deed, TakePrompt
from tui.chat.session import Session
from tui.chat.wants import Ask, Attach, EditTurn, Interrupt, OpenDialog, Regenerate, SaveChat, Want

if TYPE_CHECKING:
    from tui.chat.pane import ChatPane
    from tui.detail.sources import Sources

_BUSY = "An answer is still being written. Press esc first."
GROUP = "chat-desk"


class ChatDesk:
    """One run's chat in the pane. ``host``: the widget that the workers belong to."""

    def __init__(self, host: Widget, sources: Sources, run: RunView) -> None:
        self._host = host
        self._sources = sources
        self._run = run
        self.session = Session(host, sources, run)
        self._window = False
        """One of the dialogs is open, or about to be."""

    async def open(self, pane: ChatPane) -> None:
        """Show the conversation as it was left; ask the server for its models as soon as it is ready."""
        await self.session.open(pane)
        while pane.shown_run is None or not pane.shown_run.ready:  # noqa: ASYNC110 - a value that others replace
            await asyncio.sleep(0.25)
        await self.session.ask_models()

    def close(self) -> None:
        """Another run is shown."""
        self.session.close()

    def want(self, pane: ChatPane, want: Want) -> None:
        """Do what the pane asks for."""
        session = self.session
        if isinstance(want, Ask):
            if commands.is_command(want.text):
                self._command(pane, want.text)
            else:
                session.ask(commands.unescape(want.text))
        elif isinstance(want, Interrupt):
            session.interrupt()
        elif session.answering and not isinstance(want, Attach | OpenDialog | SaveChat):
            session.say(_BUSY, problem=True)
        elif isinstance(want, EditTurn):
            session.edit(want.turn, commands.unescape(want.text))
        elif isinstance(want, Regenerate):
            if not session.regenerate():
                session.say("There is no prompt yet.", problem=True)
        else:
            self._do(pane, want)

    def _command(self, pane: ChatPane, text: str) -> None:
        done = commands.apply(text, self.session.settings, self.session.models)
        if done.problem is not None:
            self.session.say(done.problem, problem=True)
            return
        self.session.change(done.settings)
        if done.say:
            self.session.say(done.say)
        if done.deed is not None:
            self._do(pane, done.deed)

    def _do(self, pane: ChatPane, deed: Deed) -> None:
        if isinstance(deed, Clear):
            if not self._busy():
                self.session.clear()
        elif isinstance(deed, Attach):
            self._work(self._attach(pane, deed))
        elif isinstance(deed, SaveChat):
            self._work(self._save(deed.path))
        elif isinstance(deed, TakePrompt):
            self._work(self._take_prompt(pane, deed.name))
        else:
            self._work(self._open_dialog(pane, deed.name))

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        self._host.run_worker(self._guarded(work), group=GROUP, exit_on_error=False)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except VdeckError as error:
            self.session.say(error.sentence(), problem=True)
        except OSError as error:
            self.session.say(f"That did not work: {error.strerror or error}.", problem=True)

    # -- pictures, files, prompts

    async def _attach(self, pane: ChatPane, wanted: Attach) -> None:
        found = wanted.picture
        if not found:
            self.session.attach(())
            return
        if not picture.is_url(found):
            found = picture.resolve(found)
            try:
                await asyncio.to_thread(self._sources.check_picture, found)
            except VdeckError:
                if wanted.pasted:
                    pane.prompt.put_in(wanted.picture)
                raise
        self.session.attach((*self.session.pictures, found))

    async def _save(self, path: str) -> None:
        written = await asyncio.to_thread(
            self._sources.export_chat, self._run, path, self.session.turns, self.session.settings
        )
        self.session.say(f"Saved to {clean_line(written)}")

    async def _take_prompt(self, pane: ChatPane, name: str) -> None:
        from launcher.chat import library

        found = library.find(name, await asyncio.to_thread(self._sources.prompts))
        if len(found) != 1:
            names = ", ".join(prompt.name for prompt in found)
            self.session.say(f"Several prompts match: {names}." if found else f"There is no prompt {clean_line(name)}.",
                             problem=True)  # fmt: skip
        elif found[0].problem is not None:
            self.session.say(f"The prompt {found[0].name} {found[0].problem}.", problem=True)
        else:
            pane.prompt.put_in(found[0].text)

    # -- dialogs

    async def _open_dialog(self, pane: ChatPane, name: str) -> None:
        opens: dict[str, Callable[[ChatPane], Coroutine[Any, Any, None]]] = {
            "options": self._options, "library": self._library, "history": self._history,
        }  # fmt: skip
        if self._window:
            return
        self._window = True
        try:
            await opens[name](pane)
        finally:
            self._window = False

    async def _options(self, pane: ChatPane) -> None:
        from tui.chat.sheet import OptionsSheet

        chosen = await self._host.app.push_screen_wait(OptionsSheet(self.session.settings, self.session.models))
        if chosen is not None:
            self.session.change(chosen)

    async def _library(self, pane: ChatPane) -> None:
        from tui.chat.library import PromptDialog

        known, folder = await asyncio.to_thread(lambda: (self._sources.prompts(), self._sources.prompts_folder()))
        chosen = await self._host.app.push_screen_wait(PromptDialog(known, folder))
        if chosen is not None:
            pane.prompt.put_in(chosen.text)
            pane.prompt.focus()

    async def _history(self, pane: ChatPane) -> None:
        from launcher.chat import conversation
        from tui.chat.history import HistoryDialog

        if self._busy():
            return
        turns = await asyncio.to_thread(self._sources.load_chat, self._run)
        chosen = await self._host.app.push_screen_wait(HistoryDialog(conversation.earlier(turns)))
        if chosen is not None and not self._busy():  # a prompt that waited for the server may have been sent meanwhile
            self.session.resume(chosen)

    def _busy(self) -> bool:
        """Whether an answer is being written; says so."""
        if self.session.answering:
            self.session.say(_BUSY, problem=True)
        return self.session.answering
