"""Every operation in a network that is trained by plan: the plan has the tape's numbers, or says what it cannot do."""

import numpy as np
import pytest
from parity.cases import sized, spread
from parity.programs import evaluated, namespace
from plan_steps import CROSS_ENTROPY, assert_same, batch, take

from nnkit import nn, ops
from nnkit.ops.operation import N
from nnkit.plan import Replay
from nnkit.random import manual_seed
from nnkit.tensors import Tensor

COUNT = 19
FEATURES = 5
# What has no place in a plan, or none yet: their networks train on the tape.
ON_THE_TAPE = {
    ops.Acos,
    ops.Amax,
    ops.Asin,
    ops.Atan,
    ops.BinaryCrossEntropy,
    ops.Bmm,
    ops.Ceil,
    ops.Copy,
    ops.Cos,
    ops.ClampMaxTensor,
    ops.ClampMinTensor,
    ops.ClampTensor,
    ops.Cosh,
    ops.Cumsum,
    ops.DivRounded,
    ops.EluInPlace,
    ops.Fill,
    ops.Flip,
    ops.Floor,
    ops.Fmod,
    ops.FmodTensor,
    ops.Gather,
    ops.Index,
    ops.IndexPut,
    ops.IndexSelect,
    ops.LeakyReluInPlace,
    ops.Log10,
    ops.Log2,
    ops.MaskedFill,
    ops.Maximum,
    ops.MedianDim,
    ops.Minimum,
    ops.NanToNum,
    ops.NllLoss2D,
    ops.Norm,
    ops.PowScalar,
    ops.PowTensor,
    ops.Remainder,
    ops.RemainderOfNumber,
    ops.Roll,
    ops.Round,
    ops.RoundDecimals,
    ops.Scatter,
    ops.ScatterNumber,
    ops.Sin,
    ops.Sinh,
    ops.Softmax,
    ops.Sort,
    ops.Split,
    ops.SplitWithSizes,
    ops.SqueezeDims,
    ops.Tan,
    ops.Topk,
    ops.Tril,
    ops.Triu,
    ops.Trunc,
    ops.Where,
    ops.Zero,
}


class Sampled(nn.Module):
    """Inputs that linear layers make of the images, parameters for those that are the same for all images, the
    operation, and a linear layer for the logits.
    """

    def __init__(self, sample, result_size):
        super().__init__()
        self.sample = sample
        for name, shape in zip("xyzw", sample.shapes, strict=False):
            if N in shape:
                setattr(self, name, nn.Linear(FEATURES, int(np.prod(sized(shape, 1)))))
            else:
                (values,) = spread([shape], sample.low, sample.high, np.float32)
                setattr(self, name, nn.Parameter(Tensor.detached(values)))
        self.logits = nn.Linear(result_size, 4)

    def result(self, images):
        names = namespace("nnkit")
        for name, shape in zip("xyzw", self.sample.shapes, strict=False):
            made = getattr(self, name)
            if N in shape:
                made = made(images).sigmoid() * (self.sample.high - self.sample.low) + self.sample.low
                made = made.view(len(images), *shape[1:])
            names[name] = made
        return evaluated(self.sample.program, names)

    def forward(self, images):
        return self.logits(self.result(images).flatten(1))


def network_of(sample):
    """Return a network that uses a sample on each image by itself, or None where the sample does not."""
    if any(N in shape and shape[0] != N for shape in sample.shapes) or sample.shapes[0][:1] != (N,):
        return None
    manual_seed(0)
    images, _ = batch(COUNT, (FEATURES,))
    result = Sampled(sample, 1).result(images)
    if result.dim() < 2 or len(result) != COUNT or result.dtype != images.dtype:
        return None
    manual_seed(0)
    return Sampled(sample, int(np.prod(result.shape[1:])))


def is_planned(network):
    """Return whether a network runs by plan; its steps are those of the tape in any case."""
    tape, replay = (Replay(network, CROSS_ENTROPY, enabled=enabled) for enabled in (False, True))
    for number in range(3):
        images, labels = batch(COUNT, (FEATURES,), seed=number)
        for differentiate in (True, False):
            network.train(differentiate)
            assert_same(*(take(each, images, labels, differentiate=differentiate) for each in (replay, tape)))
    return replay.obstacle is None


OPERATIONS = {
    operation: networks
    for operation in ops.operations()
    if (networks := [network for sample in operation.samples if (network := network_of(sample)) is not None])
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_a_plan_has_the_numbers_of_the_tape(operation):
    planned = [is_planned(network) for network in OPERATIONS[operation]]
    assert any(planned) == (operation not in ON_THE_TAPE)
