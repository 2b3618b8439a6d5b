"""One sentence for an end: the cause, not its wrapper."""

from __future__ import annotations

import pytest

from launcher.runs import reason


@pytest.mark.parametrize(
    "code, words",
    [(None, "unknown"), (1, "exit code 1"), (-9, "SIGKILL"), (-11, "SIGSEGV"), (-99, "signal 99")],
)
def test_exit_codes_in_words(code: int | None, words: str) -> None:
    assert words in reason.exit_text(code)


def test_a_failure_names_the_step_and_the_line() -> None:
    told = reason.failure(1, step=1, steps=4, kind="shell", served=False, line="ImportError: x")
    assert told == "step 2 of 4: exit code 1: ImportError: x"
    assert "nobody asked" in reason.failure(0, step=0, steps=1, kind="vllm", served=True, line=None)
    died = reason.failure(0, step=0, steps=1, kind="vllm", served=True, line="EngineCore died")
    assert died.endswith("nobody asked it to stop: EngineCore died")
    assert "want of memory" in reason.failure(-9, step=0, steps=1, kind="vllm", served=False, line=None)
    assert "git clone" in reason.failure(128, step=0, steps=2, kind="import", served=False, line=None)
