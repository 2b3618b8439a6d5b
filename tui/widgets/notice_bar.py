"""The line above the table: the filter, the marks, and what is wrong with the state folder. Absent when empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.reactive import reactive
from textual.widget import Widget

from launcher.text import clean_line
from styles.themes import palette
from tui.render.cells import Cell, clip, to_text

if TYPE_CHECKING:
    from rich.text import Text


class Notice(NamedTuple):
    filter: str = ""
    filter_problem: str = ""
    shown: int = 0
    total: int = 0
    marks: int = 0
    problem: str = ""

    def __bool__(self) -> bool:
        return bool(self.filter or self.marks or self.problem)


def notice_line(notice: Notice, width: int) -> Cell:
    """``/qwen  1 of 3 runs · 2 marked · the state folder is full``."""
    parts: list[Cell] = []
    if notice.problem:
        parts.append(((f"! {clean_line(notice.problem)}", "bad"),))
    if notice.filter:
        told = notice.filter_problem or f"{notice.shown} of {notice.total} runs"
        style = "bad" if notice.filter_problem else "muted"
        parts.append(((f"/{clean_line(notice.filter)}", "key"), (f"  {told}", style), ("  esc clears", "muted")))
    if notice.marks:
        parts.append(((f"✓ {notice.marks} marked", "key"), ("  esc unmarks", "muted")))
    line: Cell = ((" ", ""),)
    for number, part in enumerate(parts):
        line += part if number == 0 else ((" · ", "muted"), *part)
    return clip(line, width)


class NoticeBar(Widget):
    """Paints a ``Notice``; takes no room while it is empty."""

    notice: reactive[Notice] = reactive(Notice())

    def watch_notice(self, notice: Notice) -> None:
        self.display = bool(notice)

    def render(self) -> Text:
        return to_text(notice_line(self.notice, self.size.width), palette(self.app.theme))
