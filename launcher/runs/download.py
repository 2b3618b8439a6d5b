"""How far the download of a run's model has come, told by its folder in the cache of the hub."""

from __future__ import annotations

from _thread import start_new_thread
from collections import deque
from collections.abc import Callable, Mapping

from launcher.runs import hub_cache

LOOK_S = 2.0
WINDOW_S = 20.0
"""The rate is that of so many seconds."""
Ask = Callable[[str, Mapping[str, str], "str | None"], "dict[str, int]"]


class DownloadWatch:
    """Follows one model. The hub is asked once, beside the supervisor's loop, and only when bytes do come in."""

    def __init__(
        self, model: str, env: Mapping[str, str], flags: Mapping[str, object] = {}, *, ask: Ask = hub_cache.ask
    ) -> None:
        """``flags``: of the server, by name."""
        self._model = model
        self._env = dict(env)
        self._revision = _text(flags.get("revision"))
        self._folder = hub_cache.folder(model, env, _text(flags.get("download-dir")))
        self._ask = ask
        self._asked = False
        self._blobs: dict[str, int] = {}
        self._samples: deque[tuple[float, int]] = deque(maxlen=64)
        self._next = 0.0
        self._moving = False
        self.bytes = 0
        """What is there of the model now."""

    def look(self, now: float) -> list[float | None] | None:
        """[bytes there, bytes in all or None, bytes a second or None]; None while nothing is being downloaded, or when
        it is too early to look again (then ``due`` is False). ``now``: monotonic seconds."""
        self._next = now + LOOK_S
        blobs = self._blobs
        self.bytes, unfinished = hub_cache.size(self._folder, blobs)
        if self._samples and self.bytes < self._samples[-1][1]:
            self._samples.clear()  # other blobs count now, or somebody emptied the cache
        self._samples.append((now, self.bytes))
        while len(self._samples) > 2 and now - self._samples[0][0] > WINDOW_S:
            self._samples.popleft()
        self._moving = self._moving or unfinished or self.bytes > self._samples[0][1]
        if not self._moving:
            return None
        if not self._asked:
            self._asked = True
            if hub_cache.may_ask(self._env):
                start_new_thread(self._learn, ())
        total = sum(blobs.values()) or None
        return [self.bytes, total if total is None else max(total, self.bytes), self._rate()]

    def due(self, now: float) -> bool:
        """Time for another look."""
        return now >= self._next

    def _rate(self) -> float | None:
        (begun, before), (now, after) = self._samples[0], self._samples[-1]
        return (after - before) / (now - begun) if now - begun >= LOOK_S / 2 else None

    def _learn(self) -> None:
        self._blobs = self._ask(self._model, self._env, self._revision)


def _text(value: object) -> str | None:
    """The value of a flag that has one."""
    return value if isinstance(value, str) else None
