"""The checks of ``vdeck doctor``, each a function without arguments. They look and change nothing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable

from launcher import paths
from tui import format as words
from tui.commands.doctor import Check, State

LOW_BYTES = 5 * 1024**3
"""Below this an engine or a model does not fit any more."""
NO_BYTES = 200 * 1024**2
"""Below this logs and metrics of a run are in danger."""


def python() -> Check:
    """The interpreter that runs vdeck."""
    found = f"{platform.python_version()} ({sys.executable})"
    return Check("python", "ok" if sys.version_info >= (3, 11) else "fail", found, "vdeck needs Python 3.11 or newer")


def vdeck() -> Check:
    """vdeck itself."""
    import launcher

    return Check("vdeck", "ok", f"{launcher.__version__} ({os.path.dirname(os.path.abspath(launcher.__file__))})")


def system() -> Check:
    """Linux with a /proc: the process tree is read from it."""
    found = f"{platform.system()} {platform.release()}"
    readable = os.path.exists("/proc/self/stat")
    if sys.platform == "linux" and readable:
        return Check("system", "ok", f"{found}, /proc is readable")
    lacking = found if readable else f"{found}, no /proc"
    return Check("system", "fail", lacking, "vdeck runs on Linux only")


def state_folder() -> Check:
    """The state folder can be written, and by nobody else read."""
    folder = paths.home()
    if not os.path.isdir(folder):
        above = _existing(folder)
        if os.access(above, os.W_OK | os.X_OK):
            return Check("state folder", "ok", f"{folder} (made by the first run)")
        fix = "set VDECK_HOME to a folder of yours"
        return Check("state folder", "fail", f"{folder} cannot be made in {above}", fix)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return Check("state folder", "fail", f"{folder} cannot be written", "mend its owner or set VDECK_HOME")
    mode = os.stat(folder).st_mode & 0o777
    if mode & 0o077:
        return Check("state folder", "warn", f"{folder} has mode {mode:04o}: others can look in", f"chmod 700 {folder}")
    return Check("state folder", "ok", f"{folder} (mode {mode:04o})")


def disk() -> Check:
    """Room for logs, metrics, engines and models."""
    places = {}
    for folder in (paths.home(), paths.engines_dir()):
        existing = _existing(folder)
        places[os.stat(existing).st_dev] = (existing, shutil.disk_usage(existing).free)
    free = min(free for _, free in places.values())
    found = ", ".join(f"{words.size(free)} free at {folder}" for folder, free in places.values())
    state: State = "fail" if free < NO_BYTES else "warn" if free < LOW_BYTES else "ok"
    return Check("disk", state, found, "delete old runs (vdeck run delete), engines (vdeck engine remove) or models")


def gpus() -> Check:
    """GPUs and their driver."""
    from launcher.host import driver
    from launcher.host import gpus as host

    if not driver.nvidia_present():
        return Check("GPUs", "ok", "no NVIDIA driver: runs use the CPU")
    found = host.read(processes=False)
    if not found:
        return Check("GPUs", "warn", "a driver is there, but it lists no GPU", "see what nvidia-smi says")
    cards = ", ".join(f"{gpu.index} {gpu.name} {words.size(gpu.memory_total)}" for gpu in found)
    return Check("GPUs", "ok", f"{cards} (driver {_driver()})")


def _driver() -> str:
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8", errors="replace") as file:
            line = file.readline()
    except OSError:
        return words.UNKNOWN
    numbers = [word for word in line.split() if word[0].isdigit() and "." in word]
    return numbers[0] if numbers else words.UNKNOWN


def engines() -> Check:
    """A vLLM that fits this machine."""
    from launcher.engines import find
    from launcher.errors import VdeckError
    from launcher.host import gpus as host

    broken = find.unusable()
    try:
        first = find.choose(None, gpu=bool(host.read(processes=False)))
    except VdeckError as error:
        return Check("engines", "warn", error.title, error.fix)
    found = ", ".join(f"{e.name} (vLLM {e.version or '?'}, {e.variant})" for e in find.engines())
    if broken:
        return Check("engines", "warn", f"{found}; {broken[0].name}: {broken[0].reason}", broken[0].fix)
    return Check("engines", "ok", f"{found}; runs take {first.name}")


def ports() -> Check:
    """Ports that live runs have."""
    from launcher.runs import control

    held = control.holders().ports
    return Check("ports", "ok", "reserved: " + (", ".join(f"{p} by {held[p]}" for p in sorted(held)) or "none"))


def runs() -> Check:
    """Every live run has a supervisor."""
    from launcher.runs.listing import load_all, needs_supervisor

    everything = load_all()
    orphans = [run.id for run in everything if needs_supervisor(run)]
    lost = [run.id for run in everything if run.status == "lost"]
    found = f"{len(everything)} run{'' if len(everything) == 1 else 's'}, {sum(run.live for run in everything)} live"
    if orphans:
        text = f"{found}; without a supervisor: {', '.join(orphans)}"
        return Check("runs", "warn", text, f"vdeck run read {orphans[0]} gives it a new one, as does the screen")
    if lost:
        text = f"{found}; lost: {', '.join(lost)}"
        return Check("runs", "warn", text, f"vdeck run read {lost[0]} says why; vdeck run delete removes the record")
    return Check("runs", "ok", found)


def leftovers() -> Check:
    """vLLM processes that belong to no live run: they hold memory, often that of a GPU."""
    from launcher.runs import tree
    from launcher.runs.listing import load_all

    processes = tree.scan()
    ours = {pid for run in load_all() if run.live for pid in (*run.pids, *([run.supervisor] if run.supervisor else []))}

    def owned(pid: int) -> bool:
        seen: set[int] = set()
        while pid in processes and pid not in seen:
            if pid in ours:
                return True
            seen.add(pid)
            pid = processes[pid].ppid
        return False

    left = [proc for proc in processes.values() if tree.is_vllm_engine(proc) and not owned(proc.pid)]
    if left:
        named = ", ".join(f"{proc.pid} ({proc.comm})" for proc in left)
        fix = f"when nobody else uses them: kill -9 {' '.join(str(proc.pid) for proc in left)}"
        return Check("processes", "warn", f"vLLM processes of no run: {named}", fix)
    return Check("processes", "ok", "no vLLM process was left behind")


def prometheus() -> Check:
    """A Prometheus that is configured, or that vdeck runs, answers. Having none is no fault."""
    from launcher.prometheus import look

    stand = look.look()
    if stand.problem is not None:
        return Check("Prometheus", "warn", stand.problem.title, stand.problem.fix)
    if stand.url is not None:
        who = f"run {stand.run.id}" if stand.run is not None else "configured"
        return Check("Prometheus", "ok", f"{who} answers at {stand.url} (version {stand.version or words.UNKNOWN})")
    if stand.chosen is not None:
        return Check("Prometheus", "ok", f"{stand.chosen.value} ({stand.chosen.source}), not started")
    return Check("Prometheus", "ok", "none: vdeck keeps its own history")


def terminal() -> Check:
    """What the screen may show."""
    from tui.commands.output import is_terminal

    name = os.environ.get("TERM", "")
    if not is_terminal(sys.stdout):
        return Check("terminal", "ok", "standard output is none")
    if os.environ.get("NO_COLOR"):
        return Check("terminal", "ok", f"{name}, no colours (NO_COLOR)")
    if name in ("", "dumb"):
        return Check("terminal", "warn", f"TERM is {name or 'not set'}", "set TERM, e.g. xterm-256color")
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return Check("terminal", "ok", f"{name}, 16 million colours")
    return Check("terminal", "ok", f"{name}, {'256' if '256' in name else '16'} colours")


def _existing(path: str) -> str:
    """``path`` or the nearest folder above it that is there."""
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


CHECKS: tuple[tuple[str, Callable[[], Check]], ...] = (
    ("python", python),
    ("vdeck", vdeck),
    ("system", system),
    ("state folder", state_folder),
    ("disk", disk),
    ("GPUs", gpus),
    ("engines", engines),
    ("ports", ports),
    ("runs", runs),
    ("processes", leftovers),
    ("Prometheus", prometheus),
    ("terminal", terminal),
)
