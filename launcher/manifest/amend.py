"""Write changes into the text of a manifest and leave every other byte as it was. Pure.

Each change is made, read again by the loader, and compared: the result is a manifest that says what was wanted and
nothing else, or there is none.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from launcher.manifest import source
from launcher.manifest.amend_args import amend_args, amend_env
from launcher.manifest.amend_check import check
from launcher.manifest.amend_port import amend_port
from launcher.manifest.amend_run import amend_run
from launcher.manifest.args import SECRET_FLAGS, normal
from launcher.manifest.marks import Marks
from launcher.manifest.overrides import Overrides
from launcher.manifest.reader import Reading, read_text
from launcher.manifest.yaml_edit import CannotEdit, apply

if TYPE_CHECKING:
    from launcher.logs.diagnosis import Change

_BOM = "\ufeff"


class Refusal(NamedTuple):
    """A change that cannot be written, and why in one clause."""

    change: Change
    why: str


class Amended(NamedTuple):
    """``text`` is the given one, byte for byte, when any change was refused: there are no half edits."""

    text: str
    diff: str
    """Unified; empty when nothing changed."""
    refused: tuple[Refusal, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.refused


def amend(text: str, changes: Iterable[Change], *, file: str = "manifest") -> Amended:
    """The text with all changes in it. ``file`` is the name in the difference. Never raises for a bad text."""
    new, refused = text.removeprefix(_BOM), []
    for change in changes:
        try:
            new = _amended(new, change)
        except CannotEdit as error:
            refused.append(Refusal(change, str(error)))
    if refused:
        return Amended(text, "", tuple(refused))
    new = _BOM + new if text.startswith(_BOM) else new
    return Amended(new, difference(text, new, file))


def difference(old: str, new: str, file: str) -> str:
    """The unified difference of two texts, ``--- FILE`` on top; empty when they are equal."""
    lines = difflib.unified_diff(_lines(old), _lines(new), file, file, n=2)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _lines(text: str) -> list[str]:
    return [line + "\n" for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n")]


def _amended(text: str, change: Change) -> str:
    reading = read_text(text)
    if reading.manifest is None:
        raise CannotEdit(f"the manifest has errors: {reading.problems[0].what}")
    marks = Marks(source.make(text))
    flag = change.flag if change.env else normal(change.flag)
    if change.env:
        new = apply(text, amend_env(marks, flag, change.value))
    elif flag in SECRET_FLAGS:
        raise CannotEdit(f"a secret has no place in a manifest: set the variable {SECRET_FLAGS[flag]}")
    elif flag == "port":
        new = apply(text, amend_port(marks, reading.manifest, change.value))
    elif reading.manifest.vllm is not None:
        new = apply(text, amend_args(marks, flag, change.value))
    else:
        new = apply(text, amend_run(marks, flag, change.value))
    if new == text and change.value is not None:
        return text
    again = read_text(new)
    if again.manifest is None:
        raise CannotEdit(f"the result would be no manifest: {_first_error(again)}")
    check(reading.manifest, again.manifest, flag, change.value, env=change.env)
    return new


def _first_error(reading: Reading) -> str:
    return next((problem.what for problem in reading.problems if problem.severity == "error"), "nobody can say why")


def without(overrides: Overrides, changes: Iterable[Change]) -> Overrides:
    """The overrides of a run less those that would undo a change (``--set vllm.args.X``, ``--env X``)."""
    flags = {normal(change.flag) for change in changes if not change.env}
    names = {change.flag for change in changes if change.env}

    def hides(path: str) -> bool:
        parts = path.replace('"', "").split(".")
        if parts[:2] == ["vllm", "args"] and len(parts) > 2:
            return normal(".".join(parts[2:])) in flags
        if parts[:2] == ["vllm", "model"]:
            return "model" in flags
        if parts[0].partition("[")[0] == "ports":
            return "port" in flags
        return parts[0] == "env" and len(parts) > 1 and parts[1] in names

    return Overrides(
        overrides.name,
        tuple(pair for pair in overrides.env if pair[0] not in names),
        tuple(pair for pair in overrides.sets if not hides(pair[0])),
        overrides.cluster,
    )
