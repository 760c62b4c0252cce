"""Whole networks as ONNX, and what cannot be written so."""

import sys

import numpy as np
import pytest
from export.onnx_runs import Written, assert_same, encoded, session_of

import nnkit
import nnkit.nn.functional as F
from nnkit import nn, ops
from nnkit.errors import ExportError
from nnkit.export import OPERATORS, graph_of, largest_difference
from nnkit.models import LSTM, RNN, BasicMNIST, LeNet, MNISTConvNet
from nnkit.ops import Operation
from nnkit.training.checkpoint import ImageFormat

SHAPE = (2, 4, 6)


@pytest.fixture(autouse=True)
def _seeded():
    nnkit.manual_seed(0)


@pytest.mark.parametrize(
    "network",
    [
        LeNet,
        lambda: LeNet(kernel_size=3, num_classes=47),
        MNISTConvNet,
        RNN,
        lambda: RNN(nonlinearity="tanh"),
        LSTM,
        BasicMNIST,
    ],
    ids=["LeNet", "LeNet-3x3", "MNISTConvNet", "RNN", "RNN-tanh", "LSTM", "BasicMNIST"],
)
def test_the_networks_of_configs(network):
    network = network()
    assert_same(network, (1, *network.input_size))
    assert network.training is False


def test_every_layer():
    assert_same(
        nn.Sequential(
            nn.Conv2d(2, 6, 3, padding="same"),
            nn.ReLU(inplace=True),
            nn.Conv2d(6, 4, (2, 3), stride=(1, 2), padding=(1, 2), dilation=(2, 1), groups=2, bias=False),
            nn.Sigmoid(),
            nn.Dropout(0.9),
            nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
            nn.Identity(),
            nn.Flatten(),
            nn.Linear(4 * 4 * 4, 12, bias=False),
            nn.Tanh(),
            nn.Dropout(0.5, inplace=True),
            nn.Softmax(1),
            nn.Linear(12, 5),
            nn.LogSoftmax(-1),
        ),
        (2, 6, 9),
    )


def _residual(self, x):
    y = self.conv(x)
    y = F.relu(y + x)
    y = nnkit.cat((y, self.scale * x), 1).mean((2, 3))
    return self.fc(y.reshape(len(x), -1)) @ self.fc.weight


def _in_place(self, x):
    y = self.conv(x)
    y += x
    y.relu_()
    y *= 0.5
    return y.flatten(1)


def _in_place_through_a_view(self, x):
    rows = self.conv(x).flatten(1)
    return rows.clamp_(-0.1, 0.1)


def _summed_up(self, x):
    total = nnkit.zeros(x.shape[0], 2)
    for row in range(x.shape[2]):
        total += x[:, :, row].sum(-1)
    return total


def _marked(self, x):
    mask = nnkit.ones(4, 6)
    mask[1:3] = 0
    return (x * mask).sum((1, 2))


def _repeated_linear(self, x):
    return self.row(self.row(x)).view(len(x), 2, 24).transpose(1, 2)


def _per_pixel(self, x):
    pixels = x.permute(0, 2, 3, 1).reshape(-1, 2)
    scores = pixels @ nnkit.ones(2, 3)
    return scores.view(x.shape[0], 24, 3).softmax(-1).mean(1)


def _normalised(self, x):
    flat = x.flatten(1)
    return (flat - flat.mean(1, keepdim=True)) / flat.std(1, keepdim=True)


def _against_each_other(self, x):
    flat = x.flatten(1)
    return (flat @ flat.t()).softmax(1) @ flat


def _standing_for_the_batch(self, x):
    # Values of a view that two sizes of the batch do not tell apart from a number of their own.
    return x.view(x.shape[0] * 2, 24).sum(1, keepdim=True).view(x.shape[0], 2)


NETWORKS = {
    "residual": (_residual, {"conv": lambda: nn.Conv2d(2, 2, 3, padding=1), "fc": lambda: nn.Linear(4, 3)}),
    "in place": (_in_place, {"conv": lambda: nn.Conv2d(2, 2, 3, padding=1)}),
    "in place through a view": (_in_place_through_a_view, {"conv": lambda: nn.Conv2d(2, 2, 1)}),
    "a sum that begins at zero": (_summed_up, {}),
    "a constant that is put together": (_marked, {}),
    "a layer used twice, on rows": (_repeated_linear, {"row": lambda: nn.Linear(6, 6)}),
    "pixels as a batch": (_per_pixel, {}),
    "normalised": (_normalised, {}),
    "images against each other": (_against_each_other, {}),
    "a multiple of the batch": (_standing_for_the_batch, {}),
    "the images themselves": (lambda self, x: x, {}),
    "the images in place": (lambda self, x: x.relu_() + 1, {}),
    "a parameter alone": (lambda self, x: self.scale.expand(len(x), 1), {}),
    "rows of the batch": (lambda self, x: x.flatten(1) + nnkit.full((len(x), 48), 0.5), {}),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_ones_own(name):
    function, parts = NETWORKS[name]
    network = Written(function, **{part: make() for part, make in parts.items()})
    network.register_buffer("scale", nnkit.tensor([1.5]))
    assert_same(network, SHAPE)


def test_names_that_are_taken_stay_apart():
    network = Written(lambda self, x: x * self.images + self.logits)
    network.images, network.logits = nn.Parameter(nnkit.full((6,), 2.0)), nn.Parameter(nnkit.ones(6))
    assert_same(network, SHAPE)


def test_a_parameter_under_two_names_is_written_once():
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 48))
    network[3].weight = network[1].weight
    assert sorted(graph_of(network, SHAPE).constants) == ["1.bias", "1.weight", "3.bias", "constant"]
    assert_same(network, SHAPE)


