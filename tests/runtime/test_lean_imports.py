"""A server runs without packages that it does not need; what is left of them there can be named, and not used."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from tools.testbed.processes import process_tree
from trialguide.commands.stack import Stack

LEFT_OUT = "from trialguide.runtime.lean_imports import install_import_stubs; install_import_stubs(); import tensorflow as tf; "


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("from tensorflow.keras import layers\nclass Layer(layers.Layer): x: tf.Tensor\nprint(Layer.__name__)", "Layer"),
        ("tf.constant(1)", "StubCalled: tensorflow.constant is not loaded in a server."),
        ("class Own(tf.keras.Model): pass\nOwn()", "StubCalled: Own is not loaded"),
        ("print(hasattr(tf, '__version__'))", "False"),
        ("import sklearn.feature_extraction.text, numpy\nprint(numpy.ones(1))", "[1.]"),
    ],
)
def test_what_is_named_is_there_and_what_is_called_says_so(program: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"{LEFT_OUT}\n{program}"], cwd=ROOT, capture_output=True, text=True)
    assert said in done.stdout + done.stderr


def test_neither_the_running_server_nor_its_reader_has_loaded_tensorflow(stack: Stack) -> None:
    server, reader = (Path(f"/proc/{process}/maps").read_text() for process in process_tree(stack.process_id("Rasa server")))
    assert "onnxruntime" in reader
    assert "onnxruntime" not in server
    assert "tensorflow" not in server + reader


def test_a_command_has_stubs_for_what_is_not_installed_and_nothing_else() -> None:
    program = (
        "from trialguide.runtime import lean_imports; lean_imports.ABSENT += ('no_such_package',);"
        "lean_imports.install_import_stubs(only_missing=True); import no_such_package.part as part; print(part.Name.__name__);"
        "import pymongo; print(pymongo.version_tuple[0])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["no_such_package.part.Name", "4"]


def test_what_is_no_server_has_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import trialguide.commands.rasa_server, tensorflow as tf; print(float(tf.constant(2.0)))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "2.0"
