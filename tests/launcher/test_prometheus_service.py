"""The one Prometheus of a state folder: refused, started as a run, found again, stopped. With a stand-in program."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.errors import UsageError, VdeckError
from launcher.prometheus import config, look, manifest, service
from launcher.runs import control, listing
from launcher.runs.record import PortRecord, Probe

Patch = pytest.MonkeyPatch

PROGRAM = """#!{python}
# Answers as much of a Prometheus' API as a start asks for; its arguments are in what it says of its version.
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
options = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({{"status": "success", "data": {{"version": "9.9", "activeTargets": []}}}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
print(json.dumps(options), flush=True)
HTTPServer(("127.0.0.1", int(options["web.listen-address"].rpartition(":")[2])), Handler).serve_forever()
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: Patch) -> Path:
    """A program with a blank in its path, configured."""
    path = tmp_path / "a folder" / "prometheus"
    path.parent.mkdir()
    path.write_text(PROGRAM.format(python=sys.executable))
    path.chmod(0o700)
    monkeypatch.setenv("VDECK_PROMETHEUS", str(path))
    return path


def test_none_to_start(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VdeckError, match="there is no Prometheus") as caught:
        service.start()
    assert "VDECK_PROMETHEUS" in caught.value.fix and listing.run_ids() == []
    assert service.stop() is None


def test_one_that_runs_elsewhere_is_not_started(monkeypatch: Patch) -> None:
    monkeypatch.setenv("VDECK_PROMETHEUS", "http://prom.example.org:9090")
    with pytest.raises(UsageError, match="names a Prometheus that runs already"):
        service.start()
    assert service.address([]) == "http://prom.example.org:9090"


def test_a_state_folder_that_cannot_be_written_is_said(program: Path, state_folder: Path) -> None:
    state_folder.write_text("a file")
    with pytest.raises(VdeckError, match="cannot be written"):
        service.start()


def test_start_status_second_start_and_stop(program: Path) -> None:
    folder = Path(paths.prometheus_targets())
    folder.mkdir(parents=True)
    (folder / "000000000042.json").write_text("[]")
    run = service.wait_ready(service.start(retention_s=3 * 86400))
    assert run.name == manifest.NAME and run.ready and list(folder.iterdir()) == [], "leftovers are swept"
    options = json.loads(kit.output(run.id).splitlines()[0])
    assert (
        options["storage.tsdb.path"] == paths.prometheus_data() and options["storage.tsdb.retention.time"] == "259200s"
    )
    assert options["web.listen-address"] == f"127.0.0.1:{run.endpoints[0].port}"
    written = json.loads(Path(options["config.file"]).read_text())["scrape_configs"][0]
    assert written["file_sd_configs"][0]["files"] == [f"{folder}/*.json"]
    assert Path(paths.prometheus_data()).stat().st_mode & 0o077 == 0
    stand = look.look()
    assert (stand.url, stand.version, stand.reachable, stand.problem) == (run.url, "9.9", True, None)
    assert stand.run is not None and stand.run.id == run.id
    with pytest.raises(VdeckError, match=f"run {run.id} is the Prometheus of this state folder already"):
        service.start()
    assert control.recent_manifests() == (), "nobody's own manifest"
    ended = service.stop()
    assert ended is not None and ended.status == "terminated" and kit.processes(run.id) == []
    assert Path(paths.prometheus_data()).is_dir() and service.stop() is None


def test_a_run_of_that_name_is_not_ours(program: Path) -> None:
    other = kit.start(kit.shell("sleep 1000"), name=manifest.NAME)
    assert service.ours([listing.load(other)]) is None
    run = service.start()
    assert service.ours(listing.load_all()) == listing.load(run.id)
    service.stop()
    assert listing.load(other).live


def test_one_that_ends_at_once_is_said_with_its_log(program: Path) -> None:
    program.write_text("#!/bin/sh\necho no space left; exit 3\n")
    run = service.start()
    with pytest.raises(VdeckError, match=rf"run {run.id}") as caught:
        service.wait_ready(run)
    assert f"vdeck run logs {run.id}" in caught.value.fix


def test_a_damaged_target_file_is_nobodys_target(program: Path) -> None:
    folder = Path(paths.prometheus_targets())
    folder.mkdir(parents=True)
    for number, text in enumerate(("", "{", "[]", "[3]", '[{"labels": {}}]', "null")):
        (folder / f"mine-{number}.json").write_text(text)
    assert look.look(sweep=True).targets == () and len(list(folder.iterdir())) == 6


def test_a_problem_is_told_and_not_raised(monkeypatch: Patch) -> None:
    monkeypatch.setenv("VDECK_PROMETHEUS", f"http://127.0.0.1:{kit.free_port()}")
    stand = look.look()
    assert stand.problem is not None and not stand.reachable and stand.url is not None
    monkeypatch.setenv("VDECK_PROMETHEUS", "/nowhere/prometheus")
    stand = look.look()
    assert stand.problem is not None and "no program" in stand.problem.title


def test_the_scrape_config_is_one_that_the_export_can_share() -> None:
    found = config.scrape_config("/x/*.json", interval_s=15)
    assert found["scrape_interval"] == "15s" and found["file_sd_configs"][0]["files"] == ["/x/*.json"]
    assert json.loads(config.document("/x/*.json"))["scrape_configs"][0]["scrape_timeout"] == "4s"


def test_a_web_server_is_no_target() -> None:
    """A run whose probe is satisfied by any answer (our Prometheus, an app) serves no model."""
    port = kit.free_port()
    step = kit.shell(f"exec {sys.executable} -m http.server {port} --bind 127.0.0.1")
    run_id = kit.start(
        step, ports=(PortRecord("web", "http", port),), probe=Probe("http", "127.0.0.1", (port,)), name="web"
    )
    wait_for(lambda: kit.ready(run_id))
    server, _ = kit.start_server()
    wait_for(lambda: Path(paths.RunPaths.of(server).prometheus_target()).exists())
    assert not Path(paths.RunPaths.of(run_id).prometheus_target()).exists()
