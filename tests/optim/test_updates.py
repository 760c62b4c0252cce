"""All parameters are changed in one call on their memory: what that must not make a difference to."""

import copy
import os
import subprocess
import sys

import numba
import numpy as np
import pytest
import torch

import nnkit
from nnkit import nn, optim

JIT_OFF = bool(numba.config.DISABLE_JIT)
# Around the width of a vector and the size of a chunk; without a compiler each element takes a microsecond.
SIZES = (0, 1, 15, 16, 17, 63, 64, 65) if JIT_OFF else (0, 1, 15, 16, 17, 63, 64, 65, 8191, 8192, 8193, 20000)
# Where weight decay all but cancels a gradient, a small epsilon makes much of what the roundings leave of it.
CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1, "maximize": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True, "maximize": True}),
    ("AdamW", {"lr": 0.1}),
    ("RMSprop", {"lr": 0.1}),
    ("RMSprop", {"lr": 0.1, "eps": 1e-3, "momentum": 0.9, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.1, "centered": True}),
    ("RMSprop", {"lr": 0.1, "momentum": 0.9, "centered": True, "maximize": True}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
]
EVERY = pytest.mark.parametrize(("name", "options"), CASES)


def draw(seed, *shape, dtype="float32"):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def trained(name, options, values, gradients, steps=3):
    """Return the parameters with these arrays after some steps, and their optimizer."""
    parameters = [nn.Parameter(nnkit.Tensor.detached(each)) for each in values]
    optimizer = getattr(optim, name)(parameters, **options)
    for _ in range(steps):
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = nnkit.Tensor.detached(gradient)
        optimizer.step()
    return parameters, optimizer


def reference_run(name, options, values, gradients, steps):
    """Return PyTorch's parameters and optimizer after the same steps."""
    parameters = [torch.nn.Parameter(torch.tensor(each)) for each in values]
    optimizer = getattr(torch.optim, name)(parameters, **options)
    for _ in range(steps):
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = torch.tensor(gradient)
        optimizer.step()
    return parameters, optimizer


def reference(name, options, values, gradients, steps=3):
    """Return what PyTorch makes of the same."""
    return [parameter.detach().numpy() for parameter in reference_run(name, options, values, gradients, steps)[0]]


def check_close(mine, theirs):
    for one, other in zip(mine, theirs, strict=True):
        assert one.array.dtype == other.dtype
        tolerance = {"rtol": 2e-5, "atol": 2e-6} if other.dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-14}
        np.testing.assert_allclose(one.array, other, **tolerance)


@pytest.mark.case("N3")
@EVERY
@pytest.mark.parametrize("dtypes", [("float32",), ("float64",), ("float32", "float64")], ids="-".join)
def test_N3_sizes_and_types_together_follow_pytorch(name, options, dtypes):
    kinds = [dtypes[number % len(dtypes)] for number in range(len(SIZES))]
    values = [draw(size, size, dtype=kind) for size, kind in zip(SIZES, kinds, strict=True)]
    gradients = [draw(size + 1, size, dtype=kind) for size, kind in zip(SIZES, kinds, strict=True)]
    expected = reference(name, options, values, gradients)
    check_close(trained(name, options, values, gradients)[0], expected)


