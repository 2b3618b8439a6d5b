"""The first line of the metrics pane: figures, windows, state; some of it can be clicked."""

from __future__ import annotations

from textual import events
from textual.widgets import Static

from tui.detail import metrics_text
from tui.detail.metrics_text import Part


class HeadLine(Static):
    """Parts of text, some of which can be clicked."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self.parts: list[Part] = []

    def show(self, parts: list[Part]) -> None:
        """Replace the line; equal parts cost nothing."""
        if parts != self.parts:
            self.parts = parts
            self.update(metrics_text.content(parts), layout=False)

    async def on_click(self, event: events.Click) -> None:
        action = metrics_text.action_at(self.parts, event.x - self.styles.padding.left)
        if action and self.parent is not None:
            await self.app.run_action(action, self.parent)
