"""A manifest's text -> a Manifest, or every problem that it has."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from launcher.manifest import cloud, foreign, lint, source
from launcher.manifest.compose import compose
from launcher.manifest.keys import ROOT
from launcher.manifest.model import DEFAULT_GRACE_S, DEFAULT_INTERVAL_S, EnvVar, Manifest, Port, Resources, Restart
from launcher.manifest.nodes import Mapping, Node, Place, Sequence, find, is_null, kind
from launcher.manifest.overrides import Overrides, apply
from launcher.manifest.ports import serving_index
from launcher.manifest.problems import ManifestError, Problem, Severity
from launcher.manifest.sink import Sink
from launcher.manifest.vllm_form import VllmForm
from launcher.metrics.goals import Goals

_EMPTY_FIX = "vdeck manifest new writes one to start from"
_NO_OVERRIDES = Overrides()


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a text."""

    manifest: Manifest | None
    """None when any problem is an error."""
    problems: tuple[Problem, ...]
    """By line; those of the options last."""
    text: str
    """As it was given (bytes: decoded)."""
    file: str
    root: Node | None = None
    """The tree with the overrides in it; None when the text is no YAML."""

    @property
    def ok(self) -> bool:
        return self.manifest is not None

    def problem(self, path: tuple[str | int, ...], severity: Severity, what: str, fix: str = "") -> Problem:
        """A problem that somebody else found, at the place of ``path``: ("vllm", "model"), ("ports", 0)."""
        sink = Sink(self.file)
        found = find(self.root, *path)
        at = None if found is None else found[0] or found[1]
        sink.add(severity, at, what, fix)
        return sink.problems()[0]


def read_text(text: str | bytes, *, file: str = "", overrides: Overrides = _NO_OVERRIDES) -> Reading:
    """Read a manifest. Never raises: whatever is wrong with the text is a problem."""
    decoded = source.decode(text, file)
    if isinstance(decoded, Problem):
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return Reading(None, (decoded,), shown[: source.MAX_BYTES], file)
    sink = Sink(file)
    root = _root(decoded, sink)
    manifest = None
    if root is not None:
        root = apply(root, overrides, sink)
        if isinstance(root, Mapping) and not foreign.refuse(root, sink):
            manifest = _manifest(root, decoded, sink)
    return Reading(None if sink.failed else manifest, sink.problems(), decoded.text, file, root)


