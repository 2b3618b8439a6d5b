"""A diagnosis ready to be told: secrets masked, with the lines of the log around its evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from launcher import paths
from launcher.logs import ansi
from launcher.logs.diagnosis import Diagnosis
from launcher.logs.lines import last_state
from launcher.runs import diagnose, files, masking
from launcher.text import clean, clean_line, shorten

AROUND = 3
"""Lines before the evidence, and behind it."""
LINE_CHARACTERS = 2_000
_BLOCK = 1 << 20


class Explained(NamedTuple):
    """Nothing in it is secret or could move a cursor."""

    diagnosis: Diagnosis
    around: tuple[tuple[int, str], ...] = ()
    """(line of the log from 1, its text), the evidence among them."""


def explain(run_id: str) -> Explained | None:
    """What a run has, or None when nothing is known against it. Raises UsageError when there is no such run."""
    found = diagnose.diagnose_run(run_id)
    if found is None:
        return None
    mask = masking.redactor(run_id)
    path = paths.RunPaths.of(run_id).output
    around = lines_around(path, found.evidence.number, mask) if found.evidence is not None else ()
    return Explained(masked(found, mask), around)


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


def lines_around(
    path: str, number: int, mask: Callable[[str], str], count: int = AROUND
) -> tuple[tuple[int, str], ...]:
    """The lines of a file around line ``number`` (from 1), masked; fewer at its ends, none when it cannot be read."""
    first = max(1, number - count)
    try:
        with files.open_regular(path) as file:
            seen = 1
            while seen < first:  # by blocks: a line may be far down a large file
                block = file.read(_BLOCK)
                if not block:
                    return ()
                found = block.count(b"\n")
                if seen + found < first:
                    seen += found
                    continue
                at = -1
                for _ in range(first - seen):
                    at = block.index(b"\n", at + 1)
                file.seek(at + 1 - len(block), 1)
                seen = first
            return tuple(_read(file, first, number + count, mask))
    except OSError:
        return ()


def _read(file: object, first: int, last: int, mask: Callable[[str], str]) -> list[tuple[int, str]]:
    read = file.readline  # type: ignore[attr-defined]
    lines = []
    for number in range(first, last + 1):
        raw: bytes = read(_BLOCK)
        if not raw:
            break
        whole = raw
        while whole and not whole.endswith(b"\n"):  # the rest of a line that has no end
            whole = read(_BLOCK)
        text = last_state(raw.decode("utf-8", "replace").rstrip("\r\n"))
        lines.append((number, shorten(mask(ansi.plain(text)).rstrip(), LINE_CHARACTERS)))
    return lines


def as_text(told: Explained) -> str:
    """Cause, evidence and fixes as a plain text, to copy and to file."""
    found = told.diagnosis
    lines = [found.title, "", found.cause]
    if found.where:
        lines += ["", f"Where: {found.where}"]
    if found.evidence is not None:
        lines += ["", f"Evidence, line {found.evidence.number} of the log:", f"  {found.evidence.text}"]
    if told.around:
        lines += ["", *(f"  {number:>6}  {text}" for number, text in told.around)]
    if found.fixes:
        lines += ["", "What to do:", *(f"  {index}. {fix.text}" for index, fix in enumerate(found.fixes, 1))]
    return "\n".join(lines) + "\n"
