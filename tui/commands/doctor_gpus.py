"""``vdeck doctor --gpus``: what NVML says of every GPU, in the very series that a supervisor records."""

from __future__ import annotations

import time

from launcher.errors import EXIT_DONE, EXIT_FAILED
from tui.commands import output


def gpus(*, as_json: bool) -> int:
    """Print one line for each series, and what a look at all of them takes. Exit code 1 without a GPU."""
    from launcher.host.sensors import Sensors
    from launcher.metrics.gpu_page import GpuPages
    from launcher.runs.gpu_watch import process_name

    sensors, pages = Sensors(), GpuPages()
    count = sensors.count()
    pages.page(sensors.read(range(count)), process_name)  # the first look finds the handles
    began = time.perf_counter()
    readings = sensors.read(range(count))
    page = pages.page(readings, process_name)
    took_ms = (time.perf_counter() - began) * 1000
    if as_json:
        found = {series.text: value for series, value in zip(page.series, page.values)}
        output.document({"gpus": count, "took_ms": took_ms, "series": found})
    else:
        for reading in readings:
            output.say(f"# GPU {reading.gpu}: {reading.name}")
        for series, value in zip(page.series, page.values):
            output.say(f"{series.text} {value:.15g}")
        output.say(
            f"# {count} GPU{'' if count == 1 else 's'}, {len(page.series)} series, one look took {took_ms:.1f} ms"
        )
    return EXIT_DONE if count else EXIT_FAILED
