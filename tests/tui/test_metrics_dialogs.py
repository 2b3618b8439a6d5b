"""The list of all metrics and the goals dialog, over the metrics pane."""

from __future__ import annotations

from typing import Any

import pytest
from detail_host import FakeSources, Host, two_panels, until, until_text
from fake_fleet import ready_run
from screen_text import screen_text
from textual.pilot import Pilot
from textual.widgets import Input

from launcher.errors import VdeckError
from launcher.metrics.families import Family
from launcher.metrics.goals import Goal
from tui.detail.metrics_pane import MetricsPane
from tui.screens.goals import GoalsScreen
from tui.screens.metric_list import MetricList

FAMILIES = (
    Family("vllm:num_requests_running", "gauge", "Number of requests in model execution batches.", 1, 3.0, ""),
    Family("vllm:prompt_tokens_total", "counter", "Number of prefill tokens processed.", 2, 812.0, "tok/s"),
    Family("[/][@click=app.quit]\x1b[31m漢字", "untyped", "[bold]\u202ehelp[/]", 1, None, ""),
)


async def opened(app: Host, pilot: Pilot[None], key: str, screen: type[Any]) -> MetricsPane:
    await until_text(pilot, "Throughput")
    app.detail.focus_pane()
    pane = app.query_one(MetricsPane)
    await until(pilot, lambda: pane.has_focus)
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, screen))
    return pane


def host() -> tuple[Host, FakeSources]:
    sources = FakeSources()
    sources.found_families = FAMILIES
    return Host(sources, ready_run(), "metrics"), sources


# -- all metrics


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_list_shows_every_family(size: tuple[int, int]) -> None:
    app, _ = host()
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot, "m", MetricList)
        text = await until_text(pilot, "vllm:prompt_tokens_total")
        assert "812 tok/s" in text and "[/][@click=app.quit]漢字" in text and "gauge, 1 series." in text
        assert "\x1b" not in text and "\u202e" not in text
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, MetricList))


async def test_typing_searches_and_enter_charts_it() -> None:
    app, sources = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await opened(app, pilot, "m", MetricList)
        await until_text(pilot, "vllm:prompt_tokens_total")
        await pilot.press(*"prefill")
        await until(pilot, lambda: "num_requests" not in screen_text(app.screen))
        await pilot.press("enter")
        assert "✔ vllm:prompt_tokens_total" in await until_text(pilot, "✔")
        assert pane.extras == ("vllm:prompt_tokens_total",)
        await until(pilot, lambda: sources.kept == pane.extras)
        await pilot.press("escape")
        await until_text(pilot, "─ vllm:prompt_tokens_total ─")
        assert next(iter(pane.grid.charts)) == "metric:vllm:prompt_tokens_total"


async def test_a_second_enter_and_delete_take_it_away_again() -> None:
    app, sources = host()
    sources.kept = ("vllm:num_requests_running",)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await opened(app, pilot, "m", MetricList)
        await until_text(pilot, "✔ vllm:num_requests_running")
        await pilot.press("enter")
        assert pane.extras == ()
        await pilot.press("down", "enter", "delete", "delete")
        assert pane.extras == ()
        await pilot.press("up", "enter", "escape")
        await until(pilot, lambda: sources.kept == ("vllm:num_requests_running",))
        await until(pilot, lambda: "metric:vllm:num_requests_running" in pane.grid.charts)
        pane.grid.choose("metric:vllm:num_requests_running")
        await pilot.press("delete")
        await until(pilot, lambda: sources.kept == () and list(pane.grid.charts) == ["tokens", "ttft"])


async def test_a_click_charts_too() -> None:
    app, _ = host()
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await opened(app, pilot, "m", MetricList)
        await until_text(pilot, "vllm:prompt_tokens_total")
        await pilot.click("#metric-options", offset=(10, 1))
        await until(pilot, lambda: pane.extras == ("vllm:prompt_tokens_total",))


async def test_values_go_on_while_the_list_is_open_and_the_place_is_kept() -> None:
    app, sources = host()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot, "m", MetricList)
        await until_text(pilot, "812 tok/s")
        await pilot.press("down")
        sources.found_families = (*(family._replace(current=5.0) for family in FAMILIES), FAMILIES[0])
        screen = app.screen
        assert isinstance(screen, MetricList)
        screen.show(sources.found_families)
        await until_text(pilot, "5 tok/s")
        assert "counter, 2 series. " in screen_text(app.screen)


