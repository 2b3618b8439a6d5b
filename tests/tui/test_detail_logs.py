"""The log pane: follow, wrap, times, filter, copy, long and hostile lines."""

from __future__ import annotations

import time

import pytest
from detail_host import FakeLog, FakeSources, Host, until, until_text
from fake_fleet import ready_run
from screen_text import screen_text, widget_text
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection
from textual.widgets import Input

from tui.detail.controller import Periods
from tui.detail.log_follower import CATCH_UP_BYTES
from tui.detail.log_view import LogView
from tui.detail.pane import Pane

SIZES = [(80, 24), (120, 40)]


async def opened(app: Host, pilot: Pilot[None], wanted: str) -> LogView:
    """The log view, open and focused."""
    await until_text(pilot, wanted)
    app.detail.focus_pane()
    await pilot.pause()
    return app.query_one(LogView)


def host(*lines: str, log: FakeLog | None = None, sources: FakeSources | None = None) -> tuple[Host, FakeSources]:
    sources = sources or FakeSources()
    sources.log = log or FakeLog(list(lines))
    return Host(sources, ready_run(), "logs"), sources


def numbered(count: int, start: int = 0) -> list[str]:
    return [f"line {number:05d}" for number in range(start, start + count)]


@pytest.mark.parametrize("size", SIZES)
async def test_it_opens_at_the_end_and_follows(size: tuple[int, int]) -> None:
    app, sources = host(*numbered(500))
    async with app.run_test(size=size) as pilot:
        view = await opened(app, pilot, "line 00499")
        assert view.at_end and "● following" in screen_text(app.screen)
        sources.log.fresh = numbered(100, 500)
        text = await until_text(pilot, "line 00599")
        assert "600 lines" in text and view.at_end


async def test_it_does_not_follow_a_reader_who_scrolled_up() -> None:
    app, sources = host(*numbered(500))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00499")
        await pilot.press("pageup")
        await until(pilot, lambda: not view.at_end)
        before = widget_text(app, view)
        sources.log.fresh = numbered(100, 500)
        await until_text(pilot, "600 lines")
        assert widget_text(app, view) == before
        assert "scrolled up" in screen_text(app.screen)
        await pilot.press("G")
        await until_text(pilot, "line 00599")
        await pilot.press("g")
        await until_text(pilot, "line 00000")


async def test_autoscroll_can_be_turned_off() -> None:
    app, sources = host(*numbered(100))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00099")
        await pilot.press("s")
        await until_text(pilot, "not following")
        sources.log.fresh = numbered(50, 100)
        await until_text(pilot, "150 lines")
        assert "line 00149" not in screen_text(app.screen)
        await pilot.press("s")
        await until_text(pilot, "line 00149")
        assert view.at_end


async def test_the_oldest_lines_are_dropped_and_the_readers_place_stays() -> None:
    app, sources = host(*numbered(20_000))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 19999")
        view.scroll_to(y=10_000, animate=False)
        await until_text(pilot, "line 10000")
        before = widget_text(app, view)
        sources.log.fresh = [f"new {number}" for number in range(3000)]
        await until(pilot, lambda: view.buffer.last_number == 23_000)
        await pilot.pause()
        assert widget_text(app, view) == before
        assert len(view.buffer) == 20_000


async def test_the_line_being_written_is_shown_and_replaced() -> None:
    app, sources = host("start")
    sources.log.partial = "Loading 10%|#  |"
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Loading 10%")
        sources.log.partial = "Loading 10%|#  |\rLoading 60%|## |"
        text = await until_text(pilot, "Loading 60%")
        assert "10%" not in text
        sources.log.partial = ""
        sources.log.fresh = ["Loading 100%"]
        text = await until_text(pilot, "Loading 100%")
        assert "60%" not in text


async def test_a_log_that_begins_again_is_shown_anew() -> None:
    app, sources = host("old life")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "old life")
        sources.log.fresh = ["new life"]
        sources.log.begins_again = True
        text = await until_text(pilot, "new life")
        assert "old life" not in text


