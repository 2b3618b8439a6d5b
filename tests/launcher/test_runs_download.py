"""Download progress: where the cache is, what is there, what the hub says, how quick it goes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import runs_kit as kit
from waiting import wait_for

from launcher import paths
from launcher.runs import command, control, hub_cache, listing
from launcher.runs.download import DownloadWatch
from launcher.runs.view import RunView

LISTING = {
    "siblings": [
        {"rfilename": "config.json", "size": 700, "blobId": "c"},
        {"rfilename": "model-00001-of-00002.safetensors", "lfs": {"sha256": "aa", "size": 600}},
        {"rfilename": "model-00002-of-00002.safetensors", "lfs": {"sha256": "bb", "size": 400}},
        {"rfilename": "consolidated.safetensors", "lfs": {"sha256": "cc", "size": 1000}},
        {"rfilename": "original/x.safetensors", "lfs": {"sha256": "dd", "size": 1000}},
        {"rfilename": "pytorch_model.bin", "lfs": {"sha256": "ee", "size": 1000}},
    ]
}


class Hub(HTTPServer):
    """A hub that answers every question with the same."""

    def __init__(self, status: int = 200, body: Any = LISTING) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.body = status, body
        self.asked: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Hub)
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        body = self.server.body if isinstance(self.server.body, bytes) else json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        if self.server.status in (301, 302, 307):
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("env", "argv", "place"),
    [
        ({"HOME": "/h"}, (), "/h/.cache/huggingface/hub"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, (), "/x/huggingface/hub"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x", "HF_HOME": "/hf"}, (), "/hf/hub"),
        ({"HF_HOME": "/hf", "HF_HUB_CACHE": "/hub"}, (), "/hub"),
        ({"HOME": "/h", "HF_HOME": "~/hf"}, (), "/h/hf/hub"),
        ({"HF_HUB_CACHE": "/hub"}, ("--download-dir", "/d"), "/d"),
        ({"HF_HUB_CACHE": "/hub"}, ("--download_dir=/d",), "/d"),
        ({"HF_HUB_CACHE": "/hub"}, ("--download-dir",), "/hub"),
    ],
)
def test_where_the_cache_is(env: dict[str, str], argv: tuple[str, ...], place: str) -> None:
    assert DownloadWatch("org/m", env, command.flags(argv))._folder == f"{place}/models--org--m"


@pytest.mark.parametrize(
    ("model", "is_one"),
    [("org/m", True), ("gpt2", True), ("./m", False), ("/m", False), ("../m", False), ("a/b/c", False), (None, False),
     ("s3://b/m", False), ("", False), ("a\nb", False)],
)  # fmt: skip
def test_what_a_hub_name_is(model: str | None, is_one: bool) -> None:
    assert hub_cache.is_hub_name(model) is is_one


def test_what_is_there(tmp_path: Path) -> None:
    blobs = tmp_path / "blobs"
    assert hub_cache.size(str(tmp_path)) == (0, False)
    blobs.mkdir()
    (blobs / "aa").write_bytes(b"x" * 600)
    assert hub_cache.size(str(tmp_path)) == (600, False)
    (blobs / "bb.7f.incomplete").write_bytes(b"x" * 100)
    (blobs / "zz").write_bytes(b"x" * 5000)
    assert hub_cache.size(str(tmp_path), {"aa", "bb"}) == (700, True)
    (blobs / "gone").symlink_to(tmp_path / "nowhere")
    assert hub_cache.size(str(tmp_path)) == (5700, True)


def test_a_file_with_holes_counts_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    with open(tmp_path / "blobs" / "aa.incomplete", "wb") as file:
        file.write(b"x" * 8192)
        file.truncate(1 << 30)
    assert hub_cache.size(str(tmp_path))[0] < 1 << 24


@pytest.mark.parametrize(
    ("listing", "total"),
    [
        (LISTING, {"aa": 600, "bb": 400}),
        ({"siblings": [LISTING["siblings"][3]]}, {"cc": 1000}),
        ({"siblings": [LISTING["siblings"][5]]}, {"ee": 1000}),
        ({"siblings": [{"rfilename": "a.safetensors", "lfs": {"sha256": 5, "size": "x"}}, None, 3]}, {}),
        ({"siblings": 7}, {}),
        ([], {}),
        (None, {}),
    ],
)
def test_which_files_are_fetched(listing: Any, total: dict[str, int]) -> None:
    assert hub_cache.weights(listing) == total


def test_the_hub_is_asked_with_the_token_of_the_run(hub: Hub) -> None:
    env = {"HF_ENDPOINT": hub.url + "/", "HF_TOKEN": "hf_abc"}
    assert hub_cache.ask("org/m", env, "refs/pr/1") == {"aa": 600, "bb": 400}
    assert hub.asked == [("/api/models/org/m/revision/refs%2Fpr%2F1?blobs=true", "Bearer hf_abc")]


@pytest.mark.parametrize(
    ("status", "body"), [(404, {}), (401, LISTING), (302, LISTING), (200, b"{"), (200, b"[" * 99999)]
)
def test_a_hub_that_does_not_tell(hub: Hub, status: int, body: Any) -> None:
    hub.status, hub.body = status, body
    assert hub_cache.ask("org/m", {"HF_ENDPOINT": hub.url}) == {}
    assert len(hub.asked) == 1, "no redirect is followed"


def test_a_hub_that_is_not_there() -> None:
    assert hub_cache.ask("org/m", {"HF_ENDPOINT": "http://127.0.0.1:1"}) == {}


def test_a_token_does_not_travel_over_an_open_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []

    def get(host: str, port: int, path: str, timeout_s: float, headers: Any, **_: Any) -> Any:
        sent.append((host, port, dict(headers)))
        raise OSError

    monkeypatch.setattr("launcher.metrics.http.get", get)
    hub_cache.ask("org/m", {"HF_ENDPOINT": "http://mirror.example", "HF_TOKEN": "hf_abc"})
    hub_cache.ask("org/m", {"HF_ENDPOINT": "https://mirror.example", "HF_TOKEN": "hf_abc"})
    hub_cache.ask("org/m", {"HF_ENDPOINT": "http://user:pw@mirror.example/\r\nX: 1", "HF_TOKEN": "hf_abc"})
    assert [host for host, _, _ in sent] == ["mirror.example", "mirror.example"], "an odd endpoint is asked nothing"
    assert ["Authorization" in headers for _, _, headers in sent] == [False, True]


def blobs(tmp_path: Path) -> Path:
    folder = tmp_path / "models--org--m" / "blobs"
    folder.mkdir(parents=True)
    return folder


def test_a_download_with_a_known_end(hub: Hub, tmp_path: Path) -> None:
    folder = blobs(tmp_path)
    env = {"HF_HUB_CACHE": str(tmp_path), "HF_ENDPOINT": hub.url}
    watch = DownloadWatch("org/m", env)
    assert watch.look(0.0) is None and not hub.asked, "nothing comes in: nobody is asked"
    part = folder / "aa.incomplete"
    part.write_bytes(b"x" * 100)
    watch.look(2.0)
    got = wait_for(lambda: (found := watch.look(3.0)) and found[1] and found)
    assert got[:2] == [100, 1000]
    part.write_bytes(b"x" * 300)
    (folder / "other").write_bytes(b"x" * 50_000)
    got = watch.look(5.0)
    assert got is not None and got[:2] == [300, 1000] and got[2] is not None and got[2] > 0
    assert len(hub.asked) == 1


def test_a_download_whose_end_nobody_knows(tmp_path: Path) -> None:
    folder = blobs(tmp_path)
    asked: list[str] = []
    env = {"HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    watch = DownloadWatch("org/m", env, ask=lambda model, env, revision: asked.append(model) or {})  # type: ignore[func-returns-value]
    watch.look(0.0)
    assert not watch.due(1.0) and watch.due(2.0)
    (folder / "aa.incomplete").write_bytes(b"x" * 1000)
    assert watch.look(10.0) == [1000, None, 100.0]
    assert not asked, "offline means offline"


def test_a_cached_model_is_no_download(tmp_path: Path) -> None:
    folder = blobs(tmp_path)
    (folder / "aa").write_bytes(b"x" * 1000)
    watch = DownloadWatch("org/m", {"HF_HUB_CACHE": str(tmp_path)}, ask=lambda *_: pytest.fail("asked"))
    assert [watch.look(float(second)) for second in range(5)] == [None] * 5


def test_a_real_supervisor_tells_how_far_it_is(hub: Hub, tmp_path: Path) -> None:
    folder = blobs(tmp_path)
    script = tmp_path / "script.json"
    line = "INFO 11-22 06:32:05 [x.py:1] Starting to load model org/m..."
    script.write_text(json.dumps({"log": [line, {"sleep": 600}]}))
    env = {"HF_HUB_CACHE": str(tmp_path), "HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_not_to_be_seen"}
    run_id, _ = kit.start_server("--script", str(script), model="org/m", env=env)
    wait_for(lambda: listing.load(run_id).phase == "download")
    part = folder / "aa.incomplete"

    def grows() -> RunView | None:
        with part.open("ab") as file:
            file.write(b"x")
        run = listing.load(run_id)
        return run if run.download is not None and run.download.total == 1000 and run.download.rate else None

    run = wait_for(grows)
    assert run is not None and run.download is not None and 0 < run.download.have < 1000
    assert run.progress == f"{int(run.download.have / 10)} %" and run.download.remains_s is not None
    assert [token for _, token in hub.asked] == ["Bearer hf_not_to_be_seen"]
    place = paths.RunPaths.of(run_id)
    for file in (place.state, place.events, place.output, place.supervisor_log):
        assert "hf_not_to_be_seen" not in Path(file).read_text()
    control.terminate(run_id, force=True)
    wait_for(lambda: kit.ended(run_id))
