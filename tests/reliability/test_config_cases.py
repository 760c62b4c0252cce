"""Configs that cannot be used: each is refused by the real command, in a line for each problem, and nothing is made.

The rows are named by the ids of docs/reliability.md.
"""

import os
import time

import pytest
from reliability.inputs import case, refusal_here, refusal_of_process

from nnkit.cli import main

CONFIG = """\
network:
  name: RNN
  hidden_size: 8
data: {name: digits, batch_size: 32}
optimizer:
  name: SGD
  lr: 0.01
  momentum: 0.9
loss: {name: CrossEntropyLoss}
training:
  epochs: 1
  threads: 1
"""
TRAIN = ("train", "c.yaml", "--output", "out")


def changed(old, new):
    """Return the config with one text in it replaced."""
    assert CONFIG.count(old) == 1
    return CONFIG.replace(old, new)


def lr(text):
    return changed("0.01", text)


def batch_size(text):
    return changed("32", text)


def epochs(text):
    return changed("epochs: 1", f"epochs: {text}")


def momentum(text):
    return changed("momentum: 0.9", text)


AT_LR, AT_BATCH_SIZE, AT_EPOCHS = "c.yaml:7:7: ", "c.yaml:4:34: ", "c.yaml:11:11: "
LR_RANGE = f"{AT_LR}optimizer.lr: must be > 0, got "
EPOCHS_RANGE = f"{AT_EPOCHS}training.epochs: must be >= 1 and <= 1000000, got "
TAB = "a tab cannot indent YAML, use spaces"
SECOND = "a second document starts here, expected one"
DEEP = "nested more than 16 levels deep"
LARGE = "c.yaml: larger than 256 KiB, expected a config"

