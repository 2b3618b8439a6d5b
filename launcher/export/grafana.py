"""A Grafana dashboard out of the same table of charts as the screen (``launcher.metrics.panels``). Pure.

It imports as it is (Grafana 10.4 and later): data source, server and model are variables, so nothing has to be filled
in. The expressions carry the names of today's vLLM and, behind ``or``, those of older ones. What only vdeck records
(GPUs), and what PromQL cannot say (LoRA adapters out of a label), has no panel.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from launcher.metrics import panels
from launcher.metrics.panels import Line, Spec, Split
from launcher.metrics.terms import by_bucket
from launcher.text import clean_line

TITLE: Final = "vLLM"
UID: Final = "vdeck-vllm"
"""One dashboard: an import of a newer export replaces the older one."""
SCHEMA: Final = 39
SELECTOR: Final = 'instance=~"$instance",model_name=~"$model_name"'
WINDOW: Final = "$__rate_interval"
"""Grafana's own: four scrape intervals, or one step when that is longer. The rule of vdeck's charts."""
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_SERVERS: Final = "vllm:num_requests_running"
"""Every release has it: who has it is a vLLM server."""
_UNITS: Final = {
    "tok/s": "suffix: tok/s", "tok": "suffix: tok", "req": "short", "req/s": "reqps", "1/s": "cps", "%": "percent",
    "s": "s", "B": "bytes", "B/s": "Bps", "W": "watt", "°C": "celsius", "Hz": "hertz", "": "short",
}  # fmt: skip
_WIDTH, _COLUMNS, _HEIGHT, _STAT_HEIGHT = 24, 3, 8, 4
_STATS: Final = (
    ("throughput", "generation"), ("requests", "running"), ("requests", "waiting"),
    ("kv", "KV cache"), ("ttft", "p95"), ("itl", "p95"),
)  # fmt: skip
"""The single figures at the top: the key of a chart and its line."""


class Query(NamedTuple):
    """One expression and what its series are called (``{{label}}`` in it is Grafana's)."""

    expression: str
    legend: str


def dashboard(title: str = TITLE) -> dict[str, Any]:
    """The whole document, ready for ``json.dumps``. ``title`` is taken as text without control characters."""
    return {
        "id": None,
        "uid": UID,
        "title": clean_line(title),
        "description": "Made by vdeck out of the table of its own charts.",
        "tags": ["vllm", "vdeck"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "5s",
        "time": {"from": "now-15m", "to": "now"},
        "timezone": "browser",
        "links": [],
        "annotations": {"list": [_restarts()]},
        "templating": {"list": _variables()},
        "panels": [*_stats(), *_charts()],
    }


def queries(spec: Spec) -> list[Query]:
    """The expressions of a chart; empty when Prometheus has none of it."""
    if spec.heat:
        text = by_bucket(spec.heat, SELECTOR, WINDOW)
        return [Query(text, "{{le}}")] if text is not None else []
    return [query for item in spec.items if (query := _query(item)) is not None]


def _query(item: Line | Split) -> Query | None:
    if isinstance(item, Split):
        text, legend = item.promql(SELECTOR, WINDOW), f"{item.prefix}{{{{{item.label}}}}}"
    else:
        text, legend = item.term.promql(SELECTOR, WINDOW), item.name
    return None if text is None else Query(text, legend)


def _stats() -> list[dict[str, Any]]:
    width = _WIDTH // len(_STATS)
    by_key = {spec.key: spec for spec in panels.SPECS}
    found = []
    for index, (key, name) in enumerate(_STATS):
        spec = by_key[key]
        (item,) = (item for item in spec.items if isinstance(item, Line) and item.name == name)
        query = _query(item)
        assert query is not None
        place = {"x": index * width, "y": 0, "w": width, "h": _STAT_HEIGHT}
        title = name if name in ("running", "waiting", "KV cache") else f"{spec.title}, {name}"
        found.append(_panel(index + 1, "stat", title, spec.unit, [query], place) | {"options": _STAT_OPTIONS})
    return found


def _charts() -> list[dict[str, Any]]:
    width = _WIDTH // _COLUMNS
    shown = [(spec, found) for spec in panels.SPECS if (found := queries(spec))]
    result = []
    for index, (spec, found) in enumerate(shown):
        row, column = divmod(index, _COLUMNS)
        place = {"x": column * width, "y": _STAT_HEIGHT + row * _HEIGHT, "w": width, "h": _HEIGHT}
        kind, options = ("heatmap", _heat_options(spec.unit)) if spec.heat else ("timeseries", _LINE_OPTIONS)
        panel = _panel(len(_STATS) + 1 + index, kind, spec.title, spec.unit, found, place)
        if spec.absent is not None:
            panel["description"] = f"Empty: {spec.absent}."
        result.append(panel | {"options": options})
    return result


def _panel(number: int, kind: str, title: str, unit: str, found: list[Query], place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": _UNITS[unit], "min": 0}
    if unit == "%":
        defaults["max"] = 100
    if kind == "timeseries":
        defaults |= {"color": {"mode": "palette-classic"}, "custom": _LINES}
    elif kind == "heatmap":
        defaults = {"custom": {"scaleDistribution": {"type": "linear"}}}
    return {
        "id": number,
        "type": kind,
        "title": title,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [_target(query, chr(ord("A") + index), kind) for index, query in enumerate(found)],
    }


def _target(query: Query, letter: str, kind: str) -> dict[str, Any]:
    return {
        "refId": letter,
        "datasource": _SOURCE,
        "editorMode": "code",
        "expr": query.expression,
        "legendFormat": query.legend,
        "format": "heatmap" if kind == "heatmap" else "time_series",
        "range": kind != "stat",
        "instant": kind == "stat",
    }


_LINES: Final = {
    "drawStyle": "line",
    "lineWidth": 1,
    "fillOpacity": 0,
    "showPoints": "never",
    "spanNulls": False,
}
"""A gap stays a gap."""
_LINE_OPTIONS: Final = {
    "legend": {
        "displayMode": "table",
        "placement": "bottom",
        "showLegend": True,
        "calcs": ["lastNotNull", "mean", "max"],
    },
    "tooltip": {"mode": "multi", "sort": "none"},
}
_STAT_OPTIONS: Final = {
    "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    "colorMode": "none",
    "graphMode": "none",
    "justifyMode": "auto",
    "orientation": "auto",
    "textMode": "value",
}


def _heat_options(unit: str) -> dict[str, Any]:
    return {
        "calculate": False,  # the buckets are the server's
        "cellGap": 1,
        "cellValues": {"unit": "short", "decimals": 2},
        "color": {"mode": "scheme", "scheme": "Viridis", "scale": "exponential", "exponent": 0.5, "steps": 64},
        "filterValues": {"le": 1e-9},
        "rowsFrame": {"layout": "auto"},
        "yAxis": {"axisPlacement": "left", "unit": _UNITS[unit], "reverse": False},
        "legend": {"show": True},
        "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": True},
        "exemplars": {"color": "semi-dark-orange"},
        "showValue": "never",
    }


def _restarts() -> dict[str, Any]:
    """A mark where the server began again. A process says when it started; several API servers do not, but their
    counters fall."""
    begun = (
        f'changes(process_start_time_seconds{{instance=~"$instance"}}[1m]) and on (instance) {_SERVERS}{{{SELECTOR}}}'
    )
    fallen = f"resets(vllm:generation_tokens_total{{{SELECTOR}}}[1m])"
    return {
        "name": "Restarts",
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": "semi-dark-red",
        "expr": f"max by (instance) (({begun}) or ({fallen})) > 0",
        "step": "15s",
        "titleFormat": "restarted",
        "textFormat": "{{instance}}",
    }


def _variables() -> list[dict[str, Any]]:
    return [
        {
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": "prometheus",
            "refresh": 1,
            "hide": 0,
            "includeAll": False,
            "multi": False,
        },
        _choice("instance", "Server", f"label_values({_SERVERS}, instance)"),
        _choice("model_name", "Model", f'label_values({_SERVERS}{{instance=~"$instance"}}, model_name)'),
    ]


def _choice(name: str, label: str, query: str) -> dict[str, Any]:
    """A variable with all values chosen at first. ``.*`` also finds series without the label (very old servers)."""
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": _SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "A"},
        "refresh": 2,
        "sort": 1,
        "hide": 0,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }
