"""What is measured: the work of one turn, and which turns are set against each other."""

from __future__ import annotations

from dataclasses import dataclass

NETWORKS = ("LeNet", "MNISTConvNet", "RNN")
# The networks of PyTorch's examples, in batches of one size.
EXAMPLES = ("BasicMNIST", "LSTM")
# Of `nnkit.models`; the rest of the arguments are the defaults.
ARGUMENTS = {"RNN": {"hidden_size": 128, "nonlinearity": "tanh"}}
BATCH_SIZE = 64
BATCH_SIZES = (1, 2, 4, 8, 16, 17, 32, 64, 128, 256, 512, 1024, 2048, 4096)
LEARNING_RATE, MOMENTUM = 0.001, 0.9
SEED = 0
AUGMENTATION = {"shift": 2.0, "rotation": 10.0, "scale": 0.1, "elastic": 1.0}
# Two for each multiply-add of the forward pass, the weight gradients, and the input gradients of all layers but the
# first: convolutions of 117,600 and 240,000, and 58,920 in the linear layers.
LENET_FLOPS_PER_IMAGE = 2 * (3 * (117_600 + 240_000 + 58_920) - 117_600)


@dataclass(frozen=True)
class Case:
    """The work of one side.

    Attributes:
        work: "train", "evaluate" (the 10,000 test images), "multiply_add" or "copy" (what the machine can do).
        threads: how many it may use.
        plans: whether nnkit may replay steps, or runs all of them on its tape.
        augment: whether nnkit changes the images of each step at random.
    """

    work: str
    threads: int
    network: str = ""
    batch_size: int = BATCH_SIZE
    plans: bool = True
    augment: bool = False


Contest = dict[str, tuple[str, Case]]


def training(network: str, batch_size: int, threads: int) -> Contest:
    """Return nnkit against PyTorch with all threads, and with one where that could suit it better."""
    case = Case("train", threads, network, batch_size)
    contest: Contest = {"nnkit": ("nnkit", case), "pytorch": ("pytorch", case)}
    if threads > 1:
        contest["pytorch, one thread"] = ("pytorch", Case("train", 1, network, batch_size))
    return contest


def lenet(threads: int) -> Contest:
    """Return what else is asked of a LeNet step, and the machine's peak beside it."""
    return {
        **training("LeNet", BATCH_SIZE, threads),
        "tape": ("nnkit", Case("train", threads, "LeNet", plans=False)),
        "augmented": ("nnkit", Case("train", threads, "LeNet", augment=True)),
        "multiply_add": ("nnkit", Case("multiply_add", threads)),
    }


def evaluation(network: str, threads: int) -> Contest:
    case = Case("evaluate", threads, network)
    return {"nnkit": ("nnkit", case), "pytorch": ("pytorch", case)}


def scaling(network: str, threads: int) -> Contest:
    """Return both sides with 1, 2, 4, ... and all threads, named "<side> <threads>"."""
    counts = sorted({2**power for power in range(threads.bit_length())} | {threads})
    return {
        f"{side} {count}": (side, Case("train", count, network)) for count in counts for side in ("nnkit", "pytorch")
    }