async def test_wrapping_shows_the_rest_of_a_line_and_keeps_wide_characters() -> None:
    app, _ = host("A" * 70 + "漢字" * 10 + "END", "next")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "next")
        assert "END" not in screen_text(app.screen)
        await pilot.press("w")
        text = await until_text(pilot, "END")
        assert text.replace("\n", "").replace(" ", "").count("漢字") == 10 and "wrapped" in text
        await pilot.press("w")
        await until(pilot, lambda: "END" not in screen_text(app.screen))
        view.scroll_to(x=200, animate=False)
        await until_text(pilot, "END")


async def test_wrapping_follows_the_width() -> None:
    app, _ = host(*["x" * 100] * 5, "end of log")
    async with app.run_test(size=(120, 40)) as pilot:
        view = await opened(app, pilot, "end of log")
        await pilot.press("w")
        await until(pilot, lambda: view.buffer.row_count == 6)
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: view.buffer.row_count == 11)
        assert view.at_end


async def test_times_can_be_hidden() -> None:
    app, _ = host("(APIServer pid=1) INFO 11-22 06:32:15 [model.py:733] Resolved architecture: LlamaForCausalLM")
    async with app.run_test(size=(120, 24)) as pilot:
        await opened(app, pilot, "11-22 06:32:15")
        await pilot.press("t")
        text = await until_text(pilot, "no times")
        assert "06:32:15" not in text and "INFO [model.py:733] Resolved" in text


async def test_the_filter() -> None:
    app, sources = host("INFO good", "ERROR bad", "INFO fine", "error low")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "INFO good")
        await pilot.press("slash", *"error")
        text = await until_text(pilot, "2 of 4 lines match")
        assert "INFO good" not in text and "ERROR bad" in text and "error low" in text
        sources.log.fresh = ["another error", "nothing"]
        await until_text(pilot, "3 of 6 lines match")
        await pilot.press("enter")
        assert app.focused is view and "nothing" not in screen_text(app.screen)
        await pilot.press("slash", "home", "!")
        text = await until_text(pilot, "nothing")
        assert "ERROR bad" not in text
        await pilot.press("escape")
        await until_text(pilot, "ERROR bad")
        assert app.focused is view and not app.query_one("#log-filter", Input).display


async def test_a_wrong_expression_is_said_and_changes_nothing() -> None:
    app, _ = host("one", "two")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "one")
        await pilot.press("slash", "(")
        text = await until_text(pilot, "not a regular expression")
        assert "one" in text and "two" in text


async def test_escape_clears_the_filter_before_it_leaves_the_pane() -> None:
    app, _ = host("one", "two")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "one")
        await pilot.press("slash", *"two", "enter")
        await until_text(pilot, "1 of 2 lines match")
        await pilot.press("escape")
        await until_text(pilot, "one")
        assert app.left == 0
        await pilot.press("escape")
        await until(pilot, lambda: app.left == 1)


async def test_copy_takes_the_lines_on_the_screen() -> None:
    app, _ = host("(A pid=1) \x1b[31mone\x1b[0m", "two " + "x" * 200)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "two")
        await pilot.press("c")
        await until(pilot, lambda: app.copied)
        assert app.copied == ["(A pid=1) one\ntwo " + "x" * 200]
        assert [note.message for note in app._notifications] == ["Copied what the screen shows."]


async def test_copy_takes_the_selection_and_joins_wrapped_parts() -> None:
    app, _ = host("first", "y" * 100, "third")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "third")
        await pilot.press("w")
        await until(pilot, lambda: view.buffer.row_count == 4)
        app.screen.selections = {view: Selection(Offset(2, 0), Offset(3, 3))}
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, lambda: app.copied)
        assert app.copied == ["rst\n" + "y" * 100 + "\nthi"]


async def test_the_mouse_selects() -> None:
    app, _ = host("alpha beta", "gamma delta")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "gamma delta")
        await pilot.mouse_down(view, offset=(6, 0))
        await pilot.hover(view, offset=(4, 1))
        await pilot.mouse_up(view, offset=(4, 1))
        await pilot.pause()
        await pilot.press("c")
        await until(pilot, lambda: app.copied)
        assert app.copied == ["beta\ngamma"]


