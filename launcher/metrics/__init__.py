"""Metrics: exposition text, Prometheus arithmetic, recorder, history, charts."""
