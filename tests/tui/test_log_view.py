"""The Logs tab: it follows, keeps the reader's place, wraps, hides times, marks, survives what files do."""

from __future__ import annotations

import os
import time

import pytest
from detail_host import FakeSources, Host, until, until_text
from fake_fleet import ready_run
from log_host import SIZES, FakeLog, host, numbered, opened, status, until_status
from screen_text import screen_text, widget_text

from tui.detail.controller import Periods
from tui.detail.log_pane import LogPane
from tui.detail.pane import Pane


@pytest.mark.parametrize("size", SIZES)
async def test_it_opens_at_the_end_and_follows(size: tuple[int, int]) -> None:
    app, log = host(*numbered(500))
    async with app.run_test(size=size) as pilot:
        view = await opened(app, pilot, "line 00499")
        assert view.at_end and "● following" in screen_text(app.screen)
        log.add(*numbered(100, 500))
        text = await until_text(pilot, "line 00599")
        assert "600 lines" in text and view.at_end


@pytest.mark.parametrize("size", SIZES)
async def test_all_of_a_long_log_is_there(size: tuple[int, int]) -> None:
    app, _ = host(*numbered(60_000))
    async with app.run_test(size=size) as pilot:
        view = await opened(app, pilot, "line 59999")
        await pilot.press("g")
        await until_text(pilot, "line 00000")
        view.scroll_to(y=30_000)
        await until_text(pilot, "line 30000")
        assert "line 30,001 of 60,000 lines" in status(app)
        await pilot.press("pagedown", "up", "j", "k", "space", "b")
        height = view.scrollable_content_region.height
        await until_text(pilot, f"line {30_000 + height - 2:05d}")
        await pilot.press("G")
        await until_text(pilot, "line 59999")


async def test_it_does_not_follow_a_reader_who_scrolled_up() -> None:
    app, log = host(*numbered(500))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00499")
        await pilot.press("pageup")
        await until(pilot, lambda: not view.at_end)
        before = widget_text(app, view)
        log.add(*numbered(100, 500))
        await until_text(pilot, "600 lines")
        assert widget_text(app, view) == before
        assert "scrolled up" in screen_text(app.screen)
        await pilot.press("0")
        await until_text(pilot, "line 00599")


async def test_the_place_stays_while_estimates_become_exact() -> None:
    """Lines of very different lengths: the estimates are far off until the file is read through."""
    lines = [f"{number} " + "x" * (2000 if number < 4000 else 3) for number in range(40_000)]
    app, _ = host(*lines)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "39999 xxx")
        app.detail.focus_pane()
        view = app.query_one(LogPane).view
        view.scroll_to(y=view.max_scroll_y / 2)
        await pilot.pause()
        before = widget_text(app, view)
        pane = app.query_one(LogPane)
        await until(pilot, lambda: pane._rows is not None and pane._rows.complete)
        await pilot.pause()
        assert widget_text(app, view) == before
        assert lines[view.top_row] == widget_text(app, view).split("\n")[0].strip() or lines[view.top_row].startswith(
            widget_text(app, view).split("\n")[0].strip()
        )


async def test_the_wheel_and_the_scrollbar_move() -> None:
    app, _ = host(*numbered(500))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00499")
        top = view.top_row
        view.post_message(wheel(view, up=True))
        await until(pilot, lambda: view.top_row == top - 3)
        view.post_message(wheel(view, up=False))
        await until(pilot, lambda: view.at_end)
        await pilot.mouse_down(view.vertical_scrollbar, offset=(0, 0))
        await pilot.mouse_up(view.vertical_scrollbar, offset=(0, 0))
        await until(pilot, lambda: view.top_row < top)


def wheel(view: object, *, up: bool) -> object:
    from textual import events

    kind = events.MouseScrollUp if up else events.MouseScrollDown
    return kind(view, 1, 1, 0, 0, 0, False, False, False, 1, 1, None)  # type: ignore[arg-type]


async def test_autoscroll_can_be_turned_off() -> None:
    app, log = host(*numbered(100))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00099")
        await pilot.press("s")
        await until_text(pilot, "not following")
        log.add(*numbered(50, 100))
        await until_text(pilot, "150 lines")
        assert "line 00149" not in screen_text(app.screen)
        await pilot.press("s")
        await until_text(pilot, "line 00149")
        assert view.at_end


async def test_the_line_being_written_is_shown_and_replaced() -> None:
    app, log = host("start")
    log.write("Loading 10%|#  |")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "Loading 10%")
        log.write("\rLoading 60%|## |")
        text = await until_text(pilot, "Loading 60%")
        assert "10%" not in text
        log.write("\rLoading 100%\nready\n")
        text = await until_text(pilot, "ready")
        assert "60%" not in text and "Loading 100%" in text


@pytest.mark.parametrize("way", ["begin_again", "rotate"])
async def test_a_log_that_begins_again_is_shown_anew(way: str) -> None:
    app, log = host(*(f"old life {number}" for number in range(100)))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "old life 99")
        await pilot.press("m", "pageup")
        getattr(log, way)("new life")
        text = await until_text(pilot, "new life")
        assert "old life" not in text and "──" not in text
        assert "began anew" in status(app)


async def test_a_log_that_comes_later() -> None:
    app, log = host()
    os.unlink(log.path)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_text(pilot, "No output yet.")
        log.add("hello")
        await until_text(pilot, "hello")


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


