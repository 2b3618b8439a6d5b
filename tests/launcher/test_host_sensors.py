"""The sensors of a GPU and what is recorded: all that answer, nothing that does not, nothing without a driver."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_nvml import GIB, FakeNvml, h100, process

from launcher.host import driver, nvml
from launcher.host.sensors import Reading, Sensors
from launcher.metrics.gpu_page import GpuPages
from launcher.metrics.history import History
from launcher.metrics.recorder import Recorder
from launcher.runs import gpu_watch
from launcher.runs.gpu_watch import GpuWatch

START = 1_795_000_000_000
ME = os.getpid()


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    """A machine with two GPUs; this process and a stranger sit on the second."""
    fake = FakeNvml(h100(process(1, GIB)), h100(process(ME, 60 * GIB), process(1, 5 * GIB)))
    monkeypatch.setattr(nvml, "library", lambda: fake)
    monkeypatch.setattr(driver, "nvidia_present", lambda: True)
    return fake


def test_every_sensor_in_its_unit(cards: FakeNvml) -> None:
    sensors = Sensors()
    assert sensors.count() == 2
    (found,) = sensors.read((1,))
    assert found == Reading(
        1, "NVIDIA H100", 0.92, 70 * GIB, 80 * GIB, 612.5, 700.0, 61.0, 1.98e9, 2.619e9, ((ME, 60 * GIB), (1, 5 * GIB))
    )


@pytest.mark.parametrize("lost", sorted(name for name in h100() if not name.endswith(("Name", "UUID"))))
def test_a_sensor_that_fails_is_absent_and_the_others_stay(cards: FakeNvml, lost: str) -> None:
    whole = GpuPages().page(Sensors().read((1,)), str)
    del cards.cards[1][lost]
    page = GpuPages().page(Sensors().read((1,)), str)
    assert set(page.series) < set(whole.series)
    gone = {series.name for series in whole.series} - {series.name for series in page.series}
    assert 1 <= len(gone) <= 2  # memory is one question with two answers
    assert all(value is not None for value in page.values)


def test_memory_of_a_process_that_the_driver_does_not_tell_is_absent(cards: FakeNvml) -> None:
    cards.cards[1]["nvmlDeviceGetComputeRunningProcesses"] = [process(ME, None)]
    (found,) = Sensors().read((1,))
    assert found.processes == ()
    assert Sensors().holders(1) == ((ME, None),)


def test_a_gpu_that_is_not_there_is_left_out(cards: FakeNvml) -> None:
    assert Sensors().read((7,)) == ()
    assert Sensors().holders(7) == ()


def test_names_and_handles_are_asked_for_once(cards: FakeNvml) -> None:
    sensors = Sensors()
    for _ in range(5):
        sensors.read((0, 1))
    assert cards.calls.count("nvmlDeviceGetName") == 2


def test_a_page_names_the_processes_of_the_run_and_adds_up_equal_names() -> None:
    reading = Reading(3, processes=((10, 5), (11, 7), (12, 100)), power=300.0)
    page = GpuPages().page((reading,), lambda pid: "VLLM::Worker" if pid < 12 else None)
    assert {series.text: value for series, value in zip(page.series, page.values)} == {
        'vdeck:gpu_power_watts{gpu="3"}': 300.0,
        'vdeck:gpu_process_memory_bytes{gpu="3",process="VLLM::Worker"}': 12.0,
    }
    assert {page.kinds[series.name] for series in page.series} == {"gauge"}
    assert all(page.helps[series.name] for series in page.series)


def test_the_series_of_a_steady_gpu_are_the_same_objects() -> None:
    pages = GpuPages()
    first, second = (pages.page((Reading(0, utilization=0.5, power=1.0),), str) for _ in range(2))
    assert [id(series) for series in first.series] == [id(series) for series in second.series]


def test_without_a_driver_nothing_is_asked_and_nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise AssertionError("asked")

    monkeypatch.setattr(driver, "nvidia_present", lambda: False)
    monkeypatch.setattr(nvml, "library", fail)
    for name in ("launcher.host.sensors", "launcher.metrics.gpu_page"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert GpuWatch((0,), lambda: {ME}).page(0.0) is None
    assert not {"launcher.host.sensors", "launcher.metrics.gpu_page"} & set(sys.modules)


def test_a_run_sees_the_gpus_that_it_was_given(cards: FakeNvml) -> None:
    page = GpuWatch((0, 1), lambda: {ME}).page(0.0)
    assert page is not None
    assert {series.label("gpu") for series in page.series} == {"0", "1"}
    shares = [value for series, value in zip(page.series, page.values) if series.name.endswith("process_memory_bytes")]
    assert shares == [60 * GIB]  # the stranger is in "used", and is not one of ours


def test_a_server_without_given_gpus_has_those_it_sits_on(cards: FakeNvml) -> None:
    watch = GpuWatch((), lambda: {ME})
    page = watch.page(0.0)
    assert page is not None
    assert {series.label("gpu") for series in page.series} == {"1"}
    cards.cards[1]["nvmlDeviceGetComputeRunningProcesses"] = []
    assert watch.page(gpu_watch.LOOK_S - 1) is not None
    assert watch.page(gpu_watch.LOOK_S) is None


def test_a_process_of_vllm_is_known_by_its_title() -> None:
    assert gpu_watch.process_name(ME) == Path(f"/proc/{ME}/comm").read_text().strip()
    assert gpu_watch.process_name(2**22 + 1) is None


def test_gpus_stand_in_the_row_of_the_page_also_when_a_sensor_comes_and_goes(tmp_path: Path) -> None:
    recorder, pages = Recorder(str(tmp_path)), GpuPages()
    for i in range(40):
        reading = Reading(0, utilization=i / 100, power=None if 10 <= i < 20 else float(i))
        recorder.record(b"x %d\n" % i, START + i * 1000, extra=None if i == 30 else pages.page((reading,), str))
    recorder.close()
    history = History(str(tmp_path))
    history.refresh()
    window = history.window(START, START + 39_000)
    assert window.kind("vdeck:gpu_power_watts") == "gauge"
    assert window.help("vdeck:gpu_power_watts")
    (x,), (used,), (power,) = (window.select(n) for n in ("x", "vdeck:gpu_utilization_ratio", "vdeck:gpu_power_watts"))
    assert list(x.values) == list(range(40))
    assert [i for i, value in enumerate(used.values) if value != value] == [30]
    assert [i for i, value in enumerate(power.values) if value != value] == [*range(10, 20), 30]
    assert used.values[39] == 0.39
    assert power.values[39] == 39


def test_the_page_alone_is_given_back(tmp_path: Path) -> None:
    page = Recorder(str(tmp_path)).record(b"x 1\n", START, extra=GpuPages().page((Reading(0, power=1.0),), str))
    assert page is not None
    assert [series.name for series in page.series] == ["x"]
