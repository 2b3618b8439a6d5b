"""The filter of the run table: typed in a line, shown in the notice, dropped with esc."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from tui.render.order import Filter, parse_filter
from tui.widgets.notice_bar import NoticeBar

if TYPE_CHECKING:
    from tui.widgets.filter_input import FilterInput


class Filtering(Screen[None]):
    """A screen whose table has a filter."""

    filter = Filter()

    def filter_changed(self) -> None:
        """Show other rows."""
        raise NotImplementedError

    def filter_left(self) -> None:
        """The keys go back to the table."""
        raise NotImplementedError

    async def action_filter(self) -> None:
        """Type a filter (the input exists from the first time on)."""
        from tui.widgets.filter_input import FilterInput

        found = self.query(FilterInput)
        if found:
            field = found.first()
        else:
            field = FilterInput()
            await self.mount(field, before=self.query_one(NoticeBar))
        field.open(self.filter.text)

    def set_filter(self, typed: str) -> None:
        """Show only the runs that match; an empty text shows all."""
        self.filter = parse_filter(typed)
        self.filter_changed()

    def on_filter_input_typed(self, message: FilterInput.Typed) -> None:
        self.set_filter(message.text)

    def on_filter_input_left(self, message: FilterInput.Left) -> None:
        if not message.keep:
            self.set_filter("")
        self.filter_left()
