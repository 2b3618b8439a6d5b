"""The launch dialog: choose, see it checked, change, start."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace

import pytest
from deck import LARGE, SIZES, SMALL, deck, painted
from fake_fleet import FakeControl, FakeFleet, ready_run, until
from textual.widgets import Button, Input, OptionList, TextArea

from launcher.errors import VdeckError
from launcher.manifest.problems import ManifestError
from launcher.manifest.reader import read_text
from launcher.runs.record import PortRecord, RunRecord, StepRecord
from tui.screens.install import InstallScreen
from tui.screens.launch import LaunchScreen
from tui.screens.text_modal import TextModal
from tui.widgets.lines_view import LinesView

GOOD = "name: good\nvllm:\n  model: org/tiny\nports: [{name: vllm, type: http, port: auto}]\nresources: {gpus: 0}\n"
BAD = "name: bad\nvllm:\n  modell: org/tiny\nimage_: x\n"
NO_ENGINE = VdeckError("no vLLM is installed", fix="Run: vdeck engine install")


class Planner:
    """A `prepare` with the real reader and a plan made by hand; ``refusal`` says no."""

    def __init__(self) -> None:
        self.refusal: VdeckError | None = None
        self.calls = 0

    def __call__(self, text, file, overrides):
        self.calls += 1
        reading = read_text(text, file=file, overrides=overrides)
        manifest = reading.manifest
        plan = None
        if manifest is not None and self.refusal is None:
            port = manifest.ports[0].port if manifest.ports and manifest.ports[0].port else 8000
            display = f"vllm serve {manifest.vllm.model if manifest.vllm else '-'} --port {port}"
            record = RunRecord(
                "0" * 12, manifest.name, 0.0, steps=(StepRecord(("vllm",), "/", display, "vllm"),),
                ports=(PortRecord("vllm", "http", port),), gpus=(), engine="0.33.0", secret_names=("HF_TOKEN",),
                env={entry.name: entry.value or "" for entry in manifest.env},
            )  # fmt: skip
            plan = SimpleNamespace(record=record, commands=(display,), notes=("a note [/x]",))
        return SimpleNamespace(
            manifest=manifest, problems=reading.problems, plan=plan, refusal=self.refusal if manifest else None
        )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current folder with a good and a bad manifest and a file that is none."""
    place = tmp_path / "here"
    place.mkdir()
    (place / "a-good.yaml").write_text(GOOD)
    (place / "b-bad.yml").write_text(BAD)
    (place / "compose.yaml").write_text("services: {}\n")
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def control():
    fake = FakeControl()
    fake.prepared = Planner()
    return fake


async def opened(app, pilot, *keys) -> LaunchScreen:
    await pilot.press(*(keys or ("n",)))
    await until(pilot, lambda: isinstance(app.screen, LaunchScreen) and app.screen.checked is not None)
    await pilot.pause()
    return app.screen


@pytest.mark.parametrize("size", SIZES)
async def test_a_good_manifest_is_shown_checked_and_planned(folder, control, size):
    async with deck(control=control, size=size) as (app, pilot):
        screen = await opened(app, pilot)
        text = painted(app)
        assert "a-good.yaml" in text and "b-bad.yml" in text and "compose.yaml" not in text
        assert "2   model" not in text and "3   model: org/tiny" in text and "✔ no problems" in text
        assert not screen.query_one("#start", Button).disabled
        if size == SMALL:
            await pilot.press("enter")
            await pilot.pause()
        text = painted(app)
        wanted = ("vllm serve org/tiny --port 8000", "8000 (vllm, http)", "none (CPU)", "a note [/x]", "TOKEN=••••••")
        for words in wanted:
            assert words in text, words


@pytest.mark.parametrize("size", SIZES)
async def test_problems_stand_at_their_lines(folder, control, size):
    async with deck(control=control, size=size) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("down")
        await until(pilot, lambda: screen.checked is not None and screen.checked.problems)
        await pilot.pause()
        text = painted(app)
        assert screen.query_one("#form-name", Input).placeholder == "", "that was the manifest before"
        assert "✖3   modell: org/tiny" in text and "✖4 image_: x" in text
        assert "✖ 3:3" in text and "✖ 4:1" in text and "errors" in text
        assert screen.query_one("#start", Button).disabled
        await pilot.press("ctrl+s")
        assert app.screen is screen and control.orders == []
        options = screen.query_one("#launch-problems", OptionList)
        options.focus()
        options.highlighted = 1
        await until(pilot, lambda: screen.query_one(LinesView).marked == 3)


