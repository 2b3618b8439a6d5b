"""The colours of all charts, held by one widget that is never seen.

Textual works the styles of component classes out for every widget that names them. Thirty for each of sixteen charts
were a third of the time in which the Metrics tab opens; here it is done once.
"""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.widget import Widget

from tui.detail.chart_text import COLOURS

_ROLES = (
    "title", "title-chosen", "frame", "frame-chosen", "axis", "note", "muted", "value", "cursor-value", "cursor",
    "mark", "goal", "good", "bad", *(f"series-{number}" for number in range(COLOURS)),
    *(f"heat-{level}" for level in range(1, 5)),
)  # fmt: skip


class ChartColours(Widget):
    """A style for each role; the style sheet sets them from the theme."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"chart--{role}" for role in _ROLES}

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, Style] = {}

    def style(self, role: str) -> Style:
        """The style of a role; of plain text when it is empty."""
        found = self._known.get(role)
        if found is None:
            found = self.get_component_rich_style(f"chart--{role}") if role else self.rich_style
            self._known[role] = found
        return found

    def notify_style_update(self) -> None:
        """The theme or the style sheet changed."""
        super().notify_style_update()
        self._known = {}
