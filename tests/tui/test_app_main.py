"""The main screen: what it shows and how one moves in it."""

from __future__ import annotations

import pytest
from deck import LARGE, SIZES, SMALL, deck, painted, polled, three_runs
from fake_fleet import FakeFleet, failed_run, ready_run, starting_run, until
from textual.events import Key

from tui.chat.prompt import PromptArea
from tui.detail.tabs import DetailTabs
from tui.widgets.empty_state import EmptyState
from tui.widgets.key_bar import KeyBar
from tui.widgets.notice_bar import NoticeBar

NEWEST, READY, FAILED = starting_run().id, ready_run().id, failed_run().id


@pytest.mark.parametrize("size", SIZES)
async def test_first_picture(size):
    async with deck(size=size) as (app, _):
        assert app.main.table.row_count == 3
        assert app.main.table.chosen == NEWEST
        assert app.main.focused is app.main.table
        text = painted(app)
        assert "vdeck  3 runs  1 ready  1 starting  1 failed" in text
        for words in ("◐ load 43 %", "● ready", "7.21k", "12/0", "✖ KV cache too small for 32,768 tokens", "2h04m"):
            assert words in text, words
        assert "q Quit" in text.splitlines()[-1]


async def test_wide_shows_id_and_trend_and_narrow_does_not():
    async with deck(size=LARGE) as (app, _):
        assert READY in painted(app) and "▂▅▇" in painted(app) and "GPU 0 ▇▇▇▇▅ 74/80 GB 92 %" in painted(app)
    async with deck(size=SMALL) as (app, _):
        assert READY not in painted(app).split("1 Overview")[0]


async def test_empty_state_asks_for_n():
    async with deck(FakeFleet()) as (app, pilot):
        assert app.main.query_one(EmptyState).display and not app.main.table.display
        assert "Press n to start one" in painted(app)
        assert "0 runs" in painted(app) and "CPU" in painted(app)
        await pilot.press("T", "j", "slash", "2", "enter", "plus")  # nothing to do it to, and nothing breaks
        assert app.screen is app.main


async def test_the_first_run_ends_the_empty_state():
    fleet = FakeFleet()
    async with deck(fleet) as (app, pilot):
        fleet.runs = (starting_run(),)
        await polled(app, pilot, fleet)
        assert not app.main.query_one(EmptyState).display
        assert app.main.table.chosen == NEWEST and app.main.query(DetailTabs)


async def test_the_cursor_stays_on_its_run():
    fleet = FakeFleet(ready_run(), failed_run())
    async with deck(fleet) as (app, pilot):
        assert app.main.table.chosen == READY
        fleet.runs = (*fleet.runs, starting_run())  # a newer one comes on top
        await polled(app, pilot, fleet)
        assert app.main.table.chosen == READY
        assert app.main.table.cursor_row == 1
        fleet.runs = (ready_run(status="terminated", ended=1.0), failed_run(), starting_run())
        await polled(app, pilot, fleet)
        assert app.main.table.chosen == READY
        order = [str(app.main.table.get_cell_at((row, 1))).strip() for row in range(3)]
        assert order == ["qwen", "vllm-server", "mistral"]


async def test_a_deleted_run_gives_the_cursor_to_its_neighbour():
    fleet = three_runs()
    async with deck(fleet) as (app, pilot):
        await pilot.press("j")
        assert app.main.table.chosen == READY
        fleet.runs = (starting_run(), failed_run())
        await polled(app, pilot, fleet)
        assert app.main.table.chosen == FAILED
        fleet.runs = ()
        await polled(app, pilot, fleet)
        assert app.main.table.chosen is None and app.main.query_one(EmptyState).display


async def test_only_changed_cells_are_updated(monkeypatch):
    fleet = three_runs()
    async with deck(fleet) as (app, pilot):
        updates, cleared = [], []
        table = app.main.table
        original = table.update_cell
        monkeypatch.setattr(table, "update_cell", lambda *a, **k: (updates.append(a[:2]), original(*a, **k)))
        monkeypatch.setattr(table, "clear", lambda *a, **k: cleared.append(1))
        await polled(app, pilot, fleet)
        assert updates == []
        fleet.runs = (ready_run(), starting_run(progress="44 %"), failed_run())
        await polled(app, pilot, fleet)
        assert updates == [(NEWEST, "status")]
        assert not cleared


async def test_jk_and_arrows_and_the_detail_follows():
    async with deck() as (app, pilot):
        detail = app.main.query_one(DetailTabs)
        await pilot.press("j")
        await until(pilot, lambda: detail.shown_run is not None and detail.shown_run.id == READY)
        await pilot.press("down")
        await until(pilot, lambda: detail.shown_run is not None and detail.shown_run.id == FAILED)
        await pilot.press("k", "k")
        await until(pilot, lambda: detail.shown_run is not None and detail.shown_run.id == NEWEST)


