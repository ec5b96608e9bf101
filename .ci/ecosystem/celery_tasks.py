"""What the worker of celery_queue.py does: tasks on the Redis of $REDIS_URL, which is broker and result backend."""

import os
import time

from celery import Celery

url = os.environ["REDIS_URL"]
app = Celery("tasks", broker=url, backend=url)
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 60},
    task_acks_late=True,
    worker_prefetch_multiplier=1,
)


@app.task
def add(a, b):
    return a + b


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def now():
    return time.time()


@app.task
def broken():
    raise ValueError("out of order")


@app.task(bind=True, max_retries=3, default_retry_delay=0.1)
def flaky(self, failures):
    if self.request.retries < failures:
        raise self.retry(exc=ValueError("not yet"))
    return self.request.retries


@app.task(bind=True)
def slow(self, seconds):
    self.update_state(state="HALFWAY", meta={"done": 50})
    time.sleep(seconds)
    return "rested"
