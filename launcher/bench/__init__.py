"""Benchmarks of a served model: what is to be measured, the process that does it, its results."""
