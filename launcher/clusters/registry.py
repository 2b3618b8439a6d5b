"""Clusters by name."""

from __future__ import annotations

from launcher.clusters.base import Cluster
from launcher.clusters.local import LocalCluster

_CLUSTERS: dict[str, Cluster] = {"local": LocalCluster()}


def names() -> tuple[str, ...]:
    """The clusters that are configured here."""
    return tuple(_CLUSTERS)


def get(name: str | None) -> Cluster:
    """The cluster of this name. A name that is not configured here (VESSL's own, say) means this machine: the manifest
    reader has told the user in a note."""
    return _CLUSTERS.get(name or "local", _CLUSTERS["local"])
