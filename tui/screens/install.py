"""Installing an engine, with its progress. It can be stopped at any time, and goes on from there the next time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, ProgressBar, Static

from launcher.text import clean_line
from styles.themes import palette
from tui.render.cells import Cell, to_text
from tui.screens.dialog import Dialog
from tui.screens.failures import Failure, explain

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from launcher.engines.progress import Progress

PAINT_S = 0.2
_STEPS = {
    "wait": "waiting", "environment": "making the environment", "version": "asking for the version",
    "download": "downloading", "install": "unpacking", "tidy": "tidying up", "check": "starting it once",
    "done": "done",
}  # fmt: skip


class _Stopped(Exception):
    """Raised inside the installer to end it; it kills pip and leaves what can be continued."""


def progress_lines(progress: Progress | None, failure: Failure | None, stopping: bool) -> tuple[Cell, ...]:
    """What the installer does now, or how it ended."""
    if failure is not None:
        lines: list[Cell] = [(("✖ ", "bad"), (failure.title, "bad"))]
        lines += [((line, ""),) for line in failure.detail.splitlines()[-8:]]
        if failure.fix:
            lines.append((("→ ", "key"), (failure.fix, "")))
        return tuple(lines)
    if stopping:
        return ((("stopping …", "warn"),),)
    if progress is None:
        return ((("beginning …", "muted"),),)
    share = f"  {progress.done} of {progress.total}" if progress.total else ""
    return (
        ((_STEPS.get(progress.step, clean_line(progress.step)), "busy"), (share, "muted")),
        ((clean_line(progress.line), ""),),
    )


class InstallScreen(Dialog[Any]):
    """Dismissed with the engine, or None when it was stopped or failed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "stop", "Stop")]

    def __init__(self, version: str | None, variant: str) -> None:
        super().__init__()
        self._version = version
        self._variant = variant
        self._latest: Progress | None = None
        self._stop = False
        self.failure: Failure | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="window") as window:
            version = f" {self._version}" if self._version else ""
            window.border_title = Text(f"Installing vLLM{version} ({self._variant.upper()})")
            yield Static(id="install-says")
            yield ProgressBar(id="install-bar", show_eta=False)
            yield Static("A stopped installation goes on from there the next time.", id="install-hint")
            with Horizontal(id="window-buttons"):
                yield Button("Stop (esc)", id="install-stop", compact=True)

    def on_mount(self) -> None:
        self._paint()
        self.set_interval(PAINT_S, self._paint)
        self.run_worker(self._install(), group="engine-install", exit_on_error=False)

    def on_unmount(self) -> None:
        self._stop = True  # the app may close over it: the installer's thread must end

    def _report(self, progress: Progress) -> None:
        """Called in the installer's thread, as often as pip says something: only note it, the timer paints."""
        if self._stop:
            raise _Stopped
        self._latest = progress

    async def _install(self) -> None:
        from launcher.engines import install

        try:
            engine = await asyncio.to_thread(install.install, self._version, variant=self._variant, report=self._report)
        except _Stopped:
            self.dismiss(None)
        except Exception as error:  # shown in the window
            if self._stop:
                self.dismiss(None)
                return
            self.failure = explain(error)
            self._paint()
        else:
            self.dismiss(engine)

    def _paint(self) -> None:
        colours = palette(self.app.theme)
        lines = progress_lines(self._latest, self.failure, self._stop)
        self.query_one("#install-says", Static).update(Text("\n").join(to_text(line, colours) for line in lines))
        bar = self.query_one(ProgressBar)
        bar.display = self.failure is None
        if self._latest is not None:
            bar.update(total=self._latest.total or None, progress=self._latest.done)
        self.query_one("#install-stop", Button).label = "Close (esc)" if self.failure is not None else "Stop (esc)"

    @on(Button.Pressed, "#install-stop")
    def _pressed(self) -> None:
        self.action_stop()

    def action_stop(self) -> None:
        """End the installation; when it has failed already, close the window."""
        if self.failure is not None:
            self.dismiss(None)
            return
        self._stop = True
        self._paint()