# Every row: what is in the file, and what the command says about it, a text for each line that has to be in it.
REFUSED = [
    case("C3", "", ["c.yaml: empty"], about="no bytes"),
    case("C3", "# only a comment\n\n", ["c.yaml: empty"], about="comment"),
    case("C3", "\ufeff", ["c.yaml: empty"], about="byte order mark"),
    case("C4", "- a\n", ["c.yaml:1:1: expected a mapping of sections, got a list"], about="list"),
    case("C4", "text\n", ["c.yaml:1:1: expected a mapping of sections, got 'text'"], about="text"),
    case("C4", "---\n...\n", ["c.yaml:2:1: expected a mapping of sections, got null"], about="null"),
    case("C5", batch_size("[32"), ["c.yaml:4:37: expected ',' or ']', but got '}', while"], about="square"),
    case("C5", changed("32}", "32"), ["c.yaml:5:10: expected ',' or '}', but got ':', while"], about="curly"),
    case(
        "C5", "a: 010\nb: [\n", ["c.yaml:1:4: ambiguous", "c.yaml:3:1: expected the node content"], about="at the end"
    ),
    case("C6", changed("  lr", "\tlr"), [f"c.yaml:7:1: {TAB}"], about="key"),
    case("C6", "a:\n  - b\n\t- c\n", [f"c.yaml:3:1: {TAB}"], about="list"),
    case("C7", f"{CONFIG}---\n{CONFIG}", [f"c.yaml:13:1: {SECOND}"], about="twice"),
    case("C7", f"{CONFIG}...\n---\n", [f"c.yaml:14:1: {SECOND}"], about="empty second"),
    case("C8", changed("  momentum", "  lr: 0.02\n  momentum"), ["c.yaml:8:3: duplicate key 'lr', first at line 7"]),
    case("C8", f"{CONFIG}loss:\n", ["c.yaml:13:1: duplicate key 'loss', first at line 9"], about="section"),
    case("C9", changed("lr:", "lrr:"), ["c.yaml:7:3: optimizer.lrr: unknown key, did you mean 'lr'?"]),
    case("C9", changed("data:", "dta:"), ["c.yaml:1:1: data: missing", "dta: unknown key, did you mean 'data'?"]),
    case("C10", momentum("epochs: 3"), ["c.yaml:8:3: optimizer.epochs: unknown key, it belongs in 'training'"]),
    case("C10", f"lr: 3\n{CONFIG}", ["c.yaml:1:1: lr: unknown key, it belongs in 'optimizer'"], about="no section"),
    case("C11", changed("  epochs: 1\n", ""), ["c.yaml:11:3: training.epochs: missing"]),
    case("C11", changed(", batch_size: 32", ""), ["c.yaml:4:7: data.batch_size: missing"], about="on one line"),
    case(
        "C11", f"{CONFIG}scheduler: {{name: StepLR}}\n", ["c.yaml:13:12: scheduler.step_size: missing"], about="class"
    ),
    case("C11", changed("loss: {name: CrossEntropyLoss}", ""), ["c.yaml:1:1: loss: missing"], about="section"),
    case("C13", lr("abc"), [f"{AT_LR}optimizer.lr: expected a number, got 'abc'"]),
    case("C13", lr("'0.01'"), [f"{AT_LR}optimizer.lr: expected a number, got '0.01'"], about="quoted"),
    case("C13", lr("[1]"), [f"{AT_LR}optimizer.lr: expected a number, got a list"], about="list"),
    case("C14", lr(".nan"), [f"{AT_LR}optimizer.lr: must be finite, got nan"], about="nan"),
    case("C14", lr("-.inf"), [f"{AT_LR}optimizer.lr: must be finite, got -inf"], about="inf"),
    case("C14", lr("1e999"), [f"{AT_LR}optimizer.lr: must be finite, got inf"], about="too large"),
    case("C15", lr("-0.01"), [f"{LR_RANGE}-0.01"]),
    case("C16", lr("0"), [f"{LR_RANGE}0"]),
    case("C16", lr("1e-999"), [f"{LR_RANGE}0.0"], about="too small"),
    case("C17", epochs("0"), [f"{EPOCHS_RANGE}0"], about="0"),
    case("C17", epochs("2.5"), [f"{AT_EPOCHS}training.epochs: expected an integer, got 2.5"], about="2.5"),
    case("C17", epochs("true"), [f"{AT_EPOCHS}training.epochs: expected an integer, got true"], about="true"),
    case("C18", batch_size("1000000000000"), ["data.batch_size: must be >= 1 and <= 65536, got 1000000000000"]),
    case("C19", batch_size("9" * 5000), [f"{AT_BATCH_SIZE}out of range: a number of 5000 digits"]),
    case("C19", lr("0x" + "f" * 5000), [f"{AT_LR}out of range: a number of 5002 digits"], about="hexadecimal"),
    case(
        "C20", batch_size("12:30:45"), [f"{AT_BATCH_SIZE}ambiguous number '12:30:45': write it in"], about="sexagesimal"
    ),
    case("C20", batch_size("010"), [f"{AT_BATCH_SIZE}ambiguous number '010': write it in decimal"], about="octal"),
    case("C20", lr("1_0"), [f"{AT_LR}ambiguous number '1_0': write it in decimal"], about="underscore"),
    case("C22", momentum("momentum: 1.5"), ["c.yaml:8:13: optimizer.momentum: must be >= 0 and < 1, got 1.5"]),
    case(
        "C22",
        momentum("betas: [1.0, .9]").replace("SGD", "Adam"),
        ["c.yaml:8:11: optimizer.betas.0: must be >= 0 and < 1, got 1.0"],
        about="betas",
    ),
    case("C23", momentum("nesterov: true"), ["c.yaml:6:3: optimizer: Nesterov momentum requires a momentum and zero"]),
    case("C24", lr("!!python/name:os.system"), [f"{AT_LR}tag not allowed: 'tag:yaml.org,2002:python/"], about="name"),
    case("C25", lr("!!float 0.1"), [f"{AT_LR}tag not allowed: 'tag:yaml.org,2002:float'"], about="of YAML"),
    case("C25", lr("!mine 0.1"), [f"{AT_LR}tag not allowed: '!mine'"], about="of one's own"),
    case("C25", changed("lr:", "!!str lr:"), ["c.yaml:7:3: tag not allowed: 'tag:yaml.org,2002:str'"], about="key"),
    case("C27", f"{CONFIG}a: &a [*a]\n", ["anchor not allowed: '&a'", "alias not allowed: '*a'"]),
    case("C27", "&a {*a : *a}\n", ["1:1: anchor not allowed: '&a'", "1:5: keys must be strings"], about="key"),
    case("C28", "- " * 100_000, [f"c.yaml:1:33: {DEEP}"], about="block lists"),
    case("C28", "? " * 100_000, ["c.yaml:1:3: keys must be strings"], about="keys"),
    case("C28", "{a: " * 100_000, [LARGE], about="100,000 mappings"),
    case("C30", b"\xef\xbb\xbf# \xff", ["c.yaml: not UTF-8 text: byte 0xff at offset 5"], about="after a mark"),
    case("C30", CONFIG.encode("utf-16-le"), ["1:2: character U+0000 at offset 1 is not allowed"], about="UTF-16"),
    case("C32", changed("lr:", "1:"), ["c.yaml:7:3: keys must be strings, got 1"], about="number"),
    case("C32", f"{CONFIG}null: 3\n", ["c.yaml:13:1: keys must be strings, got null"], about="null"),
    case("C32", f"{CONFIG}[a, b]: 3\n", ["c.yaml:13:1: keys must be strings"], about="list"),
    case(
        "C33",
        changed("RNN", "RNNN"),
        ["c.yaml:2:9: network.name: unknown network 'RNNN', did you mean 'RNN'? (choose from: BasicMNIST, "],
        about="network",
    ),
    case(
        "C33",
        changed("SGD", "SDG"),
        ["c.yaml:6:9: optimizer.name: unknown optimizer 'SDG', did you mean 'SGD'? (choose from: Adadelta,"],
        about="optimizer",
    ),
    case(
        "C33",
        changed("CrossEntropyLoss", "CrossEntropy"),
        ["c.yaml:9:14: loss.name: unknown loss 'CrossEntropy', did you mean 'CrossEntropyLoss'? (choose from: BCE"],
        about="loss",
    ),
    case(
        "C33",
        f"{CONFIG}scheduler: {{name: steplrr}}\n",
        ["c.yaml:13:19: scheduler.name: unknown scheduler 'steplrr', did you mean 'StepLR'? (choose from: Constant"],
        about="schedule",
    ),
    case(
        "C33",
        changed("digits", "mnits"),
        ["c.yaml:4:14: data.name: unknown data set 'mnits', did you mean 'mnist'? (choose from: digits, fashion_mnist"],
        about="data set",
    ),
    case(
        "C33",
        changed("name: RNN", "nam: RNN"),
        ["network: name is missing (choose from: BasicMNIST, "],
        about="no name",
    ),
    case(
        "C35", changed("RNN", '"\\e]0;a\\a"'), [r"network.name: unknown network '\x1b]0;a\x07' (choose"], about="value"
    ),
    case("C35", changed("lr:", '"\\u009b31m":'), [r"c.yaml:7:3: optimizer.\x9b31m: unknown key"], about="key"),
    case(
        "C35", changed("lr:", '"a\\nnnkit: error: b":'), [r"optimizer.a\nnnkit: error: b: unknown key"], about="lines"
    ),
    case("C35", lr("\x1b[31m"), ["c.yaml:7:7: character U+001B at offset 104 is not allowed in YAML"], about="raw"),
    case("C35", lr("!%1b%5b31m 0"), [r"c.yaml:7:7: tag not allowed: '!\x1b[31m'"], about="tag"),
]


