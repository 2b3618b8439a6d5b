"""VESSL's form on a real vLLM: shell steps, something in the background, and packages that a step installs."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import runs_kit as kit
from engine_kit import ended, ready

from launcher.engines.engine import Engine
from launcher.runs import control

pytestmark = pytest.mark.engine


def package(folder: Path) -> Path:
    """A package that pip can install without a network and without a build backend of somebody else's."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "vdeck-probe"\nversion = "1.0"\n'
    )
    (folder / "backend.py").write_text(
        textwrap.dedent(
            """
            import zipfile

            def build_wheel(target, config_settings=None, metadata_directory=None):
                name = "vdeck_probe-1.0-py3-none-any.whl"
                info = "vdeck_probe-1.0.dist-info"
                with zipfile.ZipFile(f"{target}/{name}", "w") as wheel:
                    wheel.writestr("vdeck_probe.py", "WHERE = __file__")
                    wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: vdeck-probe\\nVersion: 1.0\\n")
                    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                    wheel.writestr(f"{info}/RECORD", "")
                return name
            """
        )
    )
    return folder


def test_steps_install_into_an_environment_of_their_own_and_serve(tiny: Path, tmp_path: Path, engine: Engine) -> None:
    source = package(tmp_path / "source")
    before = sorted(Path(engine.vllm).parent.parent.glob("lib/python3*/site-packages/*"))
    manifest = tmp_path / "steps.yaml"
    manifest.write_text(
        textwrap.dedent(
            f"""
            name: steps
            resources: {{gpus: 0}}
            image: quay.io/somebody/torch:2.3
            run:
              - command: |-
                  sleep 1000 &
                  echo background $!
              - command: |-
                  pip install --no-index --no-build-isolation --no-deps {source}
                  pip uninstall -y pyyaml
                  python -c 'import vdeck_probe; print("PROBE", vdeck_probe.WHERE)'
                  vllm serve tiny --port $PORT --load-format dummy --enforce-eager --kv-cache-memory-bytes 256M \\
                    --max-model-len 2048
                workdir: {tmp_path}
            ports:
              - {{name: vllm, type: http, port: auto}}
            env:
              HF_HUB_OFFLINE: 1
            """
        )
    )
    run = ready(control.create(manifest.read_text(), file=str(manifest)).id)
    log = kit.output(run.id)
    probe = next(line for line in log.splitlines() if line.startswith("PROBE"))
    assert probe.split()[1].startswith(run.folder), "the package is in the run's own environment"
    assert len(kit.processes(run.id)) > 3 and "background" in log
    assert sorted(Path(engine.vllm).parent.parent.glob("lib/python3*/site-packages/*")) == before
    control.terminate(run.id)
    assert ended(run.id, 35).status == "terminated"
