"""Python that the user wrote: what is made of it, and how its mistakes are told."""

import contextlib
import sys

import own_network
import pytest

from nnkit.models import LeNet
from nnkit.nn import Module
from nnkit.training import load_checkpoint, user_code
from nnkit.training.build import build_network, check_components, logits_of_an_image
from nnkit.training.config import Override, load_config
from nnkit.training.evaluate import open_checkpoint
from nnkit.training.run import train
from nnkit.training.user_code import CodeError, allowed, fault, may_run
from nnkit.training.yaml_loader import InvalidConfigError

HEAD = "import nnkit as torch\nfrom nnkit import nn\n"
NET = """\
class MyNet(nn.Module):
    def __init__(self, hidden=3):
        super().__init__()
        self.layer = nn.Linear(28 * 28, 10)

    def forward(self, x):
        return self.layer(x.flatten(1))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    own_network.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def problems(folder):
    """Give the file another content, check its config, and return all that is wrong."""

    def check(content, **settings):
        (folder / "my_net.py").write_bytes(content if isinstance(content, bytes) else content.encode())
        overrides = [
            Override.from_text(f"network.{key}", text, f"--set network.{key}") for key, text in settings.items()
        ]
        with allowed(), pytest.raises(InvalidConfigError) as caught:
            check_components(load_config("my.yaml", overrides))
        return str(caught.value).split("\n")

    return check


@pytest.mark.case("C40")
def test_permission_ends_with_its_block(folder):
    config = load_config("my.yaml")
    with contextlib.suppress(KeyError), allowed():
        assert may_run(config)
        raise KeyError
    assert not may_run(config)
    with pytest.raises(CodeError, match=r"this would run the Python in my_net\.py; look at it, then add --allow-code"):
        build_network(config)
    assert not own_network.has_run(folder)
    assert may_run(load_config("lenet"))


def test_a_network_gets_its_arguments_and_the_usual_size(folder):
    with allowed():
        network = build_network(load_config("my.yaml"))
    assert isinstance(network, Module)
    assert network.first.out_features == 24
    assert network.input_size == (28, 28)


def test_the_class_decides_the_size_and_may_be_any_module(folder):
    (folder / "my_net.py").write_text(
        "from nnkit.models import LeNet as MyNet\nclass Other(MyNet):\n    input_size = [36, 36]\n"
    )
    arguments = Override.from_text("network.arguments", "{kernel_size: 3}", "test")
    with allowed():
        assert type(build_network(load_config("my.yaml", [arguments]))) is LeNet
        other = Override.from_text("network.class", "Other", "test")
        assert build_network(load_config("my.yaml", [arguments, other])).input_size == [36, 36]


def test_a_file_runs_once_and_again_when_it_has_changed(folder):
    config = load_config("my.yaml")
    with allowed():
        first, second = (type(build_network(config)) for _ in range(2))
        (folder / "my_net.py").write_text(own_network.CODE + "# changed\n")
        third = type(build_network(config))
    assert first is second
    assert first is not third


def test_a_file_finds_those_beside_it_behind_all_that_is_installed(folder):
    (folder / "parts.py").write_text(HEAD + NET)
    (folder / "click.py").write_text("raise RuntimeError")
    (folder / "my_net.py").write_text("import click\nfrom parts import MyNet\nassert click.Command\n")
    with allowed():
        check_components(load_config("my.yaml"))


def test_files_of_two_folders_find_what_is_beside_each(folder):
    for place, width in (("one", 5), ("two", 7)):
        parts = folder / place / "parts"
        parts.mkdir(parents=True)
        (parts / "__init__.py").write_text("from parts.sizes import WIDTH")
        (parts / "sizes.py").write_text(f"WIDTH = {width}")
        sized = NET.replace("28 * 28, 10", "28 * 28, WIDTH")
        (folder / place / "my_net.py").write_text(f"from parts import WIDTH\n{HEAD}{sized}")
        (folder / place / "my.yaml").write_text(
            "network: {file: my_net.py, class: MyNet}\n" + own_network.CONFIG.partition("\n")[2]
        )
    before = set(sys.modules)
    with allowed():
        networks = [build_network(load_config(f"{place}/my.yaml")) for place in ("one", "two", "one")]
    assert [network.layer.out_features for network in networks] == [5, 7, 5]
    assert not {name for name in sys.modules.keys() - before if name.startswith("parts")}


def test_a_file_that_is_interrupted_runs_anew(folder):
    stopping = "from pathlib import Path\nif Path('stop').exists(): raise KeyboardInterrupt\n"
    (folder / "my_net.py").write_text(stopping + HEAD + NET)
    (folder / "stop").touch()
    config = load_config("my.yaml", [Override.from_text("network.arguments", "{}", "test")])
    with allowed():
        with pytest.raises(KeyboardInterrupt):
            build_network(config)
        (folder / "stop").unlink()
        build_network(config)


COUNTING = (
    HEAD
    + """
