"""Servers, databases and proxies started for tests, faults and benchmarks."""
