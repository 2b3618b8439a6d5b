"""Changes written into the text of a manifest: what was wanted, and not one byte more."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.logs.diagnosis import Change
from launcher.manifest.amend import amend, without
from launcher.manifest.overrides import Overrides
from launcher.manifest.reader import read_text

LEN = Change("max-model-len", 2048)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
CORPUS = sorted((Path(__file__).parent / "manifests").glob("*.yaml"))


def named(text: str) -> str:
    """The text with the name that a manifest must have."""
    if "name: a" in text:
        return text
    mark = text[:1] if text.startswith("\ufeff") else ""
    return mark + ("name: n\r\n" if "\r\n" in text else "name: n\n") + text.removeprefix(mark)


# name -> (text, change, text afterwards)
WRITTEN: dict[str, tuple[str, Change, str]] = {
    "change": (
        "vllm:\n  model: m\n  args:\n    max-model-len: 8192   # tokens\n    x: 1\n",
        LEN,
        "vllm:\n  model: m\n  args:\n    max-model-len: 2048   # tokens\n    x: 1\n",
    ),
    "underscores stay": (
        "vllm:\n  model: m\n  args:\n    max_model_len: 8192\n",
        LEN,
        "vllm:\n  model: m\n  args:\n    max_model_len: 2048\n",
    ),
    "quotes stay": (
        "vllm: {model: m, args: {max-model-len: '8192'}}\n",
        LEN,
        "vllm: {model: m, args: {max-model-len: '2048'}}\n",
    ),
    "add to a block": (
        "vllm:\n  model: m\n  args:\n    x: 1  # one\n\n# the rest\nname: a\n",
        LEN,
        "vllm:\n  model: m\n  args:\n    x: 1  # one\n    max-model-len: 2048\n\n# the rest\nname: a\n",
    ),
    "add at the end without a newline": (
        "vllm:\n  model: m\n  args:\n    x: 1",
        LEN,
        "vllm:\n  model: m\n  args:\n    x: 1\n    max-model-len: 2048",
    ),
    "add to flow": (
        "vllm: {model: m, args: {x: 1}}\n",
        LEN,
        "vllm: {model: m, args: {x: 1, max-model-len: 2048}}\n",
    ),
    "add to flow of several lines": (
        "vllm:\n  model: m\n  args: {\n    x: 1,  # one\n    y: [1, 2],\n  }\n",
        LEN,
        "vllm:\n  model: m\n  args: {\n    x: 1,  # one\n    y: [1, 2], max-model-len: 2048,\n  }\n",
    ),
    "add to empty flow": (
        "vllm:\n  model: m\n  args: {}\n",
        LEN,
        "vllm:\n  model: m\n  args: {max-model-len: 2048}\n",
    ),
    "args is empty": (
        "vllm:\n  model: m\n  args:  # none yet\n",
        LEN,
        "vllm:\n  model: m\n  args: {max-model-len: 2048}  # none yet\n",
    ),
    "args is missing": (
        "vllm:\n    model: m\nname: a\n",
        LEN,
        "vllm:\n    model: m\n    args:\n      max-model-len: 2048\nname: a\n",
    ),
    "args is missing in flow": (
        "vllm: {model: m}\n",
        LEN,
        "vllm: {model: m, args: {max-model-len: 2048}}\n",
    ),
    "carriage returns": (
        "vllm:\r\n  model: m\r\n  args:\r\n    x: 1\r\n",
        LEN,
        "vllm:\r\n  model: m\r\n  args:\r\n    x: 1\r\n    max-model-len: 2048\r\n",
    ),
    "tabs": (
        "vllm:\n\tmodel: m\n\targs:\n\t\tmax-model-len: 8192\t# tab\n",
        LEN,
        "vllm:\n\tmodel: m\n\targs:\n\t\tmax-model-len: 2048\t# tab\n",
    ),
    "a mark of the byte order": (
        "\ufeffvllm: {model: m, args: {max-model-len: 1}}",
        LEN,
        "\ufeffvllm: {model: m, args: {max-model-len: 2048}}",
    ),
    "after a list": (
        "vllm:\n  model: m\n  args:\n    served-model-name:\n      - a\n      - b  # two\nname: a\n",
        LEN,
        "vllm:\n  model: m\n  args:\n    served-model-name:\n      - a\n      - b  # two\n"
        "    max-model-len: 2048\nname: a\n",
    ),
    "in place of a list": (
        "vllm:\n  model: m\n  args:\n    served-model-name:  # names\n      - a\n      - b\n    x: 1\n",
        Change("served-model-name", "c"),
        "vllm:\n  model: m\n  args:\n    served-model-name: c  # names\n    x: 1\n",
    ),
    "in place of a block of text": (
        "vllm:\n  model: m\n  args:\n    hf-overrides: |\n      {\n      }\n    x: 1\n",
        Change("hf-overrides", '{"a": 1}'),
        'vllm:\n  model: m\n  args:\n    hf-overrides: "{\\"a\\": 1}"\n    x: 1\n',
    ),
    "true": (
        "vllm:\n  model: m\n  args:\n    enforce-eager: false\n",
        Change("enforce-eager", True),
        "vllm:\n  model: m\n  args:\n    enforce-eager: true\n",
    ),
    "remove from a block": (
        "vllm:\n  model: m\n  args:\n    x: 1\n    max-model-len: 8192  # all\n    y: 2\n",
        Change("max-model-len", None),
        "vllm:\n  model: m\n  args:\n    x: 1\n    y: 2\n",
    ),
    "remove the last line": (
        "vllm:\n  model: m\n  args:\n    x: 1\n    max-model-len: 8192",
        Change("max-model-len", None),
        "vllm:\n  model: m\n  args:\n    x: 1",
    ),
    "remove the only one": (
        "vllm:\n  model: m\n  args:\n    max-model-len: 8192\nname: a\n",
        Change("max-model-len", None),
        "vllm:\n  model: m\n  args:\nname: a\n",
    ),
    "remove from flow": (
        "vllm: {model: m, args: {max-model-len: 1, x: 2}}\n",
        Change("max-model-len", None),
        "vllm: {model: m, args: {x: 2}}\n",
    ),
    "remove the last of flow": (
        "vllm: {model: m, args: {x: 2, max-model-len: 1}}\n",
        Change("max-model-len", None),
        "vllm: {model: m, args: {x: 2}}\n",
    ),
    "over a merged one": (
        "x-a: &a\n  max-model-len: 8192\nvllm:\n  model: m\n  args:\n    <<: *a\n    y: 2\n",
        LEN,
        "x-a: &a\n  max-model-len: 8192\nvllm:\n  model: m\n  args:\n    <<: *a\n    y: 2\n    max-model-len: 2048\n",
    ),
    "in place of an alias": (
        "x-a: &a 8192\nvllm:\n  model: m\n  args:\n    max-model-len: *a\n",
        LEN,
        "x-a: &a 8192\nvllm:\n  model: m\n  args:\n    max-model-len: 2048\n",
    ),
    "model": (
        "vllm:\n  model: a/b  # big\n",
        Change("model", "a/c"),
        "vllm:\n  model: a/c  # big\n",
    ),
    "new env": (
        "vllm: {model: m}\nname: a # x\n",
        Change("VLLM_USE_V1", 1, env=True),
        "vllm: {model: m}\nname: a # x\nenv:\n  VLLM_USE_V1: 1\n",
    ),
    "change env": (
        "env:\n  A: 'x y'\n  B: {value: 2}\nvllm: {model: m}\n",
        Change("B", "3", env=True),
        "env:\n  A: 'x y'\n  B: {value: 3}\nvllm: {model: m}\n",
    ),
    "remove env": (
        "env:\n  A: 1\n  B: 2\nvllm: {model: m}\n",
        Change("A", None, env=True),
        "env:\n  B: 2\nvllm: {model: m}\n",
    ),
    "port auto of ports": (
        "vllm: {model: m}\nports:\n  - {name: vllm, type: http, port: 8000}  # fixed\n",
        Change("port", "auto"),
        "vllm: {model: m}\nports:\n  - {name: vllm, type: http, port: auto}  # fixed\n",
    ),
    "port auto of a bare number": (
        "vllm: {model: m}\nports: [8000]\n",
        Change("port", "auto"),
        "vllm: {model: m}\nports: [auto]\n",
    ),
    "port auto of args": (
        "vllm:\n  model: m\n  args: {port: 8000}\n",
        Change("port", "auto"),
        "vllm:\n  model: m\n  args: {port: auto}\n",
    ),
    "port auto of both": (
        "vllm:\n  model: m\n  args: {port: 8000}\nports: [8000]\n",
        Change("port", "auto"),
        "vllm:\n  model: m\n  args: {port: auto}\nports: [auto]\n",
    ),
    "run: a line": (
        "run: vllm serve m --max-model-len 8192 --x\n",
        LEN,
        "run: vllm serve m --max-model-len 2048 --x\n",
    ),
    "run: with equals and quotes": (
        "run: \"vllm serve m --max-model-len='8192' --x\"\n",
        LEN,
        "run: \"vllm serve m --max-model-len='2048' --x\"\n",
    ),
    "run: in single quotes": (
        "run: 'vllm serve m --served-model-name ''a'' --x'\n",
        LEN,
        "run: 'vllm serve m --served-model-name ''a'' --x --max-model-len 2048'\n",
    ),
    "run: a list": (
        "run:\n  - echo hi\n  - command: vllm serve m --max_model_len=8192 > log 2>&1\n    workdir: /tmp\n",
        LEN,
        "run:\n  - echo hi\n  - command: vllm serve m --max_model_len=2048 > log 2>&1\n    workdir: /tmp\n",
    ),
    "run: added before the redirection": (
        "run: vllm serve m > log 2>&1 &\n",
        LEN,
        "run: vllm serve m --max-model-len 2048 > log 2>&1 &\n",
    ),
    "run: continued lines": (
        "run: |\n  # the server\n  export A=1\n  vllm serve m \\\n    --x 1 \\\n    --y 2\n  echo done\n",
        LEN,
        "run: |\n  # the server\n  export A=1\n  vllm serve m \\\n    --x 1 \\\n    --y 2 \\\n"
        "    --max-model-len 2048\n"
        "  echo done\n",
    ),
    "run: removed from continued lines": (
        "run:\n- |-\n  vllm serve m \\\n    --max-model-len 8192 \\\n    --y 2\n",
        Change("max-model-len", None),
        "run:\n- |-\n  vllm serve m \\\n    --y 2\n",
    ),
    "run: folded": (
        "run: >\n  vllm serve m\n  --max-model-len 8192\n  --y 2\n",
        LEN,
        "run: >\n  vllm serve m\n  --max-model-len 2048\n  --y 2\n",
    ),
    "run: the module": (
        "run: python -m vllm.entrypoints.openai.api_server --model m -tp 2\n",
        Change("tensor-parallel-size", 1),
        "run: python -m vllm.entrypoints.openai.api_server --model m -tp 1\n",
    ),
    "run: with variables in front": (
        "run: CUDA_VISIBLE_DEVICES=0 vllm serve $MODEL --max-model-len $LEN\n",
        LEN,
        "run: CUDA_VISIBLE_DEVICES=0 vllm serve $MODEL --max-model-len 2048\n",
    ),
    "run: a variable in front": (
        "run: VLLM_USE_V1=0 vllm serve m\n",
        Change("VLLM_USE_V1", 1, env=True),
        "run: VLLM_USE_V1=1 vllm serve m\n",
    ),
    "run: true": (
        "run: vllm serve m --no-enable-prefix-caching --y 2\n",
        Change("enable-prefix-caching", True),
        "run: vllm serve m --enable-prefix-caching --y 2\n",
    ),
    "run: false": (
        "run: vllm serve m --enforce-eager\n",
        Change("enforce-eager", False),
        "run: vllm serve m --no-enforce-eager\n",
    ),
    "run: add a switch": (
        "run: vllm serve m\n",
        Change("enforce-eager", True),
        "run: vllm serve m --enforce-eager\n",
    ),
    "run: a value that a shell would read": (
        "run: |\n  vllm serve m\n",
        Change("hf-overrides", '{"a": 1}'),
        "run: |\n  vllm serve m --hf-overrides '{\"a\": 1}'\n",
    ),
    "run: a comment is not touched": (
        "run: |\n  # vllm serve old --max-model-len 8192\n  vllm serve m --max-model-len 8192 # yes\n",
        LEN,
        "run: |\n  # vllm serve old --max-model-len 8192\n  vllm serve m --max-model-len 2048 # yes\n",
    ),
    "run: a value that looks like a flag": (
        "run: vllm serve m --a b\n",
        Change("a", "-x"),
        "run: vllm serve m --a=-x\n",
    ),
    "run: a negative number": (
        "run: vllm serve m --a b\n",
        Change("a", -1),
        "run: vllm serve m --a -1\n",
    ),
    "run: model": (
        "run: vllm serve 'a/b' --x 1\n",
        Change("model", "a/c"),
        "run: vllm serve 'a/c' --x 1\n",
    ),
    "run: port auto": (
        "run: vllm serve m --port 8000 --x\nports: [8000]\n",
        Change("port", "auto"),
        "run: vllm serve m --port $PORT --x\nports: [auto]\n",
    ),
    "run: port auto without the flag": (
        "run: vllm serve m\nports:\n- name: vllm\n  port: 8000\n",
        Change("port", "auto"),
        "run: vllm serve m --port $PORT\nports:\n- name: vllm\n  port: auto\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written(name: str) -> None:
    text, change, wanted = WRITTEN[name]
    text, wanted = named(text), named(wanted)
    done = amend(text, [change])
    assert done.refused == ()
    assert done.text == wanted
    assert done.diff.startswith("--- manifest\n+++ manifest\n@@ ")


@pytest.mark.parametrize("name", WRITTEN)
def test_a_second_time_changes_nothing(name: str) -> None:
    text, change, wanted = WRITTEN[name]
    text, wanted = named(text), named(wanted)
    again = amend(wanted, [change])
    assert (again.text, again.diff, again.refused) == (wanted, "", ())


# name -> (text, change, a part of the reason)
REFUSED: dict[str, tuple[str, Change, str]] = {
    "no manifest": ("vllm: [", LEN, "the manifest has errors"),
    "a script": ("run: bash serve.sh\n", LEN, "no command of the manifest is a vllm serve"),
    "two servers": ("run: |\n  vllm serve a &\n  vllm serve b\n", LEN, "2 servers"),
    "hidden flags": ("run: vllm serve m $ARGS --x 1\n", LEN, "flags come from $ARGS"),
    "hidden in an array": ('run: vllm serve m "${ARGS[@]}"\n', LEN, "flags come from"),
    "not in a plain text": ("run: vllm serve m\n", Change("hf-overrides", '{"a": 1}'), "no manifest"),
    "twice": ("run: vllm serve m --max-model-len 1 --max-model-len 2\n", LEN, "stands twice"),
    "an anchor that others use": (
        "x-a: &a\n  max-model-len: 8192\nvllm:\n  model: m\n  args: *a\nenv: *a\n", LEN, "something else",
    ),
    "a merged one cannot go": (
        "x-a: &a {y: 8192}\nvllm:\n  model: m\n  args:\n    <<: *a\n    x: 1\n", Change("y", None), "would not say it",
    ),
    "a secret": ("vllm: {model: m}\n", Change("api-key", "k"), "VLLM_API_KEY"),
    "a value that no flag has": ("vllm: {model: m}\n", Change("a b", 1), "no manifest"),
    "exported": ("run: |\n  export A=1\n  vllm serve m\n", Change("A", 2, env=True), "a command sets A"),
    "the port is used elsewhere": (
        "run: |\n  vllm serve m --port 8000 &\n  curl localhost:8000\nports: [8000]\n",
        Change("port", "auto"), "elsewhere",
    ),
    "no port is declared": ("run: vllm serve m --port 8000\n", Change("port", "auto"), "$PORT would be another one"),
    "a port that is none": ("vllm: {model: m}\n", Change("port", "http"), "a number or auto"),
    "value or model": ("run: vllm serve --enforce-eager m\n", Change("enforce-eager", None), "or the model"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    text, change, why = REFUSED[name]
    text = named(text)
    done = amend(text, [change])
    assert (done.text, done.diff, done.ok) == (text, "", False)
    assert why in done.refused[0].why


def test_one_refusal_and_nothing_is_written() -> None:
    text = "name: n\nvllm: {model: m, args: {x: 1}}\n"
    done = amend(text, [Change("x", 2), Change("api-key", "k"), Change("y", 3)])
    assert (done.text, done.diff) == (text, "")
    assert [refusal.change.flag for refusal in done.refused] == ["api-key"]


VALUES: list[str | int | float | bool] = [
    0, 1, -1, 32768, 0.85, 1e-05, 1e20, True, False, "auto", "fp8", "true", "null", "~", "yes", "8192", "1e3", "a: b",
    "a #b", "# c", "*x", "&x", "{a}", "[b]", "it's", 'say "x"', "ü 世", "- x", "x:", "%", "!t", "010", "1_000", "a\\b",
]  # fmt: skip
FORMS = (
    "name: a\nvllm:\n  model: m   # it\n  args:\n    # first\n    x: 1\n    {key}: {old}  # why\n"
    "    z: 3\nenv: {{A: b}}\n",
    "vllm: {{model: m, args: {{x: 1, {key}: {old}, z: 3}}}}\n",
    "vllm:\n  model: m\n  args:\n    x: 1\n",
    "vllm: {{model: m}}\n",
    "run: |\n  set -e\n  vllm serve m \\\n    --{key} {old} \\\n    --z 3 &\n  wait\n",
    "run: vllm serve m --z 3 --{key}={old}\n",
    'run: "vllm serve m --z \\"3\\""\n',
    "run:\n  - 'vllm serve m --z ''3'''\n",
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_any_value_in_any_form_is_read_back_or_refused(form: str, value: str | int | float | bool) -> None:
    text = named(form.format(key="max-model-len", old="7"))
    done = amend(text, [Change("max-model-len", value)])
    if not done.ok:
        assert done.text == text
        return
    manifest = read_text(done.text).manifest
    assert manifest is not None
    if manifest.vllm is not None:
        found = manifest.vllm.args["max-model-len"]
        assert found is value if isinstance(value, bool) else str(found) == str(value) and not isinstance(found, bool)
    assert amend(done.text, [Change("max-model-len", value)]).text == done.text
    gone = set(text.splitlines()) - set(done.text.splitlines())
    assert len(gone) <= 1 + text.count("\\\n")  # the line that changed, and one that goes on now


def test_most_values_are_not_refused() -> None:
    refused = [
        (form, value) for form in FORMS for value in VALUES
        if not amend(named(form.format(key="max-model-len", old="7")), [Change("max-model-len", value)]).ok
    ]  # fmt: skip
    assert len(refused) < len(FORMS) * len(VALUES) / 10


@pytest.mark.parametrize("path", [*EXAMPLES, *CORPUS], ids=lambda path: path.name)
def test_real_manifests_change_where_they_should_or_not_at_all(path: Path) -> None:
    text = path.read_bytes().decode()
    before = read_text(text).manifest
    for change in (LEN, Change("enforce-eager", True), Change("VLLM_LOGGING_LEVEL", "DEBUG", env=True)):
        done = amend(text, [change])
        if done.ok:
            assert read_text(done.text).manifest is not None
            old, new = text.splitlines(), done.text.splitlines()
            assert len(set(old) - set(new)) <= 2 and len(new) - len(old) <= 2
        else:
            assert done.text == text
            assert done.refused[0].why
    if before is not None and before.vllm is not None:
        assert amend(text, [LEN]).ok


def test_random_texts_raise_nothing() -> None:
    rng = random.Random(4)
    parts = [
        "vllm:",
        " ",
        "\n",
        "  ",
        "{",
        "}",
        "args",
        ": ",
        "- ",
        "'",
        '"',
        "|",
        "run: ",
        "vllm serve m ",
        "--a ",
        "\\\n",
        "*a",
        "&a ",
    ]
    for _ in range(1500):
        text = "".join(rng.choice(parts) for _ in range(rng.randrange(30)))
        done = amend(text, [LEN, Change("A", 1, env=True), Change("port", "auto")])
        assert done.ok or done.text == text


def test_a_manifest_cut_anywhere_raises_nothing() -> None:
    text = (
        "name: n\nx-a: &a {y: 1}\nvllm:\n  model: m\n  args: {<<: *a, max-model-len: 8192}\n"
        "ports: [8000]\nenv:\n  A: |\n    b\n"
    )
    for end in range(len(text)):
        done = amend(text[:end], [LEN, Change("A", 1, env=True), Change("port", "auto")])
        assert done.ok or done.text == text[:end]


def test_overrides_that_would_undo_a_change_go() -> None:
    given = Overrides(
        "n", (("A", "1"), ("B", "2")), (("vllm.args.max_model_len", "1"), ("vllm.args.x", "2"), ("env.A", "3"))
    )
    left = without(given, [LEN, Change("A", 2, env=True)])
    assert left == Overrides("n", (("B", "2"),), (("vllm.args.x", "2"),))


NAMES = st.sampled_from(["a", "b-c", "max-model-len", "dtype", "x_y", "seed"])
TEXTS = st.one_of(
    st.integers(-(10**9), 10**9), st.booleans(), st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f\x85\xa0"), max_size=12),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(NAMES, st.integers(0, 99), max_size=5), NAMES, st.one_of(st.none(), TEXTS), st.booleans(),
    st.sampled_from(["", "  # why", "   "]), st.integers(1, 4), st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_amend_load_compare(
    args: dict[str, int], flag: str, value: str | int | float | bool | None, flow: bool, tail: str, step: int, end: str
) -> None:
    indent = " " * step
    lines = ["# a manifest", "name: n" + tail, "vllm:", f"{indent}model: m  # the model"]
    if flow:
        lines.append(f"{indent}args: {{{', '.join(f'{k}: {v}' for k, v in args.items())}}}{tail}")
    elif args:
        lines.append(f"{indent}args:{tail}")
        lines += [f"{indent * 2}{k}: {v}{tail}" for k, v in args.items()]
    lines += ["", "# the rest", "env: {A: b}"]
    text = end.join(lines) + end
    done = amend(text, [Change(flag, value)])
    name = flag.replace("_", "-")
    assert done.ok or value is not None
    if not done.ok:
        assert done.text == text
        return
    before, after = read_text(text).manifest, read_text(done.text).manifest
    assert before is not None and after is not None and before.vllm is not None and after.vllm is not None
    wanted = {**before.vllm.args, name: value}
    if value is None:
        del wanted[name]
    found = dict(after.vllm.args)
    assert {k: str(v) for k, v in found.items()} == {k: str(v) for k, v in wanted.items()}
    assert isinstance(found.get(name), bool) == isinstance(value, bool)
    assert amend(done.text, [Change(flag, value)]).text == done.text
    kept = [line for line in text.split(end) if name not in line.replace("_", "-") and "args:" not in line]
    assert [line for line in done.text.split(end) if line in kept] == kept


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.sampled_from([" ", "="]), st.integers(0, 99)), max_size=4, unique_by=lambda t: t[0]),
    NAMES, st.one_of(st.none(), TEXTS), st.sampled_from(["|", "|-", "plain", "'", '"', ">"]), st.booleans(),
)  # fmt: skip
def test_amend_load_compare_in_commands(
    flags: list[tuple[str, str, int]], flag: str, value: str | int | float | bool | None, style: str, split: bool
) -> None:
    import shlex

    words = [f"--{name}{sign}{number}" for name, sign, number in flags]
    seam = " \\\n    " if split and style.startswith("|") else " "
    command = seam.join(["A=1 vllm serve m", *words])
    if style.startswith("|"):
        body = "".join(f"  {line}\n" for line in f"echo begin\n{command}\necho end".split("\n"))
        text = f"name: n\nrun: {style}\n{body}"
    elif style == ">":
        text = f"name: n\nrun: >\n  {command}\n"
    else:
        quote = "" if style == "plain" else style
        text = f"name: n\nrun: {quote}{command}{quote}  # it\n"
    done = amend(text, [Change(flag, value)])
    if not done.ok:
        assert done.text == text
        return
    after = read_text(done.text).manifest
    assert after is not None
    line = next(part for part in after.steps[0].command.replace("\\\n", " ").split("\n") if "vllm serve" in part)
    given_words = shlex.split(line)
    name = flag.replace("_", "-")
    others = [
        w
        for n, s, v in flags
        if n.replace("_", "-") != name
        for w in ([f"--{n}={v}"] if s == "=" else [f"--{n}", str(v)])
    ]
    rest = iter(given_words)
    assert all(word in rest for word in others)  # all of them, in their order
    if value is None:
        assert not any(word.replace("_", "-").startswith(f"--{name}") for word in given_words)
    elif isinstance(value, bool):
        assert (f"--{name}" if value else f"--no-{name}") in given_words
    else:
        joined = [w.partition("=")[2] for w in given_words if w.replace("_", "-").startswith(f"--{name}=")]
        apart = [b for a, b in pairwise(given_words) if a.replace("_", "-") == f"--{name}"]
        assert str(value) in joined + apart
    assert amend(done.text, [Change(flag, value)]).text == done.text
