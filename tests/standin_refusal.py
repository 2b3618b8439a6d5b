"""What the stand-in server refuses because of how it was started, in vLLM's words. See standin.py."""

from __future__ import annotations

import argparse
import json
from typing import Any

_NO_TEMPLATE = (
    "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template if the "
    "tokenizer does not define one. None"
)


def refusal(body: dict[str, Any], options: argparse.Namespace, *, chat: bool) -> bytes | None:
    """The body of a 400, or None when there is nothing to refuse."""
    said = None
    if options.old and "continuous_usage_stats" in (body.get("stream_options") or {}):
        said = "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options', 'continuous_usage_stats')}]"
    elif chat and options.no_template:
        said = _NO_TEMPLATE
    elif not options.multimodal and _has_picture(body):
        said = f"{options.model} is not a multimodal model"
    if said is None:
        return None
    return json.dumps({"error": {"message": said, "type": "BadRequestError", "param": None, "code": 400}}).encode()


def _has_picture(body: dict[str, Any]) -> bool:
    contents = [message.get("content") for message in body.get("messages") or ()]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    return any(isinstance(part, dict) and part.get("type") == "image_url" for part in parts)