async def test_enter_and_escape():
    async with deck() as (app, pilot):
        detail = app.main.query_one(DetailTabs)
        await pilot.press("enter")
        await until(pilot, lambda: app.main.focused is not None and detail in app.main.focused.ancestors_with_self)
        await pilot.press("escape")
        assert app.main.focused is app.main.table


async def test_number_keys_open_tabs_and_leave_the_focus():
    async with deck() as (app, pilot):
        detail = app.main.query_one(DetailTabs)
        for key, name in (("2", "metrics"), ("3", "logs"), ("6", "events"), ("1", "overview")):
            await pilot.press(key)
            assert detail.active == name
        assert app.main.focused is app.main.table


@pytest.mark.parametrize("how", ["key", "click"])
async def test_the_chat_takes_the_keys_at_once(how: str):
    """Typing "enter me" there opened the editor, asked to kill, and so on: letters were orders to the run."""
    async with deck() as (app, pilot):
        await (pilot.press("4") if how == "key" else pilot.click("#tab-chat"))
        await until(pilot, lambda: isinstance(app.main.focused, PromptArea))
        await pilot.press(*"enTer Kqn")
        assert app.screen is app.main and app.main.focused is not None
        assert app.main.focused.text == "enTer Kqn"  # type: ignore[attr-defined]
        assert "^q Quit" in painted(app) and "/ Filter" not in painted(app)
        await pilot.press("escape", "escape")
        assert app.main.focused is app.main.table


@pytest.mark.parametrize("typed", ["4eKT n!q", "4hello"])
async def test_what_is_typed_before_the_prompt_exists_is_text(typed: str):
    """All keys are sent before the first is looked at, as on a busy machine."""
    async with deck() as (app, pilot):
        for letter in typed:
            app.post_message(Key({" ": "space", "!": "exclamation_mark"}.get(letter, letter), letter))
        await until(pilot, lambda: isinstance(app.main.focused, PromptArea) and app.main.focused.text == typed[1:])
        assert app.screen is app.main


async def test_letters_typed_into_the_conversation_come_in_their_order():
    async with deck() as (app, pilot):
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.main.focused, PromptArea))
        await pilot.press("escape")
        assert not isinstance(app.main.focused, PromptArea)
        for letter in "Think in seas 2":
            app.post_message(Key("space" if letter == " " else letter, letter))
        await until(
            pilot, lambda: isinstance(app.main.focused, PromptArea) and app.main.focused.text == "Think in seas 2"
        )


async def test_every_snapshot_brings_selection_and_detail_together():
    fleet = three_runs()
    async with deck(fleet) as (app, pilot):
        detail = app.main.query_one(DetailTabs)
        await pilot.press("3")
        detail.set_run(None)  # however they came apart
        await polled(app, pilot, fleet)
        assert detail.shown_run is not None and detail.shown_run.id == app.main.table.chosen
        assert "No run is chosen" not in painted(app)


@pytest.mark.parametrize("size", SIZES)
async def test_zoom(size):
    async with deck(size=size) as (app, pilot):
        detail = app.main.query_one(DetailTabs)
        await pilot.press("plus")
        assert app.main.zoom == "detail" and not app.main.table.display
        await until(pilot, lambda: detail.size.height >= size[1] - 3)
        await pilot.press("underscore", "underscore")
        assert app.main.zoom == "table" and not detail.display
        await until(pilot, lambda: app.main.table.size.height >= size[1] - 3)
        await pilot.press("underscore")
        assert app.main.zoom == "table"
        await pilot.press("escape")
        assert app.main.zoom == "split" and detail.display and app.main.table.display
        await pilot.press("plus", "escape")
        assert app.main.zoom == "split" and app.main.focused is app.main.table


async def test_filter_by_typing_and_escape_clears():
    async with deck() as (app, pilot):
        await pilot.press("slash", *"lla")
        await until(pilot, lambda: app.main.table.row_count == 1)
        assert app.main.table.chosen == READY
        await pilot.press("enter")
        assert app.main.focused is app.main.table
        assert app.main.query_one(NoticeBar).display
        assert "/lla  1 of 3 runs  esc clears" in painted(app)
        await pilot.press("escape")
        assert app.main.table.row_count == 3 and not app.main.query_one(NoticeBar).display
        assert app.main.table.chosen == READY


async def test_filter_inverse_wrong_and_dropped():
    async with deck() as (app, pilot):
        await pilot.press("slash", "exclamation_mark", *"failed")
        await until(pilot, lambda: app.main.table.row_count == 2)
        await pilot.press("escape")
        await until(pilot, lambda: app.main.table.row_count == 3)
        await pilot.press("slash", "left_square_bracket")
        await until(pilot, lambda: "not a regular expression" in painted(app))
        assert app.main.table.row_count == 3


