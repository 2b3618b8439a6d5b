"""How a run that ended by itself is called, and why."""

from __future__ import annotations

from launcher import paths
from launcher.runs import command, reason
from launcher.runs.record import RunRecord
from launcher.runs.state import State
from launcher.runs.steps import StepEnd

LOOKED_AT = 64 << 20
"""Bytes of the log that the supervisor looks at for its one sentence; `vdeck diagnose` reads all of it."""
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
    return "failed", reason.failure(
        code, step=index, steps=len(record.steps), kind=kind, served=state.served, line=_cause(run, record, state, code)
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


def _cause(run: paths.RunPaths, record: RunRecord, state: State, code: int | None) -> str | None:
    """What the log says of it in a few words. Whatever is the matter with the log or the rules, the run ends."""
    from launcher.runs import diagnose  # here: only a run that failed pays for the rules

    try:
        found = diagnose.of_attempt(run, record, state, 1 if code is None else code, most=LOOKED_AT)
    except Exception:
        return None
    return found.title if found is not None and found.rule not in diagnose.TOLD else None
