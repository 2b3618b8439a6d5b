"""GPUs and ports: who gets what. Pure for the GPUs, real sockets for the ports."""

from __future__ import annotations

import os
import socket

import pytest

from launcher.host import driver, gpus, memory, nvml, ports
from launcher.host.gpus import Gpu

GIB = 2**30
FOUR = tuple(Gpu(index, "H200", memory_used=index * GIB, memory_total=140 * GIB) for index in range(4))


@pytest.mark.parametrize(
    "wanted, held, chosen",
    [
        (0, {}, ()),
        (1, {}, (0,)),
        (2, {0: "a"}, (1, 2)),
        (4, {}, (0, 1, 2, 3)),
        ((3, 1), {}, (3, 1)),
        ((2,), {2: "a"}, (2,)),
    ],
)
def test_a_choice(wanted: int | tuple[int, ...], held: dict[int, str], chosen: tuple[int, ...]) -> None:
    assert gpus.assign(wanted, FOUR, held) == (chosen, None)


def test_the_emptiest_free_gpu_is_taken_first() -> None:
    busy = (Gpu(0, "x", memory_used=50 * GIB), Gpu(1, "x", memory_used=0))
    assert gpus.assign(1, busy, {})[0] == (1,)


@pytest.mark.parametrize(
    "visible, left",
    [
        (None, "0123"),
        ("", ""),
        ("2", "2"),
        ("3,1", "31"),
        ("0,9,1", "0"),
        ("GPU-b", "1"),
        ("MIG-x", ""),
        (" 0 , 1 ", "01"),
    ],
)
def test_the_users_own_choice_of_gpus_is_kept(visible: str | None, left: str) -> None:
    known = tuple(Gpu(index, "x", uuid=f"GPU-{'abcd'[index]}") for index in range(4))
    assert "".join(str(gpu.index) for gpu in gpus.allowed(known, visible)) == left


@pytest.mark.parametrize(
    "wanted, known, held, words",
    [
        (1, (), {}, "this machine has none"),
        (5, FOUR, {}, "4 of 4 free"),
        (4, FOUR, {2: "qwen (#1)"}, "GPU 2 is held by qwen (#1)"),
        ((7,), FOUR, {}, "there is no GPU 7"),
    ],
)
def test_a_refusal_says_why(
    wanted: int | tuple[int, ...], known: tuple[Gpu, ...], held: dict[int, str], words: str
) -> None:
    chosen, why = gpus.assign(wanted, known, held)
    assert chosen == () and why is not None and words in why


def test_a_machine_without_a_driver_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "nvidia_present", lambda: False)
    monkeypatch.setattr(nvml, "_tried", False)
    monkeypatch.setattr(nvml, "_nvml", None)
    assert gpus.read() == ()


def test_a_sensor_that_is_missing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            if name == "nvmlDeviceGetCount":
                return lambda: 1
            if name == "nvmlDeviceGetHandleByIndex":
                return lambda index: object()

            def fail(*_: object) -> object:
                raise RuntimeError("not supported")

            return fail

    monkeypatch.setattr(gpus, "library", Broken)
    assert gpus.read() == (Gpu(0, "GPU"),)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("listening", [False, True])
def test_a_bound_port_is_not_free(address: str, listening: bool) -> None:
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((address, 0))
        if listening:
            holder.listen()
        port = holder.getsockname()[1]
        assert not ports.is_free(port)
        if listening:
            assert ports.holder(port).pid == os.getpid()
    assert ports.is_free(port)


def test_what_a_server_leaves_behind_for_a_minute_does_not_block_its_port() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.shutdown(socket.SHUT_RDWR)  # the server closes first: TIME_WAIT is on its side
            accepted.close()
            client.recv(1)
    assert ports.is_free(port)


def test_automatic_ports_leave_out_what_is_reserved() -> None:
    first, second = ports.choose(set(), count=2)
    assert first != second and min(first, second) >= ports.FIRST_AUTO
    assert ports.choose({first})[0] != first


def test_free_memory_is_known_here() -> None:
    found = memory.available_bytes()
    assert found is not None and found > 2**20