def read_file(path: str, *, overrides: Overrides = _NO_OVERRIDES) -> Reading:
    """Read the manifest in a file; what the system has against the file is a problem as well."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(source.MAX_BYTES + 1)  # not the whole of a file that is refused anyway
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        fix = f"look at the path; the folder is {os.getcwd()}" if isinstance(error, FileNotFoundError) else ""
        return Reading(None, (Problem("error", f"cannot read the file: {reason}", fix, path),), "", path)
    return read_text(data, file=path, overrides=overrides)


def load(path: str, *, overrides: Overrides = _NO_OVERRIDES) -> Manifest:
    """The manifest in a file; ManifestError with all its problems when it has errors."""
    reading = read_file(path, overrides=overrides)
    if reading.manifest is None:
        raise ManifestError(reading.problems, path)
    return reading.manifest


def _root(decoded: source.Source, sink: Sink) -> Node | None:
    root = compose(decoded, sink)
    if root is None and sink.failed:
        return None
    if root is None or is_null(root):
        sink.error(None, "the file is empty", _EMPTY_FIX)
        return None
    if not isinstance(root, Mapping):
        sink.error(root, f"a manifest is a mapping of keys, not {kind(root)}", _EMPTY_FIX)
        return None
    tab = decoded.first_tab()
    if tab is not None:
        sink.note(Place(*tab), "tabs are read as two spaces each, as VESSL's client does", "write spaces")
    return root


def _manifest(root: Mapping, decoded: source.Source, sink: Sink) -> Manifest:
    """Read the tree. The result counts only when the sink has no error."""
    fields, _ = ROOT.fields(root, "", sink)
    _check_form(root, sink)
    form: VllmForm | None = fields.get("vllm")
    interactive, old_ports = fields.get("interactive", (None, ()))
    manifest = Manifest(
        name=fields.get("name", ""),
        description=fields.get("description", ""),
        tags=fields.get("tags", ()),
        resources=fields.get("resources", Resources()),
        image=fields.get("image"),
        imports=fields.get("import", ()) + tuple(v for v in fields.get("volumes", ()) if v.kind != "artifact"),
        mounts=fields.get("mount", ()),
        exports=fields.get("export", ()) + tuple(v for v in fields.get("volumes", ()) if v.kind == "artifact"),
        steps=fields.get("run", ()),
        vllm=form.vllm if form else None,
        ports=_ports(fields.get("ports", ()), old_ports, form, sink),
        env=_env(fields.get("env", ()), form),
        interactive=interactive,
        restart=fields.get("restart", Restart()),
        grace_s=fields.get("stop", {}).get("grace", DEFAULT_GRACE_S),
        service_account_name=fields.get("service_account_name") or None,
        termination_protection=fields.get("termination_protection", False),
        goals=fields.get("goals", Goals()),
        interval_s=fields.get("metrics", {}).get("interval", DEFAULT_INTERVAL_S),
    )
    cloud.notes(root, fields, sink)
    lint.lint(root, manifest, form.args if form else None, decoded.lines, sink)
    return manifest


def _check_form(root: Mapping, sink: Sink) -> None:
    """Exactly one of ``run`` and ``vllm``; an interactive run may have neither."""
    run, vllm = find(root, "run"), find(root, "vllm")
    if run and vllm:
        later = max((key for key in (run[0], vllm[0]) if key), key=lambda key: (key.place.origin, key.place.line or 0))
        what = "a manifest has either run or vllm, this one has both"
        sink.error(later, what, "vllm lets vdeck write the command line, run holds commands of your own: keep one")
    elif not (run and not _nothing(run[1])) and not vllm and root.entry("interactive") is None:
        fix = "add vllm: {model: Qwen/Qwen3-0.6B}, or run: with a command"
        sink.error(run[0] if run else None, "there is neither run nor vllm: nothing to start", fix)
    elif vllm and is_null(vllm[1]):
        sink.error(vllm[0], "vllm.model is missing", "write vllm: {model: Qwen/Qwen3-0.6B}")


def _nothing(node: Node) -> bool:
    return is_null(node) or (isinstance(node, Sequence) and not node.items)


def _ports(ports: tuple[Port, ...], old: tuple[Port, ...], form: VllmForm | None, sink: Sink) -> tuple[Port, ...]:
    """The ports, those of the old place, and ``port`` of ``vllm.args``: it says where the model server listens."""
    numbers = {port.port for port in ports}
    ports += tuple(port for port in old if port.port not in numbers)
    if form is None or form.args.port is None:
        return ports
    number, node = form.args.port
    index = serving_index(ports)
    if any(port.port == number and position != index for position, port in enumerate(ports)):
        sink.error(node, f"port {number} of vllm.args is declared for something else in ports", "take different ports")
    elif index is None:
        return (*ports, Port("vllm", number or None, line=node.place.line))
    elif number and ports[index].port is None:
        return (*ports[:index], replace(ports[index], port=number), *ports[index + 1 :])
    elif number and ports[index].port != number:
        what = f"vllm.args.port is {number}, and ports says {ports[index].port}"
        sink.error(node, what, "keep one of the two")
    return ports


def _env(env: tuple[EnvVar, ...], form: VllmForm | None) -> tuple[EnvVar, ...]:
    """The variables, and the secrets that were written as flags; a flag counts more, as it does for vLLM."""
    secrets = form.args.secrets if form else ()
    names = {secret.name for secret in secrets}
    return (*(variable for variable in env if variable.name not in names), *secrets)
