"""The environment of a client. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from launcher.runs import environment
from launcher.runs.record import RunRecord
from launcher.runs.tree import MARK

KEY = "OPENAI_API_KEY"
_OF_THE_RUN = (MARK, "RUN_ID", "RUN_DIR", "PORT")


def build(
    record: RunRecord, *, folder: str, own_env: str | None, secrets: Mapping[str, str], inherited: Mapping[str, str],
    root: str | None, host: str,
) -> dict[str, str]:  # fmt: skip
    """As the server had it (a tokenizer is looked for where the server found its model), without the mark by which the
    run's own processes are known: the supervisor would count the client as one of them, and stop it.

    ``root``: where vdeck lies, for our own client; None for vLLM's, which must not find vdeck's packages before its
    own. ``host``: the server; a proxy of the environment is not for servers on this machine.
    """
    env = environment.build(record, folder=folder, own_env=own_env, secrets=secrets, inherited=inherited)
    for name in list(env):
        if name in _OF_THE_RUN or name.startswith("PORT_"):
            del env[name]
    env.pop(KEY, None)
    key = secrets.get("VLLM_API_KEY")
    if key:
        env[KEY] = key
    env["PYTHONUNBUFFERED"] = "1"
    if root is not None:
        env["PYTHONPATH"] = ":".join(part for part in (root, env.get("PYTHONPATH", "")) if part)
    if host in ("127.0.0.1", "::1", "localhost"):
        for name in ("no_proxy", "NO_PROXY"):
            env[name] = ",".join(part for part in (env.get(name, ""), host) if part)
    return env
