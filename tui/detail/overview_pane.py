"""Overview: where the run stands and why, how its start went, what it is made of."""

from __future__ import annotations

import time
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from launcher.runs.explain import Explained
from launcher.runs.view import RunView
from launcher.text import clean_line
from tui.detail import overview_text
from tui.detail.actions import bindings
from tui.detail.pane import Pane


class Particulars(NamedTuple):
    """What only the run's record knows, read when the pane opens."""

    notes: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    """Names only."""
    explained: Explained | None = None
    """Why it failed, when that can be told."""
    last_lines: tuple[str, ...] = ()
    """How the log of a run that failed ends, oldest first; nothing of it is secret any more."""


class Section(Static):
    """A block of text under a heading; not there at all when it has nothing to say."""

    def __init__(self, heading: str, *, id: str) -> None:
        super().__init__(id=id, markup=False, classes="section")
        self.heading = heading
        self._shown: Content | None = None

    def show(self, body: Content | None) -> None:
        """Replace the text; equal text costs nothing."""
        if body is None or not body.plain:
            self.display = False
            self._shown = None
            return
        self.display = True
        if self._shown is None or not self._shown.is_same(body):
            self._shown = body
            heading = [(f"{self.heading}\n", "bold $accent")] if self.heading else []
            self.update(Content.assemble(*heading, body))


class OverviewPane(Pane):
    """The first tab."""

    BINDINGS = bindings("overview")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._particulars = Particulars()

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="overview-scroll"):
            yield Section("", id="overview-status")
            yield Section("Why it failed (d: more, and mend it)", id="overview-why")
            yield Section("End of the log (3: all of it)", id="overview-last-lines")
            yield Section("Start", id="overview-phases")
            yield Section("Run", id="overview-facts")
            yield Section("From the log", id="overview-log-facts")
            yield Section("Command", id="overview-command")
            yield Section("Notes", id="overview-notes")
            yield Section("Environment", id="overview-environment")

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)

    def on_resize(self) -> None:
        self._paint()

    def run_switched(self, run: RunView | None) -> None:
        self._particulars = Particulars()
        self.query_one("#overview-scroll", VerticalScroll).scroll_home(animate=False)

    def run_changed(self, run: RunView | None) -> None:
        self._paint()

    def show_particulars(self, particulars: Particulars) -> None:
        """What the record of the run says beside the view."""
        self._particulars = particulars
        self._paint()

    def focus_target(self) -> Widget:
        return self.query_one("#overview-scroll")

    def action_copy_command(self) -> None:
        """The exact command into the clipboard of the terminal."""
        text = overview_text.commands(self.shown_run) if self.shown_run is not None else ""
        if not text:
            self.notify("This run has no command yet.", severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(text)
        self.notify("Copied the command.", markup=False)

    def _tick(self) -> None:
        if self.display and self.shown_run is not None and self.shown_run.live:
            self._paint()

    def _section(self, name: str) -> Section:
        return self.query_one(f"#overview-{name}", Section)

    def _paint(self) -> None:
        run, now = self.shown_run, time.time()
        if run is None:
            for section in self.query(Section):
                section.show(None)
            self._section("status").show(Content("No run is chosen. Press n to start one."))
            return
        width = max(20, self.size.width - 4)
        self._section("status").show(overview_text.headline(run, now))
        self._section("why").show(overview_text.why(self._particulars.explained))
        self._section("last-lines").show(overview_text.lines(self._particulars.last_lines))
        failed = run.status == "failed"
        phases = None if run.attached else overview_text.timeline(run.phases, now, width, live=run.live, failed=failed)
        self._section("phases").show(phases)
        self._section("facts").show(overview_text.facts(run, now, width))
        self._section("command").show(Content(overview_text.commands(run)))
        self._section("log-facts").show(None if run.attached else overview_text.log_facts(run, width))
        self._section("notes").show(Content("\n".join("· " + clean_line(note) for note in self._particulars.notes)))
        self._section("environment").show(_environment(self._particulars))


def _environment(particulars: Particulars) -> Content:
    secrets = "".join(f"\n{clean_line(name)}=•••" for name in particulars.secrets)
    return Content((overview_text.environment(particulars.environment).plain + secrets).strip("\n"))
