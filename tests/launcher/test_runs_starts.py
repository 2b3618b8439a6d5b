"""What earlier starts say of this one: the key, the store with all its faults, the estimate."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher import paths
from launcher.runs import starts
from launcher.runs.record import PortRecord, RunRecord, StepRecord
from launcher.runs.starts import Rest

ROOT = Path(__file__).parents[2]
WARM = (("imports", 6.0), ("config", 2.0), ("download", 1.0), ("load", 3.0), ("api", 1.0))
COLD = (("imports", 6.5), ("config", 2.0), ("download", 90.0), ("load", 3.0), ("api", 1.0))


def made(*argv: str, **fields: object) -> RunRecord:
    step = StepRecord(argv, "/tmp", " ".join(argv), "vllm")
    known = {"ports": (PortRecord("vllm", "http", 8000),), "model": "org/m", "engine": "0.32.0", "steps": (step,)}
    return RunRecord("1", "a", 1.0, **{**known, **fields})  # type: ignore[arg-type]


BASE = ("vllm", "serve", "org/m", "--host", "127.0.0.1", "--port", "8000", "--max-model-len", "4096")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (made(*BASE, "--served-model-name", "x", "y"), True),
        (made(*BASE)._replace(id="2", name="b", description="c"), True),
        (made(*BASE[:6], "9000", *BASE[7:], ports=(PortRecord("vllm", "http", 9000),)), True),
        (made(*BASE[:-1], "8192"), False),
        (made(*BASE, "--enforce-eager"), False),
        (made(*BASE, "--served-model-name", "x", "--enforce-eager"), False),
        (made(*BASE, model="org/n"), False),
        (made(*BASE, engine="0.33.0"), False),
        (made(*BASE, gpus=(0,)), False),
    ],
)
def test_the_key_is_made_of_what_matters(other: RunRecord, same: bool) -> None:
    assert (starts.key(other) == starts.key(made(*BASE))) is same


def test_which_gpu_and_which_port_of_a_shell_step_do_not_matter() -> None:
    def shell(port: int, gpu: int) -> RunRecord:
        step = StepRecord(("/bin/bash", "-c", "x"), "/tmp", f"vllm serve m --port {port}")
        return RunRecord("1", "a", 1.0, steps=(step,), ports=(PortRecord("vllm", "http", port),), gpus=(gpu,))

    assert starts.key(shell(8000, 0)) == starts.key(shell(8001, 1))


@given(st.text(), st.text())
def test_a_key_is_a_file_name(model: str, word: str) -> None:
    assert starts.key(made("vllm", word, model=model)).isalnum()


def test_what_was_added_is_read_and_the_oldest_go() -> None:
    for number in range(starts.KEEP + 5):
        assert starts.add("k", (("imports", float(number)),))
    found = starts.read("k")
    assert [start[0][1] for start in found] == [float(n) for n in range(5, starts.KEEP + 5)]
    assert starts.read("other") == ()
    assert not starts.add("k", ()), "a start without phases says nothing"


def test_no_more_keys_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.setattr(starts, "KEYS", 3)
    for number in range(5):
        starts.add(f"k{number}", WARM)
        os.utime(paths.starts_file(f"k{number}"), (number, number))
    starts.add("k9", WARM)
    assert sorted(os.listdir(paths.starts_dir())) == ["k3.jsonl", "k4.jsonl", "k9.jsonl"]


@pytest.mark.parametrize(
    "damage",
    [
        b"\0\xff\n",
        b"{\n",
        b"[]\n",
        b'{"phases": 3}\n',
        b'{"phases": [["load", "x"]]}\n',
        b'{"phases": [["load", -1]]}\n',
        b'{"phases": [["load", NaN]]}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_damage_costs_its_line_and_no_more(damage: bytes) -> None:
    starts.add("k", WARM)
    with open(paths.starts_file("k"), "ab") as file:
        file.write(damage)
    assert starts.read("k") == (WARM,)
    assert starts.add("k", COLD)
    assert starts.read("k") == (WARM, COLD)
    assert all(json.loads(line) for line in Path(paths.starts_file("k")).read_text().splitlines())


def test_a_store_that_is_no_folder_costs_the_estimate_only() -> None:
    Path(paths.home()).mkdir(parents=True, exist_ok=True)
    Path(paths.starts_dir()).write_text("in the way")
    assert starts.read("k") == () and not starts.add("k", WARM)


def test_several_supervisors_at_once_lose_nothing() -> None:
    code = "import sys; from launcher.runs import starts\nfor n in range(3): assert starts.add('k', (('a', float(n)),))"
    running = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(4)]
    assert [child.wait(60) for child in running] == [0] * 4
    assert len(starts.read("k")) == 12


def test_phases_that_are_over_count_and_ready_does_not() -> None:
    phases = [["imports", 10.0, 14.0], ["load", 14.0, 13.0], ["api", 14.0, None], ["ready", 15.0, 15.0]]
    assert starts.durations(phases) == (("imports", 4.0), ("load", 0.0))


def test_a_start_that_went_the_same_way_counts_before_others() -> None:
    so_far = (("imports", 6.0), ("config", 2.0))
    assert len(starts.rests((WARM, COLD), so_far, "download")) == 2
    warm_so_far = (*so_far, ("download", 1.0))
    assert starts.rests((WARM, COLD, WARM), warm_so_far, "load") == (Rest(3.0, 1.0), Rest(3.0, 1.0))
    without = (("imports", 1.0), ("load", 50.0))
    assert starts.rests((WARM, without), warm_so_far, "load") == (Rest(3.0, 1.0),), "other phases count after the same"
    assert starts.rests((without,), warm_so_far, "load") == (Rest(50.0, 0),), "better than nothing"
    assert starts.rests((WARM,), so_far, "graphs") == () == starts.rests((), (), "imports")


@pytest.mark.parametrize(
    ("imports", "pace"), [(12.0, 2.0), (3.0, 0.5), (60.0, 2.0), (0.1, 1.0), (9.0, 1.5), (6.6, 1.1)]
)
def test_a_slower_machine_makes_what_remains_longer_within_bounds(imports: float, pace: float) -> None:
    found = starts.rests((WARM,), (("imports", imports), ("config", 2.0), ("download", 1.0)), "load")
    assert found == (pytest.approx((3.0 * pace, 1.0 * pace)),)


def test_a_long_download_does_not_make_the_rest_longer() -> None:
    found = starts.rests((WARM,), (("imports", 6.0), ("config", 2.0), ("download", 100.0)), "load")
    assert found == (Rest(3.0, 1.0),)


@pytest.mark.parametrize(
    ("found", "spent", "left"),
    [
        ([], 0.0, None),
        ([(10, 5)], 0.0, 15),
        ([(10, 5)], 4.0, 11),
        ([(10, 5)], 10.0, 5),
        ([(10, 5)], 13.5, 5),
        ([(10, 5)], 13.6, None),
        ([(10, 5), (12, 5), (20, 5)], 0.0, 17),
        ([(1, 5), (1, 5), (90, 5)], 3.0, 92),
        ([(10, 4), (20, 6)], 0.0, 20),
    ],
)
def test_the_estimate(found: list[tuple[float, float]], spent: float, left: float | None) -> None:
    assert starts.remains(found, spent) == left


def test_a_phase_whose_end_is_measured() -> None:
    assert starts.remains([(10, 5), (90, 7), (90, 9)], 500.0, present_s=30.0) == 37
    assert starts.remains([], 1.0, present_s=30.0) is None


rests = st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)), max_size=20)


@given(rests, st.floats(0, 1e5))
def test_never_below_zero_and_never_more_than_ever(found: list[tuple[float, float]], spent: float) -> None:
    left = starts.remains(found, spent)
    if left is not None:
        assert 0 <= left <= max(present + later for present, later in found)
