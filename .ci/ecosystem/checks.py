"""What the programs for Python's queues share: how a check is run and reported."""

import sys
import threading
import traceback
from _thread import interrupt_main


def run(client, checks, prepare, seconds=60):
    """Runs each check with what `prepare` makes for it, and ends the process."""
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    failed = False
    for check in checks:
        title = f"{client}: {check.__name__.replace('_', ' ')}"
        if only not in title:
            continue
        watchdog = threading.Timer(seconds, interrupt_main)
        watchdog.start()
        try:
            check(*prepare())
            print(f"ok     {title}", flush=True)
        except (Exception, KeyboardInterrupt):
            failed = True
            print(f"FAILED {title}\n{traceback.format_exc()}", flush=True)
        watchdog.cancel()
    sys.exit(1 if failed else 0)
