"""Celery against a server that is its broker and its result backend: celery_queue.py PORT [PART-OF-A-CHECK'S-NAME]"""

import os
import subprocess
import sys
import time
from pathlib import Path

import redis
from celery import chain, chord, group
from celery.result import AsyncResult

port = int(sys.argv[1])
os.environ["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"

import checks  # noqa: E402
from celery_tasks import add, app, broken, flaky, now, slow, total  # noqa: E402

LIMIT = 30


def fails(kind, result):
    try:
        result.get(timeout=LIMIT)
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")


# Each check gets a client of the database that the worker works on.


def the_worker_answers(r):
    while not (counts := app.control.inspect(timeout=0.5).stats()):
        pass
    [worker] = counts.values()
    assert worker["broker"]["transport"] == "redis"


def a_task(r):
    result = add.delay(2, 3)
    assert result.get(timeout=LIMIT) == 5
    assert result.state == "SUCCESS"
    assert r.ttl(f"celery-task-meta-{result.id}") > 80_000
    result.forget()
    assert not r.exists(f"celery-task-meta-{result.id}")


def many_tasks(r):
    results = [add.delay(n, n) for n in range(50)]
    assert [result.get(timeout=LIMIT) for result in results] == [2 * n for n in range(50)]


def a_task_that_fails(r):
    result = broken.delay()
    assert fails(ValueError, result) == "out of order"
    assert "celery_tasks.py" in result.traceback


def a_task_that_is_retried(r):
    assert flaky.delay(2).get(timeout=LIMIT) == 2
    assert fails(ValueError, flaky.delay(9)) == "not yet"


def a_countdown(r):
    start = time.time()
    assert now.apply_async(countdown=0.5).get(timeout=LIMIT) - start >= 0.5


def a_chain(r):
    assert chain(add.s(1, 2), add.s(10), add.s(100)).delay().get(timeout=LIMIT) == 113


def a_group(r):
    result = group(add.s(n, 1) for n in range(8)).delay()
    assert result.get(timeout=LIMIT) == [1, 2, 3, 4, 5, 6, 7, 8]


def a_chord(r):
    assert chord((add.s(n, n) for n in range(10)), total.s()).delay().get(timeout=LIMIT) == 90


def states(r):
    result = slow.delay(0.5)
    while result.state != "HALFWAY":
        time.sleep(0.02)
    assert result.info == {"done": 50}
    while result.state != "SUCCESS":
        time.sleep(0.02)
    assert result.get(timeout=LIMIT) == "rested"


def a_task_that_is_revoked(r):
    result = now.apply_async(countdown=1)
    app.control.revoke(result.id)
    while result.state != "REVOKED":
        time.sleep(0.02)
    assert AsyncResult(result.id, app=app).state == "REVOKED"


def a_running_task_that_is_terminated(r):
    result = slow.delay(60)
    while result.state != "HALFWAY":
        time.sleep(0.02)
    result.revoke(terminate=True)
    while result.state != "REVOKED":
        time.sleep(0.02)


def nothing_is_left_unacknowledged(r):
    while r.zcard("unacked_index") or r.hlen("unacked"):
        time.sleep(0.02)
    assert r.llen("celery") == 0


redis.Redis(port=port).flushall()
worker = subprocess.Popen(
    [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "--concurrency=2", "--loglevel=CRITICAL"],
    cwd=Path(__file__).parent,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
try:
    checks.run(
        "Celery",
        [
            the_worker_answers,
            a_task,
            many_tasks,
            a_task_that_fails,
            a_task_that_is_retried,
            a_countdown,
            a_chain,
            a_group,
            a_chord,
            states,
            a_task_that_is_revoked,
            a_running_task_that_is_terminated,
            nothing_is_left_unacknowledged,
        ],
        lambda: [redis.Redis(port=port)],
    )
finally:
    worker.terminate()
    worker.wait(timeout=20)
