"""``vdeck attach``: watch a server by its URL, or list those of this machine."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from launcher.errors import EXIT_DONE, EXIT_INTERRUPTED
from launcher.runs.view import RunView, to_json
from tui.commands import output, waiting
from tui.commands.options import Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from launcher.host.servers import Server

HEADER = ("Port", "PID", "Model", "Attach it with")
IN_CONTAINER = "in a container: vdeck attach http://127.0.0.1:PORT, with the port that it publishes"


def attach(values: Values) -> int:
    """Attach the URL; without one say what could be attached."""
    from launcher.runs import control

    url = values.text("URL")
    if url is None:
        return _list(control.found_servers(), as_json=values.flag("json"))
    run = control.attach(
        url, name=values.text("name"), key_variable=values.text("api-key-env"), insecure=values.flag("insecure"),
        check=not values.flag("no-check"),
    )  # fmt: skip
    return _announce(run, values)


def _announce(run: RunView, values: Values) -> int:
    from tui.commands.run_create import tell_notes

    tell_notes(run)
    if not values.flag("json"):
        output.say(f"Attached '#{run.id}' ({run.name}): {run.attached}")
        output.say(f"Check it at: vdeck run read {run.id}")
    if values.flag("wait"):
        try:
            run = waiting.wait_for(run.id, "ready")
        except KeyboardInterrupt:
            output.note(f"Interrupted. #{run.id} is watched on; `vdeck run delete {run.id}` detaches.")
            return EXIT_INTERRUPTED
    if values.flag("json"):
        output.document(to_json(run))
    if not values.flag("wait"):
        return EXIT_DONE
    code = waiting.check_ready(run)
    if not values.flag("json"):
        output.say(f"Ready: {', '.join(run.served_names) or run.attached}")
    return code


def _list(servers: Sequence[Server], *, as_json: bool) -> int:
    if as_json:
        output.document([document(server) for server in servers])
        return EXIT_DONE
    if not servers:
        output.say("No vLLM server was found on this machine that vdeck does not watch already.")
        output.say("One elsewhere: vdeck attach http://host:8000")
        return EXIT_DONE
    rows = [(str(server.port), str(server.pid), server.model or "-", command(server)) for server in servers]
    for line in output.table([HEADER, *rows], right=(0, 1)):
        output.say(line)
    return EXIT_DONE


def command(server: Server) -> str:
    """The command that attaches a server, as a shell takes it."""
    return IN_CONTAINER if server.url is None else f"vdeck attach {shlex.quote(server.url)}"


def document(server: Server) -> dict[str, Any]:
    """One entry of ``--json``: ``url`` null for a server in a container whose port nothing tells."""
    return {
        "pid": server.pid,
        "port": server.port,
        "url": server.url,
        "model": server.model,
        "command": None if server.url is None else command(server),
    }
