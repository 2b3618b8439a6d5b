"""The table of charts. A new panel is a new entry here; screen, dashboard and tests follow."""

from __future__ import annotations

from typing import Final, NamedTuple

from . import names
from .terms import Adapters, FirstOf, Gauge, Labels, Mean, Quantile, Rate, Ratio, Scaled, Term, by_label
from .window import Window

MAX_LINES: Final = 16
"""Of one panel: what a label brings beyond that is left out."""


class Line(NamedTuple):
    name: str
    term: Term


class Split(NamedTuple):
    """One line for each value of a label, in the order in which the server shows them."""

    label: str
    term: Gauge | Rate
    divisor: Term | None = None
    factor: float = 1.0
    prefix: str = ""

    def lines(self, window: Window) -> list[Line]:
        """The lines for the values that are in the window."""
        form = names.gauge if isinstance(self.term, Gauge) else names.counter
        name = form(self.term.aliases, window.has)
        tracks = window.select(name) if name is not None else []
        found = dict.fromkeys(track.series.label(self.label) for track in tracks)
        return [Line(f"{self.prefix}{value}", self.with_value(value)) for value in list(found)[:MAX_LINES]]

    def with_value(self, value: str) -> Term:
        """The term of one value of the label."""
        labels: Labels = ((self.label, value),)
        term: Term = self.term._replace(labels=labels)
        if self.divisor is not None:
            term = Ratio(term, self.divisor)
        return term if self.factor == 1 else Scaled(term, self.factor)

    def promql(self, selector: str, window: str) -> str | None:
        """All its lines as one expression with a series for each value; None: Prometheus does not have it."""
        text = by_label(self.term, self.label, selector, window)
        if text is not None and self.divisor is not None:
            whole = self.divisor.promql(selector, window)
            text = None if whole is None else f"({text}) / on () group_left () ({whole})"
        return text if text is None or self.factor == 1 else f"{self.factor:g} * ({text})"


class Spec(NamedTuple):
    """A panel before it has values."""

    key: str
    title: str
    unit: str
    items: tuple[Line | Split, ...]
    quiet: str
    """What is said when the metrics are there and have no value in the window."""
    absent: str | None = None
    """Why a server may not have them; None: every server has them, so their absence is worth a place."""
    heat: tuple[str, ...] = ()
    """The aliases of a histogram that is painted as a heat map; ``items`` is empty then."""
    goal: str | None = None
    """The key of the goal that is drawn into it."""

    def present(self, window: Window) -> bool:
        """Whether the server has any of its metrics."""
        if self.heat:
            return names.histogram(self.heat, window.has) is not None
        return any((item.term).present(window) for item in self.items)

    def lines(self, window: Window) -> list[Line]:
        """The lines whose metrics are there."""
        found: list[Line] = []
        for item in self.items:
            if isinstance(item, Split):
                found += item.lines(window)
            elif item.term.present(window):
                found.append(item)
        return found[:MAX_LINES]


QUANTILES: Final = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))


def latency(aliases: tuple[str, ...]) -> tuple[Line, ...]:
    """The lines of a histogram of times: three quantiles and the mean."""
    return (*(Line(name, Quantile(aliases, q)) for q, name in QUANTILES), Line("mean", Mean(aliases)))


def _percent(term: Term) -> Term:
    return Scaled(term, 100)


def _own(name: str) -> Gauge:
    """What the supervisor records beside the page of the server."""
    return Gauge((names.whole(names.OWN + name),))


def _gpu(key: str, title: str, unit: str, factor: float = 1.0, **lines: str) -> Spec:
    """``lines``: a figure of the supervisor's, and what stands in front of the GPU in the name of its lines."""
    items = tuple(
        Split("gpu", _own(f"gpu_{name}"), factor=factor, prefix=f"{prefix}GPU ") for name, prefix in lines.items()
    )
    return Spec(key, title, unit, items, _QUIET, "no GPU belongs to this run, or it does not tell")


_QUIET = "no samples in this window"
_NO_TOKEN = "no request got a token in this window"
_NO_END = "no request finished in this window"
_NO_SPEC = "the server decodes without --speculative-config"
_NO_LORA = "the server runs without --enable-lora"
_DRAFTS = Rate(names.SPEC_DRAFTS)
_DRAFTED = Rate(names.SPEC_DRAFTED)
_ACCEPTED = Rate(names.SPEC_ACCEPTED)

