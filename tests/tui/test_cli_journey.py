"""The command line against the real core: a stand-in server from its manifest to its deletion."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cli_fakes import vdeck

STANDIN = Path(__file__).parents[1] / "standin.py"
MANIFEST = f"""\
name: journey
resources: {{gpus: 0}}
ports: [{{name: vllm, type: http, port: auto}}]
env:
  API_TOKEN: {{value: correct-horse-battery, secret: true}}
run:
  - echo "the token is $API_TOKEN"
  - exec {sys.executable} {STANDIN} serve tiny --port $PORT --no-access-log
"""


def test_a_run_from_create_to_delete(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "journey.yaml"
    path.write_text(MANIFEST)
    created = vdeck(capsys, "run", "create", "-f", str(path), "--wait", "--json")
    assert created.code == 0, created.err
    run = json.loads(created.out)
    assert (run["status"], run["ready"], run["name"]) == ("running", True, "journey")

    assert run["id"] in vdeck(capsys, "run", "list", "--live").out
    assert json.loads(vdeck(capsys, "run", "read", run["id"][:9], "--json").out)["pids"]
    assert vdeck(capsys, "chat", "journey", "hello there").out == "You said: hello there\n"
    assert "Application startup complete." in vdeck(capsys, "run", "logs", "journey").out
    assert "ready" in vdeck(capsys, "run", "events", "journey").out

    refused = vdeck(capsys, "run", "delete", "journey")
    assert refused.code == 2
    assert vdeck(capsys, "run", "terminate", "journey", "--wait").out == f"Terminated '#{run['id']}'.\n"
    ended = json.loads(vdeck(capsys, "run", "read", run["id"], "--json").out)
    assert (ended["status"], ended["pids"], ended["ready"]) == ("terminated", [], False)

    followed = vdeck(capsys, "run", "logs", run["id"], "-f", "--tail", "all")
    assert followed.code == 0
    assert followed.out.startswith("the token is ***\n")
    shown = "".join(vdeck(capsys, "run", word, run["id"]).out for word in ("read", "events"))
    assert "correct-horse" not in shown + followed.out + created.out

    assert vdeck(capsys, "run", "delete", run["id"]).out == f"Deleted #{run['id']}.\n"
    assert json.loads(vdeck(capsys, "run", "list", "--json").out) == []
