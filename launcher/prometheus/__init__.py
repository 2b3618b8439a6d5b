"""Prometheus beside vdeck: targets kept true, one Prometheus for all runs, and the history that it has."""
