"""Charts and the metrics pane."""

from __future__ import annotations

import re
from typing import Any

import pytest
from detail_host import FakePanel, FakeSeries, FakeSources, Host, two_panels, until, until_text, wave
from fake_fleet import Figures, ready_run, starting_run
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from screen_text import screen_text
from textual.app import App, ComposeResult

from tui.detail import chart_text
from tui.detail.chart import Chart
from tui.detail.metrics_pane import WINDOWS, MetricsPane, headline

NAN = float("nan")


def series(name: str, *values: float | None, current: float | None = None) -> FakeSeries:
    known = [value for value in values if value is not None]
    mean = sum(known) / len(known) if known else None
    return FakeSeries(name, tuple(range(len(values))), values, current, mean, max(known, default=None))


def panel(*lines: FakeSeries, unit: str = "s", note: str | None = None, title: str = "Latency") -> Any:
    return FakePanel("key", title, unit, lines, note)


def words(lines: list[list[chart_text.Piece]]) -> list[str]:
    return ["".join(piece.text for piece in line) for line in lines]


THREE = panel(*(series(name, 0.1, 0.3, current=0.2) for name in ("p50", "p95", "p99")))


@pytest.mark.parametrize(
    ("width", "lines", "wanted"),
    [
        (120, 3, ["a p50 200 ms (200 ms) ^300 ms   b p95 200 ms (200 ms) ^300 ms   c p99 200 ms (200 ms) ^300 ms"]),
        (40, 3, [f"{name} 200 ms (200 ms) ^300 ms" for name in ("a p50", "b p95", "c p99")]),
        (45, 2, ["a p50 200 ms (200 ms)   b p95 200 ms (200 ms)", "c p99 200 ms (200 ms)"]),
        (44, 1, ["a p50 200 ms   b p95 200 ms   c p99 200 ms"]),
        (30, 1, ["a p50 200 ms   b p95 200 ms +1"]),
    ],
)  # fmt: skip
def test_a_legend_shows_as_much_as_fits(width: int, lines: int, wanted: list[str]) -> None:
    assert words(chart_text.legend(THREE, width, lines)) == wanted


def test_a_legend_without_values_or_lines() -> None:
    assert words(chart_text.legend(panel(series("x", None)), 60, 3)) == ["a x - (-) ^-"]
    assert chart_text.legend(THREE, 60, 0) == []
    assert chart_text.legend(panel(), 60, 3) == []


@given(st.integers(1, 150), st.integers(1, 4), st.integers(1, 30))
def test_any_legend_keeps_its_lines_and_counts_what_it_drops(width: int, lines: int, count: int) -> None:
    made = chart_text.legend(panel(*(series(f"s{n}", 1.0, current=1.0) for n in range(count))), width, lines)
    assert 1 <= len(made) <= lines
    shown = sum(piece.series != chart_text.NO_SERIES for line in made for piece in line)
    dropped = re.search(r" \+(\d+)$", words(made)[-1])
    assert shown + (int(dropped[1]) if dropped else 0) == count


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0, "s", "0"), (0.25, "s", "250 ms"), (2.5, "s", "2.5 s"), (50, "%", "50 %"), (7200, "tok/s", "7.2k")],
)
def test_axis_labels(value: float, unit: str, text: str) -> None:
    assert chart_text.axis_label(value, unit) == text


def test_y_labels_stand_at_their_rows() -> None:
    assert chart_text.y_labels((0.0, 0.5, 1.0), 5, 1.0, "s") == [
        "    1 s ┤", "        │", " 500 ms ┤", "        │", "      0 ┤",
    ]  # fmt: skip


def test_letters_stand_where_the_lines_end_and_never_on_each_other() -> None:
    assert chart_text.end_letters([[1.0], [0.0]], 4, 1.0) == [0, -1, -1, 1]
    assert sorted(chart_text.end_letters([[0.5], [0.5], [0.5]], 4, 1.0)) == [-1, 0, 1, 2]
    assert chart_text.end_letters([[None], [1.0, None, None, None]], 2, 1.0) == [-1, -1]
    assert chart_text.end_letters([[1.0]] * 5, 2, 1.0).count(-1) == 0


