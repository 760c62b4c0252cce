"""`nnkit inspect-graph`, through the real command."""

import json
import re

import pytest

from nnkit.cli.inspect_graph import command
from nnkit.cli.main import run
from nnkit.graph import FORMATS, fold
from nnkit.graph.graphviz import LAYOUTS
from nnkit.training import checkpoint as checkpoints
from nnkit.training.checkpoint import Checkpoint, ImageFormat
from nnkit.training.inspection import loss_graph
from nnkit.training.load import load_run

from .conftest import COMMAND
from .terminal import Terminal

LENET = """\
grad_fn                                                               module          parameters  MFLOP     saved
NllLossBackward0 ()                                                   loss                                  512 B
  LogSoftmaxBackward0 (64, 10)                                        loss                                 2.6 kB
    AddmmBackward0 (64, 10)                                           fc3 (Linear)                 0.11   21.5 kB
      AccumulateGrad fc3.bias (10,)                                                           10
      TBackward0 (84, 10)                                             fc3 (Linear)
      | AccumulateGrad fc3.weight (10, 84)                                                   840
      ReluBackward0 (64, 84)                                          LeNet                               21.5 kB
        AddmmBackward0 (64, 84)                                       fc2 (Linear)                 1.29   30.7 kB
          AccumulateGrad fc2.bias (84,)                                                       84
          TBackward0 (120, 84)                                        fc2 (Linear)
          | AccumulateGrad fc2.weight (84, 120)                                           10,080
          ReluBackward0 (64, 120)                                     LeNet                               30.7 kB
            AddmmBackward0 (64, 120)                                  fc1 (Linear)                 6.14  102.4 kB
              AccumulateGrad fc1.bias (120,)                                                 120
              TBackward0 (400, 120)                                   fc1 (Linear)
              | AccumulateGrad fc1.weight (120, 400)                                      48,000
              ViewBackward0 (64, 400)                                 LeNet
                MaxPool2DWithIndicesBackward0 (64, 16, 5, 5)          LeNet                              102.4 kB
                  ReluBackward0 (64, 16, 10, 10)                      LeNet                              409.6 kB
                    ConvolutionBackward0 (64, 16, 10, 10)             conv2 (Conv2d)              30.72  301.1 kB
                      AccumulateGrad conv2.weight (16, 6, 5, 5)                            2,400
                      AccumulateGrad conv2.bias (16,)                                         16
                      MaxPool2DWithIndicesBackward0 (64, 6, 14, 14)   LeNet                              301.1 kB
                        ReluBackward0 (64, 6, 28, 28)                 LeNet                                1.2 MB
                          ConvolutionBackward0 (64, 6, 28, 28)        conv1 (Conv2d)              15.05  262.1 kB
                            AccumulateGrad conv1.weight (6, 1, 5, 5)                         150
                            AccumulateGrad conv1.bias (6,)                                     6

LeNet, a batch of 64 images
27 nodes, 61,706 parameters, 53.3 MFLOP forward, 2.7 MB saved for the backward pass
"""

