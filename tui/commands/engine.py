"""``vdeck engine …``: the vLLMs of this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from launcher.errors import EXIT_DONE
from tui.commands import output
from tui.commands.options import JSON, Argument, Command, Group, Option, Values

if TYPE_CHECKING:
    from launcher.engines.engine import Engine
    from launcher.engines.progress import Progress

TABLE = Group(
    "engine",
    "find, install and remove vLLMs",
    (
        Command("engine list", "list the engines", "tui.commands.engine:list_engines", (), (JSON,)),
        Command(
            "engine install",
            "install a vLLM in an environment of its own",
            "tui.commands.engine:install",
            (
                Argument("VERSION", "a version of vLLM, e.g. 0.33.0 (default: one that is known to work)", "optional"),
                Argument("PIP_ARGS", "handed on to pip, e.g. --index-url", "rest"),
            ),
            (
                Option(
                    ("--variant",), "what it is built for", "VARIANT", choices=("auto", "cuda", "cpu"), default="auto"
                ),
                JSON,
            ),
            text="An installation that was interrupted goes on where it stopped. pip's own settings apply.",
            examples=("vdeck engine install", "vdeck engine install 0.33.0 --variant cpu -- --no-cache-dir"),
        ),
        Command(
            "engine remove",
            "remove an installed engine",
            "tui.commands.engine:remove",
            (Argument("NAME", "its name as engine list shows it, or its version"),),
        ),
    ),
)


def list_engines(values: Values) -> int:
    """Print all engines, and on standard error what looks like one and is not."""
    from launcher.engines import find

    found = find.engines()
    if values.flag("json"):
        output.document([document(engine) for engine in found])
        return EXIT_DONE
    header = ("Name", "Version", "Variant", "Source", "Command")
    rows = [(e.name, e.version or "-", e.variant, e.source, e.vllm) for e in found]
    for line in output.table([header, *rows]):
        output.say(line)
    for broken in find.unusable():
        output.note(f"{broken.name} cannot be used: {broken.reason}; {broken.fix}")
    if not found:
        output.note("No vLLM was found. Install one with: vdeck engine install")
    return EXIT_DONE


def install(values: Values) -> int:
    """Install an engine, saying each step on standard error."""
    from launcher.engines import install as installer

    progress = output.Progress()

    def report(step: Progress) -> None:
        progress.show(*progress_text(step))

    try:
        engine = installer.install(
            values.text("VERSION"),
            variant=values.word("variant"),
            report=report,
            extra_pip_args=values.many("PIP_ARGS"),
        )
    finally:
        progress.done()
    if values.flag("json"):
        output.document(document(engine))
    else:
        output.say(f"Installed {engine.name}: vLLM {engine.version or '(unknown version)'} for {engine.variant}.")
    return EXIT_DONE


def remove(values: Values) -> int:
    """Remove an installed engine, unless a live run uses it."""
    from launcher.engines import remove as remover
    from launcher.runs.listing import load_all

    def in_use(folder: str) -> str | None:
        for run in load_all():
            if run.live and run.engine is not None and run.engine in (folder, os.path.basename(folder)):
                return f"run {run.id} ({run.name})"
        return None

    output.say(f"Removed {remover.remove(values.word('NAME'), in_use=in_use)}.")
    return EXIT_DONE


def progress_text(step: Progress) -> tuple[str, str]:
    """The step, and how far it is."""
    far = f"{step.done}/{step.total}" if step.total > 0 else ""
    return step.step, f"{far} {step.line}".strip()


def document(engine: Engine) -> dict[str, Any]:
    """One engine for ``--json``."""
    return dict(engine._asdict())
