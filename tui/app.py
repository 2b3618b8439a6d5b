"""The app: owns the fleet and the poll, hands snapshots down, shows errors. What is done to runs is in tui/screens."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App
from textual.events import Event, InputEvent, Key

from launcher import paths, settings
from launcher.text import clean_line
from styles import themes
from tui import alerts
from tui.detail.typed_ahead import wants
from tui.screens.failures import Failure, explain, log_error
from tui.screens.main import MainScreen
from tui.terminal import Terminal
from tui.tidy import Tidier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import PurePath
    from types import ModuleType

    from rich.console import RenderableType
    from textual.command import Provider
    from textual.screen import Screen

    from launcher.fleet import Fleet
    from launcher.runs.view import RunView

POLL_S = 1.0
_STYLES = os.path.dirname(os.path.abspath(themes.__file__))


def _palette_provider() -> type[Provider]:
    from tui.screens.palette import ActionProvider

    return ActionProvider


SHEETS = ("main.tcss", "detail.tcss", "chat.tcss", "bench.tcss")
"""Loaded at the start; dialogs bring their own."""


class VdeckApp(App[None]):
    """``fleet`` and ``control`` are the real ones unless a test gives others; ``manifests`` opens the launch dialog."""

    TITLE = "vdeck"
    CSS_PATH: ClassVar[list[str | PurePath]] = [os.path.join(_STYLES, name) for name in SHEETS]
    COMMANDS: ClassVar[set[Callable[[], type[Provider]]]] = {_palette_provider}  # type: ignore[assignment]
    ENABLE_COMMAND_PALETTE = True
    NOTIFICATION_TIMEOUT = 3

    def __init__(
        self, fleet: Fleet | None = None, control: ModuleType | Any | None = None, manifests: Sequence[str] = ()
    ) -> None:
        super().__init__()
        if fleet is None:
            from launcher.fleet import Fleet

            fleet = Fleet()
        self.fleet = fleet
        self._control = control
        self.manifests = tuple(manifests)
        self.main = MainScreen()
        self.terminal: Terminal | None = None
        self.tidier = Tidier()
        self.alerts = alerts.Alerts()
        self._wake = asyncio.Event()
        for theme in themes.themes():
            self.register_theme(theme)
        self.few_colours = self.console.color_system in (None, "standard")
        self.theme = themes.theme_name(settings.read().get("theme", themes.DARK), few_colours=self.few_colours)

    @property
    def control(self) -> Any:
        """The orders to runs (launcher.runs.control), imported when the first one is given."""
        if self._control is None:
            from launcher.runs import control

            self._control = control
        return self._control

    def get_default_screen(self) -> Screen[Any]:
        return self.main

    def on_mount(self) -> None:
        self.set_class(self.few_colours, "-few-colours")
        if not self.is_headless:
            self.terminal = Terminal(self.leave, asyncio.get_running_loop())
            self.terminal.watch()
        if self.manifests:
            self.call_after_refresh(self.open_launch)

    def on_unmount(self) -> None:
        if self.terminal is not None:
            self.terminal.stop()

    async def on_event(self, event: Event) -> None:
        """Every event of the app passes here; what the user does is noted."""
        if isinstance(event, InputEvent):
            self.tidier.touched()
        await super().on_event(event)

    def on_key(self, event: Key) -> None:
        """A key comes here when nobody took it. One that the focused widget would have taken was on its way to another
        widget while the focus went to where one writes: it is text, no order."""
        if (focused := self.focused) is not None and wants(focused, event):
            event.prevent_default()
            focused.post_message(Key(event.key, event.character))

    # -- the fleet

    def start_polling(self) -> None:
        """Called by the main screen as soon as it can take a snapshot."""
        self.run_worker(self._poll(), name="poll", group="poll", exit_on_error=False)

    async def _poll(self) -> None:
        """Read, show, then sleep: a slow disk makes it slower, never a queue. No error ends it."""
        if not self.is_headless:
            self.tidier.begin()
        while True:
            try:
                self.fleet.chosen = self.main.chosen_id
                snapshot = await asyncio.to_thread(self.fleet.poll)
                self.main.set_snapshot(snapshot)
                alerts.ring(self, self.alerts.look(snapshot.runs))
            except Exception as error:  # said on the screen, and tried again
                self.main.set_problem(explain(error).title)
            try:
                await asyncio.wait_for(self._wake.wait(), POLL_S)
            except TimeoutError:
                pass
            self._wake.clear()
            self.tidier.look()

    def poll_soon(self) -> None:
        """Something was changed: do not wait for the next round."""
        self._wake.set()

    def now(self) -> float:
        """Seconds since the epoch, as the screen shows it."""
        return self.main.snapshot.taken if self.main.snapshot is not None else time.time()

    # -- dialogs

    def open_launch(self, clone: RunView | None = None) -> None:
        """The dialog for a new run. What it started is chosen afterwards."""
        from tui.screens.launch import LaunchScreen

        def closed(run_id: str | None) -> None:
            if run_id is not None:
                self.main.select(run_id)
                self.poll_soon()

        self.push_screen(LaunchScreen(self.control, first=self.manifests, clone=clone), closed)

    def show_failure(self, failure: Failure) -> None:
        """The one place where errors are shown."""
        from tui.screens.text_modal import error_modal

        self.push_screen(error_modal(failure))

    def edit(self, path: str) -> bool:
        """Give the terminal to $VISUAL or $EDITOR with this file; False when that failed (and was shown)."""
        from tui.screens.editor import edit

        try:
            with self.suspend():
                edit(path)
        except Exception as error:  # SuspendNotSupported, a missing editor
            self.show_failure(explain(error))
            return False
        self.refresh()
        return True

    # -- actions of the app

    def action_switch_theme(self) -> None:
        """Dark to light and back; remembered for the next start."""
        self.theme = themes.opposite(self.theme)
        self.run_worker(self._remember_theme(self.theme), group="settings", exit_on_error=False)

    async def _remember_theme(self, name: str) -> None:
        try:
            await asyncio.to_thread(settings.remember, "theme", name)
        except OSError as error:
            self.notify(f"the theme is not remembered: {error.strerror}", severity="warning", markup=False)

    async def action_quit(self) -> None:
        """Close the screen and say that the runs go on."""
        runs = self.main.snapshot.runs if self.main.snapshot is not None else ()
        live = sum(run.live for run in runs)
        goes = f"{live} runs go on" if live > 1 else "1 run goes on"
        self.exit(message=Text(f"{goes}. `vdeck` shows {'them' if live > 1 else 'it'} again.") if live else None)

    def leave(self) -> None:
        """The terminal hung up, or somebody asked this process to end. The runs are not ours to stop."""
        self.exit(return_code=0)

    def panic(self, *renderables: RenderableType) -> None:
        """A lost terminal makes the input thread fail: that is a leave, not a fault."""
        if self.terminal is not None and self.terminal.lost():
            self.leave()
        else:
            super().panic(*renderables)

    def _fatal_error(self) -> None:
        """A fault in a handler of the screen: the traceback goes to the log, the terminal gets a sentence."""
        error = self._exception
        if error is not None:
            log_error(error)
            what = clean_line(f"{type(error).__name__}: {error}")
            self.panic(Text(f"error: vdeck made a mistake ({what}). The runs go on. Details: {paths.screen_log()}"))
        else:
            super()._fatal_error()
