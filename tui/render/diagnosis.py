"""A diagnosis and the change that mends it, as lines of spans. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launcher.text import clean_line, shorten
from tui.render.cells import Cell

if TYPE_CHECKING:
    from launcher.logs.diagnosis import Fix
    from launcher.runs.amendment import Proposal
    from launcher.runs.explain import Explained

BLANK: Cell = ((" ", ""),)
NOTHING = "The log shows nothing to mend."
BY_HAND: tuple[Cell, ...] = ((("This one is done by hand: no manifest can hold it.", "muted"),),)
LOOKING: tuple[Cell, ...] = ((("looking what it changes …", "muted"),),)


def cause_lines(told: Explained, *, around: int, width: int) -> tuple[Cell, ...]:
    """What happened, where, and the line of the log that says so with ``around`` lines on either side.

    A line of the log may be very long: those around take one line of ``width`` cells, the evidence two."""
    found = told.diagnosis
    lines: list[Cell] = [((clean_line(found.cause), ""),)]
    if found.where:
        lines.append(((f"in {clean_line(found.where)}", "muted"),))
    if found.evidence is None:
        return tuple(lines)
    number = found.evidence.number
    lines.append(BLANK)
    near = [(at, text) for at, text in told.around if abs(at - number) <= around]
    digits = len(str(max([number, *(at for at, _ in near)])))
    room = max(20, width - digits - 4)
    for at, text in near or [(number, found.evidence.text)]:
        hit = at == number
        lines.append(
            ((("▶ " if hit else "  ") + str(at).rjust(digits), "key" if hit else "muted"),
             (f"  {shorten(clean_line(text).strip(), 2 * room if hit else room)}", "bad" if hit else "muted"))
        )  # fmt: skip
    return tuple(lines)


def fix_line(number: int, fix: Fix) -> Cell:
    """One fix of the list; the mark says whether a manifest can hold it."""
    mark = "✎ " if fix.changes else "· "
    return ((mark, "key" if fix.changes else "muted"), (f"{number}. {clean_line(fix.text)}", ""))


def change_lines(proposal: Proposal) -> tuple[Cell, ...]:
    """The difference in colours, or why there is none."""
    if proposal.refused:
        refused = [
            (
                ("✖ ", "bad"),
                (f"{clean_line(refusal.change.flag)}: {clean_line(refusal.why)}", ""),
            )
            for refusal in proposal.refused
        ]
        return (*refused, (("Edit the manifest by hand (key e), then start it again.", "muted"),))
    if not proposal.possible:
        gone = all(change.value is None for change in proposal.fix.changes)
        says = "The manifest does not have it: it was set elsewhere." if gone else "The manifest says so already."
        return (((says, "muted"),),)
    lines: list[Cell] = [difference_line(line) for line in proposal.diff.splitlines()[2:]]
    return tuple(lines)


def deed_lines(proposal: Proposal | None) -> tuple[Cell, ...]:
    """What ``ctrl+s`` writes and starts; nothing while it can do neither."""
    if proposal is None or not proposal.possible:
        return ()
    line: Cell = ((clean_line(proposal.note), "warn"),)
    if proposal.file:
        line = (("writes ", "muted"), (clean_line(proposal.file), "title"), (" and starts a new run", "muted"))
    if not proposal.dropped:
        return (line,)
    return line, (("leaves out ", "muted"), (clean_line(", ".join(proposal.dropped)), "warn"))


def difference_line(line: str) -> Cell:
    """One line of a unified difference."""
    style = {"+": "good", "-": "bad", "@": "muted"}.get(line[:1], "")
    return ((clean_line(line) or " ", style),)
