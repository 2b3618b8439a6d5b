"""Which client measures: ``vllm bench serve`` of the run's own engine where there is one, else our own.

Nothing is started to find out: vLLM needs ten seconds to print its help. The file of the subcommand is looked for.
"""

from __future__ import annotations

import os
import shutil
import sys

from launcher import __version__, paths
from launcher.bench.command import Client
from launcher.bench.plan import Plan
from launcher.engines import find, look
from launcher.engines import version as versions
from launcher.errors import UsageError
from launcher.runs.record import RunRecord
from launcher.runs.view import RunView

_SUBCOMMAND = ("vllm", "entrypoints", "cli", "benchmark", "serve.py")
_BACKEND_SINCE = "0.10.2"
"""The release from which `vllm bench serve` takes ``--backend openai-chat``."""


def own() -> Client:
    """The client that comes with vdeck."""
    return Client("vdeck", (sys.executable, "-m", "launcher.bench.own"), f"vdeck {__version__}")


def choose(run: RunView, record: RunRecord, plan: Plan) -> Client:
    """The client for this plan. Raises UsageError when vLLM's is wanted and cannot be."""
    if plan.client == "vdeck" or (record.attached and plan.client == "auto"):
        return own()  # for an attached server nobody can say which tokenizer vLLM's client would need
    script = _script(run, record)
    why = _unfit(script, plan)
    if why is None and script is not None:
        return _vllm(script)
    if plan.client == "vllm":
        raise UsageError(why or "no vLLM is installed", fix="measure with the client of vdeck (--client vdeck)")
    return own()


def _vllm(script: str) -> Client:
    version = look.look(script).version
    old = version is not None and versions.key(version) < versions.key(_BACKEND_SINCE)
    label = f"vllm {version}" if version else "vllm"
    return Client("vllm", (script, "bench", "serve"), label, "--endpoint-type" if old else "--backend")


def _script(run: RunView, record: RunRecord) -> str | None:
    """The ``vllm`` of the run's engine: in the run's own environment, in its engine, else the one on PATH. A server
    that was only attached has none; with ``--client vllm`` any engine will do, and the first is taken."""
    if record.attached:
        known = find.engines()
        return known[0].vllm if known else None
    places = [os.path.join(paths.RunPaths(run.folder).environment, "bin"), record.engine_bin]
    for place in places:
        if place and os.access(os.path.join(place, "vllm"), os.X_OK):
            return os.path.join(place, "vllm")
    return shutil.which("vllm")


def _unfit(script: str | None, plan: Plan) -> str | None:
    """Why the engine's client cannot measure this plan, or None."""
    if script is None:
        return "no vLLM is installed beside this run"
    if not look.holds(script, *_SUBCOMMAND):
        return "the vLLM of this run has no `bench serve`"
    if plan.dataset == "custom" and not look.holds(script, "pandas", "__init__.py"):
        return "`vllm bench serve` reads custom data sets by pandas, which is not installed beside this vLLM"
    return None
