"""What is done to runs: asked first, done in threads, told when it fails."""

from __future__ import annotations

import pytest
from deck import LARGE, SIZES, deck, painted, three_runs
from fake_fleet import FakeControl, FakeFleet, failed_run, ready_run, starting_run, until
from textual.widgets import Button

from launcher.errors import UsageError, VdeckError
from tui.screens.confirm import ConfirmScreen
from tui.screens.text_modal import TextModal

NEWEST, READY, FAILED = starting_run().id, ready_run().id, failed_run().id


@pytest.mark.parametrize("size", SIZES)
async def test_the_question_names_what_it_hits(size):
    async with deck(size=size) as (app, pilot):
        await pilot.press("j", "T")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        assert app.screen.focused is app.screen.query_one("#no", Button)
        text = painted(app)
        for words in ("Terminate vllm-server?", READY, "llama-8b", "pids 4711 4712", "GPU 0", "up 2h04m"):
            assert words in text, words


@pytest.mark.parametrize("key", ["n", "escape", "enter"])
async def test_no_is_the_safe_answer(key):
    control = FakeControl()
    async with deck(control=control) as (app, pilot):
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press(key)
        await until(pilot, lambda: app.screen is app.main)
    assert control.orders == []


@pytest.mark.parametrize(
    ("key", "moves", "order"),
    [
        ("T", 0, ("terminate", NEWEST)), ("K", 1, ("kill", READY)), ("R", 1, ("restart", READY)),
        ("R", 2, ("restart", FAILED)), ("D", 2, ("delete", FAILED)),
    ],
)  # fmt: skip
async def test_yes_gives_the_order(key, moves, order):
    control = FakeControl()
    async with deck(control=control) as (app, pilot):
        await pilot.press(*"j" * moves, key)
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: control.orders)
    assert control.orders == [order]


@pytest.mark.parametrize(("key", "moves"), [("T", 2), ("K", 2), ("D", 0), ("y", 2), ("o", 2)])
async def test_what_is_not_possible_is_not_asked(key, moves):
    control = FakeControl()
    async with deck(control=control) as (app, pilot):
        await pilot.press(*"j" * moves, key)
        assert app.screen is app.main
    assert control.orders == []


async def test_marked_runs_are_hit_together_and_unmarked():
    control = FakeControl()
    async with deck(control=control) as (app, pilot):
        await pilot.press("space", "space", "space", "T")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        text = painted(app)
        assert "Terminate 2 runs?" in text and "Not possible for 1 of the marked runs" in text
        await pilot.press("y")
        await until(pilot, lambda: len(control.orders) == 2 and not app.main.table.marks)
    assert sorted(control.orders) == [("terminate", READY), ("terminate", NEWEST)]


async def test_an_error_shows_title_detail_and_fix():
    control = FakeControl()
    control.errors["terminate"] = VdeckError("run [/x] cannot be told", detail="No space [red]left", fix="free space")
    async with deck(control=control) as (app, pilot):
        await pilot.press("T", "y")
        await until(pilot, lambda: isinstance(app.screen, TextModal))
        text = painted(app)
        assert "run [/x] cannot be told" in text and "No space [red]left" in text and "→ free space" in text
        await pilot.press("escape")
        assert app.screen is app.main


async def test_errors_of_several_runs_come_in_one_window():
    control = FakeControl()
    control.errors["delete"] = UsageError("run is running", fix="first terminate it")
    fleet = FakeFleet(failed_run(), failed_run("369367189102", "other"))
    async with deck(fleet, control) as (app, pilot):
        await pilot.press("space", "space", "D", "y")
        await until(pilot, lambda: isinstance(app.screen, TextModal))
        assert "2 of the runs could not be changed" in painted(app)


async def test_an_unexpected_error_is_named_and_logged(state_folder):
    control = FakeControl()
    control.errors["terminate"] = KeyError("surprise")
    async with deck(control=control) as (app, pilot):
        await pilot.press("T", "y")
        await until(pilot, lambda: isinstance(app.screen, TextModal))
        assert "vdeck made a mistake" in painted(app) and "surprise" in painted(app)
        assert "Traceback" not in painted(app)
    assert "KeyError" in (state_folder / "screen.log").read_text()