class ChartApp(App[None]):
    CSS_PATH = Host.CSS_PATH

    def __init__(self, shown: Any, width: int, height: int, times: tuple[int, int] = (0, 300_000)) -> None:
        super().__init__()
        self.chart = Chart(classes="chart")
        self._shown, self._box, self._times = shown, (width, height), times

    def compose(self) -> ComposeResult:
        yield self.chart

    def on_mount(self) -> None:
        self.chart.styles.width, self.chart.styles.height = self._box
        self.chart.show(self._shown, *self._times)


async def painted(shown: Any, width: int = 40, height: int = 10, **kwargs: Any) -> str:
    app = ChartApp(shown, width, height, **kwargs)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        return app.chart.text()


async def test_a_chart_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        ramp = series("up", *(index / 57 for index in range(58)), current=1.0)
        flat = series("flat", *([0.25] * 20 + [None] * 18 + [0.25] * 20), current=0.25)
        assert await painted(panel(ramp, flat)) == "\n".join([
            " Latency",
            "    1 s ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⢀⡠⠤⠒⠉ a",
            "        │⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⢀⡠⠤⠒⠉⠁⠀⠀⠀⠀",
            " 500 ms ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⢀⡠⠤⠒⠉⠁⠀⠀⠀⠀⠀⠀⠀⠀⠀",
            "        │⠀⠀⠀⠀⠀⠀⠀⠀⠀⢀⣀⠤⠒⠊⠁⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀",
            "        │⠒⠒⠒⠒⢒⣒⠶⠒⠚⠓⠀⠀⠀⠀⠀⠀⠀⠀⠀⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒ b",
            "      0 ┤⣀⠤⠒⠊⠁⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀",
            "         00:00    00:02      00:04",
            " a up 1 s (500 ms) ^1 s",
            " b flat 250 ms (250 ms) ^250 ms",
        ])  # fmt: skip
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_an_empty_chart_says_why() -> None:
    text = await painted(panel(note="no request got a token [yet]"))
    assert "Latency" in text and "no request got a token [yet]" in text
    assert "Nothing was measured" in await painted(panel())


@pytest.mark.parametrize("size", [(4, 1), (9, 2), (12, 3), (20, 4), (30, 5), (79, 24)])
async def test_any_size_paints(size: tuple[int, int]) -> None:
    text = await painted(panel(series("x", 1.0, None, NAN, 3.0), series("漢字" * 20, 2.0)), *size)
    lines = text.split("\n")
    assert len(lines) <= size[1] and all(cell_len(line) <= size[0] for line in lines)


async def test_percent_axes_always_go_to_hundred() -> None:
    text = await painted(panel(series("KV", *([0.3] * 58), current=0.3), unit="%"))
    assert "100 % ┤" in text and "a KV 0.3 % (0.3 %) ^0.3 %" in text


async def test_series_differ_by_colour_and_a_theme_change_paints_anew() -> None:
    app = ChartApp(panel(series("x", *([1.0] * 58)), series("y", *([0.2] * 58))), 40, 10)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()

        def colours() -> list[Any]:
            segments = [segment for y in range(10) for segment in app.chart.render_line(y)]
            return [segment.style.color for segment in segments if segment.text in ("a", "b") and segment.style]

        dark = colours()
        assert len(set(dark)) == 2
        app.theme = "textual-light"
        await until(pilot, lambda: colours() != dark)


async def test_an_equal_picture_is_not_painted_again() -> None:
    app = ChartApp(THREE, 40, 10)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        strips = app.chart._strips
        app.chart.show(THREE, 0, 300_000)
        assert app.chart._strips is strips is not None
        app.chart.show(THREE, 0, 300_001)
        assert app.chart._strips is None


# -- the pane


@pytest.mark.parametrize(("size", "columns"), [((60, 24), 1), ((80, 24), 2), ((120, 40), 2), ((180, 50), 3)])
async def test_the_grid_follows_the_width(size: tuple[int, int], columns: int) -> None:
    app = Host(FakeSources(), ready_run(), "metrics")
    async with app.run_test(size=size) as pilot:
        await until_text(pilot, "Throughput")
        charts = list(app.query(Chart))
        assert len({chart.region.x for chart in charts}) == min(columns, len(charts))
        assert all(10 <= chart.size.height <= 30 for chart in charts)
        for chart in charts:
            assert abs(Chart.plot_columns(chart.size.width) - app.query_one(MetricsPane).points) <= 4


