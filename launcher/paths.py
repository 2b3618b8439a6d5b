"""Every path of vdeck, and the only place that builds one.

``VDECK_HOME`` moves the state (runs, reservations), ``VDECK_ENGINES`` the engines, ``VDECK_CONFIG`` the settings;
without them the XDG folders are used. Plain strings, not pathlib: `vdeck run list` imports this and pathlib costs
milliseconds.
"""

from __future__ import annotations

import os

_APP = "vdeck"
_PROMETHEUS, _TARGETS = "prometheus", "targets"


def _xdg(variable: str, fallback: str) -> str:
    base = os.environ.get(variable, "")
    if not os.path.isabs(base):  # the XDG specification: relative paths are invalid and ignored
        base = os.path.join(os.path.expanduser("~"), fallback)
    return os.path.join(base, _APP)


def home() -> str:
    """The state folder (mode 0700 when vdeck makes it)."""
    return (
        os.path.abspath(os.environ["VDECK_HOME"])
        if os.environ.get("VDECK_HOME")
        else _xdg("XDG_STATE_HOME", ".local/state")
    )


def engines_dir() -> str:
    """Where installed engines live, one folder each. Shared by every ``VDECK_HOME``: an engine weighs gigabytes."""
    return (
        os.path.abspath(os.environ["VDECK_ENGINES"])
        if os.environ.get("VDECK_ENGINES")
        else os.path.join(_xdg("XDG_DATA_HOME", ".local/share"), "engines")
    )


def config_dir() -> str:
    """Settings of the user: theme, recent manifests, secrets.env."""
    return (
        os.path.abspath(os.environ["VDECK_CONFIG"])
        if os.environ.get("VDECK_CONFIG")
        else _xdg("XDG_CONFIG_HOME", ".config")
    )


def examples_dir() -> str:
    """The manifests that come with vdeck: beside the sources in a checkout, inside the package in a wheel."""
    here = os.path.dirname(os.path.abspath(__file__))
    packaged = os.path.join(here, "examples")
    return packaged if os.path.isdir(packaged) else os.path.join(os.path.dirname(here), "examples")


def runs_dir() -> str:
    """The folder that holds one folder a run."""
    return os.path.join(home(), "runs")


def reserve_lock() -> str:
    """The lock under which ports and GPUs are handed out."""
    return os.path.join(home(), "reserve.lock")


def starts_dir() -> str:
    """How long earlier starts took, one file a kind of start."""
    return os.path.join(home(), "starts")


def starts_file(key: str) -> str:
    """The earlier starts of one key."""
    return os.path.join(starts_dir(), f"{key}.jsonl")


def user_secrets() -> str:
    """``NAME=value`` lines that manifests may name with ``{secret: NAME}``."""
    return os.path.join(config_dir(), "secrets.env")


def prompts_dir() -> str:
    """Prompts that the user keeps, one file each, for the chat of every run."""
    return os.path.join(config_dir(), "prompts")


def recent_manifests() -> str:
    """The manifests last started, newest first, one path a line."""
    return os.path.join(home(), "recent")


def settings() -> str:
    """What the user set, or the screen remembers between two starts (theme, prometheus)."""
    return os.path.join(config_dir(), "settings.json")


def screen_log() -> str:
    """Where the screen writes what it cannot show."""
    return os.path.join(home(), "screen.log")


def prometheus_dir() -> str:
    """What belongs to the Prometheus of this state folder."""
    return os.path.join(home(), _PROMETHEUS)


def prometheus_targets() -> str:
    """The folder of target files (file_sd), one a ready server."""
    return os.path.join(prometheus_dir(), _TARGETS)


def prometheus_config() -> str:
    """The configuration that vdeck writes for its Prometheus."""
    return os.path.join(prometheus_dir(), "prometheus.yml")


def prometheus_manifest() -> str:
    """The manifest that vdeck writes for its Prometheus; a run of this manifest is that Prometheus."""
    return os.path.join(prometheus_dir(), "manifest.yaml")


