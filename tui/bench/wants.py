"""What the benchmark tab asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from launcher.bench.result import Bench

if TYPE_CHECKING:
    from tui.bench.pane import BenchPane


class Measure(NamedTuple):
    """Open the dialog, filled with the plan of a benchmark, or with the last one."""

    like: Bench | None = None
    at_once: bool = False
    """Start it without the dialog."""


class CancelBench(NamedTuple):
    """End it; ask first."""

    bench: Bench


class DeleteBench(NamedTuple):
    """Delete its record; ask first."""

    bench: Bench


class CompareBenches(NamedTuple):
    """Two, or one for which the other is to be chosen."""

    benches: tuple[Bench, ...]


class ExportBenches(NamedTuple):
    """Write them into a new file."""

    benches: tuple[Bench, ...]


class CopyBenches(NamedTuple):
    """As Markdown into the clipboard."""

    benches: tuple[Bench, ...]


Want = Measure | CancelBench | DeleteBench | CompareBenches | ExportBenches | CopyBenches


class BenchWanted(Message):
    """The pane wants something of its desk."""

    def __init__(self, pane: BenchPane, want: Want) -> None:
        super().__init__()
        self.pane = pane
        self.want = want
