"""A real Prometheus for tests: found or fetched, fed with samples or told to scrape, asked over HTTP, surely stopped.

Where it comes from, first hit wins:

1. ``VDECK_TEST_PROMETHEUS``: the binary, or a folder that holds ``prometheus`` and ``promtool``
2. ``prometheus`` and ``promtool`` on the PATH
3. Debian's package, fetched by ``apt-get download`` and unpacked into the user's cache folder; needs no root

Where none of this works ``require()`` skips the test and says why. ``Binaries.version`` tells which rules it follows: a
3.x has left-open ranges, a 2.x (Debian 12: 2.42) closed ones.
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import math
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from runs_kit import free_port
from waiting import wait_for

_APT_S = 180.0
_START_S = 60.0
_FLAGS = (
    "--storage.tsdb.retention.time=100y",  # samples of a test are from whatever year it likes
    "--query.max-samples=200000000",
    "--query.timeout=5m",
    "--log.level=warn",
)
Labels = frozenset[tuple[str, str]]
Sample = tuple[int, float]


class Binaries(NamedTuple):
    """The two programs, and what version they are, e.g. (2, 42, 0)."""

    prometheus: str
    promtool: str
    version: tuple[int, ...]


class Unavailable(Exception):
    """There is no Prometheus on this machine and none could be fetched; the message says why."""


def require() -> Binaries:
    """The binaries; skips the test with the reason when there are none."""
    try:
        return find()
    except Unavailable as error:
        pytest.skip(f"no Prometheus to compare with: {error}")


@functools.cache
def find() -> Binaries:
    """The binaries. Raises Unavailable; a VDECK_TEST_PROMETHEUS that names none is an AssertionError."""
    named = os.environ.get("VDECK_TEST_PROMETHEUS")
    if named:
        folder = named if os.path.isdir(named) else os.path.dirname(os.path.abspath(named))
        found = _pair(folder)
        assert found is not None, f"VDECK_TEST_PROMETHEUS={named}: prometheus and promtool are not there"
        return found
    on_path = shutil.which("prometheus")
    return (_pair(os.path.dirname(on_path)) if on_path else None) or _cached()


def _pair(folder: str) -> Binaries | None:
    paths = [os.path.join(folder, name) for name in ("prometheus", "promtool")]
    if not all(os.access(path, os.X_OK) for path in paths):
        return None
    text = subprocess.run([paths[0], "--version"], capture_output=True, text=True, timeout=60)
    match = re.search(r"version (\d+)\.(\d+)\.(\d+)", text.stdout + text.stderr)
    return Binaries(*paths, version=tuple(map(int, match.groups()))) if match else None


def _cached() -> Binaries:
    """Debian's package in the cache folder, fetched by whoever comes first."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(base) / "vdeck-tests" / "prometheus"
    binaries = folder / "root" / "usr" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _pair(str(binaries))
        if found is None:
            _fetch(folder)
            found = _pair(str(binaries))
    if found is None:
        raise Unavailable("Debian's package holds a prometheus that does not run on this machine")
    return found


def _fetch(folder: Path) -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Unavailable("neither prometheus nor apt-get is on the PATH")
    for old in folder.glob("*.deb"):
        old.unlink()
    download = ["apt-get", "download", "prometheus"]
    done = _apt(folder, download)
    if done.returncode:  # a machine without package lists: fetch lists of our own, which needs no root
        lists = folder / "lists"
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        own = ["-o", f"Dir::State::lists={lists}"]
        _apt(folder, ["apt-get", *own, "update"])
        done = _apt(folder, ["apt-get", *own, *download[1:]])
    packages = list(folder.glob("*.deb"))
    if done.returncode or not packages:
        last = (done.stderr.strip().splitlines() or ["no word why"])[-1]
        raise Unavailable(f"not on the PATH, and apt-get could not fetch it ({last})")
    subprocess.run(["dpkg-deb", "-x", str(packages[0]), str(folder / "root")], check=True, timeout=_APT_S)
    packages[0].unlink()


def _apt(folder: Path, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=_APT_S)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{' '.join(argv)} did not end within {_APT_S:g} s: no network?") from None


def openmetrics(series: Iterable[tuple[str, Iterable[Sample]]]) -> str:
    """Samples as promtool reads them: ``(series as text, [(time in ms, value), …])``, one series after the other.

    Promtool takes seconds and cuts them to milliseconds: a fifth of one is added, so that no rounding loses one.
    """
    lines = [
        f"{text} {value!r} {ms // 1000}.{ms % 1000:03d}2\n".replace(" inf ", " +Inf ").replace(" -inf ", " -Inf ")
        for text, samples in series
        for ms, value in samples
    ]
    return "".join(lines) + "# EOF\n"


