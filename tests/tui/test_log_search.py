"""The Logs tab: search, filters, jumps to a time."""

from __future__ import annotations

import time

import pytest
from detail_host import FakeSources, Host, until, until_text
from log_host import SIZES, host, numbered, opened, status, until_status
from screen_text import widget_text
from textual import events
from textual.pilot import Pilot

from tui.detail.log_entry import LogEntry
from tui.detail.log_view import LogView

MIXED = ["INFO good", "ERROR bad", "INFO fine", "error low"]
VLLM = [
    "(APIServer pid=1) INFO 11-22 06:32:15 [x.py:1] api up",
    "(EngineCore pid=2) WARNING 11-22 06:32:16 [x.py:1] engine slow",
    '(APIServer pid=1) INFO:     127.0.0.1:4242 - "POST /v1/completions HTTP/1.1" 200 OK',
    "(Worker_TP0 pid=3) ERROR 11-22 06:32:17 [x.py:1] worker zero broke",
    "(Worker_TP1 pid=4) ERROR 11-22 06:32:17 [x.py:1] worker one broke",
    "(EngineCore pid=2) ERROR 11-22 06:32:18 [x.py:1] engine broke too",
]


def shown(app: Host, view: LogView) -> list[str]:
    """The lines in view without their letters."""
    return [line[2:] for line in widget_text(app, view).split("\n") if line.strip()]


def lit(view: LogView, row: int) -> list[str]:
    """What is lit on a line of the screen: only hits are underlined or turned around."""
    return [each.text for each in view.render_line(row) if each.style and (each.style.underline or each.style.reverse)]


# -- search


@pytest.mark.parametrize("size", SIZES)
async def test_searching_while_typing(size: tuple[int, int]) -> None:
    app, _ = host(*numbered(2000))
    async with app.run_test(size=size) as pilot:
        view = await opened(app, pilot, "line 01999")
        await pilot.press("g", "slash", *"012")
        await until_text(pilot, "line 00012")
        await until_status(app, pilot, "/012 112 hits")
        await pilot.press("3", "4")
        text = await until_text(pilot, "line 01234")
        await until_status(app, pilot, "/01234 1 hit")
        row = next(y for y, line in enumerate(shown(app, view)) if line.strip() == "line 01234")
        assert lit(view, row) == ["01234"] and not lit(view, row + 1), text
        await pilot.press("enter")
        assert app.focused is view and not app.query_one(LogEntry).display


async def test_next_and_previous_go_on_from_the_line_in_view() -> None:
    app, _ = host(*(f"{'hit' if number % 100 == 7 else 'miss'} {number}" for number in range(1000)))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "miss 999")
        await pilot.press("g", "slash", *"hit", "enter")
        await until_text(pilot, "hit 7")
        await pilot.press("n")
        await until_text(pilot, "hit 107")
        await pilot.press("n")
        await until_text(pilot, "hit 207")
        await pilot.press("N", "N")
        await until_text(pilot, "hit 7")
        view.scroll_to(y=550)
        await until_text(pilot, "miss 550")
        await pilot.press("n")
        await until_text(pilot, "hit 607")
        view.scroll_to(y=420)
        await until_text(pilot, "miss 420")
        await pilot.press("N")
        await until_text(pilot, "hit 407")
        await pilot.press("g", "N", "N")  # the one in view, then around to the last
        await until_text(pilot, "hit 907")
        assert "around the end" in await until_status(app, pilot, "10 hits")
        await pilot.press("n")
        await until_text(pilot, "hit 7")


async def test_escape_in_the_search_line_goes_back() -> None:
    app, _ = host(*numbered(1000))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00999")
        view.scroll_to(y=500)
        await until_text(pilot, "line 00500")
        before = widget_text(app, view)
        await pilot.press("slash", *"line 00100")
        await until_text(pilot, "line 00100 1 hit")
        await until(pilot, lambda: widget_text(app, view) != before)
        await pilot.press("escape")
        await until(pilot, lambda: widget_text(app, view) == before)
        assert "/line" not in status(app) and app.focused is view


async def test_nothing_found_and_no_search_are_said() -> None:
    app, _ = host("one", "two")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "two")
        await pilot.press("n")
        await until(pilot, lambda: any("no search yet" in note.message for note in app._notifications))
        await pilot.press("slash", *"zzz")
        await until_status(app, pilot, "/zzz is nowhere")


