"""``goals:`` and ``metrics:``: what the run is to keep to, and how often it is looked at."""

from __future__ import annotations

import re

from launcher.manifest.nodes import Mapping, Node, Scalar
from launcher.manifest.records import Either, Fields, Key, Record
from launcher.manifest.scalars import seconds
from launcher.manifest.shapes import Choice, Custom, Duration, Json, shown
from launcher.manifest.sink import Sink
from launcher.metrics.goals import NOTIFY, SHARE, TITLES, Goal, Goals

MIN_INTERVAL_S = 0.2
MAX_INTERVAL_S = 60.0
MAX_LIMIT_S = 86_400.0
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)\s?%")
_PART = re.compile(r"[0-9]?\.[0-9]{1,12}|1")
_SHARE_FIX = "write 95% or 0.95"


def share(text: str) -> float | None:
    """``95%``, ``99.5 %`` or ``0.95`` as a part of one; None when it is neither, or not above 0 and at most 1."""
    text = text.strip()
    found = _PERCENT.fullmatch(text)
    if found is not None:
        value = round(float(found[1]) / 100, 11)  # 99.9 / 100 has noise in its last digit
    elif _PART.fullmatch(text):
        value = float(text)
    else:
        return None
    return value if 0 < value <= 1 else None


def _share(node: Node, path: str, sink: Sink) -> float | None:
    value = share(node.text) if isinstance(node, Scalar) else None
    if value is None:
        text = node.text.strip() if isinstance(node, Scalar) else ""
        fix = f"write {text}%" if text.isdecimal() and 1 < int(text[:4]) <= 100 else _SHARE_FIX
        sink.error(node, f"{path} must be a share above 0 and at most 100 %, not {shown(node)}", fix)
    return value


def _limit(node: Node, path: str, sink: Sink) -> float | None:
    value = seconds(node.text) if isinstance(node, Scalar) else None
    if value is None or not 0 < value <= MAX_LIMIT_S:
        what = f"{path} must be a time above 0 and at most a day, not {shown(node)}"
        sink.error(node, what, "write 500ms, 2s or a number of seconds")
        return None
    return value


def _interval(node: Node, path: str, sink: Sink) -> float | None:
    value = seconds(node.text) if isinstance(node, Scalar) else None
    if value is None or not MIN_INTERVAL_S <= value <= MAX_INTERVAL_S:
        what = f"{path} must be a time from 0.2 s to 60 s, not {shown(node)}"
        sink.error(node, what, "write 1s, 500ms or a number of seconds")
        return None
    return value


_DURATION = Duration().schema()
_SHARE_JSON: Json = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^\s*([0-9]{1,3}(\.[0-9]+)?\s?%|[01]?\.[0-9]+|1)\s*$"},
    ]
}


def _goal(fields: Fields, node: Mapping, path: str, sink: Sink) -> tuple[float, float | None]:
    del node, path, sink
    return fields["limit"], fields.get("share")


_GOAL_RECORD = Record(
    keys=(
        Key("limit", Custom(_limit, _DURATION), "The longest time that counts as good.", required=True, example="1s"),
        Key("share", Custom(_share, _SHARE_JSON), "How often it must hold; else the share of all goals."),
    ),
    build=_goal,
)


def _limit_alone(node: Node, path: str, sink: Sink) -> tuple[float, None] | None:
    limit = _limit(node, path, sink)
    return None if limit is None else (limit, None)


_GOAL = Either(
    "a time, or a mapping with limit and share",
    scalar=Custom(_limit_alone, _DURATION),
    mapping=_GOAL_RECORD,
    fix="write 500ms, or {limit: 500ms, share: 99%}",
)


class _Notify(Choice):
    """``off`` is YAML's false as well: for the schema both are right."""

    def schema(self) -> Json:
        return {"enum": [*self.words, False]}


def _goals(fields: Fields, node: Mapping, path: str, sink: Sink) -> Goals:
    del node, path, sink
    common = fields.get("share", SHARE)
    found = []
    for key in TITLES:
        if key in fields:
            limit_s, own = fields[key]
            found.append(Goal(key, limit_s, common if own is None else own))
    return Goals(tuple(found), fields.get("notify", "off"))


GOALS = Record(
    keys=(
        Key("ttft", _GOAL, "Time to the first token."),
        Key("itl", _GOAL, "Time from one token to the next."),
        Key("e2e", _GOAL, "Time of a whole request."),
        Key("share", Custom(_share, _SHARE_JSON), "How often each must hold; 95% when not said."),
        Key("notify", _Notify(NOTIFY), "What the screen does when the run begins to miss one: off, bell or desktop."),
    ),
    build=_goals,
)

METRICS = Record(
    keys=(Key("interval", Custom(_interval, _DURATION), "How often the server's metrics are read; 1s when not said."),),
    build=lambda fields, node, path, sink: fields,
)
