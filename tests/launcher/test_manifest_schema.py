"""The JSON schema and the reader come from one table: what the reader takes, the schema takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from launcher.manifest.keys import ROOT
from launcher.manifest.reader import read_text
from launcher.manifest.records import Either, ListOf, Record
from launcher.manifest.schema import json_schema
from launcher.manifest.template import new_manifest

FOLDER = Path(__file__).with_name("manifests")
EXAMPLES = Path(__file__).parents[2] / "examples"

TYPES: dict[str, Any] = {
    "string": str, "object": dict, "array": list, "boolean": bool, "null": type(None), "number": (int, float),
    "integer": int,
}  # fmt: skip
SILENT = {"description", "title", "$schema", "deprecated", "examples"}


def of_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def accepts(rules: dict[str, Any], value: Any) -> bool:
    """As much of draft 2020-12 as the schema uses; an unknown word fails the test."""
    return all(holds(word, rule, value, rules) for word, rule in rules.items() if word not in SILENT)


def holds(word: str, rule: Any, value: Any, rules: dict[str, Any]) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    checks: dict[str, Any] = {
        "type": lambda: any(of_type(value, name) for name in ([rule] if isinstance(rule, str) else rule)),
        "enum": lambda: any(type(value) is type(item) and value == item for item in rule),
        "const": lambda: value == rule,
        "anyOf": lambda: any(accepts(option, value) for option in rule),
        "not": lambda: not accepts(rule, value),
        "minimum": lambda: not number or value >= rule,
        "maximum": lambda: not number or value <= rule,
        "minLength": lambda: not isinstance(value, str) or len(value) >= rule,
        "maxLength": lambda: not isinstance(value, str) or len(value) <= rule,
        "pattern": lambda: not isinstance(value, str) or re.search(rule, value) is not None,
        "items": lambda: not isinstance(value, list) or all(accepts(rule, item) for item in value),
        "minItems": lambda: not isinstance(value, list) or len(value) >= rule,
        "uniqueItems": lambda: not isinstance(value, list) or len({json.dumps(item) for item in value}) == len(value),
    }
    if word in checks:
        return bool(checks[word]())
    return of_object(word, rule, value, rules)


def of_object(word: str, rule: Any, value: Any, rules: dict[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    known = rules.get("properties", {})
    patterns = rules.get("patternProperties", {})
    rest = [name for name in value if name not in known and not any(re.search(p, name) for p in patterns)]
    checks: dict[str, Any] = {
        "required": lambda: all(name in value for name in rule),
        "properties": lambda: all(accepts(rule[name], value[name]) for name in value if name in rule),
        "patternProperties": lambda: True,
        "additionalProperties": lambda: not rest if rule is False else all(accepts(rule, value[name]) for name in rest),
        "propertyNames": lambda: all(accepts(rule, name) for name in value),
        "minProperties": lambda: len(value) >= rule,
        "maxProperties": lambda: len(value) <= rule,
    }
    return bool(checks[word]())


def documents() -> list[str]:
    files = [
        path.read_text(encoding="utf-8") for folder in (FOLDER, EXAMPLES) for path in sorted(folder.glob("*.yaml"))
    ]
    whole = "name: a\nrun: x\n"
    pieces = [
        "ports: 8000\n", "ports: auto\n", "ports: [auto, 8000, '9000', {port: 1, type: udp}]\n", "ports:\n", "env:\n",
        "env: {A: 1, B: true, C: , D: {YOUR_KEY}, E: {secret: S}, F: {value: {X}, secret: true}}\n",
        "resources: {gpus: [0, 1]}\n", "resources: {gpus: '1', requests: {nvidia.com/gpu: {quantity: '2'}}}\n",
        "interactive:\n", "interactive: {jupyter: , idle_timeout: 120m}\n", "image: {url: x}\n", "x-any: [1]\n",
        "import: {/c: 'git://github.com/o/r', /d: {git: {url: a/b, ref: 1.0}}}\n", "termination_protection: true\n",
        "mount: {/c: {hostpath: {path: /x}, options: {readonly: true}}}\n", "volumes: {/v: {artifact: true}}\n",
        "stop: {grace: 30}\nrestart: on-failure\n", "stop: {grace: 1h30m}\nrestart: {policy: never, max: 0}\n",
        "resources:\n", "tags:\ndescription:\n", "tags: [1, a]\n", "service_account_name: ''\n",
        "goals: {ttft: 500ms, itl: 0.05, e2e: {limit: 20s, share: 99.5 %}, share: 95%, notify: off}\n",
        "goals: {ttft: {limit: 1}, share: 0.9, notify: desktop}\nmetrics: {interval: 5s}\n", "goals:\nmetrics:\n",
        "goals: {ttft: 2, share: 1}\nmetrics: {interval: 0.5}\n",
    ]  # fmt: skip
    forms = [
        "name: 1\nvllm: {model: m, version: 0.33, args: {a: 1, b: [x], c: {d: e}, --f: true, g_h: 1.5}}\n",
        "name: a\nrun: [x, {command: y, workdir: /w}, {wait: 3s}, {wait: 3}]\n",
        "name: a\ninteractive: {max_runtime: 24h}\n",
        new_manifest(),
    ]
    return files + [whole + piece for piece in pieces] + forms


DOCUMENTS = documents()


@pytest.mark.parametrize("text", DOCUMENTS, ids=[str(index) for index in range(len(DOCUMENTS))])
def test_what_the_reader_takes_the_schema_takes(text: str) -> None:
    reading = read_text(text)
    if reading.manifest is None:
        assert any("Serve" in p.what or "template" in p.what for p in reading.problems), [
            str(p) for p in reading.problems
        ]
        return
    assert accepts(json_schema(), yaml.safe_load(text))


BAD = [
    "[]", "name: a\n", "run: x\n", "name: a\nrun: x\nvllm: {model: m}\n", "name: a\nrun: x\nresorces: {}\n",
    "name: a\nrun: x\nports: [abc]\n", "name: a\nrun: x\nports: [70000]\n", "name: a\nrun: x\nports: [{name: a}]\n",
    "name: a\nvllm: {}\n", "name: a\nvllm: {model: m, arg: {}}\n", "name: a\nrun: x\nresources: {gpus: -1}\n",
    "name: a\nrun: x\nstop: {grace: soon}\n", "name: a\nrun: x\ngoals: {ttft: quick}\n",
    "name: a\nrun: x\ngoals: {share: most}\n", "name: a\nrun: x\ngoals: {notify: mail}\n",
    "name: a\nrun: x\ngoals: {ttft: {share: 1}}\n", "name: a\nrun: x\nmetrics: {interval: often}\n",
    "name: a\nrun: x\nrestart: always\n", "name: a\nrun: [[x]]\n",
    "name: a\nrun: x\nenv: [A]\n", "name: a\nrun: x\ntermination_protection: maybe\n",
    "name: a\nvllm: {model: m, args: {a: }}\n",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_the_schema_refuses_what_the_reader_refuses(text: str) -> None:
    assert read_text(text).manifest is None
    assert not accepts(json_schema(), yaml.safe_load(text))


def every_key(record: Record) -> list[tuple[Record, str]]:
    found = []
    for key in record.keys:
        found.append((record, key.name))
        inner: Any = key.shape
        while isinstance(inner, (Either, ListOf)):
            inner = inner.item if isinstance(inner, ListOf) else inner.mapping or inner.sequence
        if isinstance(inner, Record):
            found.extend(every_key(inner))
    return found


def test_every_key_says_what_it_is_for() -> None:
    keys = every_key(ROOT)
    assert len(keys) > 50
    for record, name in keys:
        key = record.key(name)
        assert key is not None
        assert len(key.doc) > 3
        assert not key.required or key.example
        assert record.schema()["properties"][name]["description"] == key.doc


def test_the_schema_is_json_and_says_which_draft() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == {key.name for key in ROOT.keys}
    assert schema["properties"]["volumes"]["deprecated"] is True


def test_the_file_beside_the_examples_is_up_to_date() -> None:
    text = (EXAMPLES / "manifest.schema.json").read_text(encoding="utf-8")
    assert json.loads(text) == json_schema(), "write it again: vdeck manifest schema > examples/manifest.schema.json"
