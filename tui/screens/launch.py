"""The dialog for a new run: choose a manifest, see it checked, change a few things, see the exact command, start it."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from launcher.manifest.problems import ManifestError
from tui.actions import bindings
from tui.render.launch import preview_lines, state_line
from tui.screens.failures import explain
from tui.screens.launch_checks import LaunchChecks
from tui.screens.launch_data import Candidate, Checked, matching
from tui.widgets.key_bar import KeyBar
from tui.widgets.launch_form import LaunchForm
from tui.widgets.launch_preview import ManifestView, PlanView, rich_lines
from tui.widgets.manifest_list import ManifestList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from launcher.engines.engine import Engine
    from launcher.manifest.overrides import Overrides
    from launcher.runs.view import RunView
    from tui.render.form import FormValues


class LaunchScreen(LaunchChecks):
    """Dismissed with the id of the started run, or None. Two steps on a narrow screen, all at once on a wide one."""

    BINDINGS = bindings("launch")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012

    def __init__(self, control: Any, *, first: Sequence[str] = (), clone: RunView | None = None) -> None:
        super().__init__(control, first, clone)
        self.add_class("-choose")
        self.starting = False
        self._start_asked = False

    def compose(self) -> ComposeResult:
        with Vertical(id="launch") as window:
            window.border_title = "New run"
            with Horizontal(id="launch-body"):
                yield ManifestList(matching, id="launch-choose")
                yield ManifestView(id="launch-look")
                with Vertical(id="launch-right"):
                    yield LaunchForm(id="launch-form")
                    yield PlanView(id="launch-plan")
            with Horizontal(id="launch-buttons"):
                yield Static(id="launch-says")
                yield Button("Next", id="next", compact=True)
                yield Button("Start", id="start", variant="success", compact=True, disabled=True)
                yield Button("Cancel", id="cancel", compact=True)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(ManifestList).take_keys()
        self.begin()

    # -- showing

    def loaded(self, found: tuple[Candidate, ...]) -> None:
        self.query_one(ManifestList).show(found)
        if self.clone_of is not None:
            self._show_step("settings")

    def typed(self) -> FormValues:
        return self.query_one(LaunchForm).values()

    def show_checked(self) -> None:
        shown = self.checked or Checked()
        self.query_one(ManifestView).show(shown.text, shown.problems, known=self.checked is not None)
        self.query_one(LaunchForm).describe(shown.manifest)
        self.query_one(PlanView).show(preview_lines(shown, self.form_problems), engine_missing=shown.engine_missing)
        self._show_state()
        if self._start_asked and not self.pending:
            self._start_asked = False
            self.action_start()

    def _show_state(self) -> None:
        ready = self.checked is not None and self.checked.startable and not self.form_problems and not self.starting
        self.query_one("#start", Button).disabled = not ready
        shown = None if self.pending else self.checked
        path = self.candidate.path if self.candidate is not None else None
        says = state_line(path, shown, ready=ready, starting=self.starting)
        self.query_one("#launch-says", Static).update(rich_lines((says,), self.app.theme))
        self.refresh_bindings()

    def _show_step(self, step: str) -> None:
        self.set_class(step == "choose", "-choose")
        self.set_class(step == "settings", "-settings")
        self.query_one("#next", Button).label = "Next" if step == "choose" else "Back"
        if step == "choose":
            self.query_one(ManifestList).take_keys()
        else:
            self.query_one("#form-name").focus()

    # -- what the user does

    @on(ManifestList.Chosen)
    def _manifest_chosen(self, message: ManifestList.Chosen) -> None:
        self._start_asked = False
        self.query_one(LaunchForm).fill(self.choose(message.candidate))
        self._show_state()
        self.recheck()

    @on(ManifestList.Taken)
    def _manifest_taken(self) -> None:
        self._show_step("settings")

    @on(LaunchForm.Changed)
    def _form_changed(self) -> None:
        self.stale = True
        self.recheck()

    @on(Button.Pressed, "#next")
    def _next(self) -> None:
        self._show_step("choose" if self.has_class("-settings") else "settings")

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#start")
    def _start_pressed(self) -> None:
        self.action_start()

    @on(Button.Pressed, "#install-cpu, #install-cuda")
    def _install(self, event: Button.Pressed) -> None:
        from tui.screens.install import InstallScreen

        manifest = self.checked.manifest if self.checked is not None else None
        version = manifest.vllm.version if manifest is not None and manifest.vllm is not None else None

        def done(engine: Engine | None) -> None:
            if engine is not None:
                self.notify(f"engine {engine.name} is installed", markup=False)
            self.recheck()

        self.app.push_screen(InstallScreen(version, "cpu" if event.button.id == "install-cpu" else "cuda"), done)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Start only what can start; edit only what is a file."""
        if action == "start":
            return self.is_mounted and (self.pending or not self.query_one("#start", Button).disabled)
        if action == "edit_source":
            return self.candidate is not None and self.candidate.text is None
        return True

    def action_leave(self) -> None:
        """Back to the list; from the list, out."""
        if self.has_class("-settings") and not self.has_class("-wide"):
            self._show_step("choose")
        else:
            self.dismiss(None)

    def action_edit_source(self) -> None:
        """The chosen manifest in $EDITOR."""
        if self.candidate is not None and os.path.isfile(self.candidate.path):
            self.deck.edit(self.candidate.path)
            self.recheck()

    def action_start(self) -> None:
        """Create the run from what was checked last: what was seen is what starts. After typing, wait for the check."""
        chosen, checked = self.candidate, self.checked
        if self.pending:
            self._start_asked = True
            return
        if chosen is None or checked is None or not checked.startable or self.form_problems or self.starting:
            return
        self.starting = True
        self._show_state()
        work = self._start(checked.text, chosen.path, self.overrides)
        self.run_worker(work, group="launch-start", exit_on_error=False)

    async def _start(self, text: str, file: str, overrides: Overrides | None) -> None:
        try:
            run = await asyncio.to_thread(self.control.create, text, file=file, overrides=overrides)
        except ManifestError:
            self.recheck()
        except Exception as error:  # shown; the dialog stays, so that it can be mended
            self.deck.show_failure(explain(error))
        else:
            self.dismiss(run.id)
            return
        finally:
            self.starting = False
        self._show_state()