@pytest.mark.parametrize(("content", "expected"), REFUSED)
def test_config_is_refused(content, expected, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_bytes(as_bytes(content))
    check(refusal_here(TRAIN, capsys), expected)


def as_bytes(content):
    return content if isinstance(content, bytes) else content.encode()


def check(refusal, expected):
    """Compare each line with the text that has to be in it."""
    assert refusal.code == 2
    assert len(refusal.lines) == len(expected), refusal.lines
    for line, text in zip(refusal.lines, expected, strict=True):
        assert text in line


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        case("C14", "optimizer.lr=.inf", "--set optimizer.lr: must be finite, got inf", about="option"),
        case(
            "C35", 'network.name="\\e[31m"', r"--set network.name: unknown network '\x1b[31m' (choose", about="option"
        ),
        case("C35", "network.\x1b[31m=1", r"--set network.\x1b[31m: unknown key", about="key of an option"),
        case("C36", "optimizer.lr=nan", "--set optimizer.lr: must be finite, got 'nan'"),
        case("C36", "optimizer.lr=.NaN", "--set optimizer.lr: must be finite, got nan", about="of YAML"),
    ],
)
def test_option_is_refused(option, expected, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(CONFIG)
    check(refusal_here([*TRAIN, "--set", option], capsys), [expected])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        case("C1", "no.yaml", "no.yaml: does not exist"),
        case(
            "C1", "quikstart", "quikstart: does not exist, unknown built-in config 'quikstart', did you mean 'quickst"
        ),
        case("C1", "folder/c.yaml/c.yaml", "folder/c.yaml/c.yaml: does not exist", about="below a file"),
        case("C2", "folder", "folder: is a directory, expected a file"),
        case("C35", "\x1b[31m.yaml", r"\x1b[31m.yaml: does not exist", about="name of a file"),
    ],
)
def test_path_is_refused(name, expected, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "c.yaml").write_text(CONFIG)
    check(refusal_here(["train", name, "--output", "out"], capsys), [expected])


