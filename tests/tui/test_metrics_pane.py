"""The metrics pane: layout, window, cursor, choice, zoom, what is not there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from detail_host import FakeSources, Host, many_panels, panel, two_panels, until, until_text, wave
from fake_fleet import Figures, ready_run, starting_run
from screen_text import screen_text
from textual.pilot import Pilot

from launcher.errors import VdeckError
from launcher.metrics.catalog import NO_VLLM, Charts
from tui.detail.chart import Chart
from tui.detail.chart_frame import LEFT
from tui.detail.chart_grid import ChartGrid
from tui.detail.metrics_pane import MetricsPane


def host(make: Any = many_panels, run: Any = None) -> tuple[Host, FakeSources]:
    sources = FakeSources()
    sources.make_charts = make
    return Host(sources, run or ready_run(), "metrics"), sources


async def entered(app: Host, pilot: Pilot[None], first: str = "Panel 0") -> MetricsPane:
    """The charts are there and the keys go to the pane."""
    await until_text(pilot, first)
    app.detail.focus_pane()
    pane = app.query_one(MetricsPane)
    await until(pilot, lambda: pane.has_focus and "┏━" in screen_text(app.screen))
    return pane


async def press(pilot: Pilot[None], *keys: str) -> str:
    for key in keys:
        await pilot.press(key)
    await pilot.pause()
    return screen_text(pilot.app.screen)


# -- layout


@pytest.mark.parametrize(
    ("size", "columns"), [((60, 24), 1), ((80, 24), 2), ((120, 40), 2), ((170, 55), 3), ((200, 60), 3)]
)
async def test_the_grid_follows_the_width(size: tuple[int, int], columns: int) -> None:
    app, _ = host()
    async with app.run_test(size=size) as pilot:
        await until_text(pilot, "Panel 0")
        charts = list(app.query(Chart))
        assert len({chart.region.x for chart in charts}) == columns
        assert all(10 <= chart.size.height <= 30 for chart in charts)
        for chart in charts:
            assert abs(Chart.plot_columns(chart.size.width) - app.query_one(MetricsPane).points) <= 4


async def test_whole_rows_fill_the_first_view() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        await until_text(pilot, "Panel 0")
        grid = app.query_one(ChartGrid)
        first = app.query(Chart).first()
        assert grid.size.height % first.size.height <= grid.size.height // first.size.height


async def test_what_the_server_has_not_gets_a_line_and_no_room() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(app, pilot)
        assert [chart.key for chart in app.query(Chart)] == [*(f"k{n}" for n in range(8)), "heat"]
        text = await press(pilot, "shift+tab")
        assert "not here: LoRA adapters (without --enable-lora) · Drafts (without --speculative-config)" in text


async def test_disabled_statistics_are_said_once_for_all() -> None:
    nothing = panel(key="kv", note=NO_VLLM, absent=True)
    app, sources = host(
        lambda start, end, points: Charts(start, end, (nothing,), note=NO_VLLM),
        ready_run(commands=("vllm serve tiny --disable-log-stats",)),
    )
    async with app.run_test(size=(80, 24)) as pilot:
        text = await until_text(pilot, "--disable-log-stats")
        assert "it counts nothing" in text and not app.query(Chart)
        sources.make_charts = two_panels
        assert "counts nothing" not in await until_text(pilot, "Throughput")


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (starting_run(), "Charts begin when the server answers"),
        (ready_run(), "Nothing was recorded yet"),
        (ready_run(status="failed", ready=False), "the server of this run never answered"),
    ],
)
async def test_no_history_is_explained(run: Any, why: str) -> None:
    app, sources = host(lambda start, end, points: None, run)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, why)
        sources.make_charts = two_panels
        text = await until_text(pilot, "Throughput")
        assert why not in text


async def test_hostile_names_are_only_text() -> None:
    name = "[/][bold]\x1b[31m漢字\n\u202e"
    app, _ = host(
        lambda start, end, points: Charts(
            start, end, (
                panel(wave(name, start, end, points, 1.0), key=name, title=name, unit=name),
                panel(key="gone", title=name, note=name, absent=True),
            ),
        ),
        ready_run(health="saturated", advice=name, missed=(name,)),
    )  # fmt: skip
    async with app.run_test(size=(100, 30)) as pilot:
        text = await until_text(pilot, "[/][bold]漢字")
        assert "\x1b" not in text and "\u202e" not in text and "saturated" in text
        app.detail.focus_pane()
        await press(pilot, "left", "enter", "h", "l", "escape", "escape")


async def test_a_fault_of_the_reader_is_told_and_the_pane_goes_on() -> None:
    app, sources = host(two_panels)
    sources.error = VdeckError("the history is damaged", fix="delete it")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: any("the history is damaged" in note.message for note in app._notifications))


# -- the window


async def test_windows_and_pause() -> None:
    app, sources = host(two_panels)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await entered(app, pilot, "[5m]")
        seen = []
        for key in (*["left_square_bracket"] * 2, *["right_square_bracket"] * 6):
            seen.append(re.search(r"\[(\w+)\]", await press(pilot, key))[1])  # type: ignore[index]
        assert seen == ["1m", "1m", "5m", "15m", "1h", "6h", "24h", "24h"]
        await until(pilot, lambda: sources.asked and 86000 <= int(sources.asked[-1].split()[1]) <= 86400)
        assert "⏸" in await press(pilot, "p") and not pane.window.live
        assert "● live" in await press(pilot, "p") and pane.window.live


async def test_a_held_window_is_not_read_again() -> None:
    app, sources = host(two_panels)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await entered(app, pilot, "Throughput")
        await press(pilot, "p")
        rounds, window_now = 0, pane.window_now

        def counted(now: float, *, ended: float | None) -> tuple[int, int]:
            nonlocal rounds
            rounds += 1
            return window_now(now + rounds * 86_400, ended=ended)

        pane.window_now = counted  # type: ignore[method-assign]
        before = len(sources.asked)
        await until(pilot, lambda: rounds > 3)
        assert len(sources.asked) == before
        await press(pilot, "left_square_bracket")
        await until(pilot, lambda: len(sources.asked) > before)
        assert "⏸" in screen_text(app.screen)
        await press(pilot, "end")
        assert "● live" in screen_text(app.screen)


async def test_earlier_and_later() -> None:
    app, _ = host(two_panels)
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await entered(app, pilot, "Throughput")
        end = pane.window.shown[1]
        chart = app.query(Chart).first()
        await press(pilot, "less_than_sign", "less_than_sign")
        assert pane.window.held_ms == end - 300_000
        await until(pilot, lambda: chart.scene is not None and chart.scene.end_ms == end - 300_000)
        await press(pilot, "greater_than_sign")
        assert pane.window.held_ms == end - 150_000
        await press(pilot, "greater_than_sign", "greater_than_sign")
        assert pane.window.live


async def test_the_head_can_be_clicked() -> None:
    app, _ = host(two_panels)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot, "Throughput")
        line = next(line for line in screen_text(app.screen).split("\n") if "[5m]" in line)
        await pilot.click("#metrics-head", offset=(line.index("15m"), 0))
        assert "[15m]" in screen_text(app.screen)
        await pilot.click("#metrics-head", offset=(line.index("live"), 0))
        assert not pane.window.live


# -- the cursor


async def test_one_cursor_reads_all_charts() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot)
        await press(pilot, "p")
        start, end = pane.window.shown
        text = await press(pilot, "left")
        assert pane.cursor == end and "┃" in text and " ago" in text
        charts = list(app.query(Chart))
        assert all(chart._cursor == end for chart in charts)
        await press(pilot, "left")
        step = (end - start) / (pane.points - 1)
        assert pane.cursor == pytest.approx(end - step, abs=1)
        await press(pilot, "shift+left")
        assert pane.cursor == pytest.approx(end - 11 * step, abs=1)
        await press(pilot, "right", "shift+right", "shift+right")
        assert pane.cursor == end
        await press(pilot, *["shift+left"] * 40)
        assert pane.cursor == start
        assert {"a x 2.5 ø2.5 ^5"} == {chart.text().split("\n")[1].strip("│┃ ") for chart in charts[:4]}
        assert "┃" not in (await press(pilot, "escape")).split("\n")[1] and pane.cursor is None
        assert app.left == 0


async def test_esc_leaves_the_pane_when_there_is_nothing_else_to_leave() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(app, pilot)
        await press(pilot, "left", "enter", "escape", "escape")
        assert app.left == 0
        await press(pilot, "escape")
        assert app.left == 1


async def test_the_mouse_shows_and_keeps_the_cursor() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot)
        await press(pilot, "p")
        await pilot.hover(Chart, offset=(LEFT + 4, 5))
        assert pane.cursor is not None and not pane.cursor_kept
        await pilot.hover("#metrics-head")
        assert pane.cursor is None
        await pilot.click(Chart, offset=(LEFT + 4, 5))
        kept = pane.cursor
        assert kept is not None and pane.cursor_kept
        await pilot.hover(Chart, offset=(LEFT + 20, 5))
        assert pane.cursor == kept
        await press(pilot, "escape")
        assert pane.cursor is None


async def test_a_cursor_that_the_window_leaves_is_gone() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot)
        await press(pilot, "left")
        assert pane.cursor is not None
        await press(pilot, *["less_than_sign"] * 4)
        await until(pilot, lambda: pane.cursor is None)


# -- the choice and the zoom


async def test_the_chosen_chart_moves_and_stays_in_view() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot)
        grid = pane.grid
        assert grid.chosen == "k0"
        seen = []
        for key in ("tab", "down", "down", "up", "shift+tab", "up", "up"):
            await press(pilot, key)
            seen.append(grid.chosen)
        assert seen == ["k1", "k3", "k5", "k3", "k2", "k0", "k0"]
        text = await press(pilot, "shift+tab")
        assert grid.chosen == "heat" and "┏━ Prompt length" in text
        await press(pilot, "tab")
        assert grid.chosen == "k0" and grid.scroll_offset.y == 0
        await press(pilot, "pagedown")
        assert grid.scroll_offset.y > 0
        await press(pilot, "pageup")
        assert grid.scroll_offset.y == 0


async def test_the_frame_is_there_only_while_the_keys_go_to_the_pane() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        await entered(app, pilot)
        app.screen.set_focus(None)
        await until(pilot, lambda: "┏" not in screen_text(app.screen))
        await entered(app, pilot)


async def test_one_chart_takes_the_whole_pane() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot)
        narrow = pane.points
        text = await press(pilot, "tab", "enter")
        await until(pilot, lambda: pane.points > narrow + 80)
        assert "Panel 1" in text and "Panel 0" not in text and "not here" not in text
        assert all(word in text for word in ("now", "min", "mean", "max"))
        chart = app.query(Chart)[1]
        assert chart.size.height == pane.grid.size.height
        await until(pilot, lambda: chart.panel is not None and len(chart.panel.series[0].values) == pane.points)
        await press(pilot, "down")
        assert pane.grid.zoomed == "k2" and "Panel 2" in screen_text(app.screen)
        text = await press(pilot, "escape")
        assert pane.grid.zoomed is None and "┏━ Panel 2" in text and "Panel 0" in text
        await press(pilot, "z")
        assert pane.grid.zoomed == "k2"
        await press(pilot, "z")
        assert pane.grid.zoomed is None


async def test_a_double_click_zooms_and_a_click_chooses() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot)
        await pilot.click(app.query(Chart)[3], offset=(20, 0))
        assert pane.grid.chosen == "k3"
        await pilot.click(app.query(Chart)[1], offset=(20, 0), times=2)
        assert pane.grid.zoomed == "k1"


async def test_what_was_done_to_a_chart_outlives_new_data_and_other_panels() -> None:
    app, sources = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot)
        await press(pilot, "l")
        chart = pane.grid.charts["k0"]
        scene = chart.scene
        await press(pilot, "right_square_bracket")
        await until(pilot, lambda: chart.scene != scene)
        assert chart.scene is not None and chart.scene.log is True
        sources.make_charts = lambda start, end, points: Charts(
            start, end, many_panels(start, end, points).panels[:3][::-1]
        )
        await press(pilot, "left_square_bracket")  # else they come only when the window has moved on by a dot
        await until(pilot, lambda: list(pane.grid.charts) == ["k2", "k1", "k0"])
        await until(pilot, lambda: "Panel 0 req log" in screen_text(app.screen))
        assert pane.grid.chosen == "k0"
        assert [child.key for child in pane.grid.query(Chart)] == ["k2", "k1", "k0"]


async def test_another_run_takes_the_widgets_and_nothing_else() -> None:
    app, sources = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot)
        await press(pilot, "l", "left")
        before = dict(pane.grid.charts)
        sources.make_charts = lambda start, end, points: None
        app.detail.set_run(ready_run("369367189199", "other"))
        assert pane.grid.charts == {}
        assert not any(chart.scene for chart in before.values()), "empty, in their places, until it is known"
        await until(pilot, lambda: not any(chart.display for chart in before.values()))
        sources.make_charts = many_panels
        await press(pilot, "left_square_bracket")
        await until(pilot, lambda: len(pane.grid.charts) == 9)
        assert dict(pane.grid.charts) == before
        await until(pilot, lambda: "Panel 0 req" in screen_text(app.screen))
        assert "Panel 0 req log" not in screen_text(app.screen)
        assert pane.cursor is None and all(chart.display for chart in pane.grid.charts.values())


async def test_another_run_begins_anew() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await entered(app, pilot)
        await press(pilot, "tab", "enter", "left", "p")
        app.detail.set_run(ready_run("369367189199", "other"))
        await until(pilot, lambda: len(pane.grid.charts) == 9)
        assert pane.window.live and pane.cursor is None and pane.grid.zoomed is None and pane.grid.chosen == "k0"


# -- how the run is


async def test_the_advice_is_there_only_when_something_is_wrong() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        await until_text(pilot, "Panel 0")
        line = app.query_one("#metrics-advice")
        assert not line.display
        app.snapshot(ready_run(health="saturated", advice="Raise --max-num-seqs.", missed=("ttft",)), Figures())
        text = await until_text(pilot, "saturated: Raise --max-num-seqs.")
        assert "◉ goal missed: TTFT" in text
        app.snapshot(ready_run(), Figures())
        await until(pilot, lambda: not line.display)


async def test_figures_reach_the_head() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        await until_text(pilot, "Panel 0")
        app.snapshot(ready_run(), Figures(gen_tps=812.0, running=3.0, kv=0.41))
        await until_text(pilot, "tok/s 812  run/wait 3/-  KV 41 %")
