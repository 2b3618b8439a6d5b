"""Events: each change of status, phase or readiness, newest at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import DataTable

from launcher.runs.view import RunView
from launcher.text import clean_line
from tui import format as words
from tui.detail.actions import bindings
from tui.detail.pane import Pane

if TYPE_CHECKING:
    from launcher.runs.events import Event

_TIME_WIDTH = 19
_KIND_WIDTH = 10


class EventsPane(Pane):
    """The sixth tab."""

    BINDINGS = bindings("events")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._events: tuple[Event, ...] = ()

    def compose(self) -> ComposeResult:
        table: DataTable[Text] = DataTable(id="events-table", cursor_type="row", zebra_stripes=False)
        yield table

    def on_mount(self) -> None:
        table = self._table
        table.add_column(Text("Time"), width=_TIME_WIDTH, key="time")
        table.add_column(Text("Kind"), width=_KIND_WIDTH, key="kind")
        table.add_column(Text("What happened"), width=40, key="text")

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#events-table", DataTable)

    def run_switched(self, run: RunView | None) -> None:
        self._events = ()
        self._table.clear()

    def show_events(self, events: tuple[Event, ...]) -> None:
        """All events of the run, oldest first; only what is new is added to the table."""
        table, known = self._table, len(self._events)
        if events == self._events:
            return
        if events[:known] != self._events:  # another file altogether: start again
            table.clear()
            known = 0
        at_end = table.cursor_row >= table.row_count - 1
        now = time.time()
        for event in events[known:]:
            table.add_row(*_cells(event, now))
        self._events = events
        self._fit()
        if at_end and table.row_count:
            table.move_cursor(row=table.row_count - 1)

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """The last column takes what is left, or what its longest text needs."""
        table = self._table
        if not table.ordered_columns:
            return
        longest = max((len(event.text) for event in self._events), default=0)
        width = max(20, self.size.width - _TIME_WIDTH - _KIND_WIDTH - 8, min(longest, 500))
        column = table.ordered_columns[-1]
        if column.width != width:
            column.width = width
            table.refresh(layout=True)

    def focus_target(self) -> Widget:
        return self._table

    def action_copy_event(self) -> None:
        """The event under the cursor into the clipboard of the terminal."""
        row = self._table.cursor_row
        if not 0 <= row < len(self._events):
            self.notify("There is no event yet.", severity="warning", markup=False)
            return
        event = self._events[row]
        text = f"{words.moment(event.time)} {clean_line(event.kind)} {clean_line(event.text)}"
        self.app.copy_to_clipboard(text)
        self.notify("Copied the event.", markup=False)


def _cells(event: Event, now: float) -> tuple[Text, Text, Text]:
    bad = event.kind in ("problem", "failure")
    style = "bold" if bad else ""
    kind = ("! " if bad else "") + clean_line(event.kind)
    return Text(words.when(event.time, now)), Text(kind, style=style), Text(clean_line(event.text), style=style)
