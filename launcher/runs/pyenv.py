"""The Python environment that is a run's own, first on the PATH of its steps.

A step may ``pip install`` what it likes: it lands here, and neither in the user's environment, nor in vdeck's, nor in
the engine that other runs share. The engine's packages are seen through a path file behind the run's own, so that
``vllm`` is there without an install, and a package that a step adds is seen by that ``vllm``.
"""

from __future__ import annotations

import glob
import os

from launcher.errors import VdeckError
from launcher.runs import process

_PIP = """#!/bin/sh
# pip of this run: of the engine when it has one, else fetched into this environment at first use
here=$(cd "$(dirname "$0")" && pwd)
"$here/python" -c 'import pip' 2>/dev/null || "$here/python" -m ensurepip >/dev/null || exit 1
exec "$here/python" -m pip "$@"
"""


def create(folder: str, *, python: str, engine_bin: str | None) -> None:
    """Make the environment ``folder`` with the interpreter ``python``; nothing happens when it is there.

    ``engine_bin``: the folder of the engine's ``vllm``, whose packages are to be seen. Raises VdeckError with the
    output of the failed command.
    """
    if os.path.exists(os.path.join(folder, "bin", "pip")):
        return
    code, output = process.run([python, "-m", "venv", "--without-pip", folder], timeout_s=120)
    if code != 0:
        last = output.strip().splitlines()[-1:] or [f"exit code {code}"]
        raise VdeckError(
            f"the run's Python environment could not be made: {last[0]}", detail=output,
            fix=f"check `{python} -m venv`, and the space on the disk",
        )  # fmt: skip
    if engine_bin:
        _see_engine(folder, os.path.dirname(engine_bin))
        _own_script(folder, os.path.join(engine_bin, "vllm"))
    for name in ("pip", "pip3"):
        _write_script(os.path.join(folder, "bin", name), _PIP)


def _see_engine(folder: str, engine: str) -> None:
    theirs = glob.glob(os.path.join(glob.escape(engine), "lib", "python3.*", "site-packages"))
    own = glob.glob(os.path.join(glob.escape(folder), "lib", "python3.*", "site-packages"))
    if theirs and own and os.path.basename(os.path.dirname(theirs[0])) == os.path.basename(os.path.dirname(own[0])):
        with open(os.path.join(own[0], "zz_engine.pth"), "w", encoding="utf-8") as file:
            file.write(f"import site; site.addsitedir({theirs[0]!r})\n")


def _own_script(folder: str, script: str) -> None:
    """The engine's ``vllm`` script again, run by this environment's interpreter."""
    try:
        with open(script, encoding="utf-8") as file:
            first, _, rest = file.read().partition("\n")
    except (OSError, UnicodeDecodeError):
        return
    if first.startswith("#!") and "python" in first:
        # the two-line form: an interpreter path in a #! line may hold neither a space nor more than 127 bytes
        python = os.path.join(folder, "bin", "python")
        _write_script(
            os.path.join(folder, "bin", "vllm"), f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n{rest}"
        )


def _write_script(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)
