"""Networks of one's own: layers in a config, and Python that runs where the user says so and nowhere else."""

import json
import re
import shutil

import own_network
import pytest

from nnkit.cli.main import COMMANDS, run
from nnkit.configs import built_in_configs
from nnkit.training import user_code

REFUSED = "network.file: this would run the Python in my_net.py; look at it, then add --allow-code"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a file, a config that names it, and a run of that."""
    folder = tmp_path_factory.mktemp("own")
    own_network.write(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(user_code, "_modules", {})
        assert run(["train", "my.yaml", "--allow-code", "--quiet", "--no-report"]) == 0
    assert own_network.has_run(folder)
    return folder


@pytest.fixture
def folder(made, tmp_path, monkeypatch):
    """A copy of it, to work in; its file has not run in this process."""
    monkeypatch.setattr(user_code, "_modules", {})
    copy = tmp_path / "own"
    shutil.copytree(made, copy)
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def said(capsys):
    """Run a command in this process; return its exit code, and what it printed to standard output and error."""

    def say(*arguments):
        capsys.readouterr()
        code = run([*map(str, arguments)])
        out, err = capsys.readouterr()
        # Whoever comes first hears this.
        return code, out, re.sub("compiling the kernels .*\n", "", err)

    return say


@pytest.mark.case("C40")
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_runs_code_that_a_file_names(name, folder, said):
    run_folder = folder / "runs" / "my"
    for source in ("my.yaml", run_folder / "config.yaml", run_folder / "best.safetensors", run_folder):
        _, _, err = said(name, source)
        assert not own_network.has_run(folder)
        # What is advised can be done.
        if "--allow-code" in err:
            assert "--allow-code" in said(name, "--help")[1]


@pytest.mark.case("C40")
@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["train", "my.yaml"], "my.yaml:1:17: "),
        (["train", "my.yaml", "--resume", "auto"], "my.yaml:1:17: "),
        (["train", "--resume", "runs/my/last.safetensors", "--epochs", "2"], "runs/my/last.safetensors: "),
        (["eval", "runs/my/best.safetensors"], "runs/my/best.safetensors: "),
        (["export", "runs/my/best.safetensors", "--format", "npz"], "runs/my/best.safetensors: "),
        (["summary", "my.yaml"], "my.yaml:1:17: "),
        (["summary", "runs/my/best.safetensors"], "runs/my/best.safetensors: "),
        (["profile", "my.yaml"], "my.yaml:1:17: "),
        (["inspect-graph", "my.yaml"], "my.yaml:1:17: "),
        (["inspect-graph", "runs/my/best.safetensors"], "runs/my/best.safetensors: "),
        (["summary", "runs/my/config.yaml"], "runs/my/config.yaml:3:9: "),
    ],
    ids=" ".join,
)
def test_commands_that_build_the_network_say_what_they_need(arguments, place, folder, said):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == f"nnkit: error: {place}{REFUSED}"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["summary", "my.yaml"],
        ["summary", "runs/my/best.safetensors"],
        ["profile", "my.yaml", "--steps", "1"],
        ["inspect-graph", "my.yaml"],
        ["eval", "runs/my/best.safetensors"],
        ["export", "runs/my/best.safetensors", "--format", "npz", "--force"],
        ["train", "--resume", "runs/my/last.safetensors", "--epochs", "2"],
        ["validate", "my.yaml", "runs/my/config.yaml"],
    ],
    ids=" ".join,
)
def test_commands_run_it_where_that_is_allowed_and_no_longer(arguments, folder, said):
    code, _, err = said(*arguments, "--allow-code")
    assert (code, err) == (0, "")
    assert own_network.has_run(folder)
    assert said(*arguments)[0] == (0 if arguments[0] == "validate" else 2)


def test_a_real_run_says_how_to_go_on(nnkit, tmp_path):
    own_network.write(tmp_path)
    done = nnkit("train", "--allow-code", "--no-report", "my.yaml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("MyNet (19,090 parameters) on digits: ")
    assert done.stdout.splitlines()[-1] == "next: nnkit eval runs/my/best.safetensors --allow-code"
    assert own_network.has_run(tmp_path)
    assert nnkit("eval", "runs/my/best.safetensors").returncode == 2
    assert not own_network.has_run(tmp_path)


def test_a_checkpoint_finds_its_file_from_anywhere(folder, said, monkeypatch):
    monkeypatch.chdir(folder / "runs" / "my")
    code, out, err = said("eval", "best.safetensors", "--allow-code", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["network"] == "MyNet"


def test_validation_without_permission_says_what_it_left_out(folder, said):
    assert said("validate", "my.yaml") == (
        0,
        "my.yaml: valid, but for my_net.py, which has not been run; add --allow-code\n",
        "",
    )
    assert said("validate", "my.yaml", "--allow-code") == (0, "my.yaml: valid\n", "")
    code, _, err = said(
        "validate", "my.yaml", "--set", "network.file=nets/my_net.py", "--set", "optimizer.betas=[0, 2]"
    )
    assert code == 2
    assert err.splitlines() == [
        "nnkit: error: --set optimizer.betas: optimizer.betas.1: must be >= 0 and < 1, got 2",
        "nnkit: error: --set network.file: nets/my_net.py: does not exist",
    ]


def test_a_checkpoint_that_moved_finds_the_file_in_the_current_folder(folder, said, tmp_path, monkeypatch):
    away = tmp_path / "away"
    away.mkdir()
    (folder / "runs" / "my" / "best.safetensors").rename(away / "best.safetensors")
    monkeypatch.chdir(away)
    code, _, err = said("eval", "best.safetensors", "--allow-code")
    assert code == 2
    assert err.endswith("my_net.py: does not exist; put my_net.py there, or into this folder\n")
    shutil.copy(folder / "my_net.py", away)
    assert said("eval", "best.safetensors", "--allow-code")[0] == 0


def test_a_changed_file_is_told_and_is_another_run(folder, said):
    changed = "my_net.py: has changed since it was trained, its SHA-256 is another one"
    with (folder / "my_net.py").open("a") as file:
        file.write("# another\n")
    with pytest.warns(UserWarning, match=changed):
        assert said("eval", "runs/my/best.safetensors", "--allow-code")[0] == 0
    resume = ["train", "my.yaml", "--resume", "auto", "--epochs", "2", "--allow-code"]
    code, _, err = said(*resume)
    assert code == 4
    assert err.endswith(
        ": belongs to another run: the network's Python file has changed (--force goes on nevertheless)\n"
    )
    with pytest.warns(UserWarning, match="the network's Python file has changed; going on as told"):
        assert said(*resume, "--force")[0] == 0


def test_resumed_runs_end_as_one_that_was_not_interrupted(folder, said):
    two = ["--epochs", "2", "--allow-code", "--quiet"]
    assert said("train", "my.yaml", *two, "--output", "once")[0] == 0
    # Its file may be named from elsewhere: what counts is what it holds.
    resume = ["--resume", "runs/my/last.safetensors", "--output", "twice"]
    assert said("train", "runs/my/config.yaml", *two, *resume)[0] == 0
    once, twice = (said("eval", f"{name}/last.safetensors", "--allow-code", "--json")[1] for name in ("once", "twice"))
    assert json.loads(once)["epoch"] == 2
    assert once.replace("once", "twice") == twice


def test_an_error_in_the_users_file_while_training_has_its_line(folder, said):
    text = own_network.CODE.replace(
        "        return", "        if self.training:\n            return self.third(x)\n        return"
    )
    (folder / "my_net.py").write_text(text)
    code, _, err = said("train", "my.yaml", "--allow-code")
    assert code == 2
    line = 1 + text.splitlines().index("            return self.third(x)")
    message = "AttributeError: 'MyNet' object has no attribute 'third'"
    assert err.splitlines()[-1] == f"nnkit: error: my_net.py:{line}: {message} (nnkit --debug ... shows the traceback)"


CHANGED = (
    "one of the variables needed for gradient computation has been modified by an inplace operation: "
    "[torch.FloatTensor [{}]], which is output 0 of Relu, is at version 1; expected version 0 instead."
)


@pytest.mark.parametrize("command", ["train", "profile"])
def test_what_the_users_network_does_to_its_backward_pass_is_told_of_its_file(folder, said, command):
    hidden = "F.relu(self.first(x.flatten(1)))"
    (folder / "my_net.py").write_text(own_network.CODE.replace(hidden, f"F.dropout({hidden}, inplace=True)"))
    code, _, err = said(command, "my.yaml", "--allow-code")
    assert code == 2
    debug = "(nnkit --debug ... shows the traceback)"
    message = f"my_net.py: in backward: RuntimeError: {CHANGED.format('512, 24')} {debug}"
    assert err.splitlines()[-1] == f"nnkit: error: {message}"


@pytest.mark.parametrize("command", ["validate", "train"])
def test_layers_that_spoil_the_backward_pass_are_refused_before_a_run(said, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    layers = "Flatten, {name: Linear, in_features: 784, out_features: 8}, ReLU, {name: Dropout, inplace: true}"
    last = "{name: Linear, in_features: 8, out_features: 10}"
    options = ["--set", "data.name=digits", "--set", f"network.layers=[{layers}, {last}]"]
    code, _, err = said(command, "sequential", *options)
    assert code == 2
    assert err.splitlines()[-1].endswith(f": network: in backward: {CHANGED.format('2, 8')}")
    assert not (tmp_path / "runs").exists()


def test_layers_are_trained_resumed_evaluated_and_looked_at(said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # The schedule would last as long as the run.
    quick = ["--set", "data.name=digits", "--set", "data.batch_size=512", "--set", "scheduler=null", "--threads", "1"]
    code, out, _ = said("train", "sequential", "--epochs", "1", *quick)
    assert code == 0
    assert out.startswith("Sequential (80,202 parameters) on digits: ")
    assert said("train", "--resume", "runs/sequential/last.safetensors", "--epochs", "2", "--quiet") == (0, "", "")
    evaluated = said("eval", "runs/sequential/last.safetensors", "--json")[1]
    assert json.loads(evaluated)["epoch"] == 2
    rows = said("summary", "runs/sequential/last.safetensors")[1].splitlines()
    assert [row.split()[:2] for row in rows[4:7]] == [["0", "(Conv2d)"], ["1", "(ReLU)"], ["2", "(MaxPool2d)"]]
    assert rows[-1] == "80,202 parameters (320.8 kB), 2.233 MFLOP an image"


def test_layers_are_profiled_and_drawn(said):
    quick = ["--set", "data.name=digits", "--threads", "1", "--steps", "1", "--json"]
    profiled = json.loads(said("profile", "sequential", *quick)[1])
    assert profiled["plan"]
    assert {"0", "3", "7", "10"} <= {row["layer"] for row in profiled["rows"]}
    graph = said("inspect-graph", "sequential")[1]
    assert "AccumulateGrad 10.bias (10,)" in graph


def test_a_summary_follows_a_network_that_looks_at_its_numbers(folder, said):
    (folder / "my_net.py").write_text(
        own_network.CODE.rpartition("        return")[0]
        + "        x = self.first(x.flatten(1))\n"
        + "        return self.second(x) if x.abs().sum() > 0 else x\n"
    )
    code, out, _ = said("summary", "my.yaml", "--allow-code", "--json")
    assert code == 0
    assert [row["calls"] for row in json.loads(out)["layers"]] == [1, 1, 1]


def test_the_schema_completes_layers(said):
    schema = json.loads(said("schema")[1])
    items = schema["$defs"]["Sequential"]["properties"]["layers"]["items"]
    alone, full = items["anyOf"]
    assert {"ReLU", "Flatten"} <= set(alone["enum"])
    assert not {"Linear", "Conv2d", "MaxPool2d"} & set(alone["enum"])
    assert {"$ref": "#/$defs/Linear"} in full["oneOf"]
    linear = schema["$defs"]["Linear"]
    assert linear["required"] == ["name", "in_features", "out_features"]
    assert linear["properties"]["in_features"]["description"] == "Size of each input sample."
    assert schema["$defs"]["CodeNetwork"]["required"] == ["file", "class"]
    assert "sequential" in built_in_configs()


def test_layers_that_do_not_fit_are_told_beside_all_else_that_is_wrong(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["configs", "cp", "sequential", "mine.yaml"]) == 0
    path = tmp_path / "mine.yaml"
    text = path.read_text().replace("in_features: 512", "in_features: 800").replace("epochs: 5", "epochs: 0")
    path.write_text(text.replace("momentum: 0.9", "momentun: 0.9"))
    capsys.readouterr()
    assert run(["validate", "mine.yaml"]) == 2
    problems = [line.split(": ", 3)[3] for line in capsys.readouterr().err.splitlines()]
    assert problems == [
        "network.layers.7.in_features: Linear gets (N, 512), but in_features is 800; write 512",
        "optimizer.momentun: unknown key, did you mean 'momentum'?",
        "training.epochs: must be >= 1 and <= 1000000, got 0",
    ]
