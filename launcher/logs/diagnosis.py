"""What a log says of a failure: cause, evidence, fixes."""

from __future__ import annotations

from typing import NamedTuple


class Evidence(NamedTuple):
    """The line that tells. Not masked yet."""

    number: int
    """Line of the log, from 1."""
    text: str
    """Clean, without its prefix."""


class Change(NamedTuple):
    """One value of the manifest to write."""

    flag: str
    """Of ``vllm serve``, without dashes: ``max-model-len``; an environment variable when ``env``."""
    value: str | int | float | bool | None
    """None: take it out."""
    env: bool = False


class Fix(NamedTuple):
    """One thing to do about it."""

    text: str
    """One imperative sentence."""
    changes: tuple[Change, ...] = ()
    """Empty: nothing that a manifest could hold."""


class Diagnosis(NamedTuple):
    """Why a run failed."""

    rule: str
    """Which rule says so: ``kv-too-small``, ``first-error``, ``exit-code``, …"""
    title: str
    """A few words: ``KV cache too small for 32,768 tokens``."""
    cause: str
    """One or two sentences."""
    evidence: Evidence | None
    fixes: tuple[Fix, ...]
    """The best one first."""
    where: str | None
    """The step or process that it happened in."""
