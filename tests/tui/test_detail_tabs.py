"""The detail area as a whole: tabs, focus, feeds that start and stop, hostile names."""

from __future__ import annotations

import pytest
from detail_host import FakeLog, FakeSources, Host, until, until_text
from fake_fleet import Figures, ready_run, starting_run
from screen_text import screen_text

from launcher.errors import VdeckError
from tui.actions import all_actions
from tui.detail.actions import DETAIL_ACTIONS, bindings
from tui.detail.controller import FEED_GROUP
from tui.detail.tab_strip import TABS

SIZES = [(80, 24), (120, 40)]


def feeds(app: Host) -> int:
    """Live feeds of the detail area."""
    return sum(1 for worker in app.detail.workers if worker.group == FEED_GROUP and not worker.is_finished)


@pytest.mark.parametrize("size", SIZES)
async def test_every_tab_opens_and_paints(size: tuple[int, int]) -> None:
    sources = FakeSources()
    app = Host(sources, ready_run())
    async with app.run_test(size=size) as pilot:
        text = await until_text(pilot, "Ready for")
        assert text.split("\n")[0].split() == [
            "1",
            "Overview",
            "2",
            "Metrics",
            "3",
            "Logs",
            "4",
            "Chat",
            "5",
            "Bench",
            "6",
            "Events",
        ]
        for tab, wanted in (
            ("metrics", "Throughput"), ("logs", "No output yet"), ("chat", "enter sends"), ("events", "What happened"),
        ):  # fmt: skip
            app.detail.open_tab(tab)
            await until_text(pilot, wanted)
            assert app.detail.active == tab and app.detail.pane is not None
            assert [pane.display for pane in app.detail.query("Pane")].count(True) == 1
            assert feeds(app) <= 1


async def test_a_click_opens_a_tab_and_an_unknown_name_does_nothing() -> None:
    app = Host(FakeSources(), ready_run())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Ready for")
        await pilot.click("#tab-logs")
        await until_text(pilot, "No output yet")
        app.detail.open_tab("nonsense")
        assert app.detail.active == "logs"


async def test_without_a_run_every_tab_says_so() -> None:
    app = Host(FakeSources(), None)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "No run is chosen")
        for tab in ("metrics", "logs", "chat"):
            app.detail.open_tab(tab)
            await until_text(pilot, "No run is chosen")
        assert feeds(app) == 0


async def test_only_the_visible_pane_is_fed() -> None:
    sources = FakeSources()
    app = Host(sources, ready_run(), "logs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: sources.log.polls > 1)
        app.detail.open_tab("events")
        await until(pilot, lambda: "events" in sources.asked)
        polls = sources.log.polls
        sources.asked.clear()
        await until(pilot, lambda: "events" in sources.asked)
        assert sources.log.polls <= polls + 1
        assert feeds(app) == 1


async def test_another_run_replaces_the_feed_and_the_picture() -> None:
    sources = FakeSources()
    sources.log.add("of the first run")
    app = Host(sources, ready_run(), "logs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "of the first run")
        sources.log = FakeLog(["of the second run"])
        app.detail.set_run(starting_run())
        text = await until_text(pilot, "of the second run")
        assert "of the first run" not in text
        assert feeds(app) == 1
        app.detail.set_run(None)
        await until(pilot, lambda: feeds(app) == 0)
        await until_text(pilot, "No run is chosen")


async def test_a_newer_picture_of_the_same_run_keeps_the_feed() -> None:
    sources = FakeSources()
    app = Host(sources, starting_run())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "loading weights 43 %")
        asked = len(sources.asked)
        app.snapshot(starting_run(progress="44 %"))
        await until_text(pilot, "loading weights 44 %")
        assert len(sources.asked) == asked


async def test_a_run_that_is_gone_from_the_snapshot_is_no_longer_shown() -> None:
    app = Host(FakeSources(), ready_run())
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Ready for")
        app.snapshot(starting_run())
        await until_text(pilot, "No run is chosen")


async def test_figures_reach_the_metrics_pane() -> None:
    app = Host(FakeSources(), ready_run(), "metrics")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "tok/s -")
        app.snapshot(ready_run(), Figures(gen_tps=7200.0, running=12, waiting=0, kv=0.41, ttft_p95=0.212))
        text = await until_text(pilot, "7.2k")
        assert "12/0" in text and "41 %" in text and "212 ms" in text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (VdeckError("the history is damaged", fix="delete the run"), "the history is damaged. delete the run."),
        (OSError(5, "Input/output error", "/x/y"), "Cannot read it: Input/output error (/x/y)."),
        (RuntimeError("[/models] oops"), "RuntimeError: [/models] oops"),
    ],
)
async def test_a_feed_that_fails_says_so_once_and_the_app_goes_on(error: Exception, said: str) -> None:
    sources = FakeSources()
    sources.error = error
    app = Host(sources, ready_run(), "metrics")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: len(app._notifications) == 1)
        (notification,) = app._notifications
        assert said in notification.message and notification.markup is False
        sources.error = None
        app.detail.open_tab("events")
        await until(pilot, lambda: "events" in sources.asked)


async def test_focus_follows_into_the_next_tab() -> None:
    app = Host(FakeSources(), ready_run(), "logs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "No output yet")
        app.detail.focus_pane()
        await pilot.pause()
        assert app.focused is not None and app.focused.id == "log-view"
        app.detail.open_tab("events")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "events-table")


async def test_hostile_names_are_text_everywhere() -> None:
    evil = "[/models/qwen]\x1b[31m\x1b]0;owned\x07\u202e[bold]x"
    run = ready_run(
        name=evil, description=evil, model=evil, reason=evil, commands=(evil,), facts=((evil, evil),), engine=evil,
        served_names=(evil,), folder=evil,
    )  # fmt: skip
    sources = FakeSources()
    app = Host(sources, run)
    async with app.run_test(size=(120, 60)) as pilot:
        text = await until_text(pilot, "[/models/qwen][bold]x")
        for tab in TABS:
            app.detail.open_tab(tab.name)
            await pilot.pause()
            text += screen_text(app.screen)
        assert not any(character in text for character in "\x1b\x07\u202e")


async def test_without_colours_the_open_tab_and_the_series_can_still_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host(FakeSources(), ready_run(), "metrics")
    async with app.run_test(size=(80, 24)) as pilot:
        text = await until_text(pilot, "Throughput")
        active, other = app.query_one("#tab-metrics"), app.query_one("#tab-logs")
        assert abs(active.styles.background.brightness - other.styles.background.brightness) > 0.3
        assert " a prompt" in text and " b generation" in text


def test_the_actions_of_the_panes_are_in_the_one_table() -> None:
    assert set(DETAIL_ACTIONS) <= set(all_actions())
    assert len({(action.scope, action.keys) for action in DETAIL_ACTIONS}) == len(DETAIL_ACTIONS)
    assert all(action.help.endswith(".") for action in DETAIL_ACTIONS)


@pytest.mark.parametrize("scope", ["overview", "metrics", "logs", "chat", "events"])
def test_every_action_of_a_scope_exists_on_its_pane(scope: str) -> None:
    pane = next(tab for tab in TABS if tab.name == scope).make()
    for action in DETAIL_ACTIONS:
        if action.scope == scope:
            assert callable(getattr(pane, f"action_{action.name}", None)), action.name
    assert len(bindings(scope)) == sum(action.scope == scope for action in DETAIL_ACTIONS)  # type: ignore[arg-type]
