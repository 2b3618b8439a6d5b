"""Two runs compared, on a screen of their own: read every two seconds in a thread, shown by sections that fold."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

import styles
from launcher.compare.row import TITLES
from launcher.logs import save
from launcher.text import clean_line
from styles.themes import palette
from tui.actions import bindings
from tui.render.cells import to_text
from tui.render.compare import head_lines
from tui.render.compare_text import markdown
from tui.screens.compare_section import CompareSection
from tui.screens.failures import Failure, explain
from tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize
    from textual.theme import Theme

    from launcher.compare.comparer import Comparer
    from launcher.compare.row import Comparison
    from tui.app import VdeckApp

EVERY_S = 2.0
WINDOWS_S = (60, 300, 900, 3600)


class CompareScreen(Screen[None]):
    """``comparer`` reads the two runs; it is used by one thread at a time."""

    CSS_PATH: ClassVar[str] = os.path.join(os.path.dirname(os.path.abspath(styles.__file__)), "compare.tcss")
    BINDINGS: ClassVar[list[BindingType]] = bindings("compare")

    def __init__(self, comparer: Comparer) -> None:
        super().__init__()
        self.comparer = comparer
        self.found: Comparison | None = None
        self.everything = False
        self.window_s = WINDOWS_S[1]
        self._wake = asyncio.Event()
        self._swap = False

    def compose(self) -> ComposeResult:
        yield Static(id="compare-head")
        with VerticalScroll(id="compare-body"):
            for number, title in enumerate(TITLES.values(), 1):
                yield CompareSection(number, title)
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#compare-body").focus()
        self.query_one("#compare-head", Static).update("reading …")
        self.app.theme_changed_signal.subscribe(self, self._restyled)
        self.run_worker(self._follow(), group="compare", exit_on_error=False)

    def _restyled(self, _theme: Theme) -> None:
        self.query_one(KeyBar).refresh()
        self.paint()

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self.paint)

    # -- reading

    async def _follow(self) -> None:
        """Look, show, then wait: a slow disk makes it slower, never a queue. No error ends it."""
        while True:
            self._wake.clear()
            if self._swap:  # here: no thread reads now
                self._swap = False
                self.comparer.swap()
            try:
                self.found = await asyncio.to_thread(self.comparer.look, self.window_s)
            except Exception as error:  # said in the head; the old picture stays
                self._say_problem(explain(error))
            else:
                self.paint()
            try:
                await asyncio.wait_for(self._wake.wait(), EVERY_S)
            except TimeoutError:
                pass

    def _say_problem(self, failure: Failure) -> None:
        text = ": ".join(filter(None, (failure.title, failure.detail)))
        self.query_one("#compare-head", Static).update(Text(clean_line(text), palette(self.app.theme).bad))

    # -- showing

    def paint(self) -> None:
        """Show what was found last, in the width of now."""
        found = self.found
        if found is None or not self.is_attached:
            return
        width = max(20, self.query_one("#compare-body").scrollable_content_region.width - 2)
        colours = palette(self.app.theme)
        head = head_lines(found, width, window_s=self.window_s, everything=self.everything)
        self.query_one("#compare-head", Static).update(Text("\n").join(to_text(line, colours) for line in head))
        for widget, section in zip(self.query(CompareSection), found.sections):
            widget.show(section, width, everything=self.everything)

    # -- what the user does

    def action_close(self) -> None:
        """Back to the runs."""
        self.dismiss(None)

    def action_scroll(self, lines: int) -> None:
        """Some lines up or down."""
        self.query_one("#compare-body").scroll_relative(y=lines, animate=False, immediate=True)

    def action_scroll_page(self, way: int) -> None:
        """A page up or down."""
        body = self.query_one("#compare-body")
        body.scroll_relative(y=way * max(1, body.size.height - 2), animate=False, immediate=True)

    def action_scroll_end_of(self, way: int) -> None:
        """To the first or the last line."""
        body = self.query_one("#compare-body")
        body.scroll_home(animate=False) if way < 0 else body.scroll_end(animate=False)

    def action_section(self, number: int) -> None:
        """Go to a section; one that is at the top already is folded, a folded one unfolded."""
        section = self.query_one(f"#compare-{number}", CompareSection)
        body = self.query_one("#compare-body")
        top, last = body.scroll_offset.y, body.max_scroll_y
        there = section.virtual_region.y == top or (top >= last and section.virtual_region.y >= top)
        if section.folded or there:
            section.fold(not section.folded)
        self.call_after_refresh(lambda: body.scroll_to(y=section.virtual_region.y, animate=False))

    def action_fold_all(self) -> None:
        """Fold every section, or unfold them when all are."""
        sections = list(self.query(CompareSection))
        folded = not all(section.folded for section in sections)
        for section in sections:
            section.fold(folded)

    def action_everything(self) -> None:
        """All rows, or those that tell something."""
        self.everything = not self.everything
        self.paint()

    def action_swap(self) -> None:
        """B becomes A."""
        self._swap = not self._swap
        self._wake.set()

    def action_window(self) -> None:
        """The next length of the window of the metrics."""
        place = WINDOWS_S.index(self.window_s)
        self.window_s = WINDOWS_S[(place + 1) % len(WINDOWS_S)]
        self._wake.set()

    def action_copy(self) -> None:
        """The whole as Markdown into the clipboard."""
        if self.found is not None:
            self.app.copy_to_clipboard("\n".join(markdown(self.found, everything=self.everything)) + "\n")
            self.notify("copied as Markdown", markup=False)

    def action_save(self) -> None:
        """The whole as Markdown into a new file of the present folder."""
        if self.found is not None:
            self.run_worker(self._save(self.found), group="compare-save", exit_on_error=False)

    async def _save(self, found: Comparison) -> None:
        lines = markdown(found, everything=self.everything)
        try:
            path = await asyncio.to_thread(_written, f"vdeck-compare-{found.a.id}-{found.b.id}", lines)
        except Exception as error:
            cast("VdeckApp", self.app).show_failure(explain(error))
        else:
            self.notify(f"wrote {clean_line(path)}", timeout=10, markup=False)


def _written(name: str, lines: list[str]) -> str:
    """The path of the new file: the first name that is free. Raises VdeckError."""
    number = 1
    while os.path.lexists(path := os.path.abspath(f"{name}{f'-{number}' if number > 1 else ''}.md")):
        number += 1
    save.save(path, lines)
    return path
