"""What of a log line may reach the screen: text and colours, nothing else. Pure."""

from __future__ import annotations

import re

from launcher.text import clean

# Colour and attribute sequences (SGR), of a sane length. A long one is no colour, it is an attack or a fault.
_SGR = re.compile(r"(\x1b\[[0-9;:]{0,48}m)")


def colours_only(line: str) -> str:
    """One line with its SGR sequences; every other escape sequence, control and invisible mark is gone.

    A tab becomes four spaces, a newline one: what is left of C0 and C1 is the ESC of an SGR sequence alone.
    """
    if line.isprintable():  # the common case: nothing to do
        return line
    pieces = _SGR.split(line)
    pieces[::2] = [_plain(piece) for piece in pieces[::2]]
    return "".join(pieces)


def plain(line: str) -> str:
    """One line as text alone: no escape sequences, colours included, and no controls. Tabs become four spaces."""
    if line.isprintable():
        return line
    return "".join(_plain(piece) for piece in _SGR.split(line)[::2])


def _plain(text: str) -> str:
    return clean(text).replace("\t", "    ").replace("\n", " ")
