import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "benchmarks"))

import cases


def around(value, share=0.1):
    return {"median": value, "low": (1 - share) * value, "high": (1 + share) * value}


def trained(batch_size, most):
    """Return what a side with a fixed cost per step and one per image comes to."""
    nnkit, pytorch = batch_size / (0.0005 + batch_size / most), batch_size / (0.0012 + 6 * batch_size / most)
    return {
        "nnkit": around(nnkit),
        "pytorch": around(pytorch),
        "pytorch, one thread": around(0.7 * pytorch),
        "ratio": around(nnkit / pytorch),
        "ratio, one thread": around(nnkit / pytorch / 0.7),
    }


@pytest.fixture
def results():
    """What a run with all batch sizes could have measured."""
    mosts = dict(zip(cases.NETWORKS, (60_000.0, 50_000.0, 40_000.0), strict=True))
    examples = dict(zip(cases.EXAMPLES, (2_000.0, 30_000.0), strict=True))
    return {
        "versions": {"nnkit": "0.1.0", "numba": "0.61.0", "numpy": "2.1.0", "pytorch": "2.13.0", "python": "3.12.0"},
        "machine": {
            "fma_gflops": around(230.0),
            "memory_gbs": around(35.0),
            "cpu": "Some CPU",
            "threads": 2,
            "pytorch_environment": {"LeNet": {}, "MNISTConvNet": {}, "RNN": {"GOMP_SPINCOUNT": "5000"}},
            "used_while_waiting": {"nnkit": 0.001, "pytorch": 0.002},
            "used_by_others": 0.013,
        },
        "tape": {"nnkit": around(17_000.0), "ratio": around(2.2)},
        "augmentation": {"nnkit": around(50_000.0), "cost": around(0.12)},
        "fma_share": around(0.4),
        "training": {
            network: {str(size): trained(size, most) for size in cases.BATCH_SIZES} for network, most in mosts.items()
        }
        | {network: {str(cases.BATCH_SIZE): trained(cases.BATCH_SIZE, most)} for network, most in examples.items()},
        "evaluation": {network: trained(10_000, 3 * most) for network, most in (mosts | examples).items()},
        "scaling": {
            network: {
                str(count): {
                    "nnkit": {"rate": around(most * count**0.9), "speedup": around(count**0.9)},
                    "pytorch": {"rate": around(most * count**0.5 / 6), "speedup": around(count**0.5)},
                }
                for count in (1, 2)
            }
            for network, most in mosts.items()
        },
        "worst": {network: {"batch_size": "1", "ratio": around(0.97)} for network in cases.NETWORKS},
        "commands": {
            "first_run_seconds": 13.4,
            "peak_megabytes": 310.0,
            "lenet_images_per_second": 45_000.0,
            "first_step_seconds": {"quickstart": around(0.95), "lenet": around(1.2)},
        },
    }
