"""``vdeck compare``: the table; compare_run.py does it."""

from __future__ import annotations

from tui.commands.options import JSON, Argument, Command, Option

TABLE = Command(
    "compare",
    "compare two runs: manifest, arguments, start, metrics, benchmarks",
    "tui.commands.compare_run:compare",
    (
        Argument("A", "a run: a unique prefix of its id, or the name of the one live run that bears it"),
        Argument("B", "the run that is seen from A"),
    ),
    (
        Option(("--window",), "the time that metrics cover, the last in which each run served", "TIME", "seconds",
               default="5m"),
        Option(("--section",), "only these, with commas: manifest, args, start, metrics, bench", "NAMES", many=True),
        Option(("--all",), "what is the same too: whole manifests, all arguments"),
        JSON,
    ),
    text="The runs may live or have ended, be vdeck's own or attached. A difference of at most 3 % is called the same. "
    "A pipe or a file gets Markdown. Secrets are masked.",
    examples=("vdeck compare qwen 3693", "vdeck compare 3693 3694 --section args,metrics --window 15m > compare.md"),
)  # fmt: skip
