"""``vdeck result export | cancel | delete``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from launcher.bench import control, store
from launcher.bench.export import FORMATS, as_text
from launcher.bench.result import Bench
from launcher.bench.result_json import to_json
from launcher.errors import EXIT_DONE, EXIT_FAILED, UsageError, VdeckError
from tui.commands import output
from tui.commands.bench_run import CANCEL_S, shown
from tui.commands.options import Values


def _all(words: Sequence[str]) -> list[Bench]:
    """The benchmarks that are meant, each once; a wrong word raises before anything is done to any of them."""
    return list({bench.id: bench for bench in map(store.find, words)}.values())


def export(values: Values) -> int:
    """Print or write the benchmarks in one of the forms."""
    found = [shown(bench) for bench in _all(values.many("RESULT"))]
    path = values.text("output")
    form = "json" if values.flag("json") else values.text("format") or _form_of(path)
    text = as_text(found, form)
    if path is None:
        sys.stdout.write(text)
        return EXIT_DONE
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already", fix="choose another name") from None
    except OSError as error:
        raise VdeckError(f"{path} cannot be written: {error.strerror}", fix="choose another place") from error
    output.note(f"Wrote {os.path.abspath(path)}.")
    return EXIT_DONE


def _form_of(path: str | None) -> str:
    ending = "" if path is None else path.rpartition(".")[2].lower()
    return ending if ending in FORMATS else "md"


def cancel(values: Values) -> int:
    """End a benchmark and wait until nothing of it is left."""
    bench = store.find(values.word("RESULT"))
    was_live = bench.live
    control.cancel(bench)
    ended = shown(control.wait(bench, CANCEL_S))
    if values.flag("json"):
        output.document(to_json(ended))
    elif not was_live:
        output.note(f"Benchmark {bench.id} has ended already ({ended.status}).")
    elif not ended.live:
        output.say(f"Cancelled benchmark {bench.id}." if ended.status == "cancelled" else f"It is {ended.status}.")
    if ended.live:
        raise VdeckError(f"benchmark {bench.id} has not ended yet", fix=f"see vdeck result read {bench.id}")
    return EXIT_DONE


def delete(values: Values) -> int:
    """Delete benchmarks; none is deleted while one of them is under way."""
    from tui.commands.failure import show

    found = _all(values.many("RESULT"))
    live = [bench.id for bench in found if bench.live]
    if live:
        raise UsageError(
            f"{' '.join(live)} {'is' if len(live) == 1 else 'are'} under way, nothing was deleted",
            fix=f"first: vdeck result cancel {live[0]}",
        )
    code, deleted = EXIT_DONE, []
    for bench in found:
        try:
            control.delete(bench)
        except VdeckError as error:
            show(error)
            code = max(code, EXIT_FAILED)
            continue
        deleted.append(bench.id)
        if not values.flag("json"):
            output.say(f"Deleted benchmark {bench.id}.")
    if values.flag("json"):
        output.document(deleted)
    return code
