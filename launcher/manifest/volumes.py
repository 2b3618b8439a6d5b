"""``import:``, ``mount:``, ``export:`` and the old ``volumes:``: what VESSL moves between a container and the world."""

from __future__ import annotations

import re

from launcher.manifest.credentials import has_password
from launcher.manifest.model import Volume
from launcher.manifest.nodes import Mapping, Node, Scalar, is_null
from launcher.manifest.records import Fields, Key, MapOf, Record
from launcher.manifest.shapes import SCALAR_TYPES, Custom, Json, Text, nearest
from launcher.manifest.sink import Sink, quote
from launcher.text import clean_line

_SCHEMES = {"vessl-dataset": "dataset", "vessl-model": "model", "vessl-artifact": "artifact", "nfs4": "nfs"}
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)")
_GIT_HOST = re.compile(r"(?:www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)/", re.IGNORECASE)


def git_url(url: str) -> str:
    """What git can clone: ``git://github.com/o/r`` and ``github.com/o/r`` become https, the rest stays as it is."""
    bare = url.removeprefix("git://")
    if "://" not in bare and _GIT_HOST.match(bare):
        return f"https://{bare}"
    return url


def _check_git(node: Node, path: str, sink: Sink) -> str | None:
    text: str | None = Text(limit=2048).read(node, path, sink)
    if text is None:
        return None
    if text.startswith("-") or any(char.isspace() for char in text) or re.match(r"[A-Za-z0-9]+::", text):
        sink.error(node, f"{path} is no address of a git repository", "write https://github.com/owner/repository")
        return None
    if has_password(text):
        sink.warning(node, f"{path} has a password in clear", "take it out: git asks its credential helper")
    return git_url(text)


def _ref(node: Node, path: str, sink: Sink) -> str | None:
    text: str | None = Text(limit=255).read(node, path, sink)
    if text is not None and (text.startswith("-") or any(char.isspace() for char in text) or ".." in text):
        sink.error(node, f"{path} is no branch, tag or commit", "write a name such as main")
        return None
    return text


def _fields(fields: Fields, node: Mapping, path: str, sink: Sink) -> Fields:
    del path, sink
    rest = {key.text: value.text for key, value in node.entries if isinstance(value, Scalar) and not is_null(value)}
    return rest | fields


def _detail(doc: str, *names: str, open_: bool = False) -> Record:
    return Record(tuple(Key(name, Text(empty=True), f"{doc}: {name}") for name in names), _fields, open=open_)


_GIT = Record(
    (
        Key(
            "url",
            Custom(_check_git, {"type": "string"}),
            "The address of a git repository.",
            required=True,
            example="https://github.com/owner/repository",
        ),
        Key("ref", Custom(_ref, {"type": SCALAR_TYPES}), "A branch, a tag or a commit; else the default branch."),
        Key("credential_name", Text(), "VESSL's name of a credential. On a machine, git's own credentials count."),
    ),
    _fields,
)
_S3 = _detail("S3", "bucket", "prefix", "endpoint", "credential_name")
_GS = _detail("Google Cloud Storage", "bucket", "prefix", "credential_name")
_HF = _detail("Hugging Face", "url", "ref", "revision", "credential_name")
_DATASET = _detail("VESSL dataset", "organization_name", "dataset_name", "dataset_version", open_=True)
_MODEL = _detail("VESSL model", "organization_name", "model_repository_name", "model_number", open_=True)
_ARTIFACT = _detail("VESSL artifact", "organization_name", "project_name", "name", open_=True)
_VOLUME = _detail("VESSL volume", "storage_name", "volume_name", open_=True)
_ANY = Record((), _fields, open=True)

_BASE: dict[str, Record] = {
    "dataset": _DATASET,
    "model": _MODEL,
    "artifact": _ARTIFACT,
    "s3": _S3,
    "gs": _GS,
    "volume": _VOLUME,
    "volume-v2": _VOLUME,
}
_IMPORT = _BASE | {"git": _GIT, "hf": _HF}
_MOUNT = _BASE | {
    "hostpath": _detail("A path of the machine", "path"),
    "nfs": _detail("NFS", "server", "path"),
    "cifs": _ANY,
    "google_disk": _ANY,
    "container_storage": _ANY,
    "block-storage": _ANY,
    "gcs_fuse": _detail("Google Cloud Storage", "bucket", "path", open_=True),
    "git": _GIT,
    "hf": _HF,
}


_BESIDE = ("options", "ref_type")
_ORDER = {"s3": ("bucket", "prefix"), "gs": ("bucket", "prefix"), "nfs": ("server", "path")}


