"""The figures of one answer. Pure: the caller brings the clock."""

from __future__ import annotations

from typing import NamedTuple

from launcher.serving.parts import Delta, Finish, Part, ToolCall, Usage


class ChatStats(NamedTuple):
    """Seconds from sending the request; tokens as the server counted them. Unknown (yet): None."""

    ttft_s: float | None = None
    """Until the first piece of reasoning, text or tool call: the first token as the client sees it."""
    total_s: float | None = None
    """Until the end, or until now while the answer runs."""
    tokens_per_s: float | None = None
    """Decoding speed: (completion tokens - 1) / (last - first piece), 1 / TPOT of `vllm bench serve`."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    finish_reason: str | None = None


SHORTEST_S = 0.01
"""Pieces that come closer together came in one read of a client that was busy: they tell nothing of the server."""


class StatsMeter:
    """Collects the parts of one answer; ``stats`` may be asked at any time. Times: seconds of one clock."""

    __slots__ = ("_ended", "_finish", "_first", "_last", "_sent", "_usage")

    def __init__(self, sent: float) -> None:
        self._sent = sent
        self._first: float | None = None
        self._last: float | None = None
        self._ended: float | None = None
        self._usage: Usage | None = None
        self._finish: str | None = None

    def arrived(self, now: float) -> None:
        """A piece of the answer came, also one that gives no part (of a tool call's arguments)."""
        if self._first is None:
            self._first = now
        self._last = now

    def add(self, part: Part, now: float) -> None:
        """Take one part into account."""
        if isinstance(part, (Delta, ToolCall)):
            self.arrived(now)
        elif isinstance(part, Usage):
            self._usage = part
        elif isinstance(part, Finish):
            self._finish = part.reason

    def end(self, now: float, reason: str | None = None) -> None:
        """The stream is over; ``reason``: for when the server gave none (``interrupted``). The first call counts."""
        if self._ended is None:
            self._ended = now
            self._finish = self._finish or reason

    def stats(self, now: float) -> ChatStats:
        """The figures as they stand at ``now``."""
        usage = self._usage or Usage(None, None)
        end = self._ended if self._ended is not None else now
        return ChatStats(
            ttft_s=None if self._first is None else self._first - self._sent,
            total_s=max(0.0, end - self._sent),
            tokens_per_s=self._speed(usage.completion_tokens),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            finish_reason=self._finish,
        )

    def _speed(self, tokens: int | None) -> float | None:
        if tokens is None or tokens < 2 or self._first is None or self._last is None:
            return None
        took = self._last - self._first
        return (tokens - 1) / took if took >= SHORTEST_S else None
