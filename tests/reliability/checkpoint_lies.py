"""Checkpoints that lie, most with a checksum that is right, and files that are none."""

import json
import pickle

import numpy as np
import torch
from reliability.fuzz_checkpoint import parts, resealed, sealed

MANY_BRACKETS = "[" * 100_000 + "]" * 100_000


def altered(content, part, change):
    """Return a checkpoint of which `change` has altered the header, or a JSON text of its metadata, in place."""
    header, data = parts(content)
    if part == "header":
        change(header)
    else:
        value = json.loads(header["__metadata__"][part])
        change(value)
        header["__metadata__"][part] = json.dumps(value)
    return sealed(header, data)


def with_flipped(content, *bits):
    """Return a content with some of its bits flipped."""
    flipped = bytearray(content)
    for bit in bits:
        flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def with_entry(name="i2h.bias", **changes):
    return lambda header: header[name].update(changes)


def with_value(*path, value):
    def change(values):
        for key in path[:-1]:
            values = values[key]
        values[path[-1]] = value

    return change


def with_text(part, text):
    return lambda header: header["__metadata__"].update({part: text})


def enormous(**arguments):
    return lambda config: config.update(network={"name": "RNN", **arguments})


def layers(*listed, **more):
    return lambda config: config.update(network={"name": "Sequential", "layers": list(listed), **more})


CONVOLUTION = {"name": "Conv2d", "in_channels": 1, "out_channels": 1, "kernel_size": 1, "padding": 1024}

# What to alter, and how; `i2h.bias` has 8 numbers of 4 bytes each.
LIES = {
    "K5-beyond-the-end": ("header", with_entry(data_offsets=[0, 10**12])),
    "K5-backwards": ("header", with_entry(data_offsets=[32, 0])),
    "K5-negative": ("header", with_entry(data_offsets=[-32, 0])),
    "K5-in-one-place-twice": ("header", with_entry(data_offsets=[0, 32])),
    "K5-not-two": ("header", with_entry(data_offsets=[0, 32, 64])),
    "K5-fractions": ("header", with_entry(data_offsets=[0.0, 32.0])),
    "K5-overflow": ("header", with_entry(data_offsets=[2**64, 2**64 + 32])),
    "K5-gap": ("header", lambda header: header.pop("i2h.bias")),
    "K6-longer": ("header", with_entry(shape=[9])),
    "K6-a-terabyte": ("header", with_entry(shape=[10**12])),
    "K6-overflow": ("header", with_entry(shape=[2**63, 2, 8])),
    "K6-overflow-to-the-right-size": ("header", with_entry(shape=[2**32, 2**32, 8])),
    "K6-negative": ("header", with_entry(shape=[-8])),
    "K6-negative-twice": ("header", with_entry(shape=[-2, -4])),
    "K6-many-dimensions": ("header", with_entry(shape=[8, *[1] * 100])),
    "K6-true": ("header", with_entry(shape=[8, True])),
    "K6-larger-type": ("header", with_entry(dtype="F64")),
    "K6-foreign-type": ("header", with_entry(dtype="U32")),
    "K6-no-type": ("header", with_entry(dtype=["F32"])),
    "K6-no-description": ("header", lambda header: header.update({"i2h.bias": 3})),
    "K6-enormous-network": ("config", enormous(hidden_size=8192)),
    "K6-large-network": ("config", enormous(hidden_size=4096)),
    "K6-enormous-output": ("config", enormous(hidden_size=1024, output_size=8192)),
    "K6-layers-out-of-range": ("config", enormous(hidden_size=10**9)),
    "K6-impossible-network": ("config", with_value("network", value={"name": "LeNet", "kernel_size": 30})),
    "K6-enormous-layer": ("config", layers({"name": "Linear", "in_features": 4_000_000, "out_features": 8192})),
    "K6-many-large-layers": ("config", layers(*[{"name": "Linear", "in_features": 900, "out_features": 900}] * 200)),
    "K6-enormous-images": ("config", layers(*[CONVOLUTION] * 200)),
    "K6-a-hundred-thousand-layers": ("config", layers(*["ReLU"] * 100_000)),
    "K6-layers-that-do-not-fit": ("config", layers("Flatten", "Flatten", {"name": "MaxPool2d", "kernel_size": 2})),
    "K6-digits": ("header", with_text("epoch", "1" * 5000)),
    "K6-version-digits": ("header", with_text("format_version", "9" * 5000)),
    "K6-step-digits": ("header", with_text("step", "9" * 4000)),
    "K7-config": ("header", with_text("config", MANY_BRACKETS)),
    "K7-state": ("header", with_text("state", MANY_BRACKETS)),
    "K7-images": ("header", with_text("images", MANY_BRACKETS)),
    "K7-mappings": ("header", with_text("config", '{"a":' * 100_000 + "1" + "}" * 100_000)),
    "K7-not-so-deep": ("config", with_value("network", value=json.loads("[" * 200 + "]" * 200))),
    "unprintable-name": ("header", lambda header: header.update({"\x1b[31m\n": header.pop("i2h.bias")})),
    "unprintable-key": ("config", with_value("\x1b[31m\nred", value=1)),
    "unprintable-value": ("config", with_value("loss", "name", value="\x1b[31m\nred")),
    "long-name": ("header", lambda header: header.update({"a" * 1000: header.pop("i2h.bias")})),
    "config-is-a-list": ("header", with_text("config", "[]")),
    "epoch-negative": ("header", with_text("epoch", "-1")),
    "mean-nan": ("images", with_value("mean", value=float("nan"))),
    "mean-infinite": ("images", with_value("mean", value=float("inf"))),
    "mean-huge": ("images", with_value("mean", value=10**400)),
    "std-0": ("images", with_value("std", value=0.0)),
    "std-negative": ("images", with_value("std", value=-1.0)),
    "std-nan": ("images", with_value("std", value="nan")),
    "std-tiny": ("images", with_value("std", value=1e-300)),
    "classes-unprintable": ("images", with_value("classes", value=["\x1b[31m", *"123456789"])),
    "classes-numbers": ("images", with_value("classes", value=list(range(10)))),
    "classes-text": ("images", with_value("classes", value="0123456789")),
    "state-of-a-missing-tensor": ("state", lambda state: state["dict"].append(["a", {"tensor": "missing"}])),
    "state-of-a-tensor-without-name": ("state", lambda state: state["dict"].append(["a", {"tensor": [1]}])),
    "state-with-a-mapping-as-key": ("state", lambda state: state["dict"].append([{}, 1])),
}


