"""What cannot be replayed stays on the tape, for the reason that is told, and gives exactly the tape's numbers."""

import copy
import random
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest
from plan_steps import CROSS_ENTROPY, Built, assert_same, batch, take

import nnkit
import nnkit.nn.functional as F
from nnkit import nn
from nnkit.autograd import Function
from nnkit.ops import Operation
from nnkit.plan import Replay
from nnkit.random import Generator, manual_seed
from nnkit.tensors import Tensor, apply

IMAGES, LABELS = batch(18, (12,))
NUMPY_GENERATOR = np.random.default_rng(0)
COUNTS = []


class Chancy(nn.Module):
    """A network that is in the same file as the generator that it uses, and hardly ever shows it."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(12, 4)

    def forward(self, images):
        logits = self.a(images)
        return logits * 2 if NUMPY_GENERATOR.random() < 1e-9 else logits


class Tripled(Function):
    @staticmethod
    def forward(context, value):
        return value * 1.0

    @staticmethod
    def backward(context, gradient):
        return gradient * 3


class Halved(Operation):
    """An operation of the user's own that asks for more of arrays than plans know."""

    def forward(self, a):
        return a - a.astype(np.float32, order="C") / 2

    def backward(self, grad):
        return grad / 2


class OnesWhereZero(Operation):
    def forward(self, a):
        return self.xp.add(a, a == 0)

    def backward(self, grad):
        return grad


def with_a_hook(hidden):
    if hidden.requires_grad:
        hidden.register_hook(lambda gradient: gradient * 2)
    return hidden


def with_a_retained_gradient(hidden):
    if hidden.requires_grad:
        hidden.retain_grad()
    return hidden


def counted(network, hidden):
    network.count = getattr(network, "count", 0) + 1
    return hidden * network.count


def appended(network, hidden):
    network.seen.append(1)
    return hidden * len(network.seen)


def counted_outside(hidden):
    COUNTS.append(1)
    return hidden * len(COUNTS)


def with_running_mean(network, hidden):
    with nnkit.no_grad():
        network.mean.mul_(0.5).add_(hidden.detach().mean(0) * 0.5)
    return hidden - network.mean


def after_backward(network, hidden):
    with nnkit.enable_grad():
        F.cross_entropy(network.b(network.a(IMAGES)), LABELS).backward()
    return hidden


def replaced(hidden):
    other = hidden * 2
    hidden.data = other
    return hidden


def written(hidden):
    hidden = hidden * 1.0
    hidden[:, 0] = 1.0
    return hidden


def by(function):
    """Return a network of two layers and what is between them, a function of the network and the hidden values."""
    return lambda: Built(lambda s, x: s.b(function(s, s.a(x))), a=nn.Linear(12, 6), b=nn.Linear(6, 4))


def hidden(function):
    return by(lambda s, h: function(h))


def scaled(function):
    """Return a network whose hidden values are scaled by a number that a function of its images gives."""
    return lambda: Built(lambda s, x: s.b(s.a(x) * function(s, x)), a=nn.Linear(12, 6), b=nn.Linear(6, 4))


def having(build, **attributes):
    def built():
        network = build()
        for name, value in attributes.items():
            setattr(network, name, value)
        return network

    return built


OUTSIDE = "a tensor that was not made by operations on the images"
IN_PLACE = "an operation in place"
MOVED = "a calculation with the batch in another place"
SHAPES = "a calculation between values of different shapes"
BATCH_SUM = "a calculation with a sum over the batch"
PARAMETER = "a parameter where a value of each image was expected"
ATTRIBUTES = "attributes that the network changes as it runs"
DIFFERENT = "numbers or decisions of the network that differ from step to step"
OWN_RANDOM = "random numbers in the network"


def unknown(name):
    return f"{name}, which plans do not know"


