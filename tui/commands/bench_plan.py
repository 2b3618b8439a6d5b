"""The options of ``vdeck bench`` -> a plan."""

from __future__ import annotations

import os
from typing import cast

from launcher.bench.loads import loads_of
from launcher.bench.plan import Client, Dataset, Plan
from launcher.errors import UsageError
from tui.commands.options import Values, duration

RANDOM_OUTPUT_LEN = 128


def plan_of(values: Values) -> Plan:
    """The plan that the options describe; what is wrong in itself, not with the options, `problems` says later.
    Raises UsageError."""
    path = values.text("dataset-path")
    dataset = _dataset(values.text("dataset"), path)
    output_len = values.integer("output-len")
    if output_len is None and dataset == "random":
        output_len = RANDOM_OUTPUT_LEN
    return Plan(
        dataset=dataset,
        path=None if path is None else os.path.abspath(os.path.expanduser(path)),
        prompts=values.integer("num-prompts") or 0,
        input_len=values.integer("input-len") or 0,
        output_len=output_len,
        range_ratio=values.number("range-ratio") or 0.0,
        prefix_len=values.integer("prefix-len") or 0,
        loads=loads_of(values.text("request-rate") or "", values.text("max-concurrency") or ""),
        burstiness=values.number("burstiness") or 0.0,
        seed=values.integer("seed"),
        client=cast(Client, values.word("client")),
        route="chat" if values.flag("chat") else "completions",
        model=values.text("model"),
        tokenizer=values.text("tokenizer"),
        warmups=values.integer("warmups") or 0,
        temperature=values.number("temperature"),
        label=values.text("label") or "",
        goals=tuple(_goal(text) for text in values.many("goal")) or None,
        options=dict(_option(text) for text in values.many("option")),
    )


def _dataset(named: str | None, path: str | None) -> Dataset:
    if named is not None:
        return cast(Dataset, named)
    if path is None:
        return "random"
    return "custom" if path.endswith(".jsonl") else "sharegpt"


def _goal(text: str) -> tuple[str, float]:
    key, _, limit = text.partition("=")
    try:
        return key.strip().lower(), duration(limit.strip())
    except ValueError:
        raise UsageError(f"--goal cannot be {text[:60]!r}", fix="write it as ttft=500ms") from None


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lstrip("-"), value
