"""Which run a word of the command line means."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.runs.view import RunView


def run_of(word: str) -> RunView:
    """The run that an ID means. Raises UsageError. A run whose supervisor was killed gets a new one in passing."""
    from launcher.runs import control
    from launcher.runs.adopt import Adopter

    run = control.resolve(word)
    Adopter().look((run,))
    return run


def runs_of(words: Sequence[str]) -> list[RunView]:
    """The runs that are meant, each once; a wrong word raises before anything is done to any of them."""
    return list({run.id: run for run in map(run_of, words)}.values())
