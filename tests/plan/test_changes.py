"""What is done to a network between its steps counts from the next step on, whether there is a plan or not."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
from plan_steps import CROSS_ENTROPY, Built, assert_same, batch, take

import nnkit
from nnkit import nn
from nnkit.nn.modules.module import register_module_forward_hook
from nnkit.plan import Replay
from nnkit.plan.replay import MOST_RECORDINGS
from nnkit.random import manual_seed
from nnkit.tensors import Tensor

IMAGES, LABELS = batch(18, (12,))


def built():
    manual_seed(6)
    network = Built(
        lambda s, x: s.d(s.layers(x) * s.factor * s.settings["scale"] * s.options.scale) @ s.mixture,
        layers=nn.Sequential(nn.Linear(12, 6), nn.Tanh(), nn.Dropout(0.3), nn.Linear(6, 1), nn.Linear(1, 6)),
        d=nn.Linear(6, 4),
        mixture=nn.Buffer(nnkit.randn(4, 4)),
        factor=2.0,
        settings={"scale": 0.5},
        options=SimpleNamespace(scale=1.5),
    )
    # A hook that is gone is no obstacle, and leaves its table behind.
    network.d.register_forward_hook(lambda *_: None).remove()
    return network


def hooked(name):
    """Return a change that registers a hook, which changes what passes it."""

    def change(network):
        register = getattr(network.get_submodule("layers.3"), name)
        if name == "register_forward_hook":
            register(lambda _, values, result: result * 2)
        elif name == "register_full_backward_hook":
            register(lambda _, inward, outward: tuple(each * 2 for each in inward))
        else:
            register(lambda _, values: tuple(each * 2 for each in values))

    return change


def reordered(network):
    modules = network.layers._modules
    modules["1"] = modules.pop("1")


def set_data(name):
    def change(network):
        parameter = network.get_parameter(name)
        parameter.data = Tensor.detached(parameter.array * 2)

    return change


def state_loaded(assign):
    def change(network):
        state = {name: Tensor.detached(value.array * 0.5) for name, value in network.state_dict().items()}
        network.load_state_dict(state, assign=assign)

    return change


def there_and_back(network):
    network.to(nnkit.float64).to(nnkit.float32)


def replaced_by_equal(network):
    """The parameter of one element is equal to the one that it replaces, and another one."""
    network.layers[3].bias = nn.Parameter(Tensor.detached(network.layers[3].bias.array.copy()))


STEPPED = {
    "nothing": lambda network: None,
    "values": lambda network: network.d.weight.array.__imul__(3),
    "evaluation": lambda network: network.eval(),
    "one module": lambda network: network.layers[2].eval(),
    "other probability": lambda network: setattr(network.layers[2], "p", 0.6),
    "no dropout": lambda network: setattr(network.layers[2], "p", 0),
    "frozen": lambda network: network.layers[0].weight.requires_grad_(False),
    "all but one frozen": lambda network: network.layers.requires_grad_(False),
    "data": set_data("layers.0.weight"),
    "data of one element": set_data("layers.3.bias"),
    "buffer": lambda network: setattr(network, "mixture", nnkit.randn(4, 4)),
    "values of a buffer": lambda network: network.mixture.mul_(2),
    "data of a buffer": lambda network: setattr(network.mixture, "data", nnkit.randn(4, 4)),
    "state": state_loaded(assign=False),
    "assigned state": state_loaded(assign=True),
    "there and back": there_and_back,
    "equal parameter": replaced_by_equal,
    "parameter": lambda network: setattr(network.d, "weight", nn.Parameter(nnkit.ones(4, 6))),
    "no bias": lambda network: setattr(network.d, "bias", None),
    "new layer": lambda network: network.layers.append(nn.Linear(6, 6)),
    "other layer": lambda network: network.layers.__setitem__(1, nn.Sigmoid()),
    "reordered layers": reordered,
    "replaced layer": lambda network: setattr(network, "d", nn.Linear(6, 4, bias=False)),
    "number": lambda network: setattr(network, "factor", 3.0),
    "setting": lambda network: network.settings.update(scale=2.0),
    "option": lambda network: setattr(network.options, "scale", 0.25),
    "forward": lambda network: setattr(network, "function", lambda s, x: s.d(s.layers(x)) @ s.mixture),
}
HOOKS = [
    ("register_forward_hook", "a hook on layers.3"),
    ("register_forward_pre_hook", "a hook on layers.3"),
    ("register_full_backward_hook", "a hook on layers.3"),
    ("register_full_backward_pre_hook", "a hook on layers.3"),
]
LEFT = {
    **{name: (hooked(name), reason) for name, reason in HOOKS},
    "hook where one was": (
        lambda network: network.d.register_forward_hook(lambda _, values, result: result * 2) and None,
        "a hook on d",
    ),
    "hook on the network": (
        lambda network: network.register_forward_hook(lambda _, values, result: result * 2) and None,
        "a hook on the network",
    ),
    "parameter's hook": (
        lambda network: network.d.weight.register_hook(lambda gradient: gradient * 2) and None,
        "a hook on d.weight",
    ),
    "hook after accumulation": (
        lambda network: network.d.weight.register_post_accumulate_grad_hook(lambda leaf: leaf.grad.mul_(2)) and None,
        "a hook on d.weight",
    ),
    "float64": (lambda network: network.double(), "parameters of type float64"),
    "softmax": (lambda network: network.layers.__setitem__(1, nn.Softmax(1)), "max, which plans do not know"),
}


def both(change, prepare=lambda network: None):
    """Return what a step comes to after three steps and a change, on the tape and otherwise, and what took it."""
    found = []
    for enabled in (False, True):
        network = built()
        prepare(network)
        replay = Replay(network, CROSS_ENTROPY, enabled=enabled)
        manual_seed(7)
        for _ in range(3):
            take(replay, IMAGES, LABELS)
        network.eval()
        take(replay, IMAGES, LABELS, differentiate=False)
        network.train()
        assert enabled == (replay.obstacle is None)
        manual_seed(8)
        change(network)
        images = (
            Tensor.detached(IMAGES.array.astype(np.float64)) if network.d.weight.array.dtype == np.float64 else IMAGES
        )
        mode = network.training
        outcomes = [take(replay, images, LABELS), take(replay, images, LABELS)]
        network.eval()
        outcomes.append(take(replay, images, LABELS, differentiate=False))
        network.train(mode)
        outcomes.append(take(replay, images, LABELS))
        found.append(outcomes)
    return found, replay


def assert_all_same(found):
    for mine, theirs in zip(found[1], found[0], strict=True):
        assert_same(mine, theirs)


@pytest.mark.parametrize("name", STEPPED)
def test_a_change_counts_from_the_next_step_on(name):
    found, replay = both(STEPPED[name])
    assert_all_same(found)
    assert replay.obstacle is None
    assert replay._plans


@pytest.mark.parametrize("name", STEPPED)
def test_a_change_can_be_undone(name):
    found, replay = both(lambda network: None, STEPPED[name])
    assert_all_same(found)
    assert replay.obstacle is None


@pytest.mark.parametrize("name", LEFT)
def test_a_change_that_no_plan_allows(name):
    change, reason = LEFT[name]
    found, replay = both(change)
    assert_all_same(found)
    assert replay.obstacle == (reason if name != "float64" else "images of type torch.float64")
    assert not replay._plans


def test_a_frozen_network_is_an_error_with_a_plan_as_without():
    for enabled in (False, True):
        network = built()
        replay = Replay(network, CROSS_ENTROPY, enabled=enabled)
        for _ in range(2):
            take(replay, IMAGES, LABELS)
        network.requires_grad_(False)
        with pytest.raises(RuntimeError, match="element 0 of tensors does not require grad"):
            take(replay, IMAGES, LABELS)


def test_a_network_that_changes_all_the_time_stays_on_the_tape():
    def steps(enabled):
        network = built()
        replay = Replay(network, CROSS_ENTROPY, enabled=enabled)
        manual_seed(9)
        found = []
        for number in range(MOST_RECORDINGS + 3):
            network.factor = 1.0 + number
            found.append(take(replay, IMAGES, LABELS))
        return found, replay

    found, replay = zip(*(steps(enabled) for enabled in (False, True)), strict=True)
    assert_all_same(found)
    assert replay[1].obstacle == "attributes of the network that change from step to step"


def test_changes_of_the_loss_count():
    criterion = nn.CrossEntropyLoss()
    network = nn.Linear(12, 4)
    replay = Replay(network, criterion)
    for _ in range(2):
        mean = take(replay, IMAGES, LABELS)
    criterion.reduction = "sum"
    total = take(replay, IMAGES, LABELS)
    assert replay.obstacle is None
    assert total.loss == pytest.approx(18 * mean.loss, rel=1e-5)
    np.testing.assert_allclose(total.gradients["weight"], 18 * mean.gradients["weight"], rtol=1e-4, atol=1e-5)
    replay.criterion = lambda logits, labels: criterion(logits * 0, labels)
    assert take(replay, IMAGES, LABELS).loss == pytest.approx(18 * np.log(4), rel=1e-5)
    criterion.register_forward_hook(lambda _, values, loss: loss * 2)
    replay.criterion = criterion
    assert take(replay, IMAGES, LABELS).loss == pytest.approx(2 * total.loss, rel=1e-5)
    assert replay.obstacle == "a hook on the loss"


def test_what_a_step_returns_stays_as_it_is():
    for classes, count in ((4, 5), (1, 5), (1, 16), (4, 33)):
        images, labels = batch(count, (12,), classes)
        replay = Replay(nn.Linear(12, classes), CROSS_ENTROPY)
        for differentiate in (True, False):
            step = replay.differentiate if differentiate else replay.evaluate
            step(images, labels)
            _, logits = step(images, labels)
            before = logits.copy()
            step(Tensor.detached(-images.array), labels)
            np.testing.assert_array_equal(logits, before)


def test_gradients_are_added_up():
    network = built()
    for enabled in (False, True):
        replay = Replay(network, CROSS_ENTROPY, enabled=enabled)
        manual_seed(3)
        network.zero_grad()
        kept = []
        for _ in range(3):
            replay.differentiate(IMAGES, LABELS)
            kept.append({name: each.grad.array.copy() for name, each in network.named_parameters()})
        if not enabled:
            expected = kept
    for mine, theirs in zip(kept, expected, strict=True):
        for name, gradient in theirs.items():
            np.testing.assert_allclose(mine[name], gradient, rtol=2e-5, atol=1e-6)


def test_a_copy_of_a_network_has_its_own_plans():
    network = built()
    replay = Replay(network, CROSS_ENTROPY)
    for _ in range(2):
        take(replay, IMAGES, LABELS)
    twin = copy.deepcopy(replay)
    twin.network.d.weight.array[...] = 0
    twin.network.d.bias.array[...] = 0
    for _ in range(2):
        assert take(twin, IMAGES, LABELS).loss == pytest.approx(np.log(4))
    assert take(replay, IMAGES, LABELS).loss != pytest.approx(np.log(4))


def test_errors_of_the_network_are_its_own():
    def forward(network, images):
        if network.broken:
            raise ZeroDivisionError("on purpose")
        return network.a(images)

    network = Built(forward, a=nn.Linear(12, 4), broken=True)
    replay = Replay(network, CROSS_ENTROPY)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        take(replay, IMAGES, LABELS)
    network.broken = False
    for _ in range(2):
        take(replay, IMAGES, LABELS)
    assert replay.obstacle is None
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        take(replay, Tensor.detached(IMAGES.array[:, 1:]), LABELS)


def test_evaluation_alone_can_stay_on_the_tape():
    network = Built(lambda s, x: s.a(x) if s.training else s.a(x).softmax(1), a=nn.Linear(12, 4))
    tape, replay = (Replay(network, CROSS_ENTROPY, enabled=enabled) for enabled in (False, True))
    for _ in range(3):
        for differentiate in (True, False):
            network.train(differentiate)
            assert_same(*(take(each, IMAGES, LABELS, differentiate=differentiate) for each in (replay, tape)))
    assert (replay.obstacle, replay.evaluation_obstacle) == (None, "max, which plans do not know")
    assert [key.differentiates for key in replay._plans] == [True]


def test_a_hook_on_all_modules_counts():
    def steps(enabled):
        network = built()
        replay = Replay(network, CROSS_ENTROPY, enabled=enabled)
        manual_seed(10)
        found = [take(replay, IMAGES, LABELS) for _ in range(3)]
        assert enabled == (replay.obstacle is None)
        with register_module_forward_hook(lambda module, _, result: result * 2 if module is network.d else None):
            found += [take(replay, IMAGES, LABELS), take(replay, IMAGES, LABELS, differentiate=False)]
            assert not enabled or replay.obstacle == "a hook on all modules"
        return found

    assert_all_same([steps(enabled) for enabled in (False, True)])
