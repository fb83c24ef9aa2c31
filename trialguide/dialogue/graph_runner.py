"""Runs the graph of a model node after node, as Dask does too, without planning anew for every message."""

from typing import Any

import rasa.core.processor
from rasa.engine.runner.dask import DaskGraphRunner


class SequentialGraphRunner(DaskGraphRunner):
    """Calls the nodes that lead to a target in their order, which is found once.

    Rasa plans the graph with Dask, a scheduler for clusters, three times a message; that costs as much as the sentence
    encoder itself.
    """

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """The results of the targets, by node name, for the inputs of the graph, by placeholder name."""
        wanted = targets or self._graph_schema.target_names
        results: dict[str, tuple[str, Any]] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, needed in self._plan(tuple(wanted)):
            results[name] = self._instantiated_nodes[name](*(results[parent] for parent in needed))
        return dict(results[target] for target in wanted)

    def _plan(self, targets: tuple[str, ...]) -> list[tuple[str, list[str]]]:
        plans: dict[tuple[str, ...], list[tuple[str, list[str]]]] = self.__dict__.setdefault("_plans", {})
        if targets not in plans:
            plans[targets] = self._ordered(targets)
        return plans[targets]

    def _ordered(self, targets: tuple[str, ...]) -> list[tuple[str, list[str]]]:
        """The nodes that lead to the targets, each after those it needs. What is no node is an input of the graph."""
        nodes = self._graph_schema.nodes
        ordered: dict[str, list[str]] = {}

        def add(name: str) -> None:
            if name in nodes and name not in ordered:
                needed = list(nodes[name].needs.values())
                for parent in needed:
                    add(parent)
                ordered[name] = needed

        for target in targets:
            add(target)
        return list(ordered.items())


def use_sequential_runner() -> None:
    """Makes Rasa run its models with this runner; Rasa has no setting for it."""
    rasa.core.processor.DaskGraphRunner = SequentialGraphRunner
