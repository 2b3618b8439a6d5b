"""Help, palette and bindings all come from the one table of actions."""

from __future__ import annotations

import pytest
from deck import LARGE, SIZES, deck, painted
from fake_fleet import FakeFleet, ready_run, until
from textual.binding import Binding
from textual.command import CommandPalette
from textual.content import Content

from tui.actions import all_actions, bindings, key_text, plain_name
from tui.screens.help import help_lines
from tui.screens.palette import ActionProvider
from tui.screens.text_modal import TextModal


def test_names_are_unique_within_a_scope():
    names = [(action.scope, action.name) for action in all_actions()]
    assert len(names) == len(set(names))


def test_keys_are_unique_where_they_meet():
    """The keys of the table and the runs must not hide each other, nor those of a pane the global ones."""
    taken: dict[str, str] = {}
    for action in all_actions():
        if action.scope in ("global", "runs", "table"):
            for key in action.keys.split(","):
                assert key not in taken, (key, action.name, taken.get(key))
                taken[key] = action.name


def test_every_dangerous_action_has_a_capital_key():
    """What hits a run; what hits a result of a benchmark asks too, in its own tab."""
    found = {(action.scope, action.keys) for action in all_actions() if action.dangerous}
    assert found == {*(("runs", key) for key in "TKRD"), ("bench", "x"), ("bench", "delete")}


def test_help_texts_hold_no_markup():
    for action in all_actions():
        assert Content.from_markup(action.help).plain == action.help


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("colon,ctrl+p", ": ^p"), ("question_mark,f1", "? f1"), ("plus", "+"), ("T", "T"), ("shift+up", "shift+↑")],
)
def test_key_text(keys, shown):
    assert key_text(keys) == shown


def test_bindings_carry_the_table():
    made = bindings("runs")
    wanted = [action for action in all_actions() if action.scope == "runs"]
    assert [(b.key, b.action, b.id) for b in made if isinstance(b, Binding)] == [
        (a.keys, a.name, f"runs.{plain_name(a)}") for a in wanted
    ]


def test_help_has_every_action():
    lines = ["".join(text for text, _ in line) for line in help_lines(all_actions())]
    for action in all_actions():
        first = action.help.split()[0]
        assert any(key_text(action.keys) in line and first in line for line in lines), action
    assert any(line.startswith("  T") and "! " in line for line in lines)


@pytest.mark.parametrize("size", SIZES)
async def test_help_opens_and_closes(size):
    async with deck(size=size) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, TextModal))
        assert "Everywhere" in painted(app) and "Start a new run from a manifest." in painted(app)
        await pilot.press("c")
        assert "Terminate" not in app.clipboard.splitlines()[0] and "SIGTERM" in app.clipboard
        await pilot.press("escape")
        assert app.screen is app.main


async def entries(app):
    return [entry.words for entry in ActionProvider(app.main).entries()]


async def test_palette_offers_what_means_something_now():
    async with deck(size=LARGE) as (app, pilot):
        words = await entries(app)
        assert any(w.startswith("Terminate (asks first)") for w in words)
        assert any(w.startswith("Run vllm-server") for w in words)
        assert not any(w.startswith("Delete") for w in words)
        await pilot.press("j", "j")
        words = await entries(app)
        assert any(w.startswith("Delete") for w in words) and not any(w.startswith("Terminate") for w in words)


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_palette_goes_to_a_run_with_a_hostile_name(key):
    fleet = FakeFleet(ready_run(name="[/x]", created=1.0), ready_run("900000000000", "other"))
    async with deck(fleet) as (app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"Run [/x")
        await until(pilot, lambda: "Run [/x]" in painted(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        await until(pilot, lambda: app.main.table.chosen == ready_run().id)


async def test_palette_runs_an_action():
    async with deck() as (app, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"Show the charts")
        await until(pilot, lambda: "Show the charts of the run" in painted(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.main.query_one("DetailTabs").active == "metrics")