def prometheus_data() -> str:
    """The samples that Prometheus keeps."""
    return os.path.join(prometheus_dir(), "data")


def prometheus_lock() -> str:
    """Held while a Prometheus is started, so that two commands start one."""
    return os.path.join(prometheus_dir(), "start.lock")


class RunPaths:
    """The files of one run folder, as DESIGN fixes them."""

    __slots__ = ("folder",)

    def __init__(self, folder: str) -> None:
        self.folder = folder

    @classmethod
    def of(cls, run_id: str) -> RunPaths:
        """The paths of the run with this id under the present state folder."""
        return cls(os.path.join(runs_dir(), run_id))

    def _at(self, name: str) -> str:
        return os.path.join(self.folder, name)

    @property
    def manifest(self) -> str:
        return self._at("manifest.yaml")

    @property
    def record(self) -> str:
        return self._at("run.json")

    @property
    def secrets(self) -> str:
        return self._at("secrets.env")

    @property
    def state(self) -> str:
        return self._at("state.json")

    @property
    def events(self) -> str:
        return self._at("events.jsonl")

    @property
    def output(self) -> str:
        return self._at("output.log")

    @property
    def metrics(self) -> str:
        return self._at("metrics")

    @property
    def goals(self) -> str:
        return self._at("goals.json")

    @property
    def intent(self) -> str:
        return self._at("intent.json")

    @property
    def lock(self) -> str:
        return self._at("supervisor.lock")

    @property
    def supervisor_log(self) -> str:
        return self._at("supervisor.log")

    @property
    def bench(self) -> str:
        return self._at("bench")

    def bench_of(self, bench_id: str) -> BenchPaths:
        """The files of one benchmark of this run."""
        return BenchPaths(os.path.join(self.bench, bench_id))

    def bench_start(self) -> str:
        """Held while a benchmark is started, so that a run has one at a time."""
        return os.path.join(self.bench, "start.lock")

    @property
    def chat(self) -> str:
        return self._at("chat")

    @property
    def environment(self) -> str:
        """The Python environment that is this run's own (first on the PATH of its steps)."""
        return self._at("env")

    @property
    def work(self) -> str:
        """Where container paths (workdir, import) that this machine lacks are mapped to."""
        return self._at("work")

    def prometheus_target(self) -> str:
        """The target file of this run, which its supervisor writes: in the folder of them all, not in that of the
        run."""
        home = os.path.dirname(os.path.dirname(self.folder))
        return os.path.join(home, _PROMETHEUS, _TARGETS, f"{os.path.basename(self.folder)}.json")

    def exit_code(self, step: int, attempt: int) -> str:
        """Where the step's wrapper leaves the exit code, so that a second supervisor can still read it."""
        return self._at(f"exit-{attempt}-{step}")


class BenchPaths:
    """The files of one benchmark: a folder in the folder of its run."""

    __slots__ = ("folder",)

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def _at(self, name: str) -> str:
        return os.path.join(self.folder, name)

    @property
    def record(self) -> str:
        """What is to be measured; written once by whoever starts the benchmark."""
        return self._at("bench.json")

    @property
    def state(self) -> str:
        return self._at("state.json")

    @property
    def output(self) -> str:
        """What the clients print."""
        return self._at("output.log")

    @property
    def lock(self) -> str:
        """Held by the worker as long as it lives."""
        return self._at("worker.lock")

    @property
    def worker_log(self) -> str:
        """What the worker itself prints: nothing, unless it has a fault."""
        return self._at("worker.log")

    @property
    def intent(self) -> str:
        return self._at("intent.json")

    @property
    def points(self) -> str:
        """The folder of the results, one a load."""
        return self._at("points")

    def point(self, number: int) -> str:
        """Our own file of one load."""
        return os.path.join(self.points, f"{number}.json")

    def client_result(self, number: int) -> str:
        """What the client wrote of one load."""
        return os.path.join(self.points, f"{number}.client.json")
