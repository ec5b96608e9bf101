"""RQ against a server, as its manual shows it: rq_queue.py PORT [PART-OF-A-CHECK'S-NAME]"""

import logging
import os
import sys
import threading
import time
from datetime import timedelta

import checks
import redis
import rq_tasks
from rq import Callback, Queue, RateLimit, Repeat, Retry, SimpleWorker, Worker
from rq.command import send_stop_job_command
from rq.exceptions import DuplicateJobError
from rq.group import Group
from rq.job import Job
from rq.registry import CanceledJobRegistry, FailedJobRegistry, FinishedJobRegistry, ScheduledJobRegistry
from rq.results import Result

logging.getLogger("rq.worker").addHandler(logging.NullHandler())
port = int(sys.argv[1])


def connect():
    return redis.Redis(port=port)


def work(queue, kind=SimpleWorker, **options):
    """A worker does what there is to do, and ends."""
    worker = kind([queue], connection=connect())
    worker.work(burst=True, logging_level="CRITICAL", **options)
    return worker


def until(condition):
    while not condition():
        time.sleep(0.01)


# Each check gets a queue in an empty database.


def jobs_in_order(queue):
    jobs = [queue.enqueue(rq_tasks.add, n, 10) for n in range(3)]
    assert queue.job_ids == [job.id for job in jobs]
    assert queue.get_job_position(jobs[2]) == 2
    work(queue)
    assert [job.return_value(refresh=True) for job in jobs] == [10, 11, 12]
    assert {job.get_status() for job in jobs} == {"finished"}
    assert set(FinishedJobRegistry(queue=queue).get_job_ids()) == {job.id for job in jobs}
    assert len(queue) == 0


def a_worker_that_forks(queue):
    job = queue.enqueue(rq_tasks.pid)
    work(queue, Worker)
    assert job.return_value(refresh=True) != os.getpid()


def a_worker_waits_for_jobs(queue):
    jobs = []

    def add_later():
        for n in range(3):
            time.sleep(0.1)
            jobs.append(Queue(connection=connect()).enqueue(rq_tasks.add, n, 1))

    adding = threading.Thread(target=add_later)
    adding.start()
    SimpleWorker([queue], connection=connect()).work(max_jobs=3, logging_level="CRITICAL")
    adding.join()
    assert [job.return_value(refresh=True) for job in jobs] == [1, 2, 3]


def several_queues_by_priority(queue):
    high = Queue("high", connection=queue.connection)
    low, urgent = queue.enqueue(rq_tasks.pid), high.enqueue(rq_tasks.pid)
    first = high.enqueue(rq_tasks.pid, at_front=True)
    SimpleWorker([high, queue], connection=connect()).work(burst=True, logging_level="CRITICAL")
    ended = [Job.fetch(job.id, connection=queue.connection).ended_at for job in (first, urgent, low)]
    assert ended == sorted(ended)
    assert sorted(q.name for q in Queue.all(connection=queue.connection)) == ["default", "high"]


def results_through_a_stream(queue):
    job = queue.enqueue(rq_tasks.add, 2, 3)
    worker = threading.Timer(0.2, lambda: job_done(job))
    worker.start()
    result = job.latest_result(timeout=10)  # XREAD BLOCK
    worker.join()
    assert (result.type, result.return_value) == (Result.Type.SUCCESSFUL, 5)
    assert len(job.results()) == 1


def job_done(job):
    """What a worker stores at the end of a job."""
    Result.create(job, Result.Type.SUCCESSFUL, ttl=60, return_value=job.func(*job.args))


def failed_jobs_are_kept_and_requeued(queue):
    job = queue.enqueue(rq_tasks.flaky, 1, on_failure=Callback(rq_tasks.failed))
    work(queue)
    registry = FailedJobRegistry(queue=queue)
    assert registry.get_job_ids() == [job.id]
    assert "ValueError: try 1" in job.latest_result().exc_string
    assert queue.connection.get(f"failed:{job.id}") == b"try 1"
    registry.requeue(job)
    assert job.get_status() == "queued" and len(registry) == 0
    work(queue)
    assert job.return_value(refresh=True) == 2
    assert [result.type.name for result in job.results()] == ["SUCCESSFUL", "FAILED"]


def retries(queue):
    job = queue.enqueue(rq_tasks.flaky, 2, retry=Retry(max=3), on_success=Callback(rq_tasks.succeeded))
    given_up = queue.enqueue(rq_tasks.broken, retry=Retry(max=2))
    work(queue)
    assert job.return_value(refresh=True) == 3
    assert queue.connection.get(f"succeeded:{job.id}") == b"3"
    given_up.refresh()
    assert given_up.is_failed and given_up.retries_left == 0


def scheduled_jobs(queue):
    soon = queue.enqueue_in(timedelta(seconds=1), rq_tasks.add, 1, 1)
    late = queue.enqueue_in(timedelta(days=1), rq_tasks.add, 2, 2)
    assert ScheduledJobRegistry(queue=queue).get_job_ids() == [soon.id, late.id]
    work(queue)  # without a scheduler
    assert soon.get_status() == "scheduled"
    worker = Worker([queue], connection=connect())
    worker.work(max_jobs=1, with_scheduler=True, logging_level="CRITICAL")
    assert soon.return_value(refresh=True) == 2
    assert late.get_status() == "scheduled"


