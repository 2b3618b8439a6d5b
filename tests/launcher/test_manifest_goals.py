"""`goals:` and `metrics:` of a manifest: what they mean, and every mistake at its place with a way to mend it."""

from __future__ import annotations

import pytest

from launcher.manifest.goals import share
from launcher.manifest.overrides import Overrides
from launcher.manifest.reader import read_text
from launcher.metrics.goals import Goal, Goals

RUN = "name: a\nrun: echo\n"


def read(text: str, **sets: str) -> Goals:
    pairs = tuple((path.replace("__", "."), value) for path, value in sets.items())
    reading = read_text(RUN + text, overrides=Overrides(sets=pairs))
    assert reading.manifest is not None, [str(p) for p in reading.problems]
    return reading.manifest.goals


def test_nobody_has_goals_who_does_not_say_so() -> None:
    assert read("") == read("goals:\n") == Goals()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("goals: {ttft: 500ms}\n", Goals((Goal("ttft", 0.5, 0.95),))),
        ("goals: {e2e: 20s, itl: 50ms, ttft: 1}\n", Goals((Goal("ttft", 1), Goal("itl", 0.05), Goal("e2e", 20)))),
        ("goals: {ttft: 1m, share: 99.9 %}\n", Goals((Goal("ttft", 60, 0.999),))),
        (
            "goals: {ttft: 1s, itl: {limit: 50ms, share: 0.8}, share: 1}\n",
            Goals((Goal("ttft", 1, 1), Goal("itl", 0.05, 0.8))),
        ),
        ("goals: {itl: {limit: 50ms}, share: 90%, notify: desktop}\n", Goals((Goal("itl", 0.05, 0.9),), "desktop")),
        ("goals: {notify: off}\n", Goals()),
        ("goals: {ttft: , notify: bell}\n", Goals((), "bell")),
    ],
)  # fmt: skip
def test_what_goals_mean(text: str, found: Goals) -> None:
    assert read(text) == found


def test_an_option_changes_a_goal_or_brings_one() -> None:
    assert read("goals: {ttft: 1s}\n", goals__ttft="300ms") == Goals((Goal("ttft", 0.3),))
    assert read("", goals__e2e__limit="9s", goals__e2e__share="50%") == Goals((Goal("e2e", 9, 0.5),))


@pytest.mark.parametrize(
    ("text", "line", "column", "what", "fix"),
    [
        ("goals: [ttft]\n", 3, 8, "goals must be a mapping, not a list", "ttft, itl, e2e, share, notify"),
        ("goals: {tftt: 1s}\n", 3, 9, "unknown key 'tftt' in goals", "did you mean 'ttft'?"),
        ("goals:\n  ttft: quick\n", 4, 9, "goals.ttft must be a time above 0", "write 500ms"),
        ("goals:\n  ttft: 0\n", 4, 9, "goals.ttft must be a time above 0 and at most a day, not '0'", ""),
        ("goals:\n  ttft: 2d\n", 4, 9, "at most a day, not '2d'", ""),
        ("goals:\n  itl: [1s]\n", 4, 8, "goals.itl must be a time, or a mapping", "{limit: 500ms, share: 99%}"),
        ("goals:\n  itl: {share: 99%}\n", 4, 8, "goals.itl.limit is missing", "write limit: 1s"),
        ("goals:\n  itl: {limit: 1s, share: 0}\n", 4, 27, "goals.itl.share must be a share above 0", "write 95% or"),
        ("goals: {share: 95}\n", 3, 16, "goals.share must be a share", "write 95%"),
        ("goals: {share: 101%}\n", 3, 16, "at most 100 %, not '101%'", "write 95% or 0.95"),
        ("goals: {share: most}\n", 3, 16, "not 'most'", "write 95% or 0.95"),
        ("goals: {notify: desktp}\n", 3, 17, "goals.notify must be off or bell or desktop", "'desktop'"),
        ("goals: {notify: mail}\n", 3, 17, "not 'mail'", ""),
        ("metrics: {interval: 100ms}\n", 3, 21, "metrics.interval must be a time from 0.2 s to 60 s", "write 1s"),
        ("metrics: {interval: 2m}\n", 3, 21, "not '2m'", ""),
        ("metrics: {every: 1s}\n", 3, 11, "unknown key 'every' in metrics", "interval"),
        ("ttft: 1s\n", 3, 1, "unknown key 'ttft'", "it belongs in goals.ttft"),
        ("interval: 1s\n", 3, 1, "unknown key 'interval'", "it belongs in metrics.interval"),
    ],
)
def test_a_mistake_has_its_place_and_its_fix(text: str, line: int, column: int, what: str, fix: str) -> None:
    reading = read_text(RUN + text)
    assert reading.manifest is None
    (problem,) = [p for p in reading.problems if p.severity == "error"]
    assert (problem.line, problem.column) == (line, column)
    assert what in problem.what
    assert fix in problem.fix


@pytest.mark.parametrize(
    ("text", "value"),
    [("95%", 0.95), (" 99.5 % ", 0.995), ("0.5", 0.5), (".5", 0.5), ("1", 1.0), ("1.0", 1.0), ("100%", 1.0),
     ("0", None), ("0%", None), ("2", None), ("1.5", None), ("100.1%", None), ("-5%", None), ("", None), ("%", None),
     ("nan", None), ("1e-1", None), ("９５%", None)],
)  # fmt: skip
def test_shares(text: str, value: float | None) -> None:
    assert share(text) == (pytest.approx(value) if value is not None else None)


@pytest.mark.parametrize(("text", "interval"), [("", 1.0), ("metrics: {interval: 5s}\n", 5.0), ("metrics:\n", 1.0)])
def test_how_often_metrics_are_read(text: str, interval: float) -> None:
    manifest = read_text(RUN + text).manifest
    assert manifest is not None
    assert manifest.interval_s == interval