LAUGHS = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        case("C2", None, "c.yaml: is a directory, expected a file", about="process"),
        case("C26", f"a0: &a0 [x]\n{LAUGHS}", "anchor not allowed: '&a0'"),
        case("C28", "[" * 100_000, f"c.yaml:1:17: {DEEP}", about="lists"),
        case("C28", "{a: " * 60_000, f"c.yaml:1:65: {DEEP}", about="mappings"),
        case("C29", f"{CONFIG}# {'x' * 1_500_000}\n", LARGE, about="1.5 MB"),
        case("C29", CONFIG + "# comment\n" * 30_000, LARGE, about="300 KB"),
        case("C30", CONFIG.encode("latin-1") + b"# \xe4\n", "c.yaml: not UTF-8 text: byte 0xe4 at offset 193"),
        case("C30", CONFIG + "# ü\0\n", "c.yaml:13:4: character U+0000 at offset 195 is not allowed", about="NUL"),
        case("C35", changed("RNN", '"\\e[31m\\r\\u202e"'), r"network '\x1b[31m\r\u202e' (choose", about="process"),
    ],
)
def test_config_is_refused_by_a_process(content, expected, tmp_path):
    path = tmp_path / "c.yaml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(as_bytes(content))
    refusal = refusal_of_process(TRAIN, tmp_path)
    assert refusal.code == 2
    assert any(expected in line for line in refusal.lines)


@pytest.mark.parametrize(
    "text",
    [
        case("C26", f"{CONFIG}a0: &a0 [x]\n{LAUGHS}", about="time"),
        case("C27", f"{CONFIG}a: &a [*a]\n", about="time"),
        case("C28", "[" * 100_000, about="time"),
        case("C29", CONFIG + "# comment\n" * 200_000, about="time"),
        case("C29", CONFIG + "'" + "x\n\n" * 80_000, about="time of a quoted text"),
    ],
)
def test_config_is_refused_at_once(text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(text)
    before = time.monotonic()
    refusal = refusal_here(TRAIN, capsys)
    assert time.monotonic() - before < 10
    assert refusal.code == 2
    assert len(refusal.lines) <= 21


@pytest.mark.case("C18")
def test_C18_a_batch_that_no_machine_has_room_for_allocates_nothing(tmp_path):
    (tmp_path / "c.yaml").write_text(batch_size("1000000000000"))
    refusal = refusal_of_process(TRAIN, tmp_path)
    check(refusal, ["data.batch_size: must be >= 1 and <= 65536, got 1000000000000"])


def linear(in_features, out_features):
    return f"{{name: Linear, in_features: {in_features}, out_features: {out_features}}}"


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        case("C41", linear(4_000_000, 8000), "shape [8000, 4000000] is larger than expected", about="one"),
        case(
            "C41",
            f"Flatten, {linear(784, 8192)}, {linear(8192, 8192)}, {linear(8192, 10)}",
            "shape [8192, 8192] is larger than expected",
            about="together",
        ),
        case(
            "C41",
            "{name: Conv2d, in_channels: 1, out_channels: 9, kernel_size: 1, padding: 1024}",
            "returns (N, 9, 2076, 2076): 38,787,984 numbers for an image, at most 262,144",
            about="images",
        ),
        case("C41", ", ".join(["ReLU"] * 4000), "expected 1 to 256 layers, got 4000", about="many"),
    ],
)
def test_C41_layers_that_no_machine_has_room_for_allocate_nothing(layers, expected, tmp_path):
    network = f"network: {{name: Sequential, layers: [{layers}]}}\n"
    (tmp_path / "c.yaml").write_text(network + CONFIG[CONFIG.index("data:") :])
    check(refusal_of_process(TRAIN, tmp_path), [expected])


