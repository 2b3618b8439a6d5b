"""What the panes of the detail area have in common: they are told their run, and they tell when they can be fed."""

from __future__ import annotations

from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from launcher.runs.view import RunView


class Pane(Vertical):
    """One tab. It shows what it is given and asks for the rest with messages; it reads nothing itself."""

    class Ready(Message):
        """The pane is mounted: its setters may be called."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    class Zoom(Message):
        """The user wants this pane to have the whole screen, or no longer."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown_run: RunView | None = None

    def on_mount(self) -> None:
        self.post_message(self.Ready(self))

    def show_run(self, run: RunView | None) -> None:
        """Another run, or a newer picture of the same run. Called while the pane is visible."""
        changed = (run.id if run else None) != (self.shown_run.id if self.shown_run else None)
        before, self.shown_run = self.shown_run, run
        if changed:
            self.run_switched(run)
        if run != before:
            self.run_changed(run)

    def run_switched(self, run: RunView | None) -> None:
        """A different run: forget everything of the old one."""

    def run_changed(self, run: RunView | None) -> None:
        """Something of the run is new (called after ``run_switched`` as well)."""

    def focus_target(self) -> Widget:
        """The widget that takes the keys when the user enters the pane."""
        return self
