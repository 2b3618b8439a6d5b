"""The texts of the launch dialog: a manifest with its problems, and the plan of a run. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launcher.text import clean, clean_line, shorten
from tui.render.cells import Cell, Span

if TYPE_CHECKING:
    from launcher.manifest.problems import Problem
    from launcher.runs.plan import Plan
    from tui.render.form import FormProblem
    from tui.screens.failures import Failure
    from tui.screens.launch_data import Checked

MAX_LINES = 5000
MAX_WIDTH = 2000
_KEY = re.compile(r"^(\s*(?:- )*)([^\s#'\"&*!|>%@`{\[][^#:]*?)(:)(\s|$)")
_COMMENT = re.compile(r"(^|\s)#")
MARKS = {"error": ("✖", "bad"), "warning": ("!", "warn"), "note": ("·", "accent")}
_RANK = {"error": 0, "warning": 1, "note": 2}


def source_lines(text: str, problems: Sequence[Problem]) -> tuple[Cell, ...]:
    """The manifest with line numbers, keys and comments told apart, and a mark at every line that has a problem."""
    worst: dict[int, str] = {}
    for problem in sorted(problems, key=lambda p: _RANK[p.severity], reverse=True):
        if problem.line is not None:
            worst[problem.line] = problem.severity
    lines = text.splitlines()[:MAX_LINES]
    digits = len(str(max(1, len(lines))))
    return tuple(_source_line(number, line, digits, worst.get(number)) for number, line in enumerate(lines, 1))


def _source_line(number: int, line: str, digits: int, severity: str | None) -> Cell:
    mark, style = MARKS[severity] if severity else (" ", "muted")
    gutter: Cell = ((f"{mark}", style), (f"{number:>{digits}} ", style if severity else "muted"))
    shown = shorten(clean(line.expandtabs(2)).replace("\n", " "), MAX_WIDTH)
    return gutter + _yaml_spans(shown)


def _yaml_spans(line: str) -> Cell:
    """Keys and comments of one line. By eye, not by grammar: inside a block of shell commands it may be wrong."""
    comment = _COMMENT.search(line)
    body, tail = (line[: comment.start()], line[comment.start() :]) if comment else (line, "")
    spans: list[Span] = []
    key = _KEY.match(body)
    if key:
        spans += [(key[1], ""), (key[2], "accent"), (body[key.end(2) :], "")]
    elif body:
        spans.append((body, ""))
    if tail:
        spans.append((tail, "muted"))
    return tuple(spans)


def problem_line(problem: Problem) -> tuple[Cell, ...]:
    """``✖ 12:5 unknown key `image_` `` and, on the next line, what to do."""
    mark, style = MARKS[problem.severity]
    place = ":".join(str(part) for part in (problem.line, problem.column) if part is not None)
    head: Cell = ((f"{mark} ", style), (f"{place} " if place else "", "muted"), (clean_line(problem.what), ""))
    return (head, (("  → ", "key"), (clean_line(problem.fix), "muted"))) if problem.fix else (head,)


def verdict(problems: Sequence[Problem]) -> Cell:
    """``2 errors, 1 warning`` or ``no problems``."""
    words: list[Span] = []
    for severity in ("error", "warning", "note"):
        number = sum(p.severity == severity for p in problems)
        if number:
            words.append((f"{number} {severity}{'s' if number > 1 else ''}", MARKS[severity][1]))
    if not words:
        return (("✔ no problems", "good"),)
    line: Cell = (words[0],)
    for word in words[1:]:
        line += ((", ", "muted"), word)
    return line


def plan_lines(plan: Plan) -> tuple[Cell, ...]:
    """Engine, ports, GPUs, the exact commands, the environment and the notes."""
    record = plan.record
    ports = ", ".join(f"{port.port} ({clean_line(port.name)}, {port.type})" for port in record.ports)
    gpus = ", ".join(map(str, record.gpus))
    lines: list[Cell] = [
        _fact("engine", f"vLLM {record.engine}" if record.engine else "none (the commands bring their own)"),
        _fact("ports", ports or "none"),
        _fact("GPUs", gpus or "none (CPU)"),
        _fact("grace", f"{record.grace_s:g} s"),
    ]
    for number, command in enumerate(plan.commands, 1):
        lines.append((("command" if len(plan.commands) == 1 else f"command {number}", "title"),))
        lines += [((line, "good"),) for line in clean(command).splitlines()]
    if record.env or record.secret_names:
        lines.append((("environment", "title"),))
        lines += [((f"{clean_line(name)}=", "muted"), (clean_line(value), "")) for name, value in record.env.items()]
        lines += [((f"{clean_line(name)}=", "muted"), ("••••••", "muted")) for name in record.secret_names]
    if plan.notes:
        lines.append((("notes", "title"),))
        lines += [(("· ", "accent"), (clean_line(note), "")) for note in plan.notes]
    return tuple(lines)


def _fact(name: str, value: str) -> Cell:
    return ((f"{name:<8}", "muted"), (value, ""))


def failure_lines(failure: Failure) -> tuple[Cell, ...]:
    """Why it cannot start, and what to do."""
    lines: list[Cell] = [(("✖ ", "bad"), (failure.title, "bad"))]
    lines += [((line, ""),) for line in failure.detail.splitlines()]
    if failure.fix:
        lines.append((("→ ", "key"), (failure.fix, "")))
    return tuple(lines)


def preview_lines(checked: Checked, form_problems: Sequence[FormProblem]) -> tuple[Cell, ...]:
    """The plan, or else what stands in its way; what is wrong in the form comes first."""
    lines: list[Cell] = [(("✖ ", "bad"), (problem.what, "bad")) for problem in form_problems]
    if checked.failure is not None:
        lines += failure_lines(checked.failure)
    elif checked.plan is not None:
        lines += plan_lines(checked.plan)
    else:
        for problem in checked.problems:
            lines += problem_line(problem) if problem.severity == "error" else ()
    return tuple(lines)


def state_line(path: str | None, checked: Checked | None, *, ready: bool, starting: bool) -> Cell:
    """One sentence for the bottom of the dialog. ``path`` None: nothing is chosen; ``checked`` None: not known yet."""
    if starting:
        return (("starting …", "busy"),)
    if path is None:
        return (("choose a manifest", "muted"),)
    if checked is None:
        return (("checking …", "muted"),)
    if ready:
        return (("ready to start  ", "good"), (clean_line(path), "muted"))
    return ((checked.failure.title if checked.failure is not None else "it cannot start like this", "bad"),)
