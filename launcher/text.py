"""Text from outside is hostile: what may reach a terminal, and what may not."""

from __future__ import annotations

import re

# CSI, OSC (closed by BEL or ST), DCS/SOS/PM/APC strings, two-character escapes; then what is left of an unfinished one.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]?"
)
# C0 but tab and newline, DEL, C1, and the characters that reorder or hide text (bidi overrides, zero width, tags, BOM).
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_NEEDED = "\u200c\u200d\u200e\u200f"


def clean(text: str, *, replacement: str = "") -> str:
    """``text`` without escape sequences, control characters (tab and newline stay) and invisible reordering marks."""
    if text.isascii() and text.isprintable():  # the common case, 20 times quicker than two substitutions
        return text
    return _CONTROLS.sub(replacement, _ESCAPES.sub("", text))


def clean_prompt(text: str) -> str:
    """``clean`` for what people write and a model reads: line ends as ours, and the marks that writing needs stay
    (joiners of Persian and Hindi words and of emoji, marks of direction)."""
    plain = _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROLS.sub(lambda found: found[0] if found[0] in _NEEDED else "", plain)


def clean_line(text: str) -> str:
    """``clean`` for one line of the screen: tabs and newlines become one space each."""
    return clean(text).replace("\t", " ").replace("\n", " ")


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters, the cut marked with an ellipsis."""
    if len(text) <= width:
        return text
    return text[: max(0, width - 1)] + "…" if width > 0 else ""
