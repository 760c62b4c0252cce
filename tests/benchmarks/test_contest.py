import cases
import contest
import pytest


def test_a_spread_is_the_median_and_the_quartiles():
    assert contest.spread([5.0, 1.0, 2.0, 4.0, 3.0]) == {"median": 3.0, "low": 2.0, "high": 4.0}


def test_a_spread_of_one_round_has_no_width():
    assert contest.spread([7.0]) == {"median": 7.0, "low": 7.0, "high": 7.0}


def test_a_spread_keeps_the_digits_that_mean_something():
    assert contest.spread([123456.7], digits=3)["median"] == 123000.0


def test_a_ratio_is_taken_round_by_round():
    # The machine was half as fast in the second round, for both.
    assert contest.ratio([8.0, 4.0, 9.0], [2.0, 1.0, 3.0]) == {"median": 4.0, "low": 3.5, "high": 4.0}


def test_entrants_of_unlike_rounds_are_refused():
    with pytest.raises(ValueError, match="longer"):
        contest.ratio([1.0], [1.0, 2.0])


class FakeWorker:
    """Gets `rate` done in a second."""

    def __init__(self, rate, outcome, log):
        self.rate, self.outcome, self.log = rate, outcome, log

    def ask(self, do, **arguments):
        self.log.append((do, arguments.get("name")))
        return {"prepare": {"outcome": self.outcome}, "run": {"rate": self.rate}, "forget": {}}[do]


def test_entrants_take_turns_and_nobody_always_begins():
    log = []
    workers = {"nnkit": FakeWorker(6.0, 2.3, log), "pytorch": FakeWorker(2.0, 2.3001, log)}
    rates = contest.run(workers, cases.training("LeNet", 64, threads=1), rounds=3, turn=0.1)
    assert rates == {"nnkit": [6.0, 6.0, 6.0], "pytorch": [2.0, 2.0, 2.0]}
    turns = [name for do, name in log if do == "run"]
    assert turns == ["nnkit", "pytorch", "pytorch", "nnkit", "nnkit", "pytorch"]


def test_sides_that_compute_something_else_are_not_compared():
    workers = {"nnkit": FakeWorker(6.0, 2.3, []), "pytorch": FakeWorker(2.0, 2.4, [])}
    with pytest.raises(RuntimeError, match=r"pytorch got 2\.4 from its first steps .* and not 2\.3"):
        contest.run(workers, cases.training("LeNet", 64, threads=1), rounds=1, turn=0.1)


def test_other_work_may_come_to_something_else():
    contest.check_same_work(cases.lenet(2), dict.fromkeys(cases.lenet(2), 2.3) | {"augmented": 2.2, "multiply_add": 0})


@pytest.mark.parametrize(("threads", "counts"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])])
def test_scaling_goes_from_one_thread_to_all(threads, counts):
    found = cases.scaling("RNN", threads)
    assert [case.threads for side, case in found.values() if side == "nnkit"] == counts
    assert set(found) == {f"{side} {count}" for side in ("nnkit", "pytorch") for count in counts}
