"""What vdeck shows against a real Prometheus on the same scrapes: pages -> Recorder -> store -> History -> Window ->
Grid and Measures, thousands of values, to 1e-9.

A server with two engines lives through ten minutes as bad as can be: it is scraped late or not at all, begins again as
a whole or in one engine only, brings a third engine and loses it, shows series late and no longer, writes the same
bucket bound in two ways, has a histogram without +Inf, buckets that fall, counters of 1.8e9 in exponent notation, and
labels with quotes, backslashes, newlines, commas and braces.

vdeck differs from Prometheus on purpose where it shows nothing rather than something old: in a gap, and when the newest
scrape is older than the lookback (``shown``); and when a series is not in the newest scrape any more, where Prometheus
goes on for a while with the samples before it (``settled``). These values are counted apart. A value NaN is no sample
for vdeck; Prometheus is fed without them. The rules of a 2.x are set apart as in ``test_promql_oracle``.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import prometheus_kit
import pytest
from prometheus_kit import Prometheus, same
from random_series import START
from rules import OURS, Bucket, Rules, Sample, around, quantile, rate
from seeds import SEEDS

from launcher.metrics import names, promql
from launcher.metrics.exposition import read_series
from launcher.metrics.history import History
from launcher.metrics.measures import Measures, Values
from launcher.metrics.rates import Grid, present, rates
from launcher.metrics.recorder import Recorder
from launcher.metrics.window import Track, Window

LENGTH_S = 600
RANGES = (2_500, 15_000, 60_000, 300_000)
LOOKBACK_MS = 5000
LIMIT = 0.37
QS = (0.0, 0.5, 0.95, 0.99, 1.0)
MODEL = r'model_name="/models/a \"b\" \\ {c},\nd"'
TTFT = ("0.001", "0.01", "0.1", "1.0", "10.0", "+Inf")
E2E = {"0": ("0.3", "1", "2.0", "10", "+Inf"), "1": ("0.3", "1.0", "2", "10.0", "+Inf"), "2": ("0.3", "5.0", "+Inf")}
COUNTERS = (
    "vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:request_success_total",
    "vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total",
)  # fmt: skip
BUCKETS = tuple(
    f"vllm:{name}_seconds_bucket"
    for name in ("time_to_first_token", "e2e_request_latency", "inter_token_latency", "request_queue_time")
)
GAUGES = ("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc")


class Engine:
    """One engine of the server: its counters as they stand."""

    def __init__(self, number: str, rnd: random.Random) -> None:
        self.labels = f'engine="{number}",{MODEL}'
        self.number = number
        self._rnd = rnd
        self.reset(0.0)
        for _ in range(200):  # it has served for a while before anybody looks
            self.work()

    def reset(self, tokens: float) -> None:
        """It begins again (``tokens``: with that many already counted)."""
        self._tokens = tokens
        self._prompt = 1.7953283391620665e09 if self.number == "0" else tokens
        self._queries = self._hits = 0.0
        self._finished = {"stop": 0.0, "length": 0.0}
        self._lazy = 0.0
        self._counts: dict[str, list[float]] = {name: [0.0] * 6 for name in BUCKETS}
        self._sums: dict[str, float] = dict.fromkeys(BUCKETS, 0.0)

    def work(self) -> None:
        """A second of traffic, or of none."""
        rnd = self._rnd
        if rnd.random() < 0.3:
            return
        self._tokens += rnd.randrange(400)
        self._prompt += rnd.choice((0, rnd.randrange(9000), rnd.random()))
        self._queries += (asked := rnd.randrange(100))
        self._hits += rnd.randint(0, asked)
        for reason in self._finished:
            self._finished[reason] += rnd.choice((0, 0, 1, 2))
        self._lazy += rnd.random() < 0.03
        for name in BUCKETS:
            for _ in range(rnd.choice((0, 1, 1, 5))):
                self._observe(name, rnd.expovariate(rnd.choice((0.4, 5, 90))))

    def _observe(self, name: str, seconds: float) -> None:
        self._sums[name] += seconds
        for index, bound in enumerate(self._bounds(name)):
            self._counts[name][index] += seconds <= float(bound)

    def _bounds(self, name: str) -> tuple[str, ...]:
        return E2E[self.number] if "e2e" in name else TTFT

    def lines(self) -> Iterator[tuple[str, float]]:
        """Its series and their values now."""
        yield f"vllm:generation_tokens_total{{{self.labels}}}", self._tokens
        yield f"vllm:prompt_tokens_total{{{self.labels}}}", self._prompt
        yield f"vllm:prefix_cache_queries_total{{{self.labels}}}", self._queries
        yield f"vllm:prefix_cache_hits_total{{{self.labels}}}", self._hits
        for reason, count in self._finished.items():
            yield f'vllm:request_success_total{{finished_reason="{reason}",{self.labels}}}', count
        if self._lazy:  # a series that is not there before its first event
            yield f'vllm:request_success_total{{finished_reason="error",{self.labels}}}', self._lazy
        yield f"vllm:num_requests_running{{{self.labels}}}", float(self._rnd.randrange(9))
        yield f"vllm:num_requests_waiting{{{self.labels}}}", self._rnd.choice((0.0, 3.0, 1e6, 2.5e-7))
        usage = self._rnd.choice((math.nan, *[self._rnd.random()] * 20))
        yield f"vllm:kv_cache_usage_perc{{{self.labels}}}", usage
        for name in BUCKETS:
            counts = dict(zip(self._bounds(name), self._counts[name]))
            if name == BUCKETS[2] and "0.01" in counts:
                counts["0.01"] *= 1.5  # not monotonic: it falls at the next bound
            if name == BUCKETS[3]:
                counts.pop("+Inf")
            yield from ((f'{name}{{le="{bound}",{self.labels}}}', count) for bound, count in counts.items())
            yield f"{name.removesuffix('bucket')}sum{{{self.labels}}}", self._sums[name]
            yield (
                f"{name.removesuffix('bucket')}count{{{self.labels}}}",
                self._counts[name][len(self._bounds(name)) - 1],
            )


class Life(NamedTuple):
    """What was scraped (series as text -> samples), when, and the history that the recorder made of it."""

    samples: dict[str, list[Sample]]
    gaps: list[int]
    history: History


def live(seed: int, folder: Path) -> Life:
    """The life of a server, recorded. The same for a seed on every machine."""
    rnd = random.Random(seed)
    recorder = Recorder(str(folder))
    engines = [Engine("0", rnd), Engine("1", rnd)]
    samples: dict[str, list[Sample]] = {}
    gaps: list[int] = []
    now = START
    while now < START + LENGTH_S * 1000:
        now += rnd.choice((1000, 1000, 1000 + rnd.randint(-40, 40), rnd.randrange(300, 2500)))
        if rnd.random() < 0.01:
            recorder.gap(now)
            gaps.append(now)
            now += rnd.randrange(1000, 20_000)
        _happen(rnd, engines, now)
        page = [line for engine in engines for line in engine.lines()]
        if rnd.random() < 0.2:
            rnd.shuffle(page)
        recorder.record(_text(rnd, page).encode(), now)
        for series, value in page:
            if not math.isnan(value):
                samples.setdefault(series, []).append((now, value))
    recorder.close()
    history = History(str(folder))
    history.refresh()
    return Life(samples, gaps, history)


def _happen(rnd: random.Random, engines: list[Engine], now: int) -> None:
    for engine in engines:
        engine.work()
    if rnd.random() < 0.01:
        rnd.choice(engines).reset(rnd.choice((0.0, 7.0)))
    if rnd.random() < 0.004:
        for engine in engines:
            engine.reset(0.0)
    third = START + 200_000 <= now < START + 400_000
    if third and len(engines) == 2:
        engines.append(Engine("2", rnd))
    elif not third and len(engines) == 3:
        engines.pop()


def _text(rnd: random.Random, page: Iterable[tuple[str, float]]) -> str:
    write: Callable[[float], str] = rnd.choice((repr, repr, lambda value: f"{value:.17e}"))
    return "".join(f"{series} {write(value)}\n" for series, value in page)


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Life]:
    return {seed: live(seed, tmp_path_factory.mktemp(f"store-{seed}")) for seed in SEEDS}


@pytest.fixture(scope="module")
def server(lives: dict[int, Life], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    series = (
        (text.replace("{", f'{{run="{seed}",', 1), found)
        for seed, life in lives.items()
        for text, found in life.samples.items()
    )
    flags = [f"--query.lookback-delta={LOOKBACK_MS}ms"]
    samples = prometheus_kit.openmetrics(series)
    with prometheus_kit.running(tmp_path_factory.mktemp("oracle"), samples=samples, flags=flags) as running:
        yield running


class Case:
    """One life at the points of one range query."""

    def __init__(self, life: Life, seed: int, range_ms: int, rules: Rules) -> None:
        self.seed, self.range_ms, self.rules = seed, range_ms, rules
        self.life = life
        self.step_ms = 3217
        self.points = range(START - 5000, START + LENGTH_S * 1000 + 15_000, self.step_ms)
        self.window: Window = life.history.window(START - range_ms - 10_000, self.points[-1])
        self.grid = Grid(self.window, self.points, range_ms)
        self.measures = Measures(self.grid)
        self.equal = self.apart = self.hidden = 0
        self._old_rule: dict[str, set[int]] = {}

    def ask(self, server: Prometheus, expression: str) -> list[tuple[dict[str, str], dict[int, float]]]:
        """A range query; ``$`` stands for the selector, ``@`` for the range."""
        text = expression.replace("$", f'run="{self.seed}"').replace("@", f"[{self.range_ms}ms]")
        found = server.range(text, self.points[0], self.points[-1], self.step_ms)
        return [(dict(labels), values) for labels, values in found.items()]

    def shown(self, point: int) -> bool:
        """Whether vdeck shows a value at this point at all: there is a scrape, not too old, and no gap after it."""
        newest = self._newest(point)
        if newest is None or point - newest > max(4 * self.window.spacing_ms, LOOKBACK_MS):
            return False
        return not any(newest < gap <= point for gap in self.life.gaps)

    def settled(self, point: int, series: Iterable[str]) -> bool:
        """Whether every one of these series that was seen within reach is in the newest scrape as well."""
        reach, newest = max(self.range_ms, LOOKBACK_MS), self._newest(point)
        return all(self._last(text, point) in (None, newest) for text in series if self._seen(text, point, reach))

    def _newest(self, point: int) -> int | None:
        at = bisect_right(self.window.times, point)
        return self.window.times[at - 1] if at else None

    def _last(self, text: str, point: int) -> int | None:
        found = self.life.samples[text]
        at = bisect_right(found, (point, math.inf))
        return found[at - 1][0] if at else None

    def _seen(self, text: str, point: int, reach: int) -> bool:
        last = self._last(text, point)
        return last is not None and last >= point - reach

    def check(
        self, ours: Values, theirs: dict[int, float], series: list[str], what: str, q: float | None = None
    ) -> None:
        """Compare all points. ``series``: what goes into the value; ``q``: it is this quantile of these buckets."""
        for point, mine in zip(self.points, ours):
            other = theirs.get(point)
            if other is not None and math.isnan(other):
                other = None  # nothing to divide by: Prometheus says NaN, vdeck says nothing
            if not self.shown(point):
                self.hidden += 1
                assert mine is None, (what, point, mine)
            elif not self.settled(point, series):
                self.hidden += 1
                assert mine is None or len(series) > 1, (what, point, mine)
            elif self.by_rule(series, point, q, mine, other):
                self.apart += 1
            else:
                assert same(mine, other), f"{what} at {point}, {self.range_ms} ms, seed {self.seed}: {mine!r} {other!r}"
                self.equal += mine is not None

    def _differing(self, text: str) -> set[int]:
        """The points at which the rules of this Prometheus give this series another rate than ours."""
        if self.rules == OURS or not text.split("{")[0].endswith(("_total", "_bucket", "_sum", "_count")):
            return set()
        if text not in self._old_rule:
            self._old_rule[text] = set()
            for point in self.points:
                samples = around(self.life.samples[text], point, self.range_ms)
                mine = promql.rate(samples, at_ms=point, range_ms=self.range_ms)
                if not same(mine, rate(samples, point, self.range_ms, self.rules), 1e-12):
                    self._old_rule[text].add(point)
        return self._old_rule[text]

    def by_rule(self, series: list[str], point: int, q: float | None, mine: float | None, other: float | None) -> bool:
        """Whether this Prometheus has another rule here: for the rate of one of the series, or (a quantile) because it
        takes rounding errors between buckets for counts."""
        if any(point in self._differing(text) for text in series):
            return True
        if q is None or same(mine, other) or mine is None or other is None or not self.rules.noise:
            return False
        buckets: list[Bucket] = []
        for text in series:
            samples = around(self.life.samples[text], point, self.range_ms)
            value = promql.rate(samples, at_ms=point, range_ms=self.range_ms)
            if value is not None:
                buckets.append((float(text.split('le="')[1].split('"')[0]), value))
        return same(quantile(q, buckets, OURS), mine) and same(quantile(q, buckets, self.rules), other)

    def of(self, *names_: str) -> list[str]:
        """All series of these metric names."""
        return [text for text in self.life.samples if text.split("{")[0] in names_]


@pytest.fixture(
    params=[(seed, range_ms) for seed in SEEDS for range_ms in RANGES], ids=lambda param: f"{param[0]}-{param[1]}ms"
)
def case(request: pytest.FixtureRequest, lives: dict[int, Life], server: Prometheus) -> Case:
    seed, range_ms = request.param
    return Case(lives[seed], seed, range_ms, Rules.of(server.version))


def key(name: str, labels: Iterable[tuple[str, str]]) -> tuple[object, ...]:
    """A series whoever names it; a Prometheus 3 writes every ``le`` as a float."""
    kept = ((label, text) for label, text in labels if label not in ("run", "__name__"))
    return (name, *sorted((label, float(text) if label == "le" else text) for label, text in kept))


def track(case: Case, text: str) -> tuple[tuple[object, ...], Track]:
    """The recorded values of a series of the page."""
    series = read_series(text)
    assert series is not None
    (found,) = [track for track in case.window.select(series.name) if track.series == series]
    return key(series.name, series.labels), found


def report(case: Case, least: int, share: float) -> None:
    """Enough values were compared, and few were set apart for a rule of 2.x."""
    print(f"{case.equal} values equal, {case.apart} where a 2.x has another rule, {case.hidden} not shown on purpose")
    assert case.equal >= least
    assert case.apart <= share * (case.equal + case.apart)


def test_every_series_alone(case: Case, server: Prometheus) -> None:
    """``rate`` and ``increase`` of each counter, bucket, sum and count."""
    parts = (f"{name.removesuffix('bucket')}{part}" for name in BUCKETS for part in ("sum", "count"))
    for name in (*COUNTERS, *BUCKETS, *parts):
        for function in ("rate", "increase"):
            answer = case.ask(server, f"{function}({name}{{$}}@)")
            theirs = {key(name, labels.items()): values for labels, values in answer}
            for text in case.of(name):
                series, found = track(case, text)
                ours = rates(found.values, case.grid, per_second=function == "rate")
                case.check(ours, theirs.get(series, {}), [text], f"{function}({text})")
    report(case, 5000, 0.05)


def test_gauges(case: Case, server: Prometheus) -> None:
    """The newest sample of each."""
    for name in GAUGES:
        theirs = {key(name, labels.items()): values for labels, values in case.ask(server, f"{name}{{$}}")}
        for text in case.of(name):
            series, found = track(case, text)
            case.check(present(found.values, case.grid), theirs.get(series, {}), [text], text)
    report(case, 900, 0.0)


def test_sums_means_shares_and_quantiles(case: Case, server: Prometheus) -> None:
    """What the screen shows: sums over the engines, the mean of a share, ratios, quantiles, all through Measures."""

    def compare(expression: str, ours: Values, *metric: str, q: float | None = None) -> None:
        answer = case.ask(server, expression)
        case.check(ours, answer[0][1] if answer else {}, case.of(*metric), expression, q)

    measures = case.measures
    compare("sum(rate(vllm:prompt_tokens_total{$}@))", measures.prompt_tps(), COUNTERS[0])
    compare("sum(rate(vllm:generation_tokens_total{$}@))", measures.generation_tps(), COUNTERS[1])
    compare("sum(rate(vllm:request_success_total{$}@))", measures.rate(names.FINISHED), COUNTERS[2])
    hits = "sum(rate(vllm:prefix_cache_hits_total{$}@)) / sum(rate(vllm:prefix_cache_queries_total{$}@))"
    compare(hits, measures.prefix_hit(), *COUNTERS[3:])
    compare("sum(vllm:num_requests_waiting{$})", measures.gauge(names.WAITING), GAUGES[1])
    compare("avg(vllm:kv_cache_usage_perc{$})", measures.gauge(names.KV_CACHE, mean=True), GAUGES[2])
    for aliases, name in zip((names.TTFT, names.E2E, names.ITL, names.QUEUE_TIME), BUCKETS):
        stem = name.removesuffix("bucket")
        mean = f"sum(rate({stem}sum{{$}}@)) / sum(rate({stem}count{{$}}@))"
        compare(mean, measures.mean(aliases), f"{stem}sum", f"{stem}count")
        for q, ours in zip(QS, measures.quantiles(aliases, QS)):
            compare(f"histogram_quantile({q}, sum by (le) (rate({name}{{$}}@)))", ours, name, q=q)
        compare(within(server, name), measures.within(aliases, LIMIT), name)
    report(case, 1500, 0.05)


def within(server: Prometheus, name: str) -> str:
    """The share of what is at most LIMIT. A 2.x has ``histogram_fraction`` for native histograms only; for it the
    oracle is the arithmetic of the two buckets around the limit, written in PromQL."""
    if server.version >= (3,):
        return f"histogram_fraction(0, {LIMIT}, sum by (le) (rate({name}{{$}}@)))"
    low = 0.3 if "e2e" in name else 0.1
    below, above, whole = (f'sum(rate({name}{{$,le=~"{le}"}}@))' for le in (f"{low}", "1|1.0", r"\\+Inf"))
    rank = f"({below} + ({above} - {below}) * {(LIMIT - low) / (1 - low)!r})"
    return f"({rank} <= {whole} or {whole}) / {whole}"
