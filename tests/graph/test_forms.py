"""The description of a grad_fn graph, against PyTorch's own graph and in each of its forms."""

import importlib
import json
import re

import pytest

import nnkit
from nnkit.errors import ConfigError
from nnkit.graph import FORMATS, Annotation, fold, to_dot, to_json, to_mermaid, to_text, trace
from nnkit.graph.figures import figures


def convolutional(package):
    """Return the loss and the network of a small convolutional classifier, made from nnkit or torch."""
    torch = importlib.import_module(package)
    nn = importlib.import_module(f"{package}.nn")
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(18, 4),
        nn.Tanh(),
        nn.Linear(4, 3),
    )
    loss = nn.CrossEntropyLoss()(network(torch.zeros(2, 1, 8, 8)), torch.zeros(2, dtype=torch.int64))
    return loss, network


def recurrent(package, steps=28):
    """Return the loss and the cell of a recurrent network that reads `steps` rows."""
    torch = importlib.import_module(package)
    nn = importlib.import_module(f"{package}.nn")
    cell = nn.Linear(3 + 4, 4)
    hidden = torch.zeros(2, 4)
    for _ in range(steps):
        hidden = torch.tanh(cell(torch.cat((torch.zeros(2, 3), hidden), 1)))
    return nn.MSELoss()(hidden, torch.zeros(2, 4)), cell


def shared(package):
    """Return the sum of a loss and its square, which lead to the same nodes by ways of different length."""
    torch = importlib.import_module(package)
    nn = importlib.import_module(f"{package}.nn")
    layer = nn.Linear(3, 1)
    value = layer(torch.ones(2, 3)).sum()
    return value + value * value, layer


def pytorch_nodes(loss, network):
    """List PyTorch's graph as `trace` does: breadth first, with name, parameter and next functions."""
    names = {parameter: name for name, parameter in network.named_parameters()}
    found = [loss.grad_fn]
    for node in found:
        found += [inner for inner in dict(node.next_functions) if inner is not None and inner not in found]
    return [
        (
            type(node).__name__,
            names[node.variable] if hasattr(node, "variable") else None,
            tuple(None if to is None else (found.index(to), index) for to, index in node.next_functions),
        )
        for node in found
    ]


@pytest.mark.case("A10")
@pytest.mark.parametrize("build", [convolutional, recurrent, shared])
def test_A10_the_graph_is_pytorchs_node_for_node(build):
    loss, network = build("nnkit")
    graph = trace(loss, network.named_parameters())
    ours = [(node.name, node.parameter, node.next_functions) for node in graph.nodes]
    assert ours == pytorch_nodes(*build("torch"))


def test_a_node_or_its_tensor_can_be_traced():
    loss, network = convolutional("nnkit")
    assert trace(loss.grad_fn, network.named_parameters()) == trace(loss, network.named_parameters())


def test_leaves_without_a_name_have_none():
    x = nnkit.ones(2, requires_grad=True)
    assert to_text(trace(x * 2)) == "MulBackward0 (2,)\n  AccumulateGrad (2,)"


@pytest.mark.parametrize("tensor", [nnkit.ones(2), nnkit.ones(2, requires_grad=True)])
def test_a_tensor_without_a_graph_is_refused(tensor):
    with pytest.raises(ValueError, match="no grad_fn"):
        trace(tensor)


def test_a_negative_depth_is_refused():
    loss, _ = convolutional("nnkit")
    with pytest.raises(ValueError, match="got -1"):
        trace(loss, depth=-1)


def test_depth_counts_the_shortest_way_from_the_result():
    loss, layer = shared("nnkit")
    graph = trace(loss, layer.named_parameters(), depth=1)
    assert [(node.name, node.hidden) for node in graph.nodes] == [
        ("AddBackward0", 0),
        ("SumBackward0", 1),
        ("MulBackward0", 2),
    ]
    assert trace(loss, depth=0).nodes[0].hidden == 2
    whole = trace(loss, layer.named_parameters())
    assert trace(loss, layer.named_parameters(), depth=99) == whole
    assert all(node.hidden == 0 for node in whole.nodes)


