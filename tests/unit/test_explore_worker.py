"""Work beside the page: the newest case wins, dear tasks give way, and a task that fails stops nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

import electrodiff as ed
from electrodiff.errors import ConvergenceError
from electrodiff.explore.worker import Answer, Worker

# Longer than anything here takes on a machine with ten others at work [s].
PATIENT = 20.0


class Desk:
    """Answers as they come."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self._changed = threading.Condition()

    def post(self, answer: Answer) -> None:
        with self._changed:
            self.answers.append(answer)
            self._changed.notify_all()

    def wait(self, is_there: Callable[[list[Answer]], bool]) -> list[Answer]:
        with self._changed:
            assert self._changed.wait_for(lambda: is_there(self.answers), PATIENT), self.answers
            return list(self.answers)


@pytest.fixture
def case(case_of: Callable[..., ed.Case]) -> ed.Case:
    return case_of("debye_layer")


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    made: list[Worker] = []
    yield made
    for worker in made:
        worker.stop()


def test_the_newest_case_wins(case: ed.Case, workers: list[Worker]) -> None:
    desk, seen = Desk(), []

    def state(this: ed.Case, _is_fine: bool) -> float:
        time.sleep(0.02)
        seen.append(this.temperature)
        worker.shown()
        return this.temperature

    worker = Worker({"state": state}, desk.post)
    workers.append(worker)
    temperatures = [290.0 + step / 10 for step in range(100)]
    cases = [case.replace("temperature", value) for value in temperatures]
    for each in cases:
        worker.submit(each)
        time.sleep(0.001)
    answers = desk.wait(lambda found: bool(found) and found[-1].is_fine and found[-1].serial == len(cases))
    assert answers[-1].value == temperatures[-1]
    # Those that were replaced before their turn were never solved.
    assert len(seen) < len(cases) / 2
    assert seen == sorted(seen)


def test_at_rest_everything_is_done_well_and_once(case: ed.Case, workers: list[Worker]) -> None:
    desk = Desk()
    worker = Worker({name: lambda _case, _is_fine: None for name in ("state", "curves", "ladder")}, desk.post)
    workers.append(worker)
    worker.submit(case)
    everything = {("state", True), ("curves", True), ("ladder", True)}
    answers = desk.wait(lambda found: everything <= {(answer.task, answer.is_fine) for answer in found})
    assert (answers[0].task, answers[0].is_fine) == ("state", False)
    time.sleep(0.2)
    assert len([answer for answer in desk.answers if answer.is_fine]) == 3


def test_a_page_that_has_not_drawn_is_not_sent_more(case: ed.Case, workers: list[Worker]) -> None:
    desk = Desk()
    worker = Worker({"state": lambda _case, _is_fine: None}, desk.post)
    workers.append(worker)
    start = time.monotonic()
    worker.submit(case)
    desk.wait(lambda found: len(found) >= 1)
    worker.submit(case)
    desk.wait(lambda found: any(answer.serial == 2 for answer in found))
    # Only after it was silent for so long that it may be a hidden tab.
    assert time.monotonic() - start > 0.5


def test_a_failure_is_told_and_the_next_case_is_solved(case: ed.Case, workers: list[Worker]) -> None:
    desk = Desk()

    def state(this: ed.Case, _is_fine: bool) -> str:
        if this.temperature == 300.0:
            raise ConvergenceError("this case has none")
        if this.temperature == 301.0:
            raise ZeroDivisionError("a slip")
        return "good"

    worker = Worker({"state": state}, desk.post)
    workers.append(worker)
    for temperature, failure, value in (
        (300.0, "this case has none", None),
        (301.0, "this went wrong in the program itself: ZeroDivisionError: a slip", None),
        (302.0, "", "good"),
    ):
        serial = worker.submit(case.replace("temperature", temperature))
        answers = desk.wait(lambda found, serial=serial: found[-1:] != [] and found[-1].serial == serial)
        assert (answers[-1].failure, answers[-1].value) == (failure, value)


def test_a_long_errand_is_stopped_by_a_newer_case(case: ed.Case, workers: list[Worker]) -> None:
    desk, is_at_it = Desk(), threading.Event()

    def errand(_case: ed.Case) -> None:
        is_at_it.set()
        for _ in range(2000):
            worker.go_on()
            time.sleep(0.01)
        raise AssertionError("nobody stopped it")

    worker = Worker({"state": lambda _case, _is_fine: None}, desk.post)
    workers.append(worker)
    worker.submit(case)
    worker.send(errand)
    assert is_at_it.wait(PATIENT)
    worker.submit(case)
    answers = desk.wait(lambda found: any(answer.serial == 2 and answer.is_fine for answer in found))
    assert not [answer for answer in answers if answer.task == "errand"]


def test_an_errand_brings_its_answer(case: ed.Case, workers: list[Worker]) -> None:
    desk = Desk()
    worker = Worker({"state": lambda _case, _is_fine: None}, desk.post)
    workers.append(worker)
    worker.submit(case)
    worker.send(lambda this: this.title)
    answers = desk.wait(lambda found: any(answer.task == "errand" for answer in found))
    assert next(answer.value for answer in answers if answer.task == "errand") == case.title
