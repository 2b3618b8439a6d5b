"""Two starts, phase by phase."""

from __future__ import annotations

from compare_kit import B, T, side

from launcher.compare import start
from launcher.compare.side import Side
from launcher.runs.view import Download, PhaseMark


def with_phases(*phases: tuple[str, float, float | None], run_id: str = B, **changes: object) -> Side:
    found = side(run_id)
    marks = tuple(PhaseMark(name, T + begin, None if end is None else T + end) for name, begin, end in phases)
    return found._replace(run=found.run._replace(phases=marks, **changes))


def test_seconds_by_phase_and_in_all() -> None:
    other = with_phases(("load", 0, 4), ("odd", 4, 5), ("imports", 5, 6), ("ready", 6, None))
    found = start.section(side(), other, T + 100)
    assert [(row.label, row.a, row.b, row.verdict) for row in found.rows] == [
        ("imports", 4, 1, "better"), ("load", 10, 4, "better"), ("odd", None, 1, "unknown"),
        ("until ready", 14, 6, "better"),
    ]  # fmt: skip
    assert found.says == ()


def test_a_start_that_goes_on_counts_up_to_now() -> None:
    other = with_phases(("imports", 0, 2), ("load", 2, None), status="initializing")
    found = start.section(side(), other, T + 9)
    assert (found.rows[1].label, found.rows[1].b, found.rows[-1].b) == ("load", 7, None)
    assert found.says == ("B is still starting.",)


def test_what_a_start_lacks_is_said() -> None:
    failed = with_phases(("imports", 0, 2), ("load", 2, None), status="failed")
    found = start.section(side(), failed, T + 9)
    assert found.says == ("B never became ready.",) and found.rows[1].b is None
    none = with_phases(status="failed")
    assert start.section(none, with_phases(attached="http://x"), T).says == (
        "A has no recorded start.", "B was not started by vdeck: nobody saw its start.",
    )  # fmt: skip
    assert start.section(none, none, T).rows == ()
    again = with_phases(("imports", 0, 2), ("ready", 2, None), restarts=2)
    assert start.section(side(), again, T).says == ("B was restarted (2): this is its last start.",)


def test_the_size_of_a_download_while_it_is_known() -> None:
    other = with_phases(("download", 0, None), status="initializing", download=Download(1e9, 2e9))
    assert start.section(side(), other, T + 1).rows[-1].b == 2e9
