"""Reads answers in a thread of its own, so that their times are right whatever the caller is busy with."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from launcher.errors import VdeckError
from launcher.serving.client import ChatClient
from launcher.serving.errors import ServingError
from launcher.serving.hearing import Hearing
from launcher.serving.parts import ChatParams, Model

Result = TypeVar("Result")
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

    def ask(self, asked: Asked, params: ChatParams, *, on_news: Callable[[], None] | None = None) -> Hearing:
        """Send a question, and listen. Never raises: what goes wrong is the ``error`` of the hearing."""
        hearing = Hearing(on_news)
        task = self._submit(self._listen(hearing, asked, params))
        if task is None:
            hearing.finish(VdeckError("the chat is closed"))
            return hearing
        # a task that was cancelled before it ran finishes nothing by itself
        task.add_done_callback(lambda _: hearing.finish(None))
        return hearing.bound_to(task)

    def models(self) -> tuple[Model, ...]:
        """The models and LoRA adapters that the server lists. Blocks; raises VdeckError."""
        task = self._submit(self._models())
        if task is None:
            raise VdeckError("the chat is closed")
        return task.result()

    def close(self) -> None:
        """Stop every answer, close the connections, end the thread. Does not wait. Safe to call twice."""
        with self._lock:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._end(), loop)

    # -- the thread

    def _submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result] | None:
        """Hand work to the thread; None when it has ended."""
        with self._lock:
            if self._closed:
                work.close()
                return None
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_run, args=(self._loop,), name="chat-listener", daemon=True).start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
        asyncio.get_running_loop().stop()

    def _connected(self) -> ChatClient:
        if self._client is None:
            self._client = self._make_client()
        return self._client

    async def _models(self) -> tuple[Model, ...]:
        return await self._connected().models()

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
        hearing.finish(error)

    async def _read(self, client: ChatClient, hearing: Hearing, asked: Asked, params: ChatParams) -> None:
        if self._running_usage:
            params = replace(params, extra={**_STREAM_OPTIONS, **params.extra})
        async with client.stream(asked, params) as stream:
            hearing.begin(stream)
            async for part in stream:
                hearing.add(part)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()
