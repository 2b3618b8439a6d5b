"""The machine: files, ports, memory, limits, the installation."""

from __future__ import annotations

from launcher.logs.cause import ROOT, WEAK, Rule, Values, env_fix, fix, rule
from launcher.logs.diagnosis import Fix


def _python(values: Values) -> tuple[Fix, ...]:
    package = values["m"] if "m" in values else values["p"]
    return (Fix(f"Install {package.split('.')[0]} into the environment that runs the command (a `pip install` step)."),)


RULES: tuple[Rule, ...] = (
    rule(
        "port", ROOT,
        r"\[Errno (?:98|48)\] (?:[Aa]ddress already in use|error while attempting to bind on address)"
        r"|error while attempting to bind on address .*address already in use|EADDRINUSE",
        "The port is taken",
        "Another process listens on it, or is about to.",
        (fix("Let vdeck choose a free port: `port: auto`.", port="auto"),
         Fix("Stop the process that has it: `vdeck doctor` and `ss -ltnp` name it.")),
        ("OSError: [Errno 98] Address already in use",
         "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address already in use"),
    ),
    rule(
        "host", ROOT, r"\[Errno 99\] (?:Cannot assign requested address|error while attempting to bind)",
        "The address is none of this machine",
        "--host names an address that this machine does not have.",
        (fix("Listen on this machine alone: --host 127.0.0.1.", host="127.0.0.1"),),
        ("OSError: [Errno 99] Cannot assign requested address",),
    ),
    rule(
        "port-priv", ROOT, r"\[Errno 13\] (?:Permission denied|error while attempting to bind[^\n]*)(?!:)\s*$",
        "The port may not be used",
        "Ports below 1024 belong to root.",
        (fix("Let vdeck choose a free port: `port: auto`.", port="auto"),),
        ("PermissionError: [Errno 13] Permission denied",),
    ),
    rule(
        "disk-full", ROOT,
        r"\[Errno 28\] No space left on device|No space left on device(?: \(os error 28\))?\s*$",
        "The disk is full",
        "A download, a cache or a log could not be written.",
        (Fix("Free space, or put HF_HOME, --download-dir, VLLM_CACHE_ROOT or TMPDIR on another disk."),
         Fix("In a container, when the path is /dev/shm: a larger --shm-size.")),
        ("OSError: [Errno 28] No space left on device", "write error: No space left on device (os error 28)"),
    ),
    rule(
        "perm", ROOT,
        r"\[Errno 13\] Permission denied: '(?P<path>[^']+)'|PermissionError at (?P<path2>\S+) when downloading"
        r"|\[Errno 30\] Read-only file system(?:: '(?P<path3>[^']+)')?",
        lambda v: f"No right to {v['path']}" if "path" in v else "A folder is read-only",
        "The run's user may not read or write it.",
        (Fix("Mend its owner or rights; or set HF_HOME, VLLM_CACHE_ROOT or --download-dir to a folder of your own."),),
        ("PermissionError: [Errno 13] Permission denied: '/models/secret/config.json'",),
    ),
    rule(
        "fd-limit", ROOT, r"^(?!.*Found ulimit of).*\[Errno 24\] Too many open files",
        "Too many open files",
        "The limit of open files of this session is too low for so many connections.",
        (Fix("Raise it before vdeck starts: `ulimit -n 65535`."),),
        ("OSError: [Errno 24] Too many open files",),
    ),
    rule(
        "shm", ROOT,
        r"Error while creating shared memory segment /dev/shm|unable to (?:open|write to) (?:file|shared memory) "
        r".*/?(?:dev/shm|torch_)|Bus error",
        "Shared memory is too small",
        "The processes of vLLM exchange data in /dev/shm, which containers make small.",
        (Fix("Start the container with --shm-size=16g or --ipc=host."),),
        ("RuntimeError: unable to write to file </torch_123_1>: No space left on device (28)",),
    ),
    rule(
        "abi", WEAK,
        r"undefined symbol: \S+|(?P<so>lib\S+\.so[.\d]*): cannot open shared object file"
        r"|operator torchvision::nms does not exist|version `GLIBC(?:XX)?_[\d.]+' not found",
        "The installation does not fit together",
        "vLLM, torch and CUDA libraries of different builds are mixed.",
        (Fix("Install the engine anew, in an environment of its own: `vdeck engine install`; do not upgrade torch "
             "by itself."),),
        ("ImportError: libcudart.so.13: cannot open shared object file: No such file or directory",
         "RuntimeError: operator torchvision::nms does not exist"),
    ),
    rule(
        "no-pkg", WEAK,
        r"ModuleNotFoundError: No module named '(?P<m>[^']+)'|No package metadata was found for (?P<p>\S+)",
        lambda v: f"The Python package {v['m'] if 'm' in v else v['p']} is missing",
        "The command ran in an environment that does not have it.",
        _python,
        ("ModuleNotFoundError: No module named 'timm'",
         "importlib.metadata.PackageNotFoundError: No package metadata was found for vllm"),
    ),
    rule(
        "host-oom", ROOT,
        r"(?:Worker proc|Engine core proc) (?P<w>\S+) died unexpectedly \(exit code: -9\)"
        r"|Process (?P<w2>\S+) \(PID: \d+\) died with exit code -9|Worker (?P<w3>\S+) pid \d+ died, exit code: -9"
        r"|Out of memory: Killed process",
        lambda v: f"{v['w']} was killed" if "w" in v else "A process was killed",
        "It got SIGKILL: by hand, or by the kernel because the machine's memory ran out.",
        (Fix("Look at dmesg for \"Out of memory\"; give the run (or its container) more memory."),
         Fix("Lower --swap-space, --cpu-offload-gb and the number of parallel loaders.")),
        ("ERROR 11-22 06:00:00 [multiproc_executor.py:381] Worker proc VllmWorker-0 died unexpectedly "
         "(exit code: -9)",),
    ),
    rule(
        "ready-timeout", ROOT,
        r"Timed out waiting for engine core processes to start\..*?Waited (?P<s>\d+)s"
        r"|Did not receive response from front-end process within",
        "The engine was not ready in time",
        lambda v: f"vLLM waited {v.get('s', 'too many')} seconds for its engine: a slow disk or a long "
                  "compilation.",
        (env_fix("Wait longer.", VLLM_ENGINE_READY_TIMEOUT_S="3600"),
         Fix("Put the model on a local disk.")),
        ("RuntimeError: Timed out waiting for engine core processes to start. This is often caused by slow weight "
         "loading for large models. Waited 600s (configured by VLLM_ENGINE_READY_TIMEOUT_S)",),
    ),
    rule(
        "rpc-timeout", WEAK, r"RPC call to (?P<m>\w+) timed out",
        "A worker did not answer",
        lambda v: f"{v['m']} took longer than VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS.",
        (Fix("Look for the first error of a worker further up; a hang is often NCCL or a compilation."),),
        ("TimeoutError: RPC call to execute_model timed out.",),
    ),
)  # fmt: skip
