"""The manifest that ``vdeck manifest new`` writes: every key with a word about it, ready to run."""

from __future__ import annotations

import json
import re

from launcher.text import clean_line

DEFAULT_MODEL = "Qwen/Qwen3-0.6B"
SCHEMA_FILE = "manifest.schema.json"
"""Where the first line looks for the schema: ``vdeck manifest schema > manifest.schema.json`` puts it there."""

_TEMPLATE = """\
# yaml-language-server: $schema={schema}
# `vdeck manifest schema > {schema}` writes the schema: the editor then completes and explains every key.
# `vdeck manifest check FILE` looks for mistakes, `vdeck run create -f FILE` starts the run.

name: {name}
description: {description}

vllm:                               # vdeck writes the command line of `vllm serve`
  model: {model}
  # version: 0.33.0                 # else: the `vllm` on PATH, else the newest installed engine
  args:                             # any flag of `vllm serve`, without its dashes
    max-model-len: 8192             # longest prompt and answer together, in tokens
    # gpu-memory-utilization: 0.9   # the share of each GPU's memory that vLLM takes
    # enable-prefix-caching: true   # false writes --no-enable-prefix-caching
    # host: 0.0.0.0                 # reachable from the network; without it 127.0.0.1

# resources:
#   gpus: 1                         # a number, [0, 1] to pin, 0 for the CPU; else what the machine has
#   cluster: local                  # this machine, or a configured cluster

ports:
  - {{name: vllm, type: http, port: auto}}    # a number, or auto: vdeck finds a free port

# env:
#   HF_TOKEN: {{secret: HF_TOKEN}}    # looked up when the run is created, never shown or recorded
#   HF_HUB_OFFLINE: 1

restart: {{policy: never, max: 3}}    # on-failure starts it again, at most max times
stop: {{grace: 30s}}                  # how long it may take to end before it is killed

# goals:                            # what the server is to keep to; the screen says when it does not
#   ttft: 500ms                     # time to the first token
#   itl: 50ms                       # from one token to the next
#   e2e: {{limit: 20s, share: 99%}}   # a whole request, with a share of its own
#   share: 95%                      # how often each must hold
#   notify: bell                    # off, bell or desktop: when it begins to miss one
# metrics: {{interval: 1s}}           # how often the server's metrics are read
"""


def new_manifest(model: str | None = None) -> str:
    """A commented manifest in ``vllm:`` form for ``model`` (a hub name or a folder; None: a small public model)."""
    model = " ".join(clean_line(model or "").split()) or DEFAULT_MODEL
    return _TEMPLATE.format(
        schema=SCHEMA_FILE,
        name=_scalar(_name(model)),
        description=_scalar(f"{model} with vLLM"),
        model=_scalar(model),
    )


def _name(model: str) -> str:
    """``Qwen/Qwen3-0.6B`` -> ``qwen3-0.6b``."""
    last = model.rstrip("/").rsplit("/", 1)[-1].lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", last).strip("-._")[:63]
    return f"model-{name}".rstrip("-") if name.isdecimal() or not name else name  # a number would look like an ID


def _scalar(text: str) -> str:
    """The text as YAML: plain when it is plainly a text, else in double quotes (JSON's are YAML's)."""
    plain = re.fullmatch(r"[A-Za-z./~][A-Za-z0-9 ._/+@~-]*", text) and text == text.strip()
    return text if plain and text.lower() not in _WORDS else json.dumps(text, ensure_ascii=False)


_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "null", "~", ".inf", ".nan"))
