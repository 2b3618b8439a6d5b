"""Runs: the run folder, the supervisor, the process tree, readiness."""
