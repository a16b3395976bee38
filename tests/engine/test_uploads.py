"""Checkpoints that are stored while the tasks that follow run."""

from __future__ import annotations

import datetime
import threading
import uuid

import cloudpickle
import pytest

from prefect_results import Flow, context, task
from prefect_results.engine import FlowRunner
from prefect_results.engine.listening import LISTENER
from prefect_results.engine.uploads import UploadLimits, Uploads, limits_of
from prefect_results.exceptions import Unavailable
from prefect_results.executors import LocalDaskExecutor
from prefect_results.filesystems import MemoryFileSystem
from prefect_results.results import LocalResult, Result, StoredResult
from prefect_results.results.writing import UnfinishedWrite
from prefect_results.states import Cached, Failed, Mapped, Success, TriggerFailed

LIMIT = 30.0


class Storage(MemoryFileSystem):
    """Storage that keeps a write waiting, or refuses it, as a test wants."""

    def __init__(self):
        super().__init__(uuid.uuid4().hex)
        self.arrived = threading.Event()
        self.open = threading.Event()
        self.open.set()
        self.broken = set()
        self.writing = 0
        self.most = 0
        self.lock = threading.Lock()

    def put(self, location, data):
        with self.lock:
            self.writing += 1
            self.most = max(self.most, self.writing)
        self.arrived.set()
        try:
            assert self.open.wait(LIMIT)
            if location in self.broken:
                raise Unavailable(f"{location!r} cannot be reached", location=location)
            return super().put(location, data)
        finally:
            with self.lock:
                self.writing -= 1


STORAGE = {}


class HeldResult(StoredResult):
    """A result in the storage of the test."""

    @property
    def filesystem(self):
        return STORAGE["now"]


@pytest.fixture
def storage():
    STORAGE["now"] = Storage()
    with context(checkpointing=True):
        yield STORAGE["now"]
    STORAGE["now"].open.set()


class Ear:
    """Notes the states it hears of."""

    def __init__(self):
        self.heard = []

    def task_run_changed(self, task, map_index, state):
        self.heard.append((task.name, type(state).__name__, state._result.location))

    def task_run_id(self, task_slug, map_index):
        return f"{task_slug}/{map_index}"

    def flush(self):
        pass


def behind(**kwargs):
    result = HeldResult(location="{task_name}-{map_index}")
    return Flow("f", result=result, checkpoint_behind=True, **kwargs)


def test_tasks_that_follow_run_while_a_value_is_stored(storage, caplog):
    """A state is heard of once its bytes are safe, though others have run with its value."""
    storage.open.clear()
    ear, seen = Ear(), []

    @task
    def first():
        return 1

    @task
    def second(x):
        assert storage.arrived.wait(LIMIT)
        seen.append((list(ear.heard), list(storage.list())))
        storage.open.set()
        return x + 1

    with behind() as flow:
        end = second(first())
    state = FlowRunner(flow).run(context={LISTENER: ear}, return_tasks=flow.tasks)
    assert state.is_successful() and state.result[end].result == 2
    assert seen == [([("first", "Running", None), ("second", "Running", None)], [])]
    assert ("first", "Success", "first-None") in ear.heard[2:]
    assert ear.heard[-1][1] == "Success"
    assert sorted(info.location for info in storage.list()) == ["first-None", "second-None"]
    assert state.result[end]._result.read("second-None").value == 2


def test_what_is_stored_is_the_value_as_it_was_returned(storage):
    """A task that changes the value it got does not change what is being stored."""
    storage.open.clear()

    @task
    def first():
        return [1]

    @task
    def second(x):
        x.append(2)
        storage.open.set()

    with behind() as flow:
        value = first()
        second(value)
    state = flow.run()
    assert state.result[value].result == [1, 2]
    assert HeldResult().read("first-None").value == [1]


def test_a_failed_upload_fails_the_run_that_made_the_value(storage, caplog):
    """The flow fails with it, though the task behind it had succeeded with the value."""
    storage.broken.add("first-None")
    storage.open.clear()

    @task
    def first():
        return 1

    @task
    def second(x):
        storage.open.set()
        return x + 1

    with behind() as flow:
        one = first()
        two = second(one)
    state = flow.run()
    assert state.is_failed()
    assert type(state.result[one]) is Failed
    assert "'first-None' cannot be reached (the HeldResult at 'first-None' of task 'first')" in (
        state.result[one].message
    )
    assert type(state.result[two]) is Success
    assert "Task 'first': Finished task run for task with final state: 'Failed'" in caplog.text


def test_tasks_that_begin_after_a_failed_upload_do_not_run(storage, monkeypatch):
    """A failure that is known by then is an upstream failure like any other."""
    storage.broken.add("first-None")

    @task
    def first():
        return 1

    @task
    def second():
        with STORAGE["uploads"]._changed:
            STORAGE["uploads"]._changed.wait_for(lambda: STORAGE["uploads"]._failed, LIMIT)

    @task
    def third(x):
        return x

    put = Uploads.put

    def noted(self, *args):
        STORAGE["uploads"] = self
        put(self, *args)

    monkeypatch.setattr(Uploads, "put", noted)
    with behind() as flow:
        one = first()
        two = second(upstream_tasks=[one])
        three = third(one, upstream_tasks=[two])
    state = flow.run()
    assert type(state.result[one]) is Failed
    assert type(state.result[three]) is TriggerFailed


