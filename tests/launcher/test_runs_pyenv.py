"""The Python environment of a run: every spelling of pip installs into it, and into nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from launcher.runs import pyenv

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"


def an_engine(folder: Path, *, pip: bool) -> Path:
    """A virtual environment with a package of its own, and with pip or without."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "only_theirs.py").write_text("")
    if pip:
        (packages / "pip").mkdir()
        (packages / "pip" / "__init__.py").write_text("")
        (packages / "pip" / "__main__.py").write_text("import sys\nprint('pip of', sys.prefix, *sys.argv[1:])\n")
    for name in ("pip", "pip3", f"pip{MINOR}"):
        (folder / "bin" / name).write_text("#!/bin/sh\necho the engine itself\n")
        (folder / "bin" / name).chmod(0o755)
    return folder


def out(env: Path, engine: Path, *words: str, **variables: str) -> str:
    """What a step of the run prints: its environment first on the PATH, the engine behind it."""
    variables["PATH"] = f"{env}/bin:{engine}/bin:/usr/bin:/bin"
    words = (shutil.which(words[0], path=variables["PATH"]) or words[0], *words[1:])
    done = subprocess.run(words, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "words", [("pip",), ("pip3",), (f"pip{MINOR}",), ("python", "-m", "pip"), ("python3", "-m", "pip")]
)
def test_every_spelling_of_pip_is_that_of_the_run(words: tuple[str, ...], tmp_path: Path) -> None:
    engine, env = an_engine(tmp_path / "engine", pip=True), tmp_path / "a run ü" / "env"
    pyenv.create(str(env), python=sys.executable, engine_bin=str(engine / "bin"))
    assert out(env, engine, *words, "install", "x y") == f"pip of {env} install x y\n"


def test_the_packages_of_the_engine_are_seen_in_every_locale(tmp_path: Path) -> None:
    engine, env = an_engine(tmp_path / "engine ü", pip=True), tmp_path / "env"
    pyenv.create(str(env), python=sys.executable, engine_bin=str(engine / "bin"))
    for locale in ("C", "C.UTF-8"):
        shown = out(env, engine, "python", "-c", "import only_theirs; print(ascii(only_theirs.__file__))",
                    LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")  # fmt: skip
        assert "/engine \\" in shown and "only_theirs.py" in shown


def test_an_engine_without_pip_gets_one_in_the_run_when_somebody_asks(tmp_path: Path) -> None:
    engine, env = an_engine(tmp_path / "engine", pip=False), tmp_path / "env"
    pyenv.create(str(env), python=sys.executable, engine_bin=str(engine / "bin"))
    for words in (("python", "-m", "pip"), ("pip",), (f"pip{MINOR}",)):
        shown = out(env, engine, *words, "--version")
        assert shown.startswith("pip ") and str(env) in shown and shown.count("\n") == 1
    assert out(env, engine, "python", "-c", "import only_theirs; print(only_theirs.__name__)") == "only_theirs\n"
