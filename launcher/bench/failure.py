"""Why a client ended badly, from what it printed. Pure."""

from __future__ import annotations

import re

from launcher.text import clean_line, shorten

_ERROR = re.compile(
    r"^(?:[A-Za-z_][\w.]*)?(?:Error|Exception|Interrupt|NotFound|Exit)\b:?.*|.*\berror: .+|.*\bERROR\b.+"
)
_NOISE = re.compile(r"^(?:\s|Traceback |During handling|The above exception|For further information|\^)")


def decisive(output: str, code: int) -> str:
    """The line that says it: the last that looks like an error, else the last at all; one clause."""
    lines = [clean_line(line) for line in re.split(r"[\r\n]+", output) if line.strip() and not _NOISE.match(line)]
    said = next((line for line in reversed(lines) if _ERROR.match(line)), lines[-1] if lines else "")
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"the client ended with {how}: {shorten(said.strip(), 300)}" if said else f"the client ended with {how}"
