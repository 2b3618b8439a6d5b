"""How far a download is: the folder in the cache, the list of the hub, the words."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import wait_for

from launcher.runs.download import Download, cache_folder, expected, size, text, weights

FILES = {
    "siblings": [
        {"rfilename": "model-00001-of-00002.safetensors", "size": 3_000_000_000},
        {"rfilename": "model-00002-of-00002.safetensors", "size": 1_000_000_000},
        {"rfilename": "original/consolidated.safetensors", "size": 9_000_000_000},
        {"rfilename": "pytorch_model.bin", "size": 8_000_000_000},
        {"rfilename": "config.json", "size": 700},
    ]
}


@pytest.fixture
def hub() -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A hub that knows one model; what it was asked, and with which token."""
    asked: list[tuple[str, str | None]] = []

    class Hub(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            body = json.dumps(FILES).encode() if "/org/model" in self.path else b"{}"
            self.send_response(200 if "/org/model" in self.path else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/mirror", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "model, env, folder, found",
    [
        ("org/m", {"HOME": "/h"}, None, "/h/.cache/huggingface/hub/models--org--m"),
        ("m", {"XDG_CACHE_HOME": "/c"}, None, "/c/huggingface/hub/models--m"),
        ("org/m", {"HF_HOME": "/f", "XDG_CACHE_HOME": "/c"}, None, "/f/hub/models--org--m"),
        ("org/m", {"HF_HUB_CACHE": "/k", "HF_HOME": "/f"}, None, "/k/models--org--m"),
        ("org/m", {"HF_HOME": "/f"}, "/d", "/d/models--org--m"),
        ("/models/m", {}, None, None), ("./m", {}, None, None), ("s3://b/m", {}, None, None), ("a/b/c", {}, None, None),
    ],
)  # fmt: skip
def test_where_the_files_go(model: str, env: dict[str, str], folder: str | None, found: str | None) -> None:
    assert cache_folder(model, env, folder) == found


def test_what_has_come(tmp_path: Path) -> None:
    assert size(str(tmp_path)) == 0
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    (blobs / "aa").write_bytes(b"x" * 5000)
    (blobs / "bb.incomplete").write_bytes(b"y" * 3000)
    with open(blobs / "cc.incomplete", "wb") as file:
        file.truncate(1_000_000_000)  # made at its whole length, and nothing in it yet
    assert size(str(tmp_path)) == 8000


def test_what_vllm_will_fetch() -> None:
    assert weights(FILES) == 4_000_000_000
    assert weights({"siblings": FILES["siblings"][3:]}) == 8_000_000_000
    for bad in ({}, [], {"siblings": 3}, {"siblings": [1, {"rfilename": 3, "size": "x"}]}, None):
        assert weights(bad) is None


def test_the_hub_is_asked(hub: tuple[str, list[tuple[str, str | None]]]) -> None:
    url, asked = hub
    assert expected("org/model", {"HF_ENDPOINT": url, "HF_TOKEN": "hf_x"}) == 4_000_000_000
    assert asked == [("/mirror/api/models/org/model?blobs=true", "Bearer hf_x")]
    assert expected("org/other", {"HF_ENDPOINT": url}) is None
    assert expected("org/model", {"HF_ENDPOINT": url, "HF_HUB_OFFLINE": "1"}) is None and len(asked) == 2
    assert expected("org/model", {"HF_ENDPOINT": "http://127.0.0.1:1"}) is None
    assert expected("org/model", {"HF_ENDPOINT": "ftp://x"}) is None


def test_a_download_from_its_first_byte(tmp_path: Path, hub: tuple[str, list[tuple[str, str | None]]]) -> None:
    url, asked = hub
    download = Download("org/model", {"HF_HUB_CACHE": str(tmp_path), "HF_ENDPOINT": url})
    assert download.progress(0.0) is None
    assert wait_for(lambda: bool(asked) and download._total is not None, 10, "the hub's answer")
    blobs = tmp_path / "models--org--model" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "a.incomplete").write_bytes(b"x" * 20_000_000)
    assert download.progress(2.0) == "0.0 of 4.0 GB, 10 MB/s, ~6m38s"
    (blobs / "a.incomplete").write_bytes(b"x" * 60_000_000)
    assert download.progress(4.0) == "0.1 of 4.0 GB, 15 MB/s, ~4m23s"
    assert len(asked) == 1


def test_the_words() -> None:
    assert text([], None) is None and text([(0.0, 0)], None) is None
    assert text([(0.0, 5), (9.0, 5)], 10) is None, "a cache that is warm is no download"
    assert text([(0.0, 0), (10.0, 1_500_000_000)], None) == "1.50 GB, 150 MB/s"
    assert text([(0.0, 0), (10.0, 1_500_000_000)], 1_000) == "1.50 GB, 150 MB/s"


def test_a_folder_of_this_machine_is_no_download() -> None:
    assert Download("/models/m", {}).progress() is None
