"""The end of the terminal: a hang-up must end the screen, and nothing else, and must not leave it hanging.

When a terminal goes away, Textual's writer thread dies with it, and the next writes may block the event loop for ever
(its queue is full). So the loss is noticed outside the loop, and after a grace the process leaves without asking the
loop. That harms nothing: the screen owns no run, and every file it writes is replaced atomically.
"""

from __future__ import annotations

import os
import signal
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable
from types import FrameType

LOOK_S = 1.0
GRACE_S = 4.0


class Terminal:
    """Calls ``leave`` in the loop when the terminal is lost or the process is asked to end."""

    def __init__(self, leave: Callable[[], None], loop: AbstractEventLoop, descriptor: int = 0) -> None:
        self._leave = leave
        self._loop = loop
        self._descriptor = descriptor
        self._ended = threading.Event()
        self._left = False

    def watch(self) -> None:
        """Begin. Call it in the main thread."""
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, self._signalled)
        threading.Thread(target=self._look, name="terminal", daemon=True).start()

    def stop(self) -> None:
        """The app ends: look no more."""
        self._ended.set()

    def lost(self) -> bool:
        """True when nobody is at the other end any more."""
        return not os.isatty(self._descriptor)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._go(force=number == signal.SIGHUP)

    def _look(self) -> None:
        while not self._ended.wait(LOOK_S):
            if self.lost():
                self._go(force=True)
                return

    def _go(self, *, force: bool) -> None:
        if force and not self._left:
            self._left = True
            last = threading.Timer(GRACE_S, os._exit, (0,))
            last.daemon = True
            last.start()
        try:
            self._loop.call_soon_threadsafe(self._leave)
        except RuntimeError:
            pass  # the loop is closed: the app has ended already
