"""A start in words: on the row, in the sentence, in the bars, on the command line."""

from __future__ import annotations

import time

import pytest
from detail_host import FakeSources, Host, until_text
from fake_fleet import failed_run, ready_run, starting_run

from launcher.runs.view import Download, PhaseMark, to_json
from tui.commands.run_read import fields
from tui.detail import overview_text
from tui.render import start
from tui.render.state import look, starting

NOW = 1_795_000_000.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "loading weights 43 %"),
        ({"detail": "shard 3 of 7"}, "loading weights 43 %, shard 3 of 7"),
        ({"phase": "download", "progress": None}, "downloading the model"),
        (
            {"phase": "download", "progress": "20 %", "download": Download(3.1e9, 14.9e9, 112e6)},
            "downloading the model 20 %, 3.1 of 14.9 GB, 112 MB/s, about 1m45s",
        ),
        ({"phase": "a new one\x1b[31m", "progress": None}, "a new one"),
        ({"phase": None, "progress": None}, ""),
    ],
)
def test_what_goes_on(changes: dict[str, object], said: str) -> None:
    assert start.doing(starting_run(**changes)) == said


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (Download(3.1e9), "3.1 GB"),
        (Download(3.1e9, None, 112e6), "3.1 GB, 112 MB/s"),
        (Download(3.1e9, None, 0.0), "3.1 GB"),
        (Download(999, 14.9e9, 5e6), "999 B of 14.9 GB, 5.0 MB/s, about 49m39s"),
        (Download(14.9e9, 14.9e9, 5e6), "14.9 of 14.9 GB, 5.0 MB/s, about 0s"),
    ],
)
def test_a_download(got: Download, said: str) -> None:
    assert start.download(got) == said


@pytest.mark.parametrize(
    ("left", "count", "long", "short"),
    [
        (None, 0, "", ""),
        (18.0, 5, "about 18 s to go (from 5 earlier starts)", "~18 s"),
        (0.0, 1, "about 1 s to go (from 1 earlier start)", "~1 s"),
        (125.0, 2, "about 2m05s to go (from 2 earlier starts)", "~2m05s"),
    ],
)
def test_what_remains(left: float | None, count: int, long: str, short: str) -> None:
    run = starting_run(remains_s=left, earlier=count)
    assert (start.remains(run), start.short_remains(run)) == (long, short)


def test_the_row() -> None:
    assert look(starting_run(remains_s=18.0, earlier=5)).words == "load 43 % ~18 s"
    still = look(starting_run(remains_s=18.0, still="nothing has moved for 94 s"))
    assert (still.words, still.style, still.long) == ("load: nothing has moved for 94 s", "warn", True)
    assert starting(starting_run(still="nothing has moved for 94 s")), "it is still on its way"


def test_the_document_has_it_all() -> None:
    phases = (PhaseMark("imports", NOW, NOW + 6.25), PhaseMark("load", NOW + 6.25, None))
    value = to_json(starting_run(phases=phases, remains_s=18.0, earlier=5, download=Download(1.0, 2.0, None)))
    assert [(p["name"], p["seconds"]) for p in value["phases"]] == [("imports", 6.25), ("load", None)]
    assert (value["remains_s"], value["earlier_starts"], value["still"]) == (18.0, 5, None)
    assert value["download"] == {"have": 1.0, "total": 2.0, "rate": None}


def test_run_read_says_it() -> None:
    run = starting_run(detail="shard 3 of 7", still="nothing has moved for 94 s", remains_s=18.0, earlier=5)
    said = dict(fields(run, None, now=NOW))
    assert said["Phase"] == "load 43 %, shard 3 of 7, nothing has moved for 94 s"
    assert said["Remains"] == "about 18 s to go (from 5 earlier starts)"


def test_a_start_that_failed_ends_in_the_mark() -> None:
    phases = (PhaseMark("imports", NOW, NOW + 10), PhaseMark("load", NOW + 10, NOW + 40))
    lines = overview_text.timeline(phases, NOW + 500, 66, live=False, failed=True).plain.split("\n")
    assert [line.endswith("✖") for line in lines] == [False, True, False]
    served = (*phases, PhaseMark("ready", NOW + 40, NOW + 40))
    assert "✖" not in overview_text.timeline(served, NOW + 500, 66, live=False, failed=True).plain


def test_the_facts_of_the_log_in_words_and_in_order() -> None:
    run = ready_run(facts=(("kv_tokens", "439136"), ("new_fact", "x"), ("engine_version", "0.33.0")))
    said = [" ".join(line.split()) for line in overview_text.log_facts(run, 70).plain.split("\n")]
    assert said == ["vLLM 0.33.0", "KV cache 439,136 tokens", "new fact x"]
    wide = [" ".join(line.split()) for line in overview_text.log_facts(run, 100).plain.split("\n")]
    assert wide == ["vLLM 0.33.0 new fact x", "KV cache 439,136 tokens"]
    one = overview_text.log_facts(ready_run(facts=(("engine_version", "1"),)), 100).plain
    assert one.split() == ["vLLM", "1"]
    assert overview_text.log_facts(ready_run(facts=()), 100).plain == ""


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_overview_of_a_start(size: tuple[int, int]) -> None:
    now = time.time()
    phases = (PhaseMark("imports", now - 12, now - 5), PhaseMark("load", now - 5, None))
    run = starting_run(
        started=now - 12, phases=phases, detail="shard 3 of 7", remains_s=18.0, earlier=5,
        still="nothing has moved for 94 s", facts=(("architecture", "Qwen3ForCausalLM"),),
    )  # fmt: skip
    app = Host(FakeSources(), run)
    async with app.run_test(size=size) as pilot:
        text = " ".join((await until_text(pilot, "loading weights 43 %, shard 3 of 7")).split())
        assert "to go" not in text, "an estimate of something that does not move would be a lie"
        assert "▲ nothing has moved for 94 s: no log line" in text
        assert "imports ███" in text and " …" in text
        app.snapshot(run._replace(still=None))
        text = " ".join((await until_text(pilot, "◷")).split())
        assert "◷ about 18 s to go (from 5 earlier starts)" in text and "nothing has moved" not in text


async def test_the_overview_of_a_start_that_failed() -> None:
    now = time.time()
    phases = (PhaseMark("imports", now - 12, now - 5), PhaseMark("load", now - 5, now - 2))
    app = Host(FakeSources(), failed_run(phases=phases))
    async with app.run_test(size=(80, 24)) as pilot:
        assert "3.0 s ✖" in await until_text(pilot, "✖ Failed")
