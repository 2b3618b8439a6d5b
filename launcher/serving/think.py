"""``<think>…</think>`` at the start of an answer is reasoning: what comes when the server runs no reasoning parser."""

from __future__ import annotations

from launcher.serving.parts import Delta

OPEN, CLOSE = "<think>", "</think>"


class ThinkFilter:
    """Content in pieces in, reasoning and content out; both together are the text without the two tags.

    Only a tag at the very start counts (white space before it is dropped): an answer may well speak about the tag.
    """

    __slots__ = ("_held", "_state")

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    def feed(self, text: str) -> list[Delta]:
        """What is certain after ``text``; a possible beginning of a tag is held back."""
        if self._state == "content":
            return [Delta("content", text)] if text else []
        self._held += text
        if self._state == "start":
            begin = self._held.lstrip()
            if not begin or (len(begin) < len(OPEN) and OPEN.startswith(begin)):
                return []
            if not begin.startswith(OPEN):
                return self._all_content()
            self._state, self._held = "reasoning", begin[len(OPEN) :]
        return self._reasoning()

    def close(self) -> list[Delta]:
        """What was still held back."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [Delta("reasoning" if self._state == "reasoning" else "content", held)]

    def _all_content(self) -> list[Delta]:
        held, self._held, self._state = self._held, "", "content"
        return [Delta("content", held)]

    def _reasoning(self) -> list[Delta]:
        before, tag, after = self._held.partition(CLOSE)
        if tag:
            self._held, self._state = "", "content"
            parts = [Delta("reasoning", before), Delta("content", after)]
            return [part for part in parts if part.text]
        keep = _overlap(self._held)
        ready, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return [Delta("reasoning", ready)] if ready else []


def _overlap(text: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of the closing tag."""
    for size in range(min(len(CLOSE) - 1, len(text)), 0, -1):
        if CLOSE.startswith(text[-size:]):
            return size
    return 0