async def test_hostile_lines_reach_neither_the_terminal_nor_the_markup() -> None:
    app, sources = host(
        "[/models/qwen] [bold]x[/bold] [0]", "\x1b]0;owned\x07title", "\x1b[2Jclear", "pay\u202eeht", "\x9b31mc1",
        "key s3cr3tvalue end",
    )  # fmt: skip
    sources.secrets = {"s3cr3tvalue": "***"}
    async with app.run_test(size=(80, 24)) as pilot:
        text = await until_text(pilot, "[/models/qwen] [bold]x[/bold] [0]")
        assert "key *** end" in text and "s3cr3t" not in text
        assert not any(character in text for character in "\x1b\x07\u202e\x9b")
        assert "owned" not in text and "payeht" in text


async def test_colours_of_the_log_and_of_levels_are_painted() -> None:
    app, _ = host("\x1b[32mgreen\x1b[0m", "(E pid=1) ERROR 11-22 06:32:15 [x.py:1] broken")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "broken")
        green = next(segment for segment in view.render_line(0) if segment.text == "green")
        broken = next(segment for segment in view.render_line(1) if segment.text == "broken")
        assert green.style is not None and green.style.color is not None
        assert broken.style is not None and broken.style.bold
        assert all(segment.style is not None and segment.style.bgcolor is not None for segment in view.render_line(5))


async def test_a_theme_change_paints_anew() -> None:
    app, _ = host("(E pid=1) ERROR 11-22 06:32:15 [x.py:1] broken")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "broken")
        dark = view.render_line(0)
        app.theme = "textual-light"
        await until(pilot, lambda: view.render_line(0) != dark)


async def test_full_screen_is_asked_of_the_screen() -> None:
    asked: list[Pane.Zoom] = []

    class Watching(Host):
        def on_pane_zoom(self, message: Pane.Zoom) -> None:
            asked.append(message)

    sources = FakeSources()
    sources.log = FakeLog(["x"])
    app = Watching(sources, ready_run(), "logs")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "1 line")
        await pilot.press("f")
        await until(pilot, lambda: asked)


async def test_a_flood_is_painted_at_most_five_times_a_second() -> None:
    app, sources = host("x")
    async with app.run_test(size=(80, 24)) as pilot:
        app.detail.controller.periods = Periods()
        await opened(app, pilot, "1 line")
        calls = 0
        view = app.query_one(LogView)
        add = view.add

        def counted(lines: list[str], tail: str = "") -> None:
            nonlocal calls
            calls += 1
            add(lines, tail)
            sources.log.fresh = numbered(1000)

        view.add = counted  # type: ignore[method-assign, assignment]
        polls = sources.log.polls
        sources.log.fresh = numbered(1000)
        began = time.monotonic()
        await until(pilot, lambda: calls >= 4)
        assert sources.log.polls - polls <= (time.monotonic() - began) * 5 + 1


async def test_coming_back_finds_the_same_place_and_no_line_is_missing() -> None:
    app, sources = host(*numbered(500))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00499")
        view.scroll_to(y=100, animate=False)
        await until_text(pilot, "line 00100")
        before = widget_text(app, view)
        app.detail.open_tab("events")
        await until_text(pilot, "What happened")
        sources.log.fresh = numbered(50, 500)
        app.detail.open_tab("logs")
        await until_text(pilot, "550 lines")
        assert widget_text(app, view) == before


async def test_coming_back_after_a_flood_opens_at_the_end() -> None:
    app, sources = host(*numbered(500))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "line 00499")
        app.detail.open_tab("events")
        await until_text(pilot, "What happened")
        sources.log.lines, sources.log.behind = numbered(500, 90_000), CATCH_UP_BYTES + 1
        app.detail.open_tab("logs")
        text = await until_text(pilot, "line 90499")
        assert "500 lines" in text
