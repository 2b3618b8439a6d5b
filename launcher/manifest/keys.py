"""The table of the keys at the top of a manifest: the reader, the hints and the JSON schema all come from it."""

from __future__ import annotations

from launcher.manifest import syntax
from launcher.manifest.env import ENV
from launcher.manifest.goals import GOALS, METRICS
from launcher.manifest.interactive import INTERACTIVE
from launcher.manifest.nodes import Mapping, Node, Scalar
from launcher.manifest.ports import PORTS
from launcher.manifest.records import Either, Fields, Key, ListOf, Record
from launcher.manifest.resources import RESOURCES
from launcher.manifest.shapes import Custom, Flag, Text
from launcher.manifest.sink import Sink
from launcher.manifest.steps import RUN
from launcher.manifest.vllm_form import RESTART, STOP, VLLM
from launcher.manifest.volumes import EXPORT, IMPORT, MOUNT, VOLUMES

MAX_NAME = 128


def _name(node: Node, path: str, sink: Sink) -> str | None:
    text: str | None = Text(limit=MAX_NAME).read(node, path, sink)
    if text is None or not isinstance(node, Scalar) or syntax.check_template(node, path, sink):
        return None
    if text.startswith("-"):
        sink.error(node, f"{path} may not begin with a dash", "a command line would take it for an option")
        return None
    if text.isdecimal() and len(text) >= 4:
        sink.warning(node, f"{path} looks like the ID of a run", "put a letter into it")
    return text


def _url(fields: Fields, node: Mapping, path: str, sink: Sink) -> str:
    del node, path, sink
    return str(fields.get("url", ""))


_IMAGE = Record(
    keys=(
        Key("url", Text(limit=1024), "The name of the image.", required=True, example="vllm/vllm-openai:latest"),
        Key("credential_name", Text(), "VESSL's name of a credential for the registry."),
        Key("credential_id", Text(), "VESSL's API: the number of the credential."),
        Key("image_id", Text(), "VESSL's API: the number of the image."),
    ),
    build=_url,
)

ROOT = Record(
    keys=(
        Key(
            "name",
            Custom(_name, {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": MAX_NAME}),
            "The name of the run in lists; several runs may share it.",
            required=True,
            example="my-server",
        ),
        Key("description", Text(limit=8192, lines=True, empty=True), "What the run is for."),
        Key("tags", ListOf(Text(limit=128)), "Words to find the run by."),
        Key("resources", RESOURCES, "What the run needs, and where it runs."),
        Key(
            "image",
            Either("a name or a mapping with url", scalar=Text(limit=1024), mapping=_IMAGE),
            "VESSL: the container image. Without a container engine the commands run on the machine itself.",
        ),
        Key("import", IMPORT, "Paths of the container, and what is put there before the start; vdeck clones git."),
        Key("mount", MOUNT, "VESSL: live mounts. vdeck mounts nothing."),
        Key("export", EXPORT, "VESSL: what is uploaded after the run. vdeck uploads nothing."),
        Key("vllm", VLLM, "A model to serve: vdeck writes the command line. Instead of `run`."),
        Key("run", RUN, "Shell commands, one after the other. Instead of `vllm`."),
        Key("ports", PORTS, "The ports that the run listens on: numbers, auto, or name, type and port."),
        Key("env", ENV, "Environment variables: NAME: value, or NAME: {secret: NAME}."),
        Key("interactive", INTERACTIVE, "VESSL: its presence makes the run interactive.", null=True),
        Key("restart", RESTART, "What happens when the run fails: {policy: on-failure, max: 3}."),
        Key("stop", STOP, "How the run is stopped: {grace: 30s}."),
        Key("goals", GOALS, "What the server is to keep to: {ttft: 500ms, itl: 50ms, e2e: 20s, share: 95%}."),
        Key("metrics", METRICS, "How the server's metrics are recorded: {interval: 1s}."),
        Key("service_account_name", Text(limit=253, empty=True), "VESSL Cloud's service account."),
        Key("termination_protection", Flag(), "true: the run becomes idle instead of ending with its last command."),
        Key("volumes", VOLUMES, "Old VESSL: import and export in one.", legacy=True),
    ),
    build=lambda fields, node, path, sink: fields,
    doc="A run of vdeck: VESSL Run's schema, and `vllm:`, a shorter form of its own.",
    root=True,
)