@pytest.mark.parametrize("scheduler", [None, "sync", "threads", "processes"])
def test_mapped_children(tmp_path, scheduler):
    """Each child has its place and its digest; the one that cannot be stored fails."""

    @task
    def numbers():
        return list(range(20))

    @task
    def double(x):
        return 2 * x

    @task(trigger=lambda states: True)
    def total(values):
        return sum(value for value in values if isinstance(value, int))

    (tmp_path / "double-7").mkdir()
    executor = scheduler and LocalDaskExecutor(scheduler=scheduler, num_workers=2)
    result = LocalResult(str(tmp_path), location="{task_name}-{map_index}")
    with Flow("f", result=result, executor=executor, checkpoint_behind=True) as flow:
        doubled = double.map(numbers())
        total(doubled)
    with context(checkpointing=True):
        state = flow.run()
    children = state.result[doubled].map_states
    assert state.is_successful() and isinstance(state.result[doubled], Mapped)
    assert [type(child) for child in children if not child.is_successful()] == [Failed]
    assert children[7].is_failed() and "double[7]" in children[7].message
    assert all(
        child._result.read(child._result.location).value == 2 * index
        and child._result.location == str(tmp_path / f"double-{index}")
        for index, child in enumerate(children)
        if index != 7
    )
    assert state.result[doubled].result[6:9:2] == [12, 16]


