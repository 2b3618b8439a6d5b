"""What VESSL Cloud has and a machine has not: notes. The run goes on without it."""

from __future__ import annotations

from launcher.manifest.nodes import Mapping, Scalar, Sequence, entries_of, find, value_of
from launcher.manifest.records import Fields
from launcher.manifest.sink import Sink, quote

_GPU_FIX = "write resources.gpus to say how many GPUs the run gets"


def notes(root: Mapping, fields: Fields, sink: Sink) -> None:
    """All notes of this kind; ``fields`` are the values of the top keys that could be read."""
    _resources(root, sink)
    if value_of(root, "image") is not None:
        sink.note(_key(root, "image"), "a machine has no container image: the commands run on the machine itself")
    account = value_of(root, "service_account_name")
    if isinstance(account, Scalar) and account.text:
        sink.note(_key(root, "service_account_name"), "a machine has no service accounts: the run goes on without it")
    _volumes(root, fields, sink)
    if root.entry("interactive") is not None:
        sink.note(_key(root, "interactive"), "vdeck starts no Jupyter and no ssh server for an interactive run")


def _resources(root: Mapping, sink: Sink) -> None:
    cluster = value_of(root, "resources", "cluster")
    if isinstance(cluster, Scalar) and cluster.text.strip() != "local" and not cluster.place.origin:
        what = f"a machine has no cluster {quote(cluster.text)} unless one is configured: the run goes on without it"
        fix = "write local for this machine, or give --cluster"
        sink.note(_key(root, "resources", "cluster"), what, fix)
    for name in ("preset", "name"):
        preset = value_of(root, "resources", name)
        if isinstance(preset, Scalar):
            gpu = "gpu" in preset.text.lower() and value_of(root, "resources", "gpus") is None
            what = f"a machine has no preset {quote(preset.text)}: the run goes on without it"
            sink.note(_key(root, "resources", name), what, _GPU_FIX if gpu else "")
    if value_of(root, "resources", "accelerators") is not None:
        what = "accelerators is an old key of VESSL: the run goes on without it"
        sink.note(_key(root, "resources", "accelerators"), what, _GPU_FIX)
    for name in ("node_names", "node_id", "cluster_id", "preset_id", "spot"):
        value = value_of(root, "resources", name)
        if value is not None and not (isinstance(value, Sequence) and not value.items):
            sink.note(_key(root, "resources", name), f"a machine has no {name}: the run goes on without it")
    if value_of(root, "resources", "requests", "nvidia.com/mig") is not None:
        at = _key(root, "resources", "requests", "nvidia.com/mig")
        sink.note(at, "slices of a GPU are not chosen by type: the run goes on without it", _GPU_FIX)


def _volumes(root: Mapping, fields: Fields, sink: Sink) -> None:
    reasons = {
        "import": "vdeck imports git repositories only",
        "mount": "vdeck mounts nothing",
        "export": "vdeck uploads nothing",
        "volumes": "vdeck imports git repositories only",
    }
    for section, reason in reasons.items():
        volumes = fields.get(section, ()) if section != "mount" else ()
        git = {volume.path for volume in volumes if volume.kind == "git"}
        for key, value in entries_of(value_of(root, section)):
            if key.text.strip() not in git:
                sink.note(key, f"{reason}: the run goes on without {quote(key.text)}")
            elif (credential := find(value, "git", "credential_name")) is not None:
                sink.note(credential[0], "a machine has no credentials of VESSL: git's own are used")


def _key(root: Mapping, *path: str) -> Scalar | None:
    found = find(root, *path)
    return found[0] if found is not None else None
