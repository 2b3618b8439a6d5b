"""What a benchmark is to measure. Pure values; ``problems`` says what cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Dataset = Literal["random", "sharegpt", "custom"]
Client = Literal["auto", "vllm", "vdeck"]
Route = Literal["completions", "chat"]


class Load(NamedTuple):
    """One load to put on the server: requests a second (None: all at once), and at most so many at a time (None: no
    bound)."""

    rate: float | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A benchmark: one data set, sent once for each load, in this order."""

    dataset: Dataset = "random"
    path: str | None = None
    """Of the file, for sharegpt and custom; absolute."""
    prompts: int = 100
    """Requests for each load."""
    input_len: int = 256
    """Tokens of a prompt (random)."""
    output_len: int | None = 128
    """Tokens of an answer; None: as the data set says (sharegpt, custom)."""
    range_ratio: float = 0.0
    """Random lengths vary by this share around their means."""
    prefix_len: int = 0
    """Tokens that all random prompts share at their beginning."""
    loads: tuple[Load, ...] = (Load(),)
    burstiness: float = 1.0
    """1: a Poisson process; larger: more even."""
    seed: int | None = None
    """Of the first load; each further one takes the next number, so that no load finds the prompts of the last in the
    prefix cache. None: another one for every load of every benchmark."""
    client: Client = "auto"
    """``vllm``: ``vllm bench serve`` of the run's engine; ``vdeck``: our own; ``auto``: vllm where there is one."""
    route: Route = "completions"
    model: str | None = None
    """None: the first served model."""
    tokenizer: str | None = None
    """For ``vllm bench serve``; None: the model of the run."""
    warmups: int = 0
    temperature: float | None = None
    label: str = ""
    """The user's own word for it."""
    goals: tuple[tuple[str, float], ...] | None = None
    """What goodput is measured against: key (ttft, itl, tpot, e2e) and limit in seconds; None: the goals of the run."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further flags for ``vllm bench serve`` as they are (without the dashes)."""
