"""pip in an engine's environment: run with progress, its whole output in install.log, a failure told in one error."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence

from launcher.engines import pip_errors
from launcher.engines.environment import for_pip
from launcher.engines.folder import EngineFolder
from launcher.engines.progress import PipOutput, Progress
from launcher.runs import process


class Pip:
    """The pip of one engine folder. pip's own configuration (pip.conf, PIP_*) holds: indexes, proxies, certificates."""

    def __init__(self, place: EngineFolder, again: str, report: Callable[[Progress], None]) -> None:
        self._place = place
        self._again = again
        self._report = report

    def run(self, args: Sequence[str], *, what: str, variant: str, total: int) -> None:
        """``pip ARGS``; raises VdeckError with the decisive line."""
        reader = PipOutput(total)

        def on_line(line: str) -> None:
            progress = reader.feed(line)
            if progress is not None:
                self._report(progress)

        bar = ("--progress-bar", "raw" if _knows_raw(self._place) else "off") if args[0] == "install" else ()
        argv = [self._place.python, "-I", "-m", "pip", args[0], *bar, *args[1:]]
        scratch = self._place.scratch
        os.makedirs(scratch, exist_ok=True)
        try:
            code, output = self.command(argv, for_pip(os.environ, scratch=scratch), on_line=on_line)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if code != 0:
            raise pip_errors.explain(output, code, what=what, variant=variant, log=self._place.log, again=self._again)

    def command(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        on_line: Callable[[str], None] | None = None,
        timeout_s: float | None = None,
    ) -> tuple[int, str]:
        """Any command of the installation, with its output appended to install.log as it comes."""
        with open(self._place.log, "a", encoding="utf-8", errors="replace", buffering=1) as log:
            log.write(_stamp(" ".join(argv)))

            def both(line: str) -> None:
                if not line.startswith("Progress "):
                    log.write(pip_errors.mask(line) + "\n")
                if on_line is not None:
                    on_line(line)

            code, output = process.run(argv, env=env, on_line=both, timeout_s=timeout_s)
            log.write(_stamp(f"exit code {code}"))
        return code, output

    def note(self, text: str) -> None:
        """A line of vdeck's own in install.log."""
        with open(self._place.log, "a", encoding="utf-8") as log:
            log.write(_stamp(text))


def _stamp(text: str) -> str:
    return f"# {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {pip_errors.mask(text)}\n"


def _knows_raw(place: EngineFolder) -> bool:
    """pip 24.1 and newer print ``Progress 12 of 99``: worth having for files of a gigabyte."""
    from launcher.engines import site
    from launcher.engines import version as versions

    for name in os.listdir(site.site_packages(place)):
        if name.startswith("pip-") and name.endswith(".dist-info"):
            return versions.key(name.removeprefix("pip-").removesuffix(".dist-info")) >= versions.key("24.1")
    return False
