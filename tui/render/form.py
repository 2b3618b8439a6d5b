"""What was typed into the launch form, as overrides of the manifest. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from launcher.manifest.model import Manifest
    from launcher.manifest.overrides import Overrides

Pair = tuple[str, str]


class FormValues(NamedTuple):
    """The fields as typed; an empty one leaves the manifest as it is."""

    name: str = ""
    gpus: str = ""
    port: str = ""
    env: str = ""
    args: str = ""


class FormProblem(NamedTuple):
    field: str
    what: str


def parse_env(text: str) -> tuple[tuple[Pair, ...], tuple[FormProblem, ...]]:
    """``NAME=value`` a line; empty lines and those that begin with # are left out."""
    pairs: list[Pair] = []
    problems: list[FormProblem] = []
    for number, line in _lines(text):
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals or not name.strip().isidentifier():
            problems.append(FormProblem("env", f"env, line {number}: write NAME=value"))
        else:
            pairs.append((name.strip(), value.strip()))
    return tuple(pairs), tuple(problems)


def parse_args(text: str) -> tuple[tuple[Pair, ...], tuple[FormProblem, ...]]:
    """``flag=value`` a line; ``--flag value`` and a flag alone (true) are understood as well."""
    pairs: list[Pair] = []
    problems: list[FormProblem] = []
    for number, line in _lines(text):
        flag = line.lstrip("-")
        name, equals, value = flag.partition("=")
        if not equals:
            name, _, value = flag.partition(" ")
        name = name.strip()
        if not name or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            problems.append(FormProblem("args", f"args, line {number}: write flag=value, as in max-model-len=8192"))
        else:
            pairs.append((f"vllm.args.{name}", value.strip() or "true"))
    return tuple(pairs), tuple(problems)


def _lines(text: str) -> list[tuple[int, str]]:
    stripped = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, line) for number, line in stripped if line and not line.startswith("#")]


def from_overrides(given: Overrides) -> tuple[FormValues, Overrides]:
    """The fields that show what a run was created with, and what they do not show: secrets, and settings of the
    manifest that have no field. The second goes into ``to_overrides`` again as its ``base``."""
    from launcher.manifest.overrides import Overrides
    from launcher.runs.secrets import is_sensitive

    env = [f"{name}={value}" for name, value in given.env if not is_sensitive(name)]
    args, hidden, gpus = [], [], ""
    for path, value in given.sets:
        flag = path.removeprefix("vllm.args.")
        if flag != path and not is_sensitive(flag.replace("-", "_")) and "\n" not in value:
            args.append(f"{flag}={value}")
        elif path == "resources.gpus":
            gpus = value.strip("[]")
        else:
            hidden.append((path, value))
    shown = FormValues(name=given.name or "", gpus=gpus, env="\n".join(env), args="\n".join(args))
    secret = tuple((name, value) for name, value in given.env if is_sensitive(name))
    return shown, Overrides(env=secret, sets=tuple(hidden), cluster=given.cluster)


def to_overrides(
    values: FormValues, manifest: Manifest | None, base: Overrides | None = None
) -> tuple[Overrides, tuple[FormProblem, ...]]:
    """The overrides and what cannot be understood. ``manifest`` (as last read) says where the port stands; what is
    typed comes behind ``base`` and wins over it."""
    from launcher.manifest.overrides import Overrides

    base = base or Overrides()

    env, problems = parse_env(values.env)
    sets, more = parse_args(values.args)
    problems += more
    if values.gpus.strip():
        sets += (("resources.gpus", _gpus(values.gpus.strip())),)
    port = values.port.strip()
    if port and not (port == "auto" or (port.isdecimal() and 1 <= int(port) <= 65535)):
        problems += (FormProblem("port", "port: a number from 1 to 65535, or auto"),)
    elif port:
        declared = manifest is not None and bool(manifest.ports)
        whole = f"[{{name: vllm, type: http, port: {port}}}]"
        sets += (("ports.0.port", port),) if declared else (("ports", whole),)
    return Overrides(values.name.strip() or None, (*base.env, *env), (*base.sets, *sets), base.cluster), problems


def _gpus(typed: str) -> str:
    """``0,1`` means these two and becomes YAML's list; a number means how many."""
    return f"[{typed}]" if "," in typed and not typed.startswith("[") else typed
