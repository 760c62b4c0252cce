import io
import json

import cases
import pytest
import surroundings
import worker


class Runner:
    """Takes half a second for a step, by a clock of its own."""

    amount = 10

    def __init__(self):
        self.steps = 0

    def run(self, steps):
        self.steps += steps
        return 0.5 * steps

    def outcome(self):
        return float(self.steps)


class Side:
    def __init__(self):
        self.threads, self.runners = [], []

    def use_threads(self, threads):
        self.threads.append(threads)

    def prepare(self, case):
        assert case == cases.Case("train", 2, "LeNet", batch_size=10)
        self.runners.append(Runner())
        return self.runners[-1]

    def description(self):
        return {"side": "1.0"}


CASE = {"work": "train", "threads": 2, "network": "LeNet", "batch_size": 10}


def answers_to(side, *requests):
    answers = io.StringIO()
    lines = io.StringIO("".join(json.dumps(request) + "\n" for request in requests))
    worker.serve(worker.Worker(side), lines, answers)
    return [json.loads(line) for line in answers.getvalue().splitlines()]


def test_requests_are_answered_in_turn():
    side = Side()
    requests = [
        {"do": "describe"},
        {"do": "prepare", "name": "a", "case": CASE},
        {"do": "run", "name": "a", "seconds": 2},
    ]
    described, prepared, done = answers_to(side, *requests, {"do": "forget"})[:3]
    assert described["side"] == "1.0"
    assert prepared["outcome"] == worker.FIRST_STEPS
    assert done["rate"] == 20.0
    assert side.threads == [2, 2]
    assert all(answer["waited"] >= 0 and answer["used_waiting"] >= 0 for answer in (described, prepared, done))


@pytest.mark.parametrize(("seconds", "steps"), [(0.1, 1), (0.6, 2), (8.0, 16 + 1)])
def test_a_turn_ends_with_the_step_in_which_its_time_is_over(seconds, steps):
    side = Side()
    mine = worker.Worker(side)
    mine.prepare("a", CASE)
    before = side.runners[0].steps
    assert mine.run("a", seconds) == {"rate": 20.0}
    # Where a turn has many steps, one more warms the caches.
    assert side.runners[0].steps - before == steps


def test_a_process_knows_what_others_use():
    share = surroundings.Others().share()
    assert share is None or share >= 0
    assert surroundings.cpu_name()
