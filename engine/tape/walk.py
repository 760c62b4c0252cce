"""The walk over the tape that differentiates."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from nnkit.kernels.layout import Array
from nnkit.tape.hooks import Gradients, Recorded
from nnkit.tape.modes import anomalies, tell_where_made
from nnkit.tape.nodes import AccumulateGrad, Edge, Node


def reachable(roots: Sequence[Node]) -> Iterator[Node]:
    """Yield every node that can be reached from the roots, each once, without recursion."""
    seen = set(roots)
    waiting = list(seen)
    while waiting:
        node = waiting.pop()
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)


class _Walk:
    """One backward pass: the gradients that have arrived, and how many each node still waits for."""

    def __init__(self, roots: Sequence[Node], wanted: frozenset[Node] | None) -> None:
        self.dependencies = dict.fromkeys(roots, 0)
        self.arrived: dict[Node, list[Array | None]] = {}
        self.ready: list[tuple[int, int, Node]] = []
        waiting = list(roots)
        while waiting:
            for following, _ in waiting.pop().next_functions:
                if following is None:
                    continue
                known = self.dependencies.get(following)
                if known is None:
                    known = 0
                    waiting.append(following)
                self.dependencies[following] = known + 1
        self.needed = None if wanted is None else _leading_to(self.dependencies, wanted)

    def goes_on_from(self, node: Node) -> bool:
        """Return whether something behind the node is wanted."""
        return self.needed is None or any(following in self.needed for following, _ in node.next_functions)

    def add(self, node: Node, output: int, grad: Array | None) -> None:
        """Add to the gradient of an output of a node."""
        grads = self.arrived.get(node)
        if grads is None:
            grads = self.arrived[node] = [None] * len(node.output_shapes)
        before = grads[output]
        grads[output] = grad if before is None else before if grad is None else before + grad

    def release(self, node: Node) -> None:
        """Let a node run for which nothing else will arrive; the newest runs first, leaves as soon as they can."""
        heapq.heappush(self.ready, (0 if isinstance(node, AccumulateGrad) else 1, -node.sequence, node))

    def follow(self, node: Node, grads: Gradients) -> None:
        """Hand the gradients of a node's inputs to the nodes behind them; there may be fewer of them."""
        count = len(grads)
        for number, (following, output) in enumerate(node.next_functions):
            if following is None:
                continue
            if number < count and grads[number] is not None:
                self.add(following, output, grads[number])
            left = self.dependencies[following] = self.dependencies[following] - 1
            if not left:
                self.release(following)


def _leading_to(nodes: Iterable[Node], wanted: frozenset[Node]) -> set[Node]:
    """Return the nodes from which one of the wanted nodes can be reached, the wanted ones included."""
    behind: dict[Node, list[Node]] = {}
    for node in nodes:
        for following, _ in node.next_functions:
            if following is not None:
                behind.setdefault(following, []).append(node)
    needed = set(wanted)
    waiting = list(wanted)
    while waiting:
        for node in behind.get(waiting.pop(), ()):
            if node not in needed:
                needed.add(node)
                waiting.append(node)
    return needed


def walk_backward(
    roots: Sequence[tuple[Edge, Array | None]],
    *,
    retain_graph: bool,
    wanted: Sequence[Edge] | None = None,
    accumulate: bool = False,
    recorded: bool = False,
) -> list[Array | None]:
    """Differentiate the roots, given their gradients; the walk is iterative.

    Without `wanted` the gradients are added to all leaves. With it the gradients that arrive at those edges are
    returned, and with `accumulate` added to those of them that are leaves, but nothing is added elsewhere. With
    `recorded` all gradients are on the tape themselves.
    """
    captured: dict[Edge, Array | None] = dict.fromkeys(wanted or ())
    targets = frozenset(node for node, _ in captured if node is not None)
    starts = list(dict.fromkeys(node for (node, _), _ in roots if node is not None))
    walk = _Walk(starts, targets if wanted is not None else None)
    for (node, output), grad in roots:
        if node is not None:
            walk.add(node, output, grad)
    for start in starts:
        if not walk.dependencies[start]:
            walk.release(start)
    # Once for the whole walk: it takes as long as adding two small arrays.
    with np.errstate(all="ignore"):
        while walk.ready:
            _, _, node = heapq.heappop(walk.ready)
            arrived = walk.arrived.pop(node, None)
            grads: Gradients = (None,) * len(node.output_shapes) if arrived is None else tuple(arrived)
            is_idle = node.needs_gradients and (arrived is None or all(grad is None for grad in arrived))
            if is_idle or (walk.needed is not None and node not in walk.needed):
                walk.follow(node, ())
                continue
            if node.output_hooks:
                grads = _through_output_hooks(node, grads)
            if node in targets:
                for number, grad in enumerate(grads):
                    if (node, number) in captured:
                        captured[node, number] = grad
                if not (accumulate and isinstance(node, AccumulateGrad)) and not walk.goes_on_from(node):
                    # Nothing behind it is wanted, and it may still be walked through by someone else.
                    walk.follow(node, ())
                    continue
            results = _run(node, grads, recorded)
            if not retain_graph:
                node.free()
            walk.follow(node, results)
    return [captured[edge] for edge in wanted or ()]


def _through_output_hooks(node: Node, grads: Gradients) -> Gradients:
    changed = list(grads)
    for number, hooks in node.output_hooks.items():
        for hook in list(hooks):
            grad = changed[number]
            if grad is not None:
                result = hook(grad)
                changed[number] = grad if result is None else result
    return tuple(changed)


def _run(node: Node, grads: Gradients, recorded: bool) -> Gradients:
    if node.before:
        for before in list(node.before.values()):
            grads = before(grads) or grads
        if node.needs_gradients and all(grad is None for grad in grads):
            return (None,) * len(node.next_functions)
    run = node.run_recorded if recorded else node.run
    results = _watched(node, run, grads) if anomalies.wanted else run(grads)
    if node.after:
        for after in list(node.after.values()):
            results = after(results, grads) or results
    return results


def _watched(node: Node, run: Callable[[Gradients], Gradients], grads: Gradients) -> Gradients:
    """Run a node; if that fails, or makes a NaN where one is looked for, tell where the node was made."""
    try:
        results = run(grads)
        for number, result in enumerate(results) if anomalies.nan else ():
            array = result.tensor.array if isinstance(result, Recorded) else result
            if array is not None and np.isnan(array).any():
                raise RuntimeError(f"Function '{node.name()}' returned nan values in its {number}th output.")
    except Exception:
        tell_where_made(node.name(), node.metadata.get("traceback_"))
        raise
    return results
