"""The conversation of one run: sends prompts, feeds the pane with the answer, keeps the transcript."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from launcher.chat.conversation import said, shown
from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Turn
from launcher.errors import VdeckError
from launcher.runs.view import RunView
from tui.chat import commands as chat_commands
from tui.chat import text as chat_text
from tui.chat.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launcher.serving.client import ChatClient
    from launcher.serving.parts import ChatParams
    from tui.chat.pane import ChatPane
    from tui.detail.sources import Sources

GROUP = "detail-chat"
CLOSE_GROUP = "detail-chat-close"
PAINT_PERIOD_S = 0.11
_USAGE_OPTION = "continuous_usage_stats"


class ChatFeed:
    """Owns the conversation; the pane only shows it. An answer goes on while other tabs are looked at."""

    def __init__(self, host: Widget, sources: Sources, run: RunView) -> None:
        self._host = host
        self._sources = sources
        self._run = run
        self._turns: tuple[Turn, ...] | None = None
        self._settings = ChatSettings()
        self._models: tuple[str, ...] = run.served_names
        self._client: ChatClient | None = None
        self._asked_models = False
        self._running_usage = True
        self._writer = ThreadPoolExecutor(1, "chat")
        self._paint_at = 0.0
        self._paint_due: asyncio.TimerHandle | None = None

    # -- the pane is visible

    async def open(self, pane: ChatPane) -> None:
        """Show the conversation as it was left; ask the server for its models as soon as it is ready."""
        if self._turns is None:
            turns = await asyncio.to_thread(self._sources.load_chat, self._run)
            self._turns = said(shown(turns))
            pane.show_history(turns[_last_clear(turns) :])
        self._show_settings(pane)
        while not self._asked_models:
            if pane.shown_run is not None and pane.shown_run.ready:
                self._asked_models = True
                await self._ask_models()
                self._show_settings(pane)
                return
            await asyncio.sleep(0.25)

    async def _ask_models(self) -> None:
        """The served names; the run's own record will do when the server does not say."""
        try:
            client = await self._connect()
            found = await client.models()
        except (VdeckError, OSError) as error:
            self._host.log.warning(f"models: {error}")
            return
        self._models = tuple(model.id for model in found) or self._models

    async def _connect(self) -> ChatClient:
        if self._client is None:
            self._client = await asyncio.to_thread(self._sources.chat_client, self._run)
        return self._client

    @property
    def _model(self) -> str | None:
        return self._settings.model or (self._models[0] if self._models else None)

    def _show_settings(self, pane: ChatPane) -> None:
        if self._shows_us(pane):
            pane.show_settings(self._settings, self._model)

    def _shows_us(self, pane: ChatPane) -> bool:
        return pane.shown_run is not None and pane.shown_run.id == self._run.id

    # -- the user

    def ask(self, pane: ChatPane, text: str) -> None:
        """A prompt, or a slash command."""
        if chat_commands.is_command(text):
            self._command(pane, text)
            return
        self._host.run_worker(
            self._answer(pane, chat_commands.unescape(text)), group=GROUP, exclusive=True, exit_on_error=False
        )

    def interrupt(self) -> None:
        """Stop the answer: the connection closes, so the server stops as well."""
        if self._host.is_attached:
            self._host.workers.cancel_group(self._host, GROUP)

    def close(self) -> None:
        """Another run is shown: stop, and let go of the server."""
        self.interrupt()
        if self._client is not None and self._host.is_attached:
            self._host.run_worker(self._client.aclose(), group=CLOSE_GROUP, exit_on_error=False)

    def _command(self, pane: ChatPane, text: str) -> None:
        done = chat_commands.apply(text, self._settings, self._models)
        if done.clear and pane.answering:
            done = done._replace(clear=False, problem="An answer is still being written. Press esc first.")
        self._settings = done.settings
        if done.clear:
            self._turns = ()
            pane.clear_history()
            self._save(Turn("clear", ""))
        if done.problem is not None:
            pane.say(done.problem, problem=True)
        elif done.say:
            pane.say(done.say)
        self._show_settings(pane)

    # -- one answer

    async def _answer(self, pane: ChatPane, prompt: str) -> None:
        user = Turn("user", prompt, time.time())
        answer = Answer(self._model)
        pane.begin(user, self._model)
        error: str | None = None
        try:
            self._save(user)
            await self._receive(pane, user, answer)
        except asyncio.CancelledError:
            self._end(pane, user, answer, None)
            raise
        except VdeckError as problem:
            error = problem.sentence()
        except Exception as problem:  # a fault of ours: the prompt must not be lost, nor the app
            self._host.log.error(f"chat failed: {problem!r}")
            error = f"The chat has a problem: {type(problem).__name__}: {problem}."
        self._end(pane, user, answer, error)

    async def _receive(self, pane: ChatPane, user: Turn, answer: Answer) -> None:
        """Take the parts as they come. A server that knows no running token counts is asked again without them."""
        client = await self._connect()
        try:
            await self._stream(client, pane, user, answer)
        except VdeckError as problem:
            if not self._running_usage or _USAGE_OPTION not in f"{problem.title} {problem.detail}":
                raise
            self._running_usage = False
            await self._stream(client, pane, user, answer)

    async def _stream(self, client: ChatClient, pane: ChatPane, user: Turn, answer: Answer) -> None:
        async with client.stream(self._messages(user), self._params()) as stream:
            try:
                async for part in stream:
                    answer.take(part)
                    answer.stats = stream.stats()
                    self._paint_soon(pane, answer)
            finally:
                answer.stats = stream.stats()

    def _messages(self, user: Turn) -> list[dict[str, Any]]:
        system = [{"role": "system", "content": self._settings.system}] if self._settings.system else []
        said: Sequence[Turn] = self._turns or ()
        return [*system, *({"role": turn.role, "content": turn.text} for turn in (*said, user))]

    def _params(self) -> ChatParams:
        from launcher.serving.parts import ChatParams

        settings = self._settings
        usage = {"stream_options": {"include_usage": True, _USAGE_OPTION: True}} if self._running_usage else {}
        return ChatParams(self._model, max_tokens=settings.max_tokens, temperature=settings.temperature, extra=usage)

    def _end(self, pane: ChatPane, user: Turn, answer: Answer, error: str | None) -> None:
        """The turn is over: show it for good, remember it, and give the prompt back when it was not answered."""
        if self._paint_due is not None:
            self._paint_due.cancel()
            self._paint_due = None
        turn = answer.turn(error)
        if error is None and not answer.empty:
            self._turns = (*(self._turns or ()), user, turn)
        if self._shows_us(pane) and pane.is_attached:
            pane.finish(turn)
            if error is not None:
                pane.put_back(user.text)
        self._save(turn)

    def _save(self, turn: Turn) -> None:
        """Into the transcript, in a thread of our own: in order, and also when the screen is closing just now."""
        loop = asyncio.get_running_loop()
        loop.run_in_executor(self._writer, self._sources.save_turn, self._run, turn).add_done_callback(self._saved)

    def _saved(self, done: asyncio.Future[None]) -> None:
        """A full disk is said, and the chat goes on."""
        error = None if done.cancelled() else done.exception()
        if error is not None and self._host.is_attached:
            why = error.strerror if isinstance(error, OSError) else None
            self._host.notify(f"The conversation is not kept: {why or error}.", severity="warning", markup=False)

    # -- painting: the first token at once, then at most nine times a second

    def _paint_soon(self, pane: ChatPane, answer: Answer) -> None:
        if self._paint_due is not None:
            return
        wait = self._paint_at - time.monotonic()
        if wait <= 0:
            self._paint(pane, answer)
        else:
            self._paint_due = asyncio.get_running_loop().call_later(wait, self._paint, pane, answer)

    def _paint(self, pane: ChatPane, answer: Answer) -> None:
        self._paint_due = None
        now = time.monotonic()
        self._paint_at = now + PAINT_PERIOD_S
        if self._shows_us(pane) and pane.display:
            pane.show_live(answer.model, answer.text, answer.reasoning, chat_text.figures_line(answer.figures()))


def _last_clear(turns: tuple[Turn, ...]) -> int:
    return max((index + 1 for index, turn in enumerate(turns) if turn.role == "clear"), default=0)
