"""Which engines there are, and which one a run takes. Reads file names only: no process is started."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NamedTuple, cast, get_args

from launcher import paths
from launcher.engines import folder as folders
from launcher.engines import version as versions
from launcher.engines.engine import PATH_NAME, Engine, Variant
from launcher.engines.folder import EngineFolder
from launcher.engines.look import look
from launcher.errors import VdeckError


class Unusable(NamedTuple):
    """A folder among the engines that cannot serve, with the reason in one clause and the command that helps."""

    name: str
    folder: str
    reason: str
    fix: str


def engines() -> tuple[Engine, ...]:
    """The `vllm` on PATH first (if any), then the installed engines, newest first."""
    own = installed()
    other = on_path()
    return own if other is None else (other, *own)


def on_path() -> Engine | None:
    """The `vllm` that the shell would start, or the one beside vdeck itself; None when it is an installed engine's."""
    script = shutil.which("vllm") or shutil.which("vllm", path=os.path.dirname(sys.executable))
    if script is None or _inside_engines(script):
        return None
    script = os.path.abspath(script)
    seen = look(script)
    return Engine(PATH_NAME, seen.version, seen.variant, script, seen.python, "path")


def installed() -> tuple[Engine, ...]:
    """The finished engines in the engines folder, newest first."""
    found = [engine for engine in map(read, folders.names()) if engine is not None]
    return tuple(sorted(found, key=lambda engine: (versions.key(engine.version), engine.name), reverse=True))


def read(name: str) -> Engine | None:
    """The installed engine of this name; None when it is not finished or has lost its interpreter."""
    place = EngineFolder(name)
    marker = folders.read_json(place.marker)
    if marker is None or not (os.access(place.vllm, os.X_OK) and os.path.exists(place.python)):
        return None
    seen = look(place.vllm)  # before the marker: people run pip in an engine
    told = marker.get("version")
    kind = marker.get("variant")
    variant = cast(Variant, kind) if seen.variant == "unknown" and kind in get_args(Variant) else seen.variant
    version = seen.version or (told if isinstance(told, str) else None)
    return Engine(name, version, variant, place.vllm, seen.python or place.python, "installed", place.path)


def unusable() -> tuple[Unusable, ...]:
    """Folders that are no engine (yet): begun and not finished, or broken since."""
    found = []
    for name in folders.names():
        if read(name) is not None:
            continue
        place = EngineFolder(name)
        again = install_command(*_split(name))
        if not os.path.exists(place.marker):
            if os.path.exists(place.journal):
                reason = "its installation was not finished"
                found.append(Unusable(name, place.path, reason, f"{again} goes on with it"))
        else:
            lost = "its Python is gone" if not os.path.exists(place.python) else "its vllm command is gone"
            found.append(Unusable(name, place.path, lost, f"vdeck engine remove {name}, then {again}"))
    return tuple(found)


def _split(name: str) -> tuple[str | None, str | None]:
    version, _, variant = name.rpartition("-")
    return (version or None, variant if variant in ("cpu", "cuda") else None)


def _inside_engines(script: str) -> bool:
    root = os.path.realpath(paths.engines_dir()) + os.sep
    return os.path.realpath(script).startswith(root) or os.path.abspath(script).startswith(paths.engines_dir() + os.sep)


def install_command(version: str | None = None, variant: str | None = None) -> str:
    """The command line that installs it, as a person types it."""
    words = ["vdeck engine install", version or "", f"--variant {variant}" if variant else ""]
    return " ".join(word for word in words if word)


def choose(version: str | None, *, gpu: bool) -> Engine:
    """The engine for a run: the wanted version, else the `vllm` on PATH, else the newest that fits. Raises VdeckError.

    ``gpu`` tells whether the run uses a GPU. The `vllm` on PATH may be an installed engine's (its bin folder on PATH).
    """
    script = shutil.which("vllm")
    first = os.path.realpath(script) if script else None
    known = sorted(engines(), key=lambda engine: engine.source != "path" and os.path.realpath(engine.vllm) != first)
    return pick(known, version, gpu=gpu, preferred=first)


def pick(known: Sequence[Engine], version: str | None, *, gpu: bool, preferred: str | None = None) -> Engine:
    """``choose`` without the disk: ``known`` in the order of preference, the PATH engine (if any) first.

    A CPU build never takes a GPU's run: it would serve a hundred times slower and say nothing. A CUDA build without a
    GPU cannot start, so it is only the last resort, and only from PATH: whoever put it there may know better.
    """
    wanted = [e for e in known if version is None or e.name == version or versions.matches(e.version, version)]
    fitting = [engine for engine in wanted if _fits(engine, gpu)]
    if fitting:
        # Exact variants before unknown ones, except the one on PATH, which the user put first on purpose.
        return min(fitting, key=lambda e: (not _is_first(e, preferred), e.variant == "unknown"))
    last_resort = [engine for engine in wanted if not gpu and engine.source == "path"]
    if last_resort:
        return last_resort[0]
    raise _nothing(known, wanted, version, gpu)


def _is_first(engine: Engine, preferred: str | None) -> bool:
    return engine.source == "path" or (preferred is not None and os.path.realpath(engine.vllm) == preferred)


def _fits(engine: Engine, gpu: bool) -> bool:
    return engine.variant == "unknown" or (engine.variant != "cpu" if gpu else engine.variant == "cpu")


def _nothing(known: Sequence[Engine], wanted: Sequence[Engine], version: str | None, gpu: bool) -> VdeckError:
    use = "for a GPU" if gpu else "for a machine without a GPU"
    if wanted:
        names = ", ".join(f"{engine.name} ({engine.variant})" for engine in wanted)
        what = f"vLLM {version} is" if version else "vLLM is"
        title, detail = f"{what} installed, but not {use}", f"installed: {names}"
    elif version:
        have = ", ".join(f"{e.version or 'unknown version'} ({e.variant}, {e.source})" for e in known) or "none"
        title, detail = f"vLLM {version} is not installed", f"engines: {have}"
    else:
        title, detail = "no vLLM is installed", f"no vllm on PATH, no engine in {paths.engines_dir()}"
    variant = ("cuda" if gpu else "cpu") if wanted else None
    bare = version.removesuffix("-cpu").removesuffix("-cuda").removesuffix("+cpu") if version else None
    return VdeckError(title, detail=detail, fix=f"Run: {install_command(bare, variant)}")
