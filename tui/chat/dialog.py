"""What the windows of the chat share: their style sheet, which is read when the first of them opens."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.screen import ScreenResultType

import styles
from tui.screens.dialog import Dialog

_FOLDER = os.path.dirname(os.path.abspath(styles.__file__))


class ChatDialog(Dialog[ScreenResultType]):
    """A window of the chat."""

    CSS_PATH: ClassVar[list[str]] = [os.path.join(_FOLDER, name) for name in ("dialogs.tcss", "chat_dialogs.tcss")]  # type: ignore[assignment]
