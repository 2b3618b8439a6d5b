"""A box to tick that can be read without colours."""

from __future__ import annotations

from textual.widgets import Checkbox


class Tick(Checkbox):
    """``[x] label`` or ``[ ] label``. (Textual's own shows an X in both states and tells them apart by colour.)"""

    BUTTON_LEFT = "["
    BUTTON_INNER = " "
    BUTTON_RIGHT = "]"

    def watch_value(self) -> None:
        self.BUTTON_INNER = "x" if self.value else " "
        super().watch_value()