async def test_filter_by_typing(folder, control):
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press(*"bad")
        await until(pilot, lambda: screen.candidate is not None and screen.candidate.label == "b-bad.yml")
        await pilot.press(*"xyz")
        await until(pilot, lambda: screen.candidate is None)
        assert "nothing matches" in painted(app)
        assert screen.query_one("#start", Button).disabled


@pytest.mark.parametrize("size", SIZES)
async def test_form_changes_reach_the_plan_and_the_run(folder, control, size):
    async with deck(control=control, size=size) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("enter")
        assert screen.focused is screen.query_one("#form-name", Input)
        await pilot.press(*"mine", "tab", "tab", *"8123", "tab", *"A=b", "tab", *"max-model-len=64")
        await until(pilot, lambda: "--port 8123" in painted(app))
        assert "A=b" in painted(app)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.screen is app.main)
        order, text, file, overrides = control.orders[0]
        assert (order, text, file) == ("create", GOOD, str(folder / "a-good.yaml"))
        assert (overrides.name, overrides.env) == ("mine", (("A", "b"),))
        assert set(overrides.sets) == {("ports.0.port", "8123"), ("vllm.args.max-model-len", "64")}


async def test_a_start_right_after_typing_waits_for_the_check(folder, control):
    async with deck(control=control) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("enter", *"new", "ctrl+s")
        await until(pilot, lambda: app.screen is app.main)
        assert control.orders[0][3].name == "new"


async def test_a_start_before_the_first_check_waits_for_it(folder, control):
    planner, go_on = control.prepared, threading.Event()

    def slow(*given):
        assert go_on.wait(5)
        return planner(*given)

    control.prepared = slow
    async with deck(control=control) as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, LaunchScreen) and app.screen.candidate is not None)
        await pilot.press("ctrl+s")
        assert control.orders == []
        go_on.set()
        await until(pilot, lambda: app.screen is app.main)
        assert control.orders[0][0] == "create"


async def test_the_started_run_is_chosen(folder, control):
    fleet = FakeFleet(ready_run())
    async with deck(fleet, control) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: not screen.query_one("#start", Button).disabled)
        fleet.runs = (*fleet.runs, control.created._replace(created=1.0))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.main.table.chosen == control.created.id)
        assert app.screen is app.main and app.main.table.cursor_row == 1


async def test_a_wrong_field_is_named_and_blocks_the_start(folder, control):
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("enter", "tab", "tab", *"99999")
        await until(pilot, lambda: screen.form_problems)
        await until(pilot, lambda: "port: a number from 1 to 65535" in painted(app))
        assert screen.query_one("#start", Button).disabled


async def test_a_refusal_blocks_the_start_and_says_why(folder, control):
    control.prepared.refusal = VdeckError("port 8000 is taken by the run [/y]", fix="choose another port")
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "port 8000 is taken by the run [/y]" in painted(app).replace("\n", ""))
        assert screen.query_one("#start", Button).disabled and not screen.query_one("#launch-engines").display


async def test_an_error_of_the_start_keeps_the_dialog(folder, control):
    control.errors["create"] = VdeckError("no space left", fix="free some")
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, TextModal))
        await pilot.press("escape")
        assert app.screen is screen and not screen.query_one("#start", Button).disabled
        control.errors["create"] = ManifestError(())
        calls = control.prepared.calls
        await pilot.press("ctrl+s")
        await until(pilot, lambda: control.prepared.calls > calls and app.screen is screen)


async def test_an_edited_file_is_checked_again(folder, control, monkeypatch):
    monkeypatch.setattr("tui.screens.launch_checks.WATCH_S", 0.02)
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        (folder / "a-good.yaml").write_text(BAD)
        await until(pilot, lambda: screen.checked is not None and screen.checked.problems)
        (folder / "a-good.yaml").unlink()
        await until(pilot, lambda: screen.checked is not None and screen.checked.failure is not None)
        assert "No such file" in screen.checked.failure.title


async def test_clone_is_prefilled_with_the_text_of_the_run(folder, control):
    async with deck(FakeFleet(ready_run(manifest=str(folder / "gone.yaml"))), control) as (app, pilot):
        screen = await opened(app, pilot, "C")
        assert screen.candidate is not None and screen.candidate.group == "Clone"
        assert screen.checked is not None and screen.checked.text == control.text
        assert screen.query_one("#form-name", Input).value == "vllm-server"
        await until(pilot, lambda: not screen.query_one("#start", Button).disabled)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.screen is app.main)
    assert control.orders[-1][:3] == ("create", control.text, str(folder / "gone.yaml"))


