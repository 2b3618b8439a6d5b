"""What panes ask of the detail area. Each stops there; only ``Pane.Zoom`` goes on to the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from tui.detail.metrics_pane import MetricsPane


class WindowChanged(Message):
    """The metrics pane wants its charts anew, at once: another window, another width, or going on after a pause."""


class ExtrasChanged(Message):
    """The user picked other families to chart: keep them in mind, and show them."""

    def __init__(self, families: tuple[str, ...]) -> None:
        super().__init__()
        self.families = families


class ListWanted(Message):
    """The user wants the list of all metrics."""

    def __init__(self, pane: MetricsPane) -> None:
        super().__init__()
        self.pane = pane


class GoalsWanted(Message):
    """The user wants to set the goals of the run."""

    def __init__(self, pane: MetricsPane) -> None:
        super().__init__()
        self.pane = pane
