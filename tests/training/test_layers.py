"""Networks whose layers a config lists: built as PyTorch would, and explained where they do not fit."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from nnkit import data
from nnkit.errors import CheckpointError
from nnkit.nn import LAYERS
from nnkit.tensors import Tensor
from nnkit.training import load_checkpoint
from nnkit.training.build import build_network, check_components
from nnkit.training.components import Component, component_model
from nnkit.training.config import Override, check, load_config, to_yaml
from nnkit.training.evaluate import EVALUATION_BATCH_SIZE
from nnkit.training.fit import OnTape
from nnkit.training.layers import MOST_OUTPUTS
from nnkit.training.run import train
from nnkit.training.yaml_loader import InvalidConfigError, parse

REST = """\
data: {name: digits, batch_size: 512}
optimizer: {name: Adam, lr: 0.003}
loss: {name: CrossEntropyLoss}
training: {epochs: 1, threads: 1}
"""
LAYER_LIST = """\
- {name: Conv2d, in_channels: 1, out_channels: 4, kernel_size: 3, padding: 1}
- Tanh
- {name: MaxPool2d, kernel_size: [2, 2]}
- {name: Conv2d, in_channels: 4, out_channels: 6, kernel_size: 3, bias: false}
- ReLU
- Flatten
- {name: Dropout, p: 0.2}
- {name: Linear, in_features: 864, out_features: 10}
"""


def document(layers, more="", rest=REST):
    """Return a config whose layers stand in the lines from 4 on, each after four spaces."""
    listed = "".join(f"    {line}\n" for line in layers.splitlines())
    return parse(f"network:\n  name: Sequential{more}\n  layers:\n{listed}{rest}", "c.yaml")


def load(layers=LAYER_LIST, **more):
    return check(document(layers, **more))


def problems(layers, **more):
    with pytest.raises(InvalidConfigError) as caught:
        check_components(load(layers, **more))
    return str(caught.value).split("\n")


def torch_network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        torch.nn.Tanh(),
        torch.nn.MaxPool2d((2, 2)),
        torch.nn.Conv2d(4, 6, 3, bias=False),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(864, 10),
    )


def test_layers_begin_with_the_numbers_that_pytorch_draws():
    torch.manual_seed(0)
    theirs = torch_network().state_dict()
    ours = build_network(load()).state_dict()
    assert list(ours) == list(theirs) == ["0.weight", "0.bias", "3.weight", "7.weight", "7.bias"]
    for name, tensor in ours.items():
        np.testing.assert_array_equal(tensor.numpy(), theirs[name].numpy())


def test_a_run_is_planned_saved_and_loaded_by_pytorch(tmp_path):
    events = list(train(load(), tmp_path / "run"))
    assert not [event for event in events if isinstance(event, OnTape)]
    _, network, checkpoint = load_checkpoint(tmp_path / "run" / "best.safetensors")
    theirs = torch_network()
    theirs.load_state_dict(load_file(tmp_path / "run" / "best.safetensors"), strict=True)
    images = checkpoint.images.applied_to(data.load("digits", "test"))
    batch = next(iter(data.Batches(images, 32, (28, 28), shuffle=False, seed=0).epoch(0)))[0]
    network.eval()
    expected = theirs.eval()(torch.from_numpy(np.ascontiguousarray(batch.numpy()))).detach().numpy()
    np.testing.assert_allclose(network(Tensor.detached(batch.array)).detach().numpy(), expected, rtol=1e-5, atol=1e-5)


def test_what_is_written_down_means_the_same():
    config = load()
    again = check(parse(to_yaml(config), "again.yaml"))
    assert again.model_dump() == config.model_dump()
    assert config.network.layers[1].arguments() == {}
    assert config.network.layers[2].arguments()["kernel_size"] == (2, 2)


ARGUMENTS = {
    "AdaptiveAvgPool1d": "output_size: 784",
    "AdaptiveAvgPool2d": "output_size: [28, null]",
    "AvgPool1d": "kernel_size: 3, stride: 1, padding: 1",
    "AvgPool2d": "kernel_size: 3, stride: 1, padding: 1, divisor_override: 2",
    "Conv1d": "in_channels: 1, out_channels: 1, kernel_size: 3, padding: same, padding_mode: circular",
    "BatchNorm1d": "num_features: 1",
    "BatchNorm2d": "num_features: 1",
    "Conv2d": "in_channels: 1, out_channels: 1, kernel_size: 3, padding: same",
    "ConvTranspose1d": "in_channels: 1, out_channels: 1, kernel_size: 3, padding: 1",
    "ConvTranspose2d": "in_channels: 1, out_channels: 1, kernel_size: 3, padding: 1",
    "LayerNorm": "normalized_shape: [28, 28]",
    "ConstantPad1d": "padding: 0, value: -0.5",
    "ConstantPad2d": "padding: [0, 0, 0, 0], value: 2",
    "ZeroPad2d": "padding: 0",
    "Linear": "in_features: 28, out_features: 28",
    "MaxPool1d": "kernel_size: 3, stride: 1, padding: 1",
    "MaxPool2d": "kernel_size: 3, stride: 1, padding: 1",
    "LogSoftmax": "dim: 1",
    "Softmax": "dim: -1",
    "Softmin": "dim: 1",
    "Unflatten": "dim: 3, unflattened_size: [4, -1]",
}


@pytest.mark.parametrize("name", LAYERS.names())
def test_every_layer_works(name):
    arguments = ARGUMENTS.get(name)
    written = f"{{name: {name}, {arguments}}}" if arguments else name
    before = "- {name: Flatten, start_dim: 2}\n" if name.endswith("1d") else ""
    check_components(load(f"{before}- {written}\n- Flatten\n- {{name: Linear, in_features: 784, out_features: 10}}\n"))


@pytest.mark.parametrize("name", LAYERS.names())
def test_editors_show_what_each_layer_and_each_argument_is(name):
    model = component_model(name, LAYERS.get(name), Component)
    assert model.__doc__
    assert all(field.description for argument, field in model.model_fields.items() if argument != "name")


LINEAR = "- {name: Linear, in_features: %s, out_features: 10}"
CONV = "- {name: Conv2d, in_channels: 1, out_channels: 8, kernel_size: 3}"


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (
            f"- Flatten\n{LINEAR % 700}",
            ["c.yaml:5:35: network.layers.1.in_features: Linear gets (N, 784), but in_features is 700; write 784"],
        ),
        (
            LINEAR % 784,
            [
                "c.yaml:4:35: network.layers.0.in_features: Linear gets (N, 1, 28, 28), but in_features is 784; "
                "put Flatten before it"
            ],
        ),
        (
            f"{CONV}\n{LINEAR % 784}",
            [
                "c.yaml:5:35: network.layers.1.in_features: Linear gets (N, 8, 26, 26), but in_features is 784; "
                "put Flatten before it and write 5408"
            ],
        ),
        (
            LINEAR % 28,
            [
                "c.yaml:4:7: network.layers.0: the network returns (N, 1, 28, 10), expected (N, classes); "
                "put Flatten before this layer"
            ],
        ),
        (
            "- {name: Conv2d, in_channels: 1, out_channels: 10, kernel_size: 28}",
            [
                "c.yaml:4:7: network.layers.0: the network returns (N, 10, 1, 1), expected (N, classes); "
                "put Flatten behind it"
            ],
        ),
        (
            f"- Flatten\n{(LINEAR % 784).replace('10', '12')}",
            ["c.yaml:5:54: network.layers.1.out_features: 12 outputs, but digits has 10 classes; write 10"],
        ),
        (
            f"{CONV}\n- {{name: BatchNorm2d, num_features: 4}}\n- Flatten\n{LINEAR % 5408}",
            [
                "c.yaml:5:41: network.layers.1.num_features: BatchNorm2d gets (N, 8, 26, 26), but num_features is 4; "
                "write 8"
            ],
        ),
        (
            "- Flatten\n- {name: BatchNorm2d, num_features: 784}",
            ["c.yaml:5:7: network.layers.1: BatchNorm2d gets (N, 784): expected 4D input (got 2D input)"],
        ),
        ("- Flatten", ["c.yaml:2:3: network: 784 outputs, but digits has 10 classes"]),
        (
            f"- Flatten\n{CONV}",
            ["c.yaml:5:7: network.layers.1: Conv2d gets (N, 784), expected images (N, C, H, W)"],
        ),
        (
            f"{CONV.replace('3}', '30}')}\n- ReLU",
            [
                "c.yaml:4:7: network.layers.0: Conv2d gets (N, 1, 28, 28): Calculated padded input size per channel: "
                "(28 x 28). Kernel size: (30 x 30). Kernel size can't be greater than actual input size"
            ],
        ),
        (
            "- {name: Flatten, end_dim: 7}",
            [
                "c.yaml:4:7: network.layers.0: Flatten gets (N, 1, 28, 28): Dimension out of range (expected to be in "
                "range of [-4, 3], but got 7)"
            ],
        ),
        (
            "- {name: Conv2d, in_channels: 1, out_channels: 8, kernel_size: 1, padding: 1024}",
            [
                "c.yaml:4:7: network.layers.0: Conv2d returns (N, 8, 2076, 2076): 34,478,208 numbers for an image, "
                "at most 262,144"
            ],
        ),
        (
            "- {name: Linear, in_features: 4000000, out_features: 8000}",
            [
                "c.yaml:4:7: network.layers.0: Linear: a tensor of shape [8000, 4000000] is larger than expected: "
                "at most 67108864 elements"
            ],
        ),
    ],
)
def test_one_layer_that_does_not_fit(layers, expected):
    assert problems(layers) == expected


def test_all_layers_that_do_not_fit_are_told_at_once():
    layers = """\
