"""The YAML reader: what it reads, where things stand, and what it refuses."""

import math
import os

import pytest

from nnkit.training.yaml_loader import InvalidConfigError, parse


def problems(text):
    try:
        document = parse(text, "c.yaml")
    except InvalidConfigError as error:
        return [str(problem) for problem in error.problems]
    return [str(problem) for problem in document.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("5.", 5.0),
        (".5", 0.5),
        ("-0.25", -0.25),
        ("+7", 7),
        ("0", 0),
        ("0x1F", 31),
        ("0o17", 15),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("true", True),
        ("False", False),
        ("off", "off"),
        ("yes", "yes"),
        ("null", None),
        ("~", None),
        ("none", "none"),
        ("2026-11-22", "2026-11-22"),
        ("'010'", "010"),
        ('"12:30:45"', "12:30:45"),
        ("nan", "nan"),
        ("[1, [2, {a: b}]]", [1, [2, {"a": "b"}]]),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_values_are_those_of_yaml_1_2(text, value):
    document = parse(text, "c.yaml")
    assert document.problems == []
    assert document.value == value
    assert type(document.value) is type(value)


def test_nan_is_a_number():
    assert math.isnan(parse(".nan", "c.yaml").value)


def test_every_key_and_value_has_its_place():
    document = parse("optimizer:\n  lr: 0.1\n  betas: [0.9, 0.99]\n", "c.yaml")
    assert str(document.keys["optimizer", "lr"]) == "c.yaml:2:3"
    assert str(document.values["optimizer", "lr"]) == "c.yaml:2:7"
    assert str(document.values["optimizer", "betas", 1]) == "c.yaml:3:16"
    assert str(document.place(("optimizer", "missing"))) == "c.yaml:2:3"


@pytest.mark.parametrize("text", ["a: 1\r\n", "---\na: 1\n...\n", "# c\na: 1"])
def test_line_ends_and_markers_do_not_matter(text):
    assert parse(text, "c.yaml").value == {"a": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["c.yaml: empty"]),
        ("# only a comment\n", ["c.yaml: empty"]),
        ("a: 1\n---\nb: 2\n", ["c.yaml:2:1: a second document starts here, expected one"]),
        (
            "a:\n  b: 1\n   c: 2\n",
            [
                "c.yaml:3:5: a ':' is not allowed here: either this line is indented too far, "
                "or a ': ' above it lacks its blank"
            ],
        ),
        ("a:\n\t- 1\n", ["c.yaml:2:1: a tab cannot indent YAML, use spaces"]),
        ("lr: 1\nb: 2\nlr: 3\n", ["c.yaml:3:1: duplicate key 'lr', first at line 1"]),
        ("a: &x 1\nb: *x\n", ["c.yaml:1:4: anchor not allowed: '&x'", "c.yaml:2:4: alias not allowed: '*x'"]),
        ("a: !!str 1\n", ["c.yaml:1:4: tag not allowed: 'tag:yaml.org,2002:str'"]),
        ("1: a\n", ["c.yaml:1:1: keys must be strings, got 1"]),
        ("null: a\n", ["c.yaml:1:1: keys must be strings, got null"]),
        ("? [a, b]\n: c\n", ["c.yaml:1:3: keys must be strings"]),
        ("a: b\0c", ["c.yaml:1:5: character U+0000 at offset 4 is not allowed in YAML"]),
        ("a: \x1b[31m", ["c.yaml:1:4: character U+001B at offset 3 is not allowed in YAML"]),
        ("ü: 1\nb: \x1b", ["c.yaml:2:4: character U+001B at offset 9 is not allowed in YAML"]),
        ("a: \udcff", ["c.yaml:1:4: character U+DCFF at offset 3 is not allowed in YAML"]),
        ('a: "\\ud800"', ["c.yaml:1:4: character U+D800 is not allowed in YAML"]),
        ('"\\udfff": 1', ["c.yaml:1:1: character U+DFFF is not allowed in YAML"]),
        ("n: " + "9" * 5000, ["c.yaml:1:4: out of range: a number of 5000 digits"]),
    ],
)
def test_refused(text, expected):
    assert problems(text) == expected


@pytest.mark.parametrize("number", ["010", "-007", "12:30:45", "12:30", "1_000", "0b11", "1_0.5"])
def test_numbers_that_mean_something_else_elsewhere_are_refused(number):
    (problem,) = problems(f"a: {number}")
    assert problem.startswith(f"c.yaml:1:4: ambiguous number '{number}'")


def test_syntax_errors_have_line_and_column():
    (problem,) = problems("a: [1, 2\nb: 3\n")
    assert problem.startswith("c.yaml:2:2: ")
    assert "line 1" in problem


@pytest.mark.parametrize(
    "text", ['a: "\\UFFFFFFFF"', 'a: "\\U00110000"', f"%YAML {'9' * 5000}.1\n---\na: 1", f"%YAML 1.{'9' * 5000}\n---\n"]
)
def test_numbers_that_the_parser_cannot_hold_are_syntax_errors(text):
    (problem,) = problems(text)
    assert "a version, or the number of an escaped character, is out of range" in problem
    assert problem.startswith("c.yaml:1:")


def test_a_syntax_error_does_not_hide_what_was_found_before():
    assert [problem.split(": ")[0] for problem in problems("a: 010\nb: [\n")] == ["c.yaml:1:4", "c.yaml:3:1"]


@pytest.mark.parametrize(
    "text", ["a: &{} 1", "a: *{}", "a: !{} 1", "{0}: 1\n{0}: 2", "a: 1_{}", "%{} a\n---\na: !b!c 1"]
)
def test_messages_stay_short(text):
    assert all(len(problem) < 500 for problem in problems(text.format("1" * 50_000)))


def test_all_problems_are_gathered():
    assert [problem.split(": ")[0] for problem in problems("a: 010\nb: !x 1\na: 2\n")] == [
        "c.yaml:1:4",
        "c.yaml:2:4",
        "c.yaml:3:1",
    ]


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!python/name:os.system", "!x", "!"])
def test_tags_run_nothing(tag, tmp_path):
    marker = tmp_path / "ran"
    assert any("tag not allowed" in problem for problem in problems(f"a: {tag} ['touch {marker}']"))
    assert not os.path.exists(marker)


def test_billion_laughs_are_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    assert "anchor not allowed" in problems("\n".join(lines))[0]


def test_recursive_alias_is_refused():
    assert problems("a: &a [*a]")[1] == "c.yaml:1:8: alias not allowed: '*a'"


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "a:\n" + "- " * 50_000])
def test_deep_nesting_is_refused(text):
    (problem,) = problems(text)
    assert "nested more than 16 levels deep" in problem


def test_a_large_number_of_values_is_refused():
    assert "more than 5000 values" in problems("[" + "1, " * 100_000 + "]")[0]
