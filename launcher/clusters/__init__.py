"""Clusters: where a supervisor is put."""
