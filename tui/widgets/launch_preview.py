"""Two parts of the launch dialog that only show: the manifest with its problems, and the plan of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from styles.themes import palette
from tui.render.cells import Cell, to_text
from tui.render.launch import problem_line, source_lines, verdict
from tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from launcher.manifest.problems import Problem


def rich_lines(lines: Sequence[Cell], theme: str) -> Text:
    """Lines of spans as one text that wraps, in the colours of a theme."""
    text = Text("\n").join(to_text(line, palette(theme)) for line in lines)
    text.no_wrap = False
    return text


class ManifestView(Vertical):
    """The source with line numbers, the verdict, and the problems; choosing a problem goes to its line."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._problems: tuple[Problem, ...] = ()

    def compose(self) -> ComposeResult:
        yield LinesView(id="launch-source")
        yield Static(id="launch-verdict")
        yield OptionList(id="launch-problems", markup=False, compact=True)

    def show(self, text: str, problems: tuple[Problem, ...], *, known: bool) -> None:
        """``known`` is False while nothing was checked yet."""
        self._problems = problems
        self.query_one(LinesView).show(source_lines(text, problems))
        self.query_one("#launch-verdict", Static).update(
            rich_lines((verdict(problems),), self.app.theme) if known else ""
        )
        self._fill(problems)

    def _fill(self, problems: tuple[Problem, ...]) -> None:
        """The list is not touched while it would stay the same, so that its cursor stays too."""
        options = self.query_one(OptionList)
        rows = [Option(rich_lines(problem_line(problem), self.app.theme)) for problem in problems]
        if [str(row.prompt) for row in rows] != [str(option.prompt) for option in options.options]:
            options.clear_options()
            options.add_options(rows)
        options.display = bool(rows)

    @on(OptionList.OptionHighlighted)
    def _problem_chosen(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        line = self._problems[event.option_index].line if event.option_index < len(self._problems) else None
        if line is not None:
            self.query_one(LinesView).go_to(line - 1)


class PlanView(VerticalScroll):
    """What would run, or why it cannot; with the offer to install an engine when that is what is missing."""

    def compose(self) -> ComposeResult:
        yield Static(id="launch-plan-text")
        with Vertical(id="launch-engines"):
            yield Button("Install vLLM (CPU)", id="install-cpu", variant="primary", compact=True)
            yield Button("Install vLLM (CUDA)", id="install-cuda", variant="primary", compact=True)

    def show(self, lines: Sequence[Cell], *, engine_missing: bool) -> None:
        """Show these lines."""
        self.query_one("#launch-plan-text", Static).update(rich_lines(lines, self.app.theme))
        self.query_one("#launch-engines").display = engine_missing
