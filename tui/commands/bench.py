"""``vdeck bench``: the table of the command; bench_run.py does it."""

from __future__ import annotations

from tui.commands.options import JSON, Argument, Command, Option

TABLE = Command(
    "bench",
    "measure the server of a run",
    "tui.commands.bench_run:bench",
    (Argument("ID", "the run; it must be ready"),),
    (
        Option(("--dataset",), "what is sent: random tokens, a ShareGPT file, or a JSONL file with `prompt` in each "
               "line (default: random; with --dataset-path what its name says)", "NAME",
               choices=("random", "sharegpt", "custom")),
        Option(("--dataset-path",), "the file of sharegpt (.json) or custom (.jsonl)", "FILE"),
        Option(("-n", "--num-prompts"), "requests for each load", "N", "integer", default="100"),
        Option(("--request-rate",), "requests a second: one, a list (1,2,4,inf) or a sweep (1..16, each twice the one "
               "before); default: inf, all at once", "R"),
        Option(("--max-concurrency",), "requests at a time: one, a list or a sweep", "N"),
        Option(("--input-len",), "tokens of a random prompt", "N", "integer", default="256"),
        Option(("--output-len",), "tokens of an answer (default: 128 for random prompts, else as the file says)", "N",
               "integer"),
        Option(("--prefix-len",), "further tokens in front, the same for all random prompts", "N", "integer",
               default="0"),
        Option(("--range-ratio",), "random lengths vary by this share", "X", "number", default="0"),
        Option(("--burstiness",), "1: a Poisson process; larger: more even", "X", "number", default="1"),
        Option(("--seed",), "of the first load; each further load takes the next number (default: another one each "
               "time, so that the prefix cache cannot help)", "N", "integer"),
        Option(("--goal",), "what counts as good, e.g. ttft=500ms; ttft, itl, tpot or e2e (default: the goals of the "
               "run)", "KEY=TIME", many=True),
        Option(("--client",), "vllm: `vllm bench serve` of the run's engine; vdeck: our own; auto: vllm where there is "
               "one", "NAME", default="auto", choices=("auto", "vllm", "vdeck")),
        Option(("--chat",), "ask /v1/chat/completions instead of /v1/completions"),
        Option(("--model",), "one of the served names (default: the first)", "NAME"),
        Option(("--tokenizer",), "for `vllm bench serve` (default: that of the server)", "NAME"),
        Option(("--temperature",), "of the answers (default: the server's)", "X", "number"),
        Option(("--warmups",), "requests before each load that do not count", "N", "integer", default="0"),
        Option(("--label",), "your own word for this benchmark", "TEXT"),
        Option(("--option",), "a further flag of `vllm bench serve`, without its dashes", "KEY[=VALUE]", many=True),
        Option(("--dry-run",), "print the command of the first load, start nothing"),
        Option(("-d", "--detach"), "start it and do not wait"),
        JSON,
    ),
    text="The benchmark is a process of its own beside the run, one client for each load; its results are kept in the "
    "folder of the run (`vdeck result`). Exits 0 when every load was measured. Ctrl-C cancels the benchmark and exits "
    "130; with --detach it goes on by itself. docs/bench.md says what the figures mean.",
    examples=(
        "vdeck bench qwen --request-rate 1..16 --goal ttft=500ms --goal itl=50ms",
        "vdeck bench qwen --dataset sharegpt --dataset-path ShareGPT.json --request-rate 3",
        "vdeck bench qwen --max-concurrency 1,8,64 --input-len 1024 --label before",
    ),
)  # fmt: skip
