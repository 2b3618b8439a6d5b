"""The parser against prometheus_client (the oracle), and everything that real servers and proxies send."""

import gzip
import math
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from launcher.metrics.exposition import ExpositionError, Parser, kind_of, parse, read_series
from launcher.metrics.series import Series

PAGES = os.path.join(os.path.dirname(__file__), "metrics")
NAMES = sorted(name for name in os.listdir(PAGES) if name.endswith(".txt.gz"))


def real_page(name: str) -> bytes:
    with gzip.open(os.path.join(PAGES, name), "rb") as file:
        return file.read()


def oracle(text: str) -> dict[Series, float]:
    return {
        Series(sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@pytest.mark.parametrize("name", NAMES)
def test_real_pages_read_as_the_oracle_reads_them(name: str) -> None:
    page = parse(real_page(name))
    assert dict(zip(page.series, page.values)) == oracle(real_page(name).decode())
    assert page.bad == 0
    assert len(page.series) > 300


@pytest.mark.parametrize("name", NAMES)
def test_the_second_page_reads_as_the_first(name: str) -> None:
    parser, page = Parser(), real_page(name)
    first, second = parser.parse(page), parser.parse(page)
    assert first == second
    assert all(one is other for one, other in zip(first.series, second.series))  # what makes a steady page quick


def test_kinds_of_a_real_page() -> None:
    kinds = parse(real_page("metrics-h200.txt.gz")).kinds
    assert kind_of("vllm:prompt_tokens_total", kinds) == "counter"
    assert kind_of("vllm:time_to_first_token_seconds_bucket", kinds) == "histogram"
    assert kind_of("vllm:iteration_tokens_total_sum", kinds) == "histogram"  # a histogram whose name ends in _total
    assert kind_of("http_request_size_bytes_count", kinds) == "summary"
    assert kind_of("vllm:kv_cache_usage_perc", kinds) == "gauge"
    assert kind_of("vllm:never_heard_of", kinds) == "untyped"


@pytest.mark.parametrize(
    ("line", "series", "value"),
    [
        ("up 1", Series("up"), 1.0),
        ("up\t1", Series("up"), 1.0),
        ("  up   1  ", Series("up"), 1.0),
        ("up 1\r", Series("up"), 1.0),
        ("up 1.7953283391620665e+09", Series("up"), 1.7953283391620665e09),
        ("up 1 1795328339162", Series("up"), 1.0),
        ('up{a="b"} 3 # {trace_id="KOO5S4vxi0o"} 0.67', Series("up", (("a", "b"),)), 3.0),
        ('up{a="b"} 3 1795328339.162 # {trace_id="x # y"} 0.67 1.5', Series("up", (("a", "b"),)), 3.0),
        ("up +Inf", Series("up"), math.inf),
        ("up -Inf", Series("up"), -math.inf),
        ("up{} 2", Series("up"), 2.0),
        ('up{b="2",a="1",} 2', Series("up", (("a", "1"), ("b", "2"))), 2.0),
        ('up{ a = "1" , b = "2" } 2', Series("up", (("a", "1"), ("b", "2"))), 2.0),
        (r'up{m="/models/a\\b \"c\" \n,}={ d"} 2', Series("up", (("m", '/models/a\\b "c" \n,}={ d'),)), 2.0),
        ('up{m="ключ 模型"} 2', Series("up", (("m", "ключ 模型"),)), 2.0),
        ('{"a.metric", x="1"} 4', Series("a.metric", (("x", "1"),)), 4.0),
        ('x_bucket{le="+Inf"} 7', Series("x_bucket", (("le", "+Inf"),)), 7.0),
    ],
)
def test_every_form_of_a_line(line: str, series: Series, value: float) -> None:
    parser = Parser()
    for _ in range(2):  # the slow way, then the remembered one
        page = parser.parse(line + "\n")
        assert (page.series, page.values, page.bad) == ([series], [value], 0)


def test_nan_is_a_value() -> None:
    page = parse("up NaN\n")
    assert page.series == [Series("up")]
    assert math.isnan(page.values[0])


@pytest.mark.parametrize(
    "line",
    [
        "up",
        "up one",
        "up 1_0",
        "1up 1",
        'up{a="b} 1',
        "up{a=b} 1",
        'up{"a" "b"} 1',
        'up{a="1"} ',
        '{a="1"} 1',
        "up 1 2 3",
        'up{a="1"}}} 1',
    ],
)
def test_bad_lines_are_counted_and_the_rest_is_used(line: str) -> None:
    page = parse(f"good 1\n{line}\nbetter 2\n")
    assert page.bad == 1
    assert [series.name for series in page.series] == ["good", "better"]


def test_a_number_that_turns_bad_is_counted_on_a_known_series() -> None:
    parser = Parser()
    parser.parse("a 1\nb 2\n")
    page = parser.parse("a x\nb 3\n")
    assert (page.series, page.values, page.bad) == ([Series("b")], [3.0], 1)


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>",
        b"\n\n  <html>\n</html>",
        b'{"detail":"Not Found"}',
        b"Internal Server Error",
        b"\x00\xff\xfe garbage \x80",
    ],
)
def test_what_is_no_metrics_page_says_so(page: bytes) -> None:
    with pytest.raises(ExpositionError):
        parse(page)


