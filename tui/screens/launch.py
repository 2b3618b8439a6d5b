"""The dialog for a new run: choose a manifest, see it checked, change a few things, see the exact command, start it."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from launcher.manifest.problems import ManifestError
from tui.actions import bindings
from tui.render.form import FormProblem, FormValues, from_overrides, to_overrides
from tui.render.launch import preview_lines, state_line
from tui.screens.dialog import Dialog
from tui.screens.failures import explain
from tui.screens.launch_data import Candidate, Checked, candidates, check, matching, stamp
from tui.widgets.key_bar import KeyBar
from tui.widgets.launch_form import LaunchForm
from tui.widgets.launch_preview import ManifestView, PlanView, rich_lines
from tui.widgets.manifest_list import ManifestList

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult

    from launcher.engines.engine import Engine
    from launcher.manifest.overrides import Overrides
    from launcher.runs.view import RunView
    from tui.app import VdeckApp

DEBOUNCE_S = 0.15
WATCH_S = 1.0


class LaunchScreen(Dialog[str | None]):
    """Dismissed with the id of the started run, or None. Two steps on a narrow screen, all at once on a wide one."""

    BINDINGS = bindings("launch")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012

    def __init__(self, control: Any, *, first: Sequence[str] = (), clone: RunView | None = None) -> None:
        super().__init__(classes="-choose")
        self.control = control
        self._first = tuple(first)
        self._clone = clone
        self.candidate: Candidate | None = None
        self.checked: Checked | None = None
        self.form_problems: tuple[FormProblem, ...] = ()
        self.starting = False
        self._overrides: Overrides | None = None
        self._base: Overrides | None = None
        """What a cloned run was created with and no field shows (secrets among it)."""
        self._prefill = FormValues()
        self._cloned: Overrides | None = None
        """Those that ``checked`` was made with."""
        self._stale = False
        """Something was typed since the last check."""
        self._start_asked = False
        self._stamp: tuple[int, int] | None = None

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
        self.run_worker(self._load(), group="launch-load", exit_on_error=False)
        self.run_worker(self._watch(), group="launch-watch", exit_on_error=False)

    @property
    def deck(self) -> VdeckApp:
        return cast("VdeckApp", self.app)

    # -- reading

    async def _load(self) -> None:
        clone: Candidate | None = None
        try:
            if self._clone is not None:
                text = await asyncio.to_thread(self.control.manifest_text, self._clone.id)
                clone = Candidate("Clone", f"of {self._clone.name}", self._clone.manifest or "", text)
                self._prefill, self._cloned = from_overrides(
                    await asyncio.to_thread(self.control.overrides, self._clone.id)
                )
            found = await asyncio.to_thread(candidates, self.control, self._first, clone)
        except Exception as error:  # shown, and the dialog goes
            self.deck.show_failure(explain(error))
            return
        self.query_one(ManifestList).show(found)
        if clone is not None and self._clone is not None:
            self._show_step("settings")

    async def _watch(self) -> None:
        """A manifest that is edited elsewhere is checked again."""
        while True:
            await asyncio.sleep(WATCH_S)
            chosen = self.candidate
            if chosen is not None and chosen.text is None:
                now = await asyncio.to_thread(stamp, chosen.path)
                if chosen is self.candidate and now != self._stamp:
                    self._stamp = now
                    self._recheck()

    def _recheck(self) -> None:
        work: Callable[[], Awaitable[None]] = self._check  # not called here: it may be cancelled before it begins
        self.run_worker(work, group="launch-check", exclusive=True, exit_on_error=False)

    async def _check(self) -> None:
        """Wait until the typing pauses, then read and plan in a thread. A newer check takes the place of this one."""
        chosen = self.candidate
        if chosen is None:
            self._show(None)
            return
        await asyncio.sleep(DEBOUNCE_S if self.checked is not None else 0)
        values = self.query_one(LaunchForm).values()
        known = self.checked.manifest if self.checked is not None else None
        overrides, problems = to_overrides(values, known, self._base)
        self._stamp = await asyncio.to_thread(stamp, chosen.path)
        checked = await asyncio.to_thread(check, self.control, chosen, overrides)
        if known is None and checked.manifest is not None and values.port:
            overrides, problems = to_overrides(values, checked.manifest, self._base)  # known now: its ports
            checked = await asyncio.to_thread(check, self.control, chosen, overrides)
        self._overrides, self.form_problems, self._stale = overrides, problems, False
        self._show(checked)
        if self._start_asked:
            self._start_asked = False
            self.action_start()

    # -- showing

    def _show(self, checked: Checked | None) -> None:
        self.checked = checked
        shown = checked or Checked()
        self.query_one(ManifestView).show(shown.text, shown.problems, known=checked is not None)
        self.query_one(LaunchForm).describe(shown.manifest)
        self.query_one(PlanView).show(preview_lines(shown, self.form_problems), engine_missing=shown.engine_missing)
        self._show_state()

    @property
    def _pending(self) -> bool:
        """A check is under way: what will start is not known yet."""
        return self.candidate is not None and (self.checked is None or self._stale)

    def _show_state(self) -> None:
        ready = self.checked is not None and self.checked.startable and not self.form_problems and not self.starting
        self.query_one("#start", Button).disabled = not ready
        shown = None if self._pending else self.checked
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
        self.candidate, self.checked, self.form_problems = message.candidate, None, ()
        self._start_asked = False
        cloned = message.candidate is not None and message.candidate.group == "Clone"
        self._base = self._cloned if cloned else None
        name = self._clone.name if self._clone is not None else ""
        self.query_one(LaunchForm).fill(self._prefill._replace(name=name) if cloned else FormValues())
        self._show_state()
        self._recheck()

    @on(ManifestList.Taken)
    def _manifest_taken(self) -> None:
        self._show_step("settings")

    @on(LaunchForm.Changed)
    def _form_changed(self) -> None:
        self._stale = True
        self._recheck()

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
            self._recheck()

        self.app.push_screen(InstallScreen(version, "cpu" if event.button.id == "install-cpu" else "cuda"), done)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Start only what can start; edit only what is a file."""
        if action == "start":
            return self.is_mounted and (self._pending or not self.query_one("#start", Button).disabled)
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
            self._recheck()

    def action_start(self) -> None:
        """Create the run from what was checked last: what was seen is what starts. After typing, wait for the check."""
        chosen, checked = self.candidate, self.checked
        if self._pending:
            self._start_asked = True
            return
        if chosen is None or checked is None or not checked.startable or self.form_problems or self.starting:
            return
        self.starting = True
        self._show_state()
        work = self._start(checked.text, chosen.path, self._overrides)
        self.run_worker(work, group="launch-start", exit_on_error=False)

    async def _start(self, text: str, file: str, overrides: Overrides | None) -> None:
        try:
            run = await asyncio.to_thread(self.control.create, text, file=file, overrides=overrides)
        except ManifestError:
            self._recheck()
        except Exception as error:  # shown; the dialog stays, so that it can be mended
            self.deck.show_failure(explain(error))
        else:
            self.dismiss(run.id)
            return
        finally:
            self.starting = False
        self._show_state()
