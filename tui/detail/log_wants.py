"""What the Logs tab asks of its feed. Pure values; one message carries any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

if TYPE_CHECKING:
    from tui.detail.log_lens import Choice


class Look(NamedTuple):
    """Show only these lines."""

    choice: Choice


class Find(NamedTuple):
    """Go to the next line with this pattern that starts at or behind ``offset`` (backwards: before it), and count all.

    ``again``: the same search goes on; a new one is counted anew.
    """

    pattern: str
    offset: int
    backwards: bool = False
    again: bool = False


class Forget(NamedTuple):
    """No search any more."""


class Jump(NamedTuple):
    """Go to the first line at or after a time that was typed."""

    words: str


class Save(NamedTuple):
    """Write what the filters show (or the picked lines: offsets of the first and the last) into a new file."""

    name: str
    picked: tuple[int, int] | None


class NextProcess(NamedTuple):
    """Show only the lines of the next process."""


Want = Look | Find | Forget | Jump | Save | NextProcess


class LogWanted(Message):
    """The log pane wants something of its feed."""

    def __init__(self, want: Want) -> None:
        super().__init__()
        self.want = want