def repeated_jobs(queue):
    job = queue.enqueue(rq_tasks.add, 1, 2, repeat=Repeat(times=2))
    work(queue)
    assert [result.return_value for result in job.results()] == [3, 3, 3]


def dependencies(queue):
    parts = [queue.enqueue(rq_tasks.add, n, n) for n in (1, 2)]
    total = queue.enqueue(rq_tasks.results_of_dependencies, depends_on=parts)
    assert total.get_status() == "deferred"
    assert queue.deferred_job_registry.get_job_ids() == [total.id]
    work(queue)
    assert total.return_value(refresh=True) == 6


def a_job_whose_dependency_failed_stays(queue):
    failed = queue.enqueue(rq_tasks.broken)
    waiting = queue.enqueue(rq_tasks.pid, depends_on=failed)
    work(queue)
    assert waiting.get_status() == "deferred"


def jobs_are_cancelled_and_deleted(queue):
    cancelled, deleted, kept = (queue.enqueue(rq_tasks.pid) for _ in range(3))
    cancelled.cancel()
    deleted.delete()
    assert queue.job_ids == [kept.id]
    assert CanceledJobRegistry(queue=queue).get_job_ids() == [cancelled.id]
    assert not Job.exists(deleted.id, connection=queue.connection)
    work(queue)
    assert cancelled.get_status() == "canceled" and kept.is_finished


def a_running_job_is_stopped(queue):
    job = queue.enqueue(rq_tasks.sleep, 60)

    def stop():
        until(lambda: job.get_status() == "started")
        until(lambda: Job.fetch(job.id, connection=connect()).worker_name)
        send_stop_job_command(connect(), job.id)  # published to the worker

    stopping = threading.Thread(target=stop)
    stopping.start()
    work(queue, Worker)
    stopping.join()
    assert job.get_status() == "stopped"


def a_rate_limit(queue):
    limit = RateLimit("api", concurrency=1)
    jobs = [queue.enqueue(rq_tasks.add, n, n, rate_limit=limit) for n in range(3)]
    assert [job.get_status() for job in jobs] == ["queued", "rate_limited", "rate_limited"]
    work(queue)
    assert [job.return_value(refresh=True) for job in jobs] == [0, 2, 4]


def unique_jobs(queue):
    job = queue.enqueue(rq_tasks.add, 1, 1, job_id="mine", unique=True)
    try:
        queue.enqueue(rq_tasks.add, 2, 2, job_id="mine", unique=True)
    except DuplicateJobError:
        work(queue)
    assert job.return_value(refresh=True) == 2


def groups_and_bulk(queue):
    datas = [Queue.prepare_data(rq_tasks.add, (n, 1)) for n in range(20)]
    group = Group.create(connection=queue.connection)
    jobs = group.enqueue_many(queue, datas)
    assert {job.id for job in group.get_jobs()} == {job.id for job in jobs}
    work(queue)
    assert sum(job.return_value(refresh=True) for job in jobs) == sum(range(21))


def workers_are_known(queue):
    seen = []
    queue.enqueue(rq_tasks.sleep, 0.5)

    def look():
        until(lambda: Worker.count(connection=connect()) == 1)
        until(lambda: Worker.all(connection=connect())[0].get_state() == "busy")
        seen.extend(Worker.all(connection=connect()))

    looking = threading.Thread(target=look)
    looking.start()
    worker = work(queue, Worker)
    looking.join()
    assert [seen.name for seen in seen] == [worker.name]
    assert Worker.count(connection=queue.connection) == 0


def old_results_expire(queue):
    gone = queue.enqueue(rq_tasks.pid, result_ttl=0)
    short = queue.enqueue(rq_tasks.pid, result_ttl=1)
    work(queue)
    assert not Job.exists(gone.id, connection=queue.connection)
    until(lambda: not Job.exists(short.id, connection=queue.connection))


def a_queue_is_emptied(queue):
    for _ in range(10):
        queue.enqueue(rq_tasks.pid)
    assert queue.empty() == 10
    queue.delete()
    assert queue.connection.keys("rq:job:*") == []


def prepare():
    connect().flushall()
    return [Queue(connection=connect())]


checks.run(
    "RQ",
    [
        jobs_in_order,
        a_worker_that_forks,
        a_worker_waits_for_jobs,
        several_queues_by_priority,
        results_through_a_stream,
        failed_jobs_are_kept_and_requeued,
        retries,
        scheduled_jobs,
        repeated_jobs,
        dependencies,
        a_job_whose_dependency_failed_stays,
        jobs_are_cancelled_and_deleted,
        a_running_job_is_stopped,
        a_rate_limit,
        unique_jobs,
        groups_and_bulk,
        workers_are_known,
        old_results_expire,
        a_queue_is_emptied,
    ],
    prepare,
)
