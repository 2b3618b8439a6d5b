"""The client of the HTTP API: what it sends, what it reads, and a sentence for every way to fail."""

from __future__ import annotations

import json
import math

import pytest
from prometheus_fake import Answer, Fake, Fields, matrix, prometheus, success, vector
from runs_kit import free_port

from launcher.errors import VdeckError
from launcher.prometheus.query import Client, Track, Vector

AT = 1_700_000_000_123


def test_times_go_out_and_come_back_to_the_millisecond() -> None:
    def answer(fake: Fake, path: str, fields: Fields) -> Answer:
        return matrix({AT: 1.5, AT + 250: math.nan, AT + 500: math.inf}) if "range" in path else vector(7)

    with prometheus(answer) as fake, Client(fake.url + "/") as client:
        assert client.query("up", AT) == [Vector({"n": "0"}, 7.0)]
        (track,) = client.query_range("up", AT, AT + 500, 250)
    assert fake.asked[0][:2] == ("/api/v1/query", {"query": "up", "time": "1700000000.123"})
    assert fake.asked[1][1] == {
        "query": "up", "start": "1700000000.123", "end": "1700000000.623", "step": "250ms"
    }  # fmt: skip
    assert isinstance(track, Track) and list(track.values) == [AT, AT + 250, AT + 500]
    assert track.values[AT] == 1.5 and math.isnan(track.values[AT + 250]) and math.isinf(track.values[AT + 500])


def test_a_token_is_sent_as_a_header_and_nowhere_else() -> None:
    with prometheus(lambda *_: vector()) as fake:
        with Client(fake.url, token="s3cret") as client:
            assert client.query("up", AT) == []
        path, fields, headers = fake.asked[0]
    assert headers["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in path + json.dumps(fields)


def test_a_token_that_no_header_may_hold_is_refused_without_showing_it() -> None:
    with pytest.raises(VdeckError, match="cannot be sent") as caught:
        Client("http://127.0.0.1:1", token="a\nb")
    assert "a\nb" not in caught.value.sentence()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, b"no"), "refuses us (401). put its token into VDECK_PROMETHEUS_TOKEN"),
        ((403, b"{}"), "refuses us (403)"),
        ((302, b""), "sends us somewhere else (302)"),
        ((404, b"<html>not found</html>"), "does not answer as a Prometheus (HTTP 404)"),
        ((200, b"<html>welcome</html>"), "does not answer as a Prometheus."),
        ((200, b""), "does not answer as a Prometheus"),
        ((200, b"[1]"), "does not answer as a Prometheus"),
        ((200, b'{"status":"success","data":3}'), "does not answer as a Prometheus"),
        (success({"resultType": "scalar", "result": [1, "2"]}), "does not answer as a Prometheus"),
        (success({"resultType": "vector", "result": [{"metric": {}, "value": "x"}]}), "does not answer as"),
        (success({"resultType": "vector", "result": [{"metric": 3, "value": [1, "2"]}]}), "does not answer as"),
        ((503, b"Service Unavailable"), "is not ready"),
        ((400, b'{"status":"error","error":"parse error: \\u001b[31mbad"}'), "says: parse error: bad"),
    ],
)
def test_every_answer_that_is_none_is_a_sentence(answer: Answer, words: str) -> None:
    with prometheus(lambda *_: answer) as fake, Client(fake.url) as client, pytest.raises(VdeckError) as caught:
        client.query("up", AT)
    assert words in caught.value.sentence() and "\x1b" not in caught.value.sentence()


def test_nobody_there() -> None:
    with Client(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(VdeckError, match="no Prometheus answers at"):
            client.query("up", AT)
        assert not client.ready()


def test_one_that_keeps_silent_is_left_after_the_time() -> None:
    def silent(fake: Fake, path: str, fields: Fields) -> Answer:
        fake.go_on.wait(20)
        return vector()

    with prometheus(silent) as fake, Client(fake.url, timeout_s=0.2) as client, pytest.raises(VdeckError) as caught:
        client.query("up", AT)
    assert "did not answer within 0.2 s" in caught.value.title


def test_version_and_health() -> None:
    def answer(fake: Fake, path: str, fields: Fields) -> Answer:
        if "targets" in path:
            found = {"labels": {"run": "42"}, "health": "down", "lastError": "connection \x07refused"}
            return success({"activeTargets": [found, {"labels": {}, "health": "up"}]})
        return success({"version": "3.1.0"})

    with prometheus(answer) as fake, Client(fake.url) as client:
        assert client.version() == "3.1.0"
        assert client.health() == {"42": ("down", "connection refused")}
    with prometheus(lambda *_: success({"activeTargets": 3})) as fake, Client(fake.url) as client:
        assert client.version() is None
        with pytest.raises(VdeckError, match="does not answer as"):
            client.health()
