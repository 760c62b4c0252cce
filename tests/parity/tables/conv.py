"""Convolutions, poolings and borders."""

from parity.cases import N, layer

LAYERS = [
    layer("nn.Conv1d(2, 3, 3)", (N, 2, 9)),
    layer("nn.Conv1d(4, 6, 4, stride=2, padding=1, dilation=2, groups=2, bias=False)", (N, 4, 12)),
    layer("nn.Conv1d(2, 3, 5, padding='same', padding_mode='circular')", (N, 2, 7)),
    layer("nn.Conv1d(2, 3, (2,), padding=(1,), padding_mode='replicate')", (N, 2, 7)),
    layer("nn.Conv1d(3, 2, 3)", (3, N)),
    layer("nn.Conv2d(2, 4, (3, 2), (2, 1), (1, 2), (2, 1), 2)", (N, 2, 8, 7)),
    layer("nn.Conv2d(1, 3, 4, padding='same')", (N, 1, 6, 5)),
    layer("nn.Conv2d(1, 3, (3, 5), padding='same', dilation=(2, 1), padding_mode='reflect')", (N, 1, 6, 5)),
    layer("nn.Conv2d(2, 3, 3, padding=(2, 1), stride=2, padding_mode='replicate')", (N, 2, 6, 5)),
    layer("nn.Conv2d(2, 3, 3, padding=(2, 1), padding_mode='circular')", (N, 2, 6, 5)),
    layer("nn.Conv2d(2, 3, 3, padding='valid', padding_mode='circular')", (2, 6, 5)),
    layer("nn.Conv2d(6, 6, 3, padding=1, groups=6)", (N, 6, 5, 5)),
    layer("nn.ConvTranspose1d(3, 2, 3)", (N, 3, 6)),
    layer("nn.ConvTranspose1d(4, 2, 4, 3, 2, 1, groups=2, bias=False, dilation=2)", (N, 4, 5)),
    layer("nn.ConvTranspose1d(3, 2, 3)", (3, N)),
    layer("nn.ConvTranspose2d(3, 2, (3, 2), padding=(1, 0))", (N, 3, 5, 4)),
    layer("nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2)", (N, 4, 4, 5)),
    layer("nn.ConvTranspose2d(2, 3, 2, output_padding=(2, 1), dilation=(3, 2))", (N, 2, 4, 3)),
    layer("nn.ConvTranspose2d(2, 1, 3)", (2, 4, 5)),
    layer("nn.MaxPool1d(3)", (N, 2, 10)),
    layer("nn.MaxPool1d(3, 2, 1, 2, ceil_mode=True)", (N, 2, 10)),
    layer("nn.MaxPool1d((2,), return_indices=True)", (N, 2, 10)),
    layer("nn.MaxPool2d((3, 2), (2, 1), (1, 0), (1, 2), ceil_mode=True)", (N, 2, 6, 5)),
    layer("nn.MaxPool2d(2, return_indices=True)", (N, 2, 6, 5)),
    layer("nn.MaxPool2d(3, 1)", (2, 6, 5)),
    layer("nn.AvgPool1d(3)", (N, 2, 10)),
    layer("nn.AvgPool1d(3, 2, 1, ceil_mode=True, count_include_pad=False)", (N, 2, 9)),
    layer("nn.AvgPool2d(2)", (N, 2, 6, 5)),
    layer("nn.AvgPool2d((3, 2), (2, 3), (1, 0), ceil_mode=True)", (N, 2, 6, 7)),
    layer("nn.AvgPool2d(3, 2, 1, count_include_pad=False)", (N, 2, 6, 5)),
    layer("nn.AvgPool2d(3, divisor_override=2)", (2, 6, 5)),
    layer("nn.AdaptiveAvgPool1d(4)", (N, 2, 10)),
    layer("nn.AdaptiveAvgPool1d(1)", (N, 2, 10)),
    layer("nn.AdaptiveAvgPool2d((3, None))", (N, 2, 7, 4)),
    layer("nn.AdaptiveAvgPool2d((9, 2))", (N, 2, 7, 4)),
    layer("nn.AdaptiveAvgPool2d(1)", (N, 2, 7, 4)),
    layer("nn.AdaptiveAvgPool2d([2, 3])", (2, 7, 4)),
]
PROGRAMS = """
nn.Conv1d(1, 6, 5), nn.Conv1d(1, 6, 5, 2, 1, 3, bias=False), nn.Conv1d(2, 6, 5, groups=2, padding='same')
nn.Conv1d(2, 6, (5,), padding_mode='circular', padding=(2,)), nn.Conv2d(1, 6, 5, padding='same', padding_mode='reflect')
nn.ConvTranspose2d(2, 6, 5, 2, 1, 1, 2, False, 2), nn.ConvTranspose1d(2, 6, 5, 2, 1, 1, 2, False, 2)
nn.MaxPool1d((2,), 3, 1, 2, True, True), nn.AvgPool1d(3, 2, 1, True, False), nn.AvgPool2d((3, 2), 2, 1, True, False, 3)
nn.AdaptiveAvgPool1d(3), nn.AdaptiveAvgPool2d((1, None)), nn.AdaptiveAvgPool2d(3), nn.AvgPool2d(2)
c = nn.Conv2d(2, 4, 3); (c.transposed, c.output_padding, c.padding_mode, c.padding, c.in_channels, c.groups)
c = nn.ConvTranspose2d(2, 4, 3, 2); (c.transposed, c.output_padding, c.weight.shape, list(c.state_dict()), c.stride)
nn.AvgPool1d(3).kernel_size, nn.AvgPool1d(3).stride, nn.AvgPool2d(3).stride, nn.MaxPool1d(2, 0).stride
nn.Conv2d(1, 6, 5, dtype=t.float64, device='cpu')(t.ones(1, 1, 5, 5, dtype=t.float64)).dtype
nn.Conv1d(2, 3, 0)
nn.Conv1d(0, 3, 3)
nn.Conv2d(1, 6, -1)
nn.Conv2d(2, 3, 2.5)
nn.Conv1d(2, 3, (3, 3)), nn.Conv2d(2, 3, (3,)), nn.Conv2d(2, 3, 3, stride=(1, 2, 3))
nn.Conv1d(3, 6, 3, groups=2)
nn.ConvTranspose2d(2, 3, 3, groups=2)
nn.ConvTranspose2d(2, 4, 3, groups=0)
nn.ConvTranspose1d(2, 3, 3, padding_mode='reflect')
nn.ConvTranspose2d(2, 3, 3, padding_mode='bogus')
nn.Conv2d(2, 3, 3, padding=2, padding_mode='reflect')(t.ones(1, 2, 2, 2))
nn.Conv2d(2, 3, 3, padding=4, padding_mode='circular')(t.ones(1, 2, 3, 3))
nn.Conv1d(2, 3, 3)(t.ones(1, 1, 8))
nn.Conv1d(2, 3, 3)(t.ones(8))
nn.Conv1d(2, 3, 3)(t.ones(1, 1, 1, 8))
nn.Conv1d(2, 3, 3)(t.ones(1, 2, 2))
nn.Conv1d(2, 3, 3)(t.ones(1, 2, 8, dtype=t.float64))
nn.Conv1d(2, 3, 3, stride=(1, 2))(t.ones(1, 2, 8))
nn.Conv2d(2, 3, (3, 3, 3))(t.ones(1, 2, 8, 8))
nn.Conv2d(2, 3, 0)(t.ones(1, 2, 4, 4))
nn.Conv2d(2, 3, 3)(t.ones(0, 2, 8, 8)).sum().backward()
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 4, 4))
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2))
F.conv1d(t.ones(1, 2, 4), t.ones(3, 1, 2), groups=2)
F.conv1d(t.ones(1, 2, 4), t.ones(3, 1, 2), groups=0)
F.conv1d(t.ones(1, 2, 4), t.ones(3, 1, 2), groups=4)
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 2), stride=0)
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 2), padding=-1)
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 2), dilation=0)
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 2), dilation=(1, 1))
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 2), t.ones(2))
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 2), t.ones(3, 1))
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 2), t.ones(3, dtype=t.float64))
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 2, dtype=t.float64))
F.conv1d(t.arange(4).view(1, 1, 4), t.ones(2, 1, 2, dtype=t.int64), t.tensor([1, -9]))
F.conv1d(t.ones(2, 4), t.ones(3, 2, 2))
F.conv2d(t.ones(1, 1, 3, 3, dtype=t.bool), t.ones(1, 1, 2, 2, dtype=t.bool))
F.conv2d(t.ones(1, 1, 3, 3, dtype=t.uint8), t.ones(1, 1, 2, 2, dtype=t.uint8))
F.conv2d(t.ones(1, 2, 4, 4), t.ones(3, 2, 4))
F.conv2d(t.ones(4, 4), t.ones(3, 2, 4, 4))
F.conv2d(t.ones(1, 2, 4, 4), t.ones(3, 2, 3, 3), padding='bogus')
F.conv2d(t.ones(1, 2, 4, 4), t.ones(3, 2, 3, 3), stride=2, padding='same')
F.conv2d(t.ones(1, 2, 4, 4), t.ones(3, 2, 3, 3), padding='same').shape
F.conv1d(t.ones(1, 2, 4), t.ones(3, 2, 3), padding='valid').shape
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2)).shape, F.conv_transpose1d(t.ones(2, 4), t.ones(2, 3, 2)).shape
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(3, 3, 2))
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), t.ones(2))
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), t.ones(3), groups=2)
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), groups=3)
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), output_padding=1)
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), output_padding=-1)
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), output_padding=(1, 1), stride=2)
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), output_padding=1.5)
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), padding=-1)
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), padding=3)
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), dilation=0)
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2), 2)
F.conv_transpose1d(t.ones(1, 2, 0), t.ones(2, 3, 2))
F.conv_transpose1d(t.ones(4), t.ones(2, 3, 2))
F.conv_transpose1d(t.ones(1, 2, 4), t.ones(2, 3, 2, 2))
F.conv_transpose2d(t.ones(1, 2, 4, 4), t.ones(2, 3, 2, 2), stride=(2, 3), output_padding=(1, 2)).shape
F.conv_transpose2d(t.ones(1, 2, 4, 4), t.ones(2, 3, 2, 2), stride=(2, 3), output_padding=(2, 2))
F.conv_transpose2d(t.ones(1, 2, 4, 4), t.ones(2, 3, 2, 2), padding='same')
F.conv_transpose2d([1], t.ones(2, 3, 2, 2))
F.conv_transpose2d(t.ones(1, 1, 2, 2, dtype=t.int64), t.ones(1, 1, 2, 2, dtype=t.int64))
F.conv_transpose2d(t.ones(1, 1, 3, 3), t.ones(1, 1, 2, 2, dtype=t.float64))
nn.ConvTranspose1d(2, 3, 3, 2)(t.ones(1, 2, 3), output_size=(8,)).shape
nn.ConvTranspose1d(2, 3, 3, 2)(t.ones(1, 2, 3), output_size=8)
nn.ConvTranspose1d(2, 3, 3, 2)(t.ones(1, 2, 3), output_size=[9])
nn.ConvTranspose1d(2, 3, 3, 2)(t.ones(1, 2, 3), output_size=[1, 8])
nn.ConvTranspose1d(2, 3, 3, 2)(t.ones(2, 3), output_size=[1, 2, 8])
nn.ConvTranspose2d(2, 3, 3, 2)(t.ones(2, 3, 3), output_size=t.Size([2, 8, 7])).shape
nn.ConvTranspose2d(2, 3, 3, 2, 1, dilation=2)(t.ones(2, 3, 3), output_size=[7, 8]).shape
nn.ConvTranspose2d(2, 3, 3, 2)(t.ones(1, 2, 3, 3), output_size=(12, 12))
F.max_pool1d(t.arange(6.).view(1, 6), 2, return_indices=True)
F.max_pool1d(t.tensor([[1., float('nan'), 3., 3., 2., float('nan')]]), 2, return_indices=True)
F.max_pool1d(t.arange(6).view(1, 1, 6), 2, return_indices=True)
F.max_pool1d(t.ones(6), 2)
F.max_pool1d(t.ones(1, 1, 1, 6), 2)
F.max_pool1d(t.ones(1, 1, 6), 0)
F.max_pool1d(t.ones(1, 1, 6), 7)
F.max_pool1d(t.ones(1, 1, 6), 2, 0)
F.max_pool1d(t.ones(1, 1, 6), 2, padding=2)
F.max_pool1d(t.ones(1, 1, 6), 2, padding=-1)
F.max_pool1d(t.ones(1, 1, 6), 2, dilation=0)
F.max_pool1d(t.ones(1, 1, 6), (2, 2))
F.max_pool1d(t.ones(1, 1, 6), 2, (2, 2))
F.max_pool1d(t.ones(1, 1, 6), 2, padding=(2, 2))
F.max_pool1d(t.ones(1, 1, 6), 2, dilation=(2, 2))
F.max_pool1d(t.ones(1, 1, 6), 2.5)
F.max_pool1d(t.ones(1, 0, 6), 2)
F.max_pool1d(t.ones(1, 1, 6, dtype=t.int64), 2)
F.max_pool1d([1], 2)
F.max_pool1d(t.ones(1, 1, 6), 7, return_indices=True)
F.max_pool1d(t.ones(6), 2, return_indices=True)
F.max_pool1d(t.ones(1, 1, 6), (2, 2), return_indices=True)
F.max_pool1d(t.ones(1, 1, 6), 2, 2.5, return_indices=True)
F.max_pool1d(t.ones(1, 0, 6), 2, return_indices=True)
F.max_pool2d(t.ones(1, 1, 6, 6), 2, -1)
F.max_pool2d(t.ones(1, 1, 2, 9), (4, 1), 1)
F.max_pool2d(t.ones(1, 1, 6, 6), (2.5, 1))
F.max_pool2d(t.ones(1, 1, 6, 6), 2, []).shape, F.max_pool2d(t.ones(0, 1, 4, 4), 2).shape
x = t.ones(1, 1, 2, 4, requires_grad=True); F.max_pool2d(x, 2).sum().backward(); x.grad
x = t.tensor([[[1., math.nan], [math.nan, 2.]]], requires_grad=True); F.max_pool2d(x, 2).sum().backward(); x.grad
F.avg_pool1d(t.arange(6.).view(1, 6), 3, 2, 1, True), F.avg_pool1d(t.arange(6.).view(1, 6), 3, 2, 1, True, False)
F.avg_pool1d(t.ones(6), 2)
F.avg_pool1d(t.ones(1, 1, 6), 0)
F.avg_pool1d(t.ones(1, 1, 6), 7)
F.avg_pool1d(t.ones(1, 1, 6), 2, padding=2)
F.avg_pool1d(t.ones(1, 1, 6), (2, 2))
F.avg_pool1d(t.ones(1, 1, 6), 2.5)
F.avg_pool1d(t.ones(1, 0, 6), 2)
F.avg_pool2d(t.arange(25.).view(1, 5, 5), 3, 2, 1, ceil_mode=True)
F.avg_pool2d(t.arange(25.).view(1, 5, 5), 2, 2, 1, ceil_mode=True, count_include_pad=False)
F.avg_pool2d(t.arange(25.).view(1, 5, 5), 2, divisor_override=-1)
F.avg_pool2d(t.arange(25.).view(1, 5, 5), 2, divisor_override=0)
F.avg_pool2d(t.arange(25.).view(1, 5, 5), 2, divisor_override=1.5)
F.avg_pool2d(-t.ones(1, 1, 6, 6, dtype=t.int64) * 7, 3, padding=1)
F.avg_pool2d(t.ones(1, 1, 6, 6, dtype=t.int32), 3)
F.avg_pool2d(t.ones(6, 6), 2)
F.avg_pool2d(t.ones(1, 1, 1, 6, 6), 2)
F.avg_pool2d(t.ones(1, 1, 6, 6), 0)
F.avg_pool2d(t.ones(1, 1, 6, 6), -1)
F.avg_pool2d(t.ones(1, 1, 6, 6), 7)
F.avg_pool2d(t.ones(1, 1, 6, 6), 2, -1)
F.avg_pool2d(t.ones(1, 1, 6, 6), 2, padding=2)
F.avg_pool2d(t.ones(1, 1, 6, 6), (2, 2, 2))
F.avg_pool2d(t.ones(1, 1, 6, 6), 2, (2, 2, 2))
F.avg_pool2d(t.ones(1, 1, 6, 6), 2, 2.5)
F.avg_pool2d(t.ones(1, 0, 6, 6), 2)
F.adaptive_avg_pool2d(t.arange(20.).view(1, 4, 5), (2, 3)), F.adaptive_avg_pool2d(t.arange(20.).view(1, 4, 5), (0, 3))
F.adaptive_avg_pool2d(t.ones(1, 4, 5), (-1, 3))
F.adaptive_avg_pool2d(t.ones(4, 5), (2, 3))
F.adaptive_avg_pool2d(t.ones(4, 5), 2)
F.adaptive_avg_pool2d(t.ones(1, 1, 1, 4, 5), (2, 3))
F.adaptive_avg_pool2d(t.ones(1, 1, 4, 5), (2, 3, 4))
F.adaptive_avg_pool2d(t.ones(1, 1, 4, 5), 2.5)
F.adaptive_avg_pool2d(t.ones(1, 1, 4, 5), (2.5, 1))
F.adaptive_avg_pool2d(t.ones(1, 1, 4, 5), None)
F.adaptive_avg_pool2d(t.ones(1, 1, 4, 5, dtype=t.int64), 2)
F.adaptive_avg_pool2d(t.ones(1, 1, 4, 5, dtype=t.int64), 1)
F.adaptive_avg_pool2d(t.ones(1, 1, 0, 5), 2)
F.adaptive_avg_pool2d(t.ones(1, 1, 0, 5), 1), F.adaptive_avg_pool2d(t.ones(1, 0, 4, 5), 2).shape
F.adaptive_avg_pool2d([1], 2)
F.adaptive_avg_pool1d(t.ones(5), 3)
F.adaptive_avg_pool1d(t.ones(1, 1, 5), (3, 3))
F.adaptive_avg_pool1d(t.ones(1, 1, 5), -1)
F.adaptive_avg_pool1d(t.ones(1, 1, 5), None)
F.pad(t.arange(3), (1, 2), value=1.5), F.pad(t.tensor([True]), (1, 2), value=1)
F.pad(t.ones(2, 3), ()), F.pad(t.tensor(1.), ())
F.pad(t.arange(6.).view(2, 3), (1, -1, 0, 1), 'constant', 5)
F.pad(t.arange(6).view(2, 3), (-1, 1, 1, -1)), F.pad(t.ones(2), [1, 1])
F.pad(t.arange(6).view(1, 2, 3), (1, 1), 'reflect'), F.pad(t.arange(6).view(2, 3), (1, 1), 'circular')
F.pad(t.ones(1, 1), (1, 1), value=float('inf'))
F.pad(t.arange(6.).view(1, 1, 2, 3), (-1, 1, 0, 1), 'reflect')
F.pad(t.arange(6.).view(1, 1, 2, 3), (-1, 1, 0, 1), 'circular')
F.pad(t.arange(6.).view(2, 3), (-2, 3), 'circular'), F.pad(t.arange(6.).view(2, 3), (-1, 4), 'replicate')
F.pad(t.ones(2, dtype=t.int64), (1, 1), value=float('inf'))
F.pad(t.ones(2, 3), (1,))
F.pad(t.ones(2, 3), (1, 1, 1, 1, 1, 1))
F.pad(t.ones(2, 3), (-2, -2))
F.pad(t.ones(2, 3), (2, -4))
F.pad(t.ones(2, 3), (1, 1), 'bogus')
F.pad(t.ones(2, 3), (1, 1), 'reflect', 3)
F.pad(t.ones(2, 3), (3, 1), 'reflect')
F.pad(t.ones(1, 1, 2, 3), (2, 1, 1, 2), 'reflect')
F.pad(t.ones(1, 1, 2, 3), (1, 1), 'reflect')
F.pad(t.ones(3), (1, 1), 'replicate')
F.pad(t.ones(1, 1, 2, 3), (4, 3, 2, 2), 'circular')
F.pad(t.ones(1, 1, 2, 3), (-2, -2, 2, 2), 'circular')
F.pad(t.ones(2, 3), (-2, -1), 'replicate')
F.pad(t.ones(1, 2, 3, 3), (-2, -1, -2, -1), 'reflect')
F.pad(t.ones(2, 0, 3), (1, 1), 'reflect')
F.pad(t.ones(1, 2, 0, 3), (1, 1, 1, 1), 'replicate')
F.pad(t.ones(2, 3, dtype=t.bool), (1, 1), 'reflect')
F.pad(t.ones(2, 3), 1)
F.pad(t.ones(2, 3), (1.5, 1))
F.pad(t.ones(2, 3), (1, 1), 'constant', 'a')
F.pad([1], (1, 1))
F.pad(t.zeros(0, 2, 3), (1, 1), 'reflect').shape, F.pad(t.zeros(0, 2, 3, 3), (1, 1, 1, 1), 'circular').shape
"""
