"""What two runs really had: flags of ``vllm serve``, environment, engine, model, GPUs, what their logs tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from launcher.compare.log_args import written
from launcher.compare.row import Row, Section, number_row, text_row
from launcher.compare.side import Side
from launcher.logs import facts
from launcher.logs.phases import FACTS
from launcher.logs.redact import MASK
from launcher.manifest import shell_words
from launcher.manifest.credentials import names_secret
from launcher.runs import secrets
from launcher.runs.command import SECRET_FLAGS
from launcher.runs.record import RunRecord, StepRecord
from launcher.runs.view import RunView

DEFAULT = "default"
"""A flag that was not given."""
_SHORT = {
    "-tp": "tensor-parallel-size", "-pp": "pipeline-parallel-size", "-dp": "data-parallel-size", "-q": "quantization",
    "-O": "optimization-level",
}  # fmt: skip
_USUAL = frozenset({"host", "port", "PORT", "RUN_ID", "RUN_DIR"})
"""No two runs have the same."""
_NUMBERS: dict[str, tuple[str, bool | None]] = {
    "kv_tokens": ("count", True), "max_concurrency": ("", True), "kv_gib": ("GiB", True), "weights_gib": ("GiB", None),
    "graphs_gib": ("GiB", None),
}  # fmt: skip
"""Facts that are amounts: their unit, and whether more is better."""


def section(a: Side, b: Side) -> Section:
    """All of it; what does not differ is there for those who ask for everything."""
    says = [f"There is no record of {word}: {side.run.reason or 'it is lost'}."
            for word, side in (("A", a), ("B", b)) if side.record is None]  # fmt: skip
    says += [f"{word} was not started by vdeck: only what its server tells is known."
             for word, side in (("A", a), ("B", b)) if side.watched]  # fmt: skip
    rows = (*_run_rows(a, b), *_flag_rows(a, b), *_env_rows(a, b), *_fact_rows(a.run, b.run))
    section = Section("args", tuple(says), rows=rows, only_differences=True)
    if not section.shown(False) and not says:
        return Section("args", ("Nothing differs: flags, environment, engine, model, GPUs.",), rows=rows,
                       only_differences=True)  # fmt: skip
    return section


def _run_rows(a: Side, b: Side) -> Iterable[Row]:
    group = "Run"
    for label, one, two in (
        ("Model", a.run.model, b.run.model),
        ("Engine", a.run.engine, b.run.engine),
        ("GPUs", _gpus(a.record), _gpus(b.record)),
        ("Cluster", a.run.cluster, b.run.cluster),
        ("Served names", ", ".join(a.run.served_names) or None, ", ".join(b.run.served_names) or None),
        ("Restart", _restart(a.record), _restart(b.record)),
        ("Grace", _grace(a.record), _grace(b.record)),
    ):
        yield text_row(label, one, two, group=group)


def _gpus(record: RunRecord | None) -> str | None:
    if record is None or record.attached:
        return None
    return ", ".join(map(str, record.gpus)) or "none"


def _restart(record: RunRecord | None) -> str | None:
    if record is None or record.attached:
        return None
    return record.restart if record.restart == "never" else f"{record.restart}, at most {record.restart_max}"


def _grace(record: RunRecord | None) -> str | None:
    return None if record is None or record.attached else f"{record.grace_s:g} s"


# -- flags


def given(words: Sequence[str]) -> dict[str, str]:
    """Flag to value of a command line, ``_`` as ``-``: all words of a list, ``on`` and ``off`` for a switch."""
    found: dict[str, list[str]] = {}
    name = ""
    for word in words:
        if word in _SHORT:
            name = _SHORT[word]
            found[name] = []
        elif word.startswith("--") and len(word) > 2:
            name, equals, value = word[2:].partition("=")
            name = name.replace("_", "-")
            found[name] = [value] if equals else []
        elif name:
            found[name].append(word)
    return dict(_switched(name, values) for name, values in found.items())


def _switched(name: str, values: list[str]) -> tuple[str, str]:
    if values:
        return name, " ".join(values)
    return (name[3:], written(False)) if name.startswith("no-") else (name, written(True))


def server_words(steps: Iterable[StepRecord]) -> tuple[str, ...] | None:
    """The words behind ``serve`` of the first step that starts a vLLM server; None when no step does."""
    for step in steps:
        if step.kind == "vllm":
            words = step.argv
            return words[words.index("serve") + 1 :] if "serve" in words else words[1:]
        servers = shell_words.servers(step.display)
        if servers:
            return tuple(word.text for word in servers[0].args)
    return None


def effective(side: Side) -> Mapping[str, str] | None:
    """The flags that the server had: those of its command, in the form in which its log names them; None when neither
    is known. Secret ones have no value."""
    words = server_words(side.record.steps) if side.record is not None else None
    if words is None and not side.logged:
        return None
    found = {**given(words or ()), **side.logged}
    return {name: MASK if name in SECRET_FLAGS or names_secret(name) else value for name, value in found.items()}


def _flag_rows(a: Side, b: Side) -> Iterable[Row]:
    group = "vllm serve"
    first, second = effective(a), effective(b)
    for name in dict.fromkeys((*(first or {}), *(second or {}))):
        one, two = (None if flags is None else flags.get(name, DEFAULT) for flags in (first, second))
        yield text_row(f"--{name}", one, two, group=group, usual=name in _USUAL)


# -- environment


def _env_rows(a: Side, b: Side) -> Iterable[Row]:
    group = "Environment"
    first, second = _env(a.record), _env(b.record)
    for name in dict.fromkeys((*(first or {}), *(second or {}))):
        one, two = (None if env is None else env.get(name, "not set") for env in (first, second))
        yield text_row(name, one, two, group=group, usual=name in _USUAL)


def _env(record: RunRecord | None) -> dict[str, str] | None:
    if record is None or record.attached:
        return None
    found = {str(name): str(value) for name, value in record.env.items()}
    found.update(dict.fromkeys(record.secret_names, MASK))
    return {name: MASK if secrets.is_sensitive(name) or names_secret(name) else value for name, value in found.items()}


# -- what the log tells


def _fact_rows(a: RunView, b: RunView) -> Iterable[Row]:
    group = "From the log"
    first, second = dict(a.facts), dict(b.facts)
    known = {**first, **second}
    for name in (*(name for name in FACTS if name in known), *(name for name in known if name not in FACTS)):
        label = facts.describe(name, known[name])[0]
        one, two = _number(first.get(name)), _number(second.get(name))
        if name in _NUMBERS and (one is not None or two is not None):
            unit, more = _NUMBERS[name]
            yield number_row(label, one, two, unit, more_is_better=more, group=group)
        else:
            texts = (facts.describe(name, run[name])[1] if name in run else None for run in (first, second))
            yield text_row(label, *texts, group=group, usual=name == "api_url")


def _number(value: str | None) -> float | None:
    try:
        return None if value is None else float(value.replace(",", ""))
    except ValueError:
        return None
