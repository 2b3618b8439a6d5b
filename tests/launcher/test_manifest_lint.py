"""What is suspicious about a manifest that can be run."""

from __future__ import annotations

import pytest

from launcher.manifest.commands import servers
from launcher.manifest.nodes import Place, Scalar
from launcher.manifest.reader import read_text

VLLM = "name: a\nvllm:\n  model: m\n"
HEAD = "name: a\nports: [8000]\n"
LOCAL = "--host 127.0.0.1"

# (text, the problems as (severity, line, column, a part of what))
CASES: list[tuple[str, list[tuple[str, int | None, int | None, str]]]] = [
    # vllm.args
    (VLLM + "  args: {max-model-len: 8}\n", []),
    (VLLM + "  args: {--max-model-len: 8}\n", [("note", 4, 10, "read as 'max-model-len'")]),
    (VLLM + "  args: {max_model_len: 8}\n", [("note", 4, 10, "'max_model_len' in vllm.args is read as")]),
    (VLLM + "  args: {host: 127.0.0.1}\n", []),
    (VLLM + "  args: {host: 0.0.0.0}\n", [("warning", 4, 10, "reachable from the network")]),
    (VLLM + "  args: {host: '::'}\n", [("warning", 4, 10, "reachable from the network")]),
    (VLLM + "  args: {api-key: k}\n", [("warning", 4, 10, "passed as the variable VLLM_API_KEY")]),
    (VLLM + "  args: {api-key: [k, l]}\n", [("warning", 4, 10, "visible in the list of processes")]),
    (VLLM + "  args: {api-key: VLLM_API_KEY}\n", [("warning", 4, 10, "placeholder for its value")]),
    (VLLM + "  args: {uds: /tmp/x}\n", [("warning", 4, 10, "listens on no port")]),
    (
        VLLM + "  args: {disable-frontend-multiprocessing: true}\n",
        [("warning", 4, 10, "removed in vLLM 0.19")],
    ),
    (VLLM + "  version: 0.18.1\n  args: {disable-frontend-multiprocessing: true}\n", []),
    (
        VLLM + "  version: 0.19.0\n  args: {disable-frontend-multiprocessing: true}\n",
        [("warning", 5, 10, "removed in vLLM 0.19")],
    ),
    (VLLM + "  args: {tensor-parallel-size: 4}\nresources: {gpus: 4}\n", []),
    (VLLM + "  args: {tensor-parallel-size: 4}\n", []),
    (VLLM + "  args: {tensor-parallel-size: 4}\nresources: {gpus: 0}\n", []),
    (VLLM + "  args: {tensor-parallel-size: 4, nnodes: 2}\nresources: {gpus: 2}\n", []),
    (
        VLLM + "  args: {tensor-parallel-size: 4}\nresources: {gpus: 1}\n",
        [("warning", 4, 32, "4 GPUs are needed for tensor-parallel-size, and resources.gpus is 1")],
    ),
    (
        VLLM + "  args: {-tp: 2, pp: 2}\nresources: {gpus: [0, 1]}\n",
        [
            ("note", 4, 10, "read as 'tensor-parallel-size'"),
            ("warning", 4, 15, "4 GPUs are needed for tensor-parallel-size and pipeline-parallel-size"),
            ("note", 4, 18, "read as 'pipeline-parallel-size'"),
        ],
    ),
    # vllm serve in a command
    (HEAD + f"run: vllm serve m {LOCAL}\n", []),
    (f"name: a\nrun: vllm serve m {LOCAL}\n", [("warning", 2, 6, "no port declared")]),
    (
        f"name: a\nrun:\n  - command: |\n      cd /\n      vllm serve m {LOCAL}\n",
        [("warning", 5, 7, "no port declared")],
    ),
    (
        f"name: a\nrun: python -m vllm.entrypoints.openai.api_server --model m {LOCAL}\n",
        [("warning", 2, 16, "no port declared")],
    ),
    (HEAD + "run: vllm serve m\n", [("note", 3, 6, "every network interface")]),
    (HEAD + "run: vllm serve m --host 0.0.0.0\n", [("warning", 3, 19, "--host 0.0.0.0")]),
    (HEAD + "run: vllm serve m --host=0.0.0.0\n", [("warning", 3, 19, "--host 0.0.0.0")]),
    (HEAD + "run: 'vllm serve m --host \"0.0.0.0\"'\n", [("warning", 3, 20, "--host 0.0.0.0")]),
    (HEAD + f"run: vllm serve m {LOCAL} --api-key $KEY\n", [("warning", 3, 36, "the API key is visible")]),
    (HEAD + f"run: vllm serve m {LOCAL} --api_key $KEY\n", [("warning", 3, 36, "the API key is visible")]),
    (
        HEAD + f"run: |\n  vllm serve m \\\n    {LOCAL} \\\n    --disable-frontend-multiprocessing\n",
        [("warning", 6, 5, "--disable-frontend-multiprocessing was removed in vLLM 0.19")],
    ),
    (HEAD + f"run: vllm serve m {LOCAL} --port 8001\n", [("warning", 3, 36, "port 8001, which ports does not")]),
    (HEAD + f"run: vllm serve m {LOCAL} --port $PORT\n", []),
    (
        "name: a\nports: [9000]\n" + f"run: vllm serve m {LOCAL}\n",
        [("warning", 3, 6, "as no --port is given, port 8000")],
    ),
    ("name: a\nports: [auto]\n" + f"run: vllm serve m {LOCAL}\n", [("warning", 3, 6, "though ports says auto")]),
    ("name: a\nports: [auto]\n" + f"run: vllm serve m {LOCAL} --port ${{PORT}}\n", []),
    (
        HEAD + f"run:\n  - vllm serve m {LOCAL}\n  - echo done\n",
        [("warning", 4, 5, "the commands behind this one wait")],
    ),
    (HEAD + f"run:\n  - vllm serve m {LOCAL} &\n  - echo done\n", []),
    (HEAD + f"run:\n  - vllm serve m {LOCAL} > log 2>&1 &\n  - echo done\n", []),
    # what only looks like one
    (HEAD + "run: |\n  # vllm serve m --host 0.0.0.0\n  pip install vllm\n", []),
    (HEAD + "run: pip install vllm server\n", []),
    (HEAD + "run: my-vllm serve\n", []),
    (HEAD + "run: echo vllm-serve\n", []),
    (HEAD + f"run: vllm serve m {LOCAL} & app --host 0.0.0.0 --port 99\n", []),
    (HEAD + "run: vllm bench serve\n", []),
    # secrets, ports, variables, names
    (
        HEAD + "run: |\n  echo\n  curl -H hf_abcdefghijklmnopqrst\n",
        [("warning", 5, None, "a token is written in clear")],
    ),
    ("name: a\nrun: x\nports: [80]\n", [("warning", 3, None, "port 80 is below 1024")]),
    ("name: a\nrun: x\nenv:\n  B: ${HOME}\n", [("warning", 4, 6, "passed on as written")]),
    ("name: a\nrun: x\nenv:\n  B-C: d\n", [("warning", 4, 3, "no shell can read the variable 'B-C'")]),
    ("name: 1234\nrun: x\n", [("warning", 1, 7, "looks like the ID of a run")]),
    (
        "name: a\nrun: x\nimport:\n  /c: {git: {url: 'https://u:p@github.com/o/r'}}\n",
        [("warning", 4, 19, "a password in clear")],
    ),
    (
        "name: a\nrun: x\nimport:\n  /c: {git: {url: github.com/o/r, credential_name: c}}\n",
        [("note", 4, 35, "git's own are used")],
    ),
    # what a machine has not
    ("name: a\nrun: x\nresources: {cluster: local, gpus: 1}\n", []),
    ("name: a\nrun: x\nresources: {cluster: c}\n", [("note", 3, 13, "no cluster 'c'")]),
    ("name: a\nrun: x\nresources: {preset: gpu-1}\n", [("note", 3, 13, "no preset 'gpu-1'")]),
    (
        "name: a\nrun: x\nresources: {node_names: [n], spot: SpotOnly}\n",
        [("note", 3, 13, "node_names"), ("note", 3, 30, "spot")],
    ),
    ("name: a\nrun: x\nservice_account_name: s\n", [("note", 3, 1, "no service accounts")]),
    ("name: a\nrun: x\nservice_account_name: ''\n", []),
    ("name: a\nrun: x\nimage: i\n", [("note", 3, 1, "no container image")]),
    ("name: a\nrun: x\nmount: {/m: 'volume://s/v'}\n", [("note", 3, 9, "vdeck mounts nothing")]),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[f"{i}-{c[0][-40:]!r}" for i, c in enumerate(CASES)])
