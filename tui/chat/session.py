"""The conversation with the model of one run: sends prompts, hears the answers, keeps the transcript."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.widget import Widget

from launcher.chat import conversation
from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Turn
from launcher.errors import VdeckError
from launcher.runs.view import RunView
from launcher.serving import errors
from launcher.serving.listener import Listener
from launcher.serving.parts import Model
from tui.chat.growing import Growing

if TYPE_CHECKING:
    from launcher.serving.hearing import Hearing
    from tui.chat.face import Face
    from tui.detail.sources import Sources

GROUP = "chat-answer"
PAINT_PERIOD_S = 0.11


class Session:
    """Owns one conversation; its face only shows it. An answer goes on while other tabs are looked at.

    ``host``: the widget that its workers belong to. All methods are for the screen's thread.
    """

    def __init__(
        self, host: Widget, sources: Sources, run: RunView, *, fresh: bool = False, model: str | None = None
    ) -> None:
        """``fresh``: a conversation of its own, whatever was said before, whose options are not kept. ``model``: who
        answers in it."""
        self.run = run
        self.settings = ChatSettings()
        self.models: tuple[Model, ...] = tuple(Model(name) for name in run.served_names)
        self.pictures: tuple[str, ...] = ()
        self.turns: tuple[Turn, ...] = ()
        """The present conversation, with what failed."""
        self.answering = False
        self._host = host
        self._sources = sources
        self._fresh = fresh
        self._only = model
        self._loaded = False
        self._face: Face | None = None
        self._hearing: Hearing | None = None
        self._listener = Listener(lambda: sources.chat_client(run))
        self._writer = ThreadPoolExecutor(1, "chat")

    # -- the face

    async def open(self, face: Face) -> None:
        """Show the conversation as it was left."""
        self._face = face
        if not self._loaded:
            turns, settings = await asyncio.to_thread(self._load)
            self._loaded = True
            self.turns, self.settings = conversation.shown(turns), settings
            if self._fresh:
                self.settings = replace(settings, model=self._only or settings.model)
                self.clear()
            else:
                face.show_history(self.turns)
        self.tell_settings()

    def _load(self) -> tuple[tuple[Turn, ...], ChatSettings]:
        return self._sources.load_chat(self.run), self._sources.load_chat_settings(self.run)

    async def ask_models(self) -> None:
        """What the server lists; the run's own record will do when it does not say."""
        try:
            self.models = await asyncio.to_thread(self._listener.models) or self.models
        except (VdeckError, OSError) as error:
            self._host.log.warning(f"models: {error}")
        self.tell_settings()

    @property
    def model(self) -> str | None:
        """Who answers the next prompt."""
        return self.settings.model or (self.models[0].id if self.models else None)

    def tell_settings(self) -> None:
        """Show how the next prompt is sent."""
        if self._face is not None:
            self._face.show_settings(self.settings, self.model, self.models)

    def say(self, text: str, *, problem: bool = False) -> None:
        """A word of the chat itself."""
        if self._face is not None:
            self._face.say(text, problem=problem)

    # -- what the user wants

    def change(self, settings: ChatSettings) -> None:
        """Send the next prompts like this, and have it so the next time."""
        if settings != self.settings:
            self.settings = settings
            if not self._fresh:
                self._write(lambda: self._sources.save_chat_settings(self.run, settings))
        self.tell_settings()

    def attach(self, pictures: Sequence[str]) -> None:
        """These pictures go with the next prompt, and no others."""
        self.pictures = tuple(pictures)
        if self._face is not None:
            self._face.show_pictures(self.pictures)

    def ask(self, text: str) -> None:
        """Send a prompt."""
        self._send(Turn("user", text, time.time(), images=self.pictures))
        self.attach(())

    def edit(self, index: int, text: str) -> None:
        """Send another prompt in place of the turn at ``index``; what followed it goes."""
        change = conversation.edit(self.turns, index)
        self._rewind(change)
        self._send(change.prompt._replace(text=text, time=time.time()))

    def regenerate(self) -> bool:
        """Ask for another answer to the last prompt; False when there is none."""
        change = conversation.regenerate(self.turns)
        if change is None:
            return False
        self._rewind(change)
        self._send(change.prompt._replace(time=time.time()))
        return True

    def _rewind(self, change: conversation.Edit) -> None:
        self.turns = change.kept
        self._save(change.mark)
        if self._face is not None:
            self._face.show_history(self.turns)

    def clear(self) -> None:
        """A new conversation; the old one stays among the earlier ones."""
        self.turns = ()
        self._save(Turn("clear", "", time.time()))
        if self._face is not None:
            self._face.show_history(())

    def resume(self, earlier: conversation.Conversation) -> None:
        """Go on with an earlier conversation."""
        self.turns = earlier.turns
        self._save(Turn("resume", "", time.time(), keep_time=earlier.id))
        if self._face is not None:
            self._face.show_history(self.turns)

    def interrupt(self) -> None:
        """Stop the answer: the connection closes, so the server stops as well."""
        if self._hearing is not None:
            self._hearing.stop()

    def close(self) -> None:
        """Nobody looks any more: stop, and let go of the server. What was said is kept."""
        self.interrupt()
        self._face = None
        self._listener.close()

    # -- one answer

    def _send(self, prompt: Turn) -> None:
        index = len(self.turns)
        before, self.turns = conversation.said(self.turns), (*self.turns, prompt)
        if self._face is not None:
            self._face.begin(prompt, index)
        self._save(prompt)
        self.answering = True
        self._host.run_worker(self._answer(prompt, before), group=GROUP, exit_on_error=False)

    async def _answer(self, prompt: Turn, before: tuple[Turn, ...]) -> None:
        growing = Growing(self.model, len(self.turns))
        problem: VdeckError | None = None
        try:
            asked = await asyncio.to_thread(self._question, (*before, prompt))
            problem = await self._hear(growing, asked)
        except VdeckError as error:  # a picture that cannot be read
            problem = error
        finally:  # also when the screen ends in the middle
            self._end(growing, prompt, problem)

    def _question(self, turns: tuple[Turn, ...]) -> conversation.Asked:
        from launcher.chat import picture

        return conversation.asked(turns, self.settings, picture.part)

    async def _hear(self, growing: Growing, asked: conversation.Asked) -> VdeckError | None:
        """Take the parts as they come: the first at once, then at most nine times a second."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            try:
                loop.call_soon_threadsafe(news.set)
            except RuntimeError:  # the screen has ended
                pass

        params = conversation.params(self.settings, self.model)
        hearing = self._hearing = self._listener.ask(asked, params, on_news=tell)
        try:
            self._grow(growing, hearing)
            while not hearing.done:
                news.clear()
                await _either(news, PAINT_PERIOD_S)
                self._grow(growing, hearing)
        finally:
            hearing.stop()
            self._hearing = None
            growing.take(hearing.take())
            growing.stats = hearing.stats
        return hearing.error

    def _grow(self, growing: Growing, hearing: Hearing) -> None:
        growing.take(hearing.take())
        growing.stats = hearing.stats
        if self._face is not None and not hearing.done:
            self._face.grow(growing.look())

    def _end(self, growing: Growing, prompt: Turn, problem: VdeckError | None) -> None:
        """The turn is over: show it for good, remember it, and give the prompt back when it was not answered."""
        self.answering = False
        turn = growing.turn(problem.sentence() if problem is not None else None)
        self.turns = (*self.turns, turn)
        self._save(turn)
        if self._face is None:
            return
        self._face.finish(turn, growing.index)
        if problem is not None:
            self._face.put_back(prompt.text)
            self.attach(prompt.images)
            self._offer(problem, prompt)

    def _offer(self, problem: VdeckError, prompt: Turn) -> None:
        """What can be done about a problem, when a key or command does it."""
        if self.settings.mode == "chat" and errors.wants_completions(problem):
            self.say("This model has no chat template. /mode completions sends your text as it is.")
        elif prompt.images and errors.refuses_images(problem):
            self.attach(())
            self.say("The picture is taken off the prompt: this model takes none.")

    # -- the transcript

    def _save(self, turn: Turn) -> None:
        self._write(lambda: self._sources.save_turn(self.run, turn))

    def _write(self, work: Callable[[], None]) -> None:
        """In a thread of our own: in order, and also when the screen is closing just now."""
        loop = asyncio.get_running_loop()
        loop.run_in_executor(self._writer, work).add_done_callback(self._written)

    def _written(self, done: asyncio.Future[None]) -> None:
        """A full disk is said, and the chat goes on."""
        error = None if done.cancelled() else done.exception()
        if error is not None and self._host.is_attached:
            why = error.strerror if isinstance(error, OSError) else None
            self._host.notify(f"The conversation is not kept: {why or error}.", severity="warning", markup=False)


async def _either(news: asyncio.Event, timeout_s: float) -> None:
    """Wait for news, at most so long."""
    try:
        await asyncio.wait_for(news.wait(), timeout_s)
    except TimeoutError:
        pass
