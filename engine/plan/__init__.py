"""Steps that run without Python: recorded once, turned into one program, replayed."""

from nnkit.plan.replay import Replay

__all__ = ["Replay"]
