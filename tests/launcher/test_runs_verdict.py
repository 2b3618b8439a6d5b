"""What a run that ended with exit code 0 is called: a job that is done, or a server that went away."""

from __future__ import annotations

import pytest

from launcher import paths
from launcher.runs import command, verdict
from launcher.runs.record import Probe, RunRecord, StepRecord
from launcher.runs.state import State
from launcher.runs.steps import StepEnd


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("vllm serve m", True),
        ("pip install vllm\nexec vllm serve m --port 1\n", True),
        ("vllm serve m 2>&1 | tee log", True),
        ("vllm serve m &> log", True),
        ("cd x && vllm serve m && echo done", True),
        ("vllm serve m &\npython app.py", False),
        ("vllm serve m \\\n  --port 8000 \\\n  > log 2>&1 &\nwait_for_it; python eval.py", False),
        ("nohup vllm serve m > log 2>&1 & sleep 3", False),
        ("python -m vllm.entrypoints.openai.api_server --model m &", False),
        ("python eval.py", False),
    ],
)
def test_a_server_that_the_shell_waits_for(text: str, wanted: bool) -> None:
    assert command.serves_in_front(text) is wanted


@pytest.mark.parametrize(
    "commands, served, wanted",
    [
        (["vllm serve m"], True, "failed"),
        (["vllm serve m"], False, "completed"),
        (["vllm serve m &", "python eval.py"], True, "completed"),
        (["vllm serve m & sleep 9; python eval.py"], True, "completed"),
        (["python prepare.py", "vllm serve m"], True, "failed"),
    ],
)
def test_exit_code_0(commands: list[str], served: bool, wanted: str) -> None:
    steps = tuple(StepRecord(("sh", "-c", text), "/", text) for text in commands)
    made = RunRecord("1", "x", 0.0, steps=steps, probe=Probe("vllm", "127.0.0.1", (1,)))
    stand = State()
    stand.served = served
    status, _ = verdict.judge(paths.RunPaths("/no"), made, stand, StepEnd(len(steps) - 1, 0), None)
    assert status == wanted
