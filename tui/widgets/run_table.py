"""The table of runs. It gets frozen runs and figures, paints only what changed, and says what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.text import Text
from textual.message import Message
from textual.widgets import DataTable

from styles.themes import palette
from tui.actions import bindings
from tui.render.cells import Cell, to_text
from tui.render.columns import Slot, layout
from tui.render.row import column_title, row_cells

if TYPE_CHECKING:
    from textual import events
    from textual.coordinate import Coordinate

    from launcher.metrics.figures import Figures
    from launcher.runs.view import RunView


class _Rank(Text):
    """The cell of the first column; it carries the place of its row, by which the table is sorted."""

    __slots__ = ("place",)
    place: int


class RunTable(DataTable[Text]):
    """One row a run, keyed by its id. The cursor stays on its run whatever moves around it."""

    BINDINGS = bindings("table")

    class Chosen(Message):
        """The cursor came to another run (None: the table is empty)."""

        def __init__(self, run_id: str | None) -> None:
            super().__init__()
            self.run_id = run_id

    class Entered(Message):
        """The user wants to go into the detail of the chosen run."""

    class Marked(Message):
        """The set of marked runs changed."""

    def __init__(self) -> None:
        super().__init__(
            cursor_type="row", cell_padding=0, show_row_labels=False, cursor_foreground_priority="renderable"
        )
        self.marks: frozenset[str] = frozenset()
        self.chosen: str | None = None
        self._runs: tuple[RunView, ...] = ()
        self._figures: Mapping[str, Figures] = {}
        self._now = 0.0
        self._slots: tuple[Slot, ...] = ()
        self._painted: dict[str, tuple[Cell, ...]] = {}
        self._told: str | None = None
        self._awaited: str | None = None
        self._busy = False
        """Rows are being changed: the cursor moves by itself and means nothing."""

    # attributes down

    def show(self, runs: tuple[RunView, ...], figures: Mapping[str, Figures], now: float) -> None:
        """Show these runs in this order; ``now`` in seconds since the epoch."""
        self._runs, self._figures, self._now = runs, figures, now
        if self._slots:
            self._paint()

    def choose(self, run_id: str) -> None:
        """Put the cursor on this run; when it is not there yet, as soon as it comes (unless the user moves before)."""
        if run_id in self._painted:
            self.move_cursor(row=self.get_row_index(run_id), animate=False)
        else:
            self._awaited = run_id

    def set_marks(self, marks: frozenset[str]) -> None:
        """Mark these runs and no others."""
        if marks != self.marks:
            self.marks = marks
            self._paint()
            self.post_message(self.Marked())

    def restyle(self) -> None:
        """Paint everything again (another theme has other colours)."""
        self._build(self._slots)

    # painting

    def on_resize(self, event: events.Resize) -> None:
        width = event.size.width - self.styles.scrollbar_size_vertical
        slots = layout(width)
        if slots != self._slots:
            self._build(slots)

    def _build(self, slots: tuple[Slot, ...]) -> None:
        """Make the columns anew. Only another width or theme does this; a tick never does."""
        colours = palette(self.app.theme)
        scroll = self.scroll_y
        self._busy = True
        self.clear(columns=True)
        self._painted = {}
        self._slots = slots
        for slot in slots:
            self.add_column(to_text(column_title(slot), colours), key=slot.key, width=slot.width)
        self._paint()
        self.scroll_to(y=scroll, animate=False)

    def _paint(self) -> None:
        """Remove what is gone, change the cells that differ, add what is new, keep the cursor on its run."""
        if not self._slots:
            return
        self._busy = True
        try:
            old_row = self.cursor_row
            wanted = {run.id: place for place, run in enumerate(self._runs)}
            for run_id in [key for key in self._painted if key not in wanted]:
                self.remove_row(run_id)
                del self._painted[run_id]
            for run in self._runs:
                self._paint_row(run)
            if list(self._painted) != list(wanted):
                self._sort(wanted)
            self._keep_cursor(old_row)
        finally:
            self._busy = False
        self._tell()

    def _paint_row(self, run: RunView) -> None:
        cells = row_cells(run, self._figures.get(run.id), self._slots, now=self._now, marked=run.id in self.marks)
        before = self._painted.get(run.id)
        if before == cells:
            return
        self._painted[run.id] = cells
        colours = palette(self.app.theme)
        if before is None:
            rank = _Rank("").append_text(to_text(cells[0], colours))
            self.add_row(rank, *(to_text(cell, colours) for cell in cells[1:]), key=run.id)
            return
        for number, (slot, old, new) in enumerate(zip(self._slots, before, cells, strict=True)):
            if old != new:
                text = to_text(new, colours)
                self.update_cell(run.id, slot.key, _Rank("").append_text(text) if number == 0 else text)

    def _sort(self, wanted: dict[str, int]) -> None:
        first = self._slots[0].key
        for run_id, place in wanted.items():
            cell = self.get_cell(run_id, first)
            assert isinstance(cell, _Rank)
            cell.place = place
        self.sort(first, key=lambda cell: cell.place)
        self._painted = {run_id: self._painted[run_id] for run_id in wanted}

    def _keep_cursor(self, old_row: int) -> None:
        """Back to the chosen run; when it is gone, to the one that stands in its place now."""
        awaited = self._awaited is not None and self._awaited in self._painted
        if awaited:
            self.chosen, self._awaited = self._awaited, None
        if not self._runs:
            self.chosen = None
        elif self.chosen in self._painted:
            row = self.get_row_index(self.chosen or "")
            if row != self.cursor_row:
                self.move_cursor(row=row, animate=False, scroll=awaited)
        else:
            row = min(max(0, old_row), len(self._runs) - 1)
            self.chosen = self._runs[row].id
            self.move_cursor(row=row, animate=False)

    def _tell(self) -> None:
        if self.chosen != self._told:
            self._told = self.chosen
            self.post_message(self.Chosen(self.chosen))

    # what the user does

    def watch_cursor_coordinate(self, old_coordinate: Coordinate, new_coordinate: Coordinate) -> None:
        """Know the chosen run at once: by the message, a key typed quickly behind `j` would hit the run before."""
        super().watch_cursor_coordinate(old_coordinate, new_coordinate)
        if not self._busy and 0 <= new_coordinate.row < len(self._runs):
            self.chosen, self._awaited = self._runs[new_coordinate.row].id, None
            self._tell()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.post_message(self.Entered())

    def action_enter_detail(self) -> None:
        """Go into the detail of the chosen run."""
        self.post_message(self.Entered())

    def action_mark(self) -> None:
        """Mark the chosen run, or take its mark away, and go one down."""
        if self.chosen is not None:
            self.set_marks(self.marks ^ {self.chosen})
            self.action_cursor_down()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to open or mark in an empty table."""
        return bool(self._runs) if action in ("enter_detail", "mark") else True