AVERAGES = {
    "SGD": {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
    "Adam": {"betas": (0.4, 0.9), "amsgrad": True},
    "RMSprop": {"centered": True, "maximize": True},
    "Adagrad": {"initial_accumulator_value": 0.1},
    "Adadelta": {},
}
ROUNDED_ROOTS = {"acc_delta"}


@pytest.mark.skipif(JIT_OFF, reason="without the compiler products are rounded before they are added")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", AVERAGES)
def test_what_no_root_has_gone_into_has_pytorchs_bits(name, dtype):
    values = [draw(size, size, dtype=dtype) for size in (1, 5, 16, 1000)]
    gradients = [draw(size + 1, size, dtype=dtype) for size in (1, 5, 16, 1000)]
    theirs, expected = reference_run(name, AVERAGES[name], values, gradients, 9)
    mine, optimizer = trained(name, AVERAGES[name], values, gradients, 9)
    for number, entry in expected.state_dict()["state"].items():
        for key in set(entry) - ROUNDED_ROOTS:
            found = optimizer.state_dict()["state"][number][key].numpy()
            np.testing.assert_array_equal(found, entry[key].numpy(), key)
    if name == "SGD":
        for parameter, other in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(parameter.array, other.detach().numpy())


@pytest.mark.case("N8")
def test_N8_a_parameter_without_dimensions_follows_pytorch():
    values, gradients = [np.array(1.5, np.float32)], [np.array(0.5, np.float32)]
    expected = reference("Adam", {}, values, gradients)
    check_close(trained("Adam", {}, values, gradients)[0], expected)


@pytest.fixture
def many_threads(monkeypatch):
    monkeypatch.setattr("nnkit.kernels.cpu.updates.PARALLEL", 0)


def everything():
    return [
        parameter.array.tobytes()
        for name, options in CASES
        for parameter in trained(name, options, [draw(0, 50_001), draw(1, 5)], [draw(2, 50_001), draw(3, 5)])[0]
    ]


@pytest.mark.skipif(JIT_OFF, reason="without the compiler there is one thread")
def test_threads_do_not_change_a_bit(many_threads, monkeypatch):
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = everything()
    finally:
        numba.set_num_threads(before)
    assert everything() == alone
    monkeypatch.undo()
    assert everything() == alone


@pytest.mark.skipif(JIT_OFF, reason="without the compiler there are no vectors")
@EVERY
def test_where_an_element_is_does_not_change_a_bit(name, options):
    values, gradients = draw(0, 20000), draw(1, 20000)
    whole, _ = trained(name, options, [values.copy()], [gradients])
    parts, _ = trained(name, options, np.split(values.copy(), [1, 18, 8200]), np.split(gradients.copy(), [1, 18, 8200]))
    assert np.concatenate([part.array for part in parts]).tobytes() == whole[0].array.tobytes()


def gaps(array):
    """Return the array in every second place of a larger one, which is returned too."""
    memory = np.full((2 * array.shape[0], array.shape[1] + 3), 7, array.dtype)
    memory[::2, 1:-2] = array
    return memory[::2, 1:-2], memory


@EVERY
def test_memory_with_gaps_gives_the_same_bits_and_the_gaps_are_left_alone(name, options):
    values, gradients = [draw(0, 6, 5), draw(1, 4, 9)], [draw(2, 6, 5), draw(3, 4, 9)]
    expected, _ = trained(name, options, [value.copy() for value in values], gradients)
    (first, memory), second = gaps(values[0]), np.asfortranarray(values[1])
    mine, _ = trained(name, options, [first, second], [np.asfortranarray(gradients[0]), gaps(gradients[1])[0]])
    assert mine[0].array is first
    assert [each.array.tobytes() for each in mine] == [each.array.tobytes() for each in expected]
    memory[::2, 1:-2] = 7
    assert (memory == 7).all()


def test_a_gradient_with_gaps_that_changes_in_place_is_read_anew():
    parameter = nn.Parameter(nnkit.zeros(3, 2))
    optimizer = optim.SGD([parameter], lr=1.0)
    gradient = np.asfortranarray(draw(0, 3, 2))
    parameter.grad = nnkit.Tensor.detached(gradient)
    optimizer.step()
    gradient *= 3
    optimizer.step()
    np.testing.assert_allclose(parameter.array, -4 / 3 * gradient, rtol=1e-6)


def test_a_gradient_of_one_element_spread_out_follows_pytorch():
    values, gradient = draw(0, 4, 3), np.broadcast_to(np.float32(0.5), (4, 3))
    expected = reference("Adam", {}, [values], [np.array(gradient)])
    check_close(trained("Adam", {}, [values], [gradient])[0], expected)


@EVERY
def test_what_is_not_finite_is_what_it_is_in_pytorch(name, options):
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 3e38, 1e-40], np.float32)
    # All pairs, in vectors and behind the last one.
    values, gradients = np.repeat(special, 8), np.tile(special, 8)
    values, gradients = [np.resize(values, 64 * 3 + 9)], [np.resize(gradients, 64 * 3 + 9)]
    with np.errstate(all="ignore"):
        expected = reference(name, options, values, gradients)
    mine, _ = trained(name, options, values, gradients)
    # Next to the greatest number there is, whether a sum still fits is a matter of its roundings.
    sure = (np.abs(values[0]) != np.float32(3e38)) & (np.abs(gradients[0]) != np.float32(3e38))
    np.testing.assert_allclose(mine[0].array[sure], expected[0][sure], rtol=2e-5, atol=2e-6)