CONVOLUTIONAL = """\
NllLossBackward0 ()
  LogSoftmaxBackward0 (2, 3)
    AddmmBackward0 (2, 3)
      AccumulateGrad 6.bias (3,)
      TBackward0 (4, 3)
      | AccumulateGrad 6.weight (3, 4)
      TanhBackward0 (2, 4)
        AddmmBackward0 (2, 4)
          AccumulateGrad 4.bias (4,)
          TBackward0 (18, 4)
          | AccumulateGrad 4.weight (4, 18)
          ViewBackward0 (2, 18)
            MaxPool2DWithIndicesBackward0 (2, 2, 3, 3)
              ReluBackward0 (2, 2, 6, 6)
                ConvolutionBackward0 (2, 2, 6, 6)
                  AccumulateGrad 0.weight (2, 1, 3, 3)
                  AccumulateGrad 0.bias (2,)"""


def test_text_is_a_tree_with_the_parameters_beside_their_operation():
    loss, network = convolutional("nnkit")
    assert to_text(trace(loss, network.named_parameters())) == CONVOLUTIONAL


def test_text_prints_a_shared_node_once():
    loss, layer = shared("nnkit")
    assert to_text(trace(loss, layer.named_parameters())).splitlines() == [
        "AddBackward0 ()",
        "  #1 SumBackward0 ()",
        "  | AddmmBackward0 (2, 1)",
        "  |   AccumulateGrad bias (1,)",
        "  |   TBackward0 (3, 1)",
        "  |     AccumulateGrad weight (1, 3)",
        "  MulBackward0 ()",
        "    see #1 SumBackward0",
        "    see #1 SumBackward0",
    ]


def test_text_says_where_the_depth_ends():
    loss, network = convolutional("nnkit")
    assert to_text(trace(loss, network.named_parameters(), depth=3)).splitlines()[2:] == [
        "    AddmmBackward0 (2, 3)",
        "      AccumulateGrad 6.bias (3,)",
        "      TanhBackward0 (2, 4)",
        "      | ... 1 more",
        "      TBackward0 (4, 3)",
        "        ... 1 more",
    ]
    assert to_text(trace(loss, depth=0)).splitlines() == ["NllLossBackward0 ()", "  ... 1 more"]


def test_text_of_a_recurrent_network_stays_narrow():
    loss, cell = recurrent("nnkit")
    graph = trace(loss, cell.named_parameters())
    lines = to_text(graph).splitlines()
    assert max(map(len, lines)) < 100
    printed = [line for line in lines if "see #" not in line and not re.match(r"#\d+ ", line)]
    assert len(printed) == len(graph.nodes)
    assert sum("AccumulateGrad weight" in line for line in lines) == 1
    assert sum(re.search(r"see #\d+ weight$", line) is not None for line in lines) == 27
    # Every branch that is broken off has its section.
    broken = [re.search(r"#\d+", line)[0] for line in lines if line.endswith(", continued below")]
    assert broken == [line.split()[0] for line in lines if line.startswith("#")]
    assert len(broken) == 4


