"""What the launch dialog knows: which manifests there are, and what one would do. No widget; called in threads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from launcher import paths
from launcher.errors import VdeckError
from tui.screens.failures import Failure, explain

if TYPE_CHECKING:
    from launcher.manifest.model import Manifest
    from launcher.manifest.overrides import Overrides
    from launcher.manifest.problems import Problem
    from launcher.runs.plan import Plan

MAX_BYTES = 2 << 20
"""More than any manifest has; a larger file is cut here and refused by the reader."""
_LOOKS_LIKE = re.compile(rb"^(run|vllm|image)[ \t]*:", re.MULTILINE)
_GROUPS = ("Given", "Clone", "This folder", "Recent", "Examples")


class Candidate(NamedTuple):
    """A manifest that can be chosen. ``text`` is set when it is not read from ``path`` (a clone)."""

    group: str
    label: str
    path: str
    text: str | None = None


class Checked(NamedTuple):
    """A manifest looked at: its text, what is wrong, and what it would do (None while something is wrong)."""

    text: str = ""
    problems: tuple[Problem, ...] = ()
    manifest: Manifest | None = None
    plan: Plan | None = None
    failure: Failure | None = None
    engine_missing: bool = False

    @property
    def startable(self) -> bool:
        return self.plan is not None


def candidates(control: Any, given: Sequence[str] = (), clone: Candidate | None = None) -> tuple[Candidate, ...]:
    """Every manifest to choose from, each file once, in the order of the list."""
    found: list[Candidate] = [clone] if clone is not None else []
    groups: tuple[tuple[str, Iterable[str]], ...] = (
        ("Given", given),
        ("This folder", _manifests_in(os.getcwd())),
        ("Recent", control.recent_manifests()),
        ("Examples", _manifests_in(paths.examples_dir())),
    )
    seen: set[str] = set()
    for group, files in groups:
        for path in files:
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                found.append(Candidate(group, _label(path, group), os.path.abspath(path)))
    return tuple(found)


def _label(path: str, group: str) -> str:
    """The name alone where the group says the folder, else the last folder as well."""
    folder, name = os.path.split(path)
    return name if group in ("This folder", "Examples") else os.path.join(os.path.basename(folder), name)


def _manifests_in(folder: str) -> list[str]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith((".yaml", ".yml")))
    except OSError:
        return []
    return [path for path in (os.path.join(folder, name) for name in names[:500]) if _looks_like_manifest(path)]


def _looks_like_manifest(path: str) -> bool:
    """A regular file with a key of a run at its left border."""
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return _LOOKS_LIKE.search(file.read(65536)) is not None
    except OSError:
        return False


def matching(found: Iterable[Candidate], typed: str) -> tuple[Candidate, ...]:
    """Those whose label or folder has every word that was typed, without regard to case."""
    words = typed.lower().split()
    return tuple(c for c in found if all(word in f"{c.group} {c.label} {c.path}".lower() for word in words))


def stamp(path: str) -> tuple[int, int] | None:
    """Changes when the file does; None when it is not there."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def check(control: Any, candidate: Candidate, overrides: Overrides | None) -> Checked:
    """Read it and ask what would run. Never raises: whatever goes wrong is in the result."""
    try:
        text = candidate.text if candidate.text is not None else _read(candidate.path)
    except OSError as error:
        return Checked(failure=explain(error))
    try:
        prepared = control.prepare(text, file=candidate.path, overrides=overrides)
    except Exception as error:  # shown in the dialog
        return Checked(text, failure=explain(error))
    refusal: VdeckError | None = prepared.refusal
    return Checked(
        text, prepared.problems, prepared.manifest, prepared.plan, explain(refusal) if refusal is not None else None,
        refusal is not None and "vdeck engine install" in refusal.fix,
    )  # fmt: skip


def _read(path: str) -> str:
    """The text as it stands in the file, line ends included."""
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read(MAX_BYTES)
