"""Recorder and History: what was written is what is read, whatever happened in between."""

import errno
import math
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from launcher.metrics import level_writer, levels, records
from launcher.metrics.history import History
from launcher.metrics.levels import Level, files_of
from launcher.metrics.recorder import Recorder
from launcher.metrics.series import Series
from launcher.metrics.tail import Tail

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START = 1_795_000_000_000
NAN = math.nan


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks of five samples and segments of four blocks, so that little data goes through everything."""
    thin = (
        Level("raw", 0, 5, 4, 1_000_000, 86_400),
        Level("s10", 10_000, 5, 4, 1_000_000, 86_400),
        Level("s60", 60_000, 5, 4, 1_000_000, 86_400),
    )
    monkeypatch.setattr("launcher.metrics.recorder.LEVELS", thin)
    monkeypatch.setattr("launcher.metrics.history.LEVELS", thin)
    yield


def page(**values: float | str) -> bytes:
    return "".join(f"{name} {value}\n" for name, value in values.items()).encode()


def record(folder: str, rows: list[tuple[int, bytes]], *, close: bool = True) -> Recorder:
    recorder = Recorder(folder)
    for ms, text in rows:
        recorder.record(text, ms)
    if close:
        recorder.close()
    return recorder


def read(folder: str, name: str, start: int = 0, end: int = 1 << 60) -> dict[int, float]:
    history = History(folder)
    history.refresh()
    window = history.window(start, end)
    tracks = window.select(name)
    assert len(tracks) <= 1
    return dict(zip(window.times, tracks[0].values)) if tracks else {}


def same(one: dict[int, float], other: dict[int, float]) -> bool:
    return list(one) == list(other) and all(a == b or (a != a and b != b) for a, b in zip(one.values(), other.values()))


VALUES: dict[str, Callable[[random.Random, int], float]] = {
    "whole numbers": lambda r, i: float(i * 1000 + r.randrange(10)),
    "falling": lambda r, i: float(-i),
    "constant": lambda r, i: 17.25,
    "large counter": lambda r, i: 2.0**60 + i * 2.0**10,
    "fractions": lambda r, i: i + r.random(),
    "signs change": lambda r, i: r.gauss(0, 1),
    "tiny and huge": lambda r, i: r.choice((1e-300, 1e300, 5e-324, -1e-9)),
    "infinite": lambda r, i: r.choice((math.inf, -math.inf, 1.0)),
    "sometimes NaN": lambda r, i: NAN if r.random() < 0.3 else float(i),
    "jumps": lambda r, i: float(r.choice((0, 1, 127, 128, -129, 40_000, -3e9, 2**40))),
}


@pytest.mark.parametrize("kind", VALUES)
def test_every_kind_of_value_comes_back_exactly(tmp_path: object, small: None, kind: str) -> None:
    rnd = random.Random(3)
    expected = {START + i * 1000 + rnd.randrange(9): VALUES[kind](rnd, i) for i in range(23)}
    record(str(tmp_path), [(ms, page(a=7, x=repr(value), z=1)) for ms, value in expected.items()])
    assert same(read(str(tmp_path), "x"), expected)
    assert files_of(str(tmp_path), "raw")[0], "nothing was packed into blocks: the test shows too little"


def test_a_reader_follows_while_it_is_written(tmp_path: object, small: None) -> None:
    recorder, history = Recorder(str(tmp_path)), History(str(tmp_path))
    assert (history.refresh(), history.latest_ms) == (False, None)
    for i in range(40):
        recorder.record(page(x=i), START + i * 1000)
        assert history.refresh(), i
        assert history.latest_ms == START + i * 1000
        window = history.window(START, START + i * 1000)
        assert list(window.select("x")[0].values) == [float(n) for n in range(i + 1)]
    assert history.interval_ms == 1000
    assert [history.refresh() for _ in range(5)] == [False] * 5
    recorder.close()


def test_times_at_the_edges_of_a_window_are_in_it(tmp_path: object, small: None) -> None:
    record(str(tmp_path), [(START + i * 1000, page(x=i)) for i in range(20)])
    assert list(read(str(tmp_path), "x", START + 3000, START + 7000).values()) == [3, 4, 5, 6, 7]


def test_series_come_and_go(tmp_path: object, small: None) -> None:
    pages = [page(a=1), page(a=2), page(b=5, a=3), page(b=6), page(c=1, b=7, a=4), page(a=5), page(a=6), page(d=1)]
    record(str(tmp_path), [(START + i * 1000, text) for i, text in enumerate(pages)])
    expected = {"a": [1, 2, 3, NAN, 4, 5, 6, NAN], "b": [NAN, NAN, 5, 6, 7, NAN, NAN, NAN], "d": [NAN] * 7 + [1]}
    for name, values in expected.items():
        assert same(read(str(tmp_path), name), {START + i * 1000: value for i, value in enumerate(values)}), name


def test_labels_types_and_helps_survive(tmp_path: object, small: None) -> None:
    text = (
        "# HELP vllm:x_total What \\\\ it is\n# TYPE vllm:x_total counter\n"
        'vllm:x_total{model_name="/m/\\"a\\" b\\n{c},",engine="1"} 3\nother 4\n'
    )
    record(str(tmp_path), [(START + i * 1000, text.encode()) for i in range(7)])
    history = History(str(tmp_path))
    history.refresh()
    window = history.window(START, START + 9000)
    assert window.names() == ["vllm:x_total", "other"]
    assert window.kind("vllm:x_total") == "counter"
    assert window.help("vllm:x") == "What \\ it is"
    assert [t.series for t in window.select("vllm:x_total")] == [
        Series("vllm:x_total", (("engine", "1"), ("model_name", '/m/"a" b\n{c},')))
    ]
    assert window.select("vllm:x_total", engine="1")
    assert not window.select("vllm:x_total", engine="0")


def test_gaps_and_marks(tmp_path: object, small: None) -> None:
    recorder = Recorder(str(tmp_path))
    recorder.mark(START - 500, "ready")
    for i in range(30):
        if i in (7, 8, 9):
            recorder.gap(START + i * 1000)
        elif i == 12:
            assert recorder.record(b"<html>busy</html>", START + i * 1000) is None
        else:
            assert recorder.record(page(x=i), START + i * 1000) is not None
    recorder.mark(START + 20_500, "restart")
    recorder.close()
    history = History(str(tmp_path))
    history.refresh()
    events = [(event.ms - START, event.kind) for event in history.window(START - 1000, START + 60_000).events]
    assert events == [(-500, "ready"), (7000, "gap"), (12_000, "gap"), (20_500, "restart")]
    assert [event.kind for event in history.marks(START - 1000, START + 60_000)] == ["ready", "restart"]
    assert recorder.faults.count == 1
    assert START + 8000 not in read(str(tmp_path), "x")


def test_thinner_levels_keep_the_last_sample_of_each_cell(tmp_path: object, small: None) -> None:
    first = START - START % 60_000
    record(str(tmp_path), [(first + i * 1000 + 5, page(x=i)) for i in range(600)])
    history = History(str(tmp_path))
    history.refresh()
    window = history.window(first, first + 600_000, step_ms=40_000)
    assert window.spacing_ms == 10_000
    assert [ms - first for ms in window.times] == [cell * 10_000 + 9005 for cell in range(60)]
    minutes = history.window(first, first + 600_000, step_ms=240_000)
    assert list(minutes.select("x")[0].values) == [59 + 60 * i for i in range(10)]


def test_a_thinner_level_ends_with_the_newest_sample(tmp_path: object, small: None) -> None:
    first = START - START % 60_000
    record(str(tmp_path), [(first + i * 1000, page(x=i)) for i in range(65)], close=False)
    history = History(str(tmp_path))
    history.refresh()
    window = history.window(first, first + 70_000, step_ms=40_000)
    assert list(window.select("x")[0].values) == [9, 19, 29, 39, 49, 59, 64]


def test_a_reset_between_two_thin_samples_is_not_lost(tmp_path: object, small: None) -> None:
    first = START - START % 60_000
    recorder = Recorder(str(tmp_path))
    for i in range(5):
        recorder.record(page(x=100 + i), first + i * 1000)
    recorder.gap(first + 5000)
    for i in range(6, 12):
        recorder.record(page(x=i), first + i * 1000)
    recorder.close()
    history = History(str(tmp_path))
    history.refresh()
    assert list(history.window(first, first + 60_000, step_ms=40_000).select("x")[0].values) == [104, 9, 11]


def test_the_oldest_goes_first_and_thin_data_stays(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    tight = (Level("raw", 0, 5, 2, 1800, 86_400), Level("s10", 10_000, 5, 2, 1_000_000, 86_400))
    monkeypatch.setattr("launcher.metrics.recorder.LEVELS", tight)
    monkeypatch.setattr("launcher.metrics.history.LEVELS", tight)
    first = START - START % 60_000
    record(str(tmp_path), [(first + i * 1000, page(x=i)) for i in range(300)])
    raw = sum(os.path.getsize(file.path) for file in files_of(str(tmp_path), "raw")[0])
    assert raw <= 1800 + 400
    history = History(str(tmp_path))
    history.refresh()
    assert len(history.window(first + 280_000, first + 299_000).times) == 20  # the newest: every second
    old = history.window(first, first + 299_000)
    assert old.spacing_ms == 10_000  # what is gone on the raw level is read from the thin one
    assert old.times[0] == first + 9000
    assert history.earliest_ms == first + 9000


def test_what_is_too_old_is_dropped(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launcher.metrics.recorder.LEVELS", (Level("raw", 0, 5, 2, 1_000_000, 60),))
    record(str(tmp_path), [(START + i * 1000, page(x=i)) for i in range(300)])
    assert min(read(str(tmp_path), "x")) >= START + (300 - 60 - 3 * 5) * 1000


def test_a_second_recorder_continues_after_a_kill(tmp_path: object, small: None) -> None:
    expected = {START + i * 1000: float(i) for i in range(48)}
    rows = [(ms, page(x=value)) for ms, value in expected.items()]
    history = History(str(tmp_path))
    for begin in range(0, 48, 12):  # each is left as a SIGKILL leaves it: not closed
        record(str(tmp_path), rows[begin : begin + 12], close=False)
        history.refresh()
    for _ in range(4):
        history.refresh()
    window = history.window(START, START + 60_000)
    assert dict(zip(window.times, window.select("x")[0].values)) == expected
    assert same(read(str(tmp_path), "x"), expected)
    assert len(files_of(str(tmp_path), "raw")[1]) == 1  # the tails before were closed


def test_a_tail_cut_off_at_any_byte_reads_up_to_there(tmp_path: object) -> None:
    record(str(tmp_path), [(START + i * 1000, page(x=i, y=i * 0.5)) for i in range(6)], close=False)
    (file,) = files_of(str(tmp_path), "raw")[1]
    with open(file.path, "rb") as source:
        data = source.read()
    seen = set()
    for length in range(len(data) + 1):
        with open(file.path, "wb") as target:
            target.write(data[:length])
        tail = Tail(file.path, file.number)
        tail.poll()
        assert list(tail.times) == [START + i * 1000 for i in range(len(tail.times))]
        assert list(tail.column(0, 0, 9)) == [float(i) for i in range(len(tail.times))]
        seen.add(len(tail.times))
        with open(file.path, "wb") as target:  # and goes on when the rest arrives
            target.write(data)
        tail.poll()
        assert len(tail.times) == 6
    assert seen == set(range(7))


def test_a_segment_cut_off_at_any_byte_loses_only_its_last_block(tmp_path: object, small: None) -> None:
    record(str(tmp_path), [(START + i * 1000, page(x=i)) for i in range(20)])
    for name in os.listdir(str(tmp_path)):
        if not name.endswith("seg") or not name.startswith("raw"):
            os.unlink(os.path.join(str(tmp_path), name))
    (file,) = files_of(str(tmp_path), "raw")[0]
    with open(file.path, "rb") as source:
        data = source.read()
    for length in range(0, len(data), 7):
        with open(file.path, "wb") as target:
            target.write(data[:length])
        values = list(read(str(tmp_path), "x").values())
        assert values == [float(i) for i in range(len(values))]
        assert len(values) in (0, 5, 10, 15)


def test_flipped_bits_never_raise(tmp_path: object, small: None) -> None:
    record(str(tmp_path), [(START + i * 1000, page(x=i, y=i * 0.3)) for i in range(23)], close=False)
    rnd = random.Random(5)
    paths = [file.path for kind in files_of(str(tmp_path), "raw") for file in kind]
    originals = {}
    for path in paths:
        with open(path, "rb") as source:
            originals[path] = source.read()
    for _ in range(150):
        path = rnd.choice(paths)
        data = bytearray(originals[path])
        data[rnd.randrange(len(data))] ^= 1 << rnd.randrange(8)
        with open(path, "wb") as target:
            target.write(data)
        assert len(read(str(tmp_path), "x")) <= 23
        with open(path, "wb") as target:
            target.write(originals[path])


def test_files_of_somebody_else_are_left_alone(tmp_path: object, small: None) -> None:
    folder = str(tmp_path)
    foreign = {"notes.txt": b"mine", "raw-0000000007.seg": b"newer one", "raw-0000000009.tail": b"newer two"}
    for name, data in foreign.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
    record(folder, [(START + i * 1000, page(x=i)) for i in range(12)])
    assert len(read(folder, "x")) == 12
    for name, data in foreign.items():
        with open(os.path.join(folder, name), "rb") as file:
            assert file.read() == data


class FullDisk:
    """Writes half of what it is given, and then there is no space."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._write = records.write_at
        monkeypatch.setattr(records, "write_at", self)

    def __call__(self, fd: int, data: bytes, offset: int) -> int:
        if self.full:
            os.pwrite(fd, data[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._write(fd, data, offset)


@pytest.mark.parametrize("truncates", [True, False])
def test_a_full_disk_is_swallowed_and_recording_goes_on(
    tmp_path: object, small: None, monkeypatch: pytest.MonkeyPatch, truncates: bool
) -> None:
    disk = FullDisk(monkeypatch)
    if not truncates:
        monkeypatch.setattr(os, "ftruncate", lambda fd, length: (_ for _ in ()).throw(OSError(errno.EIO, "bad")))
    recorder, history = Recorder(str(tmp_path)), History(str(tmp_path))
    for i in range(60):
        disk.full = 17 <= i < 33
        recorder.record(page(x=i, y=i // 10), START + i * 1000)
        history.refresh()
    assert recorder.faults.count > 0
    assert recorder.faults.last is not None
    assert "No space left" in recorder.faults.last
    recorder.close()
    values = read(str(tmp_path), "x")
    assert values == {START + i * 1000: float(i) for i in range(60)}  # the blocks were kept until there was space
    for _ in range(4):
        history.refresh()
    window = history.window(START, START + 60_000)
    assert dict(zip(window.times, window.select("x")[0].values)) == values


def test_a_disk_that_stays_full_costs_no_memory(tmp_path: object, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(monkeypatch)
    recorder = Recorder(str(tmp_path))
    disk.full = True
    for i in range(300):
        recorder.record(page(x=i), START + i * 1000)
    assert len(recorder._levels[0]._jobs) <= 8
    disk.full = False
    for i in range(300, 320):
        recorder.record(page(x=i), START + i * 1000)
    recorder.close()
    values = read(str(tmp_path), "x")
    assert values[START + 319_000] == 319
    assert len(values) >= 20


def test_a_folder_that_cannot_be_made_is_counted(tmp_path: object) -> None:
    blocker = os.path.join(str(tmp_path), "file")
    with open(blocker, "w", encoding="ascii"):
        pass
    recorder = record(os.path.join(blocker, "metrics"), [(START, page(x=1)), (START + 1000, page(x=2))])
    assert recorder.faults.count > 0
    assert not History(os.path.join(blocker, "metrics")).refresh()


def test_the_clock_goes_back(tmp_path: object, small: None) -> None:
    rows = [(START + i * 1000, i) for i in range(12)]
    rows += [(START + 9000, 999)]  # a little: left out
    rows += [(START - 50_000 + i * 1000, 100 + i) for i in range(12)]  # a lot: the new time counts
    record(str(tmp_path), [(ms, page(x=value)) for ms, value in rows])
    history = History(str(tmp_path))
    history.refresh()
    assert history.latest_ms == START - 39_000
    window = history.window(START - 60_000, START + 60_000)
    assert list(window.times) == sorted(window.times)
    assert list(window.select("x")[0].values) == [100 + i for i in range(12)]


def test_many_series_that_come_and_go_do_not_pile_up(tmp_path: object) -> None:
    recorder = Recorder(str(tmp_path))
    for i in range(60):
        text = "".join(f'lora{{n="{i}-{j}"}} 1\n' for j in range(50)) + f"x {i}\n"
        recorder.record(text.encode(), START + i * 1000)
    assert len(recorder._schema.series) < 700
    recorder.close()
    assert read(str(tmp_path), "x") == {START + i * 1000: float(i) for i in range(60)}


WRITER = """
import itertools, sys
from launcher.metrics.recorder import Recorder
folder, first = sys.argv[1], int(sys.argv[2])
recorder = Recorder(folder)
for i in itertools.count(first):
    recorder.record(f"x {i}\\ny {i * 0.1!r}\\nz{{n=\\"{i // 50 % 3}\\"}} 1\\n".encode(), 1795000000000 + i * 1000)
    if i % 400 == 0:
        print(i, flush=True)
"""


def test_sigkill_at_any_moment_loses_nothing_that_was_recorded(tmp_path: object) -> None:
    folder = os.path.join(str(tmp_path), "metrics")
    rnd, first = random.Random(11), 0
    for _ in range(4):
        argv = [sys.executable, "-c", WRITER, folder, str(first)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": ROOT}) as writer:
            assert writer.stdout is not None
            for _ in range(rnd.randrange(2, 5)):
                said = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)  # it has gone on meanwhile: anywhere between two samples
        history = History(folder)
        history.refresh()
        assert history.latest_ms is not None
        last = (history.latest_ms - START) // 1000
        assert last >= said
        window = history.window(START, START + last * 1000)
        assert list(window.select("x")[0].values) == [float(i) for i in range(last + 1)]
        assert list(window.select("y")[0].values) == [i * 0.1 for i in range(last + 1)]
        first = last + 1


def test_the_recording_path_loads_nothing_heavy() -> None:
    code = (
        "import sys; import launcher.metrics.recorder, launcher.metrics.scrape\n"
        "heavy = {'asyncio', 'dataclasses', 'http.client', 'email', 'json', 'ssl', 'httpx', 'prometheus_client',\n"
        "         'logging', 'subprocess', 'textual', 'rich', 'sqlite3', 'pathlib', 'urllib'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    argv = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {ROOT!r})\n{code}"]
    assert subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout.strip() == "[]"


def test_the_sizes_of_the_levels_stay_below_the_limit() -> None:
    tails = 3 * level_writer._TAIL_BYTES // 10 * 11
    assert sum(level.max_bytes + level.max_bytes // 8 for level in levels.LEVELS) < 30_000_000
    assert sum(level.max_bytes for level in levels.LEVELS) + tails // 3 < 25_000_000
