"""What a living server says: requests that fail, things that take long; and words that only wrap a cause."""

from __future__ import annotations

import signal

from launcher.logs.cause import REQUEST, STALL, WRAPPER, Rule, Values, rule
from launcher.logs.diagnosis import Fix


def _died(values: Values) -> str:
    who = f"{values['w']} died" if "w" in values else "The engine died"
    code = int(values.number("code") or 0)
    try:
        return f"{who} ({signal.Signals(-code).name})" if code < 0 else who
    except ValueError:
        return f"{who} (signal {-code})"


RULES: tuple[Rule, ...] = (
    rule(
        "prompt-too-long", REQUEST,
        r"The (?:decoder |encoder )?prompt \(length (?P<n>\d+)\).{0,80}longer than the maximum model length of "
        r"(?P<m>\d+)|This model's maximum context length is (?P<m2>\d+) tokens",
        lambda v: f"A prompt is longer than {v.count('m')} tokens",
        "Prompt and answer together must fit into --max-model-len.",
        (Fix("Shorten the prompt, ask for fewer tokens, or raise --max-model-len."),),
        ("ValueError: The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
         "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"),
    ),
    rule(
        "busy", REQUEST, r"The engine is currently busy and cannot accept new requests",
        "The server turns requests away",
        "It has as many requests as it was told to hold (HTTP 503).",
        (Fix("Raise --max-num-queued-reqs or --max-num-queued-tokens, or run more replicas."),),
        ("The engine is currently busy and cannot accept new requests. Please retry later.",),
    ),
    rule(
        "shm-stall", STALL, r"No available shared memory broadcast block found in (?P<s>\d+) seconds",
        "A worker is busy, or hangs",
        lambda v: f"It took nothing from the engine for {v['s']} seconds: normal while it compiles or loads.",
        (Fix("Wait while it starts. When it serves and this goes on for minutes: look at the GPU's use and at NCCL."),),
        ("INFO 11-22 06:00:00 [shm_broadcast.py:111] No available shared memory broadcast block found in 60 seconds.",),
    ),
    rule(
        "engine-wait", STALL,
        r"Waiting for (?P<n>\d+) (?:local, \d+ remote )?core engine proc\(s\) to (?:start|connect)",
        "The engine is still starting", "The web server waits for it.", (Fix("Wait."),),
        ("DEBUG 11-22 06:00:00 [utils.py:1400] Waiting for 1 local, 0 remote core engine proc(s) to start.",),
    ),
    rule(
        "disk-warn", STALL,
        r"Not enough free disk space to download the file\. The expected file size is: (?P<need>[\d.]+) MB\. The "
        r"target location (?P<dir>\S+) only has (?P<free>[\d.]+) MB",
        "The download will not fit on the disk",
        lambda v: f"{v['need']} MB are wanted, {v['free']} MB are free in {v['dir']}.",
        (Fix("Free space before it fails, or set HF_HOME or --download-dir."),),
        ("UserWarning: Not enough free disk space to download the file. The expected file size is: 4976.70 MB. The "
         "target location /root/.cache/huggingface/hub only has 1200.00 MB free disk space.",),
    ),
    rule(
        "engine-init", WRAPPER,
        r"Engine core initialization failed\. See root cause above\.|EngineCore failed to start\."
        r"|WorkerProc failed to start\.|WorkerProc initialization failed due to an exception in a background process"
        r"|Frontend process failed during engine core initialization",
        "The engine did not start", "The log names no cause that is known.", (),
        ("RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
         "Exception: WorkerProc initialization failed due to an exception in a background process. See stack trace"),
    ),
    rule(
        "engine-dead", WRAPPER,
        r"(?P<w>(?:Engine core|Worker) proc(?:ess)? \S+) died unexpectedly(?: \(exit code: (?P<code>-?\d+)\))?"
        r"|EngineCore encountered (?:a fatal error|an issue)\.|EngineDeadError|AsyncLLM output_handler failed"
        r"|(?P<w2>Process \S+) \(PID: \d+\) died with exit code (?P<code2>-?\d+)",
        _died,
        "The server ends when its engine does; the log says nothing of why.",
        (Fix("Look at dmesg (killed for want of memory?) and start it again; `restart: {policy: on-failure}` does so "
             "by itself."),),
        ("ERROR 11-22 06:00:00 [core_client.py:605] Engine core proc EngineCore_DP0 died unexpectedly, shutting down "
         "client.",
         "(EngineCore pid=2) ERROR 11-26 19:34:43 [multiproc_executor.py:315] Worker proc VllmWorker-0 died "
         "unexpectedly (exit code: -6), shutting down executor."),
    ),
)  # fmt: skip