def test_parameters_keep_their_names_and_places():
    network = LeNet()
    graph = graph_of(network, (1, 32, 32))
    parameters = dict(network.named_parameters())
    assert {name: graph.constants[name].shape for name in parameters} == {
        name: parameter.shape for name, parameter in parameters.items()
    }
    # Weights are not transposed, and what they went through is not there.
    assert [node.operator for node in graph.nodes.values()] == [
        *("Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool", "Reshape"),
        *("Gemm", "Relu", "Gemm", "Relu", "Gemm"),
    ]
    assert [name for name in graph.nodes if "/" in name] == ["conv1/Conv", "conv2/Conv", "fc1/Gemm", "fc2/Gemm"]


def test_the_file_is_one_that_older_run_times_read():
    onnx = pytest.importorskip("onnx", reason="needs the extra onnx")
    content = encoded(RNN(), (1, 28, 28))
    model = onnx.load_from_string(content)
    assert (model.ir_version, [(each.domain, each.version) for each in model.opset_import]) == (8, [("", 17)])
    assert [each.dim_param or each.dim_value for each in model.graph.input[0].type.tensor_type.shape.dim] == [
        *("N", 1, 28, 28)
    ]
    assert [each.dim_param or each.dim_value for each in model.graph.output[0].type.tensor_type.shape.dim] == ["N", 10]
    nnkit.manual_seed(0)
    network = RNN()
    assert encoded(network, (1, 28, 28)) == encoded(network, (1, 28, 28))


