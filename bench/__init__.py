"""Benchmarks: variants take turns in one process, results are ratios to a floor."""
