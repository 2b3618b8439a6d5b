"""Install an engine: an environment of its own, filled by pip, proven by `vllm --version`, only then marked as there.

It can be cut off at any moment and goes on with the next call: a journal in the folder tells which steps are done, and
pip's own cache saves the downloads.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence

from launcher import paths
from launcher.engines import find, machine, newest, recipe, site
from launcher.engines import folder as folders
from launcher.engines import version as versions
from launcher.engines.engine import Engine
from launcher.engines.environment import for_tools
from launcher.engines.folder import EngineFolder
from launcher.engines.lock import hold, interruptible
from launcher.engines.look import look
from launcher.engines.pip import Pip
from launcher.engines.progress import Progress
from launcher.engines.recipe import Recipe
from launcher.errors import UsageError, VdeckError

Report = Callable[[Progress], None]
_CHECK_S = 600.0


def install(
    version: str | None = None, *, variant: str = "auto", report: Report, extra_pip_args: Sequence[str] = ()
) -> Engine:
    """Install vLLM ``version`` (None: the newest for CUDA, the one with pins for CPU), or go on with a cut-off attempt.

    ``variant`` auto takes cuda when a GPU is there, else cpu. ``extra_pip_args`` go to pip as they are. ``report`` is
    told each step; an exception it raises stops the installation as Ctrl-C does. An engine that is there already is
    returned as it is. Raises UsageError for a wrong version or variant, VdeckError with pip's decisive line otherwise.
    """
    kind = _variant(variant, version)
    plain = None if version is None else recipe.check_version(version, kind)
    with interruptible():
        _make_root()
        if plain is not None and (there := find.read(f"{plain}-{kind}")) is not None:
            return there
        python = machine.find_python()
        if plain is None:
            plain = recipe.PINNED_CPU if kind == "cpu" else newest.newest_version(python, extra_pip_args, report)
        plan = recipe.make(plain, kind, python)
        place = EngineFolder(plan.name)
        waiting = f"{plan.name}: waiting for %s, which installs it"
        with hold(place.lock, waiting=lambda who: report(Progress("wait", 0, 0, waiting % who))):
            there = find.read(plan.name)
            return there if there is not None else Installation(plan, place, report, extra_pip_args).go()


def _variant(variant: str, version: str | None) -> str:
    if variant == "auto":
        told = versions.variant_of_local(versions.local(version or ""))
        variant = told or ("cuda" if machine.gpu_present() else "cpu")
    if variant not in ("cpu", "cuda"):
        fix = "take auto, cuda or cpu; for ROCm put vLLM's own installation on PATH, vdeck finds it there"
        raise UsageError(f"vdeck does not install the variant {variant!r}", fix=fix)
    return variant


def _make_root() -> None:
    root = paths.engines_dir()
    try:
        os.makedirs(root, exist_ok=True)
        for name in os.listdir(root):
            if name.startswith(".removed-"):  # a removal that was cut off
                shutil.rmtree(os.path.join(root, name), ignore_errors=True)
    except OSError as error:
        fix = "put engines elsewhere with VDECK_ENGINES=/path"
        raise VdeckError(f"cannot write in {root}: {error.strerror}", fix=fix) from error


class Installation:
    """One attempt, under the engine's lock."""

    def __init__(self, plan: Recipe, place: EngineFolder, report: Report, extra: Sequence[str]) -> None:
        self._plan = plan
        self._place = place
        self._report = report
        self._extra = tuple(extra)
        self._done: list[str] = []
        self._pip = Pip(place, self._again(), report)

    def go(self) -> Engine:
        """All steps that are not done yet, in their order."""
        began = time.time()
        machine.check_room(self._place.path, self._plan.bytes)
        self._take_up()
        steps = {"environment": self._environment, "packages": self._packages, "tidy": self._tidy, "check": self._check}
        for name, step in steps.items():
            if name not in self._done:
                step()
                self._done.append(name)
                self._write_journal()
        seconds = round(time.time() - began, 1)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        told = look(self._place.vllm)
        folders.write_json(
            self._place.marker,
            {"version": told.version or self._plan.version, "variant": self._plan.variant, "python": self._place.python,
             "created": created, "seconds": seconds},
        )  # fmt: skip
        engine = find.read(self._place.name)
        if engine is None:
            raise VdeckError(f"{self._place.path} was changed while it was installed", fix=f"Run: {self._again()}")
        self._report(Progress("done", 1, 1, f"{engine.name} is installed"))
        return engine

    def _again(self) -> str:
        return find.install_command(self._plan.version, self._plan.variant)

    def _take_up(self) -> None:
        """Go on with the journal of an attempt with the same recipe; sweep the folder of any other."""
        journal = folders.read_json(self._place.journal) or {}
        done = journal.get("done")
        if journal.get("recipe") == self._plan.fingerprint and isinstance(done, list) and "environment" in done:
            self._done = [str(name) for name in done if name != "check"]
            if os.path.exists(self._place.python) and not self._is_spoiled():
                self._pip.note(f"going on after {', '.join(self._done)}")
                return
        self._done = []
        shutil.rmtree(self._place.path, ignore_errors=True)
        os.makedirs(self._place.path, exist_ok=True)
        self._write_journal()

    def _is_spoiled(self) -> bool:
        """Complete once and broken since, or without a script that pip would not bring back."""
        lost_script = "packages" in self._done and not os.access(self._place.vllm, os.X_OK)
        return lost_script or os.path.exists(self._place.marker)

    def _write_journal(self) -> None:
        plan = self._plan
        folders.write_json(
            self._place.journal,
            {"recipe": plan.fingerprint, "version": plan.version, "variant": plan.variant, "done": self._done},
        )

    def _environment(self) -> None:
        python = self._plan.python
        number = ".".join(map(str, python.version))
        self._report(Progress("environment", 0, 1, f"making an environment with Python {number}"))
        argv = [python.path, "-I", "-m", "venv", self._place.path]
        code, output = self._pip.command(argv, for_tools(os.environ))
        if code != 0:
            lines = [line for line in output.splitlines() if line.strip()]
            fix = "install your system's python3-venv package, or put another python3.12 on PATH"
            detail = f"{lines[-1] if lines else f'exit code {code}'}\nsee {self._place.log}"
            raise VdeckError("the Python environment could not be made", detail=detail, fix=fix)
        self._report(Progress("environment", 1, 1, "environment made"))

    def _packages(self) -> None:
        for name in site.forget_half_installed(site.site_packages(self._place)):
            self._pip.note(f"half installed, once more: {name}")
        plan = self._plan
        self._pip.run((*plan.pip_args, *self._extra), what=f"vLLM {plan.name}", variant=plan.variant, total=plan.total)

    def _tidy(self) -> None:
        if self._plan.unwanted:
            self._report(Progress("tidy", 0, 1, "removing CUDA parts that a CPU engine cannot load"))
            args = ("uninstall", "-y", *self._plan.unwanted)
            self._pip.run(args, what=f"vLLM {self._plan.name}", variant=self._plan.variant, total=0)
        if self._plan.alias:
            site.add_alias(site.site_packages(self._place))

    def _check(self) -> None:
        self._report(Progress("check", 0, 1, "starting vllm --version (10 to 60 s)"))
        code, output = self._pip.command([self._place.vllm, "--version"], for_tools(os.environ), timeout_s=_CHECK_S)
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        said = lines[-1] if lines else ""
        if code == 0 and any(versions.matches(line, self._plan.version) for line in lines):
            self._report(Progress("check", 1, 1, f"vllm --version says {said}"))
            return
        raise VdeckError(
            f"vLLM {self._plan.name} was installed but does not start",
            detail=f"vllm --version (exit code {code}): {said or 'no output'}\nsee {self._place.log}",
            fix=f"vdeck engine remove {self._place.name}, then {self._again()}",
        )