async def test_marks():
    async with deck() as (app, pilot):
        await pilot.press("space", "space")
        assert app.main.table.marks == {NEWEST, READY}
        assert [run.id for run in app.main.targets()] == [NEWEST, READY]
        await until(pilot, lambda: "✓ 2 marked" in painted(app))
        await pilot.press("escape")
        assert app.main.table.marks == frozenset()
        assert [run.id for run in app.main.targets()] == [FAILED]


async def test_keys_typed_in_one_go_hit_the_right_run():
    """Keys that wait in the queue together, as from a fast typist or a slow link."""
    async with deck() as (app, pilot):
        for key in ("space", "space", "j"):
            app.simulate_key(key)
        await until(pilot, lambda: app.main.table.marks == {NEWEST, READY})
        assert app.main.table.chosen == FAILED
        table = app.main.table
        table.action_cursor_up()
        assert table.chosen == READY and app.main.chosen_run() == ready_run()


async def test_a_run_is_chosen_when_it_comes():
    fleet = three_runs()
    async with deck(fleet) as (app, pilot):
        app.main.select("900000000001")
        assert app.main.table.chosen == NEWEST
        fleet.runs = (*fleet.runs, ready_run("900000000001", "late", created=1.0))
        await polled(app, pilot, fleet)
        assert app.main.table.chosen == "900000000001"


async def test_marks_of_deleted_runs_are_forgotten():
    fleet = three_runs()
    async with deck(fleet) as (app, pilot):
        await pilot.press("space")
        fleet.runs = (ready_run(), failed_run())
        await polled(app, pilot, fleet)
        assert app.main.table.marks == frozenset()


async def test_the_footer_shows_what_means_something():
    async with deck() as (app, pilot):
        bar = app.main.query_one(KeyBar)
        labels = {hint.label for hint in bar._shown}
        assert {"Open", "Terminate", "New", "Help", "Quit"} <= labels
        await pilot.press("j", "j")  # the failed run has no endpoint and cannot be terminated
        await until(pilot, lambda: "Terminate" not in {hint.label for hint in bar._shown})
        assert not app.main.check_action("copy_endpoint", ())
        assert app.main.check_action("delete", ())


async def test_mouse_chooses_a_row_and_presses_a_key_hint():
    async with deck() as (app, pilot):
        table = app.main.table
        await pilot.click(table, offset=(10, 2))
        await until(pilot, lambda: table.chosen == READY)
        line = painted(app).splitlines()[-1]
        await pilot.click(KeyBar, offset=(line.index("Help"), 0))
        await until(pilot, lambda: app.screen is not app.main and "Keys" in painted(app))


async def test_resize_keeps_cursor_and_changes_columns():
    async with deck(size=LARGE) as (app, pilot):
        await pilot.press("j")
        await pilot.resize_terminal(*SMALL)
        await until(pilot, lambda: "Run/Wait" in painted(app) and "TTFT p95" not in painted(app).splitlines()[1])
        assert app.main.table.chosen == READY and app.main.table.cursor_row == 1


@pytest.mark.parametrize(
    ("terminal", "dark", "light"),
    [("xterm-256color", "vdeck-dark", "vdeck-light"), ("xterm-16color", "vdeck-dark-16", "vdeck-light-16")],
)
async def test_theme_switch_is_remembered(monkeypatch, terminal, dark, light):
    monkeypatch.setenv("TERM", terminal)
    monkeypatch.delenv("COLORTERM", raising=False)
    async with deck() as (app, pilot):
        assert app.theme == dark and app.has_class("-few-colours") is dark.endswith("16")
        await pilot.press("ctrl+t")
        assert app.theme == light
        jobs = [worker for worker in app.workers if worker.group == "settings"]
        if jobs:
            await app.workers.wait_for_complete(jobs)
    async with deck() as (app, _):
        assert app.theme == light


async def test_hostile_names_are_painted_as_text():
    evil = starting_run(name="\x1b[31mred\x1b]0;t\x07")
    fleet = FakeFleet(ready_run(name="[/x]", served_names=("[b]m[/b]",)), evil)
    async with deck(fleet, size=LARGE) as (app, pilot):
        text = painted(app)
        assert "[/x]" in text and "[b]m[/b]" in text and "\x1b" not in text and " red " in text
        await pilot.press("j", "T")
        await until(pilot, lambda: app.screen is not app.main)
        assert "Terminate [/x]?" in painted(app)


async def test_many_runs_scroll_and_keep_the_cursor_in_view():
    fleet = FakeFleet(*(ready_run(f"{n:012d}", f"run-{n:02d}", created=float(n)) for n in range(60)))
    async with deck(fleet) as (app, pilot):
        await pilot.press("end")
        assert app.main.table.chosen == "000000000000"
        await until(pilot, lambda: "run-00" in painted(app))
        await polled(app, pilot, fleet)
        assert "run-00" in painted(app) and app.main.table.chosen == "000000000000"


async def test_quit_says_that_runs_go_on(capsys):
    async with deck() as (_, pilot):
        await pilot.press("q")
    assert "2 runs go on. `vdeck` shows them again." in capsys.readouterr().err
