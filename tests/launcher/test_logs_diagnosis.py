"""The cause of a failure: every rule on its own samples, what wins, what is never a cause, and what is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.logs.cause import REQUEST, ROOT, STALL, WEAK, WRAPPER, Rule, Values
from launcher.logs.causes import RULES
from launcher.logs.diagnosis import Change, Diagnosis, diagnose, diagnose_file
from launcher.logs.scan import GATES, Scan
from launcher.text import clean_line
from tests.launcher.logs import healthy

WRAPPERS = [
    "(EngineCore pid=7) ERROR 11-22 06:00:09 [core.py:1584] EngineCore failed to start.",
    "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
    "/usr/lib/python3.12/multiprocessing/resource_tracker.py:279: UserWarning: resource_tracker: There appear to be 1 "
    "leaked shared_memory objects to clean up at shutdown",
]
SAMPLES = [pytest.param(rule, sample, id=f"{rule.name}-{n}") for rule in RULES for n, sample in enumerate(rule.samples)]
ENDS = [param for param in SAMPLES if param.values[0].kind in (ROOT, WEAK)]


def found(lines: list[str], code: int | None = 1, **more: object) -> Diagnosis:
    told = diagnose(lines, exit_code=code, **more)  # type: ignore[arg-type]
    assert told is not None
    return told


@pytest.mark.parametrize("rule, sample", SAMPLES)
def test_a_rule_knows_its_sample(rule: Rule, sample: str) -> None:
    told = found(["(APIServer pid=1) INFO 11-22 06:00:00 [x.py:1] begin", sample], 1 if rule.kind != REQUEST else None)
    if rule.kind == STALL:
        told = found([sample], None)
    assert told.rule == rule.name
    assert "?" not in told.title.replace("?", "", told.title.count("'?'")), "everything that the title says was found"
    assert told.evidence is not None and told.evidence.text.strip() in sample
    assert 3 < len(told.title) <= 120 and told.cause.endswith((".", "!"))


@pytest.mark.parametrize("rule, sample", ENDS)
def test_with_prefix_and_wrappers(rule: Rule, sample: str) -> None:
    inner = sample.strip().removeprefix("ERROR 11-22 06:00:00 [multiproc_executor.py:381] ")
    if inner.startswith(("(", "ERROR:")):
        pytest.skip("has a head of its own")
    lines = [f"(EngineCore pid=7) ERROR 11-22 06:00:00 [core.py:1] {inner}", *WRAPPERS]
    told = found(lines)
    assert told.rule == rule.name and told.where == "EngineCore"
    assert told.evidence is not None and told.evidence.number == 1 and "EngineCore pid" not in told.evidence.text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_whole(rule: Rule) -> None:
    assert rule.samples, "a rule without a sample is not proven"
    assert rule.kind in (ROOT, WEAK, REQUEST, STALL, WRAPPER)
    _, _, fixes = rule.words(Values({}))
    assert rule.kind == WRAPPER or fixes or callable(rule.fixes)
    assert all(fix.text.endswith((".", ")", "?")) and fix.text[0] in f"`{fix.text[0].upper()}" for fix in fixes)


def test_the_names_of_the_rules_are_one_each() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule, sample", SAMPLES)
def test_no_sample_slips_through_the_quick_look(rule: Rule, sample: str) -> None:
    """Alone, or behind the line of its exception, as a traceback has it."""
    gated = any(word in sample for word in GATES)
    assert gated or diagnose(["OSError: what follows tells", sample], exit_code=1) is not None
    if not gated:
        scan = Scan()
        scan.line("huggingface_hub.errors.SomeError: 1")
        scan.line(sample)
        assert any(one.rule is rule for one in scan.found[rule.kind])


# -- what is never a cause


@pytest.mark.parametrize("code", [None, 0])
def test_healthy_logs_have_none(code: int | None) -> None:
    lines = [*healthy.START, *healthy.TRAFFIC * 50]
    assert diagnose(lines, exit_code=code) is None
    assert diagnose([*lines, *healthy.STOP], exit_code=code) is None
    assert diagnose(lines, exit_code=1, stopped=True) is None


@pytest.mark.parametrize("rule, sample", ENDS)
def test_what_was_said_before_it_served_is_no_cause(rule: Rule, sample: str) -> None:
    assert diagnose([sample, *healthy.START[-4:], *healthy.TRAFFIC], exit_code=None) is None


def test_after_a_shutdown_everything_is_noise() -> None:
    told = diagnose(["KeyError: 'first'", *healthy.STOP], exit_code=1)
    assert told is not None and told.evidence is not None and told.evidence.text == "KeyError: 'first'"


def test_a_warning_is_no_cause() -> None:
    line = "(Worker pid=3) WARNING 11-22 06:00:00 [x.py:1] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.00 GiB"
    assert diagnose([line], exit_code=None) is None
    assert found([line]).rule == "exit-code"


# -- what wins


def test_the_first_real_cause_in_time() -> None:
    lines = [
        "You are trying to access a gated repo.",
        "  Value error, Invalid repository ID or local directory specified: 'org/model'. Please verify",
        *WRAPPERS,
    ]
    assert found(["OSError: 401", *lines]).rule == "gated"


def test_a_weak_cause_gives_way_to_a_real_one() -> None:
    lines = [
        "httpx.ConnectError: [Errno -3] Temporary failure in name resolution",
        "ValueError: No available memory for the cache blocks.",
    ]
    assert found(lines).rule == "no-kv-memory"
    assert found(lines[:1]).rule == "dns"


def test_of_the_ranks_the_first() -> None:
    oom = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
    lines = [
        f"(Worker_TP1 pid=12) ERROR 11-22 06:00:00 [x.py:1] {oom}",
        f"(Worker_TP0 pid=11) ERROR 11-22 06:00:00 [x.py:1] {oom}",
        "(Worker_TP0 pid=11) RuntimeError: NCCL error: unhandled system error",
    ]
    assert found(lines).where == "Worker_TP1"


def test_memory_that_runs_out_early_or_late() -> None:
    oom = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
    loaded = "(EngineCore pid=2) INFO 11-22 06:00:00 [x.py:1] Model loading took 15.0 GiB memory and 3.1 seconds"
    early, late, serving = found([oom]), found([loaded, oom]), found([*healthy.START, loaded, oom])
    assert "weights" in early.cause and not early.fixes[0].changes
    assert "made ready" in late.cause and late.fixes[0].changes
    assert "while it served" in serving.cause


def test_a_line_in_a_validation_error() -> None:
    told = found([
        "(APIServer pid=1) pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig",
        "(APIServer pid=1)   Value error, User-specified max_model_len (9000) is greater than the derived max_model_len "
        "(max_position_embeddings=4096.0 or model_max_length=None in model's config.json). [type=value_error, input={}]",
    ])  # fmt: skip
    assert told.rule == "max-len-too-big" and told.title == "--max-model-len 9,000 is more than the model can"
    assert told.fixes[0].changes == (Change("max-model-len", 4096),)
    assert told.evidence is not None and told.evidence.number == 2 and "[type=" not in told.evidence.text


# -- fixes


@pytest.mark.parametrize(
    "line, changes",
    [
        (
            "ValueError: To serve at least one request with the model's max seq len (4096), (0.02 GiB KV cache is needed,"
            " which is larger than the available KV cache memory (0.01 GiB). Based on the available memory, the estimated"
            " maximum model length is 896.",
            (Change("max-model-len", 896),),
        ),
        ("vllm: error: unrecognized arguments: --no-such-flag 3", (Change("no-such-flag", None),)),
        ("vllm serve: error: argument --port: invalid int value: 'abc'", (Change("port", None),)),
        ("OSError: [Errno 98] Address already in use", (Change("port", "auto"),)),
        (
            "  Value error, Total number of attention heads (28) must be divisible by tensor parallel size (8).",
            (Change("tensor-parallel-size", 7),),
        ),
        (
            "ValueError: Available memory on node 0 (9.74/11.09 GiB) on startup is less than desired CPU memory "
            "utilization (0.92, 10.2 GiB).",
            (Change("gpu-memory-utilization", 0.82),),
        ),
        (
            "LocalEntryNotFoundError: Cannot find an appropriate cached snapshot folder for the specified revision",
            (Change("HF_HUB_OFFLINE", None, env=True), Change("TRANSFORMERS_OFFLINE", None, env=True)),
        ),
        ("  Value error, max_num_batched_tokens (1024) is smaller than max_model_len (4096).",
         (Change("max-num-batched-tokens", 4096),)),
    ],
)  # fmt: skip
def test_the_first_fix(line: str, changes: tuple[Change, ...]) -> None:
    assert found([line]).fixes[0].changes == changes


def test_a_busy_gpu_is_to_be_freed_first() -> None:
    told = found(["ValueError: Free memory on device cuda:0 (66.58/139.81 GiB) on startup is less than desired GPU memory"
                  " utilization (0.9, 125.83 GiB)."])  # fmt: skip
    assert not told.fixes[0].changes and told.fixes[1].changes == (Change("gpu-memory-utilization", 0.45),)


def test_fixes_depend_on_what_the_server_was_given() -> None:
    line = "ValueError: No available memory for the cache blocks."
    assert found([line], args={"gpu-memory-utilization": "0.5"}).fixes[0].changes[0].value == 0.55
    assert found([line], args={"gpu_memory_utilization": 0.96}).fixes[0].changes == (Change("enforce-eager", True),)
    assert found([line], args={"gpu-memory-utilization": "much"}).fixes[0].changes[0].value == 0.95


# -- what is not known


def test_the_first_error_of_the_deepest_process() -> None:
    told = found([
        "(APIServer pid=1) ERROR 11-22 06:00:00 [x.py:1] Traceback (most recent call last):",
        '(APIServer pid=1) ERROR 11-22 06:00:00 [x.py:1]   File "/x.py", line 1, in f',
        '(APIServer pid=1) ERROR 11-22 06:00:00 [x.py:1]     raise OSError("No space left on device")',
        "(APIServer pid=1) ERROR 11-22 06:00:00 [x.py:1] some.module.OddError: of the server",
        "(Worker_TP0 pid=3) ERROR 11-22 06:00:01 [x.py:1] ZeroDivisionError: of the worker",
        "(Worker_TP0 pid=3) ERROR 11-22 06:00:01 [x.py:1] KeyError: later",
        "(EngineCore pid=2) ERROR 11-22 06:00:01 [x.py:1] AssertionError",
        *WRAPPERS,
    ])  # fmt: skip
    assert (told.rule, told.title, told.where) == ("first-error", "ZeroDivisionError: of the worker", "Worker_TP0")
    assert told.evidence is not None and told.evidence.number == 5


@pytest.mark.parametrize(
    "code, title",
    [(-9, "Killed (SIGKILL)"), (137, "Killed (SIGKILL)"), (-11, "Crashed (SIGSEGV)"), (139, "Crashed (SIGSEGV)"),
     (134, "Aborted (SIGABRT)"), (-15, "Ended by SIGTERM"), (127, "No such command"), (126, "A command may not be run"),
     (2, "Wrong usage"), (3, "Exit code 3")],
)  # fmt: skip
def test_exit_codes(code: int, title: str) -> None:
    told = found(["nothing to see"], code)
    assert told.title == title and told.fixes and told.rule in ("signal", "exit-code")


def test_an_engine_that_died_under_a_server() -> None:
    lines = [
        *healthy.START,
        "(APIServer pid=1) ERROR 11-22 06:39:00 [core_client.py:605] Engine core proc EngineCore_DP0 died unexpectedly, "
        "shutting down client.",
        "(APIServer pid=1) ERROR 11-22 06:39:00 [async_llm.py:700] vllm.v1.engine.exceptions.EngineDeadError: EngineCore "
        "encountered an issue. See stack trace (above) for the root cause.",
    ]
    told = found(lines, 0)
    assert told.rule == "engine-dead" and told.title == "Engine core proc EngineCore_DP0 died"


def test_commands_that_are_not_vllm() -> None:
    step = "step 2 of 3: pip install x"
    told = found(["Collecting x", "ERROR: No matching distribution found for x==9"], step=step)
    assert told.rule == "pip" and told.where == step and "x==9" in told.title
    assert found(["/bin/bash: line 1: nope: command not found"], 127).title == "No such command: nope"
    assert found(["fatal: repository 'https://example.com/x.git' not found"], 128).rule == "git-missing"
    odd = found(["tar: error: cannot open archive", "bye"], 2)
    assert odd.rule == "first-error" and "cannot open archive" in odd.title


def test_requests_that_fail_while_it_lives() -> None:
    line = "(APIServer pid=1) ERROR 11-22 06:39:00 [x.py:1] ValueError: As of transformers v4.44, default chat template is no longer allowed"
    told = found([*healthy.START, line, line], None)
    assert told.rule == "chat-template" and "2 times" in told.cause


# -- the file, and hostile text


def test_a_file_is_read_whole_and_its_lines_are_numbered(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    access = healthy.TRAFFIC[0] + "\n"
    before = "KeyError: of the start before\n" * 3
    cause = "ValueError: No available memory for the cache blocks.\n"
    log.write_text(before + access * 40_000 + cause + access * 30_000)
    told = diagnose_file(str(log), start=len(before), exit_code=1)
    assert told is not None and told.rule == "no-kv-memory"
    assert told.evidence is not None and told.evidence.number == 40_004
    log.write_text(cause.strip())
    assert found(cause.splitlines()) == diagnose_file(str(log), exit_code=1)


def test_who_has_no_time_looks_at_both_ends(tmp_path: Path) -> None:
    log, quiet = tmp_path / "output.log", (healthy.TRAFFIC[3] + "\n") * 60_000
    cause, other = "ValueError: No available memory for the cache blocks.\n", "KeyError: 'in the middle'\n"
    for text, rule in ((cause + quiet, "no-kv-memory"), (quiet + cause, "no-kv-memory"),
                       (quiet + other + quiet * 2, "exit-code")):  # fmt: skip
        log.write_text(text)
        told = diagnose_file(str(log), exit_code=1, most=8 << 20)
        assert told is not None and told.rule == rule
    assert diagnose_file(str(log), exit_code=1).rule == "first-error"  # type: ignore[union-attr]


def test_lines_without_an_end(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_bytes(
        b"x" * 5_000_000 + b"\nValueError: No available memory for the cache blocks.\n" + b"\0\xff" * 2_000_000
    )
    told = diagnose_file(str(log), exit_code=1)
    assert told is not None and told.rule == "no-kv-memory"


@given(st.lists(st.text(max_size=200), max_size=20), st.sampled_from([None, 0, 1, -9, 2]))
def test_any_text_is_allowed(lines: list[str], code: int | None) -> None:
    told = diagnose([f"Error: {line}" for line in lines] + lines, exit_code=code)
    if told is not None:
        assert told.title == clean_line(told.title)
        assert told.evidence is None or "\x1b" not in told.evidence.text


@given(st.binary(max_size=4000))
def test_any_bytes_are_allowed(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    log = tmp_path_factory.mktemp("log") / "l"
    log.write_bytes(data + b"\nrror")
    diagnose_file(str(log), exit_code=1)


# -- several starts in one log, and lines that look alike

BOOTS = (
    "(APIServer pid={}) INFO 11-22 06:50:00 [startup.py:38] vLLM API server version 0.33.0",
    "(APIServer pid={}) INFO 11-22 06:50:00 [api_utils.py:286] non-default args: {{'model_tag': '/m'}}",
    "(APIServer pid={}) INFO 11-22 06:50:00 [api_utils.py:339]  ▄▄ ▄█ █     █     █ ▀▄▀ █  version 0.25.1",
    "INFO 08-08 14:47:21 api_server.py:495] vLLM API server version 0.6.3",
)
NO_CACHE = "(EngineCore pid=9) ERROR 11-22 06:50:09 [core.py:1] ValueError: No available memory for the cache blocks."
OOM = "(EngineCore pid=4) ERROR 11-22 06:40:09 [core.py:1] torch.OutOfMemoryError: CUDA out of memory."


@pytest.mark.parametrize("boot", BOOTS)
@pytest.mark.parametrize("as_file", [False, True])
def test_of_several_starts_the_last_counts(boot: str, as_file: bool, tmp_path: Path) -> None:
    """A log that somebody appends to, as systemd and containers do."""

    def of(lines: list[str]) -> Diagnosis | None:
        if not as_file:
            return diagnose(lines)
        (tmp_path / "l").write_text("\n".join(lines))
        return diagnose_file(str(tmp_path / "l"))

    first, second = boot.format(1), boot.format(77)
    after_a_stop = of([first, *healthy.START[3:], *healthy.STOP, second, NO_CACHE])
    assert after_a_stop is not None and after_a_stop.rule == "no-kv-memory"
    after_a_failure = of([first, OOM, *WRAPPERS, second, NO_CACHE])
    assert after_a_failure is not None and after_a_failure.rule == "no-kv-memory"
    assert after_a_failure.evidence is not None and after_a_failure.evidence.number == 4 + len(WRAPPERS)
    assert of([first, OOM, *WRAPPERS, second, *healthy.START[3:6]]) is None
    assert of([first, "KeyError: 'unknown'", second, *healthy.START[3:6]]) is None


def test_servers_that_start_side_by_side_are_one_start() -> None:
    lines = [BOOTS[0].format(1), BOOTS[0].format(2), OOM, NO_CACHE]
    assert found(lines).rule == "cuda-oom"


def test_the_arguments_of_a_request_are_no_start() -> None:
    line = (
        "(APIServer pid=1) INFO 11-22 06:33:43 [logger.py:40] Received request x: prompt: 'vLLM API server version 1'"
    )
    assert found([OOM, line]).rule == "cuda-oom"


def test_lines_that_differ_in_a_short_number_alone() -> None:
    lines = [f"ERROR 11-22 06:00:00 [m.py:1] Worker proc A died unexpectedly (exit code: {code})" for code in (-6, -9)]
    assert found(lines).rule == "host-oom"


def test_after_the_cause_only_another_start_is_looked_at(tmp_path: Path) -> None:
    log = tmp_path / "l"
    log.write_text("\n".join([OOM, *["KeyError: noise"] * 50_000, BOOTS[0].format(2), NO_CACHE, *["x"] * 9]))
    told = diagnose_file(str(log), exit_code=1)
    assert told is not None and told.rule == "no-kv-memory"
    assert told.evidence is not None and told.evidence.number == 50_003


def test_a_member_of_an_exception_group_is_the_error() -> None:
    told = found([
        "  + Exception Group Traceback (most recent call last):",
        "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)",
        "  +-+---------------- 1 ----------------",
        "    | Traceback (most recent call last):",
        '    |   File "/x.py", line 1, in f',
        "    | KeyError: 'boom'",
    ])  # fmt: skip
    assert told.title == "KeyError: 'boom'"


@pytest.mark.parametrize(
    "lines, code, text",
    [
        (
            ["terminate called after throwing an instance of 'std::runtime_error'", "  what():  no such thing"],
            -6,
            "what",
        ),
        (["thread 'main' panicked at src/main.rs:3:5:", "index out of bounds"], 101, "panicked at"),
    ],
)
def test_native_code_that_gives_up_is_quoted(lines: list[str], code: int, text: str) -> None:
    told = found(lines, code)
    assert told.evidence is not None and text in told.evidence.text


def test_no_advice_that_a_given_flag_makes_useless() -> None:
    line = RULES[0].samples[1]
    flags = {change.flag for fix in found([line]).fixes for change in fix.changes}
    assert "gpu-memory-utilization" in flags
    with_bytes = found([line], args={"kv-cache-memory-bytes": "1M"})
    assert "gpu-memory-utilization" not in {change.flag for fix in with_bytes.fixes for change in fix.changes}
    assert "--kv-cache-memory-bytes" in with_bytes.fixes[0].text


DENIED = "(APIServer pid=1) ERROR 11-22 07:00:00 [x.py:1] PermissionError: [Errno 13] Permission denied: '/media/a.png'"
CRASH = (
    "(EngineCore pid=2) ERROR 11-22 08:00:00 [core.py:1] torch.AcceleratorError: CUDA error: an illegal memory access "
    "was encountered"
)


@pytest.mark.parametrize("code", [0, 1])
def test_a_request_that_failed_is_not_why_the_engine_died_later(code: int) -> None:
    assert found([*healthy.START, DENIED, CRASH, *WRAPPERS[1:]], code).rule == "illegal-access"
    unknown = "(EngineCore pid=2) ERROR 11-22 08:00:00 [core.py:1] AssertionError: odd block table"
    dead = "(APIServer pid=1) ERROR 11-22 08:00:00 [x.py:1] EngineDeadError: EngineCore encountered an issue."
    told = found([*healthy.START, DENIED, unknown, dead], code)
    assert (told.title, told.where) == ("AssertionError: odd block table", "EngineCore")
    assert found([*healthy.START, DENIED], 1).rule == "perm", "nothing else is known"
    assert found([*healthy.START, DENIED], None).rule == "perm", "told of a server that lives"


def test_the_ranks_of_a_server_that_served() -> None:
    lines = [*healthy.START, CRASH.replace("EngineCore", "Worker_TP1"), CRASH]
    assert found(lines).where == "Worker_TP1"


def test_a_worker_that_died_by_a_signal_under_a_live_server() -> None:
    """As vLLM 0.32 says it: its engine's own error is only a wrapper."""
    lines = [
        *healthy.START,
        "(EngineCore pid=2) ERROR 11-26 19:34:43 [multiproc_executor.py:315] Worker proc VllmWorker-0 died unexpectedly "
        "(exit code: -6), shutting down executor.",
        "(EngineCore pid=2) INFO 11-26 19:34:43 [multiproc_executor.py:479] [shutdown] Executor: waiting for worker exit",
        "(EngineCore pid=2) ERROR 11-26 19:34:43 [core.py:1512] EngineCore encountered a fatal error.",
        "(EngineCore pid=2) ERROR 11-26 19:34:43 [core.py:1512] Traceback (most recent call last):",
        '(EngineCore pid=2) ERROR 11-26 19:34:43 [core.py:1512]     raise RuntimeError("Executor failed.")',
        "(EngineCore pid=2) ERROR 11-26 19:34:43 [core.py:1512] RuntimeError: Executor failed.",
        "(APIServer pid=1) ERROR 11-26 19:34:43 [async_llm.py:906] vllm.v1.engine.exceptions.EngineDeadError: EngineCore "
        "encountered an issue. See stack trace (above) for the root cause.",
        "(APIServer pid=1) INFO 11-26 19:34:47 [core_client.py:770] [shutdown] MPClient: start timeout=0s",
    ]
    told = found(lines, 0)
    assert (told.rule, told.title) == ("engine-dead", "Worker proc VllmWorker-0 died (SIGABRT)")
    assert found([line.replace("-6)", "-9)") for line in lines], 0).rule == "host-oom"
    assert "signal 99" in found([line.replace("-6)", "-99)") for line in lines], 0).title
