"""Training from configs: what a config may say, the loop, checkpoints, evaluation."""

from nnkit.training.load import load_checkpoint, load_run

__all__ = ["load_checkpoint", "load_run"]