async def test_the_count_goes_on_as_the_log_grows() -> None:
    app, log = host("hit", "miss")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "miss")
        await pilot.press("slash", *"hit", "enter")
        await until_status(app, pilot, "1 hit ")
        log.add("hit", "hit")
        await until_status(app, pilot, "3 hits")


@pytest.mark.parametrize("key", ["slash", "ampersand"])
async def test_a_wrong_expression_is_said_and_changes_nothing(key: str) -> None:
    app, _ = host("one", "two")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "one")
        await pilot.press(key, "(")
        await until(pilot, lambda: "2 lines" not in status(app))
        assert shown(app, view) == ["one", "two"]
        await pilot.press("enter")
        assert app.query_one(LogEntry).display  # it waits for a better one
        await pilot.press("escape")
        await until_status(app, pilot, "2 lines")


async def test_a_secret_is_neither_found_nor_lit() -> None:
    sources = FakeSources()
    sources.secrets = {"s3cr3tvalue": "***"}
    app, _ = host("key s3cr3tvalue end", *numbered(3), sources=sources)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "key *** end")
        await pilot.press("slash", *"s3cr3t")
        await until_status(app, pilot, "/s3cr3t")
        await until(pilot, lambda: "…" not in status(app))
        assert app.query_one(LogView).current is None
        assert not any(lit(app.query_one(LogView), row) for row in range(4))


async def test_the_first_hit_of_a_long_line_comes_into_view() -> None:
    app, _ = host("x" * 300 + "needle" + "y" * 300, "last")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "last")
        await pilot.press("slash", *"needle")
        await until_text(pilot, "xneedley")


# -- filters


@pytest.mark.parametrize(("keys", "prefix"), [(("ampersand",), ""), (("ampersand",), "!"), (("exclamation_mark",), ""),
                                              (("slash",), "!")])  # fmt: skip
async def test_the_filter_and_its_opposite(keys: tuple[str, ...], prefix: str) -> None:
    app, log = host(*MIXED)
    inverse = bool(prefix) or keys == ("exclamation_mark",)
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "INFO good")
        await pilot.press(*keys, *prefix, *"error")
        await until_status(app, pilot, "2 lines match")
        assert shown(app, view) == ([MIXED[0], MIXED[2]] if inverse else [MIXED[1], MIXED[3]])
        log.add("another error", "nothing")
        await until_status(app, pilot, "3 lines match")
        await pilot.press("enter")
        assert app.focused is view and shown(app, view)[-1] == ("nothing" if inverse else "another error")
        assert ("!error" if inverse else "&error") in status(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(shown(app, view)) == 6)


async def test_escape_in_the_filter_line_brings_the_old_filter_back() -> None:
    app, _ = host(*MIXED)
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "INFO good")
        await pilot.press("ampersand", *"INFO", "enter")
        await until_status(app, pilot, "2 lines match")
        await pilot.press("ampersand", *" good")
        await until_status(app, pilot, "1 line matches")
        await pilot.press("escape")
        await until_status(app, pilot, "2 lines match")
        assert shown(app, view) == [MIXED[0], MIXED[2]]


async def test_a_filter_keeps_the_readers_place() -> None:
    app, _ = host(*numbered(5000))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 04999")
        view.scroll_to(y=2500)
        await until_text(pilot, "line 02500")
        await pilot.press("ampersand", *"0$", "enter")
        await until_status(app, pilot, "500 lines match")
        assert shown(app, view)[0] == "line 02500"
        await pilot.press("escape")
        await until_status(app, pilot, "5,000 lines")
        assert shown(app, view)[0] == "line 02500"


async def test_levels_processes_access_log_and_first_errors() -> None:
    app, _ = host(*VLLM)
    async with app.run_test(size=(120, 40)) as pilot:
        view = await opened(app, pilot, "engine broke too")

        async def expect(words: str, *lines: int) -> None:
            await until_status(app, pilot, words)
            await until(pilot, lambda: shown(app, view) == [VLLM[line] for line in lines])

        await pilot.press("l")
        await expect("warnings and errors", 1, 3, 4, 5)
        await pilot.press("l")
        await expect("errors", 3, 4, 5)
        await pilot.press("l", "a")
        await expect("no access log", 0, 1, 3, 4, 5)
        await pilot.press("a", "p")
        await expect("APIServer", 0, 2)
        await pilot.press("p")
        await expect("EngineCore", 1, 5)
        await pilot.press("p")
        await expect("Worker", 3, 4)
        await pilot.press("p")
        await expect("Worker_TP0", 3)
        await pilot.press("escape", "E")
        await until_status(app, pilot, "first errors")
        await until(pilot, lambda: VLLM[3] in shown(app, view) and VLLM[0] not in shown(app, view))
        await pilot.press("l")
        await until_status(app, pilot, "warnings and errors   first errors")
        await pilot.press("escape")
        await expect("6 lines", *range(6))