async def test_wrapped_lines_scroll_by_lines_of_the_screen() -> None:
    app, _ = host(*(f"{number:03d}" + "-" * 280 + f"end{number:03d}" for number in range(200)), "last")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "last")
        await pilot.press("w")
        await until_text(pilot, "end199")
        assert view.at_end and widget_text(app, view).split("\n")[-1].strip() == "last"
        await pilot.press("up")
        await until(pilot, lambda: widget_text(app, view).split("\n")[-1].strip().endswith("end199"))
        await pilot.press("down")
        await until(pilot, lambda: view.at_end)
        seen: list[str] = []
        await pilot.press("g")
        await until_text(pilot, "000---")
        while not view.at_end:  # every line of the log comes by, page by page
            seen += widget_text(app, view).split("\n")
            view.action_page_down()
            await pilot.pause()
        text = "\n".join([*seen, widget_text(app, view)])
        assert all(f"end{number:03d}" in text for number in range(200))


async def test_wrapping_follows_the_width() -> None:
    app, _ = host(*["x" * 100] * 5, "end of log")
    async with app.run_test(size=(120, 40)) as pilot:
        view = await opened(app, pilot, "end of log")
        await pilot.press("w")
        await until(pilot, lambda: len(widget_text(app, view).split()) == 8)
        await pilot.resize_terminal(60, 24)
        await until(pilot, lambda: len(widget_text(app, view).split()) == 13)
        assert view.at_end


async def test_times_can_be_hidden() -> None:
    app, _ = host("(APIServer pid=1) INFO 11-22 06:32:15 [model.py:733] Resolved architecture: LlamaForCausalLM")
    async with app.run_test(size=(120, 24)) as pilot:
        await opened(app, pilot, "11-22 06:32:15")
        await pilot.press("t")
        text = await until_text(pilot, "no times")
        assert "06:32:15" not in text and "INFO [model.py:733] Resolved" in text


async def test_the_level_is_told_by_a_letter_too() -> None:
    app, _ = host(
        "DEBUG 11-22 06:32:15 [x.py:1] a", "INFO 11-22 06:32:15 [x.py:1] b", "WARNING 11-22 06:32:15 [x.py:1] c",
        "ERROR 11-22 06:32:15 [x.py:1] d", "CRITICAL 11-22 06:32:15 [x.py:1] e", "plain",
    )  # fmt: skip
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "plain")
        assert [line[:2] for line in widget_text(app, view).split("\n")[:6]] == ["D ", "I ", "W ", "E ", "C ", "  "]


async def test_marks_stay_where_they_were_set() -> None:
    app, log = host(*numbered(100))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00099")
        await pilot.press("m")
        await until_text(pilot, "── ")
        log.add(*numbered(3, 100))
        text = await until_text(pilot, "line 00102")
        rows = [line.strip() for line in widget_text(app, view).split("\n")]
        mark = next(index for index, line in enumerate(rows) if line.startswith("── "))
        assert rows[mark - 1] == "line 00099" and rows[mark + 1] == "line 00100"
        assert time.strftime("%H:") in rows[mark]
        await pilot.press("ampersand", *"line 00(0|1)..", "enter", "escape")  # hides nothing
        await pilot.press("ampersand", *"0[02468]$", "enter")
        text = await until_text(pilot, "lines match")
        await until(pilot, lambda: "line 00099" not in screen_text(app.screen))
        rows = [line.strip() for line in widget_text(app, view).split("\n")]
        mark = next(index for index, line in enumerate(rows) if line.startswith("── "))
        assert rows[mark - 1] == "line 00008" and rows[mark + 1] == "line 00100", text


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
    app, log = host("x")
    app.detail.controller.periods = Periods()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "1 line")
        pane = app.query_one(LogPane)
        calls = 0
        changed = pane.rows_changed

        def counted() -> None:
            nonlocal calls
            calls += 1
            changed()
            log.add(*numbered(1000))

        pane.rows_changed = counted  # type: ignore[method-assign]
        log.add(*numbered(1000))
        began = time.monotonic()
        await until(pilot, lambda: calls >= 4)
        assert calls <= (time.monotonic() - began) * 5 + 1


async def test_coming_back_finds_the_same_place_and_no_line_is_missing() -> None:
    app, log = host(*numbered(500))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00499")
        view.scroll_to(y=100, animate=False)
        await until_text(pilot, "line 00100")
        before = widget_text(app, view)
        app.detail.open_tab("events")
        await until_text(pilot, "What happened")
        log.add(*numbered(50, 500))
        app.detail.open_tab("logs")
        await until_text(pilot, "550 lines")
        assert widget_text(app, view) == before


async def test_another_run_has_another_log_and_nothing_of_the_old_one() -> None:
    sources = FakeSources()
    app, _ = host(*numbered(50), sources=sources)
    other = ready_run("900000000002", "other")
    sources.more_logs[other.id] = FakeLog(["other log"])
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "line 00049")
        await pilot.press("m", "slash", *"line", "enter", "l")
        await until_status(app, pilot, "warnings and errors")
        app.detail.set_run(other)
        text = await until_text(pilot, "other log")
        assert "line 000" not in text and "──" not in text and "/line" not in text and "warnings" not in text
        assert "● following" in text


@pytest.mark.parametrize("tab", ["overview", "logs"])
async def test_a_line_that_somebody_else_names(tab: str) -> None:
    """The dialog of the diagnosis: from another tab, which has to be opened first, or from this one."""
    app, _ = host(*numbered(60_000))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "line 59999")
        app.detail.open_tab(tab)
        offset = 30_000 * len(b"line 00000\n")
        app.detail.show_log(offset)
        await until_text(pilot, "line 30000")
        assert app.query_one(LogPane).view.current == offset and not app.query_one(LogPane).view.at_end


async def test_a_line_of_a_tab_that_was_never_open() -> None:
    sources = FakeSources()
    sources.log = FakeLog(numbered(60_000))
    app = Host(sources, ready_run(), "overview")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.detail.pane is not None)
        app.detail.show_log(11 * 1000)
        await until_text(pilot, "line 01000")
