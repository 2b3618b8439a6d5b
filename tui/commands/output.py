"""What the commands print: safe text, aligned tables, one JSON document, one line of progress."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TextIO


def clean_line(text: str) -> str:
    """``launcher.text.clean_line``, whose patterns are compiled only when a text needs them."""
    if text.isascii() and text.isprintable():
        return text
    from launcher import text as cleaner

    return cleaner.clean_line(text)


def shorten(text: str, columns: int) -> str:
    """``launcher.text.shorten``."""
    from launcher import text as cleaner

    return cleaner.shorten(text, columns)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at the stream (False for a closed or replaced one)."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def say(text: str = "") -> None:
    """One line to standard output, without control characters."""
    print(clean_line(text))


def note(text: str) -> None:
    """One line to standard error, without control characters, at once."""
    print(clean_line(text), file=sys.stderr, flush=True)


def standard_input(limit: int = -1) -> bytes:
    """What is piped in, ``limit`` bytes at most (-1: all); nothing when standard input is closed."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read(limit)


def flush() -> None:
    """Let a reader of a pipe see what was printed so far. Raises BrokenPipeError when it is gone."""
    if sys.stdout is not None:
        sys.stdout.flush()


def pause(seconds: float) -> None:
    """Sleep, but no longer than somebody reads: raises BrokenPipeError when the reader of standard output is gone."""
    import select
    import time

    try:
        watcher = select.poll()
        watcher.register(sys.stdout.fileno(), 0)
    except (AttributeError, OSError, ValueError):  # no standard output, or one without a descriptor
        time.sleep(seconds)
        return
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in watcher.poll(seconds * 1000)):
        raise BrokenPipeError


def document(value: Any) -> None:
    """The one JSON document of ``--json``. ASCII only: no encoding and no terminal can spoil it."""
    import json

    print(json.dumps(value, indent=2))


def width(text: str) -> int:
    """Terminal cells of ``text``: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def table(rows: Sequence[Sequence[str]], *, limit: int | None = None, right: Sequence[int] = ()) -> list[str]:
    """Lines of columns two blanks apart; the columns named in ``right`` are aligned to the right.

    ``limit`` is the width of the terminal: the last column is cut to fit it, the others never are.
    """
    cells = [[clean_line(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells)]
    lines = []
    for row in cells:
        parts = []
        for index, cell in enumerate(row):
            pad = " " * (widths[index] - width(cell))
            parts.append(pad + cell if index in right else cell + pad)
        line = "  ".join(parts).rstrip()
        if limit is not None and width(line) > limit:
            left = width("  ".join(parts[:-1])) + 2
            line = "  ".join([*parts[:-1], shorten(row[-1], max(limit - left, 8))]).rstrip()
        lines.append(line)
    return lines


def terminal_width() -> int | None:
    """Columns of the terminal behind standard output, None when it is none."""
    if not is_terminal(sys.stdout):
        return None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except OSError:
        return None


class Progress:
    """Progress on standard error: one line written over on a terminal, a line per step elsewhere."""

    def __init__(self) -> None:
        self._live = is_terminal(sys.stderr)
        self._shown = ""
        self._step = ""

    def show(self, step: str, rest: str = "") -> None:
        """Say that ``step`` is under way; ``rest`` (a count, a percentage) is for terminals only."""
        if not self._live:
            if step != self._step:
                note(step)
            self._step = step
            return
        try:
            columns = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        except (OSError, ValueError):
            columns = 80
        line = shorten(clean_line(f"{step} {rest}".rstrip()), columns - 1)
        if line != self._shown:
            sys.stderr.write(f"\r{line}\x1b[K")
            sys.stderr.flush()
            self._shown = line

    def done(self, text: str = "") -> None:
        """Leave the line: erase it, and print ``text`` in its place when there is one."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = ""
        if text:
            note(text)
