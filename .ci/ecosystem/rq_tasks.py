"""What the workers of rq_queue.py do: a job names an importable function."""

import os
import time

from rq import get_current_job


def add(a, b):
    return a + b


def broken():
    raise ValueError("out of order")


def pid():
    return os.getpid()


def flaky(failures):
    """Fails as often as it is told to."""
    job = get_current_job()
    job.meta["tries"] = job.meta.get("tries", 0) + 1
    job.save_meta()
    if job.meta["tries"] <= failures:
        raise ValueError(f"try {job.meta['tries']}")
    return job.meta["tries"]


def results_of_dependencies():
    return sum(job.return_value() for job in get_current_job().fetch_dependencies())


def sleep(seconds):
    time.sleep(seconds)
    return "rested"


def succeeded(job, connection, result):
    connection.set(f"succeeded:{job.id}", result)


def failed(job, connection, kind, value, traceback):
    connection.set(f"failed:{job.id}", str(value))
