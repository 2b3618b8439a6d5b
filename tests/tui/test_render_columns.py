"""Which columns a width has room for."""

from __future__ import annotations

import pytest

from tui.render.columns import COLUMNS, layout


@pytest.mark.parametrize("width", range(40, 260))
def test_never_wider_than_the_table(width):
    slots = layout(width)
    assert sum(slot.width for slot in slots) <= width
    assert [slot.key for slot in slots] == [c.key for c in COLUMNS if c.key in {slot.key for slot in slots}]


@pytest.mark.parametrize("width", range(30, 260))
def test_name_and_status_stay(width):
    assert {"mark", "name", "status"} <= {slot.key for slot in layout(width)}


@pytest.mark.parametrize("width", range(60, 259))
def test_more_room_never_takes_a_column_away(width):
    assert {slot.key for slot in layout(width)} <= {slot.key for slot in layout(width + 1)}


def test_eighty_columns():
    assert [slot.key for slot in layout(79)] == ["mark", "name", "status", "model", "rate", "load", "kv", "up"]


def test_everything_at_120():
    assert [slot.key for slot in layout(119)] == [column.key for column in COLUMNS]


def test_room_is_used_up_to_the_most():
    most = {column.key: column.most for column in COLUMNS}
    assert all(slot.width == most[slot.key] for slot in layout(400))
