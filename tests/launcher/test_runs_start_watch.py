"""What the supervisor knows of a start: written down when ready, used by the next one, still and moving again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.runs import control, events, listing, starts
from launcher.runs.keeper import Keeper
from launcher.runs.record import RunRecord, StepRecord
from launcher.runs.stall import StallWatch
from launcher.runs.start_watch import StartWatch
from launcher.runs.state import State
from launcher.runs.view import RunView


def started(run_id: str) -> RunView:
    run = wait_for(lambda: kit.ready(run_id))
    assert run is not None
    return run


def test_a_start_is_kept_and_the_next_one_knows_what_remains() -> None:
    first, _ = kit.start_server("--ready-after", "1")
    run = started(first)
    control.terminate(first)
    wait_for(lambda: kit.ended(first))
    record, _ = listing.load_record(paths.RunPaths.of(first))
    assert record is not None
    kept = wait_for(lambda: starts.read(starts.key(record)))
    assert [name for name, _ in kept[0]] == [mark.name for mark in run.phases if mark.name != "ready"]
    assert run.remains_s is None and run.earlier == 0, "a server that is ready has nothing left"

    second = kit.start(*record.steps, ports=record.ports, probe=record.probe, name="again")
    seen = wait_for(lambda: (now := listing.load(second)).remains_s is not None and now, what="an estimate")
    assert isinstance(seen, RunView) and seen.earlier == 1 and seen.remains_s is not None and seen.remains_s >= 0
    started(second)
    control.terminate(second)
    wait_for(lambda: kit.ended(second))
    assert len(starts.read(starts.key(record))) == 2


def test_a_start_that_fails_is_no_measure(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text('{"log": ["a line"], "exit": 1}')
    run_id, _ = kit.start_server("--script", str(script))
    run = wait_for(lambda: kit.ended(run_id))
    assert run is not None and run.status == "failed" and run.still is None and run.remains_s is None
    assert not os.path.exists(paths.starts_dir())


def watch_of(tmp_path: Path, record: RunRecord) -> tuple[StartWatch, Keeper]:
    run = paths.RunPaths(str(tmp_path))
    keeper = Keeper(run, State())
    made = StartWatch(run, record, keeper, env={"HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}, step=STEP)
    made._stall = StallWatch(run.output, still_s=0.3, look_s=0.05)
    return made, keeper


STEP = StepRecord(("vllm", "serve", "org/m"), "/tmp", "vllm serve org/m", "vllm")
RECORD = RunRecord("1", "a", 1.0, steps=(STEP,), model="org/m")


def test_a_start_that_stops_moving_is_an_event_and_one_that_goes_on_too(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        watch, keeper = watch_of(tmp_path, RECORD)
        state = keeper.state
        state.status = "running"
        state.pids = [[child.pid, 1, 1]]
        state.enter_phase("imports", time.time())
        os.kill(child.pid, signal.SIGSTOP)

        def still() -> bool:
            watch.look(time.monotonic())
            return state.still_since is not None

        wait_for(still, what="the word that it is still")
        keeper.save(time.monotonic())
        view = listing.view(RECORD, state, keeper.run)
        assert view.still is not None and view.still.startswith("nothing has moved for ")
        os.kill(child.pid, signal.SIGCONT)
        wait_for(lambda: not still(), what="the word that it moves")
        keeper.save(time.monotonic())
        assert listing.view(RECORD, state, keeper.run).still is None
        said = [(event.kind, event.text) for event in events.read(keeper.run.events)]
        assert [kind for kind, _ in said] == ["problem", "note"]
        assert said[0][1].startswith("nothing has moved for") and said[1][1].startswith("it moves again")
    finally:
        child.kill()
        child.wait()


def test_a_download_is_told_while_it_lasts(tmp_path: Path) -> None:
    watch, keeper = watch_of(tmp_path, RECORD)
    state = keeper.state
    state.status = "running"
    state.enter_phase("download", time.time())
    watch.look(100.0)
    assert state.download is None
    folder = tmp_path / "models--org--m" / "blobs"
    folder.mkdir(parents=True)
    (folder / "aa.incomplete").write_bytes(b"x" * 4000)
    watch.look(104.0)
    assert state.download == [4000, None, 1000.0] and watch.progress is None
    view = listing.view(RECORD, State.from_json(state.to_json()), keeper.run)
    assert view.download is not None and view.download.have == 4000
    state.download = [4000, 16000, 1000.0]
    assert watch.progress == "25 %"
    state.enter_phase("load", time.time())
    assert state.download is None and watch.progress is None


def test_a_damaged_state_loses_nothing_else() -> None:
    state = State.from_json(
        {
            "expect": [[1, 2], ["x", 2], 3, [1]],
            "download": [None, 1, 2],
            "detail": 5,
            "still_since": "x",
            "phase": "load",
        }
    )
    assert (state.expect, state.download, state.detail, state.still_since) == ([[1, 2]], None, None, None)
    assert state.phase == "load"
