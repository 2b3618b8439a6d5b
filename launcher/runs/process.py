"""The only place of vdeck that starts processes and sends signals. Everyone else asks here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from launcher.errors import VdeckError
from launcher.host import driver

REPO_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def spawn_detached(argv: Sequence[str], *, cwd: str, log: str) -> int:
    """Start a process that survives this one, its terminal and its session; return its pid.

    It runs in a session of its own with standard input closed and both outputs appended to ``log``. A double fork gives
    it to init (or the nearest subreaper), so that the caller never has to wait for it and leaves no zombie behind.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - runs in the child
        code = 127
        try:
            os.close(read)
            os.setsid()
            grandchild = os.fork()
            if grandchild:
                os.write(write, str(grandchild).encode())
                code = 0
            else:
                os.close(write)
                _replace_self(argv, cwd, log)
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if not told:
        raise VdeckError("the supervisor could not be started", fix="look at the process limit (ulimit -u)")
    return int(told)


def _replace_self(argv: Sequence[str], cwd: str, log: str) -> None:  # pragma: no cover - runs in the child
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.closerange(3, 256)  # the caller's files (the screen's terminal, locks) must not live on in the supervisor
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    os.chdir(cwd)
    os.execv(argv[0], list(argv))


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
    on_line: Callable[[str], None] | None = None,
    timeout_s: float | None = None,
) -> tuple[int, str]:
    """Run a command to its end; return its exit code and its output (stderr joined in).

    ``on_line`` gets each line as it comes (progress of an install). The command leads a process group of its own, and
    all of that group is killed when the caller is interrupted or the time is over. Raises VdeckError when it cannot
    start.
    """
    try:
        child = subprocess.Popen(
            list(argv), env=None if env is None else dict(env), cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise VdeckError(f"cannot start {argv[0]}: {error.strerror}", fix="check that it is installed") from error
    lines: list[str] = []
    timer = None
    if timeout_s is not None:
        import threading

        timer = threading.Timer(timeout_s, kill_group, (child.pid,))
        timer.daemon = True
        timer.start()
    try:
        assert child.stdout is not None
        for raw in child.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            lines.append(line)
            if on_line is not None:
                on_line(line)
        return child.wait(), "\n".join(lines)
    finally:
        if timer is not None:
            timer.cancel()
        if child.poll() is None:
            kill_group(child.pid)
            child.wait()
        if child.stdout is not None:
            child.stdout.close()


def kill_group(pgid: int) -> None:
    """SIGKILL to a whole process group; nothing happens when it is gone."""
    try:
        os.killpg(pgid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def send(pid: int, number: int) -> bool:
    """Send a signal to one process; False when it is gone or is not ours."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _packages() -> list[str]:
    """Where a supervisor finds vdeck, and the NVML binding when this machine has GPUs to ask about."""
    found = [REPO_ROOT]
    if driver.nvidia_present():
        import importlib.util

        binding = importlib.util.find_spec("pynvml")
        if binding is not None and binding.origin:
            found.append(os.path.dirname(binding.origin))
    return found


def supervisor_argv(run_folder: str, mode: str) -> list[str]:
    """How a supervisor is started: this interpreter without its site (quick and small: a supervisor needs the standard
    library alone), isolated from PYTHON* variables. The last words name the process in `ps`."""
    code = f"import sys; sys.path += {_packages()!r}; from launcher.runs import supervisor as s; "
    code += "s.main(*sys.argv[1:3])"
    return [sys.executable, "-I", "-S", "-c", code, run_folder, mode, "vdeck-supervisor"]


def bench_argv(bench_folder: str) -> list[str]:
    """How the worker of a benchmark is started: as light as a supervisor."""
    code = f"import sys; sys.path += {[REPO_ROOT]!r}; from launcher.bench import worker as w; w.main(sys.argv[1])"
    return [sys.executable, "-I", "-S", "-c", code, bench_folder, "vdeck-bench"]


def start_bound(argv: Sequence[str], *, cwd: str, env: Mapping[str, str], output: str) -> int:
    """Start a process that dies with this one, whatever kills this one: it leads a group of its own, its outputs are
    appended to the file ``output``. Returns its pid; ``reap`` tells when it has ended. Raises OSError.

    Call it from the main thread: the kernel's promise (PR_SET_PDEATHSIG) is bound to the thread that starts it.
    """
    parent = os.getpid()
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    prctl = _prctl()

    def bind() -> None:  # pragma: no cover - runs in the child
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it was killed before the promise was made
            os._exit(127)

    try:
        child = subprocess.Popen(
            list(argv), cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor,
            start_new_session=True, preexec_fn=bind,
        )  # fmt: skip
    finally:
        os.close(descriptor)
    child.returncode = 0  # the caller reaps by `reap`; without this the garbage collector would wait too
    return child.pid


# The wrapper of a step: it writes down the exit code, so that a supervisor that was not the parent can still read it.
# A trap (not an ignored signal, which children would inherit) lets it outlive a signal to the whole group.
_WRAPPER = """\
out=$1; shift
trap : TERM INT HUP
"$@"
code=$?
echo "$code" > "$out.tmp" && mv -f "$out.tmp" "$out"
exit "$code"
"""


def start_step(argv: Sequence[str], *, cwd: str, env: Mapping[str, str], output: str, exit_file: str) -> int:
    """Start one step in a session of its own, its outputs appended straight to the file ``output``; return the pid of
    its wrapper, which leaves the exit code in ``exit_file``. Raises OSError."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        child = subprocess.Popen(
            ["/bin/sh", "-c", _WRAPPER, "vdeck-step", exit_file, *argv], cwd=cwd, env=dict(env),
            stdin=subprocess.DEVNULL, stdout=descriptor, stderr=descriptor, start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(descriptor)
    child.returncode = 0  # the supervisor reaps every child itself; without this the garbage collector would wait too
    return child.pid


def reap() -> list[tuple[int, int]]:
    """Every child (own or inherited as subreaper) that ended since the last call: pid and exit code (negative: a
    signal)."""
    ended: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append((pid, os.waitstatus_to_exitcode(status)))


def reap_last(timeout_s: float = 1.0) -> None:
    """Wait for the children that are ending: a supervisor that left them behind as zombies would leave pids behind."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return


def become_subreaper() -> bool:
    """Make this process the parent of every orphan below it (Linux prctl PR_SET_CHILD_SUBREAPER); False where that
    fails."""
    prctl = _prctl()
    return prctl is not None and bool(prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def _prctl() -> Callable[..., int] | None:
    import ctypes

    try:
        found: Callable[..., int] = ctypes.CDLL(None, use_errno=True).prctl
        return found
    except (OSError, AttributeError):
        return None


def foreground(argv: Sequence[str]) -> int:
    """Run a program that takes over this terminal (an editor) to its end; return its exit code.

    Raises VdeckError when it cannot start. The caller, on the main thread, must have given the terminal up
    (``App.suspend``).
    """
    # ctrl+c goes to the whole foreground group and is meant for the editor; SIG_IGN would be inherited by it
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.call(list(argv))
    except OSError as error:
        raise VdeckError(
            f"cannot start {argv[0]}: {error.strerror}", fix="set EDITOR to an editor that is installed"
        ) from error
    finally:
        signal.signal(signal.SIGINT, before)
