"""A comparison as text and as lines of spans."""

from __future__ import annotations

import pytest
from compare_kit import B, side

from launcher.compare.row import Comparison, Row, Section, number_row, span_row, text_row
from tui.commands import output
from tui.render.cells import cell_width, to_plain
from tui.render.compare import difference_lines, head_lines, row_lines, section_lines, title_line
from tui.render.compare_text import NOTHING, aligned, change_text, escaped, markdown, value_text

HOSTILE = "[/b][@click=app.quit]\x1b[31m|`*_\u202e\r\n漢字"
ROWS = (
    number_row("Requests", 2.0, 3.0, "req/s", more_is_better=True, group="Throughput"),
    number_row("TTFT p95", 0.2, 0.4, "s", more_is_better=False, group="Latency"),
    number_row("ITL p95", None, 0.4, "s", more_is_better=False, group="Latency"),
    number_row("KV cache", None, None, "ratio", more_is_better=False, group="Load"),
)
FOUND = Comparison(
    side(name="one").run, side(B, name="two").run, 0.0,
    (
        Section("manifest", diff=("@@ -1 +1 @@", "-name: one", "+name: two")),
        Section("args", ("It says.",), (), (text_row("--x", "1", None), text_row("--y", "1", "1")), True),
        Section("metrics", (), ("Careful.",), ROWS),
        Section("bench"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("row", "a", "b", "change"),
    [
        (number_row("x", 100.0, 112.0, "tok/s", more_is_better=True), "100 tok/s", "112 tok/s", "+12 % ▲"),
        (number_row("x", 0.2, 0.4, "s", more_is_better=False), "200 ms", "400 ms", "+100 % ▼"),
        (number_row("x", 0.5, 0.5, "ratio", more_is_better=False), "50 %", "50 %", "0 % ·"),
        (number_row("x", 1000.0, 1020.0, "count", more_is_better=True), "1,000", "1,020", "+2 % ·"),
        (number_row("x", 0.0, 3.0, "/s", more_is_better=False), "0 /s", "3 /s", "▼"),
        (number_row("x", 1.0, 40.0, "GiB"), "1 GiB", "40 GiB", "×40 ≠"),
        (number_row("x", None, 3.0), "-", "3", ""),
        (span_row("x", 10.0, 7.4), "10.0 s", "7.4 s", "-2.6 s ▲"),
        (span_row("x", 0.01, 0.02), "0.0 s", "0.0 s", "0 s ·"),
        (text_row("x", "on", None), "on", "-", "≠"),
        (Row("x", 1_795_000_000.0, None, "moment"), "2026-11-18", "-", ""),
    ],
)
def test_values_and_changes(row: Row, a: str, b: str, change: str) -> None:
    assert value_text(row.a, row)[: len(a)] == a
    assert (value_text(row.b, row), change_text(row)) == (b, change)


def test_markdown() -> None:
    lines = markdown(FOUND)
    assert lines[0] == "# Comparison of two runs"
    assert "- A: #369367189101  one  terminated  tiny  vLLM 0.33.0" in lines
    at = lines.index("```diff")
    assert lines[at + 1 : at + 5] == ["@@ -1 +1 @@", "-name: one", "+name: two", "```"]
    assert "| --x | 1 | - | ≠ |" in lines and not any("--y" in line for line in lines)
    assert "| TTFT p95 | 200 ms | 400 ms | +100 % ▼ |" in lines and "| ITL p95 | - | 400 ms |  |" in lines
    assert "- ⚠ Careful." in lines and lines[-1] == f"- {NOTHING}"
    everything = markdown(FOUND, everything=True)
    assert "| --y | 1 | 1 | · |" in everything and "| KV cache | - | - |  |" in everything


def test_aligned_for_a_terminal() -> None:
    found = FOUND._replace(sections=(FOUND.sections[1], FOUND.sections[2]))
    lines = aligned(found, lambda rows: output.table(rows, right=(1, 2, 3)), everything=False, wide=20)
    assert lines[lines.index("METRICS") :] == [
        "METRICS",
        "⚠ Careful.",
        "                  A        B",
        "Throughput",
        "  Requests  2 req/s  3 req/s   +50 % ▲",
        "Latency",
        "  TTFT p95   200 ms   400 ms  +100 % ▼",
        "  ITL p95         -   400 ms",
    ]


def test_a_long_value_has_lines_of_its_own() -> None:
    section = Section("args", rows=(text_row("--x", "y" * 60, "z"),), only_differences=True)
    lines = aligned(FOUND._replace(sections=(section,)), lambda rows: output.table(rows), everything=False, wide=20)
    assert lines[-2:] == [f"  A  {'y' * 60}", "  B  z"]
    cells = row_lines(section.rows[0], 80)
    assert [to_plain(cell).split() for cell in cells] == [["--x", "≠"], ["A", "y" * 60], ["B", "z"]]


def test_hostile_text_stays_text() -> None:
    row = text_row(HOSTILE, HOSTILE, "x", group=HOSTILE)
    section = Section("args", (HOSTILE,), (HOSTILE,), (row,), diff=(f"-{HOSTILE}", "+```", "+````x"))
    run = FOUND.a._replace(name=HOSTILE, model=HOSTILE)
    found = FOUND._replace(a=run, sections=(section,))
    texts = [*markdown(found), *aligned(found, lambda rows: output.table(rows), everything=True, wide=20)]
    texts += [to_plain(cell) for cell in (*section_lines(section, 78, everything=True),)]
    texts += [to_plain(cell) for cell in head_lines(found, 78, window_s=60, everything=False)]
    for text in texts:
        assert not set(text) & set("\x1b\u202e\r\n"), text
    table = next(line for line in markdown(found) if line.startswith("| \\[/b\\]"))
    assert table.count("|") - table.count("\\|") == 5
    assert "`````diff" in markdown(found)
    assert escaped("<b>a_b _c_ #d") == "\\<b\\>a_b \\_c\\_ #d"


@pytest.mark.parametrize("width", [20, 40, 78, 118, 200])
def test_rows_keep_to_the_width(width: int) -> None:
    rows = (
        *ROWS,
        text_row("--a-flag-with-quite-a-long-name-for-a-column", "on", "off"),
        text_row("漢字" * 20, "1", "2"),
    )
    for row in rows:
        first = row_lines(row, width)[0]
        assert cell_width(first) <= max(width, 48)
    for cell in head_lines(FOUND, width, window_s=300, everything=True)[:3]:
        assert cell_width(cell) <= width


def test_what_changed_in_a_line_stands_out() -> None:
    gone, come, alone = difference_lines(("-  seed: 3 # x", "+  seed: 44 # x", " same"))
    assert gone == (("-  seed: ", "bad"), ("3", "title"), (" # x", "bad"))
    assert come == (("+  seed: ", "good"), ("44", "title"), (" # x", "good"))
    assert alone == ((" same", ""),)
    unpaired = difference_lines(("-a", "-b", "+c", "@@ x @@"))
    assert [cell[0][1] for cell in unpaired] == ["bad", "bad", "good", "muted"]


def test_the_title_says_how_much_differs() -> None:
    assert to_plain(title_line(2, "Arguments", "3 differ", folded=False)) == "▾ 2 Arguments   3 differ"
    assert to_plain(title_line(5, "Benchmarks", "", folded=True)) == "▸ 5 Benchmarks"
