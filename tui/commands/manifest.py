"""``vdeck manifest …``: check manifests, print their schema, write a new one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from launcher.errors import EXIT_DONE, EXIT_USAGE, UsageError
from tui.commands import output
from tui.commands.options import JSON, Argument, Command, Group, Option, Values

if TYPE_CHECKING:
    from launcher.manifest.problems import Problem
    from launcher.manifest.reader import Reading

TABLE = Group(
    "manifest",
    "check and make manifests",
    (
        Command(
            "manifest check",
            "say every problem of manifests, at its line",
            "tui.commands.manifest:check",
            (Argument("FILE", "manifests; - is standard input", "many"),),
            (JSON,),
            text="Prints file:line:column: severity: what. fix. Exits 2 when there is an error; warnings and notes are "
            "none.",
        ),
        Command(
            "manifest schema",
            "print the JSON schema of manifests, for editors",
            "tui.commands.manifest:schema",
            text="Point an editor to it with a first line: # yaml-language-server: $schema=manifest.schema.json",
            examples=("vdeck manifest schema > manifest.schema.json",),
        ),
        Command(
            "manifest new",
            "print a manifest to start from",
            "tui.commands.manifest:new",
            (Argument("MODEL", "a hub name or a folder", "optional"),),
            (Option(("-o", "--output"), "write it to this file, which must not exist yet", "FILE"),),
            examples=("vdeck manifest new Qwen/Qwen3-0.6B -o qwen.yaml",),
        ),
    ),
)


def check(values: Values) -> int:
    """Read every file and print all problems; exit code 2 when one of them is an error."""
    readings = [(file, _read(file)) for file in values.many("FILE")]
    if values.flag("json"):
        output.document([report(file, reading) for file, reading in readings])
    else:
        for file, reading in readings:
            for problem in reading.problems:
                output.say(str(problem))
            output.say(f"{file}: {summary(reading.problems)}")
    return EXIT_USAGE if any(_errors(reading) for _, reading in readings) else EXIT_DONE


def schema(values: Values) -> int:
    """Print the JSON schema."""
    from launcher.manifest.schema import json_schema

    output.document(json_schema())
    return EXIT_DONE


def new(values: Values) -> int:
    """Print a new manifest or write it to a file. Raises UsageError when the file is there already."""
    from launcher.manifest.template import new_manifest

    text = new_manifest(values.text("MODEL"))
    path = values.text("output")
    if path is None or path == "-":
        sys.stdout.write(text)
        return EXIT_DONE
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", fix="choose another name, or delete it first") from error
    output.note(f"Wrote {path}. Start it with: vdeck run create -f {path}")
    return EXIT_DONE


def report(file: str, reading: Reading) -> dict[str, Any]:
    """The result of one file for ``--json``."""
    manifest = reading.manifest
    return {
        "file": file,
        "ok": not _errors(reading),
        "name": manifest.name if manifest else None,
        "type": manifest.type if manifest else None,
        "problems": [document(problem) for problem in reading.problems],
    }


def document(problem: Problem) -> dict[str, Any]:
    """One problem for ``--json``."""
    return {
        "severity": problem.severity,
        "file": problem.file or None,
        "line": problem.line,
        "column": problem.column,
        "what": problem.what,
        "fix": problem.fix or None,
    }


def summary(problems: tuple[Problem, ...]) -> str:
    """``ok``, or ``1 error, 2 warnings``."""
    parts = []
    for severity in ("error", "warning", "note"):
        number = sum(problem.severity == severity for problem in problems)
        if number:
            parts.append(f"{number} {severity}{'s' if number > 1 else ''}")
    bad = any(problem.severity == "error" for problem in problems)
    return ", ".join(parts if bad else ["ok", *parts])


def _errors(reading: Reading) -> bool:
    return reading.manifest is None or any(problem.severity == "error" for problem in reading.problems)


def _read(file: str) -> Reading:
    from launcher.manifest import reader

    if file != "-":
        return reader.read_file(file)
    from tui.commands.run_create import MAX_BYTES

    return reader.read_text(output.standard_input(MAX_BYTES), file="stdin")
