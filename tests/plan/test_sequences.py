"""Networks that read sequences give the same numbers by plan as on the tape."""

import pytest
from plan_steps import JIT_OFF, Built, batch, planned_step

import nnkit
import nnkit.nn.functional as F
from nnkit import nn
from nnkit.models import LSTM, BasicMNIST
from nnkit.random import manual_seed

STEPS, FEATURES, HIDDEN = 5, 6, 9
BATCHES = [1, 17] if JIT_OFF else [1, 2, 5, 15, 16, 17, 33, 64, 100, 257]


def reader(read, layer, features=HIDDEN):
    """Return a network whose logits are made of what is read from the results of a layer over the images."""
    return Built(lambda s, x: s.last(read(s.layer(x))), layer=layer, last=nn.Linear(features, 4))


def last_output(results):
    return results[0][:, -1]


def all_outputs(results):
    return results[0].flatten(1)


def lstm(*arguments, **options):
    return nn.LSTM(FEATURES, HIDDEN, *arguments, batch_first=True, **options)


def rnn(*arguments, **options):
    return nn.RNN(FEATURES, HIDDEN, *arguments, batch_first=True, **options)


def over_steps_first(layer, move):
    return Built(lambda s, x: s.last(s.layer(move(x))[0][-1]), layer=layer, last=nn.Linear(HIDDEN, 4))


NETWORKS = {
    "the last output": lambda: reader(last_output, lstm()),
    "the last hidden state": lambda: reader(lambda results: results[1][0][-1], lstm()),
    "the last cell state": lambda: reader(lambda results: results[1][1].squeeze(0), lstm()),
    "all outputs": lambda: reader(all_outputs, lstm(), STEPS * HIDDEN),
    "every other output": lambda: reader(lambda results: results[0][:, ::2].flatten(1), lstm(), 3 * HIDDEN),
    "both directions": lambda: reader(last_output, lstm(bidirectional=True), 2 * HIDDEN),
    "three layers": lambda: reader(last_output, lstm(3, bias=False, bidirectional=True, dropout=0.3), 2 * HIDDEN),
    "steps first": lambda: over_steps_first(nn.LSTM(FEATURES, HIDDEN, 2, dropout=0.5), lambda x: x.transpose(0, 1)),
    "steps first, permuted": lambda: over_steps_first(nn.LSTM(FEATURES, HIDDEN), lambda x: x.permute(1, 0, 2)),
    "twice": lambda: Built(
        lambda s, x: s.last(s.layer(x)[0][:, -1] + s.layer(x)[0][:, 2]), layer=lstm(), last=nn.Linear(HIDDEN, 4)
    ),
    "a state given": lambda: Built(
        lambda s, x: s.last(s.layer(x, (nnkit.ones(1, len(x), HIDDEN), nnkit.zeros(1, len(x), HIDDEN)))[0][:, -1]),
        layer=lstm(),
        last=nn.Linear(HIDDEN, 4),
    ),
    "a state calculated": lambda: Built(
        lambda s, x: s.last(s.layer(x, s.layer(x)[1])[0][:, -1]), layer=lstm(), last=nn.Linear(HIDDEN, 4)
    ),
    "RNN, the last output": lambda: reader(last_output, rnn()),
    "RNN, the last hidden state": lambda: reader(lambda results: results[1][-1], rnn(nonlinearity="relu", bias=False)),
    "RNN, all outputs": lambda: reader(all_outputs, rnn(), STEPS * HIDDEN),
    "RNN, two layers": lambda: reader(last_output, rnn(2, bidirectional=True, dropout=0.3), 2 * HIDDEN),
    "RNN, steps first": lambda: over_steps_first(nn.RNN(FEATURES, HIDDEN), lambda x: x.transpose(0, 1)),
    "after a linear layer": lambda: Built(
        lambda s, x: s.last(s.layer(F.relu(s.first(x)))[0][:, -1]),
        first=nn.Linear(FEATURES, FEATURES),
        layer=lstm(),
        last=nn.Linear(HIDDEN, 4),
    ),
    "a linear layer over steps": lambda: Built(
        lambda s, x: s.last(F.relu(s.first(x)).flatten(1)),
        first=nn.Linear(FEATURES, 3, bias=False),
        last=nn.Linear(3 * STEPS, 4),
    ),
    "batch moved and back": lambda: Built(
        lambda s, x: s.last((s.first(x.flatten(1)).t() * 2).tanh().t()),
        first=nn.Linear(STEPS * FEATURES, 7),
        last=nn.Linear(7, 4),
    ),
}


@pytest.mark.parametrize("count", [1, 16, 19])
@pytest.mark.parametrize("name", NETWORKS)
def test_layers_over_sequences(name, count):
    manual_seed(0)
    planned_step(NETWORKS[name](), *batch(count, (STEPS, FEATURES)))


@pytest.mark.parametrize("count", BATCHES)
@pytest.mark.parametrize("name", ["the last output", "three layers", "RNN, two layers"])
def test_batches_of_sequences(name, count):
    manual_seed(1)
    planned_step(NETWORKS[name](), *batch(count, (STEPS, FEATURES)))


def test_frozen_parameters_of_an_lstm():
    for frozen in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        network = NETWORKS["the last output"]()
        network.get_parameter(f"layer.{frozen}").requires_grad_(False)
        planned_step(network, *batch(18, (STEPS, FEATURES)))


@pytest.mark.parametrize("count", BATCHES[1:])
def test_the_network_of_a_config_that_reads_rows(count):
    manual_seed(2)
    # Sums over few images, of which the mean is taken away, are rounded to the size of their terms.
    planned_step(LSTM(data_size=6, hidden_size=HIDDEN), *batch(count, (1, STEPS, 6), 10), tolerance=1e-4)


@pytest.mark.skipif(JIT_OFF, reason="takes minutes without the compiler")
def test_the_network_of_the_basic_example():
    manual_seed(2)
    planned_step(BasicMNIST(), *batch(17, (1, 28, 28), 10))
