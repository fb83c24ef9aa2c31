"""Starts a server without TensorFlow, which takes half of its start and a third of its memory and which only training needs.

Rasa imports it with its own classifiers and policies, none of which this assistant has. What their modules name when they are
read, base classes and types, is given to them here; whoever really calls something of TensorFlow's is told.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

ABSENT = ("tensorflow", "keras", "tensorflow_hub", "tensorflow_addons")


class TensorFlowAbsent(Exception):
    """Something in the server calls TensorFlow, which is there in a training only."""


class _Named(type):
    """A class that may be named, and derived from, and no more."""

    def __getattr__(cls, name: str) -> "_Named":
        return _named(cls.__name__, name)

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise TensorFlowAbsent(f"{cls.__name__} is TensorFlow's, which is not loaded in a server.")


class _Module(ModuleType):
    def __getattr__(self, name: str) -> _Named:
        return _named(self.__name__, name)


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in ABSENT else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


def leave_out_tensorflow() -> None:
    """Has whatever imports TensorFlow from now on, in this process, get names that mean nothing."""
    sys.meta_path.insert(0, _Finder())


def _named(owner: str, name: str) -> _Named:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Named(f"{owner}.{name}", (), {})
