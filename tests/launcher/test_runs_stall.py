"""Does a start still move? Real processes: one that is stopped, one that only computes, one that writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from waiting import wait_for

from launcher.runs import stall
from launcher.runs.stall import StallWatch, Vitals, moved

BURN = "while True: pass"
SLEEP = "import time\nwhile True: time.sleep(3600)"


@contextmanager
def process(code: str) -> Iterator[int]:
    child = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield child.pid
    finally:
        child.kill()
        child.wait()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def watch(tmp_path: Path) -> StallWatch:
    return StallWatch(str(tmp_path / "log"), still_s=0.5, look_s=0.1)


def looks(found: StallWatch, pids: set[int], seconds: float = 1.5) -> list[bool]:
    """What the watch said during so many seconds of its own clock."""
    said = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = found.look(time.monotonic(), pids)
        if answer is not None:
            said.append(answer)
        time.sleep(0.02)
    return said


def test_a_process_that_sleeps_is_still_and_one_that_was_stopped_too(tmp_path: Path) -> None:
    with process(BURN) as pid:
        found = watch(tmp_path)
        assert True not in looks(found, {pid}), "it computes"
        os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: state(pid) == "T")
        wait_for(lambda: found.look(time.monotonic(), {pid}), what="the word that it is still")
        os.kill(pid, signal.SIGCONT)
        wait_for(lambda: found.look(time.monotonic(), {pid}) is False, what="the word that it moves")
    with process(SLEEP) as pid:
        found = watch(tmp_path)
        wait_for(lambda: found.look(time.monotonic(), {pid}), what="the word that it is still")


def test_a_process_that_only_computes_is_not_still(tmp_path: Path) -> None:
    with process(BURN) as pid:
        said = looks(watch(tmp_path), {pid})
        assert len(said) > 3 and not any(said)


def test_a_log_that_grows_a_folder_that_fills_and_a_new_process_are_movement(tmp_path: Path) -> None:
    log = tmp_path / "log"
    found = StallWatch(str(log), still_s=10, look_s=1)
    assert found.look(0, ()) is False
    assert found.look(0.5, ()) is None, "too early"
    assert found.look(9, ()) is False
    assert found.look(10, ()) is True
    log.write_text("a line\n")
    assert found.look(20, ()) is False
    assert found.look(31, ()) is True
    assert found.look(40, (), 100) is False
    assert found.look(51, (), 100) is True
    assert found.look(60, {os.getpid()}, 100) is False
    assert found.moved_at == 60


@pytest.mark.parametrize(
    ("now", "does"),
    [
        (Vitals(frozenset({1}), 100, 5, 5, 5), False),
        (Vitals(frozenset({1}), 100 + stall._TICKS // 20, 5, 5, 5), False),
        (Vitals(frozenset({1}), 100 + stall._TICKS // 10, 5, 5, 5), True),
        (Vitals(frozenset({1}), 100, 6, 5, 5), True),
        (Vitals(frozenset({1}), 100, 5, 4, 5), True),
        (Vitals(frozenset({1}), 100, 5, 5, 6), True),
        (Vitals(frozenset(), 100, 5, 5, 5), True),
    ],
)
def test_what_counts_as_movement(now: Vitals, does: bool) -> None:
    assert moved(Vitals(frozenset({1}), 100, 5, 5, 5), now, 5.0) is does


def test_processes_that_are_gone_count_nothing() -> None:
    assert stall.vitals("/no/such/log", {2**22 + 1}) == Vitals(frozenset(), 0, 0, 0, 0)


def test_gpu_memory_is_movement_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Fake:
        used = 1.0

        def read(self, indexes: tuple[int, ...]) -> tuple[object, ...]:
            from launcher.host.sensors import Reading

            return tuple(Reading(index, memory_used=self.used) for index in indexes)

    fake = Fake()
    monkeypatch.setattr(stall.driver, "nvidia_present", lambda: True)
    found = StallWatch(str(tmp_path / "log"), (0,), still_s=10, look_s=1)
    found._sensors = fake  # type: ignore[assignment]
    found.look(0, ())
    found.look(5, ())
    assert found.look(16, ()) is True
    fake.used = 2.0
    assert found.look(20, ()) is False