async def test_many_panels_scroll() -> None:
    sources = FakeSources()
    sources.make_panels = lambda start, end, points: tuple(
        FakePanel(f"k{n}", f"Panel {n}", "req", (wave("x", start, end, points, 5.0),)) for n in range(8)
    )
    app = Host(sources, ready_run(), "metrics")
    async with app.run_test(size=(80, 24)) as pilot:
        text = await until_text(pilot, "Panel 3")
        assert "Panel 7" not in text
        app.detail.focus_pane()
        await pilot.pause()
        await pilot.press("end")
        await until_text(pilot, "Panel 7")


async def test_windows_and_pause() -> None:
    sources = FakeSources()
    app = Host(sources, ready_run(), "metrics")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "[5m]")
        app.detail.focus_pane()
        await pilot.pause()
        seen = []
        for key in (*["left_square_bracket"] * 2, *["right_square_bracket"] * 6):
            await pilot.press(key)
            await pilot.pause()
            seen.append(re.search(r"\[(\w+)\]", screen_text(app.screen))[1])  # type: ignore[index]
        assert seen == ["1m", "1m", "5m", "15m", "1h", "6h", "24h", "24h"]
        await until(pilot, lambda: sources.asked and 86000 <= int(sources.asked[-1].split()[1]) <= 86400)
        await pilot.press("p")
        await until_text(pilot, "paused")
        pane, before, rounds = app.query_one(MetricsPane), len(sources.asked), 0
        window_now = pane.window_now

        def counted(now: float, *, ended: float | None) -> tuple[int, int]:
            nonlocal rounds
            rounds += 1
            return window_now(now + rounds * 86_400, ended=ended)

        pane.window_now = counted  # type: ignore[method-assign]
        await until(pilot, lambda: rounds > 3)
        assert len(sources.asked) == before
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: len(sources.asked) > before)
        assert "paused" not in screen_text(app.screen)


async def test_the_end_of_the_window_moves_in_whole_columns() -> None:
    app = Host(FakeSources(), ready_run(), "metrics")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Throughput")
        pane = app.query_one(MetricsPane)
        step = pane.window_s * 1000 // (pane.points - 1)
        for now in (1_795_000_000.0, 1_795_000_003.3):
            start, end = pane.window_now(now, ended=None)
            assert end % step == 0 and end <= now * 1000 < end + step + 1001
            assert end - start == step * (pane.points - 1)
        _, end = pane.window_now(1_795_000_000.0, ended=1_794_000_000.0)
        assert end <= 1_794_000_005_000
        pane.window = len(WINDOWS) - 1  # 24 h: a dot column is a quarter of an hour, but the newest figures are there
        assert pane.window_now(1_795_000_003.3, ended=None)[1] > 1_795_000_003_300 - 11_001


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (starting_run(), "Charts begin when the server answers"),
        (ready_run(), "Nothing was recorded yet"),
        (ready_run(status="failed", ready=False), "the server of this run never answered"),
    ],
)
async def test_no_history_is_explained(run: Any, why: str) -> None:
    sources = FakeSources()
    sources.make_panels = lambda start, end, points: None
    app = Host(sources, run, "metrics")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, why)
        sources.make_panels = two_panels
        text = await until_text(pilot, "Throughput")
        assert why not in text


def test_the_headline() -> None:
    figures: Any = Figures(gen_tps=812.0, running=3, waiting=None, kv=0.41, ttft_p95=0.2)
    assert headline(figures, 2, paused=True).plain.split() == [
        "tok/s", "812", "run/wait", "3/-", "KV", "41", "%", "TTFT", "p95", "200", "ms", "[15m]", "⏸", "paused", "(p)",
    ]  # fmt: skip
    assert headline(None, 1, paused=False).plain.startswith("tok/s -  run/wait -")
    assert headline(figures, 2, paused=False).plain.endswith(" 1m  5m [15m] 1h  6h  24h ")
    assert len(headline(figures, 2, paused=False).plain) <= 78
