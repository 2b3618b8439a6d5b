"""A plan as the document of ``bench.json``, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from launcher.bench.plan import Load, Plan

_NAMES = frozenset(field.name for field in fields(Plan))


def to_json(plan: Plan) -> dict[str, Any]:
    """The document of a plan; a load is ``[rate or null, concurrency or null]``."""
    value = asdict(plan)
    value["loads"] = [list(load) for load in plan.loads]
    value["goals"] = None if plan.goals is None else [list(goal) for goal in plan.goals]
    value["options"] = dict(plan.options)
    return value


def from_json(value: Mapping[str, Any]) -> Plan:
    """The plan in a document; keys of a newer vdeck are left out. Raises ValueError when it is none."""
    known = {name: entry for name, entry in value.items() if name in _NAMES}
    try:
        if "loads" in known:
            known["loads"] = tuple(_load(entry) for entry in known["loads"])
        if known.get("goals") is not None:
            known["goals"] = tuple((str(key), float(limit)) for key, limit in known["goals"])
        known["options"] = {str(key): str(text) for key, text in (known.get("options") or {}).items()}
        plan = Plan(**known)
        if not isinstance(plan.prompts, int) or not isinstance(plan.label, str):
            raise ValueError("prompts must be a number and label a text")
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
    return plan


def _load(entry: Any) -> Load:
    rate, concurrency = entry
    return Load(None if rate is None else float(rate), None if concurrency is None else int(concurrency))
