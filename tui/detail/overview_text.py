"""A run in words: status sentence, phase timeline, table of facts. Pure: a RunView in, Content out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from textual.content import Content

from launcher.logs import facts as facts_of_log
from launcher.logs.phases import FACTS
from launcher.runs.explain import Explained
from launcher.runs.view import PhaseMark, RunView
from launcher.text import clean, clean_line, shorten
from tui import format as words
from tui.detail.log_wrap import parts
from tui.render import start
from tui.render.state import look

_LABEL = 12
_MUTED = "$foreground-muted"
_TWO_COLUMNS = 36
"""Cells that each column of the log's facts must have at least."""
_BLOCKS = " ▏▎▍▌▋▊▉"


def sentence(run: RunView, now: float) -> tuple[str, str, str]:
    """Glyph, one sentence that says where the run stands, and the theme variable of its colour."""
    started = run.started if run.started is not None else run.created
    spent = words.duration(now - started) if started is not None else words.UNKNOWN
    lasted = words.duration(run.ended - started) if run.ended is not None and started is not None else None
    if run.status == "running" and run.ready:
        since = run.ready_at if run.ready_at is not None else started
        return "●", f"Ready for {words.duration(now - since if since is not None else None)}.", "$success"
    if run.status == "running" and run.attached:
        return "◑", "Not ready: asked again every second.", "$warning"
    if run.status in ("running", "initializing"):
        return "◐", f"Starting: {start.doing(run) or 'waiting for the first sign'}, {spent} so far.", "$warning"
    after = f" after {lasted}" if lasted else ""
    code = f" with exit code {run.exit_code}" if run.exit_code is not None else ""
    return {
        "queued": ("○", "Queued: waiting for its turn.", _MUTED),
        "pending": ("○", "Pending: waiting for resources.", _MUTED),
        "idle": ("◌", "Idle: its commands have ended, the run is kept.", "$warning"),
        "stopping": ("◑", "Stopping: its processes were asked to end.", "$warning"),
        "completed": ("✔", f"Completed{after}.", "$success"),
        "failed": ("✖", f"Failed{after}{code}.", "$error"),
        "terminated": ("■", f"Terminated on request{after}.", _MUTED),
        "lost": ("?", "Lost: nobody can say what became of it.", "$error"),
    }.get(run.status, ("·", f"{clean_line(run.status)}.", _MUTED))


def headline(run: RunView, now: float) -> Content:
    """The status sentence; below it the reason, loud when the run failed."""
    glyph, text, colour = sentence(run, now)
    name = clean_line(run.name)
    parts: list[Content | str | tuple[str, str]] = [(f"{glyph} {text}", f"bold {colour}"), ("  " + name, "bold")]
    if run.description:
        parts.append(("  " + clean_line(run.description), _MUTED))
    if run.reason:
        bad = run.status in ("failed", "lost")
        reason = clean(run.reason).strip()
        parts.append("\n")
        parts.append((f" {reason} ", "bold reverse $error") if bad else (reason, "$warning"))
    parts += _beside(run)
    return Content.assemble(*parts)


def _beside(run: RunView) -> list[Content | str | tuple[str, str]]:
    """What is to be known beside the sentence, a line each. Of a start what remains, or that it does not move; of a
    server that is ready its health with the advice, and the goals that it misses."""
    found: list[Content | str | tuple[str, str]] = []
    remains = start.remains(run)
    if remains and not run.still:  # an estimate of something that does not move would be a lie
        found += ["\n", ("◷ ", "$warning"), remains]
    if run.still and run.live:
        found += [
            "\n",
            (f"▲ {clean_line(run.still)}", "bold $warning"),
            ": no log line, no disk, no CPU, no GPU memory",
        ]
    if run.health:
        colour = "$error" if run.health == "wedged" else "$warning"
        found += ["\n", (f"{look(run).glyph} {run.health}: ", f"bold {colour}"), clean_line(run.advice or "")]
    if run.missed:
        keys = ", ".join(clean_line(key).upper() for key in run.missed)
        found += [
            "\n",
            ("◉ goal missed: ", "bold $warning"),
            f"{keys} (vdeck run goals {clean_line(run.id)} says how far)",
        ]
    return found


