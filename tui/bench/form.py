"""The dialog of a benchmark as text fields: a plan as people type it, and back. Pure, but for the check of the file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from launcher.bench import plan_check
from launcher.bench.loads import loads_of
from launcher.bench.plan import Client, Dataset, Load, Plan, Route
from launcher.errors import UsageError
from launcher.manifest.scalars import seconds
from tui.render.goal_form import limit_text


class Field(NamedTuple):
    """One line of the form. ``choices``: it is one of these; else it is typed."""

    key: str
    label: str
    hint: str
    choices: tuple[str, ...] = ()


FIELDS: tuple[Field, ...] = (
    Field("dataset", "Data set", "what is sent", ("random", "sharegpt", "custom")),
    Field("path", "File", "for sharegpt (.json) and custom (.jsonl with prompt in each line)"),
    Field("prompts", "Prompts", "requests for each load"),
    Field("input_len", "Input tokens", "of a random prompt"),
    Field("output_len", "Output tokens", "of an answer; empty: as the file says"),
    Field("prefix_len", "Shared prefix", "tokens in front that all random prompts share"),
    Field("rates", "Requests a second", "4, a list (1,2,4,inf) or a sweep (1..16); empty: all at once"),
    Field("concurrency", "At a time", "8, a list or a sweep; empty: no bound"),
    Field("goals", "Goals", "ttft=500ms itl=50ms tpot=50ms e2e=10s; empty: those of the run"),
    Field("seed", "Seed", "empty: another one each time, so that the prefix cache cannot help"),
    Field("warmups", "Warmups", "requests before each load that do not count"),
    Field("route", "Route", "completions, or chat with the chat template", ("completions", "chat")),
    Field("client", "Client", "vllm: vllm bench serve of the engine; vdeck: our own", ("auto", "vllm", "vdeck")),
    Field("label", "Label", "your own word for it"),
)
_WHOLE = ("prompts", "input_len", "output_len", "prefix_len", "seed", "warmups")
_FIELD_OF = {"loads": "rates"}
"""Where a fault of the plan is shown, when no field has its name."""


def typed(plan: Plan) -> dict[str, str]:
    """What stands in the fields for this plan."""
    rates = [load.rate for load in plan.loads]
    bounds = [load.concurrency for load in plan.loads if load.concurrency is not None]
    known = any(rate is not None for rate in rates)
    return {
        "dataset": plan.dataset, "path": plan.path or "", "route": plan.route, "client": plan.client,
        "label": plan.label, "prompts": str(plan.prompts), "input_len": str(plan.input_len),
        "output_len": _text(plan.output_len), "prefix_len": str(plan.prefix_len), "warmups": str(plan.warmups),
        "seed": _text(plan.seed), "rates": ",".join(_rate(rate) for rate in dict.fromkeys(rates)) if known else "",
        "concurrency": ",".join(str(bound) for bound in dict.fromkeys(bounds)),
        "goals": " ".join(f"{key}={limit_text(limit_s)}" for key, limit_s in plan.goals or ()),
    }  # fmt: skip


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _rate(rate: float | None) -> str:
    return "inf" if rate is None else f"{rate:g}"


def read(fields: Mapping[str, str], before: Plan) -> tuple[Plan | None, dict[str, str]]:
    """The plan, and what is wrong by field (then there is no plan). ``before`` gives what has no field."""
    problems: dict[str, str] = {}
    values: dict[str, Any] = {}
    for key in _WHOLE:
        text = fields[key].strip().replace(",", "").replace("_", "")
        if not text:
            values[key] = None if key in ("output_len", "seed") else 0
        elif text.isascii() and text.isdecimal() and len(text) < 16:
            values[key] = int(text)
        else:
            problems[key] = "a whole number, please"
    loads = _loads(fields, problems)
    goals = _goals(fields["goals"], problems)
    path = fields["path"].strip()
    if problems:
        return None, problems
    plan = Plan(
        dataset=cast(Dataset, fields["dataset"]), path=os.path.abspath(os.path.expanduser(path)) if path else None,
        range_ratio=before.range_ratio, burstiness=before.burstiness, loads=loads, goals=goals,
        client=cast(Client, fields["client"]), route=cast(Route, fields["route"]), model=before.model,
        tokenizer=before.tokenizer, temperature=before.temperature, label=fields["label"].strip(),
        options=before.options, **values,
    )  # fmt: skip
    for key, sentence in plan_check.faults(plan):
        problems.setdefault(_FIELD_OF.get(key, key), sentence)
    return (None, problems) if problems else (plan, {})


def _loads(fields: Mapping[str, str], problems: dict[str, str]) -> tuple[Load, ...]:
    try:
        return loads_of(fields["rates"], fields["concurrency"])
    except UsageError as error:
        problems["concurrency" if "concurrency" in error.title and "rates" not in error.title else "rates"] = (
            error.title
        )
        return ()


def _goals(text: str, problems: dict[str, str]) -> tuple[tuple[str, float], ...] | None:
    found: list[tuple[str, float]] = []
    for word in text.replace(",", " ").split():
        key, _, limit = word.partition("=")
        limit_s = seconds(limit)
        if key.lower() not in plan_check.GOALS or limit_s is None:
            problems["goals"] = f"{word[:40]!r} is no goal: write ttft=500ms"
            return None
        found.append((key.lower(), limit_s))
    return tuple(found) or None


def duration_s(plan: Plan) -> float | None:
    """How long the requests alone take at their rates, in seconds; None when a rate is unbounded."""
    rates = [load.rate for load in plan.loads]
    known = [rate for rate in rates if rate]
    return sum(plan.prompts / rate for rate in known) if known and len(known) == len(rates) else None