def test_raw_pixels_are_normalised_and_framed():
    network = LeNet()
    format_ = ImageFormat(tuple("0123456789"), 0.1307, 0.3081)
    session = session_of(encoded(network, (1, 32, 32), format_))
    pixels = np.random.default_rng(0).integers(0, 256, (5, 1, 28, 29), np.uint8)
    framed = np.pad(pixels, ((0, 0), (0, 0), (2, 2), (1, 2)))
    images = ((framed / 255 - 0.1307) / 0.3081).astype(np.float32)
    with nnkit.no_grad():
        expected = network(nnkit.from_numpy(images)).numpy()
    for given in (pixels, framed):
        np.testing.assert_allclose(session.run(None, {"images": given})[0], expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(Exception, match="reshape"):
        session.run(None, {"images": np.zeros((4, 1, 64, 64), np.uint8)})


class Softplus(Operation):
    def forward(self, a):
        return np.log1p(np.exp(a))


def _item(self, x):
    return x * x.max().item()


def _compared(self, x):
    return nnkit.where(x > 0, x, 0.1 * x)


def _detached(self, x):
    return x + x.detach()


def _other_steps(self, x):
    return x + 1 if len(x) == 2 else x - 1


def _changed_part(self, x):
    y = x * 1
    y[:, 0] = 0
    return y


def _changed_constant(self, x):
    constant = nnkit.ones(6)
    y = x + constant
    constant += 1
    return y * constant


REFUSALS = {
    "unknown": (
        lambda self, x: x.apply(Softplus),
        "the network itself, outside of its layers, uses Softplus, which has",
    ),
    "in a layer": (
        lambda self, x: self.part(x),
        "layer 'part' uses Softplus, which has no counterpart in ONNX that nnkit",
    ),
    "mask": (
        lambda self, x: x[:, nnkit.ones(2).bool().numpy()],
        "the network uses numpy(), which a graph cannot follow",
    ),
    "mask of numbers": (lambda self, x: x[:, [True, False]], "uses Index, which picks by a mask or by several lists"),
    "lists": (lambda self, x: x[:, [0, 1], [2, 3]], "uses Index, which picks by a mask or by several lists"),
    "item": (_item, "the network uses item(), which a graph cannot follow"),
    "compared": (_compared, "uses Where, which gets values of what is not recorded, such as a comparison, detach()"),
    "detached": (_detached, "uses Add, which gets values of what is not recorded"),
    "dropout": (lambda self, x: F.dropout(x), "the network uses random numbers, which a graph cannot follow"),
    "random": (lambda self, x: x + nnkit.randn(6), "the network uses random numbers"),
    "other steps": (_other_steps, "the network takes other steps for other images or batches"),
    "counted": (lambda self, x: x / len(x), "uses Div, which has the number 2 or 3, depending on the images or their"),
    "variance": (lambda self, x: x - x.var(0), "uses Var, which calculates with the number of images"),
    "option": (lambda self, x: x[: len(x)], "uses Slice, which has another span for other images or batches"),
    "more results": (lambda self, x: nnkit.stack(x.unbind(0)), "uses Unbind, which has more results for more images"),
    "one more": (lambda self, x: nnkit.cat((x, x[:1])), "uses Cat, which has a size of 3 for 2 images and of 4 for 3"),
    "changed part": (_changed_part, "the network returns a tensor that follows an operation in place on other parts"),
    "changed constant": (_changed_constant, "uses Add, which changes a constant between two uses"),
    "written parameter": (lambda self, x: x * self.scale.mul_(2), "uses Mul, which writes over a parameter"),
    "index put": (
        lambda self, x: (x * 1).apply(ops.IndexPut, x[0, 0, 0, 0], key=([0],)),
        "uses IndexPut, which has no",
    ),
    "indices": (lambda self, x: F.max_pool2d(x, 2, return_indices=True)[1], "which returns indices"),
    "statistics of the batch": (
        lambda self, x: F.batch_norm(x, None, None, training=True),
        "uses NativeBatchNorm, which calculates with the statistics of the batch",
    ),
    "counted norm": (lambda self, x: x.norm(0, 1), "uses Norm, which counts elements"),
    "two tensors": (lambda self, x: (x, x), "the network returns tuple, expected one tensor"),
    "no images": (
        lambda self, x: nnkit.arange(len(x)),
        "the network returns a tensor that gets values of what is not recorded",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_a_graph_cannot_express_is_told(name):
    function, message = REFUSALS[name]
    network = Written(function, part=Written(lambda self, x: x.apply(Softplus)))
    network.register_buffer("scale", nnkit.tensor([1.5]))
    with pytest.raises(ExportError) as raised:
        graph_of(network, SHAPE)
    assert message in str(raised.value)
    assert network.training


def test_an_operation_of_ones_own_can_be_entered(monkeypatch):
    monkeypatch.setitem(OPERATORS, Softplus, lambda step: step.graph.add("Softplus", step.name(0)))
    assert_same(Written(lambda self, x: x.apply(Softplus)), SHAPE)


def test_only_losses_and_what_has_no_part_in_networks_is_left_out():
    left_out = set(ops.operations()) - set(OPERATORS)
    losses = {each for each in ops.operations() if each.__module__ in ("nnkit.ops.loss", "nnkit.ops.elementwise_loss")}
    within_losses = {ops.AddNumber, ops.DivNumber, ops.MulNumber}
    divisions = {ops.DivRounded, ops.Fmod, ops.FmodTensor, ops.Remainder, ops.RemainderOfNumber}
    orders = {ops.Cumsum, ops.Flip, ops.Median, ops.MedianDim, ops.Repeat, ops.Roll, ops.Sort, ops.Topk}
    matrices = {ops.DiagEmbed, ops.Diagonal, ops.Trace, ops.Tril, ops.Triu}
    picks = {ops.AsStrided, ops.Gather, ops.IndexPut, ops.IndexSelect, ops.MaskedSelect, ops.Scatter, ops.ScatterNumber}
    picks |= {ops.Embedding}
    assert left_out == (losses - {ops.LogSoftmax, ops.Softmax}) | within_losses | divisions | orders | matrices | picks


def test_a_graph_that_onnx_refuses_is_told(monkeypatch):
    monkeypatch.setitem(OPERATORS, ops.Relu, lambda step: step.graph.add("Nonsense", step.name(0)))
    with pytest.raises(ExportError, match=r"onnx refuses the graph: .*Nonsense"):
        encoded(nn.Sequential(nn.ReLU()), SHAPE)


def _images():
    return np.random.default_rng(0).normal(size=(4, *SHAPE)).astype(np.float32)


def test_other_logits_are_refused():
    content, images = encoded(nn.Sequential(nn.ReLU()), SHAPE), _images()
    assert largest_difference(content, nn.Sequential(nn.ReLU()), images, images) == 0
    with pytest.raises(ExportError, match=r"logits differ from nnkit's by 2\.\d, where the greatest is 2\.\d"):
        largest_difference(content, nn.Sequential(nn.Identity()), images, images)
    with pytest.raises(ExportError, match=r"returns logits of shape \(4, 2, 4, 6\), nnkit of \(4, 48\)"):
        largest_difference(content, nn.Sequential(nn.ReLU(), nn.Flatten()), images, images)
    with pytest.raises(ExportError, match=r"onnxruntime cannot run the graph: .*Unexpected input data type"):
        largest_difference(content, nn.Sequential(nn.ReLU()), images, images.astype(np.float64))


def test_a_network_whose_answers_depend_on_the_batch_is_compared_in_the_same_batches():
    network = Written(lambda self, images: self.layer(images.flatten(1)) * images.sum(), layer=nn.Linear(48, 3))
    images = np.random.default_rng(0).uniform(-2, 2, (8, *SHAPE)).astype(np.float32)
    assert largest_difference(encoded(network, SHAPE), network, images, images) < 1e-3


def test_without_onnxruntime_nothing_is_compared(monkeypatch):
    content, images = encoded(nn.Sequential(nn.ReLU()), SHAPE), _images()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert largest_difference(content, nn.Sequential(nn.Identity()), images, images) is None