async def test_given_manifests_open_the_dialog(folder, control):
    async with deck(control=control, manifests=(str(folder / "b-bad.yml"),)) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, LaunchScreen) and app.screen.checked is not None)
        assert app.screen.candidate.label.endswith("b-bad.yml") and app.screen.candidate.group == "Given"


async def test_recent_manifests_are_listed_once(folder, control):
    control.recent = (str(folder / "a-good.yaml"),)
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        labels = [candidate.label for candidate in screen.query_one("#launch-choose")._all]
        assert labels.count("a-good.yaml") == 1


async def test_escape_goes_back_and_out(folder, control):
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        await pilot.press("enter", "escape")
        assert app.screen is screen and screen.has_class("-choose")
        await pilot.press("escape")
        assert app.screen is app.main


async def test_arguments_are_for_the_vllm_form_only(folder, control):
    (folder / "a-good.yaml").write_text("name: shell\nrun:\n  - command: python serve.py\n")
    async with deck(control=control, size=LARGE) as (app, pilot):
        screen = await opened(app, pilot)
        await until(pilot, lambda: not screen.query_one("#form-args", TextArea).display)


async def test_a_hostile_manifest_is_only_text(folder, control):
    (folder / "a-good.yaml").write_text("name: '[/x]'\nvllm: {model: m}\nenv: {A: '\x1b[31m[red]'}\n")
    async with deck(control=control, size=LARGE) as (app, pilot):
        await opened(app, pilot)
        assert "\x1b" not in painted(app) and "[/x]" in painted(app)


async def test_a_missing_engine_is_offered_and_installed(folder, control, monkeypatch):
    planner = control.prepared
    planner.refusal = NO_ENGINE
    wanted: list[tuple[str | None, str]] = []

    def install(version=None, *, variant, report):
        wanted.append((version, variant))
        report(SimpleNamespace(step="download", done=37, total=147, line="torch 2.13.0+cpu [/x]"))
        assert go_on.wait(5)
        report(SimpleNamespace(step="done", done=1, total=1, line=""))
        planner.refusal = None
        return SimpleNamespace(name="0.33.0-cpu")

    go_on = threading.Event()
    monkeypatch.setattr("launcher.engines.install.install", install)
    async with deck(control=control, size=LARGE) as (app, pilot):
        screen = await opened(app, pilot)
        assert "no vLLM is installed" in painted(app) and "Install vLLM (CPU)" in painted(app)
        screen.query_one("#install-cpu", Button).press()
        await until(pilot, lambda: "torch 2.13.0+cpu [/x]" in painted(app))
        assert "downloading  37 of 147" in painted(app)
        go_on.set()
        await until(pilot, lambda: app.screen is screen and not screen.query_one("#start", Button).disabled)
    assert wanted == [(None, "cpu")]


async def test_an_installation_can_be_stopped(folder, control, monkeypatch):
    control.prepared.refusal = NO_ENGINE
    ended = threading.Event()

    def install(version=None, *, variant, report):
        try:
            while True:
                report(SimpleNamespace(step="download", done=1, total=0, line="torch"))
                threading.Event().wait(0.01)
        finally:
            ended.set()

    monkeypatch.setattr("launcher.engines.install.install", install)
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        screen.query_one("#install-cuda", Button).press()
        await until(pilot, lambda: isinstance(app.screen, InstallScreen) and "torch" in painted(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert ended.is_set()


async def test_a_failed_installation_says_why(folder, control, monkeypatch):
    control.prepared.refusal = NO_ENGINE

    def install(version=None, *, variant, report):
        raise VdeckError("the index has no vllm [/x]", detail="pip said no", fix="look at pip config")

    monkeypatch.setattr("launcher.engines.install.install", install)
    async with deck(control=control) as (app, pilot):
        screen = await opened(app, pilot)
        screen.query_one("#install-cpu", Button).press()
        await until(pilot, lambda: "the index has no vllm [/x]" in painted(app))
        assert "look at pip config" in painted(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)


async def test_checks_of_fast_typing_are_not_queued(folder, control):
    async with deck(control=control) as (app, pilot):
        await opened(app, pilot)
        before = control.prepared.calls
        await pilot.press("enter", *"a-long-name")
        await until(pilot, lambda: control.prepared.calls > before)
        assert control.prepared.calls - before < len("a-long-name")


def test_candidates_survive_an_unreadable_folder(monkeypatch, tmp_path):
    from tui.screens.launch_data import candidates

    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "dir.yaml").mkdir()
    (tmp_path / "link.yaml").symlink_to(tmp_path / "nowhere")
    assert [c for c in candidates(FakeControl()) if c.group == "This folder"] == []