async def test_search_inside_a_filter() -> None:
    app, _ = host(*VLLM)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "engine broke")
        await pilot.press("l", "l", "slash", *"engine", "enter")
        await until_status(app, pilot, "/engine 1 hit")
        await pilot.press("escape")
        await until(pilot, lambda: "/engine" not in status(app))
        assert "errors" in status(app)


async def test_escape_takes_back_one_thing_after_the_other() -> None:
    app, _ = host("one", "two")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "one")
        await pilot.press("ampersand", *"two", "enter", "slash", *"two", "enter", "v")
        await until_status(app, pilot, "picking")
        for gone in ("picking", "/two", "&two"):
            await pilot.press("escape")
            await until(pilot, lambda gone=gone: gone not in status(app))  # type: ignore[misc]
        assert app.left == 0
        await pilot.press("escape")
        await until(pilot, lambda: app.left == 1)


# -- times


def stamped(minutes_ago: float, words: str) -> str:
    return f"INFO {time.strftime('%m-%d %H:%M:%S', time.localtime(time.time() - 60 * minutes_ago))} [x.py:1] {words}"


async def go(pilot: Pilot[None], app: Host, typed: str) -> None:
    await pilot.press("at", *typed, "enter")


async def test_jumping_to_a_time() -> None:
    app, _ = host(*(stamped(100 - number, f"step-{number:03d}") for number in range(99)))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "step-098")
        await go(pilot, app, "-50m")
        await until(pilot, lambda: "step-050" in shown(app, view)[0] or "step-051" in shown(app, view)[0])
        assert "since " in status(app)
        when = time.strftime("%H:%M:%S", time.localtime(time.time() - 60 * 70.5))
        await go(pilot, app, when)
        await until(pilot, lambda: "step-030" in shown(app, view)[0] or "step-029" in shown(app, view)[0])
        await pilot.press("left_square_bracket")  # the last minute: nothing, the last line is 2 minutes old
        await until_status(app, pilot, "nothing since")
        await pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "step-070" in shown(app, view)[0] or "step-071" in shown(app, view)[0])
        await pilot.press(
            "right_square_bracket", "right_square_bracket", "right_square_bracket", "right_square_bracket"
        )
        await until(pilot, lambda: view.at_end)


async def test_what_is_no_time_is_said() -> None:
    app, _ = host("one")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "one")
        await go(pilot, app, "noon")
        await until(pilot, lambda: any("is no time" in note.message for note in app._notifications))
        await until(pilot, lambda: app.query_one(LogEntry).display and app.query_one(LogEntry).field.value == "noon")
        await pilot.press("escape")
        await go(pilot, app, "10:00")
        await until(pilot, lambda: any("No line of this log has a time" in note.message for note in app._notifications))


async def test_what_is_typed_quickly_goes_where_it_is_meant() -> None:
    """All keys are there at once, as from a quick hand on a busy machine: no letter of the search is an order."""
    app, _ = host(*(f"{'alas' if number % 10 == 5 else 'miss'} {number}" for number in range(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "miss 99")
        for key in ("g", "slash", "a", "l", "a", "s", "enter", "n", "n", "ampersand", "5", "enter", "l"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until_status(app, pilot, "warnings and errors")
        await until_status(app, pilot, "&5")
        await until_status(app, pilot, "/alas ")
        assert "access" not in status(app) and not app.query_one(LogEntry).display and app.focused is view


async def test_lines_that_are_too_long_for_the_expression_are_told() -> None:
    app, _ = host("a short one", " " * 60_000 + "x", "the end")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot, "the end")
        await pilot.press("slash", "backslash", "s", "plus", "dollar_sign", "enter")
        await until_status(app, pilot, "lines too long for it left out")
