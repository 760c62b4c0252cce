"""What configs can name."""

from nnkit import nn


def test_every_layer_can_be_named():
    modules = {
        name for name in nn.__all__ if isinstance(getattr(nn, name), type) and issubclass(getattr(nn, name), nn.Module)
    }
    containers = {"Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"}
    # What returns a tuple has no place in a list of layers.
    recurrent = {"LSTM", "RNN", "RNNBase"}
    losses = {nn.LOSSES.get(name).__name__ for name in nn.LOSSES.names()}
    # What configs cannot name, because networks return neither probabilities nor their logarithms for each class.
    losses |= {"BCELoss", "KLDivLoss"}
    # What reads numbers of words, and no images.
    words = {"Embedding"}
    assert set(nn.LAYERS.names()) == modules - containers - recurrent - losses - words
    assert all(nn.LAYERS.get(name).__name__ == name for name in nn.LAYERS.names())
