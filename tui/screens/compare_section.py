"""One section of a comparison: a title that folds it, and its lines below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.events import Click
from textual.widgets import Static

from styles.themes import palette
from tui.render.cells import Cell, to_text
from tui.render.compare import section_lines, title_line

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from launcher.compare.row import Section


class CompareSection(Vertical):
    """Shows what it is given; painted again only when the picture is another one, so that the scroll stays."""

    def __init__(self, number: int, title: str) -> None:
        super().__init__(id=f"compare-{number}", classes="compare-section")
        self.number = number
        self.heading = title
        self._section: Section | None = None
        self._picture: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(classes="compare-title")
        yield Static(classes="compare-lines")

    def on_mount(self) -> None:
        self._show_title()

    @property
    def folded(self) -> bool:
        """Only its title is shown."""
        return self.has_class("-folded")

    def fold(self, folded: bool) -> None:
        """Hide or show the lines."""
        self.set_class(folded, "-folded")
        self._show_title()

    def show(self, section: Section, width: int, *, everything: bool) -> None:
        """The newest picture, for ``width`` cells."""
        lines = section_lines(section, width, everything=everything)
        picture = (lines, section.summary(), self.app.theme)
        if picture == self._picture or not self.is_mounted:
            return
        self._picture, self._section = picture, section
        self._show_title()
        self.query_one(".compare-lines", Static).update(self._text(lines))

    def _show_title(self) -> None:
        summary = self._section.summary() if self._section is not None else ""
        line = title_line(self.number, self.heading, summary, folded=self.folded)
        self.query_one(".compare-title", Static).update(self._text((line,)))

    def _text(self, lines: tuple[Cell, ...]) -> Text:
        colours = palette(self.app.theme)
        text = Text("\n", no_wrap=False).join(to_text(line, colours) for line in lines)
        text.no_wrap = False
        return text

    @on(Click, ".compare-title")
    def _clicked(self, event: Click) -> None:
        event.stop()
        self.fold(not self.folded)
