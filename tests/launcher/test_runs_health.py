"""The supervisor's judgement of a server: goals and health, in its state, its events and its metric history."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import runs_kit as kit
from pages_kit import histogram, lines, page
from standin import StandIn
from waiting import wait_for

from launcher import paths
from launcher.metrics import advisor, pulse
from launcher.metrics.goals import Goal, Goals
from launcher.metrics.history import History
from launcher.metrics.scrape import Scraper
from launcher.runs import control, events, goal_file, goal_watch, health, listing, readiness, server
from launcher.runs.goal_watch import GoalWatch
from launcher.runs.health import HealthWatch
from launcher.runs.keeper import Keeper
from launcher.runs.record import Probe, RunRecord
from launcher.runs.server import ServerWatch
from launcher.runs.state import State

TTFT = "time_to_first_token_seconds"
GOALS = Goals((Goal("ttft", 0.5, 0.95), Goal("itl", 0.05)), "bell")


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """The pen of a supervisor whose run folder is empty."""
    return Keeper(paths.RunPaths(str(tmp_path)), State())


def told(keeper: Keeper, kind: str) -> list[str]:
    """The texts of the events of this kind so far."""
    assert keeper.save(time.monotonic())
    return [event.text for event in events.read(keeper.run.events) if event.kind == kind]


# -- goals


class Load:
    """A server whose requests a test counts by hand: within 0.5 s, and slower."""

    def __init__(self, watch: GoalWatch) -> None:
        self.watch = watch
        self.now = 0.0
        self.good = self.all = 0

    def run(self, seconds: int, good: int, slow: int) -> None:
        for _ in range(seconds):
            self.now += 1.0
            self.good += good
            self.all += good + slow
            self.watch.look(self.now)
            self.watch.page(page(histogram(TTFT, (0, self.good, self.all, self.all))), self.now)


@pytest.fixture
def marks() -> list[str]:
    return []


@pytest.fixture
def watch(keeper: Keeper, marks: list[str]) -> GoalWatch:
    goal_file.write(keeper.run.goals, GOALS)
    return GoalWatch(keeper, marks.append)


def test_a_goal_that_is_kept_is_not_spoken_of(keeper: Keeper, watch: GoalWatch, marks: list[str]) -> None:
    Load(watch).run(400, good=20, slow=1)
    assert (keeper.state.missed, keeper.state.notify, marks) == ([], "bell", [])
    assert told(keeper, "goal") == []


def test_a_missed_goal_is_said_once_and_again_when_it_holds(keeper: Keeper, watch: GoalWatch, marks: list[str]) -> None:
    load = Load(watch)
    load.run(400, good=8, slow=2)
    assert (keeper.state.missed, marks) == (["ttft"], ["goal"])
    (missed,) = told(keeper, "goal")
    assert missed.startswith("TTFT goal missed: 80 % within 500 ms over ")
    assert missed.endswith(", wanted 95 %")
    load.run(400, good=10, slow=0)
    assert (keeper.state.missed, marks) == ([], ["goal"])
    assert told(keeper, "goal")[1:] == ["TTFT goal holds again: 96 % within 500 ms over 5 min, wanted 95 %"]


def test_a_share_around_the_goal_does_not_flap(keeper: Keeper, watch: GoalWatch, marks: list[str]) -> None:
    load = Load(watch)
    load.run(330, good=94, slow=6)
    for _ in range(20):
        load.run(30, good=96, slow=4)
        load.run(30, good=94, slow=6)
    assert keeper.state.missed == ["ttft"]
    assert marks == ["goal"]


def test_a_goal_is_missed_for_a_minute_at_least(
    keeper: Keeper, watch: GoalWatch, marks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Load(watch)
    load.run(10, good=0, slow=10)
    assert keeper.state.missed == ["ttft"]
    load.run(40, good=100_000, slow=0)
    assert keeper.state.missed == ["ttft"]
    load.run(30, good=100_000, slow=0)
    assert keeper.state.missed == []


def test_few_requests_are_no_verdict_and_silence_ends_one(keeper: Keeper, watch: GoalWatch) -> None:
    load = Load(watch)
    load.run(19, good=0, slow=1)
    assert keeper.state.missed == []
    load.run(60, good=0, slow=1)
    assert keeper.state.missed == ["ttft"]
    load.run(310, good=0, slow=0)
    assert keeper.state.missed == []
    assert told(keeper, "goal")[-1] == "TTFT goal: no verdict any more, 8 observations over 5 min are too few"


def test_a_goal_set_later_is_noticed_and_judged_at_once(keeper: Keeper, watch: GoalWatch) -> None:
    load = Load(watch)
    load.run(100, good=8, slow=0)
    goal_file.write(keeper.run.goals, Goals((Goal("ttft", 0.1, 0.99),), "desktop"))
    load.now += goal_watch.LOOK_S
    watch.look(load.now)
    assert keeper.state.missed == ["ttft"]  # none of them was within 100 ms
    assert keeper.state.notify == "desktop"
    assert told(keeper, "goal")[0] == "goals set: TTFT 100 ms (99 %)"
    goal_file.write(keeper.run.goals, Goals())
    load.now += goal_watch.LOOK_S
    watch.look(load.now)
    assert keeper.state.missed == []
    assert told(keeper, "goal")[-1] == "goals set: none"


def test_a_damaged_file_leaves_the_goals_as_they_were(keeper: Keeper, watch: GoalWatch) -> None:
    load = Load(watch)
    load.run(100, good=8, slow=2)
    Path(keeper.run.goals).write_text("{")
    load.run(100, good=8, slow=2)
    assert keeper.state.missed == ["ttft"]
    assert told(keeper, "problem") == ["goals.json is damaged; the goals stay as they were"]


def test_another_server_is_judged_anew(keeper: Keeper, watch: GoalWatch) -> None:
    load = Load(watch)
    load.run(100, good=8, slow=2)
    watch.clear()
    assert keeper.state.missed == []
    load.good, load.all = 0, 0
    load.run(100, good=8, slow=0)
    assert keeper.state.missed == []


# -- health


def play(watch: HealthWatch, seconds: range, numbers: Callable[[int], dict[str, float]]) -> None:
    for second in seconds:
        watch.page(page(lines(**numbers(second))), float(second))


def busy(second: int) -> dict[str, float]:
    return {"num_requests_running": 8, "num_requests_waiting": 0, "generation_tokens_total": second * 9}


def test_a_healthy_server_is_silent(keeper: Keeper) -> None:
    play(HealthWatch(keeper), range(200), busy)
    assert (keeper.state.health, keeper.state.advice) == (None, None)
    assert told(keeper, "health") == []


def test_a_stuck_server_is_said_and_forgiven_at_once(keeper: Keeper) -> None:
    watch = HealthWatch(keeper)
    play(watch, range(20), busy)
    play(watch, range(20, 60), lambda second: busy(20))
    assert keeper.state.health == advisor.WEDGED
    assert keeper.state.advice is not None
    assert keeper.state.advice.startswith("8 requests run, but no token came")
    play(watch, range(60, 67), busy)
    assert (keeper.state.health, keeper.state.advice) == (None, None)
    first, last = told(keeper, "health")
    assert first.startswith("wedged: 8 requests run")
    assert last == "no longer wedged"


def test_a_queue_that_was_empty_for_a_moment_is_no_minute_of_waiting(keeper: Keeper) -> None:
    watch = HealthWatch(keeper)

    def queue(second: int) -> dict[str, float]:
        return busy(second) | {"num_requests_waiting": 0.0 if second == 70 else 7.0}

    play(watch, range(90), queue)
    assert keeper.state.health == advisor.SATURATED
    play(watch, range(90, 120), queue)  # no minute of waiting since second 70, and none before second 131
    assert keeper.state.health is None
    play(watch, range(120, 140), queue)
    assert [text.partition(":")[0] for text in told(keeper, "health")] == [
        "saturated", "no longer saturated", "saturated"
    ]  # fmt: skip


def test_one_stuck_engine_of_two_does_not_hide(keeper: Keeper) -> None:
    watch = HealthWatch(keeper)
    for second in range(40):
        watch.page(page(lines("0", **busy(second)), lines("1", **busy(0))), float(second))
    assert keeper.state.health == advisor.WEDGED
    assert keeper.state.advice is not None
    assert keeper.state.advice.startswith("engine 1: 8 requests run")


def test_the_worst_is_said_and_does_not_change_to_and_fro(keeper: Keeper) -> None:
    watch = HealthWatch(keeper)

    def both(second: int) -> dict[str, float]:
        waiting = 5.0 if second < 80 or second > 82 else 0.0
        return busy(second) | {"num_requests_waiting": waiting, "num_preemptions_total": second // 5}

    play(watch, range(100), both)
    assert keeper.state.health == advisor.SATURATED
    assert [text.partition(":")[0] for text in told(keeper, "health")] == ["preempting", "saturated"]


def test_a_cache_that_hits_less_while_it_is_full(keeper: Keeper) -> None:
    watch = HealthWatch(keeper)

    def prompts(second: int) -> dict[str, float]:
        hits = second * 60.0 if second < 900 else 54_000 + (second - 900) * 5.0
        more = {"prefix_cache_queries_total": second * 100.0, "prefix_cache_hits_total": hits}
        return busy(second) | more | {"kv_cache_usage_perc": 0.5 if second < 900 else 0.97}

    play(watch, range(900), prompts)
    assert keeper.state.health is None
    play(watch, range(900, 1200), prompts)
    assert keeper.state.health == advisor.EVICTING
    assert keeper.state.advice is not None
    assert "60 % before" in keeper.state.advice


def test_a_server_that_goes_leaves_no_health(keeper: Keeper) -> None:
    watch = HealthWatch(keeper)
    play(watch, range(40), lambda second: busy(0))
    assert keeper.state.health == advisor.WEDGED
    watch.clear()
    assert (keeper.state.health, keeper.state.advice) == (None, None)


# -- on a server that answers


@contextlib.contextmanager
def asked(url: str, prompt: str, count: int = 1, *, tokens: int = 4) -> Iterator[None]:
    """That many requests at the server for the time of the block."""

    def ask() -> None:
        body = {"messages": [{"role": "user", "content": prompt}], "stream": True, "max_tokens": tokens}
        with contextlib.suppress(httpx.HTTPError), httpx.Client(trust_env=False, timeout=60) as client:
            client.post(f"{url}/v1/chat/completions", json=body)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield


def supervised(keeper: Keeper, standin: StandIn) -> ServerWatch:
    """What a supervisor does for a server, in this process."""
    record = RunRecord("1", "a", time.time(), probe=Probe("vllm", "127.0.0.1", (standin.port,)), interval_s=0.2)
    watch = ServerWatch(record, keeper, None)
    watch.begin()
    return watch


def ticked(watch: ServerWatch, condition: Callable[[], object]) -> None:
    def tick() -> object:
        watch.tick(time.monotonic())
        return condition()

    wait_for(tick, what="what the supervisor should see")


def test_a_server_that_never_answers_is_wedged(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "PATIENCE_S", 0.5)
    monkeypatch.setattr(health, "EVERY_S", 0.1)
    with StandIn() as standin:
        watch = supervised(keeper, standin)
        ticked(watch, lambda: keeper.state.ready)
        with asked(standin.url, "!hang"):
            ticked(watch, lambda: keeper.state.health == advisor.WEDGED)
            assert keeper.state.advice is not None
            assert keeper.state.advice.startswith("1 request runs, but no token came")
            with asked(standin.url, "hello"):
                ticked(watch, lambda: keeper.state.health is None)
        watch.stopped()


def test_requests_that_wait_make_a_server_saturated(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisor, "WINDOW_S", 1.0)
    monkeypatch.setattr(health, "EVERY_S", 0.1)
    monkeypatch.setattr(health, "SAMPLE_S", 0.1)
    with StandIn(max_num_seqs=1) as standin:
        watch = supervised(keeper, standin)
        ticked(watch, lambda: keeper.state.ready)
        with asked(standin.url, "!hang"):
            wait_for(lambda: standin.running == 1)
            wanted = "3 requests wait while the KV cache has room (2 % used): raise max-num-seqs (1 run at once now)"
            with asked(standin.url, "hello", 3):
                ticked(watch, lambda: keeper.state.advice == wanted)
                assert keeper.state.health == advisor.SATURATED
        watch.stopped()


def test_preemptions_of_a_server_are_seen(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "EVERY_S", 0.1)
    with StandIn() as standin:
        watch = supervised(keeper, standin)
        ticked(watch, lambda: keeper.state.ready)
        recorded = Path(keeper.run.metrics)
        ticked(watch, lambda: recorded.is_dir())  # a page before: what a counter has at first is no growth
        with asked(standin.url, "!preempt", 3):
            ticked(watch, lambda: keeper.state.health == advisor.PREEMPTING)
        watch.stopped()


def test_a_goal_missed_by_a_real_supervisor() -> None:
    """A run from its folder: the file of the goals, the event, the mark, the view; then other goals, noticed by it."""
    run_id, port = kit.start_server("--first-token-delay", "0.2", interval_s=0.2)
    run = paths.RunPaths.of(run_id)
    wait_for(lambda: kit.ready(run_id))
    goal_file.write(run.goals, Goals((Goal("ttft", 0.1),), "bell"))
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: Path(run.metrics).is_dir(), what="the first scrape")
    with asked(url, "hello", 25):
        found = wait_for(lambda: ((r := listing.load(run_id)).missed and r) or None)
    assert found is not None
    assert (found.missed, found.notify, found.health) == (("ttft",), "bell", None)

    def said() -> str:
        """The last word on goals: the state is written a moment before its event."""
        return [event.text for event in control.events(run_id) if event.kind == "goal"][-1]

    wait_for(lambda: "missed" in said(), what="the event")
    assert said().startswith("TTFT goal missed: 0 % within 100 ms over ")
    history = History(run.metrics)
    history.refresh()
    now = int(time.time() * 1000)
    assert "goal" in [mark.kind for mark in history.marks(now - 60_000, now)]
    goal_file.write(run.goals, Goals((Goal("ttft", 5.0),)))
    wait_for(lambda: not listing.load(run_id).missed, 10)
    control.terminate(run_id)
    ended = wait_for(lambda: kit.ended(run_id))
    assert ended is not None
    assert (ended.missed, ended.health, ended.advice) == ((), None, None)


@pytest.mark.parametrize("interval_s", [0.2, 5.0])
def test_a_supervisor_scrapes_as_often_as_the_manifest_says(keeper: Keeper, interval_s: float) -> None:
    with StandIn() as standin:
        record = RunRecord("1", "a", 0.0, probe=Probe("vllm", "127.0.0.1", (standin.port,)), interval_s=interval_s)
        watch = ServerWatch(record, keeper, None)
        watch.begin()
        now = time.monotonic()
        while not keeper.state.ready:
            now += server.PROBE_S
            watch.tick(now)
        for _ in range(5):  # the clock of the test: each tick comes when it is due
            before, now = now, watch.next_at
            watch.tick(now)
            assert now - before == pytest.approx(interval_s)
            assert watch.next_at - now == pytest.approx(interval_s)
        watch.stopped()


def test_an_outage_is_seen_in_seconds_however_seldom_it_is_scraped(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Scraper) -> bytes:
        raise ConnectionRefusedError

    with StandIn() as standin:
        record = RunRecord("1", "a", 0.0, probe=Probe("vllm", "127.0.0.1", (standin.port,)), interval_s=60.0)
        watch = ServerWatch(record, keeper, None)
        watch.begin()
        now = time.monotonic()
        while not keeper.state.ready:
            now += server.PROBE_S
            watch.tick(now)
        monkeypatch.setattr(Scraper, "get", refused)
        monkeypatch.setattr(readiness, "healthy", lambda *_, **__: "nothing answers")
        down = now
        while keeper.state.ready and now < down + 300:
            now = watch.next_at
            watch.tick(now)
        assert now - down <= 60.0 + server.LOST_AFTER * server.RETRY_S
        watch.stopped()
