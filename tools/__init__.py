"""Developers' tools: testbed, evaluation, reliability and benchmarks (`python -m tools --help`)."""