class Kinds:
    """The kinds of one section: each a URL scheme, and a key with details."""

    def __init__(self, details: dict[str, Record]) -> None:
        self._details = details

    def entry(self, key: Scalar, node: Node, path: str, sink: Sink) -> Volume | None:
        """One line: a path of the container, and where it comes from or goes to."""
        target, where = key.text.strip(), f"{path}.{clean_line(key.text)}"
        if not target.startswith("/") or ".." in target.split("/") or target != clean_line(target):
            fix = "begin it with / and leave .. out"
            sink.error(key, f"{quote(target)} is no path of a container", fix)
            return None
        if isinstance(node, Scalar):
            return self._string(target, node, where, sink)
        if isinstance(node, Mapping):
            return self._mapping(target, node, where, sink)
        sink.error(
            node, f"{where} must be an address or a mapping, not a list", "write git://github.com/owner/repository"
        )
        return None

    def _string(self, target: str, node: Scalar, where: str, sink: Sink) -> Volume | None:
        text: str | None = Text(limit=2048).read(node, where, sink)
        if text is None:
            return None
        url = _URL.fullmatch(text)
        scheme = url[1].lower() if url else ""
        kind = _SCHEMES.get(scheme, scheme)
        if _is_git(text, scheme) and "git" in self._details:
            address = _check_git(node, where, sink)
            return None if address is None else Volume(target, "git", address)
        if kind in self._details or kind in ("http", "https"):
            return Volume(target, kind, text)
        known = ("git", *_SCHEMES, *self._details)
        near = nearest(scheme, known) if scheme else None
        fix = (
            f"did you mean {near}://?" if near else "write git://, hf://, s3://, gs://, volume:// or vessl-artifact://"
        )
        told = "" if has_password(text) else f": {quote(text)}"
        sink.error(node, f"{where} does not say where its files are{told}", fix)
        return None

    def _mapping(self, target: str, node: Mapping, where: str, sink: Sink) -> Volume | None:
        kinds = [entry for entry in node.entries if entry[0].text in self._details]
        others = [key for key, _ in node.entries if key.text not in self._details and key.text not in _BESIDE]
        for key in others:
            near = nearest(key.text, tuple(self._details))
            fix = f"did you mean {quote(near)}?" if near else f"known are {', '.join(self._details)}"
            sink.error(key, f"unknown key {quote(key.text)} in {where}", fix)
        if not others and len(kinds) != 1:
            sink.error(node, f"{where} must name one kind of source", f"one of {', '.join(self._details)}")
        if others or len(kinds) != 1:
            return None
        key, value = kinds[0]
        kind = "volume" if key.text == "volume-v2" else key.text
        if isinstance(value, Scalar) and kind == "artifact":  # the old form ``artifact: true``
            return Volume(target, kind, "")
        fields: Fields | None = self._details[key.text].read(value, f"{where}.{key.text}", sink)
        return None if fields is None else Volume(target, kind, _source(kind, fields), fields.get("ref"), fields)

    def schema(self) -> Json:
        """An address, or a mapping with one kind."""
        kinds: Json = {name: record.schema() for name, record in self._details.items()}
        kinds["artifact"] = {"anyOf": [_ARTIFACT.schema(), {"type": ["boolean", "null"]}]}
        kinds["options"] = {"anyOf": [{"type": "object"}, {"type": "null"}]}
        kinds["ref_type"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        mapping = {"type": "object", "properties": kinds, "additionalProperties": False, "minProperties": 1}
        return {"anyOf": [{"type": "string", "minLength": 1}, mapping]}


def _is_git(text: str, scheme: str) -> bool:
    """git:// and ssh addresses, and https addresses and bare names of the hosts that have nothing but repositories."""
    bare = text.split("://", 1)[-1].split("@", 1)[-1]
    if scheme in ("git", "ssh", "git+https", "git+ssh") or text.startswith("git@"):
        return True
    return scheme in ("", "http", "https") and (bare.endswith(".git") or _GIT_HOST.match(bare) is not None)


def _source(kind: str, fields: Fields) -> str:
    """The details in one string."""
    if "url" in fields:
        return str(fields["url"])
    names = _ORDER.get(kind, tuple(name for name in fields if name != "credential_name"))
    joined = "/".join(str(fields[name]).strip("/") for name in names if fields.get(name))
    return f"{kind}://{joined}" if kind != "hostpath" else str(fields.get("path", ""))


def _section(details: dict[str, Record]) -> MapOf:
    kinds = Kinds(details)
    return MapOf(kinds.entry, kinds.schema(), "write one line for each path: /code/: git://github.com/owner/repository")


IMPORT = _section(_IMPORT)
MOUNT = _section(_MOUNT)
EXPORT = _section(_BASE)
VOLUMES = _section(_MOUNT)
