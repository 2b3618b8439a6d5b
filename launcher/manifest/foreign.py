"""Files that are something else: a Serve revision of VESSL, a Compose file ... Refused by their name."""

from __future__ import annotations

from launcher.manifest.nodes import Mapping, Scalar
from launcher.manifest.sink import Sink

_SERVE_KEYS = ("service", "message", "autoscaling", "launch_immediately")
_SERVE_FIX = "take {keys} out, and vdeck starts its commands as a run; ports and env stay as they are"
# Keys that only the other kind of file has -> what it is, and what to do.
_OTHERS = (
    (("apiVersion", "kind"), "a Kubernetes object", "vdeck manifest new writes a manifest to start from"),
    (("services",), "a Compose file", "vdeck manifest new writes a manifest to start from"),
    (("jobs", "on"), "a GitHub workflow", "vdeck manifest new writes a manifest to start from"),
)


def refuse(root: Mapping, sink: Sink) -> bool:
    """True, and an error at the key that gives it away, when the file is no manifest of a run."""
    found = [key for key, _ in root.entries if key.text in _SERVE_KEYS]
    if found:
        # ``service`` and ``autoscaling`` leave no doubt; a ``message`` alone may be a mistake, but VESSL Run has none.
        sure = next((key for key in found if key.text != "message"), found[0])
        names = " and ".join(f"{key.text}:" for key in found)
        sink.error(sure, f"this is a Serve revision of VESSL ({names}), not a run", _SERVE_FIX.format(keys=names))
        return True
    for names_, what, fix in _OTHERS:
        keys = [root.entry(name) for name in names_]
        if all(keys) and root.entry("run") is None and root.entry("vllm") is None:
            sink.error(_first(root), f"this is {what}, not a run", fix)
            return True
    if _is_vllm_config(root):
        sink.error(_first(root), "this is a configuration file of vllm serve, not a run", _CONFIG_FIX)
        return True
    return False


_CONFIG_FIX = "write name: ..., vllm: {model: ...} and the other flags under vllm.args"


def _is_vllm_config(root: Mapping) -> bool:
    """``model:`` at the top beside flags, as ``vllm serve --config`` reads it."""
    names = root.keys()
    return "model" in names and not {"run", "vllm", "name", "resources", "image"} & set(names)


def _first(root: Mapping) -> Scalar | None:
    return root.entries[0][0] if root.entries else None
