"""A fix of a diagnosis carried out: the manifest of the run changed, and a new run of it started."""

from __future__ import annotations

import os
from typing import NamedTuple

from launcher import paths
from launcher.errors import UsageError, VdeckError
from launcher.logs.diagnosis import Fix
from launcher.manifest.amend import Refusal, amend, without
from launcher.manifest.overrides import Overrides
from launcher.runs import control, files, masking
from launcher.runs.view import RunView


class Proposal(NamedTuple):
    """What would be done; nothing is done yet."""

    run: RunView
    fix: Fix
    old: str
    text: str
    """The changed manifest; the old one when the change was refused."""
    diff: str
    """What changes, secrets masked."""
    refused: tuple[Refusal, ...]
    file: str
    """The manifest file that is written; empty when only the new run gets the changed text."""
    note: str
    """Why no file is written; empty when one is."""
    overrides: Overrides
    """What the new run is created with beside its manifest."""
    dropped: tuple[str, ...] = ()
    """Options of the old run that would undo the change."""

    @property
    def possible(self) -> bool:
        return not self.refused and self.text != self.old


def propose(run_id: str, fix: Fix) -> Proposal:
    """What the fix makes of the run's manifest. Raises VdeckError when the manifest cannot be read."""
    run = control.read(run_id)
    if run.attached:
        raise UsageError(f"run {run.id} has no manifest: vdeck did not start its server", fix="mend it where it runs")
    old = _read(paths.RunPaths(run.folder).manifest, run_id)
    name = os.path.basename(run.manifest or "manifest")
    amended = amend(old, fix.changes, file=name)
    file, note = _target(run, old)
    given = control.overrides(run_id)
    overrides = without(given, fix.changes)
    gone = [f"--set {path}" for path, value in given.sets if (path, value) not in overrides.sets]
    gone += [f"--env {name}" for name, value in given.env if (name, value) not in overrides.env]
    diff = masking.redactor(run_id)(amended.diff)
    return Proposal(run, fix, old, amended.text, diff, amended.refused, file, note, overrides, tuple(gone))


def carry_out(proposal: Proposal) -> RunView:
    """Start a run of the changed manifest, then write the file that it came from. Raises VdeckError: then nothing was
    started, or (said so) only the file was not written."""
    if not proposal.possible:
        raise UsageError("this fix changes nothing in the manifest", fix="choose another one, or edit it (key e)")
    run = control.read(proposal.run.id)
    if run.live:
        raise UsageError(f"run {run.id} ({run.name}) lives", fix=f"first `vdeck run terminate {run.id}`")
    if proposal.file and not _same(proposal.file, proposal.old):
        raise VdeckError(f"{proposal.file} was changed meanwhile", fix="look at the fix again")
    made = control.create(proposal.text, file=run.manifest or "", overrides=proposal.overrides)
    if proposal.file:
        try:
            _write(proposal.file, proposal.text)
        except OSError as error:
            raise VdeckError(
                f"run {made.id} was started, but {proposal.file} cannot be written: {error.strerror}",
                fix=f"its manifest is {paths.RunPaths(made.folder).manifest}",
            ) from error
    return made


def _read(path: str, run_id: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise VdeckError(f"the manifest of run {run_id} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise VdeckError(f"the manifest of run {run_id} is damaged: it is not UTF-8") from error


def _target(run: RunView, text: str) -> tuple[str, str]:
    """The file to write, or an empty text and why there is none."""
    path = os.path.realpath(run.manifest) if run.manifest else ""
    kept = os.path.realpath(paths.home())
    if not path or path.startswith(os.path.join(kept, "")):
        return "", "The run came from no file: only the new run gets the change."
    if not os.path.isfile(path):
        return "", f"{path} is not there any more: only the new run gets the change."
    if not _same(path, text):
        return "", f"{path} is another text by now and stays as it is: only the new run gets the change."
    if not (os.access(path, os.W_OK) and os.access(os.path.dirname(path), os.W_OK)):
        return "", f"{path} may not be written: only the new run gets the change."
    return path, ""


def _same(path: str, text: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read() == text.encode()
    except OSError:
        return False


def _write(path: str, text: str) -> None:
    files.write_atomic(path, text.encode(), mode=os.stat(path).st_mode & 0o777)
