"""Servers that vdeck did not start: the key that attaches one, and the hint of an empty deck that there are some."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from tui.widgets.empty_state import EmptyState

if TYPE_CHECKING:
    from tui.app import VdeckApp

AGAIN_S = 5.0
"""Between two looks at the processes of this machine, while there are no runs."""


class Attaching(Screen[None]):
    """For the main screen, which has a place for the runs and an ``EmptyState``."""

    _looked_at = -AGAIN_S

    def select(self, run_id: str) -> None:
        """Put the cursor on this run."""
        raise NotImplementedError

    def action_attach(self) -> None:
        """Open the dialog that attaches a server. The new run is chosen afterwards."""
        from tui.screens.attach import AttachScreen

        deck = cast("VdeckApp", self.app)

        def closed(run_id: str | None) -> None:
            if run_id is not None:
                self.select(run_id)
                deck.poll_soon()

        self.app.push_screen(AttachScreen(deck.control), closed)

    def look_for_servers(self) -> None:
        """See, now and then and in a thread, whether there is something to attach."""
        now = time.monotonic()
        if now - self._looked_at >= AGAIN_S:
            self._looked_at = now
            self.run_worker(self._look(), group="attach-hint", exit_on_error=False)

    async def _look(self) -> None:
        deck = cast("VdeckApp", self.app)
        found = await asyncio.to_thread(lambda: deck.control.found_servers())
        self.query_one(EmptyState).found = len(found)
