"""One time series: a metric name and its labels, as a value that can be a dictionary key."""

from __future__ import annotations

from typing import NamedTuple

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Series(NamedTuple):
    """``labels`` are sorted by name, so that the order on the page does not matter (Prometheus' rule)."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()

    def label(self, name: str, default: str = "") -> str:
        """The value of one label; ``default`` when the series has no such label."""
        for key, value in self.labels:
            if key == name:
                return value
        return default

    @property
    def text(self) -> str:
        """The series as the exposition format writes it, labels sorted."""
        if not self.labels:
            return self.name
        inner = ",".join(f'{key}="{value.translate(_ESCAPES)}"' for key, value in self.labels)
        return f"{self.name}{{{inner}}}"

    @property
    def le(self) -> float | None:
        """The upper bound of a histogram bucket; None when there is none or it is no number."""
        text = self.label("le")
        try:
            return float(text) if text else None
        except ValueError:
            return None


SUFFIXES = ("_bucket", "_sum", "_count")


def family_of(name: str) -> str:
    """The family of a sample name, by its form alone: without ``_bucket``, ``_sum``, ``_count``, ``_total``."""
    for suffix in (*SUFFIXES, "_total"):
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name
