"""One streamed answer: asks, takes the bytes apart, measures, and ends in exactly one way."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx

from launcher.serving import errors, unreachable
from launcher.serving.answer import AnswerReader, NotJson, StreamError, clean_text
from launcher.serving.errors import ServingError
from launcher.serving.parts import Part
from launcher.serving.sse import Splitter, TooLong
from launcher.serving.stats import ChatStats, StatsMeter

_ERROR_BYTES = 64 * 1024
BODY_BYTES = 32 * 1024 * 1024
FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
"""All that httpx raises for what is not a fault of the caller."""


class Question(NamedTuple):
    """What is asked, and of whom. ``server``: the base URL, for messages. ``silence_s``: the longest wait for more."""

    url: str
    body: dict[str, Any]
    server: str
    has_key: bool
    silence_s: float


class ChatStream(AsyncIterator[Part]):
    """The parts of one answer, as they come. Ends normally or raises ServingError once; the parts before it stay valid.

    ``aclose`` (also by leaving ``async with``, and when the waiting task is cancelled) closes the connection at once,
    so that the server gives the request up. ``stats`` may be asked at any time, also after the end.
    """

    def __init__(self, http: httpx.AsyncClient, question: Question) -> None:
        self._http = http
        self._question = question
        self._reader = AnswerReader()
        self._splitter = Splitter()
        self._ready: deque[Part] = deque()
        self._failure: ServingError | None = None
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._meter: StatsMeter | None = None
        self._pieces = 0
        self._events = 0
        self._over = False
        self._closed = False

    async def __aenter__(self) -> ChatStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def stats(self) -> ChatStats:
        """The figures so far; all None before the request was sent."""
        return self._meter.stats(time.perf_counter()) if self._meter is not None else ChatStats()

    async def aclose(self) -> None:
        """Stop: the connection is closed, no part comes any more. Safe at any time, also from another task."""
        self._closed = True
        self._ready.clear()
        self._failure = None
        await self._end("cancelled")

    async def __anext__(self) -> Part:
        while not self._ready:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            if self._over or self._closed:
                raise StopAsyncIteration
            try:
                over = await self._advance()
            except (ServingError, *FAILURES) as error:
                await self._fail(error)
            except BaseException:  # cancelled: the server must not go on for nobody
                await self.aclose()
                raise
            else:
                if over:
                    await self._end(None)
        return self._ready.popleft()

    async def _fail(self, error: Exception) -> None:
        """Keep the error until the parts before it are taken."""
        if self._closed:  # another task closed the stream under us
            return
        begun = self._pieces > 0
        if isinstance(error, ServingError):
            failure = error
        else:
            asked = self._question
            failure = unreachable.from_exception(error, asked.server, begun=begun, timeout_s=asked.silence_s)
            failure.__cause__ = error
        self._take(self._reader.cut(), time.perf_counter())
        self._failure = failure
        await self._end(failure.kind if failure.kind in ("timeout", "interrupted") else "error")

    async def _end(self, reason: str | None) -> None:
        self._over = True
        if self._meter is not None:
            self._meter.end(time.perf_counter(), reason)
        response, self._response, self._chunks = self._response, None, None
        if response is not None:
            await response.aclose()

    async def _advance(self) -> bool:
        """Wait for the next bytes and take them in; True at the end of the answer."""
        if self._chunks is None:
            return await self._begin()
        chunk = await anext(self._chunks, None)
        now = time.perf_counter()
        try:
            for event in self._splitter.feed(chunk) if chunk is not None else self._splitter.close():
                self._events += 1
                self._take(self._reader.feed(event.data), now)
                if self._reader.done:
                    break
        except StreamError as error:
            raise errors.from_stream(error.value) from error
        except (NotJson, TooLong) as error:
            raise errors.not_a_chat(str(error)) from error
        if chunk is not None and not self._reader.done:
            return False
        self._complete(now)
        return True

    def _complete(self, now: float) -> None:
        """The bytes are over, or [DONE] came. An end without either and without a finish reason is none."""
        if not self._reader.done and self._reader.finish is None:
            raise errors.interrupted(begun=True) if self._events else errors.not_a_chat("")
        self._take(self._reader.close(), now)

    async def _begin(self) -> bool:
        asked = self._question
        data = clean_text(json.dumps(asked.body, ensure_ascii=False)).encode()
        self._meter = StatsMeter(time.perf_counter())
        headers = {"Content-Type": "application/json"}
        request = self._http.build_request("POST", asked.url, content=data, headers=headers)
        response = self._response = await self._http.send(request, stream=True)
        kind = response.headers.get("content-type", "")
        if response.status_code != 200:
            body = await read_body(response, _ERROR_BYTES)
            raise errors.from_response(response.status_code, kind, body, with_key=asked.has_key)
        if "json" in kind or "html" in kind:
            self._whole(await read_body(response, BODY_BYTES), kind)
            return True
        self._chunks = response.aiter_bytes()
        return False

    def _whole(self, body: bytes, content_type: str) -> None:
        """A server that does not stream, or that tells of an error with HTTP 200."""
        try:
            parts = self._reader.chunk(json.loads(body))
        except StreamError as error:
            raise errors.from_stream(error.value) from error
        except (ValueError, RecursionError, NotJson) as error:
            raise errors.not_a_chat(errors.message_of(body, content_type)[0]) from error
        self._take([*parts, *self._reader.close()], time.perf_counter())

    def _take(self, parts: list[Part], now: float) -> None:
        if self._meter is None:
            return
        if self._reader.pieces > self._pieces:
            self._pieces = self._reader.pieces
            self._meter.arrived(now)
        for part in parts:
            self._meter.add(part, now)
        self._ready.extend(parts)


async def read_body(response: httpx.Response, limit: int) -> bytes:
    """The body, at most ``limit`` bytes of it."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= limit:
            break
    return bytes(body[:limit])
