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
# pip of this run, which installs into this environment
exec "$(dirname "$0")/python" -m pip "$@"
"""

# Where the engine has no pip (uv makes such environments) this stands in for it, also for `python -m pip`: at its first
# use it makes room for the real one. A pip of our own for every run would cost each of them seconds.
_LATE_PIP = """\
import os, shutil, subprocess, sys
if __name__ == "__main__":
    import ensurepip
    shutil.rmtree(os.path.dirname(os.path.abspath(__file__)))
    subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=2)
    os.execv(sys.executable, [sys.executable, "-m", "pip", *sys.argv[1:]])
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
    seen = _see_engine(folder, os.path.dirname(engine_bin)) if engine_bin else ""
    if engine_bin:
        _own_script(folder, os.path.join(engine_bin, "vllm"))
    _add_pip(folder, seen)


def _packages(environment: str) -> str:
    """The site-packages of an environment, or ""."""
    found = glob.glob(os.path.join(glob.escape(environment), "lib", "python3.*", "site-packages"))
    return found[0] if found else ""


def _version(packages: str) -> str:
    """``python3.11`` of ``…/lib/python3.11/site-packages``."""
    return os.path.basename(os.path.dirname(packages))


def _add_pip(folder: str, sees: str) -> None:
    """``pip`` under all its names: one that is missing here would be found in the engine, further down the PATH."""
    packages = _packages(folder)
    if packages and not (sees and os.path.isdir(os.path.join(sees, "pip"))):
        os.makedirs(os.path.join(packages, "pip"), exist_ok=True)
        _write_script(os.path.join(packages, "pip", "__main__.py"), _LATE_PIP)
    for name in (_version(packages).replace("python", "pip"), "pip3", "pip"):
        if name:
            _write_script(os.path.join(folder, "bin", name), _PIP)


def _see_engine(folder: str, engine: str) -> str:
    """Make the engine's packages visible; where they are, "" when they are of another Python and cannot be."""
    theirs, own = _packages(engine), _packages(folder)
    if theirs and own and _version(theirs) == _version(own):
        with open(os.path.join(own, "zz_engine.pth"), "w", encoding="utf-8") as file:
            # as bytes: the file is read, and the path encoded, as the locale of the moment wants it
            file.write(f"import os, site; site.addsitedir(os.fsdecode({os.fsencode(theirs)!r}))\n")
        return theirs
    return ""


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
