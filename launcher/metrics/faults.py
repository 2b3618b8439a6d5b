"""What went wrong while recording: counted and remembered, never raised. Metrics must not stop a server."""

from __future__ import annotations


class Faults:
    """One for each recorder."""

    __slots__ = ("count", "last")

    def __init__(self) -> None:
        self.count = 0
        self.last: str | None = None
        """The newest, e.g. ``write: No space left on device``."""

    def note(self, doing: str, error: Exception) -> None:
        """Count one."""
        self.count += 1
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self.last = f"{doing}: {reason}"
