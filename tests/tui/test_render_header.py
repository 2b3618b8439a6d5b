"""The header line and the trends."""

from __future__ import annotations

import math

import pytest
from fake_fleet import NOW, FakeGpu, FakeSnapshot, failed_run, ready_run, starting_run

from tui.render.cells import cell_width, to_plain
from tui.render.header import header_line
from tui.render.spark import fill, spark

GIB = 1024**3
RUNS = (ready_run(), starting_run(), failed_run())
GPUS = (FakeGpu(0, 74 * GIB, 80 * GIB, 0.92), FakeGpu(1, 0, 80 * GIB, 0.0))


def line(width, runs=RUNS, gpus=GPUS):
    return to_plain(header_line(FakeSnapshot(runs, {}, gpus, NOW), width))


def test_wide():
    text = line(118)
    assert text.startswith("vdeck  3 runs  1 ready  1 starting  1 failed  ")
    assert "GPU 0 ▇▇▇▇▅ 74/80 GB 92 %  GPU 1 ▁▁▁▁▁ 0/80 GB 0 %" in text
    assert text[-8:].count(":") == 2


def test_narrow_tells_less_of_the_gpus():
    assert "GPU0 92 %  GPU1 0 %" in line(78)
    assert "8 GPUs 592/640 GB" in line(78, gpus=tuple(FakeGpu(i, 74 * GIB, 80 * GIB, 0.5) for i in range(8)))


@pytest.mark.parametrize("width", range(10, 220, 7))
@pytest.mark.parametrize("gpus", [(), GPUS, GPUS * 4])
def test_one_line_at_any_width(width, gpus):
    assert cell_width(header_line(FakeSnapshot(RUNS, {}, gpus, NOW), width)) <= width


def test_no_gpu_is_a_cpu():
    assert "CPU" in line(78, gpus=())
    assert "1 run " in line(78, runs=RUNS[:1], gpus=())


def test_unknown_memory_is_a_dash():
    assert "GPU 0       - 5 %" in line(118, gpus=(FakeGpu(0, None, None, 0.05),))


def test_nothing_is_known_yet():
    assert to_plain(header_line(None, 80)) == "vdeck"


@pytest.mark.parametrize(
    ("values", "width", "expected"),
    [
        ((), 4, ""),
        ((None, None), 4, ""),
        ((0.0, 0.0), 4, "  ▁▁"),
        ((1.0, 7.0), 2, "▂▇"),
        ((7.0, None, 7.0), 3, "▇ ▇"),
        ((1, 1, 7, 7), 2, "▂▇"),
        ((math.nan, 3.0), 2, " ▇"),
        ((5.0,) * 60, 6, "▇▇▇▇▇▇"),
    ],
)
def test_spark(values, width, expected):
    assert spark(values, width) == expected


def test_spark_ends_with_the_newest():
    assert spark([0.0] * 59 + [10.0], 10)[-1] == "▇"


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [(0.0, "▁▁▁▁▁"), (1.0, "▇▇▇▇▇"), (0.5, "▇▇▄▁▁"), (2.0, "▇▇▇▇▇"), (-1.0, "▁▁▁▁▁"), (None, "     ")],
)
def test_fill(fraction, expected):
    assert fill(fraction, 5) == expected
