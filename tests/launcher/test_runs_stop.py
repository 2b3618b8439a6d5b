"""The stopper against processes that obey, that hang, and that do not end at all: no real signal, no real time."""

from __future__ import annotations

import signal

import pytest

from launcher.runs import process, stop
from launcher.runs.tree import Proc

SERVER = Proc(100, 10, 100, 1, "vllm", "S")
ENGINE = Proc(101, 100, 100, 2, "VLLM::EngineCor", "S")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(process, "send", lambda pid, number: calls.append((pid, number)) or True)
    return calls


def make(*, force: bool = False, serving: bool = True, loading: bool = False, grace_s: float = 30) -> stop.Stopper:
    return stop.Stopper(force=force, grace_s=grace_s, serving=serving, loading=loading)


def test_nothing_left_is_done_without_a_signal(sent: list[tuple[int, int]]) -> None:
    assert make().step(0.0, {}, set())
    assert sent == []


def test_a_serving_server_is_asked_once_and_its_engine_is_not(sent: list[tuple[int, int]]) -> None:
    stopper = make()
    run = {100: SERVER, 101: ENGINE}
    assert not stopper.step(0.0, run, set())
    assert not stopper.step(1.0, run, set())
    assert sent == [(100, signal.SIGTERM)]


def test_after_the_grace_everything_is_killed_again_and_again(sent: list[tuple[int, int]]) -> None:
    stopper = make(grace_s=5)
    run = {100: SERVER, 101: ENGINE}
    stopper.step(0.0, run, set())
    stopper.step(5.0, run, set())
    stopper.step(5.1, run, set())
    assert sent[1:] == [(100, signal.SIGKILL), (101, signal.SIGKILL)] * 2


def test_force_does_not_ask(sent: list[tuple[int, int]]) -> None:
    make(force=True).step(0.0, {100: SERVER}, set())
    assert sent == [(100, signal.SIGKILL)]


def test_force_may_come_later(sent: list[tuple[int, int]]) -> None:
    stopper = make()
    stopper.step(0.0, {100: SERVER}, set())
    stopper.hurry()
    stopper.step(0.1, {100: SERVER}, set())
    assert sent == [(100, signal.SIGTERM), (100, signal.SIGKILL)]


def test_a_loading_server_gets_a_second_signal_and_a_short_grace(sent: list[tuple[int, int]]) -> None:
    stopper = make(serving=False, loading=True)
    for now in (0.0, 1.0, 2.0, 3.0, 7.9):
        stopper.step(now, {100: SERVER}, set())
    assert sent == [(100, signal.SIGTERM), (100, signal.SIGINT)]
    stopper.step(8.0, {100: SERVER}, set())
    assert sent[-1] == (100, signal.SIGKILL)


def test_a_server_that_waits_for_a_client_after_its_engine_went_is_killed_early(sent: list[tuple[int, int]]) -> None:
    stopper = make()
    stopper.step(0.0, {100: SERVER, 101: ENGINE}, set())
    stopper.step(1.0, {100: SERVER}, set())
    stopper.step(3.9, {100: SERVER}, set())
    assert sent == [(100, signal.SIGTERM)]
    stopper.step(4.0, {100: SERVER}, set())
    assert sent[-1] == (100, signal.SIGKILL)


def test_a_server_without_an_engine_process_keeps_its_grace(sent: list[tuple[int, int]]) -> None:
    stopper = make()
    for now in (0.0, 10.0, 29.0):
        stopper.step(now, {100: SERVER}, set())
    assert sent == [(100, signal.SIGTERM)]


def test_what_turns_up_during_the_stop_is_asked_too(sent: list[tuple[int, int]]) -> None:
    stopper = make()
    stopper.step(0.0, {100: SERVER}, set())
    late = Proc(200, 10, 200, 9, "prometheus", "S")
    stopper.step(0.5, {100: SERVER, 200: late}, set())
    assert sent == [(100, signal.SIGTERM), (200, signal.SIGTERM)]
