"""What can be done to runs: ask when it is dangerous, do it in a thread, tell when it failed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.screen import Screen

from launcher import paths
from launcher.text import clean_line
from tui.screens.failures import Failure, explain, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launcher.runs.view import RunView
    from tui.app import VdeckApp


class Deed(NamedTuple):
    """One dangerous action: how it is asked, and to which runs it can be done."""

    verb: str
    says: str
    possible: Callable[[RunView], bool]
    done: str
    """What the screen says when it was ordered for n runs."""


def _live(run: RunView) -> bool:
    """It lives, and vdeck started it: nothing else may be stopped."""
    return run.live and not run.attached


DEEDS: dict[str, Deed] = {
    "terminate": Deed(
        "Terminate", "SIGTERM, then the grace of the manifest, then SIGKILL to what is left. Requests are cut off.",
        lambda run: _live(run) and run.status != "stopping", "stopping",
    ),
    "kill": Deed("Kill", "SIGKILL to every process at once. Running requests are lost.", _live, "killing"),
    "restart": Deed(
        "Restart", "It is stopped if it lives, and started again: same manifest, ports and GPUs.",
        lambda run: run.status not in ("stopping", "lost") and not run.attached, "restarting",
    ),
    "delete": Deed(
        "Delete", "The record goes: manifest, log, metrics, events, chats. It cannot be brought back.",
        lambda run: not run.live or bool(run.attached), "deleted",
    ),
}  # fmt: skip
DETACH = DEEDS["delete"]._replace(
    verb="Detach", says="The server goes on. What vdeck knows of it goes: metrics, events, chats.", done="detached"
)
"""What deleting means when all that is hit is attached."""


def _note(name: str, hit: Sequence[RunView], left: int) -> str:
    """What the question says beside its sentence."""
    notes = [f"Not possible for {left} of the marked runs; left alone."] if left else []
    attached = sum(bool(run.attached) for run in hit)
    if name == "delete" and 0 < attached < len(hit):
        notes.append(f"{attached} of them only watch a server: it goes on.")
    return " ".join(notes)


class RunActions(Screen[None]):
    """The actions of the scope ``runs``, for the screen that says which run is chosen and which are marked."""

    @property
    def deck(self) -> VdeckApp:
        return cast("VdeckApp", self.app)

    def chosen_run(self) -> RunView | None:
        """The run under the cursor."""
        raise NotImplementedError

    def targets(self) -> tuple[RunView, ...]:
        """The marked runs, or else the chosen one."""
        raise NotImplementedError

    def unmark(self) -> None:
        """Take all marks away (an action was done to them)."""
        raise NotImplementedError

    def possible(self, action: str) -> bool:
        """Whether the action means something for the chosen or marked runs now."""
        run = self.chosen_run()
        if action in DEEDS:
            return any(DEEDS[action].possible(target) for target in self.targets())
        if action in ("copy_endpoint", "open_endpoint"):
            return run is not None and run.url is not None and run.live
        if action in ("clone", "edit_manifest", "diagnose"):
            return run is not None and not run.attached
        return action != "bundle" or run is not None

    # -- dangerous: asked first

    def action_terminate(self) -> None:
        """Stop with grace."""
        self._ask("terminate", self.deck.control.terminate)

    def action_kill(self) -> None:
        """Stop with SIGKILL."""
        control = self.deck.control
        self._ask("kill", lambda run_id: control.terminate(run_id, force=True))

    def action_restart(self) -> None:
        """Stop and start again."""
        self._ask("restart", self.deck.control.restart)

    def action_delete(self) -> None:
        """Delete the records of ended runs; detach attached ones."""
        self._ask("delete", self.deck.control.delete)

    def _ask(self, name: str, work: Callable[[str], object]) -> None:
        from tui.screens.confirm import ConfirmScreen, Question

        deed = DEEDS[name]
        wanted = self.targets()
        hit = tuple(run for run in wanted if deed.possible(run))
        if not hit:
            return
        if name == "delete" and all(run.attached for run in hit):
            deed = DETACH
        note = _note(name, hit, len(wanted) - len(hit))
        what = clean_line(hit[0].name) if len(hit) == 1 else f"{len(hit)} runs"
        question = Question(f"{deed.verb} {what}?", deed.says, deed.verb, hit, note)

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._do(deed, work, hit), group=f"runs-{name}", exit_on_error=False)

        self.app.push_screen(ConfirmScreen(question, self.deck.now()), answered)

    async def _do(self, deed: Deed, work: Callable[[str], object], runs: Sequence[RunView]) -> None:
        failures: list[Failure] = []
        for run in runs:
            try:
                await asyncio.to_thread(work, run.id)
            except Exception as error:  # each kind becomes words on the screen
                failures.append(explain(error))
        self.unmark()
        self.deck.poll_soon()
        if failures:
            self.deck.show_failure(join(failures))
        else:
            names = clean_line(runs[0].name) if len(runs) == 1 else f"{len(runs)} runs"
            self.notify(f"{names}: {deed.done}", markup=False)

    # -- harmless

    def action_clone(self) -> None:
        """Open the launch dialog with the manifest of the chosen run."""
        run = self.chosen_run()
        if run is not None:
            self.deck.open_launch(clone=run)

    def action_copy_endpoint(self) -> None:
        """Copy the URL (OSC 52, which works over ssh)."""
        run = self.chosen_run()
        if run is not None and run.url:
            self.app.copy_to_clipboard(run.url)
            self.notify(f"copied {clean_line(run.url)}", markup=False)

    def action_open_endpoint(self) -> None:
        """Open the URL in a browser; without a desktop copy it instead (a text browser would take the terminal)."""
        run = self.chosen_run()
        if run is None or not run.url:
            return
        if not run.url.startswith(("http://", "https://")):
            self.notify(f"not a web address: {clean_line(run.url)}", severity="warning", markup=False)
        elif os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.uname().sysname == "Darwin":
            self.app.open_url(run.url)
        else:
            self.app.copy_to_clipboard(run.url)
            self.notify(f"no desktop here; copied {clean_line(run.url)}", markup=False)

    def action_edit_manifest(self) -> None:
        """Open the file the run was started from, or else the copy that the run keeps."""
        run = self.chosen_run()
        if run is None:
            return
        kept = paths.RunPaths(run.folder).manifest if run.folder else ""
        path = next((path for path in (run.manifest, kept) if path and os.path.isfile(path)), None)
        if path is None:
            self.deck.show_failure(Failure("the manifest is not there any more", clean_line(run.manifest or kept)))
        elif path == kept:
            self.notify("this is the record's own copy: save changes under another name", markup=False)
            self.deck.edit(path)
        elif self.deck.edit(path):
            self.notify("a changed manifest counts from the next start: press n, or C to clone", markup=False)
