"""Every expression of the Grafana dashboard, tried on a real Prometheus that scraped a real page by our configuration.

The pages (``pages/``) were recorded for this from a real vLLM 0.32 on a CPU, speculative decoding on, before and after
some load; a small server gives out the first, then the second, and then the first again, as after a restart.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import prometheus_kit
import pytest
from prometheus_kit import Prometheus
from waiting import wait_for

from launcher.export import grafana
from launcher.export import prometheus as export
from launcher.metrics import panels
from launcher.runs.view import Endpoint, RunView

PAGES = Path(__file__).with_name("pages")
EMPTY = {"Preemptions"}
"""Charts of which a server has the metrics and that may stay without a figure."""


class Server:
    """``/deep/path/metrics`` of one server; counts the scrapes."""

    def __init__(self) -> None:
        self.page = b""
        self.scrapes = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == "/deep/path/metrics"
                outer.scrapes += found
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/plain; version=1.0.0; charset=utf-8")
                self.end_headers()
                self.wfile.write(outer.page if found else b"")

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def give(self, name: str, scrapes: int) -> None:
        """Give out a page until it was scraped so often."""
        with gzip.open(PAGES / f"{name}.txt.gz") as file:
            self.page = file.read()
        enough = self.scrapes + scrapes
        wait_for(lambda: self.scrapes > enough, 60, "scrapes of our page")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.http.shutdown()
    found.http.server_close()


@pytest.fixture(scope="module")
def prometheus(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("scraped [1]")
    url = f"http://127.0.0.1:{server.http.server_port}/deep/path"
    run = RunView("369367189168", "spec", status="running", ready=True, served_names=("tiny",),
                  endpoints=(Endpoint("vllm", "http", url, server.http.server_port),))  # fmt: skip
    (folder / "targets").mkdir()
    (folder / "targets" / "one.json").write_text(json.dumps(export.targets([run])))
    config = export.configuration(str(folder / "targets"), "*.json")
    config = config.replace("scrape_interval: 5s", "scrape_interval: 500ms").replace(
        "scrape_timeout: 4s", "scrape_timeout: 500ms"
    )
    assert "500ms" in config
    with prometheus_kit.running(folder, config=config) as running:
        server.give("spec-before", 4)
        server.give("spec-after", 4)
        yield running


def filled_in(expression: str) -> str:
    """What Grafana makes of it with everything chosen and a step of half a minute."""
    text = expression.replace("$instance", ".*").replace("$model_name", ".*").replace("$__rate_interval", "30s")
    assert "$" not in text, text
    return text


def all_targets() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(panel, target) of the whole dashboard."""
    for panel in grafana.dashboard()["panels"]:
        for target in panel["targets"]:
            yield panel, target


def now() -> int:
    """ms"""
    return int(time.time() * 1000)


def test_every_expression_gives_what_the_page_has(server: Server, prometheus: Prometheus) -> None:
    families = set(
        re.findall(r"^# TYPE (\S+)", gzip.decompress((PAGES / "spec-after.txt.gz").read_bytes()).decode(), re.M)
    )
    at = now()
    seen, absent = set(), set()
    for panel, target in all_targets():
        expression = filled_in(target["expr"])
        found = prometheus.instant(expression, at)
        known = set(re.findall(r"vllm:\w+", expression))
        there = any(name in families or re.sub(r"_(bucket|sum|count)$", "", name) in families for name in known)
        assert bool(found) == there, f"{panel['title']}, {target['legendFormat']}: {expression} gives {found}"
        if not there:
            absent.add((panel["title"], target["legendFormat"]))
            continue
        seen.add(panel["title"])
        label = re.fullmatch(r"\D*\{\{(\w+)\}\}", target["legendFormat"])
        assert len(found) == 1 or label is not None, f"{panel['title']}: {expression} gives several lines of one name"
        if label is not None:
            assert all(label[1] in point.labels for point in found), f"{expression} has no {label[1]}"
        if panel["title"] not in EMPTY and "prefix" not in expression:
            assert any(math.isfinite(point.value) for point in found), f"{panel['title']}: {expression} gives {found}"
    charts = {spec.title for spec in panels.SPECS if grafana.queries(spec)}
    assert charts <= seen
    assert absent == {("Requests", "swapped")}, "only what releases before 0.9 had may be without data"


def test_figures_are_those_of_the_page(prometheus: Prometheus) -> None:
    """A value that can be worked out by hand: every accepted position as a share of the drafts."""
    (target,) = (t for _, t in all_targets() if t["legendFormat"] == "position {{position}}")
    shares = {p.labels["position"]: p.value for p in prometheus.instant(filled_in(target["expr"]), now())}
    assert shares["0"] == pytest.approx(100)
    assert shares["2"] == pytest.approx(100 * (1098 - 366) / (1134 - 378))


def test_the_variables_list_servers_and_models(server: Server, prometheus: Prometheus) -> None:
    place = f"127.0.0.1:{server.http.server_port}"
    found = {}
    for variable in grafana.dashboard()["templating"]["list"][1:]:
        match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        assert match is not None
        selector = match[1].replace("$instance", re.escape(place).replace("\\", "\\\\"))
        found[variable["name"]] = prometheus.get(f"label/{match[2]}/values", **{"match[]": selector})
    assert found == {"instance": [place], "model_name": ["tiny"]}


def test_targets_carry_the_labels_of_the_run(prometheus: Prometheus) -> None:
    (target,) = prometheus.get("targets", state="active")["activeTargets"]
    assert target["health"] == "up"
    labels = {key: target["labels"][key] for key in ("job", "run", "name", "model")}
    assert labels == {"job": "vllm", "run": "369367189168", "name": "spec", "model": "tiny"}


def test_zz_a_restart_is_marked(server: Server, prometheus: Prometheus) -> None:
    """Last, for it changes what the server says: counters fall."""
    (annotation,) = grafana.dashboard()["annotations"]["list"]
    expression = filled_in(annotation["expr"])
    assert prometheus.instant(expression, now()) == []
    server.give("spec-before", 2)
    (mark,) = wait_for(lambda: prometheus.instant(expression, now()), 20, "the mark of a restart")
    assert mark.value >= 1
    assert mark.labels == {"instance": f"127.0.0.1:{server.http.server_port}"}
