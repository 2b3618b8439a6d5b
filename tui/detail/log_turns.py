"""Work in threads, one piece after the other, also when who waits for a piece is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LULL_S = 0.06
"""After something new is to be painted: until it is, no thread takes time from the screen."""


class Turns:
    """Scanning and searching take turns: there is one processor's worth of Python, and what is read in two threads at a
    time would be torn."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    @property
    def free(self) -> bool:
        """Nobody works now: a piece of a few ms may as well be done here, without the way to a thread and back."""
        return not self._lock.locked()

    async def work(self, piece: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Do a piece of some ms in a thread. A cancelled one is waited for before the next begins."""
        async with self._lock:
            task = asyncio.ensure_future(asyncio.to_thread(piece, *args, **more))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                await asyncio.wait([task])
                raise
