"""``vdeck attach``: the table of the command; attach_run.py does it."""

from __future__ import annotations

from tui.commands.options import JSON, Argument, Command, Option

TABLE = Command(
    "attach",
    "watch a vLLM server that vdeck did not start",
    "tui.commands.attach_run:attach",
    (Argument("URL", "its address; without it the vLLM servers of this machine are listed", "optional"),),
    (
        Option(("--name",), "what the run is called (default: host and port)", "NAME"),
        Option(("--api-key-env",), "the environment variable that holds the API key (default: VLLM_API_KEY)", "NAME"),
        Option(("--insecure",), "do not verify the certificate of an https server"),
        Option(("--no-check",), "attach even when no vLLM answers there now"),
        Option(("--wait",), "wait until it answers"),
        JSON,
    ),
    text="Metrics, events and chat are as those of other runs; the server itself is never stopped, restarted or "
    "signalled. `vdeck run delete` detaches: the record goes, the server stays. The path before /v1 and /metrics of a "
    "server behind a proxy belongs to the URL. A key is kept in the run's folder, readable by you alone. The "
    "certificate of a server on this machine is not verified.",
    examples=(
        "vdeck attach",
        "vdeck attach http://gpu-box:8000 --name prod",
        "VLLM_API_KEY=... vdeck attach https://llm.example.com/team-a --wait",
    ),
)
