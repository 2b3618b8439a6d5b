"""The dialog behind `d`: what it shows, what it starts, and that it starts nothing unasked."""

from __future__ import annotations

from typing import Any

import pytest
from deck import LARGE, SIZES, deck, painted
from fake_fleet import FakeControl, FakeFleet, attached_run, failed_run, ready_run, until
from textual.widgets import Button, OptionList

from launcher.errors import VdeckError
from launcher.logs.diagnosis import Change, Diagnosis, Evidence, Fix
from launcher.manifest.amend import Refusal
from launcher.manifest.overrides import Overrides
from launcher.runs.amendment import Proposal
from launcher.runs.explain import Explained
from tui.render.diagnosis import change_lines, deed_lines
from tui.screens.diagnosis import DiagnosisScreen
from tui.screens.text_modal import TextModal

FAILED = failed_run().id
LOWER = Fix("Lower max-model-len to 20,480.", (Change("max-model-len", 20480),))
MORE = Fix("Give it a GPU with more memory.")
TOLD = Explained(
    Diagnosis(
        "kv-too-small", "KV cache too small for 32,768 tokens",
        "One request of 32,768 tokens needs 4.50 GiB of KV cache, and 2.81 GiB are left.",
        Evidence(118, "ValueError: To serve at least one request [/b] (4.5 GiB KV cache is needed"), (LOWER, MORE),
        "EngineCore",
    ),
    ((116, "INFO before [x]"),
     (117, "right before"), (118, "ValueError: To serve at least one request [/b]"), (119, "after")),
)  # fmt: skip


def proposal(fix: Fix, **changes: Any) -> Proposal:
    diff = "--- m.yaml\n+++ m.yaml\n@@ -3,2 +3,2 @@\n   args:\n-    max-model-len: 32768\n+    max-model-len: 20480\n"
    return Proposal(failed_run(), fix, "old", "new", diff, (), "/home/a/m.yaml", "", Overrides())._replace(**changes)


def control(**changes: Any) -> FakeControl:
    made = FakeControl()
    made.explained = TOLD
    made.proposed = lambda fix: proposal(fix, **changes)
    return made


def said(app: Any) -> list[str]:
    """What the screen notified."""
    return [notification.message for notification in app._notifications]


async def opened(app: Any, pilot: Any) -> DiagnosisScreen:
    await pilot.press("d")
    await until(pilot, lambda: isinstance(app.screen, DiagnosisScreen))
    await pilot.pause()
    screen: DiagnosisScreen = app.screen
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_cause_evidence_fixes_and_the_change_are_shown(size):
    fake = control()
    async with deck(FakeFleet(failed_run()), fake, size) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: screen.proposal is not None)
        await pilot.pause()
        text = painted(app)
        for words in (
            "mistral: KV cache too small for 32,768 tokens",
            "needs 4.50 GiB",
            "118",
            "[/b]",
            "✎ 1. Lower max-model-len",
            "· 2. Give it a GPU",
            "-    max-model-len: 32768",
            "+    max-model-len: 20480",
            "/home/a/m.yaml",
            "Write and start",
        ):
            assert words in text, words
    assert [order[0] for order in fake.orders] == ["explain", "propose"]


@pytest.mark.parametrize("key", ["ctrl+s", "a"])
async def test_the_shown_change_is_carried_out_and_the_new_run_chosen(key):
    fake = control()
    fake.created = ready_run("900000000001", "made")
    fleet = FakeFleet(failed_run())
    async with deck(fleet, fake) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: screen.proposal is not None)
        fleet.runs = (failed_run(), fake.created)
        await pilot.press(key)
        await until(pilot, lambda: app.screen is app.main and app.main.chosen_id == "900000000001")
    assert fake.orders[-1] == ("carry_out", proposal(LOWER))


async def test_enter_goes_to_the_button_first():
    fake = control()
    async with deck(FakeFleet(failed_run()), fake) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: screen.proposal is not None)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen.focused, Button))
        assert app.screen.focused.id == "apply"
        assert all(order[0] != "carry_out" for order in fake.orders)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
    assert fake.orders[-1][0] == "carry_out"


async def test_a_fix_by_hand_can_be_read_and_not_carried_out():
    fake = control()
    async with deck(FakeFleet(failed_run()), fake) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: screen.proposal is not None)
        await pilot.press("down")
        await until(pilot, lambda: screen.proposal is None)
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert "done by hand" in painted(app)
        assert screen.query_one("#apply", Button).disabled
    assert all(order[0] != "carry_out" for order in fake.orders)


