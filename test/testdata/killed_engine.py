"""Kills an engine with kill -9 while it works: killed_engine.py"""

import os
import signal
import sys
import time

import ipyparallel as ipp

rc = ipp.Client(timeout=30)
view = rc[0]
# The process in which cells run is the engine's child.
answer = view.execute("fmt.Println(os.Getppid())", block=False)
answer.wait(60)
answer.wait_for_output(10)
engine = int(answer.stdout.strip())

working = view.execute('fmt.Println("working"); time.Sleep(10 * time.Minute)', block=False)
deadline = time.monotonic() + 60
while "working" not in (working.stdout or ""):
    assert time.monotonic() < deadline, "the task did not start"
    rc.wait(working, 0.05)
os.kill(engine, signal.SIGKILL)
killed = time.monotonic()
try:
    working.get(2)
except ipp.error.TimeoutError:
    raise SystemExit("nothing was heard of the task within 2 s")
except ipp.error.RemoteError as error:
    print(f"reported after {time.monotonic() - killed:.3f} s: {error}")
else:
    raise SystemExit("the task of a dead engine succeeded")

others = rc[[1, 2, 3]]
result = others.execute("fmt.Println(6 * 7)", block=False)
result.wait(30)
result.wait_for_output(10)
assert [out.strip() for out in result.stdout] == ["42"] * 3, result.stdout
rc.close()
