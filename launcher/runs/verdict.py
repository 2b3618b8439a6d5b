"""How a run that ended by itself is called, and why."""

from __future__ import annotations

import os

from launcher import paths
from launcher.runs import command, reason
from launcher.runs.record import RunRecord
from launcher.runs.state import State
from launcher.runs.steps import StepEnd

BACKOFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)


def judge(
    run: paths.RunPaths, record: RunRecord, state: State, ended: StepEnd | None, why: str | None
) -> tuple[str, str | None]:
    """Status and reason. Exit code 0 is a completed job, unless a vLLM server ended that nobody asked to stop: it can
    crash with exit code 0. ``why`` is known when the end was not that of a step."""
    code = ended.code if ended is not None else None
    if code == 0 and not (state.served and record.probe.kind == "vllm" and _was_server(record, ended)):
        return "completed", None
    if why is not None:
        return "failed", why
    index = ended.index if ended is not None else (state.step or 0)
    kind = record.steps[index].kind if index < len(record.steps) else "shell"
    line = reason.decisive_line(_last_lines(run.output, state.log_start))
    return "failed", reason.failure(
        code, step=index, steps=len(record.steps), kind=kind, served=state.served, line=line
    )


def pause(record: RunRecord, state: State, status: str) -> float | None:
    """Seconds until a run that ended with ``status`` starts again, or None when it does not: because somebody asked for
    it, or by its policy. Restarts by request take nothing from the tries that the policy allows."""
    if state.wanted == "restart":
        return 0.0
    if status != "failed" or state.wanted is not None or record.restart != "on-failure":
        return None
    return BACKOFF_S[min(state.tries, len(BACKOFF_S) - 1)] if state.tries < record.restart_max else None


def _was_server(record: RunRecord, ended: StepEnd | None) -> bool:
    """The step that ended was the server: not an evaluation, say, beside one that an earlier step left running."""
    if ended is None or ended.index >= len(record.steps):
        return True
    step = record.steps[ended.index]
    return step.kind == "vllm" or command.serves_in_front(step.display)


def _last_lines(path: str, start: int, limit: int = 1 << 20) -> list[str]:
    try:
        with open(path, "rb") as file:
            file.seek(max(start, os.fstat(file.fileno()).st_size - limit))
            return file.read(limit).decode("utf-8", "replace").replace("\r", "\n").split("\n")
    except OSError:
        return []
