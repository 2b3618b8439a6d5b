"""``env:``: variables in every form that VESSL has. No value of a variable ever stands in a message."""

from __future__ import annotations

import re

from launcher.manifest.credentials import is_dummy, is_placeholder, is_secret, names_secret
from launcher.manifest.model import EnvVar
from launcher.manifest.nodes import Mapping, Node, Scalar, is_null, kind
from launcher.manifest.records import Fields, Key, MapOf, Record
from launcher.manifest.scalars import scalar_value
from launcher.manifest.shapes import SCALAR_TYPES, Choice, Custom, Json, Text
from launcher.manifest.sink import Sink, quote

MAX_BYTES = 128 * 1024
"""Linux takes no argument and no ``NAME=value`` that is longer (MAX_ARG_STRLEN, 32 pages of 4 KiB)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONG = "put it into a file and pass the name of the file"


def _read_secret(node: Node, path: str, sink: Sink) -> str | bool | None:
    """The name of a secret, or (VESSL's other form) true beside ``value``."""
    value = scalar_value(node) if isinstance(node, Scalar) else None
    return value if isinstance(value, bool) else Text(limit=256).read(node, path, sink)


def _read_value(node: Node, path: str, sink: Sink) -> str | None:
    if isinstance(node, Mapping) and _names_placeholder(node):
        return "{" + node.entries[0][0].text + "}"
    if not isinstance(node, Scalar):
        sink.error(node, f"{path} must be a text, not {kind(node)}", "quote the text if the brackets are meant")
        return None
    if "\0" in node.text:
        sink.error(node, f"{path} holds a NUL character", "no environment variable can hold one")
    elif len(node.text.encode(errors="replace")) > MAX_BYTES - 1024:
        sink.error(node, f"{path} is longer than {MAX_BYTES // 1024 - 1} KiB, the limit of Linux", _LONG)
    else:
        return node.text
    return None


def _names_placeholder(node: Mapping) -> bool:
    """``{YOUR_KEY}`` without quotes: a mapping with one key and no value to YAML."""
    return len(node.entries) == 1 and is_null(node.entries[0][1]) and ENTRY.key(node.entries[0][0].text) is None


ENTRY = Record(
    keys=(
        Key("value", Custom(_read_value, {"type": [*SCALAR_TYPES, "object"]}), "The value, passed on as a text."),
        Key(
            "secret",
            Custom(_read_secret, {"type": ["string", "boolean"]}),
            "The name of a secret that is looked up when the run is created; or `true` beside `value`: never shown.",
        ),
        Key("source", Choice(("text", "secret", "inject")), "VESSL: where the value comes from."),
        Key("secret_id", Text(), "VESSL's number of a secret; a machine cannot look it up."),
    ),
    build=lambda fields, node, path, sink: fields,
)


def _entry(key: Scalar, node: Node, path: str, sink: Sink) -> EnvVar | None:
    name, where = key.text, f"{path}.{key.text}"
    if not name or "=" in name or not name.isprintable() or name != name.strip():
        sink.error(key, f"{quote(name)} is no name of an environment variable", "use letters, digits and _")
        return None
    if not _NAME.fullmatch(name):
        sink.warning(key, f"no shell can read the variable {quote(name)}", "use letters, digits and _")
    if isinstance(node, Scalar) or (isinstance(node, Mapping) and _names_placeholder(node)):
        if is_null(node):
            return _unset(key, sink, "has no value")
        value = _read_value(node, where, sink)
        return None if value is None else _valued(key, value, False, sink)
    if not isinstance(node, Mapping):
        sink.error(node, f"{where} must be a text, not a list", "write one text, or {secret: NAME}")
        return None
    fields = ENTRY.read(node, where, sink)
    return None if fields is None else _from_fields(key, fields, node, sink)


def _from_fields(key: Scalar, fields: Fields, node: Mapping, sink: Sink) -> EnvVar | None:
    value, secret = fields.get("value"), fields.get("secret")
    if isinstance(secret, str):
        if value is not None:
            sink.error(node, f"env.{key.text} has both a value and the name of a secret", "keep one of the two")
            return None
        if is_secret(secret):
            fix = f"write {key.text}: {{secret: NAME}} and keep the secret out of the file"
            sink.error(node, f"env.{key.text}.secret must be the name of a secret, not the secret itself", fix)
            return None
        if is_placeholder("", secret) or "{" in secret:
            return _unset(key, sink, "names a secret that is only a placeholder")
        return EnvVar(key.text, secret=secret, sensitive=True)
    if value is not None:
        return _valued(key, value, secret is True or fields.get("source") == "secret", sink)
    if "secret_id" in fields:
        return _unset(key, sink, "comes from a secret of VESSL Cloud")
    return _unset(key, sink, "has no value")


def _valued(key: Scalar, value: str, marked: bool, sink: Sink) -> EnvVar:
    """A variable with a literal value; ``marked``: the manifest itself calls it secret."""
    name = key.text
    if is_placeholder(name, value) or (marked and is_placeholder("secret", value)):
        return _unset(key, sink, "has a placeholder for its value", marked)
    sensitive = marked or is_secret(value) or (names_secret(name) and not is_dummy(value))
    if sensitive and not marked:
        place = "on the command line" if key.place.origin else "in the manifest"
        sink.warning(key, f"the secret {name} is written in clear {place}", f"write {name}: {{secret: {name}}}")
    return EnvVar(name, value=value, sensitive=sensitive)


def _unset(key: Scalar, sink: Sink, why: str, marked: bool = False) -> EnvVar:
    fix = f"write {{secret: {key.text}}} or the value; or take the line out to inherit it from vdeck's environment"
    sink.warning(key, f"env.{key.text} {why} and is not passed on", fix)
    return EnvVar(key.text, sensitive=marked or names_secret(key.text), placeholder=True)


_VALUE: Json = {"anyOf": [{"type": [*SCALAR_TYPES, "null"]}, ENTRY.schema(), {"type": "object", "maxProperties": 1}]}
ENV = MapOf(_entry, _VALUE, "write one line for each variable: NAME: value")
