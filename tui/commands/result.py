"""``vdeck result …``: the table; result_*.py do it."""

from __future__ import annotations

from tui.commands.options import JSON, Argument, Command, Group, Option

_RESULT = Argument("RESULT", "a benchmark: its id, or a unique prefix of it")
_RESULTS = Argument("RESULT", "benchmarks: ids, or unique prefixes", "many")

TABLE = Group(
    "result",
    "look at benchmarks: list, read, compare, export, cancel, delete",
    (
        Command(
            "result list", "list the benchmarks, newest first", "tui.commands.result_read:list_results",
            (Argument("ID", "only those of this run", "optional"),), (JSON,),
            text="The figures are those of the load with the most requests a second.",
        ),
        Command(
            "result read", "show a benchmark: what was asked, every load, the warnings",
            "tui.commands.result_read:read", (_RESULT,), (JSON,),
        ),
        Command(
            "result compare", "compare two benchmarks: what was different, and which figures are better or worse",
            "tui.commands.result_read:compare", (Argument("A", "a benchmark"), Argument("B", "another one")), (JSON,),
            text="They may be of different runs and engines. Loads are matched by request rate and concurrency; a "
            "difference of at most 3 % is called the same.",
        ),
        Command(
            "result export", "write benchmarks as CSV, Markdown or JSON", "tui.commands.result_change:export",
            (_RESULTS,),
            (
                Option(("--format",), "the form (default: what the name of the file says, else md)", "FORM",
                       choices=("csv", "md", "json")),
                Option(("-o", "--output"), "a new file; without it, standard output", "FILE"),
                JSON,
            ),
            text="Latencies in the CSV are in ms, its columns are named as `vllm bench serve` names them. --json is "
            "--format json.",
            examples=("vdeck result export 1795 1796 --format csv > sweep.csv",),
        ),
        Command(
            "result cancel", "end a benchmark that is under way; what it has measured is kept",
            "tui.commands.result_change:cancel", (_RESULT,), (JSON,),
        ),
        Command(
            "result delete", "delete benchmarks that have ended, with their files",
            "tui.commands.result_change:delete", (_RESULTS,), (JSON,),
        ),
    ),
)  # fmt: skip
