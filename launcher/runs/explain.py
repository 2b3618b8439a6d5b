"""A diagnosis ready to be told: secrets masked, with the lines of the log around its evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

from launcher import paths
from launcher.logs import ansi
from launcher.logs.diagnosis import Diagnosis
from launcher.logs.lines import last_state
from launcher.runs import diagnose, files, masking
from launcher.text import clean, clean_line, shorten

AROUND = 3
"""Lines before the evidence, and behind it."""
LINE_CHARACTERS = 2_000
PRINTED = 300
"""Characters of a line around the evidence that are printed."""
_BLOCK = 1 << 20
_SHOWN = 8 * LINE_CHARACTERS
"""Of a line, before its colours go: more of it is never looked at."""


class Explained(NamedTuple):
    """Nothing in it is secret or could move a cursor."""

    diagnosis: Diagnosis
    around: tuple[tuple[int, str], ...] = ()
    """(line of the log from 1, its text), the evidence among them."""
    offset: int | None = None
    """Where the line of the evidence begins in the log, in bytes."""


def explain(run_id: str) -> Explained | None:
    """What a run has, or None when nothing is known against it. Raises UsageError when there is no such run."""
    found = diagnose.diagnose_run(run_id)
    if found is None:
        return None
    mask = masking.redactor(run_id)
    path = paths.RunPaths.of(run_id).output
    if found.evidence is None:
        return Explained(masked(found, mask))
    number = found.evidence.number
    return Explained(masked(found, mask), lines_around(path, number, mask), line_offset(path, number))


def masked(found: Diagnosis, mask: Callable[[str], str]) -> Diagnosis:
    """The same without secrets, in every text of it."""
    evidence = found.evidence
    return found._replace(
        title=_line(found.title, mask),
        cause=clean(mask(found.cause)).strip(),
        evidence=evidence and evidence._replace(text=_line(evidence.text, mask)),
        fixes=tuple(fix._replace(text=_line(fix.text, mask)) for fix in found.fixes),
        where=found.where and _line(found.where, mask),
    )


def _line(text: str, mask: Callable[[str], str]) -> str:
    return shorten(clean_line(mask(text)).strip(), LINE_CHARACTERS)


def lines_around(path: str, number: int, mask: Callable[[str], str]) -> tuple[tuple[int, str], ...]:
    """The lines of a file around line ``number`` (from 1), masked; fewer at its ends, none when it cannot be read."""
    first = max(1, number - AROUND)
    try:
        with files.open_regular(path) as file:
            return tuple(_read(file, first, number + AROUND, mask)) if _go_to(file, first) else ()
    except OSError:
        return ()


def line_offset(path: str, number: int) -> int | None:
    """Where in a file line ``number`` (from 1) begins, in bytes; None when it has no such line."""
    try:
        with files.open_regular(path) as file:
            return file.tell() if _go_to(file, number) and file.read(1) and file.seek(-1, 1) >= 0 else None
    except OSError:
        return None


def _go_to(file: BinaryIO, number: int) -> bool:
    """Put the file at the beginning of a line. By blocks: it may be far down a large file."""
    seen = 1
    while seen < number:
        block = file.read(_BLOCK)
        if not block:
            return False
        found = block.count(b"\n")
        if seen + found < number:
            seen += found
            continue
        at = -1
        for _ in range(number - seen):
            at = block.index(b"\n", at + 1)
        file.seek(at + 1 - len(block), 1)
        return True
    return True


def _read(file: BinaryIO, first: int, last: int, mask: Callable[[str], str]) -> list[tuple[int, str]]:
    read = file.readline
    lines = []
    for number in range(first, last + 1):
        raw = read(_BLOCK)
        if not raw:
            break
        whole = raw
        while whole and not whole.endswith(b"\n"):  # the rest of a line that has no end
            whole = read(_BLOCK)
        text = last_state(raw.decode("utf-8", "replace").rstrip("\r\n"))
        lines.append((number, shorten(mask(ansi.plain(text[:_SHOWN])).rstrip(), LINE_CHARACTERS)))
    return lines


def as_text(told: Explained, *, head: str = "", can_apply: bool = False) -> str:
    """Cause, evidence and fixes as a plain text, to print, to copy and to file. ``head``: in front of the title;
    ``can_apply``: fixes that ``--apply`` can carry out are marked."""
    found = told.diagnosis
    lines = [f"{head}{found.title}", "", found.cause]
    if found.where:
        lines.append(f"Where: {found.where}")
    if found.evidence is not None:
        lines += ["", f"Line {found.evidence.number} of the log:"]
        for number, text in told.around or ((found.evidence.number, found.evidence.text),):
            mark = ">" if number == found.evidence.number else " "
            lines.append(f"{mark} {number:>6}  {shorten(text, PRINTED)}")
    if found.fixes:
        lines += ["", "What to do:"]
    for number, fix in enumerate(found.fixes, 1):
        lines.append(f"  {number}. {fix.text}" + ("  (--apply can)" if fix.changes and can_apply else ""))
    return "\n".join(lines) + "\n"


def as_json(told: Explained) -> dict[str, Any]:
    """The same as an object: what `vdeck diagnose --json` prints and a bundle holds."""
    found = told.diagnosis
    return {
        "rule": found.rule,
        "title": found.title,
        "cause": found.cause,
        "where": found.where,
        "evidence": {"line": found.evidence.number, "text": found.evidence.text} if found.evidence else None,
        "fixes": [{"text": fix.text, "changes": [one._asdict() for one in fix.changes]} for fix in found.fixes],
    }