@pytest.mark.parametrize("page", [b"", b"\n", b"# EOF\n", b"# HELP a b\n# TYPE a counter\n# EOF\n"])
def test_an_empty_page_is_a_page(page: bytes) -> None:
    assert parse(page).series == []


def test_created_is_left_out_everywhere() -> None:
    page = parse("# TYPE a counter\na_total 1\n# TYPE a_created gauge\na_created 1.7e9\n")
    assert page.series == [Series("a_total")]
    assert page.kinds == {"a": "counter"}


def test_total_on_either_side_of_type_is_one_family() -> None:
    text = parse("# TYPE vllm:prompt_tokens_total counter\nvllm:prompt_tokens_total 1\n")
    openmetrics = parse("# TYPE vllm:prompt_tokens counter\nvllm:prompt_tokens_total 1\n# EOF\n")
    assert text == openmetrics
    assert kind_of("vllm:prompt_tokens_total", openmetrics.kinds) == "counter"


def test_the_order_of_series_and_labels_does_not_matter() -> None:
    parser = Parser()
    one = parser.parse('a{x="1",y="2"} 1\nb 2\n')
    other = parser.parse('b 2\na{y="2",x="1"} 1\n')
    assert dict(zip(one.series, one.values)) == dict(zip(other.series, other.values))


def test_a_series_that_comes_twice_keeps_its_first_value() -> None:
    page = parse('a{x="1",y="2"} 1\na{y="2",x="1"} 5\nb 2\n')
    assert page.values == [1.0, 2.0]
    assert page.bad == 1


def test_series_that_come_and_go_do_not_pile_up() -> None:
    parser = Parser()
    for number in range(60):
        parser.parse("".join(f'a{{n="{number}-{index}"}} 1\n' for index in range(100)))
    assert len(parser._known) < 2500


def labels_strategy() -> st.SearchStrategy[str]:
    return st.text(st.characters(codec="utf-8"), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(labels_strategy(), st.floats(allow_nan=False)), max_size=6, unique_by=lambda pair: pair[0]))
def test_what_prometheus_client_writes_is_read_back(rows: list[tuple[str, float]]) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("g", "help", ["model_name"], registry=registry)
    for label, value in rows:
        gauge.labels(label).set(value)
    expected = {Series("g", (("model_name", label),)): value for label, value in rows}
    page = parse(generate_latest(registry))
    assert dict(zip(page.series, page.values)) == expected
    assert [read_series(series.text) for series in page.series] == page.series


def test_openmetrics_and_text_are_the_same_page() -> None:
    registry = CollectorRegistry()
    Counter("vllm:tokens", "t", ["engine"], registry=registry).labels("0").inc(7)
    histogram = Histogram("vllm:ttft_seconds", "t", registry=registry, buckets=(0.1, 1))
    histogram.observe(0.05, exemplar={"trace_id": "abc"})
    histogram.observe(3)
    text, openmetrics = parse(generate_latest(registry)), parse(generate_openmetrics(registry, "allow-utf-8"))  # type: ignore[no-untyped-call]
    assert dict(zip(text.series, text.values)) == dict(zip(openmetrics.series, openmetrics.values))
    assert openmetrics.value("vllm:tokens_total", engine="0") == 7
    assert openmetrics.value("vllm:ttft_seconds_bucket", le="0.1") == 1
    assert openmetrics.value("vllm:ttft_seconds_bucket", le="7") is None
    assert openmetrics.bad == 0
