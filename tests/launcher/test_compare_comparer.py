"""Two runs read from their folders: secrets, what is missing, what goes away meanwhile."""

from __future__ import annotations

import os
import shutil

import pytest
from compare_kit import SECRET, A, B, make, served, step

from launcher import paths
from launcher.compare.comparer import ALL, Comparer
from launcher.compare.row import Comparison, Section

NAMED = "INFO non-default args: {'max_model_len': %d, 'api_key': ['%s']}\n"


def part(found: Comparison, key: str) -> Section:
    return next(section for section in found.sections if section.key == key)


def test_two_runs_from_their_folders() -> None:
    a = make(A, manifest="name: a # mine\n", log=NAMED % (4096, "x"), steps=(step("--seed", "3"),), env={"X": "1"})
    make(B, manifest="name: b # mine\n", log=NAMED % (8192, "x"), steps=(step("--seed", "3"),), engine="0.32.0")
    served(a.metrics)
    found = Comparer(A, B).look()
    assert [section.key for section in found.sections] == list(ALL)
    assert part(found, "manifest").diff[1:] == ("-name: a # mine", "+name: b # mine")
    differing = {row.label: (row.a, row.b) for row in part(found, "args").shown(False)}
    assert differing == {"Engine": ("0.33.0", "0.32.0"), "--max-model-len": ("4096", "8192"), "X": ("1", "not set")}
    assert part(found, "start").rows[-1].a == 14
    assert part(found, "metrics").says == ("B has no metrics recorded.",)
    assert len(part(found, "bench").says) == 2


def test_a_secret_of_one_run_is_nowhere_in_the_comparison() -> None:
    make(
        A, manifest=f"env: {{HF_TOKEN: {SECRET}}}\n# {SECRET}\n", hidden={"HF_TOKEN": SECRET},
        secret_names=("HF_TOKEN",),
        log=NAMED % (1, SECRET), steps=(step("--header", f"x: {SECRET}"),),
        state={"facts": {"dtype": SECRET}, "reason": SECRET},
    )  # fmt: skip
    make(B, manifest=f"description: {SECRET}\n", env={"PLAIN": SECRET}, model=f"m-{SECRET}")
    found = Comparer(A, B).look()
    assert SECRET not in repr(found.sections)
    assert any("***" in line for line in part(found, "manifest").diff)


def test_the_other_way_round() -> None:
    make(A, name="one")
    make(B, name="two")
    comparer = Comparer(A, B)
    comparer.swap()
    found = comparer.look(keys=("start",))
    assert (found.a.name, found.b.name) == ("two", "one") and [s.key for s in found.sections] == ["start"]


def test_a_restart_is_read_from_its_own_part_of_the_log() -> None:
    first = NAMED % (1, "x")
    make(A, log=first + NAMED % (2, "x"), state={"log_start": len(first)})
    make(B, log=first)
    rows = {row.label: (row.a, row.b) for row in part(Comparer(A, B).look(), "args").rows}
    assert rows["--max-model-len"] == ("2", "1")


def test_arguments_that_the_log_names_later_are_seen() -> None:
    at = make(A, log="nothing yet\n")
    make(B)
    comparer = Comparer(A, B)
    assert "--max-model-len" not in repr(comparer.look())
    with open(at.output, "a", encoding="utf-8") as log:
        log.write(NAMED % (7, "x"))
    assert "--max-model-len" in repr(comparer.look())


def test_a_run_that_is_deleted_meanwhile_costs_sentences() -> None:
    at = make(A)
    make(B)
    comparer = Comparer(A, B)
    comparer.look()
    shutil.rmtree(at.folder)
    found = comparer.look()
    assert found.a.status == "lost"
    assert all(section.says for section in found.sections)


@pytest.mark.parametrize("name", ["record", "state", "manifest", "output", "secrets"])
@pytest.mark.parametrize("damage", ["gone", "garbage", "folder"])
def test_damaged_files_are_no_error(name: str, damage: str) -> None:
    at = make(A, log=NAMED % (1, "x"), hidden={"X": SECRET})
    make(B)
    path = getattr(at, name)
    os.unlink(path)
    if damage == "garbage":
        with open(path, "wb") as file:
            file.write(b"\xff\x00{[\x1b[31m" * 50)
    elif damage == "folder":
        os.mkdir(path)
    found = Comparer(A, B).look()
    assert len(found.sections) == len(ALL)


def test_runs_that_do_not_exist() -> None:
    assert not os.path.exists(paths.RunPaths.of(A).folder)
    found = Comparer(A, B).look()
    assert all(section.says and not section.diff for section in found.sections)