class MyNet(nn.Module):
    def __init__(self, hidden=3):
        super().__init__()
        self.layer = nn.Linear(28 * 28, 10)
        self.register_buffer("passes", torch.zeros(1))
        self.frozen = nn.Dropout(0.5).eval()

    def forward(self, x):
        if self.training:
            self.passes.add_(1)
        return self.frozen(self.layer(x.flatten(1)))
"""
)


def test_a_look_at_a_network_leaves_its_buffers_and_modes_alone(folder):
    (folder / "my_net.py").write_text(COUNTING)
    with allowed():
        list(train(load_config("my.yaml"), folder / "run"))
        trained = open_checkpoint(folder / "run")
        logits_of_an_image(trained.config, trained.network)
    assert trained.network.passes.item() == 3
    assert (trained.network.training, trained.network.frozen.training) == (True, False)


OTHERS = {
    "nothing": ("return None", "it returns a NoneType for one image"),
    "images": ("return x", r"it returns \(1, 1, 28, 28\) for one image"),
    "failure": ("raise KeyError('x')", "my_net.py:[0-9]+: KeyError: 'x'"),
}


@pytest.mark.parametrize(("line", "message"), OTHERS.values(), ids=OTHERS)
def test_code_that_has_become_another_since_it_was_trained_is_refused(line, message, folder):
    with allowed():
        list(train(load_config("my.yaml"), folder / "run"))
        (folder / "my_net.py").write_text(own_network.CODE.rpartition("return")[0] + line)
        with pytest.warns(UserWarning, match="has changed"), pytest.raises(InvalidConfigError, match=message):
            load_checkpoint(folder / "run")


def test_a_dataclass_may_be_defined(folder):
    imports = "from __future__ import annotations\nimport dataclasses\n"
    sizes = "@dataclasses.dataclass\nclass Sizes:\n    hidden: int = 3\n"
    (folder / "my_net.py").write_text(imports + sizes + HEAD + NET)
    with allowed():
        check_components(load_config("my.yaml"))


AT_FILE, AT_CLASS, AT_NETWORK = (
    "my.yaml:1:17: network.file: ",
    "my.yaml:1:35: network.class: ",
    "my.yaml:1:10: network: ",
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("x = 1 +\n", f"{AT_FILE}my_net.py:1: SyntaxError: invalid syntax"),
        ("\nx = y\n", f"{AT_FILE}my_net.py:2: NameError: name 'y' is not defined"),
        ("raise SystemExit(3)\n", f"{AT_FILE}my_net.py:1: SystemExit: 3"),
        ("raise SystemExit\n", f"{AT_FILE}my_net.py:1: SystemExit"),
        ("import no_such_module\n", f"{AT_FILE}my_net.py:1: ModuleNotFoundError: No module named 'no_such_module'"),
        (b"#" * 1_100_000, f"{AT_FILE}my_net.py: larger than 1024 KiB, expected a network"),
        ("", f"{AT_CLASS}my_net.py: has no class that is an nnkit.nn.Module"),
        (
            HEAD + NET.replace("MyNet", "MyNets"),
            f"{AT_CLASS}my_net.py: unknown class 'MyNet', did you mean 'MyNets'? (choose from: MyNets)",
        ),
        ("MyNet = 3\n", f"{AT_CLASS}MyNet in my_net.py is no nnkit.nn.Module"),
        (
            "import torch\nclass MyNet(torch.nn.Module): pass\n",
            f"{AT_CLASS}MyNet in my_net.py is no nnkit.nn.Module; write `import nnkit as torch` for `import torch`",
        ),
        (
            HEAD + NET.replace("self.layer =", "self.layer = 1 / 0 *"),
            f"{AT_FILE}my_net.py:6: ZeroDivisionError: division by zero",
        ),
        (
            HEAD + NET.replace("self.layer(", "self.later("),
            f"{AT_NETWORK}my_net.py:9: AttributeError: 'MyNet' object has no attribute 'later'",
        ),
        (
            HEAD + NET.replace(".flatten(1)", ""),
            f"{AT_NETWORK}my_net.py:9: RuntimeError: mat1 and mat2 shapes cannot be multiplied (28x28 and 784x10)",
        ),
        (HEAD + NET.replace("10)", "11)"), f"{AT_NETWORK}11 outputs, but digits has 10 classes"),
        (
            HEAD + NET.replace("self.layer(x.flatten(1))", "x, x"),
            f"{AT_NETWORK}it returns a tuple for one image, expected logits (1, classes)",
        ),
        (
            HEAD + NET.replace("self.layer(x.flatten(1))", "x"),
            f"{AT_NETWORK}it returns (1, 1, 28, 28) for one image, expected logits (1, classes)",
        ),
        (
            HEAD + NET + "    input_size = 28\n",
            f"{AT_CLASS}MyNet.input_size is 28, expected two integers from 1 to 512",
        ),
        (
            HEAD + NET + "    input_size = (28, 10**9)\n",
            f"{AT_CLASS}MyNet.input_size is (28, 1000000000), expected two integers from 1 to 512",
        ),
    ],
)
def test_one_mistake_in_the_file(content, expected, problems):
    assert problems(content) == [expected]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"arguments": "{hiden: 3}"},
            [
                "--set network.arguments: network.arguments.hiden: unknown argument 'hiden', did you mean 'hidden'? "
                "(choose from: hidden)"
            ],
        ),
        ({"file": "none.py"}, ["--set network.file: none.py: does not exist"]),
        ({"file": "my_net.txt"}, ["--set network.file: expected the path of a .py file, got 'my_net.txt'"]),
        ({"class": "a.b"}, ["--set network.class: expected the name of a class, got 'a.b'"]),
        ({"arguments": "[3]"}, ["--set network.arguments: expected a mapping, got a list"]),
        ({"arguments": "{a: .inf}"}, ["--set network.arguments: network.arguments.a: must be finite, got inf"]),
        ({"sha256": "abc"}, ["--set network.sha256: expected 64 hexadecimal digits, got 'abc'"]),
        ({"layers": "[ReLU]"}, ["--set network.layers: unknown key (known keys: file, class, arguments, sha256)"]),
    ],
)
def test_one_mistake_in_the_config(settings, expected, problems):
    assert problems(HEAD + NET, **settings) == expected


def test_arguments_that_are_missing_are_told(problems):
    told = problems(HEAD + NET.replace("hidden=3", "hidden, *, depth, width"))
    assert told == [f"my.yaml:1:53: network.arguments: MyNet needs {name}" for name in ("depth", "width")]


def test_what_fails_later_is_known_to_be_the_users(folder):
    (folder / "others.py").write_text(HEAD + NET.replace("return", "return self.nothing if self.training else"))
    (folder / "my_net.py").write_text("from others import MyNet\n")
    with allowed(), pytest.raises(AttributeError) as caught:
        list(train(load_config("my.yaml"), folder / "out"))
    assert fault(caught.value) == "others.py:9: AttributeError: 'MyNet' object has no attribute 'nothing'"
    with pytest.raises(ValueError, match="filters") as caught:
        raise ValueError("filters")
    assert fault(caught.value) is None


def test_a_run_notes_where_the_file_is_and_what_it_holds_but_no_code(folder):
    with allowed():
        list(train(load_config("my.yaml"), folder / "runs" / "deep" / "out"))
        config, _, checkpoint = load_checkpoint(folder / "runs" / "deep" / "out" / "best.safetensors")
    assert checkpoint.config["network"]["file"] == "../../../my_net.py"
    assert len(checkpoint.config["network"]["sha256"]) == 64
    assert config.network.name == "MyNet"
    for path in (folder / "runs").rglob("*"):
        assert path.is_dir() or b"nn.Linear" not in path.read_bytes()


def test_a_network_of_code_is_no_larger_than_its_checkpoint(folder, monkeypatch):
    with allowed():
        list(train(load_config("my.yaml"), folder / "out"))
        monkeypatch.setattr(user_code, "_modules", {})
        (folder / "my_net.py").write_text(own_network.CODE.replace("hidden)", "9999)"))
        with pytest.warns(UserWarning, match="has changed"), pytest.raises(CodeError, match="larger than expected"):
            load_checkpoint(folder / "out" / "best.safetensors")
