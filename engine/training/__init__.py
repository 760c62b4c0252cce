"""Training from configs: what a config may say, the loop, checkpoints, evaluation."""

from nnkit.training.config import load_config
from nnkit.training.evaluate import evaluate_checkpoint
from nnkit.training.load import load_checkpoint, load_run
from nnkit.training.run import train

__all__ = ["evaluate_checkpoint", "load_checkpoint", "load_config", "load_run", "train"]
