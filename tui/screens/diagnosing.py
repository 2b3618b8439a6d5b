"""Why did this run fail: the key that says it and mends it, and the one that packs a report of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from launcher.text import clean_line
from tui.render.state import look
from tui.screens.failures import explain

if TYPE_CHECKING:
    from launcher.runs.view import RunView
    from tui.app import VdeckApp
    from tui.screens.diagnosis import Outcome


class Diagnosing(Screen[None]):
    """For the main screen, which knows the chosen run and has a tab for the log."""

    def chosen_run(self) -> RunView | None:
        """The run under the cursor."""
        raise NotImplementedError

    def select(self, run_id: str) -> None:
        """Put the cursor on this run."""
        raise NotImplementedError

    def show_log(self, offset: int | None) -> None:
        """Open the log of the chosen run; ``offset``: at the line that begins at this byte."""
        raise NotImplementedError

    def action_diagnose(self) -> None:
        """Say why the chosen run failed, and how to mend it."""
        run = self.chosen_run()
        if run is not None:
            self.run_worker(self._diagnose(run), group="diagnose", exclusive=True, exit_on_error=False)

    async def _diagnose(self, run: RunView) -> None:
        deck = cast("VdeckApp", self.app)
        try:
            told = await asyncio.to_thread(deck.control.explain, run.id)
        except Exception as error:
            deck.show_failure(explain(error))
            return
        if told is None:
            self.notify(healthy(run), markup=False)
            return
        from tui.screens.diagnosis import DiagnosisScreen

        def closed(outcome: Outcome | None) -> None:
            if outcome is None:
                return
            if outcome.run_id is not None:
                self.select(outcome.run_id)
                deck.poll_soon()
            elif outcome.to_log:
                self.show_log(outcome.offset)

        self.app.push_screen(DiagnosisScreen(deck.control, run, told), closed)

    def action_bundle(self) -> None:
        """Pack what a bug report needs into one file of the present folder."""
        run = self.chosen_run()
        if run is not None:
            self.run_worker(self._bundle(run), group="bundle", exit_on_error=False)

    async def _bundle(self, run: RunView) -> None:
        deck = cast("VdeckApp", self.app)
        try:
            path = await asyncio.to_thread(deck.control.bundle, run.id)
        except Exception as error:
            deck.show_failure(explain(error))
        else:
            self.notify(f"packed {clean_line(path)}", timeout=10, markup=False)


def healthy(run: RunView) -> str:
    """The one line for a run with which nothing is wrong."""
    name = clean_line(run.name)
    if run.health:
        return f"{name}: {run.health}. {clean_line(run.advice or '')}".strip()
    return f"{name}: {look(run).words}; nothing is known against it"
