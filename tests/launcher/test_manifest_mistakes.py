"""Every mistake has one problem, at its place, with a word about how to mend it."""

from __future__ import annotations

import pytest

from launcher.manifest.problems import Problem
from launcher.manifest.reader import read_text

RUN = "name: a\nrun: echo\n"
"""What makes a fragment whole: two lines, so that the fragment begins in line 3."""
VLLM = "name: a\nvllm:\n  model: m\n"
"""The same in the other form: three lines."""


def errors(text: str) -> list[Problem]:
    return [p for p in read_text(text).problems if p.severity == "error"]


# (text, line, column, a part of what, a part of the fix)
MISTAKES = [
    # the file as a whole
    ("", None, None, "the file is empty", "vdeck manifest new"),
    ("# only a comment\n", None, None, "the file is empty", "vdeck manifest new"),
    ("---\n", None, None, "the file is empty", ""),
    ("- a\n- b\n", 1, 1, "a mapping of keys, not a list", ""),
    ("\njust words\n", 2, 1, "a mapping of keys, not a text", ""),
    ("name: a\n", None, None, "neither run nor vllm", "vllm: {model:"),
    ("name: a\nrun:\n", 2, 1, "neither run nor vllm", ""),
    ("name: a\nrun: []\n", 2, 1, "neither run nor vllm", ""),
    ("name: a\nrun: ''\n", 2, 6, "run is empty", ""),
    ("run: echo\n", None, None, "name is missing", "write name: my-server"),
    ("name:\nrun: echo\n", None, None, "name is missing", ""),
    ("name: a\nvllm: {model: m}\nrun: echo\n", 3, 1, "either run or vllm", "keep one"),
    ("name: a\nrun: echo\nvllm: {model: m}\n", 3, 1, "either run or vllm", "keep one"),
    # unknown keys
    (RUN + "resorces: {gpus: 1}\n", 3, 1, "unknown key 'resorces'", "did you mean 'resources'?"),
    (RUN + "port: [8000]\n", 3, 1, "unknown key 'port'", "did you mean 'ports'?"),
    (RUN + "environment: {A: b}\n", 3, 1, "unknown key 'environment'", "did you mean 'env'?"),
    (RUN + "gpus: 1\n", 3, 1, "unknown key 'gpus'", "it belongs in resources.gpus"),
    (RUN + "grace: 30s\n", 3, 1, "unknown key 'grace'", "it belongs in stop.grace"),
    (RUN + "workdir: /x\n", 3, 1, "unknown key 'workdir'", "it belongs in run.workdir"),
    (RUN + "zzzzzz: 1\n", 3, 1, "unknown key 'zzzzzz'", "known are name, description"),
    (RUN + "resources:\n  gpu: 1\n", 4, 3, "unknown key 'gpu' in resources", "did you mean 'gpus'?"),
    (
        RUN + "resources:\n  requests: {nvidia.com/gpus: 1}\n",
        4,
        14,
        "unknown key 'nvidia.com/gpus'",
        "'nvidia.com/gpu'",
    ),
    (RUN + "ports:\n  - {port: 80000x}\n", 4, 12, "ports[0].port must be a port number or auto, not '80000x'", ""),
    (RUN + "ports:\n  - {nam: x, port: 8000}\n", 4, 6, "unknown key 'nam' in ports[0]", "did you mean 'name'?"),
    ("name: a\nrun:\n  - comand: echo\n", 3, 5, "unknown key 'comand' in run[0]", "did you mean 'command'?"),
    ("name: a\nvllm:\n  modell: m\n", 3, 3, "unknown key 'modell' in vllm", "did you mean 'model'?"),
    (VLLM + "  max-model-len: 8\n", 4, 3, "unknown key 'max-model-len' in vllm", "belong under vllm.args"),
    (VLLM + "restart: {policy: never, retries: 3}\n", 4, 26, "unknown key 'retries' in restart", "known are"),
    (RUN + "interactive:\n  jupiter: {}\n", 4, 3, "unknown key 'jupiter' in interactive", "'jupyter'"),
    (RUN + "import:\n  /code/:\n    gitt: {url: x}\n", 5, 5, "unknown key 'gitt' in import./code/", "'git'"),
    (RUN + "env:\n  A:\n    sekret: x\n    value: y\n", 5, 5, "unknown key 'sekret' in env.A", "'secret'"),
    # the name and other texts
    ("name: ''\nrun: echo\n", 1, 7, "name is empty", ""),
    ("name: [a]\nrun: echo\n", 1, 7, "name must be a text, not a list", ""),
    (f"name: {'n' * 129}\nrun: echo\n", 1, 7, "name has 129 characters", "at most 128"),
    ('name: "a\\nb"\nrun: echo\n', 1, 7, "name holds control characters", ""),
    ('name: "a\\e[31mb"\nrun: echo\n', 1, 7, "name holds control characters", ""),
    ('name: "a\\u202eb"\nrun: echo\n', 1, 7, "name holds control characters", ""),
    ("name: -rf\nrun: echo\n", 1, 7, "name may not begin with a dash", ""),
    ("name: m-{{ lr }}\nrun: echo\n", 1, 7, "name holds a template placeholder", ""),
    (RUN + "tags: a b\n", 3, 7, "tags must be a list, not a text", "dash"),
    (RUN + "tags: [a, [b]]\n", 3, 11, "tags[1] must be a text, not a list", ""),
    (RUN + "image: [a]\n", 3, 8, "image must be a name or a mapping with url, not a list", ""),
    (RUN + "image: {credential_name: a}\n", 3, 8, "image.url is missing", "write url:"),
    (RUN + "termination_protection: maybe\n", 3, 25, "termination_protection must be true or false, not 'maybe'", ""),
    # ports
    (RUN + "ports: abc\n", 3, 8, "ports must be a port number or auto, not 'abc'", ""),
    (RUN + "ports: {vllm: 8000}\n", 3, 8, "ports must be a list of ports, not a mapping", "ports: [{name: vllm"),
    (RUN + "ports:\n  - abc\n", 4, 5, "ports[0] must be a port number or auto, not 'abc'", ""),
    (RUN + "ports:\n  - name: x\n    port: abc\n", 5, 11, "ports[0].port must be a port number or auto", ""),
    (RUN + "ports:\n  - port: 70000\n", 4, 11, "a port from 1 to 65535 or auto, not 70000", ""),
    (RUN + "ports: [0]\n", 3, 9, "a port from 1 to 65535 or auto, not 0", "write auto"),
    (RUN + "ports: [-1]\n", 3, 9, "a port from 1 to 65535 or auto, not -1", ""),
    (RUN + 'ports: ["8000:80"]\n', 3, 9, "ports[0] must be a port number or auto, not '8000:80'", "without a colon"),
    (RUN + "ports: [080]\n", 3, 9, "ports[0] must be a port number or auto, not '080'", ""),
    (RUN + "ports: [8000, 8000]\n", 3, 15, "port 8000 stands twice in ports", ""),
    (
        RUN + "ports:\n  - 8000\n  - {port: 8000, type: tcp}\n",
        5,
        12,
        "port 8000 stands twice in ports, first in line 4",
        "",
    ),
    (
        RUN + "ports: [{name: a, port: 1024}, {name: a, port: 2048}]\n",
        3,
        39,
        "the port name 'a' stands twice",
        "rename",
    ),
    (RUN + "ports: [{name: a, type: htp, port: 8000}]\n", 3, 25, "must be http or tcp or udp, not 'htp'", "'http'"),
    (RUN + "ports: [{name: a}]\n", 3, 9, "ports[0].port is missing", "write port: 8000"),
    (RUN + "ports: [null]\n", 3, 9, "ports[0] must be a port number, auto, or a mapping with port, not empty", ""),
    (RUN + "ports: [true]\n", 3, 9, "ports[0] must be a port number or auto, not 'true'", ""),
    # resources
    (RUN + "resources: gpu\n", 3, 12, "resources must be a mapping, not a text", "its keys are gpus"),
    (RUN + "resources: {gpus: -1}\n", 3, 19, "resources.gpus must be a number of GPUs, not -1", ""),
    (RUN + "resources: {gpus: one}\n", 3, 19, "resources.gpus must be a number of GPUs, not 'one'", ""),
    (RUN + "resources: {gpus: 1.5}\n", 3, 19, "resources.gpus must be a number of GPUs, not '1.5'", ""),
    (RUN + "resources: {gpus: true}\n", 3, 19, "resources.gpus must be a number of GPUs, not 'true'", ""),
    (RUN + "resources: {gpus: all}\n", 3, 19, "a number of GPUs or a list of indices", "take the line out"),
    (RUN + "resources: {gpus: [0, x]}\n", 3, 23, "resources.gpus[1] must be the index of a GPU, not 'x'", ""),
    (RUN + "resources: {gpus: [1, 0, 1]}\n", 3, 26, "GPU 1 stands twice", ""),
    (RUN + "resources: {gpus: []}\n", 3, 19, "resources.gpus is an empty list", "write 0"),
    (RUN + "resources: {gpus: {a: 1}}\n", 3, 19, "resources.gpus must be a number or a list of indices", ""),
    (RUN + "resources: {memory: lots}\n", 3, 21, "resources.memory must be an amount of memory", "16Gi"),
    (RUN + "resources: {cpu: many}\n", 3, 18, "resources.cpu must be a number of CPU cores", ""),
    # run
    ("name: a\nrun: {command: x}\n", 2, 6, "run must be a command or a list of commands, not a mapping", "dash"),
    ("name: a\nrun:\n  - [x]\n", 3, 5, "run[0] must be a command or a mapping with command, not a list", ""),
    ("name: a\nrun:\n  - command: ''\n", 3, 14, "run[0].command is empty", ""),
    ("name: a\nrun:\n  - command:\n", 3, 13, "run[0].command is empty", ""),
    ("name: a\nrun:\n  - workdir: /x\n", 3, 5, "run[0] has no command", "wait: 10s"),
    ("name: a\nrun:\n  - command: x\n    wait: 1s\n", 4, 5, "run[0] has both command and wait", "two items"),
    ("name: a\nrun:\n  - wait: soon\n", 3, 11, "run[0].wait must be a duration, not 'soon'", "30s, 5m"),
    ('name: a\nrun: "a\\0b"\n', 2, 6, "run holds a NUL character", ""),
    (f"name: a\nrun: {'x' * 140_000}\n", 2, 6, "run is longer than 127 KiB", ""),
    # env
    (RUN + "env: [A=b]\n", 3, 6, "env must be a mapping, not a list", "NAME: value"),
    (RUN + "env:\n  A: [b]\n", 4, 6, "env.A must be a text, not a list", ""),
    (RUN + "env:\n  A=B: c\n", 4, 3, "'A=B' is no name of an environment variable", ""),
    (RUN + 'env:\n  "": c\n', 4, 3, "'' is no name of an environment variable", ""),
    (RUN + 'env:\n  A: "x\\0"\n', 4, 6, "env.A holds a NUL character", ""),
    (RUN + f"env:\n  A: {'x' * 140_000}\n", 4, 6, "env.A is longer than 127 KiB", ""),
    (RUN + "env:\n  A: {value: x, secret: B}\n", 4, 6, "env.A has both a value and the name of a secret", ""),
    (RUN + "env:\n  A: {source: vault, value: x}\n", 4, 15, "env.A.source must be text or secret or inject", ""),
    (RUN + "env:\n  A: {secret: hf_abcdefghijklmnopqrst}\n", 4, 6, "must be the name of a secret, not the secret", ""),
    # import, mount, export
    (RUN + "import: [a]\n", 3, 9, "import must be a mapping, not a list", "git://"),
    (RUN + "import:\n  code: git://github.com/o/r\n", 4, 3, "'code' is no path of a container", "begin it with /"),
    (RUN + "import:\n  /a/../../etc: git://github.com/o/r\n", 4, 3, "is no path of a container", "leave .. out"),
    (RUN + "import:\n  /c: gti://github.com/o/r\n", 4, 7, "does not say where its files are", "did you mean git://?"),
    (RUN + "import:\n  /c: nowhere\n", 4, 7, "does not say where its files are: 'nowhere'", "git://, hf://"),
    (RUN + "import:\n  /c: {git: {ref: main}}\n", 4, 13, "import./c.git.url is missing", "write url:"),
    (RUN + "import:\n  /c: {git: {url: --upload-pack=x}}\n", 4, 19, "is no address of a git repository", ""),
    (RUN + "import:\n  /c: {git: {url: 'ext::sh -c x'}}\n", 4, 19, "is no address of a git repository", ""),
    (RUN + "import:\n  /c: {git: {url: g.com/o/r, ref: --x}}\n", 4, 35, "is no branch, tag or commit", ""),
    (RUN + "import:\n  /c: {git: {url: a/b.git}, s3: {bucket: b}}\n", 4, 7, "must name one kind of source", ""),
    (RUN + "import:\n  /c: {git: }\n", 4, 13, "import./c.git must be a mapping, not empty", ""),
    (RUN + "import:\n  /c: {}\n", 4, 7, "must name one kind of source", ""),
    (RUN + "export:\n  /c: git://github.com/o/r\n", 4, 7, "does not say where its files are", ""),
    # vllm
    ("name: a\nvllm:\n", 2, 1, "vllm.model is missing", ""),
    ("name: a\nvllm: {}\n", 2, 7, "vllm.model is missing", "write model: Qwen/Qwen3-0.6B"),
    ("name: a\nvllm: Qwen/Qwen3-0.6B\n", 2, 7, "vllm must be a mapping, not a text", ""),
    ("name: a\nvllm: {model: }\n", 2, 7, "vllm.model is missing", ""),
    ("name: a\nvllm: {model: --help}\n", 2, 15, "vllm.model must be a model, not the flag '--help'", ""),
    ("name: a\nvllm: {model: $MODEL}\n", 2, 15, "vllm.model holds a variable", ""),
    ("name: a\nvllm: {model: my model}\n", 2, 15, "vllm.model has a space in it", ""),
    (VLLM + "  version: latest\n", 4, 12, "vllm.version must be a version of vLLM, not 'latest'", "0.33.0"),
    (VLLM + "  version: [1]\n", 4, 12, "vllm.version must be a version of vLLM, not a list", ""),
    (VLLM + "  args: [--max-model-len, 8]\n", 4, 9, "vllm.args must be a mapping, not a list", "without its dashes"),
    (VLLM + "  args: --max-model-len 8\n", 4, 9, "vllm.args must be a mapping, not a text", ""),
    (VLLM + "  args:\n    max model: 8\n", 5, 5, "'max model' in vllm.args is no flag", ""),
    (
        VLLM + "  args:\n    seed: 1\n    --seed: 2\n",
        6,
        5,
        "the flag 'seed' stands twice in vllm.args, first in line 5",
        "",
    ),
    (VLLM + "  args:\n    a_b: 1\n    a-b: 2\n", 6, 5, "the flag 'a-b' stands twice", ""),
    (VLLM + "  args:\n    model: x\n", 5, 5, "vllm.args may not name the model", "vllm.model"),
    (VLLM + "  args:\n    enforce-eager:\n", 5, 5, "vllm.args.enforce-eager has no value", "write true"),
    (VLLM + "  args:\n    port: abc\n", 5, 11, "vllm.args.port must be a port number or auto", ""),
    (VLLM + "  args:\n    gpu-memory-utilization: 90\n", 5, 29, "a fraction between 0 and 1, not 90", "write 0.9"),
    (VLLM + "  args: {port: 8001}\nports: [8000]\n", 4, 16, "vllm.args.port is 8001, and ports says 8000", "keep one"),
    (VLLM + "  args: {port: 8001}\nports: [{name: a, type: tcp, port: 8001}]\n", 4, 16, "for something else", ""),
    # restart, stop, interactive
    (VLLM + "restart: always\n", 4, 10, "restart must be never or on-failure, not 'always'", ""),
    (VLLM + "restart: on_failure\n", 4, 10, "restart must be never or on-failure", "did you mean 'on-failure'?"),
    (VLLM + "restart: {policy: on-fail}\n", 4, 19, "restart.policy must be never or on-failure", "'on-failure'"),
    (VLLM + "restart: {max: -1}\n", 4, 16, "restart.max must be a number of restarts, not -1", ""),
    (VLLM + "stop: 30s\n", 4, 7, "stop must be a mapping, not a text", "its keys are grace"),
    (VLLM + "stop: {grace: 30 sec}\n", 4, 15, "stop.grace must be a duration, not '30 sec'", "30s, 5m"),
    (VLLM + "stop: {grace: -3s}\n", 4, 15, "stop.grace must be a duration, not '-3s'", ""),
    (VLLM + "stop: {grace: 5 m}\n", 4, 15, "stop.grace must be a duration", ""),
    (RUN + "interactive: true\n", 3, 14, "interactive must be a mapping, not a text", "max_runtime"),
    (RUN + "interactive: {max_runtime: long}\n", 3, 28, "interactive.max_runtime must be a duration", ""),
    # files that are something else
    ("name: a\nrun: x\nservice: {expose: 8000}\n", 3, 1, "a Serve revision of VESSL (service:)", "take service: out"),
    ("message: m\nname: a\nrun: x\n", 1, 1, "a Serve revision of VESSL (message:)", ""),
    ("apiVersion: v1\nkind: Pod\n", 1, 1, "a Kubernetes object", "vdeck manifest new"),
    ("services: {a: {image: b}}\n", 1, 1, "a Compose file", ""),
    ("model: Qwen/Qwen3-0.6B\nmax-model-len: 10\n", 1, 1, "a configuration file of vllm serve", "vllm.args"),
]


