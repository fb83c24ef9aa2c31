"""A server runs without TensorFlow; what is left of it there can be named, and not used."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from tools.stack import Stack

LEFT_OUT = "from components.absent_tensorflow import leave_out_tensorflow; leave_out_tensorflow(); import tensorflow as tf; "


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("from tensorflow.keras import layers\nclass Layer(layers.Layer): x: tf.Tensor\nprint(Layer.__name__)", "Layer"),
        ("tf.constant(1)", "tensorflow.constant is TensorFlow's, which is not loaded in a server."),
        ("class Own(tf.keras.Model): pass\nOwn()", "TensorFlowAbsent: Own is TensorFlow's"),
        ("print(hasattr(tf, '__version__'))", "False"),
        ("import sklearn.feature_extraction.text, numpy\nprint(numpy.ones(1))", "[1.]"),
    ],
)
def test_what_is_named_is_there_and_what_is_called_says_so(program: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"{LEFT_OUT}\n{program}"], cwd=ROOT, capture_output=True, text=True)
    assert said in done.stdout + done.stderr


def test_the_running_server_has_not_loaded_it(stack: Stack) -> None:
    loaded = Path(f"/proc/{stack.process_id('Rasa server')}/maps").read_text()
    assert "onnxruntime" in loaded
    assert "tensorflow" not in loaded
