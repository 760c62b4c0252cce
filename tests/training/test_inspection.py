"""The graph behind a config's loss, and the batch that it is of."""

import pytest

from nnkit.errors import ConfigError
from nnkit.training.config import Override, load_config
from nnkit.training.inspection import loss_graph
from nnkit.training.load import load_run


def test_no_data_is_read_for_the_graph_alone(monkeypatch):
    monkeypatch.setattr("nnkit.data.load", None)
    graph = loss_graph(*load_run("lenet"))
    assert graph.title == "LeNet, a batch of 64 images"
    assert all(node.annotation.gradient_norm is None for node in graph.nodes)


def test_a_data_set_with_fewer_images_than_a_batch_gives_all():
    config = load_config("quickstart", [Override.from_text("data.batch_size", "5000", "test")])
    graph = loss_graph(config, load_run("quickstart")[1], backward=True)
    assert graph.title.startswith("LeNet, a batch of 1,415 images of digits, loss 2.")


def test_a_network_without_parameters_has_no_graph():
    config, network = load_run("quickstart")
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    with pytest.raises(ConfigError, match="LeNet: no parameter needs a gradient"):
        loss_graph(config, network, backward=True, steps=1)
