"""Whatever happens in whatever order: nothing is given to a worker that goes, nothing is lost, nothing counts twice."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wadati.engine.elastic.manager import Assign, Elasticity, GiveUp, Manager, Release, Scale

Held = tuple[str, int]


class Elastic(RuleBasedStateMachine):
    """A manager among workers that come, work, die and speak when they are long forgotten."""

    @initialize(minimum=st.integers(0, 2), more=st.integers(0, 3))
    def begin(self, minimum: int, more: int) -> None:
        self.limits = Elasticity(minimum=minimum, maximum=max(minimum + more, 1), response_s=5, idle_s=20, age_s=40)
        self.manager, self.now = Manager(self.limits), 0.0
        self.names = self.numbers = 0
        self.workers: dict[str, Held | None] = {}
        self.gone: set[str] = set()
        self.spoken_late: list[tuple[str, Held]] = []
        self.jobs: dict[str, set[int]] = {}
        self.done: set[Held] = set()
        self.target = 0

    @rule(pieces=st.integers(1, 6))
    def a_job_comes(self, pieces: int) -> None:
        name, self.numbers = f"job {self.numbers}", self.numbers + 1
        self.jobs[name] = set(range(pieces))
        self.manager.add(name, range(pieces), self.now)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def a_job_is_given_up(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(sorted(self.jobs)))
        del self.jobs[job]
        self.manager.drop(job)

    @rule(seconds=st.floats(0.1, 60))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: len(self.workers) < self.target)
    @rule()
    def a_worker_comes(self) -> None:
        name, self.names = f"worker {self.names}", self.names + 1
        self.workers[name] = None
        self.manager.came(name, self.now)

    @rule()
    def a_worker_comes_that_nobody_asked_for(self) -> None:
        self.a_worker_comes()

    @precondition(lambda self: self.workers)
    @rule(data=st.data())
    def a_worker_dies(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(sorted(self.workers)))
        held = self.workers.pop(worker)
        self.gone.add(worker)
        if held is not None:
            self.spoken_late.append((worker, held))
        self.manager.lost(worker, self.now)

    @precondition(lambda self: any(self.workers.values()))
    @rule(data=st.data())
    def a_worker_is_through(self, data: st.DataObject) -> None:
        self.through(data.draw(st.sampled_from(sorted(name for name, held in self.workers.items() if held))))

    @precondition(lambda self: self.spoken_late)
    @rule()
    def one_that_was_given_up_speaks(self) -> None:
        worker, held = self.spoken_late.pop()
        assert not self.manager.ended(worker, *held, self.now)
        self.manager.lost(worker, self.now)

    @rule()
    def the_manager_is_asked(self) -> None:
        for action in self.manager.next(self.now):
            if isinstance(action, Assign):
                held = action.job, action.piece
                assert self.workers[action.worker] is None
                assert action.piece in self.jobs[action.job]
                assert held not in self.done
                assert held not in self.workers.values()
                self.workers[action.worker] = held
            elif isinstance(action, Release):
                assert self.workers.pop(action.worker) is None
                assert not self.waiting()
                assert len(self.workers) >= self.limits.minimum
                self.gone.add(action.worker)
            elif isinstance(action, GiveUp):
                self.jobs.pop(action.job, None)
            else:
                assert isinstance(action, Scale)
                assert self.limits.minimum <= action.workers <= self.limits.maximum
                self.target = action.workers
        assert not self.waiting() or all(self.workers.values())

    @invariant()
    def only_what_lives_is_held(self) -> None:
        assert not self.gone & self.workers.keys()

    def waiting(self) -> set[Held]:
        """Pieces of jobs that are neither done nor with a worker."""
        held = set(self.workers.values())
        return {(job, piece) for job, left in self.jobs.items() for piece in left if (job, piece) not in held}

    def through(self, worker: str) -> None:
        held = self.workers[worker]
        assert held is not None
        self.workers[worker] = None
        job, piece = held
        counts = self.manager.ended(worker, job, piece, self.now)
        assert counts == (job in self.jobs)
        if counts:
            assert held not in self.done
            self.done.add(held)
            self.jobs[job].remove(piece)
            if not self.jobs[job]:
                del self.jobs[job]
                self.manager.drop(job)

    def teardown(self) -> None:
        """From wherever it stands, all is done in the end, and then whoever is not needed goes."""
        if not hasattr(self, "manager"):
            return
        for _ in range(2 * sum(map(len, self.jobs.values())) + 5):
            self.the_manager_is_asked()
            while len(self.workers) < self.target:
                self.a_worker_comes()
            self.the_manager_is_asked()
            for worker in [name for name, held in self.workers.items() if held]:
                self.through(worker)
        assert not self.jobs
        self.now += 100
        self.the_manager_is_asked()
        assert len(self.workers) <= self.limits.minimum


Elastic.TestCase.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
TestElastic = Elastic.TestCase


def test_workers_come_one_by_one_while_pieces_wait_too_long() -> None:
    manager = Manager(Elasticity(maximum=3, response_s=5))
    manager.add("job", range(9), now=0.0)
    assert manager.next(0.0) == [Scale(1)]
    manager.came("a", 1.0)
    assert manager.next(1.0) == [Assign("a", "job", 0)]
    assert manager.next(4.9) == []
    assert manager.next(5.1) == [Scale(2)]
    assert manager.next(50.0) == [Scale(2)], "one that is on its way is waited for"
    manager.came("b", 51.0)
    assert manager.next(51.0) == [Assign("b", "job", 1), Scale(3)]


def test_only_one_that_is_extra_old_and_idle_goes() -> None:
    manager = Manager(Elasticity(minimum=1, maximum=3, idle_s=10, age_s=100))
    manager.next(0.0)
    manager.came("first", 0.0)
    assert manager.next(1000.0) == []
    manager.came("second", 1000.0)
    assert manager.next(1000.0) == [Release("first")], "more than are wanted"


def test_jobs_take_turns() -> None:
    manager = Manager(Elasticity(maximum=1))
    manager.add("large", range(100), now=0.0)
    manager.add("small", range(1), now=0.0)
    manager.came("w", 0.0)
    given = []
    for now in range(3):
        (assigned,) = (action for action in manager.next(float(now)) if isinstance(action, Assign))
        given.append(assigned.job)
        manager.ended("w", assigned.job, assigned.piece, float(now))
    assert given == ["large", "small", "large"]


def test_a_piece_that_kills_its_workers_is_given_up_with_its_job() -> None:
    manager = Manager(Elasticity(maximum=1))
    manager.add("job", [7], now=0.0)
    for number in range(3):
        manager.came(f"w{number}", 0.0)
        manager.next(0.0)
        manager.lost(f"w{number}", 0.0)
    assert GiveUp("job", 7) in manager.next(0.0)
    assert not any(isinstance(action, Assign | GiveUp) for action in manager.next(0.0))


@pytest.mark.parametrize("limits", [Elasticity(), Elasticity(minimum=2, maximum=2)])
def test_where_nothing_is_to_be_done_nothing_is_asked_for(limits: Elasticity) -> None:
    manager = Manager(limits)
    assert manager.next(0.0) == [Scale(limits.minimum)]
    for number in range(limits.minimum):
        manager.came(f"w{number}", 0.0)
    assert manager.next(1e6) == []
