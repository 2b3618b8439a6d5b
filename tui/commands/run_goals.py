"""``vdeck run goals``: what a run is to keep to, and how well it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from launcher.errors import EXIT_DONE, UsageError
from launcher.runs.view import RunView
from tui.commands import output
from tui.commands.metrics_table import goal_lines
from tui.commands.options import Values
from tui.commands.run_metrics import report
from tui.commands.which import run_of

if TYPE_CHECKING:
    from launcher.metrics.goals import Goals
    from launcher.metrics.report import Attained

WINDOW_S = 300
"""What the supervisor judges by as well."""
_KEYS = ("ttft", "itl", "e2e")


def goals(values: Values) -> int:
    """Show the goals of a run; with options, set them first."""
    from launcher.runs import control

    run = run_of(values.word("ID"))
    asked = any(values.flag(option) for option in (*_KEYS, "share", "notify", "clear"))
    before = control.goals(run.id) if not values.flag("clear") else _none()
    found = changed(before, values) if asked else before
    if asked:
        control.set_goals(run.id, found)
    judged = report(run, WINDOW_S, found)
    attained = _unjudged(found) if judged is None else judged.goals
    if values.flag("json"):
        output.document(document(run, found, attained))
    else:
        for line in lines(run, found, attained):
            output.say(line)
    return EXIT_DONE


def _none() -> Goals:
    from launcher.metrics.goals import Goals

    return Goals()


def _unjudged(found: Goals) -> tuple[Attained, ...]:
    from launcher.metrics.report import Attained

    return tuple(Attained(goal, None) for goal in found.goals)


def changed(before: Goals, values: Values) -> Goals:
    """The goals with the options in them. ``--share`` counts for the goals named beside it, without any for all.
    Raises UsageError."""
    from launcher.manifest.goals import MAX_LIMIT_S
    from launcher.metrics.goals import SHARE, Goal, ordered

    share = _share(values.text("share"))
    named = [key for key in _KEYS if values.flag(key)]
    kept = {goal.key: goal for goal in before.goals}
    for key in named:
        limit_s = values.seconds(key) or 0.0
        if not 0 < limit_s <= MAX_LIMIT_S:
            raise UsageError(f"--{key} cannot be {values.text(key)!r}", fix="a time above 0 and at most a day")
        old = kept.get(key)
        kept[key] = Goal(key, limit_s, old.share if old is not None else SHARE)
    if share is not None:
        if not kept:
            raise UsageError("there is no goal that --share could be for", fix="name one as well: --ttft 500ms")
        kept |= {key: kept[key]._replace(share=share) for key in named or list(kept)}
    return before._replace(goals=ordered(kept.values()), notify=values.text("notify") or before.notify)


def _share(text: str | None) -> float | None:
    if text is None:
        return None
    from launcher.manifest.goals import share

    value = share(text)
    if value is None:
        raise UsageError(f"--share cannot be {text!r}", fix="it is a share such as 95% or 0.95")
    return value


def lines(run: RunView, found: Goals, attained: tuple[Attained, ...]) -> list[str]:
    """The table, over the time that the supervisor looks at."""
    if not found.goals:
        return [
            f"#{run.id} {output.clean_line(run.name)} has no goals (vdeck run goals {run.id} --ttft 500ms sets one)"
        ]
    head = f"#{run.id} {output.clean_line(run.name)}: the last 5 minutes, notify {found.notify}"
    return [head, "", *goal_lines(attained)]


def document(run: RunView, found: Goals, attained: tuple[Attained, ...]) -> dict[str, Any]:
    """The document of ``--json``: limits in seconds, shares 0 to 1; attained null: nothing was observed."""
    return {
        "id": run.id,
        "name": run.name,
        "window_s": WINDOW_S,
        "notify": found.notify,
        "goals": [
            {
                "key": goal.key,
                "limit_s": goal.limit_s,
                "share": goal.share,
                "attained": share,
                "missed": goal.key in run.missed,
            }
            for goal, share in attained
        ],
    }