@pytest.mark.parametrize(
    "value",
    [
        case("C24", "!!python/object/apply:os.system ['touch ran']", about="apply"),
        case(
            "C24", "!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [ran]]", about="path"
        ),
    ],
)
def test_a_tag_runs_nothing(value, tmp_path):
    (tmp_path / "c.yaml").write_text(lr(value))
    refusal = refusal_of_process(TRAIN, tmp_path)
    assert refusal.code == 2
    assert f"{AT_LR}tag not allowed: 'tag:yaml.org,2002:python/" in refusal.lines[0]
    assert os.listdir(tmp_path) == ["c.yaml"]


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        case("C34", "{name: RNN, data_size: 20}", ["in layer 'i2h': ", "(1x156 and 148x128)"], about="RNN"),
        case(
            "C34",
            "{name: LeNet, kernel_size: 12}",
            ["kernel_size must be between 1 and 10", "32x32", "12"],
            about="LeNet",
        ),
        case(
            "C34",
            "{name: Sequential, layers: [Flatten, {name: Linear, in_features: 7, out_features: 10}]}",
            ["network.layers.1.in_features: Linear gets (N, 784), but in_features is 7; write 784"],
            about="Sequential",
        ),
    ],
)
def test_layers_that_do_not_fit_are_found_before_data_is_read(network, expected, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NNKIT_DATA_DIR", str(tmp_path / "nothing"))
    refusal = refusal_here(["train", "lenet", "--set", f"network={network}", "--output", "out"], capsys)
    assert refusal.code == 2
    (line,) = refusal.lines
    assert line.startswith("--set network: ")
    assert all(text in line for text in expected)


def trained_config(folder, monkeypatch):
    """Train the config in a folder; return the text of the config that the run has kept."""
    monkeypatch.chdir(folder)
    assert main.run([*TRAIN, "--quiet"]) == 0
    return (folder / "out" / "config.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "number", [case("C12", number, about=number) for number in ("1e-3", "1E-3", "1.e-3", "+1e-03")]
)
def test_numbers_in_scientific_notation_train(number, tmp_path, monkeypatch):
    (tmp_path / "c.yaml").write_text(lr(number))
    assert "  lr: 0.001\n" in trained_config(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "content",
    [
        case("C31", b"\xef\xbb\xbf" + CONFIG.encode(), about="mark"),
        case("C31", CONFIG.replace("\n", "\r\n").encode(), about="line ends"),
        case("C31", b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode(), about="both"),
    ],
)
def test_files_of_other_editors_train(content, tmp_path, monkeypatch):
    (tmp_path / "c.yaml").write_bytes(content)
    assert "  hidden_size: 8\n" in trained_config(tmp_path, monkeypatch)


def test_all_errors_of_one_file_are_told_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (
        lr("-1").replace("RNN", "RNNN").replace("32", "010").replace("epochs: 1", "epoch: 1")
        + "lr: 3\ndata: !x 1\nloss: 3\n"
    )
    (tmp_path / "c.yaml").write_text(text)
    check(
        refusal_here([*TRAIN, "--set", "optimizer.momentum=2", "--set", "training.seed=-1"], capsys),
        [
            "--set optimizer.momentum: must be >= 0 and < 1, got 2",
            "--set training.seed: must be >= 0 and <= ",
            "c.yaml:2:9: network.name: unknown network 'RNNN'",
            "c.yaml:4:34: ambiguous number '010'",
            "c.yaml:7:7: optimizer.lr: must be > 0, got -1",
            "c.yaml:11:3: training.epochs: missing",
            "c.yaml:11:3: training.epoch: unknown key, did you mean 'epochs'?",
            "c.yaml:13:1: lr: unknown key, it belongs in 'optimizer'",
            "c.yaml:14:1: duplicate key 'data', first at line 4",
            "c.yaml:14:7: tag not allowed: '!x'",
            "c.yaml:15:1: duplicate key 'loss', first at line 9",
        ],
    )
