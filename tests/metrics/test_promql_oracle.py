"""``launcher.metrics.promql`` against a real Prometheus: tens of thousands of values on the same samples, to 1e-9.

A Prometheus 3 must agree as it is. A 2.x (Debian's 2.42) follows other rules in two lines of ``rate``, and before 2.49
in one of ``histogram_quantile`` (``rules``). Where both rules give the same, it is the oracle of the product itself;
where they differ, the variant with its own rules must agree with it (so the difference is the rule and nothing else),
the rule must really play a part, and such values must be few.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import prometheus_kit
import pytest
import random_series as series
from prometheus_kit import Prometheus, same
from rules import FUNCTIONS, OURS, Bucket, Rules, Sample, around, merged, near, quantile, touches
from seeds import SEEDS

from launcher.metrics import promql

COUNTERS = 24
HISTOGRAMS = 12
STEPS = 60
QS = (-0.1, 0.0, 0.1, 0.5, 0.9, 0.95, 0.99, 1.0, 1.1)
RANGES = (2_500, 5_000, 15_000, 60_000, 300_000)
LOOKBACK_MS = 5000
PRODUCT: dict[str, Callable[..., float | None]] = {
    "rate": promql.rate,
    "increase": promql.increase,
    "irate": promql.irate,
    "delta": promql.delta,
    "avg_over_time": promql.avg_over_time,
}


class Histogram(NamedTuple):
    """Cumulative counts of one step, as Prometheus has them: ``(le as text, engine) -> count``."""

    at_ms: int
    counts: dict[tuple[str, str], float]

    @property
    def buckets(self) -> list[Bucket]:
        """``sum by (le)`` in the order in which Prometheus adds: by the labels."""
        found: dict[str, float] = {}
        for (text, _), count in sorted(self.counts.items(), key=lambda item: (item[0][1], item[0][0])):
            found[text] = found[text] + count if text in found else count
        return [(float(text), count) for text, count in found.items()]


class Data(NamedTuple):
    """All samples of one seed."""

    counters: list[list[Sample]]
    gauges: list[list[Sample]]
    histograms: list[list[Histogram]]

    def text(self, seed: int) -> Iterator[tuple[str, list[Sample]]]:
        """As series for Prometheus."""
        for name, found in (("c", self.counters), ("g", self.gauges)):
            for case, samples in enumerate(found):
                yield f'{name}{{seed="{seed}",case="{case}",half="{case % 2}"}}', samples
        for case, steps in enumerate(self.histograms):
            for text, engine in dict.fromkeys(key for step in steps for key in step.counts):
                labels = f'seed="{seed}",case="{case}",engine="{engine}",le="{text}"'
                key = (text, engine)
                yield f"h_bucket{{{labels}}}", [(s.at_ms, s.counts[key]) for s in steps if key in s.counts]


def make(seed: int) -> Data:
    """The samples of a seed, the same on every machine."""
    rnd = random.Random(seed)
    return Data(
        [series.counter(rnd) for _ in range(COUNTERS)],
        [series.gauge(rnd) for _ in range(COUNTERS // 2)],
        [histograms(rnd) for _ in range(HISTOGRAMS)],
    )


def histograms(rnd: random.Random) -> list[Histogram]:
    """One histogram, a new state every ten seconds: also empty, without +Inf, not monotonic, noisy, NaN."""
    bounds = series.bounds(rnd)
    texts = {engine: [series.le(bound, rnd) for bound in bounds] for engine in "01"}
    kind = rnd.choice(("plain", "plain", "noise", "wild", "broken", "no +Inf", "one", "zero"))
    if kind == "one":
        texts = {engine: ["+Inf"] for engine in "01"}
    found = []
    for step in range(STEPS):
        counts = {}
        for engine in "01"[: rnd.choice((1, 2))]:
            used = texts[engine] if kind != "no +Inf" else texts[engine][:-1]
            counts |= {(text, engine): count for text, count in zip(used, _cumulative(rnd, len(used), kind))}
        found.append(Histogram(series.START + step * 10_000, counts))
    return found


def _cumulative(rnd: random.Random, size: int, kind: str) -> list[float]:
    scale = rnd.choice((1.0, 1.0, 0.1, 1 / 3, 1e-9))
    found, count = [], 0.0
    place = rnd.choice((None, None, 0, size - 1))  # all observations in one bucket: the first, or +Inf
    for index in range(size):
        grown = rnd.choice((0, 0, 1, 2, 40)) if place is None else 10 * (index == place)
        count += grown * scale * (kind != "zero")
        wrong = (
            rnd.choice((0.5, 1.0, 1.5)) if kind == "wild" else 1 + 1e-13 * rnd.choice((-1, 0, 1)) * (kind == "noise")
        )
        found.append(math.nan if kind == "broken" and rnd.random() < 0.1 else count * wrong)
    return found


@pytest.fixture(scope="module")
def data() -> dict[int, Data]:
    return {seed: make(seed) for seed in SEEDS}


@pytest.fixture(scope="module")
def server(data: dict[int, Data], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    samples = prometheus_kit.openmetrics(one for seed, found in data.items() for one in found.text(seed))
    flags = [f"--query.lookback-delta={LOOKBACK_MS}ms"]
    with prometheus_kit.running(tmp_path_factory.mktemp("oracle"), samples=samples, flags=flags) as running:
        yield running


class Tally:
    """Compares value by value; counts what was compared with the product, and what only with the old rule."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.compared = 0
        self.apart = 0

    def take(
        self, theirs: float | None, ours: float | None, variant: float | None, rule: Callable[[], bool], what: object
    ) -> None:
        """``variant``: the product with the rules of this Prometheus; ``rule``: whether they play a part here."""
        if same(ours, variant, 1e-12):
            assert same(ours, theirs), f"ours {ours!r}, Prometheus {theirs!r}: {what}"
            self.compared += ours is not None
        else:
            assert self.rules != OURS, f"ours {ours!r}, by hand {variant!r}: {what}"
            assert same(variant, theirs), f"variant {variant!r}, Prometheus {theirs!r}, ours {ours!r}: {what}"
            assert rule(), f"ours {ours!r}, variant {variant!r}, and no rule plays a part: {what}"
            self.apart += 1

    def done(self, least: int, share: float) -> None:
        """At least so many values, and at most that share of them only by the old rule."""
        print(f"{self.compared} values equal, {self.apart} differ by a rule of 2.x alone")
        assert self.compared >= least
        assert self.apart <= share * (self.compared + self.apart)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("function", PRODUCT)