def timeline(phases: Sequence[PhaseMark], now: float, width: int, *, live: bool, failed: bool = False) -> Content:
    """One line a phase: its name, a bar at its place between the first start and now, its seconds.

    A phase that still runs grows and ends in ``…``; one that a dead run left open is drawn to the last known moment.
    ``ready`` is no work but the end of the start: it has no bar. ``failed``: the start ended in its last phase, which
    bears the mark of a failure.
    """
    done = next((mark.started for mark in phases if mark.name == "ready"), None)
    phases = [mark for mark in phases if mark.name != "ready"]
    if not phases:
        return Content("No phase seen yet.") if live else Content("No phase was recorded.")
    begin = min(mark.started for mark in phases)
    known = max([*(max(mark.ended or mark.started, mark.started) for mark in phases), done or begin])
    growing = live and done is None and any(mark.ended is None for mark in phases)
    end = max(now, known) if growing else known
    span = max(end - begin, 0.001)
    room = max(8, min(60, width - _LABEL - 14))
    lines: list[Content] = []
    failed = failed and done is None
    for mark in phases:
        broken = failed and mark is phases[-1]
        grows = growing and mark.ended is None
        stop = mark.ended if mark.ended is not None else end
        bar = _bar((mark.started - begin) / span, (stop - begin) / span, room)
        spent = words.seconds(stop - mark.started) + (" …" if grows else " ✖" if broken else "")
        lines.append(
            Content.assemble(
                (shorten(clean_line(mark.name), _LABEL - 1).ljust(_LABEL), _MUTED),
                (bar, "$warning" if grows else "$error" if broken else "$primary"),
                f" {spent}",
            )
        )
    total = Content.assemble(("total".ljust(_LABEL), _MUTED), " " * room + f" {words.seconds(end - begin)}")
    return Content("\n").join([*lines, total])


def _bar(begin: float, end: float, width: int) -> str:
    """A bar from ``begin`` to ``end`` (fractions) in ``width`` characters; eighths at its end, never invisible."""
    left = min(width - 1, int(begin * width))
    eighths = max(1, round((min(1.0, end) * width - left) * 8))
    full, rest = divmod(min(eighths, (width - left) * 8), 8)
    bar = "█" * full + (_BLOCKS[rest] if rest else "")
    return (" " * left + bar).ljust(width)[:width]


def facts(run: RunView, now: float, width: int) -> Content:
    """The table of what is known: where it answers, what serves, on what, since when, by which processes."""
    return table(_rows(run, now), width)


def log_facts(run: RunView, width: int) -> Content:
    """What the log told of the model and the engine, in words, in the order in which a start tells it; in two columns
    where there is room for them."""
    order = {name: number for number, name in enumerate(FACTS)}
    known = sorted(run.facts, key=lambda fact: order.get(fact[0], len(order)))
    rows = [facts_of_log.describe(name, value) for name, value in known]
    half = (len(rows) + 1) // 2
    column = width // 2 - 1
    if (
        len(rows) < 2
        or column < _TWO_COLUMNS
        or any(cell_len(label) + cell_len(text) + 4 > column for label, text in rows)
    ):
        return table(rows, width)
    left, right = (table(part, column).split("\n", allow_blank=True) for part in (rows[:half], rows[half:]))
    lines = [
        Content.assemble(one, " " * (column + 2 - one.cell_length), right[number] if number < len(right) else "")
        for number, one in enumerate(left)
    ]
    return Content("\n").join(lines)


