"""What the chat pane asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

if TYPE_CHECKING:
    from tui.chat.pane import ChatPane


class Ask(NamedTuple):
    """Send this prompt, or carry out this slash command."""

    text: str


class EditTurn(NamedTuple):
    """Send this in place of the prompt at this index of the conversation."""

    turn: int
    text: str


class Regenerate(NamedTuple):
    """Another answer to the last prompt."""


class Interrupt(NamedTuple):
    """No more of the present answer."""


class Attach(NamedTuple):
    """Add this picture (path or URL) to the next prompt; empty: no pictures."""

    picture: str
    pasted: bool = False
    """It may have been meant as text: it is that when no such picture can be read."""


class OpenDialog(NamedTuple):
    """One of the dialogs of the chat: options, library, history."""

    name: str


class SaveChat(NamedTuple):
    """Write the conversation into a new file. Empty: a name of our own in the present folder."""

    path: str = ""


Want = Ask | EditTurn | Regenerate | Interrupt | Attach | OpenDialog | SaveChat


class ChatWanted(Message):
    """The pane wants something of its desk."""

    def __init__(self, pane: ChatPane, want: Want) -> None:
        super().__init__()
        self.pane = pane
        self.want = want
