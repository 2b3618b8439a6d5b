"""The parts of a crash bundle: each a name and a text with no secret in it. What cannot be had says why instead."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from launcher.logs.redact import MASK, Redactor
from launcher.manifest.credentials import names_secret
from launcher.paths import RunPaths
from launcher.runs import bundle_machine, explain, files, listing, masking, secrets
from launcher.runs.view import RunView, rfc3339

FIRST_BYTES = 256 << 10
"""Of the log: most causes stand early."""
LAST_BYTES = 2 << 20
_FILE_BYTES = 4 << 20


class Part(NamedTuple):
    """``name`` is the file in the archive; ``about`` its line in the README."""

    name: str
    text: str
    about: str


def parts(run: RunView) -> Iterator[Part]:
    """Every part that can be had, in the order of the README."""
    folder, record = RunPaths(run.folder), listing.load_record(RunPaths(run.folder))[0]
    mask = masking.of(folder, record)
    told = cache(lambda: explain.explain(run.id))  # reads the whole log
    yield Part("diagnosis.txt", _tried(lambda: _diagnosis(told())), "why it failed, as vdeck sees it")
    yield Part("diagnosis.json", _tried(lambda: _diagnosis_json(told())), "the same as JSON")
    yield Part(_name(folder.manifest), masking.settings(_read(folder.manifest, mask), mask), "what was asked for")
    yield Part(_name(folder.record), _document(folder.record, mask), "the record: commands, ports, GPUs, engine")
    yield Part(_name(folder.state), _document(folder.state, mask), "where it stands: status, phases, exit code")
    yield Part(_name(folder.events), _read(folder.events, mask), "what happened, one line each")
    yield from _log(folder.output, mask)
    yield Part(_name(folder.supervisor_log), _read(folder.supervisor_log, mask), "errors of vdeck itself")
    env = _environment(record.env if record is not None else {}, record.secret_names if record else (), mask)
    yield Part("environment.txt", env, "the variables that the manifest sets")
    yield Part("metrics.json", _tried(lambda: _metrics(folder.metrics)), "the last figures that were recorded")
    yield Part("gpus.json", _tried(bundle_machine.gpus), "the GPUs of this machine now")
    yield Part("versions.json", mask(_tried(lambda: bundle_machine.versions(record))), "vdeck, Python, system, engine")


def readme(run: RunView, found: Sequence[Part]) -> Part:
    """The part that explains the others."""
    width = max(len(part.name) for part in found)
    lines = [
        f"vdeck bundle of run {run.id}, made {rfc3339(time.time())}.",
        "",
        *(f"{part.name:<{width}}  {part.about}{'' if part.text.strip() else ' (empty)'}" for part in found),
        "",
        f"Masked ({MASK}): the run's secret values (secrets.env is not in here), what stands behind a name such as",
        "HF_TOKEN, api-key or password, tokens of known services, passwords in URLs. Values of less than 6 characters",
        "are masked only behind such a name. Look through it before you publish it: prompts that the server logged,",
        "paths, host names and model names are not masked.",
    ]
    return Part("README.txt", "\n".join(lines) + "\n", "")


def _name(path: str) -> str:
    return os.path.basename(path)


def _tried(work: Callable[[], str]) -> str:
    """One part that breaks must not cost the others: a bundle is for runs that are broken."""
    try:
        return work()
    except Exception as error:
        return f"could not be had: {Redactor()(f'{type(error).__name__}: {error}')}\n"


def _bytes(path: str, start: int = 0, limit: int = _FILE_BYTES) -> bytes | None:
    """A part of a regular file of the run folder; None when there is none. No link is followed."""
    if os.path.islink(os.path.dirname(path)):
        return None
    try:
        file = files.open_regular(path)
    except OSError:
        return None
    with file:
        file.seek(max(0, os.fstat(file.fileno()).st_size + start) if start < 0 else start)
        return file.read(limit)


def _read(path: str, mask: Redactor) -> str:
    data = _bytes(path)
    return "" if data is None else _masked(data, mask)


def _masked(data: bytes, mask: Redactor) -> str:
    """Line by line: a secret of several lines is known by each of them."""
    text = data.decode("utf-8", "replace")
    return "".join(mask(line) + "\n" for line in text.removesuffix("\n").split("\n")) if text else ""


def _document(path: str, mask: Redactor) -> str:
    """A JSON file with every text masked; one that is damaged as it stands, masked."""
    data = _bytes(path)
    if data is None:
        return ""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _masked(data, mask)
    return json.dumps(_hidden(value, mask), indent=1, ensure_ascii=False) + "\n"


def _hidden(value: Any, mask: Redactor, name: str = "") -> Any:
    if isinstance(value, str):
        return MASK if value and (names_secret(name) or secrets.is_sensitive(name)) else mask(value)
    if isinstance(value, list):
        return [_hidden(item, mask) for item in value]
    if isinstance(value, dict):
        return {mask(str(key)): _hidden(item, mask, str(key)) for key, item in value.items()}
    return value


def _log(path: str, mask: Redactor) -> Iterator[Part]:
    """The whole log, or its beginning and its end in two parts; cut at lines."""
    first = _bytes(path, 0, FIRST_BYTES + LAST_BYTES + 1) or b""
    if len(first) <= FIRST_BYTES + LAST_BYTES:
        yield Part(_name(path), _masked(first, mask), "the log")
        return
    head = first[:FIRST_BYTES].rpartition(b"\n")[0] or first[:FIRST_BYTES]
    last = _bytes(path, -LAST_BYTES, LAST_BYTES) or b""
    tail = last.partition(b"\n")[2] or last
    yield Part("output-first.log", _masked(head, mask), f"the first {FIRST_BYTES >> 10} KiB of the log")
    yield Part("output-last.log", _masked(tail, mask), f"the last {LAST_BYTES >> 20} MiB of the log")


def _environment(env: Mapping[str, str], names: Sequence[str], mask: Redactor) -> str:
    lines = [f"{name}={MASK if secrets.is_sensitive(str(name)) else mask(str(value))}" for name, value in env.items()]
    return "".join(f"{line}\n" for line in (*lines, *(f"{name}={MASK}" for name in names)))


def _diagnosis(told: explain.Explained | None) -> str:
    return "nothing is known against this run\n" if told is None else explain.as_text(told)


def _diagnosis_json(told: explain.Explained | None) -> str:
    return json.dumps(None if told is None else explain.as_json(told), indent=1, ensure_ascii=False) + "\n"


def _metrics(folder: str) -> str:
    """The report over the last minute of what was recorded."""
    from launcher.metrics import report
    from launcher.metrics.history import History

    if not os.path.isdir(folder) or os.path.islink(folder):
        return ""
    history = History(folder)
    history.refresh()
    latest = history.latest_ms
    if latest is None:
        return ""
    found = _plain(report.make(history, now_ms=latest, window_s=60))
    return json.dumps({"at": rfc3339(latest / 1000), **found}, indent=1) + "\n"


def _plain(value: Any) -> Any:
    """Named tuples as objects."""
    if hasattr(value, "_asdict"):
        return {key: _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