- {name: Conv2d, in_channels: 3, out_channels: 8, kernel_size: 3}
- {name: Conv2d, in_channels: 9, out_channels: 16, kernel_size: 3}
- {name: MaxPool2d, kernel_size: 2}
- {name: Linear, in_features: 100, out_features: 20}
- {name: Linear, in_features: 21, out_features: 12}
"""
    told = problems(layers, rest=REST.replace("Adam, lr: 0.003", "SGD, nesterov: true"))
    assert [line.split(": ", 2)[1] for line in told] == [
        "network.layers.0.in_channels",
        "network.layers.1.in_channels",
        "network.layers.3.in_features",
        "network.layers.4.in_features",
        "network.layers.4.out_features",
        "optimizer",
    ]
    # What comes after a wrong layer is told as if that were right.
    assert [line.rsplit(" ", 1)[1] for line in told[:5]] == ["1", "8", "2304", "20", "10"]


def test_all_that_constructors_refuse_is_told_at_once():
    told = problems(
        "- {name: Conv2d, in_channels: 1, out_channels: 9, kernel_size: 3, groups: 4}\n"
        "- {name: Conv2d, in_channels: 1, out_channels: 9, kernel_size: 3, stride: 2, padding: same}\n"
    )
    assert told == [
        "c.yaml:4:7: network.layers.0: Conv2d: in_channels must be divisible by groups",
        "c.yaml:5:7: network.layers.1: Conv2d: padding='same' is not supported for strided convolutions",
    ]


LAYER_NAMES = ", ".join(LAYERS.names())


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("Relu", f"4:7: network.layers.0: unknown layer 'Relu', did you mean 'ReLU'? (choose from: {LAYER_NAMES})"),
        (
            "{name: relu}",
            f"4:14: network.layers.0.name: unknown layer 'relu', did you mean 'ReLU'? (choose from: {LAYER_NAMES})",
        ),
        ("{kernel_size: 3}", f"4:7: network.layers.0: name is missing (choose from: {LAYER_NAMES})"),
        ("Linear: {in_features: 1}", "4:7: network.layers.0: name is missing, write {name: Linear, ...}"),
        ("{name: MaxPool2d}", "4:7: network.layers.0.kernel_size: missing"),
        ("MaxPool2d", "4:7: network.layers.0.kernel_size: missing"),
        ("{name: Dropout, q: 1}", "4:23: network.layers.0.q: unknown key (known keys: name, p, inplace)"),
        ("{name: Dropout, inplac: 1}", "4:23: network.layers.0.inplac: unknown key, did you mean 'inplace'?"),
        ("{name: Dropout, lr: 1}", "4:23: network.layers.0.lr: unknown key (known keys: name, p, inplace)"),
        ("{name: Dropout, p: 1.5}", "4:26: network.layers.0.p: must be >= 0 and <= 1, got 1.5"),
        ("{name: MaxPool2d, kernel_size: [1, 2, 3]}", "4:38: network.layers.0.kernel_size: expected 2 values, got 3"),
        (
            "{name: MaxPool2d, kernel_size: [0, 2]}",
            "4:39: network.layers.0.kernel_size.0: must be >= 1 and <= 1024, got 0",
        ),
        ("{name: Flatten, start_dim: 0}", "4:34: network.layers.0.start_dim: must be >= 1 and <= 64, got 0"),
        (CONV[2:-1] + ", padding: sane}", "4:80: network.layers.0.padding: expected 'valid' or 'same', got 'sane'"),
        ("3", "4:7: network.layers.0: expected a mapping, got 3"),
    ],
)
def test_one_mistake_in_a_layer(layer, expected):
    assert problems(f"- {layer}\n- ReLU") == [f"c.yaml:{expected}"]


@pytest.mark.parametrize(("layers", "got"), [("[]", "got 0"), (f"[{', '.join(['ReLU'] * 257)}]", "got 257")])
def test_there_are_layers_but_not_too_many(layers, got):
    with pytest.raises(InvalidConfigError) as caught:
        check(parse(f"network: {{name: Sequential, layers: {layers}}}\n{REST}", "c.yaml"))
    assert str(caught.value) == f"c.yaml:1:37: network.layers: expected 1 to 256 layers, {got}"


@pytest.mark.parametrize("channels", [1, 2])
def test_what_an_evaluation_holds_at_once_stays_below_two_gigabytes(channels):
    assert 4 * MOST_OUTPUTS * EVALUATION_BATCH_SIZE < 2**31
    convolution = f"{{name: Conv2d, in_channels: 1, out_channels: {channels}, kernel_size: 1}}"
    pool = "{name: MaxPool2d, kernel_size: 512}"
    linear = f"{{name: Linear, in_features: {channels}, out_features: 10}}"
    config = load(f"- {convolution}\n- {pool}\n- Flatten\n- {linear}", more="\n  input_size: [512, 512]")
    if channels == 1:
        check_components(config)
    else:
        with pytest.raises(InvalidConfigError, match=r"returns \(N, 2, 512, 512\): 524,288 numbers"):
            check_components(config)


def test_the_images_are_padded_to_the_size_that_is_written():
    layers = f"- Flatten\n{LINEAR % 1024}"
    check_components(load(layers, more="\n  input_size: [32, 32]"))
    (line,) = problems(layers, more="\n  input_size: [32, 2000]")
    assert line == "c.yaml:3:20: network.input_size.1: must be >= 1 and <= 512, got 2000"


def overridden(key, text):
    check_components(check(document(LAYER_LIST), [Override.from_text(key, text, f"--set {key}")]))


def test_the_command_line_replaces_values_of_layers():
    overridden("network.layers.6.p", "0.5")
    overridden("network.layers.1", "Sigmoid")
    overridden("network.layers.1", "{name: ReLU, inplace: true}")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("network.layers.7.out_features", ": 3 outputs, but digits has 10 classes; write 10"),
        ("network.layers.8.p", ": network.layers is a list, expected a number below 8 after it"),
        ("network.layers.p", ": network.layers is a list, expected a number below 8 after it"),
        ("network.layers.1.inplace", ": network.layers.1 is 'Tanh', expected a mapping"),
    ],
)
def test_a_value_on_the_command_line_that_has_no_place_or_does_not_fit(key, expected):
    with pytest.raises(InvalidConfigError) as caught:
        overridden(key, "3")
    assert str(caught.value) == f"--set {key}{expected}"


def test_a_run_with_other_layers_is_another_run(tmp_path):
    list(train(load(), tmp_path))
    other = check(document(LAYER_LIST.replace("Tanh", "ReLU").replace("0.2", "0.4")))
    with pytest.raises(CheckpointError) as caught:
        list(train(other, tmp_path, tmp_path / "last.safetensors"))
    assert "network.layers.1.name is 'Tanh' there and 'ReLU' here" in str(caught.value)
    assert "network.layers.6.p is 0.2 there and 0.4 here" in str(caught.value)


def test_the_built_in_config_lists_layers_that_fit():
    config = load_config("sequential")
    check_components(config)
    assert sum(each.numel() for each in build_network(config).parameters()) == 80_202
