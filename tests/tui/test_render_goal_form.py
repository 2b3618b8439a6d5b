"""Goals as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.metrics.goals import SHARE, Goal
from tui.render import goal_form
from tui.render.goal_form import Typed

NONE = {"ttft": Typed(), "itl": Typed(), "e2e": Typed()}


@pytest.mark.parametrize(
    ("limit", "share", "goal"),
    [
        ("500ms", "95%", Goal("ttft", 0.5, 0.95)), (" 1.5s ", "0.99", Goal("ttft", 1.5, 0.99)),
        ("1,5 s", " 99,9 % ", Goal("ttft", 1.5, 0.999)), ("2", "", Goal("ttft", 2.0, SHARE)),
        ("1m", "90", Goal("ttft", 60.0, 0.9)), ("0.25", "100%", Goal("ttft", 0.25, 1.0)),
        ("500 ms", "1", Goal("ttft", 0.5, 1.0)),
    ],
)  # fmt: skip
def test_what_is_understood(limit: str, share: str, goal: Goal) -> None:
    assert goal_form.read({**NONE, "ttft": Typed(limit, share)}) == ((goal,), {})


@pytest.mark.parametrize(
    ("limit", "share", "words"),
    [
        ("fast", "95%", "ITL: a limit is a time"), ("0", "95%", "a limit is a time"), ("-1s", "", "a limit is a time"),
        ("2d", "", "at most a day"), ("1s", "0", "ITL: a share is"), ("1s", "101", "a share is"),
        ("1s", "many", "Write 95%."), ("", "many", "ITL: a share is"), ("[/]", "", "a limit is a time"),
    ],
)  # fmt: skip
def test_what_is_not(limit: str, share: str, words: str) -> None:
    goals, problems = goal_form.read({**NONE, "ttft": Typed("1s"), "itl": Typed(limit, share)})
    assert list(problems) == ["itl"] and words in problems["itl"]
    assert goals == (Goal("ttft", 1.0),)


def test_no_limit_is_no_goal() -> None:
    assert goal_form.read(NONE) == ((), {})
    assert goal_form.read({**NONE, "e2e": Typed("", "95%")}) == ((), {})


def test_goals_in_the_fields() -> None:
    fields = goal_form.typed((Goal("itl", 0.05, 0.995), Goal("e2e", 90.0)))
    assert fields == {"ttft": Typed(), "itl": Typed("50ms", "99.5%"), "e2e": Typed("90s", "95%")}


@given(
    st.floats(1e-6, 86_400).map(lambda value: float(f"{value:.6g}")),
    st.integers(1, 100_000).map(lambda value: value / 100_000),
)
def test_what_stands_in_the_fields_is_read_back(limit_s: float, share: float) -> None:
    goals, problems = goal_form.read({**NONE, "ttft": goal_form.typed((Goal("ttft", limit_s, share),))["ttft"]})
    assert not problems and len(goals) == 1
    assert goals[0].limit_s == pytest.approx(limit_s, rel=1e-9) and goals[0].share == pytest.approx(share, rel=1e-6)
