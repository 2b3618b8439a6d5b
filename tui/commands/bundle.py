"""``vdeck bundle``: one file for a bug report."""

from __future__ import annotations

import os

from launcher.errors import EXIT_DONE
from tui.commands import output
from tui.commands.options import JSON, Argument, Command, Option, Values

TABLE = Command(
    "bundle",
    "pack what a bug report needs into one file, secrets masked",
    "tui.commands.bundle:bundle",
    (Argument("ID", "the run: a unique prefix of its id, or the name of the one live run that bears it"),),
    (Option(("-o", "--output"), "the file to write, or a folder for it; else ./vdeck-ID.tar.gz", "FILE"), JSON),
    text="Manifest, record, state, events, log (its first 256 KiB and last 2 MiB), diagnosis, last figures, GPUs and "
    "versions. A file that is there is never replaced. Works for damaged and lost runs too.",
)


def bundle(values: Values) -> int:
    """Pack the run and say where, and what is in it."""
    from launcher.runs import bundle as bundles
    from launcher.runs import control
    from tui.commands.which import run_of

    path = control.bundle(run_of(values.word("ID")).id, values.text("output"))
    found = bundles.files(path)
    if values.flag("json"):
        files = [{"name": name, "bytes": size} for name, size in found]
        output.document({"path": path, "bytes": os.path.getsize(path), "files": files})
        return EXIT_DONE
    output.say(f"Packed {len(found)} files into {path}")
    output.note("Secrets are masked; look through it before you publish it (README.txt says what is not masked).")
    return EXIT_DONE
