"""The environment of a run's processes: what they inherit, what is kept out, what vdeck adds."""

from __future__ import annotations

import os
from collections.abc import Mapping

from launcher.runs.record import RunRecord
from launcher.runs.tree import MARK

# Variables that would mix two servers, or put the files of a `pip install` somewhere else than into the run's
# environment.
KEPT_OUT = frozenset({
    "PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir",  # two servers would add up their metrics in one folder
    "VLLM_PORT", "VLLM_RPC_BASE_PATH", "VLLM_DP_MASTER_PORT", "MASTER_PORT", "MASTER_ADDR", "RANK", "LOCAL_RANK",
    "WORLD_SIZE", "PORT", "RUN_ID", "RUN_DIR", MARK,
    "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON", "PIP_REQUIRE_VIRTUALENV",
    "UV_PROJECT_ENVIRONMENT", "UV_SYSTEM_PYTHON", "UV_PYTHON",
    "PYTHONHOME", "PYTHONUSERBASE", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "__PYVENV_LAUNCHER__",
    "TEXTUAL", "TEXTUAL_LOG", "COLUMNS", "LINES",
})  # fmt: skip


def build(
    record: RunRecord,
    *,
    folder: str,
    own_env: str | None,
    secrets: Mapping[str, str],
    inherited: Mapping[str, str],
    nvidia: bool = False,
) -> dict[str, str]:
    """The whole environment for the steps of ``record``.

    ``own_env`` is the run's own Python environment, first on PATH; the engine's folder comes right behind it. GPUs are
    given by CUDA_VISIBLE_DEVICES, empty for a run without any on a machine that has some (``nvidia``); where we cannot
    count them (ROCm obeys the variable too) it is left alone. What the manifest says wins over what is inherited, and
    over all that vdeck adds but the mark by which a run's processes are found again.
    """
    env = {name: value for name, value in inherited.items() if name not in KEPT_OUT}
    path = [part for part in (inherited.get("PATH") or os.defpath).split(os.pathsep) if part]
    if record.engine_bin:
        path.insert(0, record.engine_bin)
    if own_env:
        path.insert(0, os.path.join(own_env, "bin"))
        env["VIRTUAL_ENV"] = own_env
    env["PATH"] = os.pathsep.join(path)
    env["PYTHONUNBUFFERED"] = "1"  # a log that waits in a buffer is no log
    env["RUN_ID"] = record.id
    env["RUN_DIR"] = folder
    for number, port in enumerate(record.ports):
        if number == 0:
            env["PORT"] = str(port.port)
        env[f"PORT_{_identifier(port.name)}"] = str(port.port)
    if record.gpus or nvidia:
        env["CUDA_VISIBLE_DEVICES"] = ",".join(str(index) for index in record.gpus)
    env.update(record.env)
    env.update(secrets)
    env[MARK] = folder
    return env


def _identifier(name: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in name).upper()
