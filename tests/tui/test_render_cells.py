"""Cells: widths are exact whatever is in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styles.themes import DARK, palette
from tui.render.cells import cell_width, clip, fit, spread, to_plain, to_text

TEXTS = st.text(alphabet=st.sampled_from("ab 漢字é…[/]✖"), max_size=30)
CELLS = st.lists(st.tuples(TEXTS, st.sampled_from(("", "bad", "muted"))), max_size=4).map(tuple)


@given(CELLS, st.integers(0, 40), st.booleans())
def test_fit_is_exact(cell, width, right):
    assert cell_width(fit(cell, width, right=right)) == width


@given(CELLS, st.integers(0, 40))
def test_clip_never_exceeds(cell, width):
    assert cell_width(clip(cell, width)) <= width


@given(CELLS, st.lists(st.integers(1, 9), min_size=1, max_size=6).map(tuple))
def test_spread_fills_each_column(cell, widths):
    assert tuple(cell_width(piece) for piece in spread(cell, widths)) == widths


@pytest.mark.parametrize(
    ("text", "widths", "pieces"),
    [
        ("hello world", (4, 4, 4), ("hell", "o wo", "rld ")),
        ("a漢字b", (2, 2, 2), ("a ", "漢", "字")),
        ("too long for it", (3, 3), ("too", " l…")),
    ],
)
def test_spread_runs_across_columns(text, widths, pieces):
    assert tuple(to_plain(piece) for piece in spread(((text, ""),), widths)) == pieces


def test_styles_survive_a_cut():
    assert clip((("abc", "good"), ("defgh", "bad")), 5) == (("abc", "good"), ("d", "bad"), ("…", "bad"))


def test_markup_stays_text():
    text = to_text((("[/x] [red]no[/red]", "bad"),), palette(DARK))
    assert text.plain == "[/x] [red]no[/red]"
    assert str(text.spans[0].style) == palette(DARK).bad
