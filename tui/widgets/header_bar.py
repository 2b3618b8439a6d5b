"""The first line of the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual.widget import Widget

from styles.themes import palette
from tui.render.cells import to_text
from tui.render.header import header_line

if TYPE_CHECKING:
    from rich.text import Text

    from launcher.fleet import Snapshot


class HeaderBar(Widget):
    """Shows the latest snapshot's counts, GPUs and time of day. The clock stops when polling does."""

    snapshot: reactive[Snapshot | None] = reactive(None)

    def render(self) -> Text:
        return to_text(header_line(self.snapshot, self.size.width), palette(self.app.theme))
