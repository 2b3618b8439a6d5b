"""``vdeck prometheus …``: one Prometheus for all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from launcher.errors import EXIT_DONE, EXIT_INTERRUPTED, UsageError, VdeckError
from tui import format as words
from tui.commands import output
from tui.commands.options import JSON, Command, Group, Option, Values

if TYPE_CHECKING:
    from launcher.prometheus.look import Stand

_START = Command(
    "prometheus start",
    "start a Prometheus that scrapes the servers of all runs",
    "tui.commands.prometheus:start",
    (),
    (
        Option(("--port",), "the port it listens on (default: a free one)", "P", "integer"),
        Option(("--retention",), "how long it keeps samples", "TIME", "seconds", default="15d"),
    ),
    text="It is a run like any other, named prometheus: listed, with a log, stopped with the rest. It listens on "
    "127.0.0.1 only and scrapes every 5 s; servers are picked up as they get ready. Its samples stay when it is "
    "stopped. The program is the one that VDECK_PROMETHEUS or `prometheus` in settings.json names, else the one on the "
    "PATH. When either names a URL, vdeck starts none and reads older history from there (VDECK_PROMETHEUS_TOKEN: its "
    "bearer token).",
    examples=("vdeck prometheus start", "vdeck prometheus start --port 9090 --retention 90d"),
)
_STOP = Command("prometheus stop", "stop it; what it has recorded stays", "tui.commands.prometheus:stop")
_STATUS = Command(
    "prometheus status",
    "show which Prometheus there is, whether it answers, and what it scrapes",
    "tui.commands.prometheus:status",
    (),
    (JSON,),
)
TABLE = Group("prometheus", "run a Prometheus beside the runs", (_START, _STOP, _STATUS))


def start(values: Values) -> int:
    """Start it and wait until it answers."""
    from launcher.prometheus import service

    port = values.integer("port")
    if port is not None and not 0 < port < 65536:
        raise UsageError(f"--port cannot be {port}", fix="it is a number from 1 to 65535")
    retention_s = values.seconds("retention") or 0.0
    if retention_s < 60:
        raise UsageError("--retention is too short", fix="give a time such as 15d")
    run = service.start(port=port, retention_s=retention_s)
    output.say(f"Created '#{run.id}' ({run.name}).")
    try:
        run = service.wait_ready(run)
    except KeyboardInterrupt:
        output.note(f"Interrupted. Run #{run.id} goes on: `vdeck prometheus stop` stops it.")
        return EXIT_INTERRUPTED
    output.say(f"Prometheus is ready: {run.url}")
    return EXIT_DONE


def stop(values: Values) -> int:
    """Stop it; no Prometheus is no error."""
    from launcher.prometheus import service

    run = service.stop()
    output.say("No Prometheus of vdeck runs here." if run is None else f"Prometheus (run #{run.id}) has ended.")
    return EXIT_DONE


def status(values: Values) -> int:
    """Print what there is; exit code 1 when what should answer does not."""
    from launcher.prometheus import look

    stand = look.look(sweep=True)
    if values.flag("json"):
        output.document(document(stand))
    else:
        for line in lines(stand):
            output.say(line)
    if stand.problem is not None:
        raise VdeckError(stand.problem.title, fix=stand.problem.fix)
    return EXIT_DONE


def lines(stand: Stand) -> list[str]:
    """The stand as a table, and one line for each target."""
    chosen, run = stand.chosen, stand.run
    rows = [
        ("Configured", f"{chosen.value} ({chosen.source})" if chosen else "none"),
        ("Run", f"#{run.id} {run.status}{', ready' if run.ready else ''}" if run else "none"),
        ("History from", f"{stand.url}{f' (version {stand.version})' if stand.version else ''}" if stand.url else "-"),
        ("Data", words.size(stand.data_bytes)),
        ("Targets", str(len(stand.targets))),
    ]
    targets = [(f"  {t.run}", t.name, t.address, t.health or "-", t.error) for t in stand.targets]
    return [*output.table(rows), *(output.table(targets, limit=output.terminal_width()) if targets else ())]


def document(stand: Stand) -> dict[str, Any]:
    """The document of ``--json``; unknown is null."""
    return {
        "configured": stand.chosen._asdict() if stand.chosen else None,
        "run": stand.run.id if stand.run else None,
        "ready": bool(stand.run and stand.run.ready),
        "url": stand.url,
        "version": stand.version,
        "reachable": stand.reachable,
        "problem": stand.problem.sentence() if stand.problem else None,
        "data_bytes": stand.data_bytes,
        "targets": [target._asdict() for target in stand.targets],
    }