CASES = {
    # Control flow, or anything else that depends on values.
    "item": (hidden(lambda h: h if h.detach()[0, 0].item() > 0 else h * 2), "item()"),
    "bool": (hidden(lambda h: h * 2 if h.detach()[0, 0] > 0 else h), "the truth of a tensor"),
    "any": (hidden(lambda h: h * 2 if (h > 1).any() else h), "the truth of a tensor"),
    "in": (hidden(lambda h: h * 2 if 0.0 in h.detach() else h), "the truth of a tensor"),
    "equal": (scaled(lambda s, x: 2 if nnkit.equal(x, x * 1) else 3), "equal()"),
    "allclose": (scaled(lambda s, x: 2 if nnkit.allclose(x, IMAGES) else 3), "allclose()"),
    "float": (scaled(lambda s, x: float(x[0, 0])), "a tensor as a number"),
    "int": (hidden(lambda h: h * int(h.detach().argmax())), "a tensor as a number"),
    "numpy": (scaled(lambda s, x: x.numpy().max()), "numpy()"),
    "array": (scaled(lambda s, x: np.asarray(x).max()), "numpy()"),
    "tolist": (scaled(lambda s, x: x.tolist()[0][0]), "tolist()"),
    "index": (hidden(lambda h: h[:, h.detach()[0].argmax()].unsqueeze(1) + h), "a tensor as an index"),
    "mask": (hidden(lambda h: h * h[h > 0].numel()), "a tensor as an index"),
    "repr": (scaled(lambda s, x: len(repr(x))), "the text of a tensor"),
    "format": (scaled(lambda s, x: float(f"{x[0, 0]:.3f}")), "the text of a tensor"),
    "copied value": (scaled(lambda s, x: copied_value(x)), "a tensor made of the values of another"),
    # Random numbers.
    "random": (scaled(lambda s, x: random.random()), "Python's random numbers"),
    "numpy's random": (scaled(lambda s, x: np.random.rand()), "NumPy's random numbers"),
    "numpy's generator": (scaled(lambda s, x: float(NUMPY_GENERATOR.random())), DIFFERENT),
    "generator beside the class": (Chancy, "NumPy's random numbers"),
    "own numpy generator": (
        having(scaled(lambda s, x: float(s.generator.random())), generator=np.random.default_rng(1)),
        "NumPy's random numbers",
    ),
    "own random": (
        having(scaled(lambda s, x: s.generator.random() < 0.5), generator=random.Random(1)),
        "Python's random numbers",
    ),
    "rand": (hidden(lambda h: h * nnkit.rand(len(h), 6)), OWN_RANDOM),
    "one random number": (hidden(lambda h: h * nnkit.rand(())), OWN_RANDOM),
    "randint": (hidden(lambda h: h * nnkit.randint(0, 9, ())), OWN_RANDOM),
    "randint of a generator": (
        having(by(lambda s, h: h * nnkit.randint(0, 9, (), generator=s.generator)), generator=Generator()),
        OWN_RANDOM,
    ),
    "randperm": (hidden(lambda h: h[:, nnkit.randperm(6)]), OWN_RANDOM),
    # Operations and values that plans do not know.
    "function": (hidden(Tripled.apply), "the autograd.Function Tripled"),
    "function last": (
        lambda: Built(lambda s, x: Tripled.apply(s.a(x)), a=nn.Linear(12, 4)),
        "the autograd.Function Tripled",
    ),
    "function of a weight": (
        lambda: Built(lambda s, x: F.linear(x, Tripled.apply(s.a.weight)), a=nn.Linear(12, 4)),
        "the autograd.Function Tripled",
    ),
    "operation": (hidden(lambda h: apply(Halved, h)), unknown("Halved")),
    "compared": (hidden(lambda h: apply(OnesWhereZero, h)), "a calculation outside of what plans know"),
    "softmax": (hidden(lambda h: h.softmax(1)), unknown("max")),
    "mean": (hidden(lambda h: h - h.mean()), BATCH_SUM),
    "sum": (hidden(lambda h: h + h.sum(0, keepdim=True)), BATCH_SUM),
    "variance": (hidden(lambda h: h * h.var()), PARAMETER),
    "max": (hidden(lambda h: h - h.max()), unknown("max")),
    "power": (hidden(lambda h: h**-3), unknown("power")),
    "where": (hidden(lambda h: nnkit.where(h > 0, h, h * 0.1)), OUTSIDE),
    "comparison": (hidden(lambda h: h * (h > 0)), OUTSIDE),
    "detached": (hidden(lambda h: h.detach()), OUTSIDE),
    "stacked along the batch": (
        hidden(lambda h: nnkit.cat([h.unsqueeze(0), h.unsqueeze(0)], 1)[0, :18]),
        "a concatenation along the batch",
    ),
    "images one by one": (
        lambda: Built(lambda s, x: nnkit.stack([s.a(row.unsqueeze(0)).squeeze(0) for row in x]), a=nn.Linear(12, 4)),
        "an index that picks images from the batch",
    ),
    "images in a list": (hidden(lambda h: h[[*range(17, -1, -1)]]), "an index that is not made of numbers and slices"),
    "some images": (
        lambda: Built(lambda s, x: nnkit.cat([s.a(x[:9]), s.a(x[9:])]), a=nn.Linear(12, 4)),
        "an index that picks images from the batch",
    ),
    "batch moved in a product": (hidden(lambda h: h @ (h.t() @ h)), MOVED),
    "batch moved in logits": (
        lambda: Built(lambda s, x: s.a(x).t(), a=nn.Linear(12, 18)),
        "a softmax that is not over the classes (N, C)",
    ),
    "batch moved in a sum": (hidden(lambda h: h + h.t().reshape(18, 6)), "a view that takes images apart"),
    "batch moved in a view": (
        lambda: Built(lambda s, x: s.b(s.a(x).view(9, 12).view(18, 6)), a=nn.Linear(12, 6), b=nn.Linear(6, 4)),
        "a view that takes images apart",
    ),
    "array of constants": (hidden(lambda h: h * nnkit.tensor(np.arange(6.0, dtype=np.float32))), SHAPES),
    "array from outside": (hidden(lambda h: h + Tensor(np.ones((18, 6), np.float32))), OUTSIDE),
    "counting buffer": (
        having(by(lambda s, h: h * s.steps.float()), steps=nn.Buffer(nnkit.tensor(3))),
        "ToCopy, which plans do not know",
    ),
    "constants by labels": (hidden(lambda h: h * nnkit.ones(4)[LABELS].unsqueeze(1)), "a tensor as an index"),
    "parameter for each image": (
        having(by(lambda s, h: h * s.scale), scale=nn.Parameter(nnkit.ones(18, 1))),
        PARAMETER,
    ),
    "constant weight": (hidden(lambda h: h @ nnkit.eye(6)), "a product with an array of constants"),
    "constant kernel": (
        hidden(lambda h: F.conv2d(h.view(18, 1, 2, 3), nnkit.ones(6, 1, 2, 3)).flatten(1)),
        "a convolution with an array of constants",
    ),
    "bias with gaps": (
        having(
            lambda: Built(lambda s, x: F.linear(x, s.a.weight, s.table[:, 1]), a=nn.Linear(12, 4)),
            table=nn.Parameter(nnkit.randn(4, 3), requires_grad=False),
        ),
        "a bias that is no parameter, or not one number after the other",
    ),
    "bias of the images": (
        lambda: Built(lambda s, x: F.linear(x, s.a.weight, s.a(x)[:, 0]), a=nn.Linear(12, 18)),
        "a bias that is no parameter, or not one number after the other",
    ),
    "tied weights in two layouts": (
        lambda: Built(lambda s, x: s.b(s.a(x) @ s.a.weight), a=nn.Linear(12, 6), b=nn.Linear(12, 4)),
        "gradients of one parameter in different memory layouts",
    ),
    "parameter from outside": (lambda: outsider(), OUTSIDE),
    "nothing to differentiate": (lambda: nn.Linear(12, 4).requires_grad_(False), "a loss without gradients"),
    "float64": (lambda: nn.Linear(12, 4).double(), "images of type torch.float64"),
    "float64 inside": (lambda: Built(lambda s, x: s.a(x.double()).float(), a=nn.Linear(12, 4).double()), None),
    # Values that change under the tensors.
    "in place": (hidden(lambda h: (h * 1).add_(1)), IN_PLACE),
    "in place without gradients": (lambda: Built(relu_of_images, a=nn.Linear(12, 4)), IN_PLACE),
    "dropout in place": (hidden(lambda h: F.dropout(h * 1, 0.5, True, True)), IN_PLACE),
    "through a view": (hidden(lambda h: (h * 1).view(18, 2, 3).mul_(2).view(18, 6)), IN_PLACE),
    "written": (hidden(written), IN_PLACE),
    "constants in place": (hidden(lambda h: h + nnkit.zeros(()).add_(2)), IN_PLACE),
    "data": (hidden(replaced), "a tensor whose data was replaced"),
    "backward": (by(after_backward), "gradients taken in the network"),
    # Hooks on what a step makes.
    "hook": (hidden(with_a_hook), "a hook on a tensor"),
    "retained": (hidden(with_a_retained_gradient), "a hook on a tensor"),
    # What a network remembers.
    "counter": (by(counted), ATTRIBUTES),
    "list": (having(by(appended), seen=[]), ATTRIBUTES),
    "deque": (having(by(appended), seen=deque()), ATTRIBUTES),
    "list in a dictionary": (
        having(by(lambda s, h: appended(SimpleNamespace(**s.state), h)), state={"seen": []}),
        ATTRIBUTES,
    ),
    "namespace": (having(by(lambda s, h: counted(s.state, h)), state=SimpleNamespace(count=0)), ATTRIBUTES),
    "kept activations": (by(lambda s, h: setattr(s, "kept", h) or h), ATTRIBUTES),
    "running mean": (having(by(with_running_mean), mean=nn.Buffer(nnkit.zeros(6))), IN_PLACE),
    "counter outside": (hidden(counted_outside), DIFFERENT),
}


