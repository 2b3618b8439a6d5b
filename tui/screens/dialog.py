"""What all windows over the main screen share: their style sheet, which is read when the first of them opens."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.screen import ModalScreen, ScreenResultType

import styles

_SHEET = os.path.join(os.path.dirname(os.path.abspath(styles.__file__)), "dialogs.tcss")


class Dialog(ModalScreen[ScreenResultType]):
    """A modal window. (Not in the app's list of sheets: start-up does not parse what it does not show.)"""

    CSS_PATH: ClassVar[str] = _SHEET
