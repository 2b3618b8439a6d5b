"""Where the data of the benchmark tab comes from: the part of ``Sources`` that is about benchmarks, and its real form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from launcher.runs.view import RunView

if TYPE_CHECKING:
    from launcher.bench.plan import Plan
    from launcher.bench.result import Bench
    from launcher.metrics.records import Event


class BenchSources(Protocol):
    """Raises VdeckError or OSError when it cannot be had."""

    def benches(self, run: RunView) -> tuple[Bench, ...]:
        """The benchmarks of a run, newest first."""
        ...

    def all_benches(self) -> tuple[Bench, ...]:
        """Those of all runs, newest first."""
        ...

    def bench_command(self, run: RunView, plan: Plan) -> str:
        """The exact command line of the first load."""
        ...

    def start_bench(self, run: RunView, plan: Plan) -> Bench:
        """Start it; returns at once."""
        ...

    def cancel_bench(self, bench: Bench) -> None:
        """Ask it to end; returns at once."""
        ...

    def delete_bench(self, bench: Bench) -> None:
        """Remove one that has ended."""
        ...

    def bench_text(self, benches: tuple[Bench, ...], form: str) -> str:
        """As csv, md or json, secrets masked."""
        ...

    def export_benches(self, benches: tuple[Bench, ...], path: str) -> str:
        """Write them into a new file, in the form that its name ends with; the path."""
        ...


class LiveBenchSources:
    """The real ones: folders of benchmarks, their workers."""

    def benches(self, run: RunView) -> tuple[Bench, ...]:
        """A damaged benchmark is one that is lost, with a reason."""
        from launcher.bench import store

        return store.list_of(run.folder)

    def all_benches(self) -> tuple[Bench, ...]:
        from launcher.bench import store

        return store.everything()

    def bench_command(self, run: RunView, plan: Plan) -> str:
        import shlex

        from launcher.bench import control

        return shlex.join(control.command(run, plan))

    def start_bench(self, run: RunView, plan: Plan) -> Bench:
        from launcher.bench import control

        return control.start(run.id, plan)

    def cancel_bench(self, bench: Bench) -> None:
        from launcher.bench import control

        control.cancel(bench)

    def delete_bench(self, bench: Bench) -> None:
        from launcher.bench import control

        control.delete(bench)

    def bench_text(self, benches: tuple[Bench, ...], form: str) -> str:
        """The secrets of every run that is in it are masked."""
        from launcher.bench import export
        from launcher.runs import control

        text = export.as_text(benches, form)
        for run_id in dict.fromkeys(bench.run_id for bench in benches):
            text = control.redactor(run_id)(text)
        return text

    def export_benches(self, benches: tuple[Bench, ...], path: str) -> str:
        import os

        from launcher.bench.export import FORMATS
        from launcher.errors import UsageError

        form = path.rpartition(".")[2].lower()
        if form not in FORMATS:
            raise UsageError("the name of the file says its form", fix="let it end with .csv, .md or .json")
        path = os.path.abspath(os.path.expanduser(path))
        text = self.bench_text(benches, form)
        try:
            with open(path, "x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise UsageError(f"{path} is there already", fix="choose another name") from None
        return path


def marks(run_folder: str, start_ms: int, end_ms: int) -> tuple[Event, ...]:
    """Begin and end of what was measured in a stretch of the history."""
    from launcher.bench.marks import marks as of_folder

    return of_folder(run_folder, start_ms, end_ms)