class Point(NamedTuple):
    """One element of the answer to an instant query."""

    labels: dict[str, str]
    value: float


class Prometheus:
    """A server that runs; ``running()`` makes one."""

    def __init__(self, url: str, binaries: Binaries, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self.version = binaries.version
        self.process = process
        self._client = httpx.Client(base_url=url, timeout=300.0, trust_env=False)

    def ask(self, path: str, **fields: str) -> Any:
        """``data`` of an answer of the HTTP API (POST). Raises AssertionError with Prometheus' words on an error."""
        answer = self._client.post(f"/api/v1/{path}", data=fields)
        document = answer.json()
        assert document["status"] == "success", f"{document.get('error')}: {fields}"
        return document["data"]

    def get(self, path: str, **fields: str) -> Any:
        """``data`` of an answer to a GET: targets, metadata, label values."""
        document = self._client.get(f"/api/v1/{path}", params=fields).json()
        assert document["status"] == "success", document
        return document["data"]

    def instant(self, expression: str, at_ms: int) -> list[Point]:
        """The vector (or scalar) that an expression is at a time."""
        data = self.ask("query", query=expression, time=rfc3339(at_ms))
        if data["resultType"] == "scalar":
            return [Point({}, float(data["result"][1]))]
        return [Point(one["metric"], float(one["value"][1])) for one in data["result"]]

    def range(self, expression: str, start_ms: int, end_ms: int, step_ms: int) -> dict[Labels, dict[int, float]]:
        """Labels (with ``__name__``) -> time in ms -> value, at ``start``, ``start + step``, …; at most 11,000."""
        data = self.ask(
            "query_range", query=expression, start=rfc3339(start_ms), end=rfc3339(end_ms), step=f"{step_ms}ms"
        )
        return {
            frozenset(one["metric"].items()): {round(at * 1000): float(value) for at, value in one["values"]}
            for one in data["result"]
        }

    def close(self) -> None:
        """Close the connections; the server goes on."""
        self._client.close()


def same(one: float | None, other: float | None, rel: float = 1e-9) -> bool:
    """Equal: both unknown, both NaN, the same infinity, or within ``rel``."""
    if one is None or other is None:
        return one is other
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or math.isclose(one, other, rel_tol=rel)


def rfc3339(ms: int) -> str:
    """A time as the API takes it without any rounding."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


@contextmanager
def running(
    folder: Path, *, samples: str | None = None, config: str = "", flags: Sequence[str] = ()
) -> Iterator[Prometheus]:
    """A Prometheus on a free port of 127.0.0.1 with its data below ``folder``; skips when there is none.

    ``samples``: OpenMetrics text with times (``openmetrics()``), there as blocks before the first query.
    ``config``: the text of its configuration (scrape_configs); empty: it scrapes nothing.
    """
    binaries = require()
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "data"
    if samples is not None:
        backfill(binaries, folder, samples, data)
    (folder / "prometheus.yml").write_text(config or "scrape_configs: []\n")
    port = free_port()
    argv = [
        binaries.prometheus,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        *_FLAGS,
        *flags,
    ]
    log = folder / "prometheus.log"
    with open(log, "ab") as output:
        process = subprocess.Popen(argv, cwd=folder, stdout=output, stderr=output, preexec_fn=_die_with_the_test)
    server = Prometheus(f"http://127.0.0.1:{port}", binaries, process)
    try:
        wait_for(lambda: _answers(server, log), _START_S, "a Prometheus that is ready")
        yield server
    finally:
        server.close()
        stop(process)


def backfill(binaries: Binaries, folder: Path, samples: str, data: Path) -> None:
    """Write OpenMetrics text as blocks into the data folder of a Prometheus that does not run yet."""
    text = folder / "samples.om"
    text.write_text(samples)
    argv = [binaries.promtool, "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"promtool: {done.stdout[-2000:]}{done.stderr[-2000:]}"


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM; SIGKILL when that does not end it. Returns when it has ended."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(server: Prometheus, log: Path) -> bool:
    assert server.process.poll() is None, f"Prometheus ended:\n{log.read_text(errors='replace')[-2000:]}"
    try:
        return httpx.get(f"{server.url}/-/ready", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _die_with_the_test() -> None:
    """In the child: when the test process is killed, so is this one (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