@EVERY
def test_a_step_leaves_the_gradient_as_it_is(name, options):
    parameter = nn.Parameter(nnkit.ones(3))
    parameter.grad = nnkit.tensor([1.0, -2.0, 3.0])
    optimizer = getattr(optim, name)([parameter], **options)
    optimizer.step()
    optimizer.step()
    assert parameter.grad.tolist() == [1.0, -2.0, 3.0]


@EVERY
def test_gradients_that_are_not_finite_pass_without_a_warning(name, options):
    parameter = nn.Parameter(nnkit.ones(3))
    optimizer = getattr(optim, name)([parameter], **options)
    for values in ([float("inf"), float("nan"), 3e38], [1.0, 1.0, 1.0]):
        parameter.grad = nnkit.tensor(values)
        optimizer.step()
    assert not np.isfinite(parameter.detach().numpy()[1])


def test_nan_stays_the_greatest_square():
    values, gradients = [np.ones(40, np.float32)], [np.ones(40, np.float32)]
    _, optimizer = trained("Adam", {"amsgrad": True}, values, gradients, 1)
    greatest = optimizer.state_dict()["state"][0]["max_exp_avg_sq"].array
    greatest[::3] = np.nan
    optimizer.step()
    assert np.isnan(greatest[::3]).all()
    assert np.isfinite(np.delete(greatest, np.s_[::3])).all()


@EVERY
def test_arrays_may_be_replaced_between_steps(pair, name, options):
    both = pair(name, options)
    both.step()
    for mine, other in zip(both.ours, both.theirs, strict=True):
        mine.data = nnkit.tensor(mine.detach().numpy() * 2)
        other.data = other.data * 2
    both.step()
    both.check()
    for entry, other in zip(both.optimizer.state.values(), both.reference.state.values(), strict=True):
        for key in set(entry) - {"step"}:
            entry[key] = nnkit.tensor(entry[key].numpy() * 0.5)
            other[key] = other[key] * 0.5
    for _ in range(2):
        both.step()
        both.check()


@EVERY
def test_options_may_change_between_steps(pair, name, options):
    both = pair(name, options)
    changes = [{"weight_decay": 0.2}, {"maximize": True}, {"lr": 0.01, "weight_decay": 0}]
    if name == "SGD":
        changes += [{"nesterov": False}, {"momentum": 0.5}, {"momentum": 0}, {"momentum": 0.2}]
    for change in changes:
        both.step()
        both.optimizer.param_groups[0].update(change)
        both.reference.param_groups[0].update(change)
        both.step()
        both.check()


