"""``vdeck doctor``: is this machine fit to run what vdeck starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from launcher.errors import EXIT_DONE, EXIT_FAILED
from tui.commands import output
from tui.commands.options import JSON, Command, Option, Values

TABLE = Command(
    "doctor",
    "check this machine: folders, GPUs, engines, what was left behind",
    "tui.commands.doctor:doctor",
    (),
    (Option(("--gpus",), "print what the sensors of every GPU say, as the metrics of a run record it"), JSON),
    text="Exits 1 when a check fails. It starts no process, stops none and changes nothing.",
)

State = Literal["ok", "warn", "fail"]
GLYPHS = {"ok": "✔", "warn": "▲", "fail": "✖"}


class Check(NamedTuple):
    """The result of one check: what was found, and what to do when it is not ``ok``."""

    name: str
    state: State
    found: str
    fix: str = ""


def doctor(values: Values) -> int:
    """Run every check and print its result; exit code 1 when one fails."""
    if values.flag("gpus"):
        from tui.commands.doctor_gpus import gpus

        return gpus(as_json=values.flag("json"))
    from tui.commands.doctor_checks import CHECKS

    checks = examine(CHECKS)
    if values.flag("json"):
        output.document({"ok": not failed(checks), "checks": [check._asdict() for check in checks]})
    else:
        for line in lines(checks):
            output.say(line)
    return EXIT_FAILED if failed(checks) else EXIT_DONE


def examine(checks: Sequence[tuple[str, Callable[[], Check]]]) -> list[Check]:
    """Run the checks in order; one that breaks has failed, and the others still run."""
    results = []
    for name, check in checks:
        try:
            results.append(check())
        except Exception as error:  # a doctor that falls over its first patient helps nobody
            results.append(Check(name, "fail", f"the check broke: {type(error).__name__}: {error}"))
    return results


def failed(checks: Sequence[Check]) -> bool:
    """Whether one of the checks failed (a warning is no failure)."""
    return any(check.state == "fail" for check in checks)


def lines(checks: Sequence[Check]) -> list[str]:
    """``✔ python   3.11.7``, with the fix below what is not ok, and a last line that counts."""
    column = max((len(check.name) for check in checks), default=0) + 2
    printed = []
    for check in checks:
        printed.append(f"{GLYPHS[check.state]} {check.name:<{column}}{check.found}")
        if check.fix and check.state != "ok":
            printed.append(" " * (column + 2) + f"→ {check.fix}")
    bad = sum(check.state == "fail" for check in checks)
    odd = sum(check.state == "warn" for check in checks)
    printed.append(f"{len(checks)} checks, {bad} failed, {odd} with a warning.")
    return printed