def lying_texts(content):
    """Return contents that no JSON library writes, by id."""
    header, data = parts(content)
    text = json.dumps(header, separators=(",", ":")).encode()
    entry = json.dumps(header["i2h.bias"], separators=(",", ":")).encode()
    blank = b'"sha256":"' + b"0" * 64 + b'"'
    lying = len(text) + len(data)
    return {
        "K4-length-0": (0).to_bytes(8, "little") + content[8:],
        "K4-length-of-all": lying.to_bytes(8, "little") + content[8:],
        "K4-length-beyond": (lying + 1).to_bytes(8, "little") + content[8:],
        "K4-length-2**63": (2**63).to_bytes(8, "little") + content[8:],
        "K4-length-2**64-1": b"\xff" * 8 + content[8:],
        "K4-length-shorter": resealed((len(text) - 8).to_bytes(8, "little") + content[8:]),
        "K4-length-longer": resealed((len(text) + 16).to_bytes(8, "little") + content[8:]),
        "K4-large": sealed(text[:-1] + b" " * 2_000_000 + b"}", data),
        "K4-other-encoding": len(text).to_bytes(8, "little") + text.decode().encode("utf-16-le") + data,
        "K7-header": sealed(text[:-1] + b',"a":' + MANY_BRACKETS.encode() + b"}", data),
        "K7-header-open": sealed(b'{"__metadata__":{' + blank + b'},"a":' + b"[" * 100_000, data),
        "K8-same-twice": sealed(text[:-1] + b',"i2h.bias":' + entry + b"}", data),
        "K8-other-first": sealed(b'{"i2h.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' + text[1:], data),
        "K8-key-twice": sealed(text.replace(b'"shape":[8]', b'"shape":[8],"shape":[8]', 1), data),
        "K8-metadata-twice": sealed(b'{"__metadata__":{},' + text[1:], data),
        "K8-checksum-twice": content.replace(b'"sha256":', b'"sha256":"' + b"0" * 64 + b'","sha256":', 1),
    }


def sparse_files(folder, whole):
    """Write files that take no room on the disk and claim a terabyte; one begins as a whole one; return them."""
    consistent = {
        "__metadata__": {"sha256": "0" * 64},
        "a": {"dtype": "U8", "shape": [10**12], "data_offsets": [0, 10**12]},
    }
    text = json.dumps(consistent, separators=(",", ":")).encode()
    starts = {
        "consistent": len(text).to_bytes(8, "little") + text,
        "header-without-end": (10**12 - 8).to_bytes(8, "little") + b"{",
        "small-header": whole,
        "nothing": b"",
    }
    for name, start in starts.items():
        with (folder / name).open("wb") as file:
            file.write(start)
            file.truncate(8 + len(text) + 10**12 if name == "consistent" else 10**12)
    return [folder / name for name in starts]


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (str(self.marker), "w")


def pickles(marker, folder):
    """Return contents that would create `marker` if they were unpickled."""
    bomb = Bomb(marker)
    contents = [pickle.dumps(bomb, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for zipped in (True, False):
        torch.save({"weight": bomb}, folder / "torch.pt", _use_new_zipfile_serialization=zipped)
        contents.append((folder / "torch.pt").read_bytes())
    np.save(folder / "object.npy", np.array([bomb], object))
    contents.append((folder / "object.npy").read_bytes())
    # As a safetensors file begins: a length, and then a brace.
    start = (64).to_bytes(8, "little") + b"{"
    return [*contents, *(start + each for each in contents)]