async def test_a_refused_change_says_why():
    refused = (Refusal(LOWER.changes[0], "flags come from $ARGS"),)
    async with deck(FakeFleet(failed_run()), control(refused=refused, text="old", diff=""), LARGE) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: screen.proposal is not None)
        await pilot.pause()
        assert "flags come from $ARGS" in painted(app)
        assert screen.query_one("#apply", Button).disabled


async def test_what_is_not_written_is_said():
    more = {"file": "", "note": "/home/a/m.yaml is another text by now", "dropped": ("--set vllm.args.max-model-len",)}
    async with deck(FakeFleet(failed_run()), control(**more), LARGE) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: screen.proposal is not None)
        await pilot.pause()
        text = painted(app)
        assert "is another text by now" in text and "--set vllm.args.max-model-len" in text and "Start changed" in text


async def test_a_failure_leaves_the_dialog_open():
    fake = control()
    fake.errors["carry_out"] = VdeckError("port 8000 is taken", fix="stop it")
    async with deck(FakeFleet(failed_run()), fake) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: screen.proposal is not None)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, TextModal))
        assert "port 8000 is taken" in painted(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert not screen.query_one("#apply", Button).disabled


async def test_a_proposal_that_cannot_be_made_is_told_in_its_place():
    fake = control()
    fake.errors["propose"] = VdeckError("the manifest of run 1 cannot be read", fix="look at it")
    async with deck(FakeFleet(failed_run()), fake) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: "cannot be read" in painted(app))
        assert screen.proposal is None


async def test_copy_has_cause_evidence_and_fixes():
    copied: list[str] = []
    async with deck(FakeFleet(failed_run()), control()) as (app, pilot):
        app.copy_to_clipboard = copied.append
        await opened(app, pilot)
        await pilot.press("c")
        await until(pilot, lambda: copied)
    for words in ("KV cache too small", "needs 4.50 GiB", "Line 118", "1. Lower max-model-len", "2. Give it a GPU"):
        assert words in copied[0]


async def test_l_goes_to_the_log():
    async with deck(FakeFleet(failed_run()), control()) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("l")
        await until(pilot, lambda: app.screen is app.main and app.main.query_one("DetailTabs").active == "logs")


@pytest.mark.parametrize("key", ["escape", "q", "d"])
async def test_leaving_changes_nothing(key):
    fake = control()
    async with deck(FakeFleet(failed_run()), fake) as (app, pilot):
        await opened(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: app.screen is app.main)
    assert all(order[0] in ("explain", "propose") for order in fake.orders)


async def test_a_healthy_run_has_one_line():
    fake = FakeControl()
    async with deck(FakeFleet(ready_run()), fake) as (app, pilot):
        await pilot.press("d")
        await until(pilot, lambda: said(app))
        assert said(app) == ["vllm-server: ready; nothing is known against it"]
        assert app.screen is app.main


async def test_without_fixes_it_still_explains():
    fake = control()
    fake.explained = Explained(TOLD.diagnosis._replace(fixes=(), evidence=None))
    async with deck(FakeFleet(failed_run()), fake) as (app, pilot):
        screen = await opened(app, pilot)
        assert not screen.query_one("#diagnosis-fixes", OptionList).display
        assert "needs 4.50 GiB" in painted(app)


async def test_an_attached_run_has_no_such_key():
    fake = FakeControl()
    async with deck(FakeFleet(attached_run()), fake) as (_, pilot):
        await pilot.press("d")
        await pilot.pause()
    assert fake.orders == []


async def test_b_packs_and_says_where():
    fake = FakeControl()
    async with deck(FakeFleet(failed_run()), fake) as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: said(app))
        assert said(app) == [f"packed /tmp/vdeck-{FAILED}.tar.gz"]
    assert fake.orders == [("bundle", FAILED)]


@pytest.mark.parametrize("size", SIZES)
async def test_the_row_of_a_failed_run_names_the_key(size):
    long = failed_run(reason="a reason that is much longer than any terminal would ever be " * 4)
    async with deck(FakeFleet(failed_run("369367189102"), long), FakeControl(), size) as (app, _):
        text = painted(app)
        assert "KV cache too small for 32,768 tokens (d: why, how)" in text
        assert text.count("(d: why, how)") == 2


@pytest.mark.parametrize(("value", "says"), [(1, "says so already"), (None, "does not have it: it was set elsewhere")])
def test_a_change_that_changes_nothing_says_which_kind(value, says):
    shown = change_lines(proposal(Fix("x", (Change("A", value, env=True),)), text="old", diff=""))
    assert says in "".join(text for line in shown for text, _ in line)
    assert deed_lines(proposal(LOWER, text="old")) == ()
