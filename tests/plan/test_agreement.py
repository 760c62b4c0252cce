"""Plans give the numbers of the tape, on networks of all kinds and batches of all sizes."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from plan_steps import JIT_OFF, Built, assert_same, batch, planned_step, take

import nnkit
import nnkit.nn.functional as F
from nnkit import nn
from nnkit.models import RNN, LeNet, MNISTConvNet
from nnkit.plan import Replay
from nnkit.random import manual_seed

BATCHES = [1, 17] if JIT_OFF else [1, 2, 15, 16, 17, 31, 32, 33, 64, 100, 257]
NETWORKS = {
    "LeNet": LeNet,
    "LeNet 3x3": lambda: LeNet(kernel_size=3),
    "MNISTConvNet": MNISTConvNet,
    "RNN": lambda: RNN(hidden_size=24),
    "RNN tanh": lambda: RNN(hidden_size=17, nonlinearity="tanh"),
}
EXAMPLES = settings(
    max_examples=6 if JIT_OFF else 100,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.filter_too_much],
)


@pytest.mark.skipif(JIT_OFF, reason="takes minutes without the compiler")
@pytest.mark.parametrize("count", BATCHES)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_networks(name, count):
    manual_seed(0)
    network = NETWORKS[name]()
    planned_step(network, *batch(count, (1, *network.input_size), 10))


def linear(inputs, outputs, **options):
    return nn.Linear(inputs, outputs, **options)


# Each a function that builds a network of 12 numbers and 4 classes.
SMALL = {
    "one layer": lambda: nn.Sequential(linear(12, 4)),
    "no bias": lambda: nn.Sequential(linear(12, 7, bias=False), nn.ReLU(), linear(7, 4, bias=False)),
    "tanh": lambda: nn.Sequential(linear(12, 9), nn.Tanh(), linear(9, 4)),
    "sigmoid": lambda: nn.Sequential(linear(12, 9), nn.Sigmoid(), linear(9, 4)),
    "relu last": lambda: nn.Sequential(linear(12, 9), nn.ReLU(), linear(9, 4), nn.ReLU()),
    "dropout": lambda: nn.Sequential(linear(12, 9), nn.Dropout(0.4), linear(9, 4)),
    "dropout of images": lambda: nn.Sequential(nn.Dropout(0.2), linear(12, 4)),
    "dropout of all": lambda: nn.Sequential(linear(12, 9), nn.Dropout(1.0), linear(9, 4)),
    "dropout twice": lambda: nn.Sequential(linear(12, 9), nn.Dropout(0.3), linear(9, 9), nn.Dropout(), linear(9, 4)),
    "dropout, then rows of length 1": lambda: Built(
        lambda s, x: (lambda h: s.b(h / h.square().sum(1, keepdim=True).sqrt()))(F.dropout(s.a(x), 0.2, s.training)),
        a=linear(12, 9),
        b=linear(9, 4),
    ),
    "identity": lambda: nn.Sequential(nn.Identity(), linear(12, 4)),
    "one class": lambda: nn.Sequential(linear(12, 1)),
    "log softmax twice": lambda: nn.Sequential(linear(12, 4), nn.LogSoftmax(1)),
    "shared module": lambda: (lambda shared: nn.Sequential(linear(12, 6), shared, nn.Tanh(), shared, linear(6, 4)))(
        linear(6, 6)
    ),
    "shared on the same input": lambda: Built(lambda s, x: s.a(x) + s.a(x), a=linear(12, 4)),
    "unused parameter": lambda: Built(lambda s, x: s.a(x), a=linear(12, 4), unused=linear(3, 3)),
    "unused result": lambda: Built(lambda s, x: (s.b(x), s.a(x))[1], a=linear(12, 4), b=linear(12, 4)),
    "residual": lambda: Built(lambda s, x: s.b(s.a(x) + x), a=linear(12, 12), b=linear(12, 4)),
    "added twice": lambda: Built(lambda s, x: s.a(x + x), a=linear(12, 4)),
    "branches times": lambda: Built(lambda s, x: s.a(x) * s.b(x), a=linear(12, 4), b=linear(12, 4)),
    "squared": lambda: Built(lambda s, x: (lambda h: s.b(h * h))(s.a(x)), a=linear(12, 5), b=linear(5, 4)),
    "branches minus": lambda: Built(lambda s, x: s.a(x) - s.b(x), a=linear(12, 4), b=linear(12, 4)),
    "alpha": lambda: Built(
        lambda s, x: s.a(x).add(s.b(x), alpha=3).sub(x[:, :4], alpha=2), a=linear(12, 4), b=linear(12, 4)
    ),
    "numbers": lambda: Built(lambda s, x: 1 - (s.a(-x) * 0.5 + 1.5 - np.float32(0.25)), a=linear(12, 4)),
    "constants": lambda: Built(lambda s, x: s.a(x) * nnkit.tensor(2.0), a=linear(12, 4)),
    "joined": lambda: Built(
        lambda s, x: s.c(nnkit.cat([s.a(x), x, s.b(x)], 1)), a=linear(12, 3), b=linear(12, 5), c=linear(20, 4)
    ),
    "joined with itself": lambda: Built(
        lambda s, x: (lambda h: s.b(nnkit.cat([h, h, s.a(h)], 1)))(s.a(x)), a=linear(12, 12), b=linear(36, 4)
    ),
    "joined in a chain": lambda: Built(
        lambda s, x: (lambda h: s.b(nnkit.cat([nnkit.cat([h, s.a(x)], 1), h], 1)))(s.a(x)),
        a=linear(12, 12),
        b=linear(36, 4),
    ),
    "joined with constants": lambda: Built(
        lambda s, x: s.a(nnkit.cat([x[:, :6], nnkit.full((len(x), 6), 0.5)], 1)), a=linear(12, 4)
    ),
    "every other": lambda: Built(lambda s, x: s.a(x[:, 1::2]), a=linear(6, 4)),
    "pieces": lambda: Built(lambda s, x: s.a(x.split(5, 1)[1]), a=linear(5, 4)),
    "parameter": lambda: Built(lambda s, x: x @ s.weight, weight=nn.Parameter(nnkit.randn(12, 4) * 0.3)),
    "transposed parameter": lambda: Built(
        lambda s, x: x @ s.weight, weight=nn.Parameter((nnkit.randn(4, 12) * 0.3).t())
    ),
    "every other element of a parameter": lambda: Built(
        lambda s, x: x @ s.weight, weight=nn.Parameter((nnkit.randn(24, 8) * 0.3)[::2, ::2])
    ),
    "parameter in another shape": lambda: Built(
        lambda s, x: s.b(F.conv2d(x.view(-1, 3, 2, 2), s.a.weight.view(4, 3, 2, 2)).flatten(1)),
        a=linear(12, 4),
        b=linear(4, 4),
    ),
    "a scale for each feature": lambda: Built(
        lambda s, x: s.b(s.a(x) * s.scale / s.spread), a=linear(12, 6), b=linear(6, 4), **two_scales()
    ),
    "stacked": lambda: Built(
        lambda s, x: s.b(nnkit.stack([s.a(x), x[:, :6]], 1).mean(1)), a=linear(12, 6), b=linear(6, 4)
    ),
    "a buffer": lambda: Built(
        lambda s, x: s.b(s.a(x) * s.mask), a=linear(12, 6), b=linear(6, 4), mask=nn.Buffer(nnkit.arange(6.0))
    ),
    "normalised rows": lambda: Built(
        lambda s, x: s.b((h := s.a(x)) / (h.square().sum(1, keepdim=True) + 0.1).sqrt()),
        a=linear(12, 6),
        b=linear(6, 4),
    ),
    "sums over positions": lambda: Built(
        lambda s, x: s.b(s.a(x).view(-1, 2, 3, 3).mean((2, 3)).exp()), a=linear(12, 18), b=linear(2, 4)
    ),
    "a part without gradients": lambda: Built(_without_gradients, a=linear(12, 6), b=linear(6, 4)),
}


def two_scales():
    return {"scale": nn.Parameter(nnkit.linspace(-1, 2, 6)), "spread": nn.Parameter(nnkit.linspace(1, 2, 6).view(1, 6))}


def _without_gradients(network, images):
    with nnkit.no_grad():
        hidden = network.a(images)
    return network.b(hidden)


@pytest.mark.parametrize("count", [1, 16, 19])
@pytest.mark.parametrize("name", SMALL)
def test_small_networks(name, count):
    manual_seed(1)
    network = SMALL[name]()
    planned_step(network, *batch(count, (12,), 1 if name == "one class" else 4))


@pytest.mark.parametrize("count", BATCHES)
def test_batches(count):
    manual_seed(2)
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8, 5),
        nn.Tanh(),
        nn.Linear(5, 4),
    )
    planned_step(network, *batch(count, (1, 4, 5)))


# Each a function that builds a network of images (1, 6, 7) with its last linear layer left out.
WINDOWS = {
    "sequences": lambda: nn.Sequential(
        nn.Flatten(2), nn.Conv1d(1, 3, 5, 2, 2, groups=1), nn.ReLU(), nn.MaxPool1d(3, 2), nn.Conv1d(3, 2, 2, bias=False)
    ),
    "sequences back": lambda: nn.Sequential(
        nn.Flatten(2), nn.Conv1d(1, 4, 4, 3), nn.Tanh(), nn.ConvTranspose1d(4, 2, 3, 2, 1, 1, groups=2), nn.AvgPool1d(3)
    ),
    "images back": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3, 2), nn.ReLU(), nn.ConvTranspose2d(4, 3, 3, 2, output_padding=(1, 0)), nn.Sigmoid()
    ),
    "images back, apart": lambda: nn.Sequential(
        nn.ConvTranspose2d(1, 4, 2, output_padding=1, dilation=(3, 2), bias=False),
        nn.ConvTranspose2d(4, 6, (2, 3), padding=1, groups=2),
    ),
    "averages": lambda: nn.Sequential(
        nn.Conv2d(1, 3, 2), nn.AvgPool2d((3, 2), (2, 1), (1, 0), ceil_mode=True), nn.ReLU(), nn.AvgPool2d(2)
    ),
    "averages of some": lambda: nn.Sequential(
        nn.Conv2d(1, 3, 2),
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        nn.Tanh(),
        nn.AvgPool2d(2, divisor_override=3),
    ),
    "averages of all": lambda: nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d((3, 4))),
    "averages of sequences": lambda: nn.Sequential(nn.Flatten(2), nn.Conv1d(1, 3, 4), nn.AdaptiveAvgPool1d(5)),
    "mirrored": lambda: nn.Sequential(nn.Conv2d(1, 2, 3, padding=(2, 1), padding_mode="reflect"), nn.ReLU()),
    "replicated": lambda: nn.Sequential(
        nn.Conv2d(1, 2, 3, 2, padding="valid"), nn.Conv2d(2, 3, 3, padding=3, padding_mode="replicate")
    ),
    "circular": lambda: nn.Sequential(nn.Conv2d(1, 2, (3, 5), padding="same", padding_mode="circular"), nn.Tanh()),
    "circular sequences": lambda: nn.Sequential(
        nn.Flatten(2), nn.Conv1d(1, 2, 3, padding=2, padding_mode="circular"), nn.Conv1d(2, 2, 3)
    ),
    "padded": lambda: Built(
        lambda s, x: F.pad(s.a(F.pad(x, (1, 2, -1, 0), value=0.5)), (0, -1, 2, 1)), a=nn.Conv2d(1, 2, 3)
    ),
    "depth": lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.ReLU()),
}


@pytest.mark.parametrize("count", [1, 19])
@pytest.mark.parametrize("name", WINDOWS)
def test_windows(name, count):
    manual_seed(4)
    body = WINDOWS[name]()
    images, labels = batch(count, (1, 6, 7))
    with nnkit.no_grad():
        features = body(images).flatten(1).shape[1]
    planned_step(nn.Sequential(body, nn.Flatten(), linear(features, 4)), images, labels)


@pytest.mark.parametrize(
    "frozen", [["a.weight"], ["a.bias"], ["a.weight", "a.bias"], ["b.weight", "b.bias"], ["b.bias"]]
)
def test_frozen_parameters(frozen):
    network = Built(lambda s, x: s.b(s.a(x).tanh()), a=linear(12, 6), b=linear(6, 4))
    for name in frozen:
        network.get_parameter(name).requires_grad_(False)
    planned_step(network, *batch(18, (12,)))


def on_one_hot(loss):
    return lambda logits, labels: loss(logits, F.one_hot(labels, 4).to(logits.dtype))


CRITERIA = {
    "label smoothing": nn.CrossEntropyLoss(label_smoothing=0.1),
    "label smoothing, summed": nn.CrossEntropyLoss(label_smoothing=0.1, reduction="sum"),
    "class weights": nn.CrossEntropyLoss(nnkit.tensor([1.0, 2.0, 3.0, 4.0])),
    "class weights, summed": nn.CrossEntropyLoss(nnkit.tensor([1.0, 2.0, 3.0, 4.0]), reduction="sum"),
    "probabilities": on_one_hot(lambda logits, hot: F.cross_entropy(logits, hot * 0.8 + 0.05)),
    "probabilities, smoothed": on_one_hot(lambda logits, hot: F.cross_entropy(logits, hot, label_smoothing=0.3)),
    "mean square": on_one_hot(F.mse_loss),
    "mean square, summed": on_one_hot(nn.MSELoss(reduction="sum")),
    "mean of squares": on_one_hot(lambda logits, hot: F.mse_loss(logits, hot, reduction="none").mean()),
    "mean difference": on_one_hot(F.l1_loss),
    "smooth difference": on_one_hot(lambda logits, hot: F.smooth_l1_loss(logits, hot, beta=0.5)),
    "huber": on_one_hot(lambda logits, hot: F.huber_loss(logits, hot, delta=0.5)),
    "one against all": on_one_hot(F.binary_cross_entropy_with_logits),
    "divergence": on_one_hot(
        lambda logits, hot: F.kl_div(logits.log_softmax(1), (hot + 0.1).log(), reduction="batchmean", log_target=True)
    ),
    "times": lambda logits, labels: F.cross_entropy(logits, labels) * 0.5,
    "one column": lambda logits, labels: logits[:, 0].sum(),
    "two": lambda logits, labels: F.cross_entropy(logits, labels) - F.cross_entropy(logits * 2, labels) / 3,
    "mean of losses": lambda logits, labels: F.cross_entropy(logits, labels, reduction="none").mean(),
    "penalty": lambda logits, labels: F.cross_entropy(logits, labels) + 0.1 * logits.square().mean(),
    "sum": lambda logits, labels: F.cross_entropy(logits, labels, reduction="sum"),
    "log softmax and nll": lambda logits, labels: F.nll_loss(F.log_softmax(logits, 1), labels),
    "modules": lambda logits, labels: nn.NLLLoss()(nn.LogSoftmax(-1)(logits), labels),
    "labels again": lambda logits, labels: F.cross_entropy(logits, labels.long()),
}


def largest_of_pairs(logits, labels):
    return F.cross_entropy(F.max_pool2d(logits.view(-1, 4, 1, 2), (1, 2)).flatten(1), labels)


def test_logits_that_the_loss_does_not_read_as_they_are():
    network = nn.Sequential(linear(12, 8), nn.ReLU())
    planned_step(network, *batch(20, (12,)), largest_of_pairs)


def test_logits_of_which_the_loss_reads_a_part():
    network = nn.Sequential(linear(12, 6, bias=False))
    images, labels = batch(20, (12,))
    tape, replay = (Replay(network, lambda z, y: F.cross_entropy(z[:, 2:], y), enabled=each) for each in (False, True))
    for _ in range(2):
        assert_same(*(take(each, images, labels, differentiate=False) for each in (replay, tape)))
    assert replay._plans


@pytest.mark.parametrize("name", CRITERIA)
def test_losses(name):
    network = nn.Sequential(linear(12, 4))
    planned_step(network, *batch(21, (12,)), CRITERIA[name])


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38])
@pytest.mark.parametrize("where", ["image", "weight", "bias"])
def test_what_is_not_finite_comes_through(where, value):
    manual_seed(3)
    network = nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4))
    images, labels = batch(18, (1, 5, 5))
    target = {"image": images, "weight": network[4].weight, "bias": network[0].bias}[where].array
    target.reshape(-1)[1] = value
    with np.errstate(all="ignore"):
        planned_step(network, images, labels)


@EXAMPLES
@given(st.data())
def test_drawn_networks(data):
    draw = data.draw
    manual_seed(draw(st.integers(0, 99)))
    count = draw(st.sampled_from([1, 3, 17] if JIT_OFF else [1, 2, 15, 16, 17, 33, 50]))
    channels, height, width = draw(st.integers(1, 3)), draw(st.integers(3, 8)), draw(st.integers(3, 8))
    shape = (channels, height, width)
    layers = []
    for _ in range(draw(st.integers(0, 3))):
        layer, (channels, height, width) = _drawn_layer(draw, channels, height, width)
        layers.append(layer)
    layers.append(nn.Flatten())
    features = channels * height * width
    for _ in range(draw(st.integers(0, 2))):
        hidden = draw(st.sampled_from([1, 2, 7, 16, 33]))
        layers += [nn.Linear(features, hidden, bias=draw(st.booleans())), _activation(draw)]
        features = hidden
    classes = draw(st.sampled_from([1, 2, 4, 11]))
    layers.append(nn.Linear(features, classes))
    planned_step(nn.Sequential(*layers), *batch(count, shape, classes), tolerance=1e-4)


def _activation(draw):
    layers = [nn.ReLU(), nn.Tanh(), nn.Sigmoid(), nn.Identity(), nn.Dropout(0.3), nn.GELU(), nn.GELU("tanh")]
    layers += [nn.ELU(0.7), nn.SELU(), nn.SiLU(), nn.LeakyReLU(0.1), nn.Softplus(), nn.Hardtanh(), nn.LogSigmoid()]
    return draw(st.sampled_from(layers))


def _drawn_layer(draw, channels, height, width):
    kinds = ["activation", "convolution", "convolution", "pooling"]
    kind = draw(st.sampled_from(kinds))
    if kind == "activation":
        return _activation(draw), (channels, height, width)
    kernel = (draw(st.integers(1, min(3, height))), draw(st.integers(1, min(3, width))))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    dilation = tuple(
        draw(st.integers(1, 2)) if 2 * (size - 1) < extent else 1
        for size, extent in zip(kernel, (height, width), strict=True)
    )
    if kind == "convolution":
        groups = draw(st.sampled_from([1, channels]))
        outputs = groups * draw(st.integers(1, 4))
        padding = (draw(st.integers(0, 2)), draw(st.integers(0, 2)))
        options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        layer = nn.Conv2d(channels, outputs, kernel, bias=draw(st.booleans()), **options)
    else:
        outputs = channels
        padding = tuple(draw(st.integers(0, size // 2)) for size in kernel)
        layer = nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=draw(st.booleans()))
    with nnkit.no_grad():
        _, *shape = layer(nnkit.zeros(1, channels, height, width)).shape
    return layer, shape


class Drawn(nn.Module):
    """A network of values (N, features) that are made of earlier ones, in an order and of kinds that are drawn."""

    def __init__(self, draw, features):
        super().__init__()
        self.layers = nn.ModuleList()
        self.steps = []
        self.sizes = [features]
        for _ in range(draw(st.integers(1, 9))):
            self.steps.append(self._drawn(draw))
        # So that nothing is unused, which would be too easy; the earliest may be.
        self.used = sorted({len(self.sizes) - 1, *draw(st.sets(st.sampled_from(range(len(self.sizes)))))})
        self.last = nn.Linear(sum(self.sizes[number] for number in self.used), 3)

    def _drawn(self, draw):
        chosen = draw(st.sampled_from(range(len(self.sizes))))
        size = self.sizes[chosen]
        same = [number for number, other in enumerate(self.sizes) if other == size]
        kind = draw(st.sampled_from(["linear", "linear", "again", "two", "two", "join", "pool", "apply", "number"]))
        if kind == "linear" or (kind == "again" and not len(self.layers)):
            wanted = draw(st.sampled_from([*self.sizes, 1, 6, 16, 18]))
            self.layers.append(nn.Linear(size, wanted, bias=draw(st.booleans())))
            self.sizes.append(wanted)
            return self._layer(len(self.layers) - 1, chosen)
        if kind == "again":
            number = draw(st.sampled_from(range(len(self.layers))))
            layer = self.layers[number]
            fitting = [each for each, other in enumerate(self.sizes) if other == layer.in_features]
            self.sizes.append(layer.out_features)
            return self._layer(number, draw(st.sampled_from(fitting)))
        if kind == "two":
            other, combine = draw(st.sampled_from(same)), draw(st.sampled_from(["__add__", "__sub__", "__mul__"]))
            self.sizes.append(size)
            return lambda values: getattr(values[chosen], combine)(values[other])
        if kind == "join":
            parts = draw(st.lists(st.sampled_from(range(len(self.sizes))), min_size=1, max_size=3))
            self.sizes.append(sum(self.sizes[part] for part in parts))
            return lambda values: nnkit.cat([values[part] for part in parts], 1)
        if kind == "pool" and size % 2 == 0:
            self.sizes.append(size // 2)
            return lambda values: F.max_pool2d(values[chosen].relu().view(-1, 1, size // 2, 2), (1, 2)).flatten(1)
        self.sizes.append(size)
        if kind == "number":
            scale, shift = draw(st.sampled_from([0.5, -1, 2])), draw(st.sampled_from([0, 1, -0.5]))
            return lambda values: scale * values[chosen] - shift
        function = draw(st.sampled_from([F.relu, F.tanh, F.sigmoid, lambda x: F.dropout(x, 0.3, self.training)]))
        return lambda values: function(values[chosen])

    def _layer(self, number, chosen):
        return lambda values: self.layers[number](values[chosen])

    def forward(self, images):
        values = [images]
        for step in self.steps:
            values.append(step(values))
        return self.last(nnkit.cat([values[number] for number in self.used], 1))


@EXAMPLES
@given(st.data())
def test_drawn_graphs(data):
    manual_seed(data.draw(st.integers(0, 99)))
    network = Drawn(data.draw, data.draw(st.sampled_from([1, 6, 16])))
    images, labels = batch(data.draw(st.sampled_from([1, 16, 21])), (network.sizes[0],), 3)
    with nnkit.no_grad():
        # Products of products would be far from where float32 is exact.
        assume(float(network.eval()(images * 1.5).abs().max()) < 30)
    planned_step(network, images, labels, tolerance=1e-4)
