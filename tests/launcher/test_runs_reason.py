"""One sentence for an end: the cause, not its wrapper."""

from __future__ import annotations

import pytest

from launcher.runs import reason


@pytest.mark.parametrize(
    "lines, found",
    [
        ([], None),
        (["INFO all is well"], None),
        (
            [
                "(EngineCore pid=1) ERROR 11-22 06:00:00 [core.py:1] ValueError: To serve at least one request",
                "(APIServer pid=2) RuntimeError: Engine core initialization failed. See root cause above. Failed: {}",
            ],
            "ValueError: To serve at least one request",
        ),
        (
            [
                "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig",
                "  Value error, User-specified max_model_len (9) is greater [type=value_error, input=x]",
            ],
            "User-specified max_model_len (9) is greater",
        ),
        (
            ["vllm: error: unrecognized arguments: --no-such-flag 3"],
            "vllm: error: unrecognized arguments: --no-such-flag 3",
        ),
        (["/bin/bash: line 1: nope: command not found"], "/bin/bash: line 1: nope: command not found"),
        (["fatal: repository 'x' does not exist"], "fatal: repository 'x' does not exist"),
        (
            ["(APIServer pid=1) INFO x [shutdown] API server: shutdown triggered", "EngineDeadError: x", "KeyError: 1"],
            None,
        ),
        (["\x1b[31mOSError: [Errno 98] Address already in use\x1b[0m"], "OSError: [Errno 98] Address already in use"),
    ],
)
def test_the_decisive_line(lines: list[str], found: str | None) -> None:
    assert reason.decisive_line(lines) == found


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
    assert "want of memory" in reason.failure(-9, step=0, steps=1, kind="vllm", served=False, line=None)
    assert "git clone" in reason.failure(128, step=0, steps=2, kind="import", served=False, line=None)
