"""The Logs tab: picking, copying, saving."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from detail_host import FakeSources, Host, until, until_text
from log_host import host, numbered, opened, status, until_status
from screen_text import screen_text
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from tui.detail.log_entry import LogEntry


def said(app: Host) -> list[str]:
    return [note.message for note in app._notifications]


async def copied(app: Host, pilot: Pilot[None]) -> str:
    await pilot.press("c")
    await until(pilot, lambda: app.copied)
    return app.copied[-1]


async def test_copy_takes_the_lines_on_the_screen() -> None:
    app, _ = host("(A pid=1) \x1b[31mone\x1b[0m", "two " + "x" * 200)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "two")
        assert await copied(app, pilot) == "(A pid=1) one\ntwo " + "x" * 200
        assert said(app) == ["Copied what the screen shows."]


async def test_copy_takes_the_selection_and_joins_wrapped_parts() -> None:
    app, _ = host("first", "y" * 100, "third")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "third")
        await pilot.press("w")
        await until_status(app, pilot, "wrapped")
        third = view.cells()[-1].line.start
        app.screen.selections = {view: Selection(Offset(2, 0), Offset(3, third))}
        await pilot.pause()
        assert await copied(app, pilot) == "rst\n" + "y" * 100 + "\nthi"


@pytest.mark.parametrize("wrap", [False, True])
async def test_the_mouse_selects(wrap: bool) -> None:
    app, _ = host("alpha beta", "漢字 gamma delta")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "gamma delta")
        if wrap:
            await pilot.press("w")
        await pilot.mouse_down(view, offset=(8, 0))
        await pilot.hover(view, offset=(11, 1))
        await pilot.mouse_up(view, offset=(11, 1))
        await pilot.pause()
        assert await copied(app, pilot) in ("beta\n漢字 gamm", "beta\n漢字 gamma")


async def test_a_selection_of_the_mouse_stays_on_its_text_while_the_log_grows() -> None:
    app, log = host(*numbered(100))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00099")
        await pilot.mouse_down(view, offset=(2, 5))
        await pilot.hover(view, offset=(8, 6))
        await pilot.mouse_up(view, offset=(8, 6))
        await pilot.pause()
        wanted = app.screen.get_selected_text()
        log.add(*numbered(200, 100))
        await until_status(app, pilot, "300 lines")
        assert wanted and wanted.startswith("line 000") and await copied(app, pilot) == wanted


async def test_lines_are_picked_with_the_keys() -> None:
    app, log = host(*numbered(100))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00099")
        await pilot.press("v", "up", "k", "up")
        await until_status(app, pilot, "picking")
        assert "▶line 00096" in screen_text(app.screen)
        log.add(*numbered(50, 100))  # who picks is not taken away
        await until(pilot, lambda: "150 lines" in status(app))
        assert "▶line 00096" in screen_text(app.screen)
        assert await copied(app, pilot) == "\n".join(numbered(4, 96))
        assert said(app) == ["Copied 4 lines."] and view.picked is None


async def test_shift_and_arrows_pick_and_escape_drops() -> None:
    app, _ = host(*numbered(100))
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "line 00099")
        await pilot.press("g", "shift+down", "shift+down")
        await until_text(pilot, "▶line 00002")
        await pilot.press("pagedown", "G")
        await until_text(pilot, "▶line 00099")
        assert await copied(app, pilot) == "\n".join(numbered(100))
        await pilot.press("v", "g")
        await until_text(pilot, "▶line 00000")
        await pilot.press("escape")
        await until(pilot, lambda: view.picked is None)
        assert app.left == 0


async def test_no_more_is_copied_than_a_terminal_takes() -> None:
    app, _ = host(*numbered(12_000))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "line 11999")
        await pilot.press("v", "g")
        await until_text(pilot, "▶line 00000")
        assert (await copied(app, pilot)).count("\n") == 9_999
        assert "ctrl+s saves all" in said(app)[0]


async def save_as(pilot: Pilot[None], app: Host, path: Path) -> None:
    await pilot.press("ctrl+s")
    await until(pilot, lambda: app.query_one(LogEntry).display)
    app.query_one(LogEntry).field.value = str(path)
    await pilot.press("enter")


async def test_what_the_filters_show_is_saved_masked_and_plain(tmp_path: Path) -> None:
    sources = FakeSources()
    sources.secrets = {"s3cr3tvalue": "***"}
    app, _ = host("keep \x1b[31mred\x1b[0m s3cr3tvalue", "drop", "keep " + "x" * 30_000, sources=sources)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "drop")
        await pilot.press("ampersand", *"keep", "enter")
        await until_status(app, pilot, "2 lines match")
        await save_as(pilot, app, tmp_path / "out.log")
        await until(pilot, lambda: said(app))
        assert said(app) == [f"Saved 2 lines to {tmp_path / 'out.log'}."]
        assert (tmp_path / "out.log").read_text() == "keep red ***\nkeep " + "x" * 30_000 + "\n"


async def test_the_picked_lines_are_saved(tmp_path: Path) -> None:
    app, _ = host(*numbered(5000))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "line 04999")
        await pilot.press("v", "up", "up")
        await save_as(pilot, app, tmp_path / "out.log")
        await until(pilot, lambda: said(app))
        assert (tmp_path / "out.log").read_text().split() == " ".join(numbered(3, 4997)).split()


async def test_a_file_is_never_written_over_and_the_name_is_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app, _ = host(*numbered(50))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "line 00049")
        for _ in range(2):
            await pilot.press("ctrl+s")
            await until(pilot, lambda: app.query_one(LogEntry).display)
            assert app.query_one(LogEntry).field.value == "vllm-server-369367189168.log"
            await pilot.press("enter")
            await until(pilot, lambda: said(app))
        await until(pilot, lambda: len(said(app)) == 2)
        assert "exists" in said(app)[1] and "choose another name" in said(app)[1].lower()
        assert os.listdir(tmp_path) == ["vllm-server-369367189168.log"]
        await until(pilot, lambda: app.query_one(LogEntry).display)  # the name is there again
        await pilot.press("x", "enter")
        await until(pilot, lambda: len(said(app)) == 3)
        assert sorted(os.listdir(tmp_path)) == ["vllm-server-369367189168.log", "vllm-server-369367189168.logx"]