@pytest.mark.case("A7")
def test_A7_a_chain_of_20000_nodes_needs_no_recursion():
    x = nnkit.ones(1, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = -y
    graph = trace(y, [("x", x)])
    assert len(graph.nodes) == 20_001
    for name in ("text", "dot", "mermaid", "json"):
        assert FORMATS[name](graph).count("AccumulateGrad") == 1
    assert max(map(len, to_text(graph).splitlines())) < 100
    for name in ("svg", "html"):
        with pytest.raises(ConfigError, match="a drawing of 20,001 nodes cannot be looked at"):
            FORMATS[name](graph)
        assert FORMATS[name](fold(graph)).count("20,000") >= 1


def test_json_holds_the_whole_graph():
    loss, network = convolutional("nnkit")
    graph = trace(loss, network.named_parameters())
    nodes = json.loads(to_json(graph))["nodes"]
    assert [node["number"] for node in nodes] == list(range(len(graph.nodes)))
    assert nodes[0] == {
        "number": 0,
        "name": "NllLossBackward0",
        "output_shapes": [[]],
        "parameter": None,
        "next_functions": [[1, 0]],
        "hidden": 0,
        "made": len(nodes) - 1,
        "saved": [{"shape": [2], "dtype": "int64", "bytes": 16, "memory": 0, "parameter": None}],
        "module": None,
        "kind": None,
        "flops": None,
        "forward_seconds": None,
        "backward_seconds": None,
        "gradient_norm": None,
    }
    # The images need no gradient.
    convolution = next(node for node in nodes if node["name"] == "ConvolutionBackward0")
    assert convolution["next_functions"][0] is None
    assert {node["parameter"] for node in nodes} - {None} == {name for name, _ in network.named_parameters()}


@pytest.mark.parametrize(
    ("render", "node", "edge", "more"),
    [
        (
            to_dot,
            r'^  n\d+ \[label="\w+(?:\\n\w+)?\\n\(.*\)"(?:, style=rounded)?\];$',
            r"^  n\d+ -> n\d+;$",
            "m2",
        ),
        (to_mermaid, r'^  n\d+(?:\[|\(\[)"\w+<br/>.*"(?:\]|\]\))$', r"^  n\d+ --> n\d+$", "m2"),
    ],
)
def test_drawings_have_every_node_and_edge(render, node, edge, more):
    loss, layer = shared("nnkit")
    graph = trace(loss, layer.named_parameters())
    text = render(graph)
    assert len(re.findall(node, text, re.MULTILINE)) == len(graph.nodes)
    assert len(re.findall(edge, text, re.MULTILINE)) == sum(len(each.targets) for each in graph.nodes)
    assert more not in text
    assert more in render(trace(loss, depth=1))


def test_a_name_cannot_break_out_of_a_drawing():
    x = nnkit.ones(1, requires_grad=True)
    graph = trace(x * 2, [('a"b\\', x)])
    assert r'"AccumulateGrad\na\"b\\\n(1,)"' in to_dot(graph)
    assert '(["AccumulateGrad<br/>a#quot;b\\<br/>(1,)"])' in to_mermaid(graph)


FOLDED = """\
MseLossBackward0 ()
  28 x #1 TanhBackward0 (2, 4)
    AddmmBackward0 (2, 4)
      AccumulateGrad bias (4,), all 28
      CatBackward0 (2, 7), not in the last
      | again #1
      TBackward0 (7, 4)
        AccumulateGrad weight (4, 7), all 28"""


def test_repetitions_are_printed_once():
    loss, cell = recurrent("nnkit")
    graph = fold(trace(loss, cell.named_parameters()))
    assert to_text(graph) == FOLDED
    found = json.loads(to_json(graph))
    assert len(found["nodes"]) == len(graph.nodes)
    (repetitions,) = (each["repetitions"] for each in found["folds"])
    assert len(repetitions) == 28
    assert repetitions[-1][-1] is None
    assert "subgraph cluster_0" in to_dot(graph)
    assert 'label="28 times"' in to_dot(graph)
    assert re.search(r'n\d+ -> n1 \[label="next", style=dashed, constraint=false\];', to_dot(graph))
    assert 'subgraph f0["28 times"]' in to_mermaid(graph)
    assert "-.->|next| n1" in to_mermaid(graph)


def test_what_leads_out_of_repetitions_is_told():
    x = y = nnkit.ones(2, requires_grad=True)
    for _ in range(5):
        y = y.tanh().exp()
    assert to_text(fold(trace(y.sum(), [("x", x)]))).splitlines() == [
        "SumBackward0 ()",
        "  5 x #1 ExpBackward0 (2,)",
        "    TanhBackward0 (2,)",
        "      again #1",
        "      AccumulateGrad x (2,), after the last",
    ]


def test_columns_that_do_not_fit_are_left_out():
    loss, network = convolutional("nnkit")
    known = {loss.grad_fn: Annotation("loss", None, 2_000_000, 1e-5, 2e-5, 0.5)}
    graph = trace(loss, network.named_parameters(), annotations=known, title="a title")
    lines = to_text(graph).splitlines()
    assert lines[0].split() == [
        "grad_fn",
        "module",
        "parameters",
        "MFLOP",
        "saved",
        *["forward", "us", "backward", "us", "gradient"],
    ]
    assert lines[1].split() == ["NllLossBackward0", "()", "loss", "2.00", "16", "B", "10.0", "20.0", "0.5"]
    assert lines[-2] == "a title"
    assert lines[-1].startswith(f"{len(graph.nodes)} nodes, ")
    widths = {}
    for width in range(60, 140):
        narrow = to_text(graph, width).splitlines()[: -2 or None]
        widths[width] = narrow[0].split()[1:]
        assert max(map(len, narrow)) <= width or not widths[width]
        # The tree itself is whole at any width.
        assert [line.split("  ")[0] for line in narrow] == [line.split("  ")[0] for line in lines[: len(narrow)]]
    assert widths[60] == []
    assert widths[70] == ["gradient"]
    assert "module" in widths[100]
    assert "parameters" in widths[139]


def test_text_and_drawings_show_names_in_one_line(named):
    graph = named("\x1b[2J\n<b>")
    for render in (to_text, to_dot, to_mermaid):
        assert "\x1b" not in render(graph)
        assert "\\x1b[2J\\n" in render(graph).replace("\\\\", "\\")
    assert json.loads(to_json(graph))["nodes"][-1]["parameter"] == "\x1b[2J\n<b>"


@pytest.mark.parametrize("norm", [float("nan"), float("inf")])
def test_json_is_json_whatever_the_norms(norm):
    x = nnkit.ones(2, requires_grad=True)
    loss = x.sum()
    graph = trace(loss, annotations={loss.grad_fn: Annotation(gradient_norm=norm)})

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads(to_json(graph), parse_constant=refuse)["nodes"][0]["gradient_norm"] == str(norm)


def test_what_is_kept_for_the_backward_pass_is_told():
    weight = nnkit.ones(3, requires_grad=True)
    value = (weight * 2).exp()
    loss = (value * value * weight).sum()
    graph = trace(loss, [("weight", weight)])
    saved = {node.name: node.saved for node in graph.nodes if node.saved}
    (kept,) = saved["ExpBackward0"]
    assert (kept.shape, kept.dtype, kept.bytes, kept.parameter) == ((3,), "float32", 12, None)
    # The product keeps the same memory twice, and the one behind it the product and the parameter.
    inner, outer = (
        node.saved for node in reversed(graph.nodes) if node.name == "MulBackward0" and len(node.saved) == 2
    )
    assert {each.memory for each in inner} == {kept.memory}
    assert [each.parameter for each in outer] == [None, "weight"]
    together = figures(graph.nodes)
    assert (together.saved, together.saved_parameters) == (28, 12)
    loss.backward()
    assert not any(node.saved for node in trace(loss).nodes)


def test_memory_that_is_stretched_counts_as_it_is():
    x = nnkit.ones(1, requires_grad=True)
    graph = trace((x.expand(1000) * x.expand(1000)).sum(), [("x", x)])
    (product,) = (node for node in graph.nodes if node.name == "MulBackward0")
    assert [(each.shape, each.bytes) for each in product.saved] == [((1000,), 4), ((1000,), 4)]


def test_what_a_function_of_ones_own_keeps_is_told():
    class Square(nnkit.autograd.Function):
        @staticmethod
        def forward(context, x):
            context.save_for_backward(x, None)
            return x * x

        @staticmethod
        def backward(context, gradient):
            return 2 * context.saved_tensors[0] * gradient

    graph = trace(Square.apply(nnkit.ones(4, requires_grad=True)))
    assert [each.bytes for each in graph.nodes[0].saved] == [16]
