"""Graph runner that calls the nodes of a model in sequence."""

from typing import Any

import rasa.core.processor
from rasa.engine.runner.dask import DaskGraphRunner


class SequentialGraphRunner(DaskGraphRunner):
    """Runs the nodes that lead to a target in topological order, computed once per set of targets.

    Overrides `run`: Rasa plans the graph with Dask, a scheduler for clusters, three times a message, which costs as much as the
    sentence encoder itself. It would go with a graph runner in Rasa that caches its plan.
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
        """The nodes that lead to the targets, each after those it needs; names of graph inputs are not among them."""
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
    """Replaces Rasa's graph runner."""
    rasa.core.processor.DaskGraphRunner = SequentialGraphRunner
