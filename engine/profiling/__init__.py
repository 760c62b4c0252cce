"""What a training step spends its time on, operation by operation."""

from nnkit.profiling.layers import Layers
from nnkit.profiling.nodes import annotate
from nnkit.profiling.planned import PlanWatch
from nnkit.profiling.rows import Phase, Place, Row, median_rows
from nnkit.profiling.taped import TapeWatch

__all__ = ["Layers", "Phase", "Place", "PlanWatch", "Row", "TapeWatch", "annotate", "median_rows"]
