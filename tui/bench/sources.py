"""Where the benchmark tab's data comes from: one protocol, so that tests can stand in, and its real form.

Every method may block and is called in a thread. Raises VdeckError or OSError.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from launcher.bench.plan import Plan
from launcher.bench.result import Bench
from launcher.runs.view import RunView

if TYPE_CHECKING:
    from launcher.bench.compare import Comparison


class BenchSources(Protocol):
    """What the desk of the tab asks for."""

    def benches(self, run: RunView) -> tuple[Bench, ...]:
        """The benchmarks of a run, newest first."""
        ...

    def everything(self) -> tuple[Bench, ...]:
        """The benchmarks of all runs, newest first."""
        ...

    def command(self, run: RunView, plan: Plan) -> str:
        """The command line of the first load; or why there is none."""
        ...

    def start(self, run: RunView, plan: Plan) -> Bench:
        """Start it, as a process of its own."""
        ...

    def cancel(self, bench: Bench) -> None:
        """Ask it to end."""
        ...

    def delete(self, bench: Bench) -> None:
        """Remove its record."""
        ...

    def compare(self, a: Bench, b: Bench) -> Comparison:
        """b seen from a."""
        ...

    def markdown(self, benches: tuple[Bench, ...]) -> str:
        """For the clipboard."""
        ...

    def export(self, benches: tuple[Bench, ...]) -> str:
        """Write them into a new file; its path."""
        ...


class LiveBenchSources:
    """The real one. What is shown is masked: a label or an option may hold a secret."""

    def benches(self, run: RunView) -> tuple[Bench, ...]:
        from launcher.bench import store

        return self._masked(store.list_of(run.folder))

    def everything(self) -> tuple[Bench, ...]:
        from launcher.bench import store

        return self._masked(store.everything())

    def _masked(self, benches: tuple[Bench, ...]) -> tuple[Bench, ...]:
        from launcher.bench.masking import masked
        from launcher.runs import control

        masks = {run_id: control.redactor(run_id) for run_id in {bench.run_id for bench in benches}}
        return tuple(masked(bench, masks[bench.run_id]) for bench in benches)

    def command(self, run: RunView, plan: Plan) -> str:
        import shlex

        from launcher.bench import control
        from launcher.errors import VdeckError
        from launcher.runs import control as runs

        try:
            return runs.redactor(run.id)(shlex.join(control.command(run, plan)))
        except VdeckError as error:
            return error.sentence()

    def start(self, run: RunView, plan: Plan) -> Bench:
        from launcher.bench import control

        return control.start(run.id, plan)

    def cancel(self, bench: Bench) -> None:
        from launcher.bench import control

        control.cancel(bench)

    def delete(self, bench: Bench) -> None:
        from launcher.bench import store

        store.delete(bench)

    def compare(self, a: Bench, b: Bench) -> Comparison:
        from launcher.bench import compare

        return compare.compare(a, b)

    def markdown(self, benches: tuple[Bench, ...]) -> str:
        from launcher.bench import export

        return export.as_markdown(benches)

    def export(self, benches: tuple[Bench, ...]) -> str:
        from launcher.bench import export
        from launcher.chat import export as files

        return files.write(os.path.join(os.getcwd(), f"bench-{benches[0].id}.csv"), export.as_csv(benches))
