"""How a run that ended by itself is called, and why."""

from __future__ import annotations

import os

from launcher import paths
from launcher.runs import reason
from launcher.runs.record import RunRecord
from launcher.runs.state import State
from launcher.runs.steps import StepEnd


def judge(
    run: paths.RunPaths, record: RunRecord, state: State, ended: StepEnd | None, why: str | None
) -> tuple[str, str | None]:
    """Status and reason. Exit code 0 is a completed job, unless a vLLM server ended that nobody asked to stop: it can
    crash with exit code 0. ``why`` is known when the end was not that of a step."""
    code = ended.code if ended is not None else None
    if code == 0 and not (state.served and record.probe.kind == "vllm"):
        return "completed", None
    if why is not None:
        return "failed", why
    index = ended.index if ended is not None else (state.step or 0)
    kind = record.steps[index].kind if index < len(record.steps) else "shell"
    line = reason.decisive_line(_last_lines(run.output, state.log_start))
    return "failed", reason.failure(
        code, step=index, steps=len(record.steps), kind=kind, served=state.served, line=line
    )


def _last_lines(path: str, start: int, limit: int = 1 << 20) -> list[str]:
    try:
        with open(path, "rb") as file:
            file.seek(max(start, os.fstat(file.fileno()).st_size - limit))
            return file.read(limit).decode("utf-8", "replace").replace("\r", "\n").split("\n")
    except OSError:
        return []
