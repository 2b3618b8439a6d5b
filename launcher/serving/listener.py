"""Reads answers in a thread of its own, so that their times are right whatever the caller is busy with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from launcher.errors import VdeckError
from launcher.serving.client import ChatClient
from launcher.serving.errors import ServingError
from launcher.serving.hearing import Hearing
from launcher.serving.parts import ChatParams, Model

Asked = Sequence[Mapping[str, Any]] | str
"""Messages of a chat, or the one text of a completion."""
_RUNNING_USAGE = "continuous_usage_stats"
_STREAM_OPTIONS: Mapping[str, Any] = {"stream_options": {"include_usage": True, _RUNNING_USAGE: True}}


class Listener:
    """One server. The thread starts with the first question and ends with ``close``; several answers may be read at a
    time. ``make_client`` is called in that thread, at the first question; it may raise VdeckError."""

    def __init__(self, make_client: Callable[[], ChatClient]) -> None:
        self._make_client = make_client
        self._client: ChatClient | None = None
        self._running_usage = True
        """The server knows running token counts, as far as it has been asked."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, asked: Asked, params: ChatParams, *, on_news: Callable[[], None] | None = None) -> Hearing:
        """Send a question, and listen. Never raises: what goes wrong is the ``error`` of the hearing."""
        hearing = Hearing(on_news)
        if not self._call(lambda: hearing.read_by(asyncio.create_task(self._listen(hearing, asked, params)))):
            hearing.finish(_closed())
        return hearing

    def models(self) -> tuple[Model, ...]:
        """The models and LoRA adapters that the server lists. Blocks; raises VdeckError."""
        answer: Future[tuple[Model, ...]] = Future()

        async def ask() -> None:
            try:
                answer.set_result(await self._connected().models())
            except asyncio.CancelledError:
                answer.set_exception(_closed())
            except Exception as error:  # handed to the caller's thread, whatever it is
                answer.set_exception(error)

        if not self._call(lambda: self._keep(asyncio.create_task(ask()))):
            raise _closed()
        return answer.result()

    def close(self) -> None:
        """Stop every answer, close the connections, end the thread. Does not wait. Safe to call twice."""
        with self._lock:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._end(), loop)

    # -- the thread

    def _call(self, work: Callable[[], None]) -> bool:
        """Have the thread do something; False when it has ended."""
        with self._lock:
            if self._closed:
                return False
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_run, args=(self._loop,), name="chat-listener", daemon=True).start()
            self._loop.call_soon_threadsafe(work)
            return True

    def _keep(self, task: asyncio.Task[None]) -> None:
        """A task that nobody holds may be collected before it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
        await asyncio.sleep(0)  # the last words of tasks that ended just now
        asyncio.get_running_loop().stop()

    def _connected(self) -> ChatClient:
        if self._client is None:
            self._client = self._make_client()
        return self._client

    async def _listen(self, hearing: Hearing, asked: Asked, params: ChatParams) -> None:
        error: VdeckError | None = None
        try:
            client = self._connected()
            try:
                await self._read(client, hearing, asked, params)
            except ServingError as refused:
                if not self._running_usage or _RUNNING_USAGE not in f"{refused.title} {refused.detail}":
                    raise
                self._running_usage = False  # an old server: once for all
                await self._read(client, hearing, asked, params)
        except VdeckError as problem:
            error = problem
        except Exception as problem:  # a fault of ours must end the answer, not hang it
            error = VdeckError(f"the chat has a problem: {type(problem).__name__}: {problem}")
        finally:  # cancelled as well: whoever listens must hear of the end before the loop stops
            hearing.finish(error)

    async def _read(self, client: ChatClient, hearing: Hearing, asked: Asked, params: ChatParams) -> None:
        if self._running_usage:
            params = replace(params, extra={**_STREAM_OPTIONS, **params.extra})
        async with client.stream(asked, params) as stream:
            hearing.begin(stream)
            async for part in stream:
                hearing.add(part)


def _closed() -> VdeckError:
    return VdeckError("the chat is closed")


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()
