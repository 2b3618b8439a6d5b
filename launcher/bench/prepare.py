"""From a run and a plan to what the worker needs to know: whom to measure, with which client, by which goals."""

from __future__ import annotations

import time
from typing import Any

from launcher import paths
from launcher.bench import clients, command
from launcher.bench.plan import Plan
from launcher.errors import UsageError, VdeckError
from launcher.runs import command as run_command
from launcher.runs import listing
from launcher.runs.record import RunRecord
from launcher.runs.view import RunView

_PASSED_ON = {"--tokenizer-mode": True, "--trust-remote-code": False}
"""Flags of the server that its tokenizer needs, and whether they have a value."""


def ready(run: RunView) -> None:
    """Raises UsageError when the run cannot be measured now."""
    if not run.live:
        raise UsageError(
            f"run {run.id} ({run.name}) is {run.status}", fix=f"vdeck run restart {run.id} starts it again"
        )
    if not run.ready or run.url is None:
        raise UsageError(
            f"run {run.id} ({run.name}) is not ready ({run.phase or run.status})",
            fix=f"wait for it: vdeck run read {run.id}",
        )


def record(run: RunView, plan: Plan) -> dict[str, Any]:
    """The document of ``bench.json`` without id and plan. Raises UsageError."""
    made = _record(run)
    client = clients.choose(run, made, plan)
    server = _server(run, made, plan, client)
    return {
        "run_id": run.id, "run_name": run.name, "created": time.time(), "model": server.model, "engine": run.engine,
        "client": client.label, "goals": [list(goal) for goal in command.judged(goals_of(run, plan))],
        "server": command.to_json(server), "command": client._asdict(),
    }  # fmt: skip


def example(run: RunView, plan: Plan) -> tuple[str, ...]:
    """The command line of the first load, for people to see. Raises UsageError."""
    made = _record(run)
    client = clients.choose(run, made, plan)
    server = _server(run, made, plan, client)
    goals = command.judged(goals_of(run, plan))
    return command.argv(
        plan, plan.loads[0], server=server, client=client, goals=goals, seed=plan.seed or 0,
        result_dir=paths.RunPaths(run.folder).bench, result_name="result.json",
    )  # fmt: skip


def goals_of(run: RunView, plan: Plan) -> tuple[tuple[str, float], ...]:
    """The goals that the plan names, else those of the run (none when their file is damaged)."""
    if plan.goals is not None:
        return plan.goals
    from launcher.runs import control

    try:
        return tuple((goal.key, goal.limit_s) for goal in control.goals(run.id).goals)
    except VdeckError:
        return ()


def _record(run: RunView) -> RunRecord:
    made, why = listing.load_record(paths.RunPaths(run.folder))
    if made is None:
        raise UsageError(f"run {run.id} cannot be measured: {why}")
    if made.probe.kind != "vllm":
        raise UsageError(f"run {run.id} ({run.name}) is no vLLM server", fix="measure a run that serves a model")
    return made


def _server(run: RunView, made: RunRecord, plan: Plan, client: command.Client) -> command.Server:
    if plan.model is not None and run.served_names and plan.model not in run.served_names:
        raise UsageError(
            f"run {run.id} does not serve {plan.model}", fix=f"it serves {', '.join(run.served_names[:8])}"
        )
    model = plan.model or next(iter(run.served_names), None)
    if model is None:
        raise UsageError(f"run {run.id} lists no model to measure", fix="name it with --model")
    tokenizer, extra = _tokenizer(made)
    tokenizer = plan.tokenizer or tokenizer
    if client.kind == "vllm" and tokenizer is None:
        raise UsageError(
            "`vllm bench serve` needs the tokenizer of the model, and nobody can say which it is",
            fix="name it with --tokenizer, or measure with --client vdeck",
        )
    assert run.url is not None
    return command.Server(run.url, model, tokenizer, made.probe.verify or not run.url.startswith("https:"), extra)


def _tokenizer(made: RunRecord) -> tuple[str | None, tuple[str, ...]]:
    """The tokenizer of the model as the server was told, and the flags that it needs."""
    words = next((step.argv for step in made.steps if step.kind == "vllm"), ())
    extra: list[str] = []
    for flag, has_value in _PASSED_ON.items():
        value = _flag(words, flag)
        if value is not None:
            extra += [flag, value] if has_value else [flag]
    named = _flag(words, "--tokenizer") or made.model
    if named is None:
        return None, tuple(extra)
    return run_command.local_model(named, made.base) or named, tuple(extra)


def _flag(words: tuple[str, ...], flag: str) -> str | None:
    """The value of a flag in a command line; "" of one without a value; None when it is not there."""
    for position, word in enumerate(words):
        if word == flag:
            following = words[position + 1 : position + 2]
            return following[0] if following and not following[0].startswith("--") else ""
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return None
