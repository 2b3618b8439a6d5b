"""Side by side, for the main screen: who answers, and who cannot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from launcher.errors import VdeckError
from tui.screens.run_actions import RunActions

if TYPE_CHECKING:
    from launcher.runs.view import RunView


class Siding(RunActions):
    """The action ``side_by_side``: several marked runs, or the several models of one."""

    def action_side_by_side(self) -> None:
        """One prompt to all marked runs at once."""
        able = [run for run in self.targets() if run.ready and run.url is not None]
        if not able:
            self.notify("Nobody can answer: mark two or more runs that are ready.", severity="warning", markup=False)
        elif len(able) == 1:
            self.run_worker(self._side_by_models(able[0]), group="side", exclusive=True, exit_on_error=False)
        else:
            self._open_side(able)

    def _open_side(self, runs: list[RunView]) -> None:
        from tui.chat.side import MOST, Contender, SideScreen
        from tui.detail.sources import LiveSources

        left = len(self.targets()) - len(runs)
        notes = [f"{left} of the marked runs cannot answer now: left out."] if left else []
        notes += [f"Only the first {MOST} of {len(runs)}."] if len(runs) > MOST else []
        contenders = [Contender(run) for run in runs]
        self.app.push_screen(SideScreen(LiveSources(self.deck.fleet), contenders, " ".join(notes)))

    async def _side_by_models(self, run: RunView) -> None:
        """One run: its models and adapters against each other, when it serves several."""
        from launcher.serving.listener import Listener
        from tui.chat.side import Contender, SideScreen
        from tui.detail.sources import LiveSources

        sources = LiveSources(self.deck.fleet)
        listener = Listener(lambda: sources.chat_client(run))
        try:
            models = await asyncio.to_thread(listener.models)
        except VdeckError as error:
            self.notify(error.sentence(), severity="warning", markup=False)
            return
        finally:
            listener.close()
        if len(models) < 2:
            self.notify("This run serves one model: mark a second run with space.", markup=False)
            return
        await self.app.push_screen(SideScreen(sources, [Contender(run, model.id) for model in models]))
