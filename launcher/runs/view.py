"""One run as others see it: a frozen value, equal when nothing changed. NamedTuples: `run list` cannot afford
dataclasses."""

from __future__ import annotations

from typing import Any, NamedTuple

STATUSES = (
    "queued", "pending", "initializing", "running", "idle", "stopping", "completed", "failed", "terminated", "lost",
)  # fmt: skip
ENDED = frozenset({"completed", "failed", "terminated", "lost"})


class Endpoint(NamedTuple):
    name: str
    type: str
    url: str
    port: int


class PhaseMark(NamedTuple):
    """One phase of a start: seconds since the epoch; ``ended`` None while it lasts."""

    name: str
    started: float
    ended: float | None


class Download(NamedTuple):
    """A download that goes on, in bytes; None: unknown."""

    have: float
    total: float | None = None
    rate: float | None = None
    """Bytes a second."""

    @property
    def remains_s(self) -> float | None:
        """Seconds until it is done."""
        if self.total is None or not self.rate:
            return None
        return max(0.0, self.total - self.have) / self.rate


class RunView(NamedTuple):
    """A run. Times are seconds since the epoch (UTC); what is unknown is None."""

    id: str
    name: str
    type: str = "batch"
    status: str = "queued"
    phase: str | None = None
    ready: bool = False
    reason: str | None = None
    description: str = ""
    cluster: str = "local"
    created: float | None = None
    started: float | None = None
    ready_at: float | None = None
    ended: float | None = None
    exit_code: int | None = None
    endpoints: tuple[Endpoint, ...] = ()
    model: str | None = None
    served_names: tuple[str, ...] = ()
    gpus: tuple[int, ...] = ()
    engine: str | None = None
    pids: tuple[int, ...] = ()
    restarts: int = 0
    manifest: str | None = None
    folder: str = ""
    # beside the contract of `run read --json`: what the screen shows
    phases: tuple[PhaseMark, ...] = ()
    progress: str | None = None
    """What the phase says of itself, e.g. ``43 %``."""
    commands: tuple[str, ...] = ()
    """The exact command of each step, secrets masked."""
    step: int | None = None
    supervisor: int | None = None
    facts: tuple[tuple[str, str], ...] = ()
    """Lifted from the log: architecture, max length, KV cache tokens, … in the order they came."""
    health: str | None = None
    """wedged, saturated, preempting or evicting; None: all is well, or nobody can say."""
    advice: str | None = None
    """One sentence: what is seen, and the flag to change."""
    missed: tuple[str, ...] = ()
    """Keys (ttft, itl, e2e) of the goals that are missed now."""
    notify: str = "off"
    """How the screen is to say that a goal begins to be missed: off, bell or desktop."""
    attached: str = ""
    """Base URL of a server that vdeck did not start: watched, never stopped. Empty for a run of our own."""
    insecure: bool = False
    """The certificate of the attached server is not checked."""

    detail: str | None = None
    """More of the phase's progress: ``shard 3 of 7``."""
    download: Download | None = None
    """While the model is downloaded."""
    remains_s: float | None = None
    """Seconds until it is ready, estimated; only during a start, and only when somebody can say."""
    earlier: int = 0
    """How many earlier starts the estimate comes from."""
    still: str | None = None
    """``nothing has moved for 94 s``, when that is so during a start."""

    @property
    def live(self) -> bool:
        """Not ended: it has processes, or will have."""
        return self.status not in ENDED

    @property
    def url(self) -> str | None:
        """Base URL of the server (the endpoint that answers the OpenAI API), e.g. ``http://127.0.0.1:8000``. That of an
        attached one may have a path."""
        return self.endpoints[0].url if self.endpoints else None


def rfc3339(seconds: float | None) -> str | None:
    """RFC 3339 in UTC with milliseconds, or None."""
    if seconds is None:
        return None
    import time

    whole = int(seconds // 1)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int((seconds - whole) * 1000):03d}Z"


def to_json(run: RunView) -> dict[str, Any]:
    """The document that `run read --json` and `run create --json` print (DESIGN section 4)."""
    return {
        "id": run.id,
        "name": run.name,
        "type": run.type,
        "status": run.status,
        "phase": run.phase,
        "ready": run.ready,
        "reason": run.reason,
        "description": run.description,
        "cluster": run.cluster,
        "created": rfc3339(run.created),
        "started": rfc3339(run.started),
        "ready_at": rfc3339(run.ready_at),
        "ended": rfc3339(run.ended),
        "exit_code": run.exit_code,
        "endpoints": [e._asdict() for e in run.endpoints],
        "model": run.model,
        "served_names": list(run.served_names),
        "gpus": list(run.gpus),
        "engine": run.engine,
        "pids": list(run.pids),
        "restarts": run.restarts,
        "manifest": run.manifest,
        "folder": run.folder,
        "health": run.health,
        "advice": run.advice,
        "missed": list(run.missed),
        "attached": run.attached or None,
        "phases": [_phase_json(p) for p in run.phases],
        "progress": run.progress,
        "detail": run.detail,
        "download": None if run.download is None else run.download._asdict(),
        "remains_s": run.remains_s,
        "earlier_starts": run.earlier,
        "still": run.still,
        "facts": dict(run.facts),
    }


def _phase_json(mark: PhaseMark) -> dict[str, Any]:
    seconds = None if mark.ended is None else round(mark.ended - mark.started, 3)
    return {"name": mark.name, "started": rfc3339(mark.started), "ended": rfc3339(mark.ended), "seconds": seconds}
