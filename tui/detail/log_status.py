"""The line below the log: where the reader is, what is hidden, what is found. Pure."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content

from launcher.text import clean_line, shorten

_LONGEST = 24
"""Characters of an expression that are shown of it."""


class Searched(NamedTuple):
    """What a search is and has found. ``hits`` None: nothing counted yet."""

    pattern: str = ""
    """Empty: there is no search."""
    hits: int | None = None
    counting: bool = False
    around: bool = False
    """It went on at the other end."""
    skipped: bool = False
    """There are lines that were not searched: the expression would take too long on them."""


class Status(NamedTuple):
    """``row``: the first one in view, from 0. ``exact``: the numbers are no estimates."""

    rows: int
    row: int = 0
    exact: bool = True
    scanned: float = 1.0
    at_end: bool = True
    follow: bool = True
    filters: tuple[str, ...] = ()
    matches: int = 0
    search: Searched = Searched()
    picked: bool = False
    wrap: bool = False
    times: bool = True
    merged: int = 1
    limit: int = 0
    note: str = ""


def text(status: Status) -> Content:
    """The whole line. What matters most stands first: it is cut at the right."""
    about = "" if status.exact else "~"
    if status.follow and status.at_end and not status.picked:
        place = "● following"
    elif not status.follow:
        place = "○ not following (s)"
    else:
        place = "○ scrolled up (G: end)"
    pieces: list[tuple[str, str]] = [(place, "")]
    if status.picked:
        pieces.append(("picking lines: c copies, esc drops", "$accent"))
    if status.note:
        pieces.append((status.note, "$accent"))
    pieces += _search(status.search)
    pieces.append((_lines(status, about), ""))
    pieces += [(shorten(clean_line(word), _LONGEST), "$warning") for word in status.filters]
    pieces += [(word, "") for word in _layout(status)]
    return Content("   ").join(Content.styled(words, style) if style else Content(words) for words, style in pieces)


def _lines(status: Status, about: str) -> str:
    if status.filters:
        done = "" if status.exact else f" ({status.scanned * 100:.0f} % read)"
        return f"{status.matches:,} {'line matches' if status.matches == 1 else 'lines match'}{done}"
    total = f"{about}{status.rows:,} line{'s' if status.rows != 1 else ''}"
    return total if status.at_end else f"line {about}{status.row + 1:,} of {total}"


def _search(search: Searched) -> list[tuple[str, str]]:
    if not search.pattern:
        return []
    words = f"/{shorten(clean_line(search.pattern), _LONGEST)}"
    if search.hits is None:
        found = "…"
    elif not search.hits and not search.counting and not search.skipped:
        return [(f"{words} is nowhere", "$error")]
    else:
        found = f"{search.hits:,}{'+' if search.counting else ''} hit{'s' if search.hits != 1 else ''}"
    more = [("lines too long for it left out", "$warning")] if search.skipped else []
    return [(f"{words} {found}" + (" (around the end)" if search.around else ""), "$accent"), *more]


def _layout(status: Status) -> list[str]:
    found = [f"{status.merged} logs, last {status.limit:,} lines"] if status.merged > 1 else []
    return found + (["wrapped"] if status.wrap else []) + ([] if status.times else ["no times"])
