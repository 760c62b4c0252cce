"""F1: the reader of checkpoints, as a target for a fuzzer.

The checksum would refuse whatever a fuzzer makes, so `read` also reads each content with the right one: what
is behind the checksum must stand against someone who can compute a SHA-256.
"""

import atexit
import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path

from reliability.fuzzing import Target

from nnkit.errors import NnkitError
from nnkit.training import checkpoint as checkpoints
from nnkit.training.load import load_checkpoint

_FORMAT_1 = Path(__file__).parent / "fixtures" / "format-1.safetensors"
_FOLDER = Path(tempfile.mkdtemp(prefix="nnkit-fuzz-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
_DIGEST = re.compile(rb'"sha256":"[^"]*"')
_BLANK = b'"sha256":"' + b"0" * 64 + b'"'
_ODD = [
    *(None, True, "", "weight", "__nnkit__/generator", "\x1b[31m\nred", "\ud800", "1" * 5000, [], [[]], {}),
    *({"tensor": "weight"}, {"tensor": 1}, {"dict": [[[], 1]]}, {"tuple": 3}, {"a\nb": 1}, {"name": "RNN"}),
    *(-1, 0, 1, 65536, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**400, 0.5, 1e308, float("nan"), float("inf")),
]


def read(content):
    """Read a content, and the same with a checksum that is right; raise whatever is not a proper refusal."""
    path = _FOLDER / "a.safetensors"
    for candidate in {content: None, resealed(content): None}:
        path.write_bytes(candidate)
        for reader in (checkpoints.load, load_checkpoint):
            try:
                reader(path)
            except NnkitError as refusal:
                # One line, of which a terminal obeys nothing.
                if not str(refusal).isprintable() or str(path) not in str(refusal):
                    raise AssertionError(f"not a line for a person: {str(refusal)!r}") from refusal
                break


def parts(content):
    """Return the header, parsed, and the data of a whole checkpoint."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def sealed(header, data):
    """Return the checkpoint of a header, as text or to be written as JSON, and data, with its checksum."""
    if not isinstance(header, bytes):
        header = json.dumps(header, separators=(",", ":")).encode()
    return resealed(len(header).to_bytes(8, "little") + header + data)


def resealed(content):
    """Return a content with the checksum that belongs to it, where it has a place for one."""
    length = int.from_bytes(content[:8], "little")
    header = content[8 : 8 + min(length, len(content))]
    if len(_DIGEST.findall(header)) != 1:
        return content
    blank = _DIGEST.sub(_BLANK, header)
    data = content[8 + len(header) :]
    start = len(blank).to_bytes(8, "little") if len(header) == length else content[:8]
    digest = hashlib.sha256(start + blank + data).hexdigest().encode()
    return start + blank.replace(_BLANK, b'"sha256":"' + digest + b'"') + data


def mutated(content, random):
    """Return a whole checkpoint with something changed that a random change of bytes would seldom hit."""
    if random.random() < 0.3:
        return _with_other_bytes(content, random)
    header, data = parts(content)
    metadata = header["__metadata__"]
    part = random.choice(["header", *metadata])
    if part in ("config", "images", "state"):
        metadata[part] = json.dumps(_with_other_value(json.loads(metadata[part]), random))
    elif part == "header":
        header = _with_other_value(header, random)
    else:
        metadata[part] = str(random.choice(_ODD))
    return sealed(header, data)


def _with_other_bytes(content, random):
    changed = bytearray(content)
    for _ in range(random.randint(1, 4)):
        first, last = sorted(random.randrange(len(changed)) for _ in range(2))
        last = min(last, first + 64)
        change = random.randrange(4)
        if change == 0:
            changed[first] = random.randrange(256)
        elif change == 1:
            del changed[first:last]
        elif change == 2:
            changed[first:first] = changed[last : last + 64]
        else:
            changed[first:last] = random.randbytes(last - first)
    return bytes(changed)


def _with_other_value(value, random):
    """Replace, remove or repeat one value of JSON, anywhere in it."""
    if not isinstance(value, (dict, list)) or not value or random.random() < 0.1:
        return random.choice(_ODD)
    copy = value.copy()
    key = random.choice(list(copy) if isinstance(copy, dict) else range(len(copy)))
    change = random.random()
    if change < 0.15:
        del copy[key]
    elif change < 0.3 and isinstance(copy, list):
        copy.insert(key, copy[-1])
    elif change < 0.3:
        copy[random.choice(["", "name", "extra", "a\nb", "\x1b[2J"])] = copy.pop(key)
    else:
        copy[key] = _with_other_value(copy[key], random)
    return copy


def _in_todays_format():
    path = _FOLDER / "today.safetensors"
    checkpoints.save(path, checkpoints.load(_FORMAT_1))
    return path.read_bytes()


TARGET = Target(
    case="F1",
    read=lambda path: read(path.read_bytes()),
    seeds=[_in_todays_format(), _FORMAT_1.read_bytes()],
    words=[
        b'"sha256":"',
        b'"__metadata__":{',
        b'"data_offsets":[',
        b'"shape":[',
        b'"dtype":"F32"',
        b"9" * 20,
        b"{}",
        b"[]",
    ],
    change=mutated,
)
