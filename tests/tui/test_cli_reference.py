"""docs/commands.md says what the program says."""

from __future__ import annotations

from pathlib import Path

from tui.commands import reference

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_the_one_that_the_tables_make() -> None:
    fix = "run: python -m tui.commands.reference > docs/commands.md"
    assert PAGE.read_text(encoding="utf-8") == reference.page(), fix
