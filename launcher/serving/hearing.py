"""One answer that is read in another thread: what came so far, how it stands, how it ended."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable

from launcher.errors import VdeckError
from launcher.serving.parts import Part
from launcher.serving.stats import ChatStats
from launcher.serving.stream import ChatStream


class Hearing:
    """``take``, ``stats``, ``done``, ``wait`` and ``stop`` may be called from any thread, at any time.

    ``on_news`` is called from the reading thread when the first part is there, and at the end; in between whoever shows
    the answer looks when it suits.
    """

    def __init__(self, on_news: Callable[[], None] | None = None) -> None:
        self.error: VdeckError | None = None
        """Why it ended early; valid once ``done``. Being stopped is no error."""
        self._on_news = on_news
        self._parts: deque[Part] = deque()
        self._told = False
        self._ended = threading.Event()
        self._stats = ChatStats()
        self._stream: ChatStream | None = None
        self._task: asyncio.Task[None] | None = None
        self._unwanted = False
        """Stopped, maybe before it began."""

    def take(self) -> list[Part]:
        """The parts that came since the last time."""
        found: list[Part] = []
        while self._parts:
            found.append(self._parts.popleft())
        return found

    @property
    def stats(self) -> ChatStats:
        """The figures as they stand; those of the end once it is done."""
        stream = self._stream
        return self._stats if stream is None else stream.stats()

    @property
    def done(self) -> bool:
        """No part comes any more (what came may still have to be taken)."""
        return self._ended.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; whether it came in time."""
        return self._ended.wait(timeout_s)

    def stop(self) -> None:
        """Close the connection at once, so that the server gives the request up."""
        self._unwanted = True
        task = self._task
        if task is not None and not self.done:
            try:
                task.get_loop().call_soon_threadsafe(task.cancel)
            except RuntimeError:  # the loop has ended just now, and the answer with it
                pass

    # -- in the reading thread

    def begin(self, stream: ChatStream) -> None:
        """This stream brings the answer (a second one when the first was refused)."""
        self._stream = stream

    def add(self, part: Part) -> None:
        """A part came."""
        self._parts.append(part)
        if not self._told:
            self._told = True
            self._tell()

    def finish(self, error: VdeckError | None) -> None:
        """No part comes any more. The first call counts."""
        if self.done:
            return
        stream, self._stream = self._stream, None
        if stream is not None:
            self._stats = stream.stats()
        self.error = error
        self._ended.set()
        self._tell()

    def read_by(self, task: asyncio.Task[None]) -> None:
        """The task that reads, so that it can be stopped. However it ends, the answer has ended then."""
        self._task = task
        task.add_done_callback(lambda _: self.finish(None))
        if self._unwanted:
            task.cancel()

    def _tell(self) -> None:
        if self._on_news is not None:
            self._on_news()
