"""``vdeck export …``: a Grafana dashboard, and the scrape configuration of a Prometheus."""

from __future__ import annotations

import os
import sys

from launcher.errors import EXIT_DONE, UsageError
from tui.commands import output
from tui.commands.options import JSON, Command, Group, Option, Values

TABLE = Group(
    "export",
    "make files for Grafana and Prometheus",
    (
        Command(
            "export grafana",
            "print a Grafana dashboard with the charts of the screen",
            "tui.commands.export:grafana",
            options=(Option(("--title",), "the name of the dashboard", "TITLE", default="vLLM"),),
            text="Import it in Grafana (Dashboards, New, Import), or put it into a folder that Grafana provisions. It "
            "asks for nothing: data source, server and model are chosen at its head.",
            examples=("vdeck export grafana > vllm.json",),
        ),
        Command(
            "export prometheus",
            "print the scrape configuration for a Prometheus",
            "tui.commands.export:prometheus",
            options=(
                Option(
                    ("--file-sd",),
                    "write the servers that are ready now into vdeck.json in this folder, and point the configuration "
                    "to it; without it, it points to the files that the runs themselves keep true",
                    "DIR",
                ),
                JSON,
            ),
            examples=(
                "vdeck export prometheus > prometheus.yml",
                "vdeck export prometheus --file-sd /etc/prometheus/sd",
            ),
        ),
    ),
)
_TARGETS = "vdeck.json"


def grafana(values: Values) -> int:
    """Print the dashboard. Raises UsageError for an empty title."""
    from launcher.export.grafana import dashboard

    title = values.word("title").strip()
    if not title:
        raise UsageError("--title is empty", fix="leave it out for vLLM")
    output.document(dashboard(title))
    return EXIT_DONE


def prometheus(values: Values) -> int:
    """Print the configuration, or with ``--json`` the targets. Raises UsageError when DIR is no folder."""
    from launcher import paths
    from launcher.export.prometheus import configuration, targets
    from launcher.runs import files
    from launcher.runs.listing import load_all

    found = targets(load_all())
    folder = values.text("file-sd")
    if folder is not None:
        folder = os.path.abspath(folder)
        if not os.path.isdir(folder):
            raise UsageError(f"{folder} is no folder", fix="make it first: Prometheus must be able to read it")
        files.write_json(os.path.join(folder, _TARGETS), found, mode=0o644)
    if values.flag("json"):
        output.document(found)
    else:
        sys.stdout.write(
            configuration(folder, _TARGETS) if folder else configuration(paths.prometheus_targets(), "*.json")
        )
    if folder is not None:
        count = f"{len(found)} target{'' if len(found) == 1 else 's'}"
        output.note(f"Wrote {count} to {os.path.join(folder, _TARGETS)}.")
    return EXIT_DONE
