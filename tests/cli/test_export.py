"""`nnkit export`: a trained network for other programs."""

import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from nnkit.cli.main import run
from nnkit.data import load

pytest.importorskip("onnx", reason="needs the extra onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")

PAGE = Path(__file__).parent.parent.parent / "docs" / "export.md"
BEST = "runs/quickstart/best.safetensors"


@pytest.fixture
def best(trained, tmp_path, monkeypatch):
    """A checkpoint in a run's folder, from which it is named."""
    folder, _ = trained
    monkeypatch.chdir(tmp_path)
    path = tmp_path / BEST
    path.parent.mkdir(parents=True)
    path.write_bytes((folder / BEST).read_bytes())
    return path


def out(capsys, *arguments):
    assert run([*map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_the_real_command(best, nnkit):
    result = nnkit("export", BEST)
    assert result.returncode == 0, result.stderr
    text = re.sub(r"\d\.\de-\d\d", "?e-??", re.sub(r"\d+\.\d kB", "? kB", result.stdout))
    assert text == (
        "runs/quickstart/best.onnx: LeNet after epoch 2, 61,706 parameters, ? kB\n"
        "\n"
        "images   float32 (N, 1, 32, 32): (pixels / 255 - 0.155831) / 0.268551, 0 is background\n"
        "logits   float32 (N, 10)\n"
        "checked  onnxruntime agrees within ?e-?? on 64 random images\n"
        "\n"
        'next: onnxruntime.InferenceSession("runs/quickstart/best.onnx").run(["logits"], {"images": images})\n'
    )


def test_the_file_sees_what_eval_sees(best, capsys):
    measured = json.loads(out(capsys, "eval", BEST, "--json"))
    test = load("digits", "test")
    found = json.loads(out(capsys, "export", BEST, "--json"))
    assert found["input"] == {"type": "float32", "shape": ["N", 1, 32, 32]}
    assert found["difference"] < 1e-5
    frame = ((0, 0), (2, 2), (2, 2))
    images = (np.pad(test.images, frame)[:, None] / np.float32(255) - found["mean"]) / found["std"]
    session = onnxruntime.InferenceSession(found["path"])
    (logits,) = session.run(["logits"], {"images": images.astype(np.float32)})
    # One image may be in between two classes.
    assert np.mean(logits.argmax(1) == test.labels) == pytest.approx(measured["accuracy"], abs=0.003)
    raw = json.loads(out(capsys, "export", BEST, "--json", "--raw-pixels", "--output", "raw.onnx"))
    assert raw["input"] == {"type": "uint8", "shape": ["N", 1, "H", "W"]}
    (again,) = onnxruntime.InferenceSession(raw["path"]).run(["logits"], {"images": test.images[:, None]})
    np.testing.assert_allclose(again, logits, rtol=1e-4, atol=1e-5)


def test_the_snippet_in_the_help_runs(best, capsys):
    out(capsys, "export", BEST, "--output", "runs/lenet.onnx")
    snippet = [line[4:] for line in out(capsys, "export", "--help").splitlines() if line.startswith("    ")]
    code = "\n".join(snippet[snippet.index("import numpy as np, onnxruntime") :][:4])
    found = {}
    exec(code.replace("runs/lenet/best.onnx", "runs/lenet.onnx"), found)
    assert found["logits"].shape == (1, 10)


def test_the_page_about_it_can_be_followed(best, capsys, monkeypatch):
    best.parent.rename("runs/lenet")
    blocks = re.findall(r"^```(console|python)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    found = {}
    # The commands come first, because the blocks of Python read what they write.
    for _, code in [block for block in blocks if block[0] == "console"]:
        for line in code.splitlines():
            out(capsys, *shlex.split(line.removeprefix("$ nnkit ")))
    # The example enters an operation of its own.
    monkeypatch.setattr("nnkit.export.OPERATORS", {})
    for _, code in [block for block in blocks if block[0] == "python"]:
        exec(code, found)
    assert (found["classes"].shape, found["logits"].shape) == ((5,), (5, 10))
    assert found["state_dict"]["conv1.weight"].shape == found["weight"].shape == (6, 1, 5, 5)
    assert found["metadata"]["network"] == "LeNet"


@pytest.mark.parametrize(
    ("format", "name", "use"),
    [
        ("safetensors", "best.parameters.safetensors", "model.load_state_dict(safetensors.torch.load_file({}))"),
        ("npz", "best.npz", "arrays = numpy.load({})"),
    ],
)
def test_other_formats_say_how_they_are_read(format, name, use, best, capsys):
    first, last = out(capsys, "export", "--format", format, BEST).splitlines()
    path = best.parent.relative_to(Path.cwd()) / name
    assert first == f"{path}: LeNet after epoch 2, 61,706 parameters, {path.stat().st_size / 1e3:,.1f} kB"
    assert last == f"next: {use.format(json.dumps(str(path)))}"


def test_raw_pixels_are_explained(best, capsys):
    lines = out(capsys, "export", BEST, "--raw-pixels").splitlines()
    assert "images   uint8 (N, 1, H, W): pixels, 0 is background; H and W up to 32 and 32" in lines


def test_without_onnxruntime_it_is_said(best, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    lines = out(capsys, "export", BEST).splitlines()
    assert "checked  not run, since onnxruntime is not installed: pip install 'nnkit[onnx]'" in lines


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no.safetensors"], 4, "no.safetensors: does not exist"),
        (["runs"], 4, "runs: is a directory, expected a file, or the folder of a run"),
        (
            [BEST, "--format", "pt"],
            2,
            "invalid value for '--format': 'pt' is not one of 'onnx', 'safetensors', 'npz' (see nnkit export --help)",
        ),
        (
            [BEST, "--output", "x.pt"],
            2,
            "x.pt: expected a name that ends with .onnx, .safetensors, .npz, or a --format",
        ),
        ([BEST, "--output", "no/x.onnx"], 6, "no/x.onnx: cannot be written: No such file or directory"),
        ([BEST, "--format", "npz", "--raw-pixels"], 2, "only ONNX files can take raw pixels"),
        ([BEST, "--format", "safetensors", "--output", BEST], 6, f"{BEST}: is the checkpoint itself"),
        ([BEST, "--output", f"{BEST}/x.onnx"], 6, f"{BEST}/x.onnx: cannot be written: Not a directory"),
        ([BEST, "--output", "there.onnx"], 6, "there.onnx: exists already; --force replaces it"),
    ],
)
def test_failures_are_one_line_with_their_exit_code(arguments, code, message, best, capsys):
    best.parent.parent.with_name("there.onnx").write_text("mine")
    assert run(["export", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"nnkit: error: {message}")
    assert captured.err.count("\n") == 1
