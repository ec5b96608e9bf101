"""Jobs of RQ whose server is killed between two workers, then started again.

rq_survives.py PORT before     puts 20 jobs into the queue, and does 5
rq_survives.py PORT after      does the others
"""

import logging
import sys

import redis
import rq_tasks
from rq import Queue, SimpleWorker
from rq.job import Job

logging.disable()
port, phase = int(sys.argv[1]), sys.argv[2]
connection = redis.Redis(port=port)
queue = Queue(connection=connection)
ids = [f"job-{n}" for n in range(20)]
if phase == "before":
    for n, job_id in enumerate(ids):
        queue.enqueue(rq_tasks.add, n, 100, job_id=job_id)
    SimpleWorker([queue], connection=connection).work(max_jobs=5)
    print(f"{queue.finished_job_registry.count} done, {len(queue)} left")
else:
    SimpleWorker([queue], connection=connection).work(burst=True)
    results = [Job.fetch(job_id, connection=connection).return_value() for job_id in ids]
    assert results == list(range(100, 120)), results
    print(f"{queue.finished_job_registry.count} done, {len(queue)} left")
