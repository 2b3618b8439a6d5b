"""The benchmark tab: text, curves, form; the pane, its dialog and comparison with benchmarks that the test makes."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from detail_host import FakeSources, Host, until, until_text
from fake_fleet import ready_run
from rich.cells import cell_len
from screen_text import screen_text

from launcher.bench import compare
from launcher.bench.plan import Load, Plan
from launcher.bench.result import Bench, Latency, Point, Progress
from launcher.errors import UsageError
from launcher.runs.view import RunView
from tui.bench import curve, form, text
from tui.bench.pane import BenchPane

RUN = ready_run()
NOW = time.time()


def point(rate: float | None, tok_s: float, ttft: float, **more: Any) -> Point:
    """A load with figures that grow with it."""
    latency = Latency(ttft, ttft, ttft * 1.5, ttft * 1.8, ttft * 2, 0.01)
    figures: dict[str, Any] = {
        "duration_s": 10.0, "completed": int((rate or 20) * 10), "failed": 0, "request_rate": rate or 20.0,
        "output_rate": tok_s, "goodput": rate or 10.0, "ttft": latency, "itl": latency, "tpot": latency, "e2e": latency,
    }  # fmt: skip
    return Point(Load(rate), NOW, NOW + 10, 1, **{**figures, **more})


def bench(number: int, *points: Point, **more: Any) -> Bench:
    """A benchmark of RUN."""
    loads = more.pop("loads", None) or tuple(one.load for one in points) or (Load(4.0),)
    values: dict[str, Any] = {
        "status": "completed", "created": NOW - number, "model": "tiny", "engine": "0.33.0", "client": "vllm 0.33.0",
        "goals": (("ttft", 0.5),), "points": points,
    }  # fmt: skip
    return Bench(f"17000000000{number}", RUN.id, RUN.name, "/b", Plan(loads=loads), **{**values, **more})


SWEEP = bench(1, point(1.0, 100.0, 0.05), point(4.0, 380.0, 0.09), point(None, 800.0, 0.9))
FASTER = bench(2, point(1.0, 100.0, 0.04), point(4.0, 390.0, 0.05), point(None, 1600.0, 0.4), engine="0.34.0")
LIVE = bench(
    3, point(1.0, 100.0, 0.05), loads=(Load(1.0), Load(4.0)), status="running",
    progress=Progress(1, "measuring", 12, 32, 14.8),
)  # fmt: skip


# -- text


@pytest.mark.parametrize("width", [60, 76, 116, 200])
def test_everything_fits_the_width(width: int) -> None:
    for one in (SWEEP, LIVE, bench(4, status="failed", reason="x" * 300)):
        assert text.list_line(one, NOW, width).cell_length <= width
        assert text.progress(one, NOW, width).cell_length <= width
    rows = text.table(SWEEP.points, width).plain.rstrip("\n").split("\n")
    assert len(rows) == 4 and all(cell_len(row) <= width for row in rows)
    assert rows[0].startswith("load") and "tok/s" in rows[0] and "TTFT p50" in rows[0]
    assert ("TPOT p50" in rows[0]) == (width > 100)


def test_what_a_benchmark_says() -> None:
    points = (*SWEEP.points[:2], point(None, 1.0, 9.0, goodput=0.1, warnings=("other",)))
    said = text.detail(SWEEP._replace(points=points), 116).plain
    assert "◎ The goals hold up to 4 req/s" in said and "! all at once: other" in said
    failed = text.detail(bench(5, status="failed", reason="the \x1b[31mrun ended"), 116).plain
    assert "✖ failed: the run ended" in failed and "\x1b" not in failed
    line = text.progress(LIVE, NOW, 116).plain
    assert "12/32" in line and "load 2 of 2 (4 req/s)" in line
    ended = text.ended(bench(6, status="cancelled", reason="cancelled by request"))
    assert ended.startswith("The benchmark was cancelled")
    assert "800 tok/s" in text.ended(SWEEP)


# -- curves


def _plain(paper: curve.Paper, width: int, height: int) -> list[str]:
    return ["".join(piece.text for piece in line) for line in curve.draw(paper, width, height)]


@pytest.mark.parametrize("size", [(38, 14), (76, 20), (20, 6), (9, 3), (4, 2)])
@pytest.mark.parametrize("log", [False, True])
def test_a_curve_fits_its_room(size: tuple[int, int], log: bool) -> None:
    rows = _plain(curve.Paper("ttft", (SWEEP, FASTER), log), *size)
    assert len(rows) <= size[1]
    if size[0] > 30:
        assert all(cell_len(row) <= size[0] for row in rows[1:])
        shown = "\n".join(rows)
        assert all(mark in shown for mark in "●◆○◇"), "A and B differ without colours"
        assert any(name in shown for name in ("1/s", "4/s", "all")), "loads are named where there is room"


def test_nothing_to_draw_is_said() -> None:
    empty = bench(7, Point(Load(1.0), NOW, NOW + 1))
    assert "nothing was measured" in "\n".join(_plain(curve.Paper("itl", (empty,)), 60, 10))
    assert curve.curves(curve.Paper("e2e", ())) == []
    single = bench(8, point(2.0, 50.0, 0.1))
    assert "●" in "\n".join(_plain(curve.Paper("ttft", (single,)), 60, 10))


# -- the form


def test_what_is_typed_is_the_plan_again(tmp_path: Path) -> None:
    plan = Plan(
        prompts=50, input_len=1024, output_len=64, prefix_len=8, loads=(Load(1.0), Load(4.0), Load(None)), seed=3,
        client="vdeck", route="chat", label="before", warmups=2, goals=(("ttft", 0.5), ("itl", 0.05)), burstiness=2.0,
    )  # fmt: skip
    assert form.read(form.typed(plan), plan) == (plan, {})
    bounded = replace(plan, loads=(Load(None, 1), Load(None, 8)), goals=None, seed=None)
    assert form.read(form.typed(bounded), bounded) == (bounded, {})
    path = tmp_path / "s.json"
    path.write_text('[{"conversations": [{"value": "a b c d"}, {"value": "e f g h"}]}]')
    shared = Plan(dataset="sharegpt", path=str(path), output_len=None)
    assert form.read(form.typed(shared), shared) == (shared, {})
    assert form.duration_s(replace(plan, loads=(Load(1.0), Load(5.0)))) == 60.0 and form.duration_s(plan) is None


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("prompts", "many"), ("prompts", "0"), ("input_len", "-1"), ("rates", "fast"), ("rates", "4..1"), ("seed", "²"),
        ("concurrency", "0"), ("goals", "speed=1s"), ("goals", "ttft"), ("path", "/nowhere.json"), ("output_len", ""),
    ],
)  # fmt: skip
def test_wrong_fields_are_told_where_they_are(field: str, typed: str) -> None:
    plan, problems = form.read({**form.typed(Plan()), field: typed}, Plan())
    assert plan is None and field in problems


# -- the pane


class FakeBenches:
    """A BenchSources that notes what was asked for."""

    def __init__(self, *benches: Bench) -> None:
        self.found = benches
        self.asked: list[str] = []
        self.started: list[Plan] = []
        self.refusal: Exception | None = None

    def benches(self, run: RunView) -> tuple[Bench, ...]:
        return tuple(self.found)

    def everything(self) -> tuple[Bench, ...]:
        return tuple(self.found)

    def command(self, run: RunView, plan: Plan) -> str:
        return f"vllm bench serve --num-prompts {plan.prompts}"

    def start(self, run: RunView, plan: Plan) -> Bench:
        if self.refusal is not None:
            raise self.refusal
        self.started.append(plan)
        self.found = (LIVE, *self.found)
        return LIVE

    def cancel(self, bench: Bench) -> None:
        self.asked.append(f"cancel {bench.id}")
        ended = {"status": "cancelled", "reason": "by request", "progress": None}
        self.found = tuple(one._replace(**ended) if one.live else one for one in self.found)  # type: ignore[arg-type]

    def delete(self, bench: Bench) -> None:
        self.asked.append(f"delete {bench.id}")
        self.found = tuple(one for one in self.found if one.id != bench.id)

    def compare(self, a: Bench, b: Bench) -> compare.Comparison:
        return compare.compare(a, b)

    def markdown(self, benches: tuple[Bench, ...]) -> str:
        return f"| {len(benches)} |"

    def export(self, benches: tuple[Bench, ...]) -> str:
        self.asked.append(f"export {len(benches)}")
        return "/tmp/bench.csv"


def stage(*benches: Bench, run: RunView = RUN) -> tuple[Host, FakeBenches]:
    sources = FakeSources()
    sources.bench = FakeBenches(*benches)
    return Host(sources, run, "bench"), sources.bench


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_results_and_curves(size: tuple[int, int]) -> None:
    app, _ = stage(FASTER, SWEEP)
    async with app.run_test(size=size) as pilot:
        found = await until_text(pilot, "TTFT against output tok/s")
        assert ("1.6k tok/s" in found or size[0] < 100) and "✔" in found and "load" in found
        assert ("E2E against" in found) == (size[0] > 100)
        app.detail.focus_pane()
        await pilot.press("tab")
        await until_text(pilot, "ITL against output tok/s")


async def test_before_the_first_one_and_before_the_server_is_ready() -> None:
    app, _ = stage()
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "No benchmark yet. n measures this server")
    app, _ = stage(run=ready_run(ready=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "A benchmark needs a server that is ready.")


async def test_from_the_dialog_to_a_running_one_to_its_end() -> None:
    app, benches = stage(SWEEP)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_text(pilot, "TTFT against")
        app.detail.focus_pane()
        await pilot.press("n")
        await until_text(pilot, "vllm bench serve --num-prompts 100")
        await pilot.press("end", "ctrl+u", *"x", "ctrl+s")
        await until_text(pilot, "Prompts: a whole number, please")
        await pilot.press("backspace", *"64", "ctrl+s")
        await until_text(pilot, "12/32")
        assert benches.started[0].prompts == 64 and benches.started[0].loads == SWEEP.plan.loads
        await pilot.press("x")
        await until_text(pilot, "Cancel the benchmark?")
        await pilot.press("y")
        await until(pilot, lambda: benches.asked == [f"cancel {LIVE.id}"])
        await until(pilot, lambda: any("Benchmark cancelled" in note.message for note in app._notifications))


async def test_what_cannot_start_is_said() -> None:
    app, benches = stage(SWEEP)
    benches.refusal = UsageError("the run is not ready")
    async with app.run_test(size=(120, 40)) as pilot:
        await until_text(pilot, "TTFT against")
        app.detail.focus_pane()
        await pilot.press("r")
        await until(pilot, lambda: any("not ready" in note.message for note in app._notifications))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_two_are_compared(size: tuple[int, int]) -> None:
    app, _ = stage(FASTER, SWEEP)
    async with app.run_test(size=size) as pilot:
        await until_text(pilot, "TTFT against")
        app.detail.focus_pane()
        await pilot.press("down", "space", "up", "space")
        pane = app.query_one(BenchPane)
        assert pane.marks == (SWEEP.id, FASTER.id)
        await pilot.press("equals_sign")
        found = await until_text(pilot, "▲ better")
        assert "Not the same for both" in found and "0.34.0" in found
        await pilot.press("s")
        await until_text(pilot, "▼ worse")
        await pilot.press("c")
        assert "▼ worse" in app.copied[-1]
        await pilot.press("escape")
        await until(pilot, lambda: "Compare benchmarks" not in screen_text(app.screen))


async def test_one_is_compared_with_another_that_is_chosen() -> None:
    app, _ = stage(FASTER, SWEEP)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_text(pilot, "TTFT against")
        app.detail.focus_pane()
        await pilot.press("equals_sign")
        await until_text(pilot, "Compare with")
        await pilot.press("enter")
        await until_text(pilot, "Compare benchmarks")


async def test_copy_export_delete() -> None:
    app, benches = stage(FASTER, SWEEP)
    async with app.run_test(size=(120, 40)) as pilot:
        await until_text(pilot, "TTFT against")
        app.detail.focus_pane()
        await pilot.press("c")
        await until(pilot, lambda: app.copied == ["| 1 |"])
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "export 1" in benches.asked)
        await pilot.press("delete")
        await until_text(pilot, f"Delete the result {FASTER.id}?")
        await pilot.press("y")
        await until(pilot, lambda: benches.asked[-1] == f"delete {FASTER.id}")
        await until(pilot, lambda: app.query_one(BenchPane).benches == (SWEEP,))
