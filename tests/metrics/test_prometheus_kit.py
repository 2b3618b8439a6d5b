"""The kit itself: what is fed in comes out, to the millisecond; a server that was stopped is gone."""

import math
from pathlib import Path

import httpx
import prometheus_kit
import pytest

START = 1_795_000_000_000


def test_samples_come_back_to_the_millisecond(tmp_path: Path) -> None:
    times = [START + at for at in (0, 1, 570, 999, 1000, 1001, 59_999, 60_123)]
    values = [0.0, 1e-300, 1.7953283391620665e09, 5.0, math.inf, -math.inf, math.nan, 2.0]
    text = prometheus_kit.openmetrics([('a{b="x"}', zip(times, values))])
    with prometheus_kit.running(tmp_path / "prometheus", samples=text) as server:
        answer = server.ask("query", query="a[2m]", time=prometheus_kit.rfc3339(START + 60_123))
        (one,) = answer["result"]
        assert one["metric"] == {"__name__": "a", "b": "x"}
        assert [round(at * 1000) for at, _ in one["values"]] == times
        assert [float(text) for _, text in one["values"]] == pytest.approx(values, rel=0, nan_ok=True)
        (point,) = server.instant("a * 3", START + 60_123)
        assert point == ({"b": "x"}, 6.0)
        assert server.instant("vector(4)", START)[0].value == 4
        ranged = server.range("a", START, START + 1000, 500)
        assert ranged == {
            frozenset({("__name__", "a"), ("b", "x")}): {START: 0, START + 500: 1e-300, START + 1000: math.inf}
        }
        with pytest.raises(AssertionError, match="parse error"):
            server.instant("rate(", START)
    assert server.process.returncode == 0
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{server.url}/-/ready", timeout=2)


def test_it_stops_even_when_the_test_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), prometheus_kit.running(tmp_path / "prometheus") as server:
        raise ZeroDivisionError
    assert server.process.returncode is not None
