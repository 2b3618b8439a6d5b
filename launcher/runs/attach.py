"""Attach: a run folder and a supervisor for a server that vdeck did not start. The server is asked, never touched."""

from __future__ import annotations

import os
import time

from launcher import paths
from launcher.clusters import registry
from launcher.errors import UsageError
from launcher.host import servers
from launcher.host.servers import Server
from launcher.runs import files, inspect, listing, record, reserve, secrets, target
from launcher.runs.record import PortRecord, Probe, RunRecord
from launcher.runs.target import Target
from launcher.runs.view import RunView
from launcher.text import clean_line, shorten

KEY = "VLLM_API_KEY"
NAME_LIMIT = 100


def attach(
    url: str, *, name: str | None = None, api_key: str | None = None, insecure: bool = False, check: bool = True
) -> str:
    """Watch the server at ``url``; the id of the new run. ``insecure``: its certificate is not verified (that of a
    server on this machine never is); ``check`` False: also when nobody answers now. Raises VdeckError; nothing is
    left then."""
    wanted = target.parse(url)
    if api_key and not (api_key.isascii() and api_key.isprintable()):
        raise UsageError("the API key cannot be sent", fix="it may hold printable ASCII only")
    _refuse_twice(wanted)
    verify = not insecure and not wanted.is_local
    seen = inspect.look(wanted, api_key=api_key, verify=verify) if check else inspect.Seen()
    notes = _notes(wanted, seen, api_key)
    with reserve.lock():
        _refuse_twice(wanted)
        with reserve.new_folder() as run_id:
            made = _record(run_id, wanted, _name(name, wanted), verify, notes, bool(api_key))
            run = paths.RunPaths.of(run_id)
            secrets.write(run.secrets, {KEY: api_key} if api_key else {})
            files.write_json(run.record, record.to_json(made))
            registry.get(made.cluster).launch(run.folder, "start")
    return run_id


def key_of(variable: str | None) -> str | None:
    """The API key in an environment variable; None: in VLLM_API_KEY, if there is one. Raises UsageError."""
    key = os.environ.get(variable or KEY)
    if not key and variable:
        shown = shorten(clean_line(variable), 60)
        raise UsageError(f"there is no variable {shown} here to take the API key from", fix="export it first")
    return key or None


def found() -> tuple[Server, ...]:
    """The vLLM servers on this machine that vdeck neither started nor watches, by port."""
    runs = [run for run in listing.load_all() if run.live]
    ours = {pid for run in runs for pid in run.pids}
    return tuple(
        server
        for server in servers.find()
        if server.pid not in ours and (server.url is None or _watcher(target.parse(server.url), runs) is None)
    )


def _record(run_id: str, wanted: Target, name: str, verify: bool, notes: tuple[str, ...], has_key: bool) -> RunRecord:
    return RunRecord(
        id=run_id, name=name, created=time.time(), type="attached", attached=wanted.url, notes=notes,
        # the port of a server elsewhere is no port of ours
        ports=(PortRecord("vllm", "http", wanted.port, wanted.host),) if wanted.is_local else (),
        probe=Probe(
            "vllm", wanted.host, (wanted.port,), scheme=wanted.scheme, prefix=wanted.prefix, verify=verify, foreign=True
        ),
        secret_names=(KEY,) if has_key else (),
    )  # fmt: skip


def _name(name: str | None, wanted: Target) -> str:
    text = clean_line(name or "").strip() or wanted.url.partition("://")[2]
    return shorten(text, NAME_LIMIT)


def _notes(wanted: Target, seen: inspect.Seen, api_key: str | None) -> tuple[str, ...]:
    notes = []
    if seen.wants_key:
        notes.append(f"the server wants an API key: it is watched without, chat needs it ({KEY} when you attach)")
    if api_key and wanted.scheme == "http" and not wanted.is_local:
        notes.append("the API key goes over the network unencrypted: the URL is http")
    return tuple(notes)


def _refuse_twice(wanted: Target) -> None:
    watcher = _watcher(wanted, [run for run in listing.load_all() if run.live])
    if watcher is not None:
        what = "is watched already, by" if watcher.attached else "is the server of"
        raise UsageError(
            f"{wanted.url} {what} the run {clean_line(watcher.name)} (#{watcher.id})",
            fix=f"`vdeck run read {watcher.id}` shows it",
        )


def _watcher(wanted: Target, runs: list[RunView]) -> RunView | None:
    """The run that has this address."""
    for run in runs:
        for endpoint in run.endpoints:
            if endpoint.url.startswith(("http://", "https://")) and target.parse(endpoint.url).same_server(wanted):
                return run
    return None
