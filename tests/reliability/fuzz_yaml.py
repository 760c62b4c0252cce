"""Fuzzing of the YAML reader and of what makes configs of its values."""

from reliability.fuzzing import Target

from nnkit.errors import NnkitError
from nnkit.training.config import built_in_configs, check, load_config, to_yaml
from nnkit.training.yaml_loader import parse


def read(path):
    """Read a config; one that is accepted has to survive being written and read again."""
    config = load_config(str(path))
    try:
        again = check(parse(to_yaml(config), "again.yaml"))
    except NnkitError as error:
        raise AssertionError("written, it is refused") from error
    assert again.model_dump() == config.model_dump(), "written, it means something else"


CONFIG = b"""\
network: {name: RNN, hidden_size: 8, nonlinearity: none}
data: {name: digits, batch_size: 32, augment: {shift: 1.5}}
optimizer:
  name: Adam
  lr: 1e-3
  betas: [0.9, 0.99]
scheduler: {name: OneCycleLR, max_lr: .01}
loss:
  "name": 'CrossEntropyLoss'
training:
  epochs: 2   # a comment
  output: "a\\tb"
"""

LAYERS = b"""\
network:
  name: Sequential
  input_size: [28, 28]
  layers:
    - {name: Conv2d, in_channels: 1, out_channels: 2, kernel_size: [3, 3], padding: same}
    - ReLU
    - {name: MaxPool2d, kernel_size: 2}
    - Flatten
    - {name: Linear, in_features: 392, out_features: 10}
"""
CODE = b"network: {file: my_net.py, class: MyNet, arguments: {sizes: [3, {a: null}]}}\n"
REST = CONFIG.partition(b"\n")[2]

TARGET = Target(
    case="F3",
    read=read,
    seeds=[
        *(CONFIG, CONFIG.replace(b'"a\\tb"', b'"a\\u00fcb"'), CONFIG.replace(b"1e-3", b"0x10")),
        *(path.read_bytes() for path in built_in_configs().values()),
        *(LAYERS + REST, CODE + REST),
        *(
            CONFIG.replace(b"1e-3", value)
            for value in (b"010", b"12:30:45", b".nan", b"!!float 1", b"&a 1", b"*a", b"~")
        ),
        *(
            b"",
            b"- a\n",
            b"a: [\n",
            b"a:\n\tb: 1\n",
            CONFIG + b"---\n" + CONFIG,
            b"1: 2\n",
            b"? [a]\n: b\n",
            b"a: &a [*a]",
        ),
        *(b"\xef\xbb\xbf" + CONFIG, CONFIG.replace(b"\n", b"\r\n"), b"a: \xff", b"a: \0", b'a: "\\U0010ffff"\n'),
        *(
            b"[" * 20,
            b"%YAML 1.2\n---\n" + CONFIG,
            b"%TAG !e! tag:e,2000:\n--- !e!a\nb: 1\n",
            b"a: |2-\n   b\nc: >+\n d\n",
        ),
    ],
    words=[
        *(
            b": ",
            b"- ",
            b"? ",
            b"\n",
            b"\n  ",
            b"\t",
            b"#",
            b"&a ",
            b"*a",
            b"!",
            b"!!str ",
            b"!<",
            b"|",
            b">",
            b"%",
            b"@",
            b"`",
        ),
        *(b"{", b"}", b"[", b"]", b",", b"'", b'"', b"---\n", b"...\n", b"<<: ", b"%YAML 1.", b"%TAG "),
        *(
            b"\\x1b",
            b"\\u009b",
            b"\\ud800",
            b"\\UFFFFFFFF",
            b"\\\n",
            b"\\N",
            b"\0",
            b"\x1b",
            b"\xc2\x85",
            b"\xe2\x80\xa8",
        ),
        *(
            b"1e999",
            b"-.inf",
            b".nan",
            b"0o17",
            b"0x",
            b"1_0",
            b"9" * 40,
            b"true",
            b"null",
            b"~",
            b"name",
            b"lr",
            b"SGD",
        ),
        *(
            b"scheduler",
            b"augment",
            b"LeNet",
            b"kernel_size",
            b"Sequential",
            b"layers",
            b"file",
            b"class",
            b"StepLR",
            b"max_lr",
            b"\xef\xbb\xbf",
            b"\xf0\x9f\x98\x80",
        ),
    ],
)