def copied_value(images):
    with pytest.warns(UserWarning, match="To copy construct from a tensor"):
        return nnkit.tensor(images[0, 0])


def relu_of_images(network, images):
    with nnkit.no_grad():
        hidden = (images * 1).relu_()
    return network.a(hidden)


def outsider():
    weight = nn.Parameter(nnkit.randn(12, 4))
    return Built(lambda s, x: s.a(x) + x @ weight, a=nn.Linear(12, 4))


def outcomes(build, enabled, criterion=CROSS_ENTROPY):
    """Return what five steps come to, two of them evaluations, and what took them."""
    global NUMPY_GENERATOR
    NUMPY_GENERATOR = np.random.default_rng(2)
    random.seed(3)
    np.random.seed(4)
    COUNTS.clear()
    manual_seed(5)
    network = copy.deepcopy(build())
    replay = Replay(network, criterion, enabled=enabled)
    kind = next(network.parameters()).array.dtype if isinstance(network, nn.Linear) else np.float32
    found = []
    for number, differentiate in enumerate([True, True, False, False, True]):
        network.train(differentiate)
        images = Tensor((IMAGES.array * (1 + number / 4)).astype(kind))
        try:
            found.append(take(replay, images, LABELS % 4, differentiate=differentiate))
        except RuntimeError as error:
            found.append(str(error))
    return found, replay


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_replayed(name):
    build, reason = CASES[name]
    expected, _ = outcomes(build, enabled=False)
    found, replay = outcomes(build, enabled=True)
    assert replay.obstacle == (reason or "parameters of type float64")
    assert not replay._plans
    for mine, theirs in zip(found, expected, strict=True):
        if isinstance(theirs, str):
            assert mine == theirs
        else:
            assert_same(mine, theirs)


