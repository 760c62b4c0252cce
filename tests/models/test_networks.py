import inspect
import typing

import numpy as np
import pytest
import torch
from pytorch_networks import TorchBasicMNIST, TorchLeNet, TorchLSTM, TorchMNISTConvNet, TorchRNN

import nnkit
import nnkit.nn.functional as F
from nnkit import models, nn
from nnkit.tensors import Tensor

PAIRS = {
    "LeNet": (models.LeNet, TorchLeNet),
    "LeNet of the first tutorial": (lambda: models.LeNet(kernel_size=3), lambda: TorchLeNet(3)),
    "MNISTConvNet": (models.MNISTConvNet, TorchMNISTConvNet),
    "RNN": (models.RNN, lambda: TorchRNN("none")),
    "BasicMNIST": (models.BasicMNIST, TorchBasicMNIST),
    "LSTM": (models.LSTM, TorchLSTM),
    "RNN with tanh": (lambda: models.RNN(nonlinearity="tanh"), lambda: TorchRNN("tanh")),
}


@pytest.mark.parametrize("batch", [1, 5, 32])
@pytest.mark.parametrize("name", PAIRS)
def test_a_network_is_that_of_pytorch(name, batch):
    make, make_reference = PAIRS[name]
    nnkit.manual_seed(1)
    torch.manual_seed(1)
    # Batch normalization refuses to train on one image.
    network, reference = make().train(batch > 1), make_reference().train(batch > 1)
    assert repr(network).splitlines()[1:] == repr(reference).splitlines()[1:]
    for mine, other in zip(network.parameters(), reference.parameters(), strict=True):
        np.testing.assert_array_equal(mine.detach().numpy(), other.detach().numpy())

    random = np.random.default_rng(0)
    images = random.standard_normal((batch, 1, *network.input_size)).astype("float32")
    labels = random.integers(0, 10, batch)
    logits, expected = network(Tensor.detached(images)), reference(torch.tensor(images))
    np.testing.assert_allclose(logits.detach().numpy(), expected.detach().numpy(), rtol=1e-4, atol=1e-5)
    F.cross_entropy(logits, Tensor.detached(labels)).backward()
    torch.nn.functional.cross_entropy(expected, torch.tensor(labels)).backward()
    for (path, mine), other in zip(network.named_parameters(), reference.parameters(), strict=True):
        np.testing.assert_allclose(mine.grad.numpy(), other.grad.numpy(), rtol=1e-3, atol=2e-6, err_msg=path)


@pytest.mark.parametrize("name", ["LeNet", "MNISTConvNet", "RNN", "LSTM"])
def test_a_state_dict_goes_to_pytorch_and_back(name):
    make, make_reference = PAIRS[name]
    network, reference = make().eval(), make_reference().eval()
    state = {key: torch.tensor(value.numpy()) for key, value in network.state_dict().items()}
    reference.load_state_dict(state)
    images = np.random.default_rng(0).standard_normal((3, 1, *network.input_size)).astype("float32")
    expected = reference(torch.tensor(images)).detach().numpy()
    other = make().eval()
    other.load_state_dict({key: nnkit.tensor(value.numpy()) for key, value in reference.state_dict().items()})
    np.testing.assert_allclose(other(Tensor.detached(images)).detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_the_recurrent_step_is_the_tutorials_forward():
    network = models.RNN(50, 20, 10)
    data, hidden = nnkit.randn(10, 50), nnkit.zeros(10, 20)
    loss = 0
    for _ in range(5):
        hidden, output = network.step(data, hidden)
        loss += nn.MSELoss()(output, nnkit.zeros(10, 10))
    loss.backward()
    assert hidden.shape == (10, 20)
    assert output.shape == (10, 10)
    assert network.i2h.weight.grad.shape == (20, 70)


def test_images_of_other_heights_are_read_row_by_row():
    network = models.RNN(data_size=4, hidden_size=3, output_size=2, nonlinearity="tanh")
    images = nnkit.randn(5, 1, 6, 4)
    hidden = nnkit.zeros(5, 3)
    for row in range(6):
        hidden, output = network.step(images[:, 0, row], hidden)
    np.testing.assert_allclose(network(images).tolist(), output.tolist(), rtol=1e-5, atol=1e-6)


def test_networks_take_other_numbers_of_classes():
    assert models.LeNet(num_classes=3)(nnkit.zeros(2, 1, 32, 32)).shape == (2, 3)
    assert models.MNISTConvNet(num_classes=3)(nnkit.zeros(2, 1, 28, 28)).shape == (2, 3)


@pytest.mark.parametrize("kernel_size", [1, 2, 4, 7, 10])
def test_lenet_takes_other_filters(kernel_size):
    assert models.LeNet(kernel_size)(nnkit.zeros(1, 1, 32, 32)).shape == (1, 10)


@pytest.mark.parametrize("kernel_size", [0, -1, 11, 40])
def test_filters_that_do_not_fit_are_refused(kernel_size):
    with pytest.raises(ValueError, match=f"kernel_size must be between 1 and 10 .* but got {kernel_size}"):
        models.LeNet(kernel_size)


def test_an_unknown_nonlinearity_is_refused():
    with pytest.raises(ValueError, match="nonlinearity must be 'none' or 'tanh', but got 'relu'"):
        models.RNN(nonlinearity="relu")


def test_the_registry_has_every_network_with_its_input_size_and_types():
    # That of Sequential is an argument.
    sizes = {name: models.NETWORKS.get(name).input_size for name in models.NETWORKS.names() if name != "Sequential"}
    assert sizes == {
        "BasicMNIST": (28, 28),
        "LSTM": (28, 28),
        "LeNet": (32, 32),
        "MNISTConvNet": (28, 28),
        "RNN": (28, 28),
    }
    for name in models.NETWORKS.names():
        constructor = models.NETWORKS.get(name).__init__
        types = typing.get_type_hints(constructor)
        assert all(argument in types for argument in inspect.signature(constructor).parameters if argument != "self")


def test_layers_in_a_row_are_a_network_with_its_input_size():
    network = models.Sequential([nn.Flatten(), nn.Linear(100, 10)], input_size=(10, 10))
    assert network.input_size == (10, 10)
    assert network(nnkit.zeros(3, 1, *network.input_size)).shape == (3, 10)
    assert list(network.state_dict()) == ["1.weight", "1.bias"]
    assert models.Sequential([nn.ReLU()]).input_size == (28, 28)
