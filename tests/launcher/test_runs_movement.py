"""Does anything move? With real processes: one that works, one that sleeps, one that writes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from waiting import wait_for

from launcher.runs.movement import LOOK_S, STILL_S, Movement


@contextmanager
def running(code: str) -> Iterator[int]:
    child = subprocess.Popen([sys.executable, "-c", f"print(flush=True)\n{code}"], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None and child.stdout.readline()
        yield child.pid
    finally:
        child.kill()
        child.communicate()


def ticks(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))


def looked_at(
    pids: list[int], between: Callable[[], object], sizes: Callable[[], int] = lambda: 0,
    gpu: Callable[[object], int | None] = lambda _: None,
) -> float | None:  # fmt: skip
    """``still_s`` after enough looks, a moment of the caller's between each two. The clock is ours."""
    movement, now = Movement(sizes, gpu), 1000.0
    while now < 1000 + STILL_S + 2 * LOOK_S:
        movement.look(now, pids)
        between()
        now += LOOK_S
    return movement.still_s(now)


def test_a_process_that_sleeps_is_still() -> None:
    with running("import time; time.sleep(99)") as pid:
        assert (looked_at([pid], lambda: None) or 0) >= STILL_S


def test_a_process_that_computes_moves() -> None:
    with running("while True: pass") as pid:

        def some_work() -> None:
            before = ticks(pid)
            assert wait_for(lambda: ticks(pid) > before + 0.02 * LOOK_S * 100, 20, "some CPU time")

        assert looked_at([pid], some_work) is None


def test_a_log_that_grows_moves() -> None:
    grown = iter(range(1000))
    assert looked_at([], lambda: None, sizes=lambda: next(grown)) is None


def test_gpu_memory_moves() -> None:
    held = iter(range(1000))
    assert looked_at([], lambda: None, gpu=lambda _: next(held)) is None
    assert looked_at([], lambda: None, gpu=lambda _: 7) is not None


def test_a_process_that_ends_is_a_movement_and_none_is_no_error() -> None:
    assert looked_at([999_999_999], lambda: None) is not None


def test_it_begins_anew() -> None:
    movement = Movement(lambda: 0, lambda _: None)
    for now in (0.0, 30.0, 100.0):
        movement.look(now, [])
    assert movement.still_s(100.0) == pytest.approx(100.0)
    movement.clear()
    assert movement.still_s(200.0) is None
    movement.look(200.0, [])
    assert movement.still_s(201.0) is None
