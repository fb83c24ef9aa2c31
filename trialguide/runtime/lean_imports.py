"""Starts a server without TensorFlow, which only training needs and which takes half of a start and a third of the memory,
and without what only stores and channels of Rasa's own need.

Rasa imports all of it with parts that this assistant does not have. What their modules name when they are read, base classes
and types, is given to them here; whoever really calls something of it is told.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

TENSORFLOW = ("tensorflow", "keras", "tensorflow_hub", "tensorflow_addons")
# Of the tracker stores in DynamoDB and MongoDB, of Rasa's connector to Telegram, and of questions in a terminal.
STORES_AND_CHANNELS = ("boto3", "botocore", "pymongo", "aiogram", "questionary", "prompt_toolkit")
ABSENT = (*TENSORFLOW, *STORES_AND_CHANNELS)


class StubCalled(Exception):
    """Something in the server calls a package that is not loaded there."""


class _Named(type):
    """A class that may be named, and derived from, and no more."""

    def __getattr__(cls, name: str) -> "_Named":
        return _named(cls.__name__, name)

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise StubCalled(f"{cls.__name__} is not loaded in a server.")


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


def install_import_stubs(only_missing: bool = False) -> None:
    """Has whatever imports one of the packages from now on, in this process, get names that mean nothing.

    With `only_missing` a package that is installed is imported as it is.
    """
    sys.meta_path.insert(len(sys.meta_path) if only_missing else 0, _Finder())


def _named(owner: str, name: str) -> _Named:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Named(f"{owner}.{name}", (), {})
