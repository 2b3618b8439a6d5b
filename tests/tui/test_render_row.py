"""A run as a row, and its state as words."""

from __future__ import annotations

import pytest
from fake_fleet import FIGURES, NOW, Figures, failed_run, ready_run, starting_run

from launcher.runs.view import STATUSES, RunView
from tui.render.cells import cell_width, to_plain
from tui.render.columns import layout
from tui.render.row import column_title, model_name, row_cells
from tui.render.state import look, starting

WIDE = layout(119)


def row(run, figures=None, width=119, marked=False):
    slots = layout(width)
    return dict(zip([s.key for s in slots], map(to_plain, row_cells(run, figures, slots, now=NOW, marked=marked))))


def test_a_ready_run():
    cells = {key: text.strip() for key, text in row(ready_run(), FIGURES).items()}
    trend = cells.pop("trend")
    assert cells == {
        "mark": "", "id": "369367189168", "name": "vllm-server", "status": "● ready", "model": "llama-8b", "gpu": "0",
        "rate": "7.21k", "load": "12/0", "kv": "41 %", "ttft": "212 ms", "up": "2h04m",
    }  # fmt: skip
    assert trend and set(trend) <= set("▁▂▃▄▅▆▇ ")


def test_unknown_is_a_dash_and_not_zero():
    cells = row(ready_run(), Figures(gen_tps=0.0))
    assert cells["rate"].strip() == "0"
    assert {cells[key].strip() for key in ("load", "kv", "ttft")} == {"-"}


def test_a_failed_run_tells_why_across_the_columns():
    cells = row(failed_run())
    sentence = "".join(cells[key] for key in ("status", "model", "gpu", "rate", "trend", "load", "kv", "ttft"))
    assert sentence.rstrip() == "✖ KV cache too small for 32,768 tokens (d: why, how)"
    assert cells["up"].strip() == "1m00s"


def test_a_long_reason_is_cut_with_an_ellipsis():
    cells = row(failed_run(reason="x" * 500), width=79)
    sentence = "".join(cells[key] for key in ("status", "model", "rate", "load", "kv"))
    assert sentence.rstrip().endswith("x… (d: why, how)")


@pytest.mark.parametrize("width", [40, 60, 79, 100, 119, 200])
@pytest.mark.parametrize(
    "run", [ready_run(), starting_run(), failed_run(), failed_run(reason="漢字" * 60), RunView("1", "")]
)
def test_every_cell_is_as_wide_as_its_column(run, width):
    slots = layout(width)
    cells = row_cells(run, FIGURES, slots, now=NOW, marked=True)
    assert [cell_width(cell) for cell in cells] == [slot.width for slot in slots]
    assert [cell_width(column_title(slot)) for slot in slots] == [slot.width for slot in slots]


def test_hostile_words_are_cleaned():
    run = ready_run(name="\x1b[31m[/x]\x07\nevil", model="\x1b]0;title\x07m", served_names=())
    cells = row(run)
    assert cells["name"].strip() == "[/x] evil"
    assert not any(ord(char) < 32 or char == "\x1b" for text in cells.values() for char in text)


def test_the_mark():
    assert row(ready_run(), marked=True)["mark"] == "✓ "


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (ready_run(), ("●", "ready")),
        (starting_run(), ("◐", "load 43 %")),
        (starting_run(phase=None, progress=None), ("◐", "initializing")),
        (starting_run(status="running", phase=None, progress=None), ("◐", "starting")),
        (ready_run(ready=False), ("◑", "not ready")),
        (ready_run(ready=False, ready_at=None, phase=None, endpoints=()), ("▶", "running")),
        (ready_run(status="stopping"), ("◒", "stopping")),
        (ready_run(status="queued"), ("○", "queued")),
        (ready_run(status="pending", reason="waits for GPU 0"), ("○", "pending: waits for GPU 0")),
        (ready_run(status="idle"), ("◌", "idle")),
        (failed_run(), ("✖", "KV cache too small for 32,768 tokens")),
        (failed_run(reason=None), ("✖", "failed, exit code 1")),
        (failed_run(reason=None, exit_code=None), ("✖", "failed")),
        (failed_run(status="lost", reason="state.json is damaged"), ("?", "lost: state.json is damaged")),
        (failed_run(status="lost", reason=None), ("?", "lost")),
        (failed_run(status="terminated"), ("■", "terminated")),
        (failed_run(status="completed"), ("✔", "completed")),
    ],
)
def test_state_words(run, expected):
    assert look(run)[:2] == expected


def test_every_status_has_a_glyph_of_its_own_kind():
    glyphs = {status: look(ready_run(ready=False, ready_at=None, status=status)).glyph for status in STATUSES}
    assert len({glyphs[s] for s in ("running", "stopping", "idle", "failed", "completed", "terminated", "lost")}) == 7


@pytest.mark.parametrize(
    ("run", "expected"),
    [(starting_run(), True), (ready_run(), False), (failed_run(), False), (ready_run(status="stopping"), False)],
)
def test_starting(run, expected):
    assert starting(run) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"served_names": ("a", "b")}, "a"),
        ({"served_names": (), "model": "org/model"}, "model"),
        ({"served_names": (), "model": "/data/models/m/"}, "m"),
        ({"served_names": (), "model": None}, ""),
    ],
)
def test_model_name(changes, expected):
    assert model_name(ready_run(**changes)) == expected


def test_a_server_that_is_ready_and_not_well_reads_without_colours():
    troubles = [{"health": h} for h in ("wedged", "saturated", "preempting", "evicting")]
    looks = [look(ready_run(**changes)) for changes in (*troubles, {"missed": ("ttft", "e2e")}, {})]
    assert len({one.glyph for one in looks}) == len(looks)
    assert [one.words for one in looks] == ["wedged", "saturated", "preempting", "evicting", "misses TTFT", "ready"]
    assert [one.style for one in looks] == ["bad", "warn", "warn", "warn", "warn", "good"]
    assert look(ready_run(health="wedged", missed=("ttft",))).words == "wedged"
    assert look(ready_run(health="of a newer vdeck")).words == "ready"
    assert look(ready_run(status="stopping", health="wedged")).words == "stopping"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("vllm serve: exit code 1: KV cache too small", "KV cache too small"),
        ("the command: exit code 127: No such command: x", "No such command: x"),
        ("step 2 of 3: exit code 1: pip finds no package x", "step 2 of 3: pip finds no package x"),
        ("vllm serve: exit code 1", "vllm serve: exit code 1"),
        ("the server: killed by SIGKILL (by hand)", "the server: killed by SIGKILL (by hand)"),
        ("the server ended by itself with exit code 0; nobody asked it to stop: The engine died", "The engine died"),
        ("the server ended by itself with exit code 0; nobody asked it to stop", None),
    ],
)
def test_the_row_has_the_cause_and_not_what_is_around_it(reason: str, words: str | None) -> None:
    assert look(failed_run(reason=reason)).words == (words or reason)
