"""Faults on demand in a test of Python, as docs/time-travel.md shows it: redis_py_faults.py PORT"""

import sys

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

port = int(sys.argv[1])
control = redis.Redis(port=port, protocol=3)
control.delete("visits")

# --- docs/time-travel.md shows from here ---
fault = "FAKEREDIS FAULT ADD CMD INCRBY KEY visits TIMES 1 DISCONNECT "

# redis-py sends a command again whose connection broke.
shop = redis.Redis(port=port, retry=Retry(NoBackoff(), 1))
control.execute_command(fault + "BEFORE")
assert shop.incr("visits") == 1  # the second try
control.execute_command(fault + "AFTER")
assert shop.incr("visits") == 3  # both tries were applied, and only one was meant

# Without that, the program learns that it can't know, and may ask.
careful = redis.Redis(port=port, retry=Retry(NoBackoff(), 0))
control.execute_command(fault + "AFTER")
try:
    careful.incr("visits")
except redis.ConnectionError:
    assert careful.get("visits") == b"4"
# --- to here ---

hits = [fault[b"hits"] for fault in control.execute_command("FAKEREDIS FAULT LIST")]
assert hits == [1, 1, 1], hits
control.execute_command("FAKEREDIS FAULT CLEAR")
print("retried once, applied twice")
