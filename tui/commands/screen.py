"""``vdeck`` and ``vdeck tui``: the screen."""

from __future__ import annotations

import os
import sys

from launcher.errors import EXIT_DONE, UsageError
from tui.commands import output
from tui.commands.options import Argument, Command, Values

TABLE = Command(
    "tui",
    "open the screen (vdeck alone does the same)",
    "tui.commands.screen:open_screen",
    (Argument("MANIFEST", "manifests to offer first in the launch dialog", "any"),),
    text="Closing the screen leaves every run as it is.",
)


def open_screen(values: Values) -> int:
    """Open the screen and stay in it until it is closed. Raises UsageError without a terminal."""
    if not (output.is_terminal(sys.stdin) and output.is_terminal(sys.stdout)):
        raise UsageError("the screen needs a terminal", fix="use vdeck run list, or see vdeck --help")
    manifests = values.many("MANIFEST")
    for path in manifests:
        if not os.path.isfile(path):
            raise UsageError(f"there is no file {path}", fix="give the path of a manifest")
    from launcher.fleet import Fleet
    from launcher.runs import control
    from tui.app import VdeckApp

    app = VdeckApp(fleet=Fleet(), control=control, manifests=manifests)
    app.run()
    return app.return_code or EXIT_DONE
