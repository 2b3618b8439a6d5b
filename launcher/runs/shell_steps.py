"""``run:`` and ``import:`` of a manifest as steps of a run; container paths are mapped below its work folder."""

from __future__ import annotations

import os
import shutil

from launcher.manifest.model import Manifest, Volume
from launcher.runs import command
from launcher.runs.record import StepRecord


def make(manifest: Manifest, base: str, work: str) -> tuple[list[StepRecord], list[str]]:
    """The steps and what the user should know of them. ``base``: the manifest's folder; ``work``: the run's own."""
    steps: list[StepRecord] = []
    notes: list[str] = []
    imported = [volume.path for volume in manifest.imports if volume.kind == "git"]
    for volume in manifest.imports:
        if volume.kind == "git":
            steps.append(_clone(volume, work))
            notes.append(f"{volume.path} is fetched to {mapped(volume.path, work)}")
    shell = shutil.which("bash") or "/bin/sh"
    for step in manifest.steps:
        if step.wait_s is not None:
            steps.append(StepRecord((), base, f"wait {step.wait_s:g} s", "wait", step.wait_s))
            continue
        cwd = _workdir(step.workdir, base, work, imported)
        if cwd.startswith(work + os.sep) and step.workdir:
            note = f"{step.workdir} is not on this machine; the run uses {cwd}"
            notes += [] if note in notes else [note]
        steps.append(StepRecord((shell, "-c", step.command), cwd, step.command.strip(), "shell"))
    return steps, notes


def mapped(path: str, work: str) -> str:
    """The place of a container path below ``work``; no ``..`` climbs out of it."""
    return os.path.normpath(os.path.join(work, os.path.normpath("/" + path).lstrip("/")))


def _workdir(workdir: str | None, base: str, work: str, imported: list[str]) -> str:
    """Where a step starts: a folder of this machine when it is one, else its place below the run's work folder."""
    if not workdir:
        return base
    if not os.path.isabs(workdir):
        return os.path.normpath(os.path.join(base, os.path.expanduser(workdir)))
    below_import = any(os.path.normpath(workdir + "/").startswith(os.path.normpath(path)) for path in imported)
    return workdir if os.path.isdir(workdir) and not below_import else mapped(workdir, work)


def _clone(volume: Volume, work: str) -> StepRecord:
    url = volume.source
    if url.startswith("git://github.com"):
        url = "https" + url[3:]
    elif "://" not in url and not url.startswith(("/", ".", "git@")):
        url = f"https://{url}"
    target = mapped(volume.path, work)
    branch = ("--branch", volume.ref) if volume.ref else ()
    argv = ("git", "clone", "--depth", "1", *branch, "--", url, target)
    return StepRecord(argv, work, command.display(argv), "import")