@pytest.mark.parametrize(("text", "line", "column", "what", "fix"), MISTAKES, ids=[m[3][:50] for m in MISTAKES])
def test_one_mistake_one_problem(text: str, line: int | None, column: int | None, what: str, fix: str) -> None:
    reading = read_text(text, file="m.yaml")
    found = [p for p in reading.problems if p.severity == "error"]
    assert reading.manifest is None
    assert len(found) == 1, [str(p) for p in found]
    assert what in found[0].what
    assert fix in found[0].fix
    assert (found[0].line, found[0].column) == (line, column)
    assert found[0].file == "m.yaml"


def test_all_problems_at_once_in_the_order_of_the_lines() -> None:
    text = (
        "name: ''\n"
        "resources: {gpu: 1, gpus: -1}\n"
        "ports: [abc, 70000]\n"
        "run:\n"
        "  - comand: x\n"
        "stop: {grace: soon}\n"
        "envv: {}\n"
    )
    places = [(p.line, p.column) for p in errors(text)]
    assert places == [(1, 7), (2, 13), (2, 27), (3, 9), (3, 14), (5, 5), (6, 15), (7, 1)]


def test_values_of_variables_never_stand_in_a_problem() -> None:
    secret = "hf_ThisIsTheSecretItself123"
    texts = [
        f"env:\n  HF_TOKEN: {secret}\n",
        f"env:\n  HF_TOKEN: [{secret}]\n",
        f"env:\n  HF_TOKEN: {{secret: {secret}}}\n",
        f"env:\n  HF_TOKEN: {{value: [{secret}]}}\n",
        f"env:\n  X: {{value: {secret}, secret: 1}}\n",
        f"import:\n  /c: {{git: {{url: 'https://u:{secret}@github.com/o/r'}}}}\n",
        f"import:\n  /c: 'what://u:{secret}@host/o/r'\n",
        f"run: curl -H {secret}\nvllm: {{model: m, args: {{api-key: {secret}}}}}\n",
        f"vllm: {{model: m, args: {{hf-token: {secret}, hf_token: {secret}}}}}\n",
    ]
    for fragment in texts:
        text = "name: a\n" + ("" if "model" in fragment else "run: x\n") + fragment
        problems = read_text(text).problems
        assert problems, text
        assert not any(secret in str(p) for p in problems), text


def test_names_from_the_file_cannot_move_the_cursor() -> None:
    (problem,) = errors(RUN + '"\\e]0;title\\a\\e[2Jkey\\u202e": 1\n')
    assert problem.what == "unknown key 'key'"


def test_problems_read_like_those_of_a_compiler() -> None:
    reading = read_text(RUN + "ports: [70000]\n", file="m.yaml")
    assert str(reading.problems[0]) == (
        "m.yaml:3:9: error: ports[0] must be a port from 1 to 65535 or auto, not 70000."
    )


def test_a_problem_of_somebody_else_gets_its_place() -> None:
    reading = read_text(VLLM + "  args:\n    max-model-len: 8192\nports: [auto]\n", file="m.yaml")
    problem = reading.problem(("vllm", "args", "max-model-len"), "warning", "too long", "shorten it")
    assert str(problem) == "m.yaml:5:5: warning: too long. shorten it."
    assert (reading.problem(("ports", 0), "error", "x").line, reading.problem(("nothing",), "error", "x").line) == (
        6,
        None,
    )