async def test_copy_endpoint():
    async with deck() as (app, pilot):
        await pilot.press("j", "y")
        assert app.clipboard == "http://127.0.0.1:8000"


async def test_browser_without_a_desktop_copies(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    async with deck() as (app, pilot):
        opened: list[str] = []
        monkeypatch.setattr(app, "open_url", lambda url, **_: opened.append(url))
        await pilot.press("j", "o")
        assert app.clipboard == "http://127.0.0.1:8000" and not opened
        monkeypatch.setenv("DISPLAY", ":0")
        await pilot.press("o")
        assert opened == ["http://127.0.0.1:8000"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)"])
async def test_only_web_addresses_are_opened(monkeypatch, url):
    monkeypatch.setenv("DISPLAY", ":0")
    run = ready_run()
    fleet = FakeFleet(run._replace(endpoints=(run.endpoints[0]._replace(url=url),)))
    async with deck(fleet) as (app, pilot):
        opened: list[str] = []
        monkeypatch.setattr(app, "open_url", lambda target, **_: opened.append(target))
        await pilot.press("o")
        assert not opened


async def test_edit_takes_the_file_of_the_run_or_its_copy(monkeypatch, tmp_path):
    edited: list[str] = []
    own, kept = tmp_path / "own.yaml", tmp_path / "run" / "manifest.yaml"
    kept.parent.mkdir()
    kept.write_text("a")
    own.write_text("a")
    async with deck(FakeFleet(ready_run(manifest=str(own), folder=str(kept.parent)))) as (app, pilot):
        monkeypatch.setattr(app, "edit", lambda path: edited.append(path) or True)
        await pilot.press("e")
        own.unlink()
        await pilot.press("e")
        kept.unlink()
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, TextModal))
    assert edited == [str(own), str(kept)]


async def test_edit_runs_the_editor(monkeypatch, tmp_path):
    """Without a terminal to give away the app says so; the editor itself is tested on its own."""
    file = tmp_path / "own.yaml"
    file.write_text("a")
    async with deck(FakeFleet(ready_run(manifest=str(file)))) as (app, pilot):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, TextModal))


def test_the_editor_is_chosen(monkeypatch, tmp_path):
    from tui.screens import editor

    monkeypatch.setenv("EDITOR", "code --wait")
    monkeypatch.delenv("VISUAL", raising=False)
    assert editor.editor() == ["code", "--wait"]
    monkeypatch.setenv("VISUAL", "emacs")
    assert editor.editor() == ["emacs"]
    monkeypatch.setenv("VISUAL", "")
    monkeypatch.setenv("EDITOR", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VdeckError, match="no editor"):
        editor.editor()
    for name in ("sensible-editor", "vi", "nano"):  # the last one asks no questions, so it is taken before the others
        (tmp_path / name).touch(mode=0o755)
        assert editor.editor() == [name]


def test_the_editor_gets_the_file_and_its_failure_is_told(monkeypatch, tmp_path):
    from tui.screens import editor

    script, file = tmp_path / "ed", tmp_path / "m.yaml"
    script.write_text('#!/bin/sh\necho edited > "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(script))
    editor.edit(str(file))
    assert file.read_text() == "edited\n"
    monkeypatch.setenv("VISUAL", "false")
    with pytest.raises(VdeckError, match="exit code 1"):
        editor.edit(str(file))
    monkeypatch.setenv("VISUAL", str(tmp_path / "missing"))
    with pytest.raises(VdeckError, match="cannot start"):
        editor.edit(str(file))


async def test_dialogs_do_not_freeze_the_table():
    fleet = three_runs()
    async with deck(fleet, size=LARGE) as (app, pilot):
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        fleet.runs = (ready_run(), starting_run(progress="99 %"), failed_run())
        app.poll_soon()
        await until(pilot, lambda: "load 99 %" in painted(app))
