"""What earlier starts say of this one: the store, the estimate, and the words on the screen."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher import paths
from launcher.runs import listing, starts
from launcher.runs.expectation import Expectation
from launcher.runs.record import Probe, RunRecord, StepRecord
from launcher.runs.starts import Start, expect
from launcher.runs.state import State
from launcher.runs.view import RunView
from tui.detail import overview_text
from tui.render.state import look

COLD = Start((("imports", 20.0), ("config", 10.0), ("download", 100.0), ("load", 5.0), ("api", 1.0)))
WARM = Start((("imports", 10.0), ("config", 6.0), ("load", 4.0), ("api", 1.0)))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VDECK_HOME", str(tmp_path))
    return tmp_path


def record(**more: object) -> RunRecord:
    argv = ("vllm", "serve", "m", "--host", "127.0.0.1", "--port", "8000", "--max-model-len", "100")
    made = RunRecord("1", "x", 0.0, steps=(StepRecord(argv, "/", "vllm serve m", "vllm"),), probe=Probe("vllm"))
    return made._replace(**more)  # type: ignore[arg-type]


def test_the_rest_of_the_phase_and_all_later_ones() -> None:
    found = expect([WARM, WARM], "config", ["imports"])
    assert found == Expectation(6.0, 12.0, 5.0, 2)
    assert [found.remains(at) for at in (0, 2, 6, 9, 12)] == [11, 9, 5, 5, 5]
    assert found.remains(12.1) is None, "like none before: nobody knows"


def test_a_start_that_went_the_same_way_is_preferred() -> None:
    found = expect([COLD, WARM, WARM], "load", ["imports", "config"])
    assert found is not None and found.starts == 2 and found.phase_s == 4.0
    found = expect([COLD, WARM, WARM], "load", ["imports", "config", "download"])
    assert found is not None and found.starts == 1 and found.phase_s == 5.0
    assert expect([WARM], "graphs", ["imports"]) is None
    assert expect([], "imports", []) is None


@given(
    st.lists(st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1e5), min_size=1)),
    st.sampled_from("abcd"),
    st.floats(0, 1e6),
)  # fmt: skip
def test_never_less_than_nothing(phases: list[dict[str, float]], phase: str, elapsed: float) -> None:
    found = expect([Start(tuple(one.items())) for one in phases], phase, [])
    left = found.remains(elapsed) if found is not None else None
    assert left is None or left >= 0


def test_what_is_remembered_is_found_again() -> None:
    name = starts.key(record(), "GPU")
    assert name is not None and starts.load(name) == ()
    starts.remember(name, [["imports", 10.0, 12.5], ["load", 12.5, 13.0], ["ready", 13.0, 13.0]])
    assert starts.load(name) == (Start((("imports", 2.5), ("load", 0.5))),)
    for _ in range(30):
        starts.remember(name, [["imports", 0.0, 1.0]])
    assert len(starts.load(name)) == starts.KEPT
    assert os.stat(paths.starts_dir()).st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"starts": 3}', '{"starts": [1, {"phases": [["a", "b"]]}, {"phases": [["a", -1]]}]}',
             '{"starts": [{"phases": [["a", true]]}]}', '{"starts": [{"phases": []}]}'],
)  # fmt: skip
def test_a_damaged_file_costs_nothing(text: str) -> None:
    os.makedirs(paths.starts_dir())
    Path(paths.starts_of("k")).write_text(text)
    assert starts.load("k") == ()
    starts.remember("k", [["imports", 0.0, 1.0]])
    assert len(starts.load("k")) == 1


def test_old_things_are_forgotten() -> None:
    for number in range(starts.THINGS + 5):
        starts.remember(f"k{number}", [["imports", 0.0, 1.0]])
        os.utime(paths.starts_of(f"k{number}"), (number, number))
    starts.remember("new", [["imports", 0.0, 1.0]])
    assert len(os.listdir(paths.starts_dir())) == starts.THINGS
    assert starts.load("new") and not starts.load("k0")


def test_what_makes_two_starts_alike() -> None:
    one = starts.key(record(), "GPU")
    step = record().steps[0]
    elsewhere = step._replace(argv=(*step.argv[:6], "9999", *step.argv[7:]))
    assert starts.key(record(steps=(elsewhere,)), "GPU") == one, "another port is no other start"
    longer = step._replace(argv=(*step.argv[:-1], "200"))
    others = [record(steps=(longer,)), record(engine="0.9"), record(env={"VLLM_X": "1"}), record(gpus=(0, 1))]
    assert len({starts.key(other, "GPU") for other in others} | {one, starts.key(record(), "other GPU")}) == 6
    assert starts.key(record(env={"MY": "1"}), "GPU") == one
    assert starts.key(record(probe=Probe()), "GPU") is None and starts.key(record(attached="http://x"), "GPU") is None


def view(**state: object) -> RunView:
    stand = State()
    stand.status = "running"
    for name, value in state.items():
        setattr(stand, name, value)
    return listing.view(record(), stand, paths.RunPaths("/x"))


def test_the_view_counts_down() -> None:
    now = time.time()
    seen = view(phase="load", phases=[["load", now - 3, None]], expect=[10.0, 20.0, 5.0, 4])
    assert seen.remains_s == pytest.approx(12, abs=1) and seen.starts == 4
    assert f"load ~{seen.remains_s} s" in look(seen).words
    assert "to go (from 4 earlier starts)" in overview_text.sentence(seen, now)[1]
    late = view(phase="load", phases=[["load", now - 30, None]], expect=[10.0, 20.0, 5.0, 4])
    assert late.remains_s is None and look(late).words == "load"
    done = view(phase="load", phases=[["load", now - 3, None]], expect=[10.0, 20.0, 5.0, 4], ready=True)
    assert done.remains_s is None


def test_the_view_says_that_nothing_moves() -> None:
    now = time.time()
    seen = view(phase="load", phases=[["load", now - 100, None]], still=now - 94, expect=[10.0, 20.0, 5.0, 4])
    assert seen.still_s == pytest.approx(94, abs=1)
    assert look(seen).words.startswith("load: nothing moves, 1m3") and look(seen).style == "warn"
    assert "nothing has moved for 1m3" in overview_text.sentence(seen, now)[1]


def test_the_state_takes_only_what_fits() -> None:
    good = json.loads(json.dumps({"expect": [1, 2.5, 3, 4], "still": 5.0}))
    assert State.from_json(good).expect == [1, 2.5, 3, 4]
    for bad in ([1, 2, 3], [1, 2, 3, "x"], "x", {"a": 1}, [True, 1, 2, 3]):
        assert State.from_json({"expect": bad}).expect is None
    assert State.from_json({"still": "x"}).still is None


def test_the_command_line_says_it_too() -> None:
    from tui.commands.waiting import expected

    now = time.time()
    soon = view(phase="load", phases=[["load", now - 3, None]], expect=[10.0, 20.0, 5.0, 4])
    assert expected(soon) in ("(about 12s to go)", "(about 11s to go)")
    assert expected(view(phase="load", still=now - 94)).startswith("(nothing has moved for 1m3")
    assert expected(RunView("1", "x")) == ""
