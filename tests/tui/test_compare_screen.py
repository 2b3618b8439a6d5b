"""The comparison of two marked runs on the screen."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from compare_kit import SECRET, make, served, step
from compare_kit import A as FIRST
from compare_kit import B as SECOND
from deck import LARGE, SIZES, SMALL, deck, painted, three_runs
from fake_fleet import FakeFleet, failed_run, ready_run, until
from textual.widgets import Static

from launcher.compare.comparer import Comparer
from launcher.errors import VdeckError
from tui.screens.compare import CompareScreen
from tui.screens.compare_section import CompareSection

ARGS = tuple(word for number in range(30) for word in (f"--flag-{number}", "1"))


def two_runs(tmp_path: Path) -> FakeFleet:
    """The same two in the fleet and in the state folder; the second is the newer one."""
    a = make(FIRST, name="one", manifest=f"name: one # {SECRET}\n", hidden={"HF_TOKEN": SECRET}, created=1.0)
    make(SECOND, name="[/two]\x1b[31m", manifest="name: two\n", steps=(step(*ARGS),), created=2.0)
    served(a.metrics)
    return FakeFleet(
        ready_run(SECOND, "[/two]\x1b[31m", created=2.0),
        failed_run(FIRST, "one", created=1.0),
        ready_run("369367189303", "x"),
    )


async def opened(app: Any, pilot: Any) -> CompareScreen:
    app.main.table.set_marks(frozenset({FIRST, SECOND}))
    await pilot.press("equals_sign")
    await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.found is not None)
    await until(pilot, lambda: "1 Manifest" in painted(app) and "A one" in painted(app))
    screen: CompareScreen = app.screen
    return screen


def body(app: Any) -> Any:
    return app.screen.query_one("#compare-body")


def text_of(app: Any, number: int) -> str:
    return str(app.screen.query_one(f"#compare-{number} .compare-lines", Static).render())


async def test_the_key_is_there_for_exactly_two_marked_runs(tmp_path: Path) -> None:
    async with deck(three_runs()) as (app, pilot):
        ids = [run.id for run in app.main.snapshot.runs]
        for count, possible in ((0, False), (1, False), (2, True), (3, False)):
            app.main.table.set_marks(frozenset(ids[:count]))
            await pilot.pause()
            assert bool(app.main.check_action("compare", ())) is possible, count
            if not possible:
                await pilot.press("equals_sign")
                assert app.screen is app.main


@pytest.mark.parametrize("size", SIZES)
async def test_the_sections_of_two_runs(size: tuple[int, int], tmp_path: Path) -> None:
    async with deck(two_runs(tmp_path), size=size) as (app, pilot):
        await opened(app, pilot)
        text = painted(app)
        assert "A  #369367189101  one" in text and "B  #369367189202  [/two]" in text
        assert "-name: one # ***" in text and "▲ B is better" in text and "esc Back" in text
        assert "--flag-3" in text_of(app, 2) and "until ready" in text_of(app, 3) and "TTFT p95" in text_of(app, 4)
        assert "A has no finished benchmark" in text_of(app, 5)
        whole = text + "".join(text_of(app, number) for number in range(1, 6))
        assert SECRET not in whole and "\x1b" not in whole
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_scrolling_and_sections_by_number(tmp_path: Path) -> None:
    async with deck(two_runs(tmp_path), size=SMALL) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("j", "j", "k")
        await until(pilot, lambda: body(app).scroll_offset.y == 1)
        await pilot.press("2")
        section = app.screen.query_one("#compare-2", CompareSection)
        await until(pilot, lambda: body(app).scroll_offset.y == section.virtual_region.y)
        assert not section.folded
        await pilot.press("2")
        await until(pilot, lambda: section.folded and "▸ 2 Arguments" in painted(app))
        await pilot.press("2")
        await until(pilot, lambda: not section.folded)
        await pilot.press("G")
        await until(pilot, lambda: body(app).scroll_offset.y == body(app).max_scroll_y > 0)
        await pilot.press("g")
        await until(pilot, lambda: body(app).scroll_offset.y == 0)
        await pilot.press("f")
        await until(pilot, lambda: all(one.folded for one in app.screen.query(CompareSection)))
        assert "▸ 5 Benchmarks" in painted(app)
        await pilot.press("f")
        await until(pilot, lambda: not any(one.folded for one in app.screen.query(CompareSection)))


async def test_a_new_look_leaves_the_scroll_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.compare.EVERY_S", 0.01)
    async with deck(two_runs(tmp_path), size=SMALL) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press(*"jjjjj")
        await until(pilot, lambda: body(app).scroll_offset.y == 5)
        before = screen.found
        make_live(SECOND)
        await until(
            pilot, lambda: screen.found is not before and "Generation" in text_of(app, 4) and " 9" in text_of(app, 4)
        )
        assert body(app).scroll_offset.y == 5


def make_live(run_id: str) -> None:
    """The run gets metrics while it is looked at."""
    from launcher import paths

    served(paths.RunPaths.of(run_id).metrics, rate=9.0)


async def test_all_and_only_what_differs(tmp_path: Path) -> None:
    async with deck(two_runs(tmp_path), size=LARGE) as (app, pilot):
        await opened(app, pilot)
        assert "Cluster" not in text_of(app, 2) and "differences, window 5m" in painted(app)
        await pilot.press("a")
        await until(pilot, lambda: "Cluster" in text_of(app, 2) and "all rows" in painted(app))
        await pilot.press("a")
        await until(pilot, lambda: "Cluster" not in text_of(app, 2))


async def test_swapped_and_with_another_window(tmp_path: Path) -> None:
    async with deck(two_runs(tmp_path), size=LARGE) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("s")
        await until(pilot, lambda: "B one" in painted(app) and "A [/two]" in painted(app))
        await pilot.press("w")
        await until(pilot, lambda: "window 15m" in painted(app))
        assert screen.window_s == 900


async def test_copied_and_saved_as_markdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    copied: list[str] = []
    async with deck(two_runs(tmp_path), size=LARGE) as (app, pilot):
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        await opened(app, pilot)
        await pilot.press("c")
        await until(pilot, lambda: copied)
        assert copied[0].startswith("# Comparison of two runs") and SECRET not in copied[0]
        await pilot.press("ctrl+s")
        first = tmp_path / f"vdeck-compare-{FIRST}-{SECOND}.md"
        await until(pilot, first.exists)
        await pilot.press("ctrl+s")
        second = tmp_path / f"vdeck-compare-{FIRST}-{SECOND}-2.md"
        await until(pilot, lambda: second.exists() and second.read_text() == first.read_text() != "")
        assert oct(os.stat(first).st_mode & 0o777) == "0o600"
        assert first.read_text().startswith("# Comparison")


async def test_a_folder_that_cannot_be_written_to_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, lines: list[str]) -> int:
        raise VdeckError(f"cannot make {path}: No space left on device")

    monkeypatch.setattr("tui.screens.compare.save.save", refuse)
    async with deck(two_runs(tmp_path), size=LARGE) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "cannot make" in painted(app))


async def test_an_error_is_said_and_the_next_look_heals_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.compare.EVERY_S", 0.01)
    broken = threading.Event()
    real = Comparer.look

    def look(self: Comparer, window_s: int) -> Any:
        if broken.is_set():
            raise RuntimeError("[/x] no luck")
        return real(self, window_s)

    monkeypatch.setattr(Comparer, "look", look)
    async with deck(two_runs(tmp_path), size=LARGE) as (app, pilot):
        await opened(app, pilot)
        broken.set()
        await until(pilot, lambda: "no luck" in painted(app))
        assert "1 Manifest" in painted(app)
        broken.clear()
        await until(pilot, lambda: "A  #369367189101" in painted(app))


async def test_the_palette_and_the_help_know_the_key(tmp_path: Path) -> None:
    async with deck(two_runs(tmp_path), size=LARGE) as (app, pilot):
        app.main.table.set_marks(frozenset({FIRST, SECOND}))
        await pilot.pause()
        from tui.screens.palette import ActionProvider

        words = [entry.words for entry in ActionProvider(app.screen).entries()]
        assert any(word.startswith("Compare") for word in words)
