"""Which engines are listed, and which one a run takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launcher.engines import find
from launcher.engines.engine import Engine, Source, Variant
from launcher.errors import VdeckError


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty machine: no vllm on PATH or beside vdeck, an engines folder of its own."""
    monkeypatch.setenv("VDECK_ENGINES", str(tmp_path / "engines"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr("sys.executable", str(tmp_path / "own" / "python"))
    return tmp_path


def script(root: Path, dist: str | None) -> Path:
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "python").touch()
    vllm = root / "bin" / "vllm"
    vllm.write_text(f"#!{root}/bin/python\n" if dist else "#!/bin/sh\nexec something\n")
    vllm.chmod(0o755)
    if dist:
        (root / "lib" / "python3.11" / "site-packages" / f"{dist}.dist-info").mkdir(parents=True)
    return vllm


def engine_folder(machine: Path, name: str, dist: str | None, marker: dict[str, str] | None) -> Path:
    root = machine / "engines" / name
    script(root, dist)
    if marker is not None:
        (root / "engine.json").write_text(json.dumps(marker))
    return root


def test_nothing_there(machine: Path) -> None:
    assert find.engines() == ()
    assert find.unusable() == ()


def test_path_first_then_the_newest(machine: Path) -> None:
    vllm = script(machine, "vllm-0.30.0+cu129")
    (machine / "path").symlink_to(machine / "bin")
    for name, dist in (("0.9.1-cpu", "vllm-0.9.1+cpu"), ("0.32.0-cpu", "vllm-0.32.0+cpu")):
        engine_folder(machine, name, dist, {})
    found = find.engines()
    assert [(engine.name, engine.version, engine.variant, engine.source) for engine in found] == [
        ("path", "0.30.0+cu129", "cuda", "path"),
        ("0.32.0-cpu", "0.32.0+cpu", "cpu", "installed"),
        ("0.9.1-cpu", "0.9.1+cpu", "cpu", "installed"),
    ]
    assert found[0].folder is None and found[1].folder == str(machine / "engines" / "0.32.0-cpu")
    assert found[0].vllm == str(machine / "path" / "vllm") and vllm.samefile(found[0].vllm)


def test_a_hand_made_script_is_an_engine_of_unknown_version(machine: Path) -> None:
    script(machine, None)
    (machine / "path").symlink_to(machine / "bin")
    assert find.engines() == (Engine("path", None, "unknown", str(machine / "path" / "vllm"), None, "path"),)


def test_the_vllm_beside_vdeck_counts_as_on_path(machine: Path) -> None:
    script(machine / "venv", "vllm-0.33.0+cpu")
    (machine / "own").symlink_to(machine / "venv" / "bin")
    found = find.on_path()
    assert found is not None and found.version == "0.33.0+cpu"


@pytest.mark.parametrize("by_link", [False, True])
def test_an_installed_engine_on_path_is_not_listed_twice(
    machine: Path, monkeypatch: pytest.MonkeyPatch, by_link: bool
) -> None:
    newer = engine_folder(machine, "0.33.0-cpu", "vllm-0.33.0+cpu", {})
    older = engine_folder(machine, "0.32.0-cpu", "vllm-0.32.0+cpu", {})
    if by_link:
        (machine / "path").mkdir()
        (machine / "path" / "vllm").symlink_to(older / "bin" / "vllm")
    else:
        monkeypatch.setenv("PATH", str(older / "bin"))
    assert [engine.folder for engine in find.engines()] == [str(newer), str(older)]
    assert find.choose(None, gpu=False).folder == str(older), "what the shell would start"


def test_the_marker_fills_in_what_the_files_do_not_tell(machine: Path) -> None:
    engine_folder(machine, "0.32.0-cpu", None, {"version": "0.32.0+cpu", "variant": "cpu"})
    (found,) = find.installed()
    assert (found.version, found.variant) == ("0.32.0+cpu", "cpu")
    assert found.python == str(machine / "engines" / "0.32.0-cpu" / "bin" / "python")


def test_the_files_beat_the_marker(machine: Path) -> None:
    """People run pip in an engine."""
    engine_folder(machine, "0.32.0-cpu", "vllm-0.33.0+cpu", {"version": "0.32.0+cpu", "variant": "cpu"})
    assert find.installed()[0].version == "0.33.0+cpu"


def test_half_installed_and_broken_engines_are_not_usable(machine: Path) -> None:
    half = engine_folder(machine, "0.33.0-cuda", "vllm-0.33.0+cu129", None)
    (half / "install.json").write_text("{}")
    broken = engine_folder(machine, "0.32.0-cpu", "vllm-0.32.0+cpu", {})
    (broken / "bin" / "python").unlink()
    lost = engine_folder(machine, "0.31.0-cpu", "vllm-0.31.0+cpu", {})
    (lost / "bin" / "vllm").unlink()
    (engine_folder(machine, "0.30.0-cpu", "vllm-0.30.0+cpu", None) / "engine.json").write_text("{half")
    (machine / "engines" / ".removed-0.1-cpu-1").mkdir()
    (machine / "engines" / "notes").mkdir()
    assert find.installed() == ()
    told = {one.name: (one.reason, one.fix) for one in find.unusable()}
    assert told["0.33.0-cuda"][0] == "its installation was not finished"
    assert told["0.33.0-cuda"][1] == "vdeck engine install 0.33.0 --variant cuda goes on with it"
    assert told["0.32.0-cpu"][0] == "its Python is gone"
    assert told["0.31.0-cpu"][0] == "its vllm command is gone"
    assert "notes" not in told and not any(name.startswith(".") for name in told)


def make(version: str | None, variant: Variant, source: Source = "installed") -> Engine:
    own = "path" if source == "path" else f"{version}-{variant}"
    return Engine(own, version, variant, f"/x/{own}/bin/vllm", None, source)


PATH_CUDA = make("0.30.0", "cuda", "path")
PATH_CPU = make("0.30.0+cpu", "cpu", "path")
PATH_UNKNOWN = make(None, "unknown", "path")
CUDA = make("0.33.0", "cuda")
OLD_CUDA = make("0.32.0", "cuda")
CPU = make("0.33.0+cpu", "cpu")
UNKNOWN = make("0.34.0", "unknown")


@pytest.mark.parametrize(
    ("known", "version", "gpu", "expected"),
    [
        # no version: PATH before installed ones, the newest of these, as far as they fit
        ((PATH_CUDA, CUDA, CPU), None, True, PATH_CUDA),
        ((PATH_CUDA, CUDA, CPU), None, False, CPU),
        ((PATH_CUDA, CUDA), None, False, PATH_CUDA),
        ((PATH_CPU, CUDA, CPU), None, True, CUDA),
        ((PATH_CPU, CUDA, CPU), None, False, PATH_CPU),
        ((PATH_UNKNOWN, CUDA, CPU), None, True, PATH_UNKNOWN),
        ((PATH_UNKNOWN, CUDA, CPU), None, False, PATH_UNKNOWN),
        ((CUDA, OLD_CUDA, CPU), None, True, CUDA),
        ((UNKNOWN, CUDA, CPU), None, True, CUDA),
        ((UNKNOWN, CPU), None, False, CPU),
        ((UNKNOWN,), None, False, UNKNOWN),
        # a version: that one exactly, of the variant that fits
        ((PATH_CUDA, CUDA, CPU), "0.33.0", True, CUDA),
        ((PATH_CUDA, CUDA, CPU), "0.33.0", False, CPU),
        ((CUDA, OLD_CUDA), "0.32.0", True, OLD_CUDA),
        ((PATH_CUDA, CUDA), "0.30.0", True, PATH_CUDA),
        ((PATH_CUDA, CUDA), "0.30.0", False, PATH_CUDA),
        ((CPU,), "0.33.0+cpu", False, CPU),
        # the name of an engine
        ((CUDA, CPU), "0.33.0-cuda", True, CUDA),
    ],
)
def test_pick(known: tuple[Engine, ...], version: str | None, gpu: bool, expected: Engine) -> None:
    assert find.pick(known, version, gpu=gpu) == expected


@pytest.mark.parametrize(
    ("known", "version", "gpu", "title", "fix"),
    [
        ((), None, True, "no vLLM is installed", "Run: vdeck engine install"),
        ((), "0.33.0", True, "vLLM 0.33.0 is not installed", "Run: vdeck engine install 0.33.0"),
        ((PATH_CUDA, CUDA), "0.31.0", True, "vLLM 0.31.0 is not installed", "Run: vdeck engine install 0.31.0"),
        ((CPU,), None, True, "vLLM is installed, but not for a GPU", "Run: vdeck engine install --variant cuda"),
        ((CPU,), "0.33.0", True, "vLLM 0.33.0 is installed, but not for a GPU",
         "Run: vdeck engine install 0.33.0 --variant cuda"),
        ((CUDA,), None, False, "vLLM is installed, but not for a machine without a GPU",
         "Run: vdeck engine install --variant cpu"),
        ((PATH_UNKNOWN,), "0.33.0+cpu", False, "vLLM 0.33.0+cpu is not installed", "Run: vdeck engine install 0.33.0"),
        ((), "0.33.0-cpu", False, "vLLM 0.33.0-cpu is not installed", "Run: vdeck engine install 0.33.0"),
    ],
)  # fmt: skip
def test_pick_tells_the_command(
    known: tuple[Engine, ...], version: str | None, gpu: bool, title: str, fix: str
) -> None:
    with pytest.raises(VdeckError) as told:
        find.pick(known, version, gpu=gpu)
    assert (told.value.title, told.value.fix) == (title, fix)


def test_choose_from_the_disk(machine: Path) -> None:
    engine_folder(machine, "0.32.0-cpu", "vllm-0.32.0+cpu", {})
    assert find.choose("0.32.0", gpu=False).name == "0.32.0-cpu"
    with pytest.raises(VdeckError, match="not for a GPU"):
        find.choose(None, gpu=True)
