"""The tabs: their names, keys and panes, and the words of the strip. A pane's module is imported when it is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.detail.pane import Pane


class Tab(NamedTuple):
    name: str
    key: str
    label: str
    make: Callable[[], Pane]


def _overview() -> Pane:
    from tui.detail.overview_pane import OverviewPane

    return OverviewPane(id="pane-overview")


def _metrics() -> Pane:
    from tui.detail.metrics_pane import MetricsPane

    return MetricsPane(id="pane-metrics")


def _logs() -> Pane:
    from tui.detail.log_pane import LogPane

    return LogPane(id="pane-logs")


def _chat() -> Pane:
    from tui.chat.pane import ChatPane

    return ChatPane(id="pane-chat")


def _bench() -> Pane:
    from tui.bench.pane import BenchPane

    return BenchPane(id="pane-bench")


def _events() -> Pane:
    from tui.detail.events_pane import EventsPane

    return EventsPane(id="pane-events")


TABS: tuple[Tab, ...] = (
    Tab("overview", "1", "Overview", _overview),
    Tab("metrics", "2", "Metrics", _metrics),
    Tab("logs", "3", "Logs", _logs),
    Tab("chat", "4", "Chat", _chat),
    Tab("bench", "5", "Bench", _bench),
    Tab("events", "6", "Events", _events),
)
WRITTEN = frozenset({"chat"})
"""Tabs in which one writes: they take the keys when they open, else the letters would be orders to the runs."""


class TabLabel(Static):
    """One word of the strip; a click opens its tab."""

    class Chosen(Message):
        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, tab: Tab) -> None:
        super().__init__(Content.assemble((tab.key, "bold"), f" {tab.label}"), id=f"tab-{tab.name}", markup=False)
        self.tab_name = tab.name

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Chosen(self.tab_name))
