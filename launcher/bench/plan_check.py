"""What is wrong with a plan, in sentences. Looks at the data set's file, at nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import get_args

from launcher.bench import dataset
from launcher.bench.loads import MAX_LOADS
from launcher.bench.plan import Client, Dataset, Plan, Route

GOALS = ("ttft", "itl", "tpot", "e2e")
CHECKED_BYTES = 4 << 20
"""A larger file is not read whenever somebody asks whether a plan is sound."""
_FLAG = re.compile(r"[a-z][a-z0-9-]*")
_OURS = frozenset({
    "backend", "base-url", "endpoint", "model", "served-model-name", "tokenizer", "dataset-name", "dataset-path",
    "num-prompts", "request-rate", "max-concurrency", "seed", "save-result", "save-detailed", "result-dir",
    "result-filename", "append-result", "goodput", "percentile-metrics", "metric-percentiles", "host", "port",
})  # fmt: skip
"""Flags that vdeck writes itself: given twice, it could not be said what was measured."""
_LIMITS = (
    ("prompts", "the number of prompts", 1, 10_000_000), ("input_len", "the input length", 1, 10_000_000),
    ("output_len", "the output length", 1, 10_000_000), ("prefix_len", "the prefix length", 0, 10_000_000),
    ("range_ratio", "the range ratio", 0, 0.999_999), ("burstiness", "the burstiness", 1e-6, 1e6),
    ("seed", "the seed", 0, 2**31 - 1), ("warmups", "the number of warmups", 0, 1_000_000),
    ("temperature", "the temperature", 0, 100),
)  # fmt: skip


def problems(plan: Plan) -> tuple[str, ...]:
    """Everything that keeps this plan from being measured, one sentence each; empty when nothing does."""
    return tuple(sentence for _, sentence in faults(plan))


def faults(plan: Plan) -> tuple[tuple[str, str], ...]:
    """The same with the field of the plan that each is about, for a form: ``("path", "a data set of …")``."""
    return (*_words(plan), *_numbers(plan), *_dataset(plan), *_loads(plan), *_goals(plan), *_options(plan))


def _words(plan: Plan) -> Iterator[tuple[str, str]]:
    for name, kind in (("dataset", Dataset), ("client", Client), ("route", Route)):
        value, known = getattr(plan, name), get_args(kind)
        if value not in known:
            yield name, f"the {name} must be one of {', '.join(known)}, not {value!r}"


def _numbers(plan: Plan) -> Iterator[tuple[str, str]]:
    for name, title, low, high in _LIMITS:
        value = getattr(plan, name)
        if value is not None and not low <= value <= high:
            yield name, f"{title} must be from {_shown(low)} to {_shown(high)}, not {_shown(value)}"


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _dataset(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.dataset == "random":
        if plan.output_len is None:
            yield "output_len", "random prompts need an output length"
        if plan.path is not None:
            yield "path", "random prompts are read from no file: leave the path out, or choose sharegpt or custom"
        return
    if not plan.path:
        yield "path", f"the data set {plan.dataset} needs a file"
    elif not os.path.isabs(plan.path):
        yield "path", "the path of the data set must be absolute"
    elif not os.path.isfile(plan.path):
        yield "path", f"there is no file {plan.path}"
    elif not os.access(plan.path, os.R_OK):
        yield "path", f"the file {plan.path} cannot be read"
    elif (found := dataset.look(plan.path, plan.dataset, max_bytes=CHECKED_BYTES)).problem is not None:
        yield "path", found.problem
    if plan.prefix_len:
        yield "prefix_len", "a prefix length is for random prompts only"


def _loads(plan: Plan) -> Iterator[tuple[str, str]]:
    if not plan.loads:
        yield "loads", "there is no load to measure"
    if len(plan.loads) > MAX_LOADS:
        yield "loads", f"{len(plan.loads)} loads are more than the {MAX_LOADS} of one benchmark"
    for load in plan.loads:
        if load.rate is not None and not 0 < load.rate < 1e9:
            yield "loads", f"a request rate must be above 0, not {load.rate:g}"
        if load.concurrency is not None and load.concurrency < 1:
            yield "loads", f"a bound of concurrency must be at least 1, not {load.concurrency}"


def _goals(plan: Plan) -> Iterator[tuple[str, str]]:
    for key, limit_s in plan.goals or ():
        if key not in GOALS:
            yield "goals", f"a goal is one of {', '.join(GOALS)}, not {key!r}"
        elif not 0 < limit_s < 1e6:
            yield "goals", f"the goal {key} must be a time above 0"


def _options(plan: Plan) -> Iterator[tuple[str, str]]:
    for name, value in plan.options.items():
        if not _FLAG.fullmatch(name):
            yield "options", f"{name[:40]!r} is no flag of `vllm bench serve`: write it without dashes, as top-p"
        elif name in _OURS:
            yield "options", f"--{name} is written by vdeck itself and cannot be given as an option"
        elif not value.isprintable():
            yield "options", f"the value of --{name} holds a character that no flag has"
