"""The key that compares the two marked runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

if TYPE_CHECKING:
    from launcher.runs.view import RunView


class Comparing(Screen[None]):
    """For the main screen, which knows the marked runs."""

    def targets(self) -> tuple[RunView, ...]:
        """The marked runs, or else the chosen one."""
        raise NotImplementedError

    def action_compare(self) -> None:
        """Open the comparison of the two marked runs; the older one is A."""
        runs = sorted(self.targets(), key=lambda run: (run.created or 0.0, run.id))
        if len(runs) != 2:
            self.notify("Mark two runs with space: they are compared.", markup=False)
            return
        from launcher.compare.comparer import Comparer
        from tui.screens.compare import CompareScreen

        self.app.push_screen(CompareScreen(Comparer(runs[0].id, runs[1].id)))