def test_a_place_has_one_name(tmp_path):
    """A file that is written is known by all its names: through a link, absolute or not."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    uploads = Uploads(UploadLimits(workers=1, size=10_000))
    real, link = LocalResult(str(tmp_path / "real")), LocalResult(str(tmp_path / "link"))
    write = real.with_location("a/x").begin_write(1)
    names = [link._canonical("a/./x"), real._canonical(str(tmp_path / "real" / "a" / "x"))]
    other = real._canonical("a/y")
    assert names == [write.place] * 2
    uploads._under_way[0] = (None, write, write.place)
    assert [uploads._is_free(name) for name in [*names, other]] == [False, False, True]
    uploads._under_way.clear()
    write.finish()
    uploads.close()
    assert real._canonical("../x") == "../x"


def test_how_much_is_under_way_is_bounded(storage):
    """No more threads store than there may be, and `put` waits until there is room."""
    uploads = Uploads(UploadLimits(workers=2, size=10_000))
    storage.open.clear()
    done, second = [], threading.Event()

    def put_all():
        for number in range(6):
            write = HeldResult(location=str(number)).begin_write(b"x" * 4_000)
            uploads.put(write, done.append, done.append)
            if number == 1:
                second.set()

    thread = threading.Thread(target=put_all)
    thread.start()
    assert second.wait(LIMIT)
    assert len(uploads._under_way) == 2
    storage.open.set()
    thread.join(LIMIT)
    uploads.drain()
    uploads.close()
    assert storage.most <= 2
    assert sorted(result.location for result in done) == list("012345")


def test_a_value_above_the_limit_is_stored_alone(storage):
    """What is larger than all that may be under way waits for its turn, and is stored."""
    uploads = Uploads(UploadLimits(workers=4, size=10))
    done = []
    for number in range(3):
        write = HeldResult(location=str(number)).begin_write(b"x" * 1_000)
        uploads.put(write, done.append, done.append)
    uploads.drain()
    uploads.close()
    assert [result.location for result in done] == ["0", "1", "2"] and storage.most == 1


def test_an_interrupted_run_drops_what_has_not_begun(storage, caplog):
    """What is being stored is stored to its end, which the log says; the rest leaves nothing."""
    limits = UploadLimits(workers=1, size=10_000)
    uploads, done = Uploads(limits), []
    storage.open.clear()
    for number in range(3):
        write = HeldResult(location=str(number)).begin_write(number)
        uploads.put(write, done.append, done.append)
    assert storage.arrived.wait(LIMIT)
    waiting = [future for future, *_ in uploads._under_way.values()][1:]
    waiting[-1].add_done_callback(lambda _: storage.open.set())
    uploads.close()
    assert [future.cancelled() for future in waiting] == [True, True]
    assert "Waiting for 1 values that are being stored; 2 that were not begun" in caplog.text
    assert [result.location for result in done] == ["0"]
    assert [info.location for info in storage.list()] == ["0"]


def test_what_is_kept_for_later_knows_where_it_is_stored(storage):
    """A cached state, and the inputs that a retry keeps, refer to what was stored."""

    @task(cache_for=datetime.timedelta(hours=1))
    def first():
        return 1

    @task(max_retries=1, retry_delay=datetime.timedelta(hours=1))
    def second(x):
        raise ValueError(x)

    with behind() as flow:
        one = first()
        two = second(one)
    state = FlowRunner(flow).run(return_tasks=flow.tasks)
    assert type(state.result[one]) is Cached
    assert state.result[one]._result.location == "first-None"
    assert state.result[two].cached_inputs["x"].location == "first-None"


def test_inputs_that_a_retry_keeps_are_stored_first(storage):
    """They refer to the place where the upload that was under way has put them."""
    storage.open.clear()

    @task
    def first():
        return 1

    @task(max_retries=1, retry_delay=datetime.timedelta(hours=1))
    def second(x):
        assert storage.arrived.wait(LIMIT)
        threading.Timer(0.05, storage.open.set).start()
        raise ValueError(x)

    with behind() as flow:
        two = second(first())
    state = FlowRunner(flow).run(return_tasks=[two])
    assert state.result[two].cached_inputs["x"].location == "first-None"


def test_values_for_the_same_place_are_stored_in_order(storage, monkeypatch):
    """What lies there in the end is the value of the task that ran last."""
    put = Storage.put

    def slow_at_first(self, location, data):
        if not self.arrived.is_set():
            self.arrived.set()
            threading.Event().wait(0.05)
        return put(self, location, data)

    monkeypatch.setattr(Storage, "put", slow_at_first)

    @task
    def number(x):
        return x + 1

    with Flow("f", result=HeldResult(location="latest"), checkpoint_behind=True) as flow:
        end = number(number(number(0)))
    state = flow.run()
    assert state.result[end]._result.read("latest").value == 3


def test_a_target_that_is_being_stored_is_found(storage, monkeypatch):
    """A second run with the same target waits for the value of the first, and uses it."""
    calls, put = [], Storage.put

    def slow(self, location, data):
        threading.Event().wait(0.02)
        return put(self, location, data)

    monkeypatch.setattr(Storage, "put", slow)

    @task(target="{x}.pkl")
    def double(x):
        calls.append(x)
        return 2 * x

    with Flow("f", result=HeldResult(), checkpoint_behind=True) as flow:
        double(1)
        double(1)
        double.map([2, 2, 3])
    assert flow.run().is_successful()
    assert sorted(calls) == [1, 2, 3]


@pytest.mark.parametrize("where", ["put", "hash"])
def test_a_value_that_is_never_put_is_abandoned(storage, monkeypatch, where):
    """A run that is stopped between serializing and storing leaves nothing of the writer."""
    abandoned = []
    abandon = UnfinishedWrite.abandon
    monkeypatch.setattr(
        UnfinishedWrite, "abandon", lambda self: (abandoned.append(self.location), abandon(self))
    )

    def interrupted(*args):
        raise KeyboardInterrupt if where == "put" else ValueError("no hash")

    if where == "put":
        monkeypatch.setattr(Uploads, "_has_room", interrupted)
    else:
        monkeypatch.setattr("prefect_results.engine.cached.hash_inputs", interrupted)

    @task(cache_for=datetime.timedelta(hours=1))
    def first():
        return 1

    with behind() as flow:
        first()
    if where == "put":
        with pytest.raises(KeyboardInterrupt):
            flow.run()
    else:
        assert flow.run().is_failed()
    assert abandoned == ["first-None"] and list(storage.list()) == []


def test_a_type_with_a_write_of_its_own_is_written_at_once(storage):
    """What a user's `write` does cannot be taken apart."""
    threads = []

    class Own(HeldResult):
        def write(self, value_, **kwargs):
            threads.append(threading.current_thread())
            return super().write(value_, **kwargs)

    @task(result=Own(location="x"))
    def first():
        return 1

    with behind() as flow:
        one = first()
    state = flow.run()
    assert threads == [threading.main_thread()]
    assert state.result[one]._result.location == "x"


def test_the_switch():
    """The flow decides; where it says nothing, the configuration of the run does."""
    settings = {"checkpoint_behind": True, "checkpoint_behind_workers": 3}
    configured = {"config": {"flows": {**settings, "checkpoint_behind_bytes": 5}}}
    assert limits_of(Flow("f"), {}) is None
    assert limits_of(Flow("f"), configured) == UploadLimits(3, 5)
    assert limits_of(Flow("f", checkpoint_behind=False), configured) is None
    assert limits_of(Flow("f", checkpoint_behind=True), {}) == UploadLimits(8, 2**28)
    flow = cloudpickle.loads(cloudpickle.dumps(Flow("f", checkpoint_behind=True)))
    assert flow.checkpoint_behind is True


def test_a_value_that_cannot_be_serialized_fails_its_run(storage):
    """That is found before anything else happens, as without writing behind."""

    @task(result=HeldResult(location="x"))
    def first():
        return threading.Lock()

    with behind() as flow:
        one = first()
    state = flow.run()
    assert "the HeldResult at 'x' of task 'first'" in state.result[one].message
    assert list(storage.list()) == []


def test_results_without_storage_are_as_ever():
    """Writing behind changes nothing where nothing is written."""

    @task
    def first():
        return 1

    with Flow("f", result=Result(), checkpoint_behind=True) as flow:
        one = first()
    assert flow.run().result[one].result == 1
