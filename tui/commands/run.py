"""``vdeck run …``: the table. What the commands do stands in run_*.py, imported when one is used."""

from __future__ import annotations

from launcher.runs.view import STATUSES
from tui.commands.options import JSON, Argument, Command, Group, Option

_ID = Argument("ID", "the run: a unique prefix of its id, or the name of the one live run that bears it")
_IDS = Argument("ID", "the runs: prefixes of ids, or names of live runs", "many")
_FOLLOW = Option(("-f", "--follow"), "go on until the run has ended and all is printed")
_FILE = Option(("-f", "--file"), "the manifest; - reads it from standard input", "FILE", required=True)

_CREATE = Command(
    "run create",
    "start a run from a manifest",
    "tui.commands.run_create:create",
    options=(
        _FILE,
        Option(("--name",), "another name for the run", "NAME"),
        Option(("--env",), "set a variable of the run; KEY alone takes its value from here", "KEY=VALUE", many=True),
        Option(("--set",), "change the manifest, e.g. vllm.args.max-model-len=4096", "PATH=VALUE", many=True),
        Option(("--cluster",), "where it runs", "NAME"),
        Option(("--wait",), "wait, saying each phase", "WHEN", choices=("ready", "end"), alone="ready"),
        Option(("-w", "--watch"), "print the log until the run has ended"),
        Option(("--dry-run",), "show what would be started, start nothing"),
        JSON,
    ),
    text="Exits 0 when the run was created; with --wait when it is ready, with --wait=end when it completed. Ctrl-C "
    "ends the waiting and the watching, never the run.",
    examples=(
        "vdeck run create -f qwen.yaml --wait",
        "vdeck run create -f qwen.yaml --name test --set vllm.args.max-model-len=4096 --dry-run",
        "HF_TOKEN=... vdeck run create -f llama.yaml --env HF_TOKEN",
    ),
)

_LIST = Command(
    "run list",
    "list the runs, newest first",
    "tui.commands.run_list:list_runs",
    options=(
        Option(("--live",), "only runs that have not ended"),
        Option(("--status",), "only runs of this status", "STATUS", choices=STATUSES, many=True),
        Option(("--name",), "only runs whose name matches, e.g. 'qwen*'", "GLOB"),
        JSON,
    ),
)

_READ = Command("run read", "show one run", "tui.commands.run_read:read", (_ID,), (JSON,))

_LOGS = Command(
    "run logs",
    "print the log of a run",
    "tui.commands.run_logs:logs",
    (_ID,),
    (
        _FOLLOW,
        Option(("--tail",), "only the last N lines; all prints every line (default: 200, or all with --since)", "N"),
        Option(("--since",), "only what was logged in this time, e.g. 5m", "TIME", "seconds"),
    ),
    text="Secrets are masked. On a terminal control characters are left out and colours are kept; a pipe gets the "
    "lines as they are. A line without a time of its own counts to the line before it.",
    examples=("vdeck run logs 3693 -f", "vdeck run logs qwen --since 5m | grep -i error"),
)

_EVENTS = Command(
    "run events", "print what happened to a run", "tui.commands.run_events:events", (_ID,), (_FOLLOW, JSON)
)

_METRICS = Command(
    "run metrics",
    "print the figures of a run",
    "tui.commands.run_metrics:metrics",
    (_ID,),
    (Option(("--window",), "the time that rates and percentiles cover", "TIME", "seconds", default="1m"), JSON),
    text="For a run that has ended the window ends with its last sample. What nobody measured is shown as -. A window "
    "shorter than four scrape intervals is made that long.",
)

_GOALS = Command(
    "run goals",
    "show or set what a run is to keep to",
    "tui.commands.run_goals:goals",
    (_ID,),
    (
        Option(("--ttft",), "time to the first token", "TIME", "seconds"),
        Option(("--itl",), "time from one token to the next", "TIME", "seconds"),
        Option(("--e2e",), "time of a whole request", "TIME", "seconds"),
        Option(("--share",), "how often: for the goals named beside it, else for all (default: 95%)", "SHARE"),
        Option(("--notify",), "when the run begins to miss one", "HOW", choices=("off", "bell", "desktop")),
        Option(("--clear",), "forget the goals that the run has; those named beside it are set"),
        JSON,
    ),
    text="The supervisor judges the last five minutes, once there are 20 requests (ITL: tokens) in them. Each goal is "
    "judged by itself: whether one request kept all of them is not in the metrics of vLLM.",
    examples=("vdeck run goals qwen --ttft 300ms --share 99% --notify bell", "vdeck run goals qwen --clear"),
)

_TERMINATE = Command(
    "run terminate",
    "stop runs",
    "tui.commands.run_stop:terminate",
    (_IDS,),
    (
        Option(("--force",), "kill at once instead of asking the processes to end"),
        Option(("--wait",), "wait until no process is left"),
    ),
)

_RESTART = Command("run restart", "stop a run and start it again", "tui.commands.run_stop:restart", (_ID,))

_CLONE = Command(
    "run clone", "start a new run from the manifest of another", "tui.commands.run_stop:clone", (_ID,), (JSON,)
)

_DELETE = Command(
    "run delete",
    "delete the records of runs that have ended, or detach attached ones",
    "tui.commands.run_stop:delete",
    (_IDS,),
    text="The log, the metrics and the events go with the record. A live run is refused: terminate it first. "
    "An attached run is detached: its server goes on.",
)

TABLE = Group(
    "run",
    "create, list, watch and stop runs",
    (_CREATE, _LIST, _READ, _LOGS, _EVENTS, _METRICS, _GOALS, _TERMINATE, _RESTART, _CLONE, _DELETE),
)