async def test_an_empty_list_says_why() -> None:
    app, sources = host()
    sources.found_families = ()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot, "m", MetricList)
        await until_text(pilot, "nothing was recorded yet")
        await pilot.press("enter", "delete", "down", "pagedown")
        screen = app.screen
        assert isinstance(screen, MetricList)
        screen.show(FAMILIES)
        await pilot.press(*"zzz")
        await until_text(pilot, "nothing matches")


# -- goals


def fields(app: Host) -> list[str]:
    return [field.value for field in app.screen.query(Input)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_goals_are_shown_and_set(size: tuple[int, int]) -> None:
    app, sources = host()
    sources.found_goals = (Goal("ttft", 0.5, 0.99), Goal("e2e", 60.0))
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot, "g", GoalsScreen)
        await until_text(pilot, "Goals of vllm-server")
        assert fields(app) == ["500ms", "99%", "", "", "60s", "95%"]
        await pilot.press("tab", "tab", *"50ms", "down", *"99.9%", "enter")
        await until(pilot, lambda: len(sources.found_goals) == 3)
        assert sources.found_goals == (Goal("ttft", 0.5, 0.99), Goal("itl", 0.05, 0.999), Goal("e2e", 60.0))
        before = len([asked for asked in sources.asked if asked.startswith("charts")])
        await until(pilot, lambda: len([a for a in sources.asked if a.startswith("charts")]) > before)


async def test_goals_left_alone_are_not_written() -> None:
    app, sources = host()
    sources.found_goals = (Goal("ttft", 0.5),)
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("escape", "enter"):
            await opened(app, pilot, "g", GoalsScreen)
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(app.screen, GoalsScreen))
        assert "set goals" not in sources.asked


async def test_what_is_typed_wrong_stays_and_is_told() -> None:
    app, sources = host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "g", GoalsScreen)
        await pilot.press(*"fast", "tab", "tab", *"1s", "tab", *"[/]", "enter")
        text = await until_text(pilot, "TTFT: a limit is a time")
        assert "ITL: a share is" in text and fields(app) == ["fast", "", "1s", "[/]", "", ""]
        assert app.screen.focused is app.screen.query_one("#limit-ttft")
        await pilot.press("backspace")
        await until(pilot, lambda: "a limit is a time" not in screen_text(app.screen))
        assert "set goals" not in sources.asked


async def test_a_goal_is_taken_away_with_its_limit() -> None:
    app, sources = host()
    sources.found_goals = (Goal("ttft", 0.5),)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "g", GoalsScreen)
        app.screen.query_one("#limit-ttft", Input).value = ""
        await pilot.click("#goals-save")
        await until(pilot, lambda: sources.found_goals == ())


async def test_goals_that_cannot_be_written_are_told() -> None:
    app, sources = host()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "g", GoalsScreen)
        sources.fault = VdeckError("the goals cannot be written: no space", fix="free space on the disk")
        await pilot.press(*"1s", "enter")
        await until(pilot, lambda: any("no space" in note.message for note in app._notifications))
        await pilot.click(app.query_one("#metrics-head"))
        sources.fault = OSError(5, "Input/output error")
        await pilot.press("m")
        await until(pilot, lambda: any("Input/output error" in note.message for note in app._notifications))


async def test_the_dialogs_are_not_opened_before_there_is_a_run() -> None:
    app = Host(FakeSources(), None, "metrics")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "No run is chosen.")
        app.detail.focus_pane()
        await pilot.press("m", "g", "left", "enter", "tab", "down", "less_than_sign", "h", "l", "delete")
        assert not isinstance(app.screen, (MetricList, GoalsScreen))


async def test_charts_go_on_below_an_open_dialog() -> None:
    app, sources = host()
    sources.make_charts = two_panels
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await opened(app, pilot, "m", MetricList)
        pane.action_window(0)
        await until(pilot, lambda: any(asked == "charts 59" or asked == "charts 60" for asked in sources.asked))