SPECS: Final = (
    Spec("throughput", "Throughput", "tok/s", (
        Line("prompt", FirstOf((Rate(names.PROMPT_TOKENS), Gauge(names.PROMPT_THROUGHPUT)))),
        Line("of it cached", Rate(names.PROMPT_CACHED)),
        Line("generation", FirstOf((Rate(names.GENERATION_TOKENS), Gauge(names.GENERATION_THROUGHPUT)))),
    ), _QUIET),
    Spec("requests", "Requests", "req", (
        Line("running", Gauge(names.RUNNING)),
        Line("waiting", Gauge(names.WAITING)),
        Line("swapped", Gauge(names.SWAPPED)),
    ), _QUIET),
    Spec("ttft", "Time to first token", "s", latency(names.TTFT), _NO_TOKEN, goal="ttft"),
    Spec("itl", "Inter-token latency", "s", latency(names.ITL), _NO_TOKEN, goal="itl"),
    Spec("e2e", "Request latency", "s", latency(names.E2E), _NO_END, goal="e2e"),
    Spec("kv", "KV cache and prefix hits", "%", (
        Line("KV cache", _percent(Gauge(names.KV_CACHE, mean=True))),
        Line("prefix hits", FirstOf((
            _percent(Ratio(Rate(names.PREFIX_HITS), Rate(names.PREFIX_QUERIES))),
            _percent(Gauge(names.PREFIX_HIT_RATE, mean=True)),
        ))),
    ), _QUIET),
    Spec("phases", "Mean time in queue, prefill, decode", "s", (
        Line("queue", Mean(names.QUEUE_TIME)),
        Line("prefill", Mean(names.PREFILL_TIME)),
        Line("decode", Mean(names.DECODE_TIME)),
    ), _NO_END),
    Spec("finished", "Finished requests", "req/s", (Split("finished_reason", Rate(names.FINISHED)),), _QUIET),
    Spec("tpot", "Time per output token", "s", latency(names.TPOT[:1]), _NO_END,
         "vLLM before 0.11 does not count it per request"),
    Spec("preemptions", "Preemptions", "1/s", (Line("preemptions", Rate(names.PREEMPTIONS)),), _QUIET,
         "this vLLM does not count them"),
    Spec("prompt_length", "Prompt length", "tok", (), _NO_END, heat=names.PROMPT_LENGTH),
    Spec("generation_length", "Answer length", "tok", (), _NO_END, heat=names.GENERATION_LENGTH),
    Spec("step", "Tokens in an engine step", "tok", (Line("mean", Mean(names.STEP_TOKENS)),),
         "the engine made no step in this window", "this vLLM does not count them"),
    Spec("spec", "Accepted draft tokens", "%", (
        Line("all", FirstOf((_percent(Ratio(_ACCEPTED, _DRAFTED)),
                             _percent(Gauge(("spec_decode_draft_acceptance_rate",), mean=True))))),
        Split("position", Rate(("spec_decode_num_accepted_tokens_per_pos",)), _DRAFTS, 100, "position "),
    ), "nothing was drafted in this window", _NO_SPEC),
    Spec("spec_length", "Tokens for each draft", "tok", (
        Line("mean", Scaled(Ratio(_ACCEPTED, _DRAFTS), 1, 1)),
    ), "nothing was drafted in this window", _NO_SPEC),
    Spec("lora", "LoRA adapters", "", (
        Line("running", Adapters("running_lora_adapters")),
        Line("waiting", Adapters("waiting_lora_adapters")),
    ), _QUIET, _NO_LORA),
    _gpu("gpu", "GPU utilisation", "%", factor=100, utilization_ratio=""),
    Spec("gpu_memory", "GPU memory", "B", (
        Split("gpu", _own("gpu_memory_used_bytes"), prefix="used GPU "),
        Split("process", _own("gpu_process_memory_bytes"), prefix="of it "),
        Split("gpu", _own("gpu_memory_total_bytes"), prefix="total GPU "),
    ), _QUIET, "no GPU belongs to this run, or it does not tell"),
    _gpu("gpu_power", "GPU power", "W", power_watts="", power_limit_watts="limit of "),
    _gpu("gpu_temperature", "GPU temperature", "°C", temperature_celsius=""),
    _gpu("gpu_clock", "GPU clocks", "Hz", sm_clock_hertz="SM of ", memory_clock_hertz="memory of "),
)  # fmt: skip
