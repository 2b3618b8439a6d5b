"""The goals of a run as people type them, and back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from launcher.manifest.goals import MAX_LIMIT_S, share
from launcher.manifest.scalars import seconds
from launcher.metrics.goals import SHARE, TITLES, Goal


class Typed(NamedTuple):
    """The two fields of one goal."""

    limit: str = ""
    """``500ms``, ``1.5s``; empty: no goal."""
    share: str = ""
    """``95%``, ``0.95`` or ``95``; empty: the usual share."""


def typed(goals: Iterable[Goal]) -> dict[str, Typed]:
    """What stands in the fields for these goals."""
    fields = dict.fromkeys(TITLES, Typed())
    for goal in goals:
        fields[goal.key] = Typed(limit_text(goal.limit_s), share_text(goal.share))
    return fields


def read(fields: Mapping[str, Typed]) -> tuple[tuple[Goal, ...], dict[str, str]]:
    """The goals, and what is wrong by key (then the goals are not to be used)."""
    goals: list[Goal] = []
    problems: dict[str, str] = {}
    for key, title in TITLES.items():
        limit, part = (text.strip().replace(",", ".") for text in fields[key])
        if not limit:
            if part and share_of(part) is None:
                problems[key] = f"{title}: a share is above 0 and at most 100 %. Write 95%."
            continue
        limit_s, how_often = seconds(limit.replace(" ", "")), share_of(part) if part else SHARE
        if limit_s is None or not 0 < limit_s <= MAX_LIMIT_S:
            problems[key] = f"{title}: a limit is a time above 0 and at most a day. Write 500ms or 1.5s."
        elif how_often is None:
            problems[key] = f"{title}: a share is above 0 and at most 100 %. Write 95%."
        else:
            goals.append(Goal(key, limit_s, how_often))
    return tuple(goals), problems


def share_of(text: str) -> float | None:
    """A share as it is typed; a bare number above 1 is meant in percent."""
    found = share(text)
    return share(f"{text}%") if found is None and "%" not in text else found


def limit_text(limit_s: float) -> str:
    """A limit so that reading it gives the same number (to 9 decimals of what is written, which is what is read)."""
    return f"{_plain(limit_s * 1000)}ms" if limit_s < 1 else f"{_plain(limit_s)}s"


def _plain(value: float) -> str:
    """Without an exponent, which nobody types and nothing reads."""
    return f"{round(Decimal(f'{value:.12g}'), 9).normalize():f}"


def share_text(part: float) -> str:
    """A share in percent."""
    return f"{part * 100:.9g}%"
