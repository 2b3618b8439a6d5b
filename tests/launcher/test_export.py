"""The files for Grafana and Prometheus: complete, closed in themselves, and nothing in them that could do harm."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from launcher.export import grafana, prometheus
from launcher.metrics import panels
from launcher.runs.view import Endpoint, RunView


def a_run(run_id: str = "369367189168", url: str = "http://127.0.0.1:8100", **changes: Any) -> RunView:
    values: dict[str, Any] = {
        "status": "running", "ready": True, "served_names": ("qwen",),
        "endpoints": (Endpoint("vllm", "http", url, 8100),),
    }  # fmt: skip
    return RunView(run_id, "a run", **(values | changes))


def test_every_chart_that_prometheus_can_have_is_a_panel() -> None:
    board = grafana.dashboard()
    shown = [panel["title"] for panel in board["panels"] if panel["type"] != "stat"]
    left_out = [spec.key for spec in panels.SPECS if spec.title not in shown]
    assert shown == [spec.title for spec in panels.SPECS if spec.key not in left_out]
    assert set(left_out) == {"lora", *(spec.key for spec in panels.SPECS if spec.key.startswith("gpu"))}
    heats = [panel for panel in board["panels"] if panel["type"] == "heatmap"]
    assert [panel["title"] for panel in heats] == [spec.title for spec in panels.SPECS if spec.heat]
    assert all(panel["targets"][0]["format"] == "heatmap" for panel in heats)


def test_it_is_json_and_asks_for_nothing() -> None:
    text = json.dumps(grafana.dashboard(), allow_nan=False)
    assert "__inputs" not in text
    names = {variable["name"] for variable in grafana.dashboard()["templating"]["list"]}
    assert names == {"datasource", "instance", "model_name"}
    used = set(re.findall(r"\$\{?(\w+)", text)) - {"__rate_interval", "__all"}
    assert used == names


def test_numbers_and_places_do_not_collide() -> None:
    found = grafana.dashboard()["panels"]
    assert len({panel["id"] for panel in found}) == len(found)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in found)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23


def test_every_unit_of_a_chart_has_one_in_grafana() -> None:
    for panel in grafana.dashboard()["panels"]:
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["type"] == "heatmap" or defaults["unit"]
        assert (defaults.get("max") == 100) == (defaults.get("unit") == "percent")


def test_the_title_is_text() -> None:
    assert grafana.dashboard("My \x1b[31mservers\n1")["title"] == "My servers 1"


def test_a_split_is_one_expression_with_its_label() -> None:
    (spec,) = (spec for spec in panels.SPECS if spec.key == "finished")
    (query,) = grafana.queries(spec)
    assert query.legend == "{{finished_reason}}"
    assert query.expression.startswith("sum by (finished_reason) (rate(vllm:request_success_total{")


def test_the_configuration_is_yaml_that_names_the_files() -> None:
    document = yaml.safe_load(prometheus.configuration("/srv/a b: #", "*.json"))
    (job,) = document["scrape_configs"]
    assert job["job_name"] == "vllm"
    assert job["file_sd_configs"][0]["files"] == ["/srv/a b: #/*.json"]
    escaped = yaml.safe_load(prometheus.configuration("/srv/[x]", "*.json"))["scrape_configs"][0]
    assert escaped["file_sd_configs"][0]["files"] == ["/srv/\\[x]/*.json"]


@pytest.mark.parametrize(
    ("url", "target", "scheme", "path"),
    [
        ("http://127.0.0.1:8100", "127.0.0.1:8100", "http", "/metrics"),
        ("https://gpu.example/llm/", "gpu.example:443", "https", "/llm/metrics"),
        ("https://someone:word@gpu.example:8443", "gpu.example:8443", "https", "/metrics"),
    ],
)
def test_targets(url: str, target: str, scheme: str, path: str) -> None:
    (found,) = prometheus.targets([a_run(url=url)])
    assert found["targets"] == [target]
    assert (found["labels"]["__scheme__"], found["labels"]["__metrics_path__"]) == (scheme, path)
    assert "word" not in json.dumps(found)


def test_only_servers_that_are_ready_are_targets() -> None:
    runs = [
        a_run("1", ready=False), a_run("2", status="terminated", ready=False), a_run("3", served_names=()),
        a_run("4", endpoints=()), a_run("5"),
    ]  # fmt: skip
    assert [found["labels"]["run"] for found in prometheus.targets(runs)] == ["5"]
