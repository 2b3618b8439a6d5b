"""Server-sent events: bytes in any pieces in, the data of whole events out. Pure.

https://html.spec.whatwg.org/multipage/server-sent-events.html: lines end with LF, CR LF or CR, an empty line ends an
event, lines that begin with a colon are comments, several ``data`` lines are joined by newlines.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""A longer line is no event stream."""


class Event(NamedTuple):
    data: str
    name: str = ""
    """The ``event:`` field; vLLM names none on ``/v1/chat/completions``."""


class TooLong(ValueError):
    """A line of more than 16 MiB came."""


class Splitter:
    """Incremental: any way of cutting the bytes gives the same events. Not UTF-8: replacement characters."""

    __slots__ = ("_buffer", "_data", "_first", "_name", "_skip_newline")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._data: list[str] = []
        self._name = ""
        self._first = True
        self._skip_newline = False

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes. Raises TooLong."""
        if self._skip_newline and chunk:  # the LF of a CR LF that was cut between its bytes
            self._skip_newline = False
            if chunk[:1] == b"\n":
                chunk = chunk[1:]
        if not chunk:
            return []
        self._buffer += chunk
        if b"\n" not in chunk and b"\r" not in chunk:
            if len(self._buffer) > MAX_EVENT_BYTES:
                raise TooLong("a line of an event stream exceeds 16 MiB")
            return []
        self._skip_newline = chunk[-1:] == b"\r"
        *lines, rest = bytes(self._buffer).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._buffer[:] = rest
        return [event for line in lines if (event := self._line(line)) is not None]

    def close(self) -> list[Event]:
        """At the end of the bytes: what an event without its empty line had to say.

        The standard drops it; servers that forget the last newline exist.
        """
        last, self._buffer[:] = bytes(self._buffer), b""
        events = [self._line(last)] if last else []
        events.append(self._line(b""))
        return [event for event in events if event is not None]

    def _line(self, raw: bytes) -> Event | None:
        if self._first:
            self._first = False
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if not raw:
            if not self._data:
                self._name = ""
                return None
            event = Event("\n".join(self._data), self._name)
            self._data, self._name = [], ""
            return event
        name, _, value = raw.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
        elif name == b"event":
            self._name = value.removeprefix(b" ").decode("utf-8", "replace")
        return None