CRITERIA = {
    "smoothing and weights": (
        nn.CrossEntropyLoss(nnkit.tensor([1.0, 2.0, 3.0, 4.0]), label_smoothing=0.1),
        "weights of classes together with label smoothing",
    ),
    "ignored class": (nn.CrossEntropyLoss(ignore_index=1), "a loss whose targets are not the labels, or are ignored"),
    "loss in the logits": (
        lambda logits, labels: F.cross_entropy(logits * F.cross_entropy(logits, labels), labels),
        BATCH_SUM,
    ),
    "loss and a number": (
        lambda logits, labels: F.cross_entropy(logits, labels) + 1,
        "a number that is added to the loss",
    ),
    "weights by label": (
        lambda logits, labels: (F.cross_entropy(logits, labels, reduction="none") * nnkit.ones(4)[labels]).sum(),
        "a tensor as an index",
    ),
    "mean square": (lambda logits, labels: F.mse_loss(logits, nnkit.eye(4)[labels]), "a tensor as an index"),
    "other labels": (
        lambda logits, labels: F.cross_entropy(logits, Tensor(labels.array[::-1])),
        OUTSIDE,
    ),
    "changed labels": (lambda logits, labels: F.cross_entropy(logits, (labels + 1) % 4), unknown("Add")),
    "printed": (lambda logits, labels: (loss := F.cross_entropy(logits, labels), str(loss))[0], "the text of a tensor"),
}


@pytest.mark.parametrize("name", CRITERIA)
def test_losses_that_cannot_be_replayed(name):
    criterion, reason = CRITERIA[name]
    expected, _ = outcomes(lambda: nn.Linear(12, 4), False, criterion)
    found, replay = outcomes(lambda: nn.Linear(12, 4), True, criterion)
    assert replay.obstacle == reason
    for mine, theirs in zip(found, expected, strict=True):
        assert_same(mine, theirs)
