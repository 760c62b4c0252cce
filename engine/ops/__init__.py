"""The calculus: each operation on arrays, forward and its gradients side by side. Nothing here knows a Tensor.

An operation is known by being declared in one of these files; `operations` lists all of them.
"""

from nnkit.ops.accumulation import *
from nnkit.ops.activation import *
from nnkit.ops.arithmetic import *
from nnkit.ops.arranging import *
from nnkit.ops.convolution import *
from nnkit.ops.copying import *
from nnkit.ops.division import *
from nnkit.ops.elementwise import *
from nnkit.ops.elementwise_loss import *
from nnkit.ops.joining import *
from nnkit.ops.loss import *
from nnkit.ops.matrix import *
from nnkit.ops.normalization import *
from nnkit.ops.operation import Operation as Operation
from nnkit.ops.operation import operations as operations
from nnkit.ops.padding import *
from nnkit.ops.picking import *
from nnkit.ops.pooling import *
from nnkit.ops.recurrent import *
from nnkit.ops.reduction import *
from nnkit.ops.shape import *
from nnkit.ops.transcendental import *
