"""The patches fit this version of Rasa, and it is not loaded before it is silenced."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module

import pytest
from conftest import ROOT

from trialguide.dialogue.rasa_patches import COPYING_MODULES


@pytest.mark.parametrize("name", COPYING_MODULES)
def test_rasa_copies_for_its_logs_alone(name: str) -> None:
    def copies(tree: ast.AST) -> list[ast.Name]:
        return [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "copy"]

    source = ast.parse(inspect.getsource(import_module(name)))
    logs = [node for node in ast.walk(source) if isinstance(node, ast.Call) and ast.unparse(node.func) == "structlogger.debug"]
    assert copies(source)
    assert len(copies(source)) == sum(len(copies(log)) for log in logs)


def test_the_server_sets_its_environment_before_rasa_is_loaded() -> None:
    """Rasa and TensorFlow read it while they load, and the import stubs keep what no server needs out of memory."""
    code = "import sys, trialguide.commands.rasa_server; print({'rasa', 'tensorflow', 'sanic'} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "set()"
