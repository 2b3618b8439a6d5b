"""Which vLLM is the newest on the user's package index: asked of pip, so that its settings hold."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence

from launcher import paths
from launcher.engines import pip_errors
from launcher.engines.environment import for_pip, for_tools
from launcher.engines.find import install_command
from launcher.engines.machine import Python
from launcher.engines.progress import Progress
from launcher.errors import VdeckError
from launcher.runs import process

_WITH_VALUE = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host", "--cert", "--proxy")
_ALONE = ("--no-index", "--pre")


def newest_version(python: Python, extra: Sequence[str], report: Callable[[Progress], None]) -> str:
    """The newest version of ``vllm`` for this Python. Raises VdeckError.

    In an environment that is thrown away: the Python at hand may lack pip, and the engine's folder bears the version.
    """
    report(Progress("version", 0, 1, "asking the package index for the newest vLLM"))
    with tempfile.TemporaryDirectory(prefix=".newest-", dir=paths.engines_dir()) as scratch:
        code, output = process.run([python.path, "-I", "-m", "venv", scratch], env=for_tools(os.environ))
        if code == 0:
            pip = [os.path.join(scratch, "bin", "python"), "-I", "-m", "pip"]
            argv = [*pip, "index", "versions", *index_args(extra), "vllm"]
            code, output = process.run(argv, env=for_pip(os.environ, scratch=scratch))
    found = re.search(r"^vllm \((?P<version>[^)]+)\)$", output, re.MULTILINE)
    if code == 0 and found:
        report(Progress("version", 1, 1, f"the newest is {found['version']}"))
        return found["version"]
    if code != 0:
        raise pip_errors.explain(output, code, what="vLLM", variant="cuda", again=install_command(variant="cuda"))
    fix = f"name the version: {install_command('VERSION', 'cuda')}"
    raise VdeckError("pip did not tell the newest vLLM", detail=pip_errors.decisive(output), fix=fix)


def index_args(extra: Sequence[str]) -> list[str]:
    """Those of pip's install options that say where to look; `pip index` knows no others."""
    kept: list[str] = []
    words = iter(extra)
    for word in words:
        if word in _ALONE or word.startswith(tuple(f"{name}=" for name in _WITH_VALUE if name.startswith("--"))):
            kept.append(word)
        elif word in _WITH_VALUE:
            kept += [word, next(words, "")]
    return kept
