"""Import stubs for packages that a server never calls.

TensorFlow is needed for training only, yet takes half of the start and a third of the memory; others are needed by stores and
channels of Rasa that are not used here. Rasa imports them all the same. The stubs satisfy base classes and type annotations at
import time; calling one raises `StubCalled`.
"""

import sys
from collections.abc import Collection, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

TENSORFLOW = ("tensorflow", "keras", "tensorflow_hub", "tensorflow_addons")
# For tracker stores in DynamoDB and MongoDB, Rasa's Telegram connector, and prompts in a terminal.
STORES_AND_CHANNELS = ("boto3", "botocore", "pymongo", "aiogram", "questionary", "prompt_toolkit")
ABSENT = (*TENSORFLOW, *STORES_AND_CHANNELS)


class StubCalled(Exception):
    """The server calls a package that it replaces by a stub."""


class _Stub(type):
    """A class that can be referenced and subclassed, but not called."""

    def __getattr__(cls, name: str) -> "_Stub":
        return _stub(cls.__name__, name)

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise StubCalled(f"{cls.__name__} is not loaded in a server.")


class _StubModule(ModuleType):
    def __getattr__(self, name: str) -> _Stub:
        return _stub(self.__name__, name)


class _StubFinder(MetaPathFinder, Loader):
    def __init__(self, packages: Collection[str]) -> None:
        self._packages = packages

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in self._packages else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StubModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leaves the stub module empty."""


def install_import_stubs(only_missing: bool = False) -> None:
    """Replaces later imports of these packages, or of those that are not installed, in this process by stubs."""
    packages = [package for package in ABSENT if not (only_missing and find_spec(package))]
    sys.meta_path.insert(0, _StubFinder(packages))


def _stub(owner: str, name: str) -> _Stub:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Stub(f"{owner}.{name}", (), {})
