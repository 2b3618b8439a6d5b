"""The manifest as a JSON schema (draft 2020-12), for editors. Made from the tables that the reader reads with."""

from __future__ import annotations

from typing import Any

from launcher.manifest.keys import ROOT


def json_schema() -> dict[str, Any]:
    """The schema as a JSON document. What the reader accepts, the schema accepts; the reader checks more."""
    rules: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vdeck run manifest",
    }
    what = [{"required": ["vllm"]}, {"required": ["run"]}, {"required": ["interactive"]}]
    return rules | ROOT.schema() | {"anyOf": what, "not": {"required": ["vllm", "run"]}}
