"""Two benchmarks, figure by figure: what was asked of each, what came out, which is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from launcher.bench.compare import Comparison, Row
from launcher.bench.loads import load_name
from launcher.text import clean_line
from tui.bench import curve
from tui.bench.curve_view import CurveView
from tui.bench.dialog import BenchWindow
from tui.detail.chart_colours import ChartColours

if TYPE_CHECKING:
    from textual.app import ComposeResult

_TALL = 34
_VERDICTS = {
    "better": ("▲ better", "bold $success"), "worse": ("▼ worse", "bold $error"),
    "same": ("· same", "$foreground-muted"), "unknown": ("", ""),
}  # fmt: skip


class ComparisonScreen(BenchWindow[None]):
    """B seen from A."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close"),
        Binding("s", "swap", "Swap A and B"),
        Binding("c", "copy", "Copy"),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, comparison: Comparison, swapped: Comparison) -> None:
        super().__init__()
        self.comparison = comparison
        self._swapped = swapped
        self._colours = ChartColours()
        self._text = Static(markup=False)
        self._curves = [CurveView(self._colours) for _ in curve.KEYS]

    def compose(self) -> ComposeResult:
        yield self._colours
        with Vertical(id="window", classes="-comparison") as window:
            window.border_title = Text("Compare benchmarks")
            window.border_subtitle = "s swap · c copy · esc close"
            with VerticalScroll(id="comparison-text"):
                yield self._text
            with Horizontal(id="comparison-curves"):
                yield from self._curves

    def on_mount(self) -> None:
        self._colours.display = False
        self.query_one("#comparison-text").focus()
        self._show()

    def _show(self) -> None:
        found = self.comparison
        self._text.update(said(found))
        for key, view in zip(curve.KEYS, self._curves):
            view.show(curve.Paper(key, (found.a, found.b)))

    def on_resize(self) -> None:
        """The figures come first: the curves only where there is room for both."""
        self.query_one("#comparison-curves").display = self.size.height >= _TALL

    def action_close(self) -> None:
        """Back to the results."""
        self.dismiss(None)

    def action_swap(self) -> None:
        """A seen from B."""
        self.comparison, self._swapped = self._swapped, self.comparison
        self._show()

    def action_copy(self) -> None:
        """The text into the clipboard."""
        self.app.copy_to_clipboard(said(self.comparison).plain)
        self.notify("Copied the comparison.", markup=False)

    def action_scroll(self, by: int) -> None:
        """One line."""
        self.query_one("#comparison-text", VerticalScroll).scroll_relative(y=by, animate=False)


def said(found: Comparison) -> Content:
    """The whole comparison."""
    parts: list[str | tuple[str, str]] = [
        ("A  ", "bold $accent"), f"{clean_line(curve.title_of(found.a))}\n",
        ("B  ", "bold $accent"), f"{clean_line(curve.title_of(found.b))}\n\n",
    ]  # fmt: skip
    if found.differences:
        rows = [(clean_line(one.what), clean_line(one.a), clean_line(one.b)) for one in found.differences]
        parts.append(("Not the same for both\n", "bold"))
        parts += [f"  {what:<16} {a:<32} {b}\n" for what, a, b in rows]
    for load in dict.fromkeys(row.load for row in found.rows):
        parts.append((f"\n{load_name(load):<24}{'A':>12}{'B':>12}{'B to A':>11}\n", "bold"))
        for row in (row for row in found.rows if row.load == load):
            parts += _row(row)
    for name, loads in (("A", found.only_a), ("B", found.only_b)):
        if loads:
            parts.append((f"\nOnly {name} measured: {', '.join(map(load_name, loads))}.\n", "$foreground-muted"))
    if not found.rows:
        parts.append(("\nThere is no load that both measured.\n", "bold $warning"))
    return Content.assemble(*parts)


def _row(row: Row) -> list[str | tuple[str, str]]:
    unit = f", {row.metric.unit}" if row.metric.unit else ""
    change = "" if row.change is None else f"{row.change:+.1%}"
    word, colour = _VERDICTS[row.verdict]
    figures = f"{_figure(row, row.a):>12}{_figure(row, row.b):>12}{change:>11}"
    return [f"  {row.metric.title + unit:<22}{figures}  ", (word + "\n", colour)]


def _figure(row: Row, value: float | None) -> str:
    if value is None:
        return "-"
    shown = value * 1000 if row.metric.unit == "ms" else value
    return f"{shown:,.{0 if abs(shown) >= 1000 else 1 if abs(shown) >= 100 else 2}f}"
