"""The merged log of several runs, in the detail area and from the run table."""

from __future__ import annotations

import time

from deck import deck, painted
from detail_host import FakeLog, FakeSources, Host, until, until_text
from fake_fleet import FakeFleet, ready_run
from fake_fleet import until as deck_until
from log_host import opened, status, until_status
from screen_text import widget_text
from textual import events

from tui.detail.log_view import LogView

ONE, TWO = ready_run("100000000001", "one"), ready_run("200000000002", "two")


def at(second: int, words: str) -> str:
    return f"INFO {time.strftime('%m-%d', time.localtime())} 00:00:{second:02} [x.py:1] {words}"


def both() -> tuple[Host, FakeLog, FakeLog]:
    sources = FakeSources()
    first = sources.more_logs[ONE.id] = FakeLog([at(1, "a1"), at(3, "a3"), "Traceback", at(9, "a9")])
    second = sources.more_logs[TWO.id] = FakeLog([at(2, "b2"), at(5, "b5")])
    sources.secrets = {"s3cr3tvalue": "***"}
    return Host(sources, ONE, "logs"), first, second


def words(app: Host, view: LogView) -> list[str]:
    """Name and last word of each line in view."""
    lines = [line for line in widget_text(app, view).split("\n") if line.strip()]
    return [f"{line.split()[0]}:{line.split()[-1]}" for line in lines]


async def test_lines_of_both_stand_in_the_order_of_time_and_follow() -> None:
    app, first, second = both()
    async with app.run_test(size=(120, 40)) as pilot:
        view = await opened(app, pilot, "a9")
        app.detail.merge_logs((ONE, TWO))
        await until_status(app, pilot, "2 logs, last 20,000 lines")
        order = ["one:a1", "two:b2", "one:a3", "one:Traceback", "two:b5", "one:a9"]
        await until(pilot, lambda: words(app, view) == order)
        second.add(at(11, "b11"))
        await until(pilot, lambda: words(app, view)[-1] == "two:b11")
        first.add(at(12, "s3cr3tvalue"))
        await until(pilot, lambda: words(app, view)[-1] == "one:***")


async def test_filters_search_and_jumps_work_in_it() -> None:
    app, _, _ = both()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "a9")
        app.detail.merge_logs((ONE, TWO))
        await until_status(app, pilot, "2 logs")
        await pilot.press("ampersand", *"b[25]", "enter")
        await until(pilot, lambda: words(app, view) == ["two:b2", "two:b5"])
        await pilot.press("slash", *"b5", "enter")
        await until_status(app, pilot, "/b5 1 hit")
        await pilot.press("c")
        assert app.copied == [f"two: {at(2, 'b2')}\ntwo: {at(5, 'b5')}"]
        await pilot.press("escape", "escape", "at", *f"{time.strftime('%m-%d', time.localtime())} 00:00:05", "enter")
        await until_status(app, pilot, "since ")


async def test_another_run_ends_it() -> None:
    app, _, _ = both()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "a9")
        app.detail.merge_logs((ONE, TWO))
        await until_status(app, pilot, "2 logs")
        app.detail.set_run(TWO)
        await until_text(pilot, "b5")
        await until(pilot, lambda: "2 logs" not in status(app))
        assert "a9" not in widget_text(app, view)


async def test_the_key_of_the_table_needs_marks() -> None:
    async with deck(FakeFleet(ONE, TWO), size=(120, 40)) as (app, pilot):
        await pilot.press("M")
        await deck_until(pilot, lambda: any("Mark two or more" in note.message for note in app._notifications))
        await pilot.press("space", "down", "space", "M")
        await deck_until(pilot, lambda: "3 Logs" in painted(app) and app.main._detail is not None
                         and app.main._detail.active == "logs")  # fmt: skip
        detail = app.main._detail
        assert detail is not None and [run.id for run in detail.controller.merged] == [ONE.id, TWO.id]
        await pilot.press("M")
        await deck_until(pilot, lambda: not detail.merged)


async def test_quick_hands_get_it_too() -> None:
    async with deck(FakeFleet(ONE, TWO), size=(120, 40)) as (app, pilot):
        await pilot.press("3")
        for key in ("space", "down", "space", "M"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        detail = app.main._detail
        await deck_until(pilot, lambda: detail is not None and len(app.main.table.marks) == 2 and detail.merged)
        await pilot.pause()
        assert detail is not None and detail.merged


async def test_runs_of_one_name_are_told_apart_by_their_ids() -> None:
    app, _, _ = both()
    twin = TWO._replace(name=ONE.name)
    async with app.run_test(size=(120, 40)) as pilot:
        view = await opened(app, pilot, "a9")
        app.detail.merge_logs((ONE, twin))
        await until_status(app, pilot, "2 logs")
        await until_text(pilot, "b5")
        assert {line.split()[1] for line in widget_text(app, view).split("\n") if line.strip()} == {"0001", "0002"}
