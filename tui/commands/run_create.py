"""``vdeck run create``: a manifest in, a run out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from launcher.errors import EXIT_DONE, EXIT_INTERRUPTED, UsageError
from launcher.runs.view import RunView, to_json
from tui import format as words
from tui.commands import output, waiting
from tui.commands.options import Values

if TYPE_CHECKING:
    from launcher.manifest.overrides import Overrides
    from launcher.manifest.problems import Problem

STDIN = "stdin"
"""What problems call a manifest that has no file."""
MAX_BYTES = 16_000_000
"""More than the reader accepts, so that the reader says what is wrong; less than what fills the memory."""


def create(values: Values) -> int:
    """Check the manifest, say its warnings, start the run, and wait or watch when asked to."""
    from launcher.manifest import reader
    from launcher.manifest.problems import ManifestError
    from launcher.runs import control

    if values.flag("watch") and (values.flag("json") or values.flag("wait")):
        raise UsageError("--watch goes neither with --json nor with --wait", fix="drop one of them")
    text, file = read_manifest(values.word("file"))
    overrides = overrides_of(values)
    if values.flag("dry-run"):
        from tui.commands.run_plan import show_plan

        prepared = control.prepare(text, file=file, overrides=overrides)
        return show_plan(prepared, file=file or STDIN, as_json=values.flag("json"))
    reading = reader.read_text(text, file=file or STDIN, overrides=overrides)
    if reading.manifest is None:
        raise ManifestError(reading.problems, file or STDIN)
    tell(reading.problems)
    run = control.create(text, file=file, overrides=overrides)
    tell_notes(run)
    if not values.flag("json"):
        announce(run)
    try:
        return _afterwards(values, run)
    except KeyboardInterrupt:
        waiting.goes_on(run.id)
        return EXIT_INTERRUPTED


def _afterwards(values: Values, run: RunView) -> int:
    if values.flag("watch"):
        from tui.commands.run_logs import follow_to_end

        return waiting.check_completed(follow_to_end(run))
    until = values.text("wait")
    if until is not None:
        run = waiting.wait_for(run.id, until)
    if values.flag("json"):
        output.document(to_json(run))
    if until is None:
        return EXIT_DONE
    code = waiting.check_ready(run) if until == "ready" else waiting.check_completed(run)
    if until == "ready" and not values.flag("json"):
        output.say(f"Ready{_after(run)}: {run.url or run.name}")
    return code


def _after(run: RunView) -> str:
    if run.ready_at is None or run.created is None:
        return ""
    return f" after {words.seconds(run.ready_at - run.created)}"


def announce(run: RunView) -> None:
    """Say that a run was created and how to look at it, as ``vessl run create`` does."""
    output.say(f"Created '#{run.id}' ({run.name}).")
    for endpoint in run.endpoints:
        output.say(f"Endpoint {endpoint.name}: {endpoint.url}")
    output.say(f"Check your Run at: vdeck run logs {run.id} -f")


def tell(problems: tuple[Problem, ...]) -> None:
    """Warnings and notes of a manifest that runs all the same, on standard error."""
    for problem in problems:
        output.note(str(problem))


def tell_notes(run: RunView) -> None:
    """What the run goes on without, or with instead (a folder that is mapped, a secret nobody knows)."""
    from launcher.paths import RunPaths
    from launcher.runs.listing import load_record

    made, _ = load_record(RunPaths(run.folder))
    for note in made.notes if made is not None else ():
        output.note(f"note: {note}")


def read_manifest(file: str) -> tuple[str, str]:
    """The text of a manifest and its file (``""``: standard input). Raises UsageError when it is unreadable."""
    name = STDIN if file == "-" else file
    try:
        if file == "-":
            raw = output.standard_input(MAX_BYTES)
        else:
            with open(file, "rb") as stream:
                raw = stream.read(MAX_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}", fix="give the path of a manifest") from error
    try:
        return raw.decode("utf-8"), "" if file == "-" else file
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{name} is not UTF-8 text (line {line})", fix="save it as UTF-8") from error


def overrides_of(values: Values) -> Overrides:
    """What the options change in the manifest."""
    from launcher.manifest.overrides import Overrides

    return Overrides(
        name=values.text("name"),
        env=tuple(_variable(word) for word in values.many("env")),
        sets=tuple(_assignment(word) for word in values.many("set")),
        cluster=values.text("cluster"),
    )


def _variable(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name:
        raise UsageError(f"--env cannot be {word!r}", fix="give it as --env KEY=VALUE")
    if equals:
        return name, value
    if name not in os.environ:
        fix = f"give it as --env {name}=VALUE, or export it"
        raise UsageError(f"--env {name}: there is no such variable here", fix=fix)
    return name, os.environ[name]


def _assignment(word: str) -> tuple[str, str]:
    path, equals, value = word.partition("=")
    if not path or not equals:
        raise UsageError(f"--set cannot be {word!r}", fix="give it as --set PATH=VALUE, e.g. resources.gpus=1")
    return path, value
