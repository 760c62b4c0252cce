"""`nnkit inspect-graph`, through the real command."""

import json

import pytest

from nnkit.cli.inspect_graph import command
from nnkit.cli.main import run
from nnkit.graph import FORMATS, trace
from nnkit.nn.functional import cross_entropy
from nnkit.tensors import zeros
from nnkit.training import checkpoint as checkpoints
from nnkit.training.checkpoint import Checkpoint, ImageFormat
from nnkit.training.load import load_run

LENET = """\
NllLossBackward0 ()
  LogSoftmaxBackward0 (64, 10)
    AddmmBackward0 (64, 10)
      AccumulateGrad fc3.bias (10,)
      TBackward0 (84, 10)
      | AccumulateGrad fc3.weight (10, 84)
      ReluBackward0 (64, 84)
        AddmmBackward0 (64, 84)
          AccumulateGrad fc2.bias (84,)
          TBackward0 (120, 84)
          | AccumulateGrad fc2.weight (84, 120)
          ReluBackward0 (64, 120)
            AddmmBackward0 (64, 120)
              AccumulateGrad fc1.bias (120,)
              TBackward0 (400, 120)
              | AccumulateGrad fc1.weight (120, 400)
              ViewBackward0 (64, 400)
                MaxPool2DWithIndicesBackward0 (64, 16, 5, 5)
                  ReluBackward0 (64, 16, 10, 10)
                    ConvolutionBackward0 (64, 16, 10, 10)
                      AccumulateGrad conv2.weight (16, 6, 5, 5)
                      AccumulateGrad conv2.bias (16,)
                      MaxPool2DWithIndicesBackward0 (64, 6, 14, 14)
                        ReluBackward0 (64, 6, 28, 28)
                          ConvolutionBackward0 (64, 6, 28, 28)
                            AccumulateGrad conv1.weight (6, 1, 5, 5)
                            AccumulateGrad conv1.bias (6,)
"""


def test_lenet_is_shown_where_nothing_is_given(capsys):
    assert run(["inspect-graph"]) == 0
    assert capsys.readouterr().out == LENET


def test_a_config_by_its_path_is_as_good_as_its_name(capsys, tmp_path):
    config, _ = load_run("lenet")
    path = tmp_path / "other.yaml"
    path.write_text(json.dumps({**config.model_dump(mode="json"), "loss": {"name": "MSELoss"}}))
    assert run(["inspect-graph", str(path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == ["MseLossBackward0 ()", "  AddmmBackward0 (64, 10)"]
    assert len(printed) == len(LENET.splitlines()) - 1


def test_a_checkpoint_is_enough(capsys, tmp_path):
    config, network = load_run("mnist_convnet")
    path = tmp_path / "last.safetensors"
    parameters = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    images = ImageFormat(tuple("0123456789"), 0.1, 0.3)
    checkpoints.save(path, Checkpoint(config.model_dump(mode="json"), 0, 0, parameters, images))
    assert run(["inspect-graph", str(path)]) == 0
    of_checkpoint = capsys.readouterr().out
    assert run(["inspect-graph", "mnist_convnet"]) == 0
    assert capsys.readouterr().out == of_checkpoint
    assert "AccumulateGrad conv2.weight (20, 10, 5, 5)" in of_checkpoint


def test_a_recurrent_network_shows_its_parameters_once(capsys):
    assert run(["inspect-graph", "rnn"]) == 0
    printed = capsys.readouterr().out
    for name in ("i2h.weight", "i2h.bias", "h2o.weight", "h2o.bias"):
        assert printed.count(f"AccumulateGrad {name} ") == 1
    # A bias for each of the 28 rows: the first time with its name, then by its number.
    assert printed.count(" i2h.bias") == 28
    assert max(map(len, printed.splitlines())) < 100


def test_every_format_of_the_engine_is_offered():
    (option,) = (each for each in command.params if each.name == "language")
    assert list(option.type.choices) == list(FORMATS)


@pytest.mark.parametrize("language", sorted(FORMATS))
def test_each_format_is_that_of_the_engine(capsys, language):
    assert run(["inspect-graph", "lenet", "--format", language, "--depth", "4"]) == 0
    _, network = load_run("lenet")
    loss = cross_entropy(network(zeros(64, 1, 32, 32)), zeros(64).long())
    expected = FORMATS[language](trace(loss, network.named_parameters(), depth=4))
    assert capsys.readouterr().out == expected + "\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["lenett"], 2, "did you mean 'lenet'"),
        (["no/such.yaml"], 2, "no/such.yaml: does not exist"),
        (["--depth", "-1"], 2, "-1 is not in the range"),
        (["--format", "svg"], 2, "'svg' is not one of 'text'"),
    ],
)
def test_what_cannot_be_shown_is_one_line(capsys, arguments, code, message):
    assert run(["inspect-graph", *arguments]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("nnkit: error: ")
    assert told.err.count("\n") == 1
    assert message in told.err


def test_a_file_that_is_no_checkpoint_is_one_line(capsys, tmp_path):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"not a checkpoint")
    assert run(["inspect-graph", str(path)]) == 4
    assert capsys.readouterr().err.startswith(f"nnkit: error: {path}: ")