RNN = """\
grad_fn                                                   module        parameters  MFLOP     saved
NllLossBackward0 ()                                       loss                                512 B
  LogSoftmaxBackward0 (64, 10)                            loss                               2.6 kB
    AddmmBackward0 (64, 10)                               h2o (Linear)               0.16   32.8 kB
      AccumulateGrad h2o.bias (10,)                                             10
      TBackward0 (128, 10)                                h2o (Linear)
      | AccumulateGrad h2o.weight (10, 128)                                  1,280
      28 x #4 TanhBackward0 (64, 128)                     RNN                              917.5 kB
        AddmmBackward0 (64, 128)                          i2h (Linear)              71.57    1.1 MB
          AccumulateGrad i2h.bias (128,), all 28                               128
          CatBackward0 (64, 156), not in the last         RNN
          | again #4
          TBackward0 (156, 128)                           i2h (Linear)
            AccumulateGrad i2h.weight (128, 156), all 28                    19,968

RNN, a batch of 64 images
119 nodes, 21,386 parameters, 71.7 MFLOP forward, 2.0 MB saved for the backward pass
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
    assert [line.split(" (")[0] for line in printed[1:3]] == ["MseLossBackward0", "  AddmmBackward0"]
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


def test_the_steps_of_a_recurrent_network_are_shown_once(capsys):
    assert run(["inspect-graph", "rnn"]) == 0
    assert capsys.readouterr().out == RNN


def test_unfolded_a_recurrent_network_shows_its_parameters_once(capsys, monkeypatch):
    monkeypatch.setattr("nnkit.cli.tables.width", lambda: 100)
    assert run(["inspect-graph", "rnn", "--unfold"]) == 0
    printed = capsys.readouterr().out
    for name in ("i2h.weight", "i2h.bias", "h2o.weight", "h2o.bias"):
        assert printed.count(f"AccumulateGrad {name} ") == 1
    # A bias for each of the 28 rows: the first time with its name, then by its number.
    assert printed.count(" i2h.bias") == 28
    assert max(map(len, printed.splitlines())) < 100


def test_every_format_of_the_engine_is_offered():
    (option,) = (each for each in command.params if each.name == "language")
    assert sorted(option.type.choices) == sorted(FORMATS)
    (option,) = (each for each in command.params if each.name == "layout")
    assert tuple(option.type.choices) == LAYOUTS


@pytest.mark.parametrize("language", sorted(FORMATS))
def test_each_format_is_that_of_the_engine(capsys, language):
    assert run(["inspect-graph", "rnn", "--format", language, "--depth", "14", "--layout", "own"]) == 0
    expected = FORMATS[language](fold(loss_graph(*load_run("rnn"), depth=14)))
    assert capsys.readouterr().out == expected + "\n"


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("graph.txt", "grad_fn "),
        ("graph.svg", "<svg "),
        ("graph.HTML", "<!doctype html>"),
        ("graph.json", '{"title": '),
        ("graph.gv", "digraph "),
        ("graph.mmd", "flowchart TD"),
    ],
)
def test_the_name_of_the_output_says_the_format(capsys, tmp_path, name, beginning):
    path = tmp_path / name
    assert run(["inspect-graph", "rnn", "--output", str(path)]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"the graph is in {path}\n")
    assert path.read_text(encoding="utf-8").startswith(beginning)
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_the_format_can_be_another_than_the_name_says(tmp_path):
    assert run(["inspect-graph", "--format", "json", "-o", str(tmp_path / "graph.data")]) == 0
    assert len(json.loads((tmp_path / "graph.data").read_text())["nodes"]) == 27


def test_gradients_and_times_are_those_of_a_real_batch(capsys):
    assert run(["inspect-graph", "quickstart", "--backward", "--time"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("saved  forward us  backward us  gradient")
    # The gradient of the loss by itself.
    assert lines[1].split()[-1] == "1"
    assert re.fullmatch(r"LeNet, a batch of 32 images of digits, loss \d\.\d+", lines[-2])
    assert re.search(r"saved for the backward pass, [\d,.]+ [mu]s forward, [\d,.]+ [mu]s backward$", lines[-1])


def test_without_its_data_set_the_batch_is_random(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("NNKIT_DATA_DIR", str(tmp_path))
    printed = []
    for _ in range(2):
        assert run(["inspect-graph", "lenet", "--backward"]) == 0
        printed.append(capsys.readouterr().out)
    assert "64 random images (mnist is not here: nnkit data download mnist), loss" in printed[0]
    # The seed of the config decides them, and the initial parameters.
    assert printed[0] == printed[1]


def test_a_narrow_terminal_gets_the_tree(capsys, monkeypatch):
    monkeypatch.setattr("nnkit.cli.tables.width", lambda: 80)
    assert run(["inspect-graph", "rnn", "--backward"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("  gradient")
    assert max(map(len, lines[:-2])) <= 80


def test_on_a_terminal_lines_are_as_wide_as_it_is():
    with Terminal([*COMMAND, "inspect-graph", "rnn"], columns=76) as terminal:
        code, text = terminal.read_all()
    assert code == 0
    # What was said until then is taken back.
    lines = [line.split("\r")[-1] for line in text.split("\r\n")]
    assert lines[0] == f"{'grad_fn':<56}  module"
    assert max(map(len, lines[:-3])) <= 76


def test_a_process_of_its_own_writes_a_page(nnkit, tmp_path):
    result = nnkit("inspect-graph", "rnn", "-o", "rnn.html")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "the graph is in rnn.html\n")
    assert "</html>" in (tmp_path / "rnn.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["lenett"], 2, "did you mean 'lenet'"),
        (["no/such.yaml"], 2, "no/such.yaml: does not exist"),
        (["--depth", "-1"], 2, "-1 is not in the range"),
        (["--format", "png"], 2, "'png' is not one of 'text', 'svg'"),
        (
            ["--output", "lenet.png"],
            2,
            "lenet.png: no known format has this suffix; give --format, or one of .txt, .svg",
        ),
        (["--output", "lenet"], 2, "no known format has this suffix"),
        (["--output", "no/such/folder.svg"], 6, "no/such/folder.svg: cannot be written: No such file or directory"),
        (["--output", ".", "--format", "svg"], 6, ".: cannot be written: Is a directory"),
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