def test_functions_over_a_range(server: Prometheus, data: dict[int, Data], seed: int, function: str) -> None:
    tally = Tally(Rules.of(server.version))
    name, cases = ("c", data[seed].counters) if function in ("rate", "increase", "irate") else ("g", data[seed].gauges)
    for range_ms in RANGES:
        for step_ms in (3331, 20_000):  # the second meets samples that lie exactly on the edges
            start, end = series.START - 2000, series.START + series.LENGTH_S * 1000 + 20_000
            found = server.range(f'{function}({name}{{seed="{seed}"}}[{range_ms}ms])', start, end, step_ms)
            theirs = {dict(labels)["case"]: values for labels, values in found.items()}
            for case, whole in enumerate(cases):
                for at in range(start, end + 1, step_ms):
                    samples = around(whole, at, range_ms)
                    tally.take(
                        theirs.get(str(case), {}).get(at),
                        PRODUCT[function](samples, at_ms=at, range_ms=range_ms),
                        FUNCTIONS[function](samples, at, range_ms, tally.rules),
                        lambda samples=samples, at=at, range_ms=range_ms: touches(samples, at, range_ms),
                        (function, f"seed {seed}", f"case {case}", at, range_ms),
                    )
    tally.done(3000, 0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_sums_means_and_ratios_of_rates(server: Prometheus, data: dict[int, Data], seed: int) -> None:
    rules = Rules.of(server.version)
    compared, start, end, step = 0, series.START, series.START + series.LENGTH_S * 1000, 7777
    for range_ms in RANGES:
        inner = f'rate(c{{seed="{seed}"}}[{range_ms}ms])'
        by = {how: server.range(f"{how} by (half) ({inner})", start, end, step) for how in ("sum", "avg")}
        part, whole = (f'sum(rate(c{{seed="{seed}",half="{half}"}}[{range_ms}ms]))' for half in "01")
        divided = next(iter(server.range(f"{part} / {whole}", start, end, step).values()), {})
        for at in range(start, end + 1, step):
            halves = []
            for half in range(2):
                cases = [around(samples, at, range_ms) for samples in data[seed].counters[half::2]]
                halves.append([promql.rate(samples, at_ms=at, range_ms=range_ms) for samples in cases])
                others = [FUNCTIONS["rate"](samples, at, range_ms, rules) for samples in cases]
                if not all(same(one, other, 1e-12) for one, other in zip(halves[half], others)):
                    break
                labels = frozenset({("half", str(half))})
                assert same(promql.total(halves[half]), by["sum"].get(labels, {}).get(at)), (seed, half, at, range_ms)
                assert same(promql.avg(halves[half]), by["avg"].get(labels, {}).get(at)), (seed, half, at, range_ms)
                compared += 2
            else:
                theirs = divided.get(at)
                ours = promql.ratio(promql.total(halves[0]), promql.total(halves[1]))
                unknown = theirs is None or math.isnan(theirs) or math.isinf(theirs)
                assert same(ours, theirs) or (ours is None and unknown), (ours, theirs, seed, at, range_ms)
                compared += 1
    assert compared > 1500


@pytest.mark.parametrize("seed", SEEDS)
def test_quantiles_of_any_buckets(server: Prometheus, data: dict[int, Data], seed: int) -> None:
    tally = Tally(Rules.of(server.version))
    start, end = series.START, series.START + (STEPS - 1) * 10_000
    for q in QS:
        expression = f'histogram_quantile({q}, sum by (le, case) (h_bucket{{seed="{seed}"}}))'
        theirs = {
            dict(labels)["case"]: values for labels, values in server.range(expression, start, end, 10_000).items()
        }
        for case, steps in enumerate(data[seed].histograms):
            for step in steps:
                buckets = step.buckets
                counts = sorted(count for _, count in merged(buckets))
                tally.take(
                    theirs.get(str(case), {}).get(step.at_ms),
                    promql.histogram_quantile(q, buckets),
                    quantile(q, buckets, tally.rules),
                    lambda counts=counts: any(map(_noisy, counts, counts[1:])),
                    (f"seed {seed}", f"case {case}", q, buckets),
                )
    tally.done(5000, 0.05)


def _noisy(one: float, other: float) -> bool:
    return (one != other and near(one, other)) or one != one or other != other


@pytest.mark.parametrize("seed", SEEDS)
def test_fractions_of_any_buckets(server: Prometheus, data: dict[int, Data], seed: int) -> None:
    """A 3.x is asked for ``histogram_fraction``. A 2.x has it for native histograms only: there the oracle is bucket
    arithmetic written in PromQL itself (``by_hand``): the counts at both limits, linear inside their buckets."""
    rnd = random.Random(seed)
    compared = 0
    for case, steps in enumerate(data[seed].histograms):
        bounds = sorted({float(text) for step in steps for text, _ in step.counts})
        for lower, upper in limits(rnd, bounds):
            selector = f'seed="{seed}",case="{case}"'
            if server.version >= (3,):
                expression = f"histogram_fraction({lower}, {upper}, sum by (le) (h_bucket{{{selector}}}))"
            else:
                expression = by_hand(lower, upper, bounds, selector, steps)
            found = server.range(expression, series.START, steps[-1].at_ms, 10_000)
            theirs = next(iter(found.values()), {})
            for step in steps:
                buckets = step.buckets
                if server.version < (3,) and not _complete(buckets, bounds):
                    continue  # PromQL by hand needs every bound, and cannot tell a NaN from a missing one
                ours = promql.histogram_fraction(lower, upper, buckets)
                assert same(ours, theirs.get(step.at_ms, math.nan)), (seed, case, lower, upper, buckets)
                compared += 1
    print(f"{compared} values equal")
    assert compared > 1500


def _complete(buckets: Sequence[Bucket], bounds: Sequence[float]) -> bool:
    return {bound for bound, _ in buckets} == set(bounds) and all(count == count for _, count in buckets)


def limits(rnd: random.Random, bounds: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Pairs of limits: on bounds, between them, outside of them, the wrong way round."""
    finite = [bound for bound in bounds if bound != math.inf] or [1.0]
    for _ in range(8):
        lower, upper = (
            rnd.choice((rnd.choice(finite), rnd.uniform(min(0.0, finite[0]), finite[-1] * 1.2), 0.0)) for _ in range(2)
        )
        yield (lower, upper) if lower <= upper or rnd.random() < 0.2 else (upper, lower)


def by_hand(lower: float, upper: float, bounds: Sequence[float], selector: str, steps: Sequence[Histogram]) -> str:
    """``histogram_fraction`` in the PromQL of a 2.x."""
    if bounds[-1] != math.inf:
        return "vector(NaN)"
    texts: dict[float, set[str]] = {}
    for step in steps:
        for text, _ in step.counts:
            texts.setdefault(float(text), set()).add(text)

    def count(bound: float) -> str:
        names = "|".join(text.replace("+", "\\\\+").replace(".", "\\\\.") for text in sorted(texts[bound]))
        return f'sum(h_bucket{{{selector},le=~"{names}"}})'

    whole = count(math.inf)
    if lower >= upper:
        return f"0 * ({whole}) / ({whole})"

    def rank(value: float) -> str:
        start, below = (0.0 if bounds[0] > 0 else -math.inf), "0"
        for bound in bounds:
            if start >= value:
                return below
            if bound > value:
                if start == -math.inf:
                    return count(bound)
                part = 0.0 if bound == math.inf else (value - start) / (bound - start)
                return f"({below}) + (({count(bound)}) - ({below})) * {part!r}"
            start, below = bound, count(bound)
        return below

    def capped(text: str) -> str:
        return f"((({text}) + 0 * ({whole})) <= ({whole}) or ({whole}))"

    return f"({capped(rank(upper))} - {capped(rank(lower))}) / ({whole})"
