"""The command line of ``vllm serve`` from the ``vllm:`` form of a manifest. Pure."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from launcher.runs.record import StepRecord

# Flags whose value is a secret: they travel by environment, never in a command line that `ps` shows to everybody.
SECRET_FLAGS = {"api-key": "VLLM_API_KEY", "hf-token": "HF_TOKEN"}


def flag(name: str, value: Any) -> list[str]:
    """One entry of ``args``: True is ``--x``, False ``--no-x``, None nothing, a list repeats, a mapping is JSON."""
    if value is None:
        return []
    if value is True:
        return [f"--{name}"]
    if value is False:
        return [f"--no-{name}"]
    if isinstance(value, Mapping):
        return [f"--{name}", json.dumps(value, ensure_ascii=False)]
    if isinstance(value, (list, tuple)):
        return [f"--{name}", *(json.dumps(v, ensure_ascii=False) if isinstance(v, Mapping) else str(v) for v in value)]
    return [f"--{name}", str(value)]


def local_model(model: str, base: str) -> str | None:
    """The folder that ``model`` names (relative to the manifest's folder ``base``), or None when it is a hub name."""
    path = os.path.expanduser(model)
    if not os.path.isabs(path):
        path = os.path.normpath(os.path.join(base, path))
    looks_like_path = model.startswith((".", "/", "~"))
    return path if looks_like_path or os.path.isdir(path) else None


def serve(
    vllm: str, model: str, args: Mapping[str, Any], *, host: str, port: int, served_name: str | None
) -> tuple[str, ...]:
    """``vllm serve MODEL --host … --port …`` and the manifest's arguments in their order, secret ones left out."""
    argv = [vllm, "serve", model, "--host", host, "--port", str(port)]
    if served_name is not None and "served-model-name" not in args:
        argv += ["--served-model-name", served_name]
    for name, value in args.items():
        if name not in ("host", "port") and name not in SECRET_FLAGS:
            argv += flag(name, value)
    return tuple(argv)


def display(argv: Sequence[str]) -> str:
    """The command as a shell takes it."""
    return " ".join(shlex.quote(part) for part in argv)


_SERVER = re.compile(r"\bvllm\s+serve\b|\bvllm\.entrypoints\.(?:openai\.)?api_server\b|\bvllm-openai\b")
_PORT = re.compile(r"--port[= ]+[\"']?(\d{1,5})\b")


def starts_vllm(command: str) -> bool:
    """True when a shell command starts a vLLM server."""
    return bool(_SERVER.search(command))


def flags(argv: Sequence[str]) -> dict[str, str | bool]:
    """``--name value`` and ``--name=value`` of a command line by name, ``-`` for ``_``; one without value is True, and
    of several the last counts."""
    found: dict[str, str | bool] = {}
    for index, word in enumerate(argv):
        if not word.startswith("--") or len(word) < 3:
            continue
        name, equals, value = word[2:].partition("=")
        following = argv[index + 1] if index + 1 < len(argv) else "--"
        found[name.replace("_", "-")] = value if equals else True if following.startswith("--") else following
    return found


def server_flags(steps: Iterable[StepRecord]) -> dict[str, str | bool]:
    """The flags of the first step that starts a vLLM server; none when no step does, or its quotes do not close."""
    for step in steps:
        if step.kind == "vllm":
            return flags(step.argv)
        if starts_vllm(step.display):
            try:
                return flags(shlex.split(step.display.replace("\\\n", " "), comments=True))
            except ValueError:
                return {}
    return {}


def wants_tls(text: str) -> bool:
    """True when a shell command gives a server a certificate: it speaks https then."""
    return bool(re.search(r"--ssl[-_](?:key|cert)file\b", text))


def serves_in_front(text: str) -> bool:
    """True when a shell command starts a vLLM server and waits for it: its end is the end of the server. A script that
    leaves the server in the background (``vllm serve … &``) ends by its own will."""
    whole = text.replace("\\\n", " ")
    found = (whole[match.start() :].partition("\n")[0] for match in _SERVER.finditer(whole))
    return any(re.search(r"(?<![&>])&(?![&>])", line) is None for line in found)


def literal_ports(commands: Iterable[str]) -> tuple[int, ...]:
    """Ports that commands which start a vLLM server name by number."""
    return tuple(int(found) for c in commands if starts_vllm(c) for found in _PORT.findall(c) if 0 < int(found) < 65536)


_MODEL = re.compile(r"\bvllm\s+serve\s+(\"[^\"]+\"|'[^']+'|[^\s\\-][^\s\\]*)|--model[= ]+(\"[^\"]+\"|'[^']+'|[^\s\\]+)")


def named_model(commands: Iterable[str], env: Mapping[str, str]) -> str | None:
    """The model that the first command which starts vLLM serves, ``$NAME`` looked up in the manifest's variables."""
    for command in commands:
        if starts_vllm(command):
            match = _MODEL.search(command)
            if match is None:
                return None
            word = (match.group(1) or match.group(2)).strip("\"'")
            variable = re.fullmatch(r"\$\{?(\w+)\}?", word)
            return env.get(variable.group(1)) if variable else word
    return None
