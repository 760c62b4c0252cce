"""Every operation, one line each, in onnxruntime and in the engine."""

import pytest
from export.onnx_runs import Written, assert_same

import nnkit
import nnkit.nn.functional as F
from nnkit import nn, ops
from nnkit.export import OPERATORS
from nnkit.recording import Recording

# Images (N, 2, 4, 6).
SHAPE = (2, 4, 6)
LSTM = nn.LSTM(6, 3)
LSTM_WITHOUT_BIAS = nn.LSTM(6, 3, bias=False, batch_first=True)
LSTM_BOTH_WAYS = nn.LSTM(6, 3, 2, batch_first=True, bidirectional=True)
RNN = nn.RNN(6, 3, batch_first=True)


def _mask():
    return (nnkit.arange(24).view(4, 6) % 3) == 0


def _written(x, change):
    y = x * 1
    change(y)
    return y


CASES = [
    (ops.Amax, lambda x: x.amax((1, 2))),
    (ops.Amin, lambda x: x.amin(-1, keepdim=True)),
    (ops.Acos, lambda x: (x / 4).acos()),
    (ops.Asin, lambda x: (x / 4).asin()),
    (ops.Atan, lambda x: x.atan()),
    (ops.Ceil, lambda x: (x * 3).ceil()),
    (ops.ClampMax, lambda x: x.clamp_max(0.3)),
    (ops.ClampMaxTensor, lambda x: x.clamp_max(x.sin())),
    (ops.ClampMin, lambda x: x.clamp_min(-0.3)),
    (ops.ClampMinTensor, lambda x: x.clamp_min(x.sin())),
    (ops.ClampTensor, lambda x: x.clamp(x.sin() - 0.1, x.sin() + 0.1)),
    (ops.Cos, lambda x: x.cos()),
    (ops.Cosh, lambda x: x.cosh()),
    (ops.Elu, lambda x: F.elu(x, 0.7)),
    (ops.Elu, lambda x: F.selu(x)),
    (ops.EluInPlace, lambda x: F.elu(x * 1, 0.7, inplace=True)),
    (ops.Erf, lambda x: x.erf()),
    (ops.Expm1, lambda x: x.expm1()),
    (ops.Floor, lambda x: (x * 3).floor()),
    (ops.Gelu, lambda x: F.gelu(x)),
    (ops.GeluTanh, lambda x: F.gelu(x, approximate="tanh")),
    (ops.Hardtanh, lambda x: F.hardtanh(x, -0.5, 0.7)),
    (ops.Hardtanh, lambda x: F.relu6(x * 9)),
    (ops.LeakyRelu, lambda x: F.leaky_relu(x, 0.2)),
    (ops.LeakyReluInPlace, lambda x: F.leaky_relu(x * 1, 0.2, inplace=True)),
    (ops.Lerp, lambda x: x.lerp(x[:, :1], 0.25)),
    (ops.Lerp, lambda x: x.lerp(x * 2, 0.75)),
    (ops.LerpTensor, lambda x: x.lerp(x * 2, x.sigmoid())),
    (ops.Log10, lambda x: x.abs().log10()),
    (ops.Log1P, lambda x: x.abs().log1p()),
    (ops.Log2, lambda x: x.abs().log2()),
    (ops.LogSigmoid, lambda x: F.logsigmoid(x)),
    (ops.Logsumexp, lambda x: x.logsumexp((1, 3))),
    (ops.NanToNum, lambda x: nnkit.where(_mask(), x, x * 0 / 0).nan_to_num()),
    (ops.NanToNum, lambda x: (x.abs() * 1e38 * 1e38).nan_to_num(posinf=3.0) + (x.abs() * -1e38 * 1e38).nan_to_num()),
    (ops.ProdDim, lambda x: x.prod(1, keepdim=True)),
    (ops.Round, lambda x: (x * 3).round()),
    (ops.RoundDecimals, lambda x: x.round(decimals=1) + (x * 90).round(decimals=-1)),
    (ops.Rsqrt, lambda x: (x.abs() + 1).rsqrt()),
    (ops.Sgn, lambda x: x.sign()),
    (ops.Silu, lambda x: F.silu(x)),
    (ops.Sin, lambda x: x.sin()),
    (ops.Sinh, lambda x: x.sinh()),
    (ops.Softplus, lambda x: F.softplus(x, 2.0)),
    (ops.Split, lambda x: x.chunk(4, -1)[2]),
    (ops.SplitWithSizes, lambda x: x.split([1, 3, 2], 3)[1]),
    (ops.SqueezeDims, lambda x: x[:, :1, :1].squeeze((1, 2))),
    (ops.Tan, lambda x: x.tan()),
    (ops.Trunc, lambda x: (x * 3).trunc()),
    (ops.Abs, lambda x: abs(x)),
    (ops.Add, lambda x: x + x[:, :1]),
    (ops.Add, lambda x: 2 + x),
    (ops.Add, lambda x: x.add(x, alpha=3)),
    (ops.Addmm, lambda x: nnkit.addmm(nnkit.ones(3), x.flatten(1), nnkit.ones(48, 3))),
    (ops.Addmm, lambda x: nnkit.addmm(nnkit.ones(1, 3), x.flatten(1), nnkit.ones(48, 3))),
    (ops.Addmm, lambda x: nnkit.addmm(nnkit.ones(3), x.flatten(1), nnkit.ones(48, 3), beta=0.5, alpha=2)),
    (ops.Bmm, lambda x: x @ x.transpose(2, 3)),
    (ops.Cat, lambda x: nnkit.cat((x, x[:, :1], nnkit.ones(len(x), 1, 4, 6)), -3)),
    (ops.Clamp, lambda x: x.clamp(-0.5, 0.75)),
    (ops.Clamp, lambda x: x.clamp(min=0)),
    (ops.Clamp, lambda x: x.clamp(max=0.1)),
    (ops.Clone, lambda x: x.clone() + 1),
    (ops.Convolution, lambda x: F.conv2d(x, nnkit.ones(3, 2, 3, 3), nnkit.ones(3), padding=(2, 1), stride=(1, 2))),
    (ops.Convolution, lambda x: F.conv2d(x, nnkit.ones(4, 1, 3, 2), None, groups=2, dilation=(1, 2))),
    (ops.Convolution, lambda x: F.conv2d(x, nnkit.ones(4, 2, 3, 3), None, padding="same")),
    (ops.Convolution, lambda x: F.conv1d(x.flatten(2), nnkit.ones(4, 1, 5), nnkit.ones(4), 2, 2, 2, groups=2)),
    (ops.TransposedConvolution, lambda x: F.conv_transpose2d(x, nnkit.ones(2, 3, 3, 2), nnkit.ones(3), 2, (1, 0), 1)),
    (ops.TransposedConvolution, lambda x: F.conv_transpose2d(x, nnkit.ones(2, 1, 2, 3), groups=2, dilation=(3, 1))),
    (ops.TransposedConvolution, lambda x: F.conv_transpose1d(x.flatten(2), nnkit.ones(2, 3, 4), stride=3)),
    (ops.AvgPool2D, lambda x: F.avg_pool2d(x, 2)),
    (ops.AvgPool2D, lambda x: F.avg_pool2d(x[:, 0], (3, 2), (2, 1), padding=(1, 0))),
    (ops.AvgPool2D, lambda x: F.avg_pool2d(x, 3, 2, padding=1, ceil_mode=True)),
    (ops.AvgPool2D, lambda x: F.avg_pool2d(x, 3, 2, padding=1, count_include_pad=False)),
    (ops.AvgPool2D, lambda x: F.avg_pool2d(x, 2, ceil_mode=True, divisor_override=3)),
    (ops.AvgPool2D, lambda x: F.avg_pool1d(x.flatten(2), 5, 3)),
    (ops.AdaptiveAvgPool2D, lambda x: F.adaptive_avg_pool2d(x, 2)),
    (ops.AdaptiveAvgPool2D, lambda x: F.adaptive_avg_pool2d(x[:, 1], (3, 4))),
    (ops.ConstantPadNd, lambda x: F.pad(x, (1, 2, 0, 3), value=0.5)),
    (ops.ConstantPadNd, lambda x: F.pad(x, (-1, 2, 0, -1, 1, 1))),
    (ops.ReflectionPad1D, lambda x: F.pad(x.flatten(2), (3, 1), "reflect")),
    (ops.ReflectionPad2D, lambda x: F.pad(x, (3, -1, 2, 0), "reflect")),
    (ops.ReplicationPad1D, lambda x: F.pad(x.flatten(2), (3, 1), "replicate")),
    (ops.ReplicationPad2D, lambda x: F.pad(x, (3, -1, 5, 0), "replicate")),
    (ops.CircularPad, lambda x: F.pad(x.flatten(2), (3, 1), "circular")),
    (ops.CircularPad, lambda x: F.pad(x, (3, 6, 2, 0), "circular")),
    (ops.Copy, lambda x: _written(x, lambda y: y.copy_(nnkit.arange(6)))),
    (ops.Div, lambda x: x / x.abs().add(1)),
    (ops.Div, lambda x: x.max(1)[1] / 2),
    (ops.Dot, lambda x: x + x.mean((0, 1, 2)) @ nnkit.ones(6)),
    (ops.Exp, lambda x: x.exp()),
    (ops.Expand, lambda x: x[:, :1].expand(-1, 5, 4, 6)),
    (ops.Expand, lambda x: x.sum(0).expand(len(x), 2, 4, 6)),
    (ops.Fill, lambda x: _written(x, lambda y: y.fill_(2.5))),
    (ops.Index, lambda x: x[:, :, [3, 0, 3]]),
    (ops.Index, lambda x: x[:, [[1, 0], [0, 1]]]),
    (ops.Log, lambda x: x.abs().log()),
    (ops.LogSoftmax, lambda x: x.log_softmax(-1)),
    (ops.LstmLayer, lambda x: LSTM(x[:, 0].transpose(0, 1))[0][-1]),
    (ops.LstmLayer, lambda x: LSTM_WITHOUT_BIAS(x[:, 0])[1][0][0]),
    (ops.LstmLayer, lambda x: LSTM_BOTH_WAYS(x[:, 1])[1][1][3]),
    (ops.LstmLayer, lambda x: LSTM_BOTH_WAYS(x[:, 1])[0]),
    (ops.MaskedFill, lambda x: x.masked_fill(_mask(), 7.0)),
    (ops.Max, lambda x: x - x.max()),
    (ops.MaxDim, lambda x: x.max(1)[0]),
    (ops.MaxDim, lambda x: x.max(-1, keepdim=True).indices),
    (ops.MaxPool2DWithIndices, lambda x: F.max_pool2d(x, 2)),
    (ops.MaxPool2DWithIndices, lambda x: F.max_pool2d(x[:, 1], 3, 2)),
    (ops.MaxPool2DWithIndices, lambda x: F.max_pool1d(x.flatten(2), 3)),
    (ops.MaxPool2DWithIndices, lambda x: F.max_pool2d(x, (3, 2), (2, 1), padding=(1, 0))),
    (ops.MaxPool2DWithIndices, lambda x: F.max_pool2d(x, 3, 2, padding=1, ceil_mode=True)),
    (ops.MaxPool2DWithIndices, lambda x: F.max_pool2d(x, 2, 3, dilation=(2, 3), ceil_mode=True)),
    (ops.Maximum, lambda x: nnkit.maximum(x, x[:, :, :, :1])),
    (ops.Mean, lambda x: x - x.mean()),
    (ops.MeanDim, lambda x: x.mean((-1, 2))),
    (ops.Min, lambda x: x - x.min()),
    (ops.MinDim, lambda x: x.min(2)[0] + x.min(2)[1]),
    (ops.Minimum, lambda x: nnkit.minimum(x, x[:, :1])),
    (ops.Mm, lambda x: x.flatten(1) @ nnkit.ones(48, 2)),
    (ops.Mm, lambda x: x.flatten(1) @ nnkit.ones(2, 48).t()),
    (ops.NativeBatchNorm, lambda x: F.batch_norm(x, nnkit.arange(2.0), nnkit.arange(1.0, 3.0))),
    (
        ops.NativeBatchNorm,
        lambda x: F.batch_norm(x, nnkit.ones(2), nnkit.ones(2) / 3, nnkit.ones(2), nnkit.arange(2.0)),
    ),
    (ops.NativeBatchNorm, lambda x: F.batch_norm(x.flatten(1), nnkit.ones(48), nnkit.ones(48), eps=0.5)),
    (ops.NativeLayerNorm, lambda x: F.layer_norm(x, x.shape[-1:])),
    (ops.NativeLayerNorm, lambda x: F.layer_norm(x.flatten(2), (24,), nnkit.arange(24.0), nnkit.ones(24), eps=0.5)),
    (ops.NativeLayerNorm, lambda x: F.layer_norm(x.flatten(2), (24,), bias=nnkit.arange(24.0))),
    (ops.PreluKernel, lambda x: F.prelu(x, nnkit.tensor([0.25, -0.5]))),
    (ops.PreluKernel, lambda x: F.prelu(x.flatten(1), nnkit.tensor([0.25]))),
    (ops.NativeBatchNorm, lambda x: F.batch_norm(x.flatten(2), nnkit.ones(2), nnkit.ones(2), bias=nnkit.ones(2))),
    (ops.Mul, lambda x: 3 * x * x),
    (ops.Mv, lambda x: x.flatten(1) @ nnkit.linspace(-1, 1, 48)),
    (ops.Neg, lambda x: -x),
    (ops.Norm, lambda x: x.norm(dim=1)),
    (ops.Norm, lambda x: x.norm(p=1, dim=(1, 2), keepdim=True)),
    (ops.Norm, lambda x: x.norm(3, 1)),
    (ops.Norm, lambda x: x.norm(float("inf"), 1) + x.norm(-float("inf"), 1)),
    (ops.Permute, lambda x: x.permute(0, 3, -3, 2)),
    (ops.Pow, lambda x: x**2 + x**3),
    (ops.PowScalar, lambda x: 2**x),
    (ops.PowTensor, lambda x: x.abs() ** x[:, :1]),
    (ops.Prod, lambda x: x * x.clamp(0.9, 1.1).prod()),
    (ops.Reciprocal, lambda x: 1 / (x.abs() + 1)),
    (ops.Relu, lambda x: x.relu()),
    (ops.Rsub, lambda x: 2 - x),
    (ops.Select, lambda x: x[:, -1, 2]),
    (ops.Sigmoid, lambda x: x.sigmoid()),
    (ops.Slice, lambda x: x[:, :, 1:-1, ::2]),
    (ops.Slice, lambda x: x[:, :, :, -4:]),
    (ops.Softmax, lambda x: x.softmax(1)),
    (ops.Sqrt, lambda x: x.abs().sqrt()),
    (ops.Squeeze, lambda x: x + x.mean((0, 1, 2), keepdim=True)[..., :1].squeeze()),
    (ops.SqueezeDim, lambda x: x[:, :1].squeeze(1).squeeze(-1)),
    (ops.Stack, lambda x: nnkit.stack([x, x * 2], -1)),
    (ops.Std, lambda x: x.std(1, keepdim=True)),
    (ops.Sub, lambda x: x.sub(x[:, 1:], alpha=2) - 1),
    (ops.Sum, lambda x: x - x.sum() / 1000),
    (ops.SumDim, lambda x: x.sum((1, 3), keepdim=True)),
    (ops.T, lambda x: x.flatten(1).t().t()),
    (ops.Tanh, lambda x: x.tanh()),
    (ops.ToCopy, lambda x: (x * 10).int().float() + x.double().float()),
    (ops.Transpose, lambda x: x.transpose(1, -1)),
    (ops.TransposeInPlace, lambda x: RNN(x[:, 0])[0]),
    (ops.Unbind, lambda x: x.unbind(1)[1]),
    (ops.UnsafeView, lambda x: x.transpose(1, 3).reshape(-1, 48)),
    (ops.Unsqueeze, lambda x: x[:, None].unsqueeze(-1)),
    (ops.Var, lambda x: x.var((1, 2), correction=0)),
    (ops.View, lambda x: x.view(-1, 6).view(len(x), 2, 24)),
    (ops.Where, lambda x: nnkit.where(_mask(), x, 0.5)),
    (ops.Zero, lambda x: _written(x, lambda y: y.zero_())),
]


def _case_name(number):
    return f"{number}-{CASES[number][0].__name__}"


@pytest.mark.parametrize("number", range(len(CASES)), ids=_case_name)
def test_onnxruntime_and_the_engine_agree(number):
    operation, function = CASES[number]
    network = Written(lambda _, images: function(images))
    with Recording() as recording, nnkit.no_grad():
        network(nnkit.randn(2, *SHAPE))
    assert operation in [call.operation for call in recording.calls]
    assert_same(network, SHAPE)


def test_every_operation_has_a_case():
    assert {operation for operation, _ in CASES} == set(OPERATORS)