def test_parameters_may_have_no_gradient_for_a_while_and_come_later(pair):
    both = pair("Adam", {"lr": 0.1})
    second, third = both.ours[1:], both.theirs[1:]
    both.optimizer = optim.Adam(both.ours[:1], lr=0.1)
    both.reference = torch.optim.Adam(both.theirs[:1], lr=0.1)
    both.step()
    both.optimizer.add_param_group({"params": second, "lr": 0.3})
    both.reference.add_param_group({"params": third, "lr": 0.3})
    both.step()
    for absent in (0, 1, 2):
        for mine, other in zip(both.ours, both.theirs, strict=True):
            mine.grad, other.grad = nnkit.tensor(draw(absent, *mine.shape)), torch.tensor(draw(absent, *mine.shape))
        both.ours[absent].grad = both.theirs[absent].grad = None
        both.optimizer.step()
        both.reference.step()
        both.check()
    assert [entry["step"].item() for entry in both.optimizer.state.values()] == [4.0, 3.0, 3.0]


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_duplicate_is_changed_twice(name):
    values, gradients = draw(0, 20), draw(1, 20)
    results = []
    for module, framework, make in ((nn, optim, nnkit.tensor), (torch.nn, torch.optim, torch.tensor)):
        parameter = module.Parameter(make(values))
        with pytest.warns(UserWarning, match="duplicate parameters"):
            optimizer = getattr(framework, name)([parameter, parameter], lr=0.1)
        for _ in range(2):
            parameter.grad = make(gradients)
            optimizer.step()
        results.append(parameter.detach().numpy())
    np.testing.assert_allclose(results[0], results[1], rtol=2e-5, atol=2e-6)


def test_parameters_that_share_memory_are_changed_one_after_the_other(many_threads):
    values = draw(0, max(SIZES))
    expected = values.copy()
    memory = values.copy()
    parts = [memory[:-1], memory[1:]]
    gradients = [draw(number, len(part)) for number, part in enumerate(parts)]
    trained("SGD", {"lr": 1.0}, parts, gradients, 1)
    expected[:-1] -= gradients[0]
    expected[1:] -= gradients[1]
    np.testing.assert_array_equal(memory, expected)


def test_a_copy_changes_its_own_parameters():
    (parameter,), optimizer = trained("Adam", {"lr": 0.1}, [draw(0, 20)], [draw(1, 20)])
    before = parameter.array.copy()
    twin = copy.deepcopy(optimizer)
    (other,) = twin.param_groups[0]["params"]
    other.grad = nnkit.Tensor.detached(draw(2, 20))
    twin.step()
    np.testing.assert_array_equal(parameter.array, before)
    assert (other.array != before).all()


WRONG = [
    (lambda p: setattr(p, "data", nnkit.zeros(4)), r"of shape \(4,\): expected all its arrays to be so, got .*\(3,\)"),
    (lambda p: setattr(p, "data", nnkit.zeros(3, dtype=nnkit.float64)), "of float64 .*: expected .*, got float32"),
    (lambda p: p.array.setflags(write=False), "of a read-only array"),
]


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize(("change", "message"), WRONG)
def test_arrays_that_do_not_belong_together_are_refused(name, change, message):
    parameter = nn.Parameter(nnkit.ones(3))
    optimizer = getattr(optim, name)([parameter])
    parameter.grad = nnkit.ones(3)
    change(parameter)
    before = parameter.array.copy()
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            optimizer.step()
    np.testing.assert_array_equal(parameter.array, before)


def test_a_wrong_gradient_does_not_stay():
    first, second = nn.Parameter(nnkit.zeros(3)), nn.Parameter(nnkit.zeros(3))
    optimizer = optim.SGD([first, second], lr=1.0)
    kept = first.grad, second.grad = nnkit.ones(3), nnkit.ones(3)
    optimizer.step()
    first.grad, second.grad = nnkit.zeros(3), nnkit.ones(3)
    second.grad.array = np.ones(4, np.float32)
    with pytest.raises(ValueError, match="expected all its arrays to be so"):
        optimizer.step()
    first.grad, second.grad = kept
    optimizer.step()
    assert first.tolist() == second.tolist() == [-2.0, -2.0, -2.0]


def test_integers_are_refused():
    count = nnkit.tensor([1, 2])
    count.grad = nnkit.tensor([1, 1])
    with pytest.raises(ValueError, match="expected float32 or float64"):
        optim.SGD([count]).step()


@pytest.mark.case("N13")
@pytest.mark.skipif(JIT_OFF, reason="this is the run without the compiler")
def test_N13_updates_are_right_without_the_compiler():
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_importing_optimizers_does_not_wait_for_the_compiler():
    program = "import sys, nnkit.optim; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