def table(rows: Iterable[tuple[str, str]], width: int) -> Content:
    """Label and value, one pair a line; long values go on below themselves, what is empty is ``-``."""
    cleaned = [(shorten(clean_line(label), 24), clean_line(text) or words.UNKNOWN) for label, text in rows]
    column = max([_LABEL, *(cell_len(label) for label, _ in cleaned)]) + 1
    lines: list[Content] = []
    for label, text in cleaned:
        for begin, end in parts(text, max(8, width - column)):
            head = label if begin == 0 else ""
            lines.append(Content.assemble((head + " " * (column - cell_len(head)), _MUTED), text[begin:end]))
    return Content("\n").join(lines)


def _attached_rows(run: RunView, now: float) -> Iterable[tuple[str, str]]:
    """Of a server that vdeck did not start: what it tells, and since when it is watched."""
    yield "URL", run.attached + ("  (certificate not verified)" if _unverified(run) else "")
    yield "served as", ", ".join(run.served_names)
    yield "model", run.model or ""
    yield "engine", f"vLLM {run.engine}" if run.engine else ""
    for name, value in run.facts:
        label, text = facts_of_log.describe(name, value)
        yield label.lower(), text
    yield "watched", f"since {words.when(run.started, now)}" if run.started is not None else ""
    yield "ready", words.when(run.ready_at, now)
    yield "restarts", f"{run.restarts} seen" if run.restarts else "none seen"
    yield "supervisor", str(run.supervisor) if run.supervisor is not None else ""
    yield "folder", run.folder
    yield "id", run.id


def _unverified(run: RunView) -> bool:
    return run.insecure and run.attached.startswith("https:")


def _rows(run: RunView, now: float) -> Iterable[tuple[str, str]]:
    if run.attached:
        yield from _attached_rows(run, now)
        return
    for endpoint in run.endpoints:
        yield "endpoint", f"{endpoint.url}  ({endpoint.name}, {endpoint.type})"
    if not run.endpoints:
        yield "endpoint", ""
    served = ", ".join(name for name in run.served_names if name != run.model)
    yield "model", (run.model or "") + (f"  served as {served}" if served else "")
    yield "engine", run.engine or ""
    yield "GPUs", ", ".join(map(str, run.gpus)) if run.gpus else "none (CPU)"
    yield "cluster", f"{run.cluster}  ({run.type})"
    times = (("created", run.created), ("started", run.started), ("ready", run.ready_at), ("ended", run.ended))
    for label, at in times:
        if at is not None or label in ("started", "ready"):
            yield label, words.when(at, now)
    pids = ", ".join(map(str, run.pids))
    yield "processes", pids + (f"  supervisor {run.supervisor}" if run.supervisor is not None else "")
    yield "restarts", str(run.restarts)
    if run.exit_code is not None:
        yield "exit code", str(run.exit_code)
    yield "manifest", run.manifest or ""
    yield "folder", run.folder
    yield "id", run.id


def commands(run: RunView) -> str:
    """The exact commands, one after the other as they run, safe to print."""
    return "\n".join(clean(command).strip() for command in run.commands)


def why(told: Explained | None) -> Content | None:
    """Title, cause, evidence and the first fix of a diagnosis."""
    if told is None:
        return None
    found = told.diagnosis
    parts: list[Content | str | tuple[str, str]] = [(clean_line(found.title), "bold $error")]
    parts += ["\n", clean(found.cause).strip()]
    if found.evidence is not None:
        parts += ["\n", (f"line {found.evidence.number}: ", _MUTED), shorten(clean_line(found.evidence.text), 240)]
    if found.fixes:
        parts += ["\n", ("→ ", "bold $accent"), clean_line(found.fixes[0].text)]
    return Content.assemble(*parts)


def lines(texts: Iterable[str]) -> Content:
    """Lines of a log, safe to print."""
    return Content("\n".join(clean_line(text) for text in texts))


def environment(pairs: Iterable[tuple[str, str]]) -> Content:
    """``NAME=value`` as a shell would take it; secret values never come here."""
    return Content("\n".join(f"{clean_line(name)}={shlex.quote(clean_line(value))}" for name, value in pairs))