def test_lint(text: str, expected: list[tuple[str, int | None, int | None, str]]) -> None:
    reading = read_text(text)
    assert reading.manifest is not None
    assert [(p.severity, p.line, p.column) for p in reading.problems] == [e[:3] for e in expected], [
        str(p) for p in reading.problems
    ]
    for problem, (_, _, _, what) in zip(reading.problems, expected, strict=True):
        assert what in problem.what


def test_a_preset_with_gpu_in_its_name_hints_at_gpus() -> None:
    assert "resources.gpus" in read_text("name: a\nrun: x\nresources: {preset: gpu-l4}\n").problems[0].fix
    assert read_text("name: a\nrun: x\nresources: {preset: gpu-l4, gpus: 2}\n").problems[0].fix == ""
    assert read_text("name: a\nrun: x\nresources: {preset: cpu-small}\n").problems[0].fix == ""


def test_a_wrong_port_does_not_count_as_missing() -> None:
    reading = read_text(f"name: a\nports: [abc]\nrun: vllm serve m {LOCAL}\n")
    assert [(p.severity, p.line) for p in reading.problems] == [("error", 2)]


def test_servers_of_a_folded_text() -> None:
    lines = ("run: >", "  vllm serve m", "  --port 8001 --host=::", "  && echo")
    node = Scalar("vllm serve m --port 8001 --host=:: && echo\n", Place(1, 6), False, 4)
    (server,) = servers(node, lines)
    assert (server.value("port"), server.value("host"), server.background) == ("8001", "::", False)
    assert server.at("port") == Place(3, 3)
    assert server.place == Place(2, 3)
    assert server.value("seed") is None
    assert not server.has("por")
