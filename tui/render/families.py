"""The list of all metrics as rows: what matches, in columns that fit. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from launcher.text import clean_line
from tui import format as words
from tui.render.cells import Cell, fit

if TYPE_CHECKING:
    from launcher.metrics.families import Family

_KIND = 10
_VALUE = 10
_MIN_NAME = 8
_A_DATE = 1e9
"""So many seconds are no span: they are a moment since 1970."""


def matching(families: Sequence[Family], typed: str) -> tuple[Family, ...]:
    """Families whose name, kind or help has every word that was typed; those with all of them in the name first."""
    wanted = typed.casefold().split()
    found = [
        family
        for family in families
        if all(word in f"{family.name} {family.kind} {family.help}".casefold() for word in wanted)
    ]
    return tuple(sorted(found, key=lambda family: not all(word in family.name.casefold() for word in wanted)))


def row(family: Family, width: int, *, charted: bool, names: int) -> Cell:
    """``✔ name   kind   value   help`` in ``width`` cells; ``names``: the cells that the longest name takes."""
    name = max(_MIN_NAME, min(names, width - _KIND - _VALUE - 4))
    rest = width - name - _KIND - _VALUE - 4
    return (
        ("✔ " if charted else "  ", "good"),
        *fit(((clean_line(family.name), "title" if charted else ""),), name),
        (" ", ""),
        *fit(((clean_line(family.kind), "muted"),), _KIND),
        *fit(((value(family), "accent"),), _VALUE, right=True),
        *(fit(((f"  {clean_line(family.help)}", "muted"),), rest) if rest > 12 else ()),
    )


def value(family: Family) -> str:
    """What it is now, with its unit."""
    current, unit = family.current, family.unit
    if current is None:
        return words.UNKNOWN
    if unit == "s" and _A_DATE < current < 4 * _A_DATE:
        return words.moment(current)[:10]
    ending = {"s": "", "%": "", "B": "", "B/s": "", "": "", "1/s": "/s"}.get(unit, f" {unit}")
    return words.value(current, unit) + ending


def about(family: Family) -> Cell:
    """The help of the family under the cursor, and of how many series it is made."""
    series = f"{family.series_count} series" if family.series_count != 1 else "1 series"
    text = clean_line(family.help).strip() or "The server does not say what this is."
    return ((f"{clean_line(family.kind)}, {series}. ", "muted"), (text, ""))
