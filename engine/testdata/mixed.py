"""An unmodified ipyparallel client against a hub with Go engine 0 and Python engine 1.

Run with the path of ipcontroller-client.json; prints one line per claim that
holds and fails at the first that does not.
"""

import os
import sys

import ipyparallel as ipp


def holds(what, claim):
    assert claim, what
    print("ok:", what, flush=True)


rc = ipp.Client(sys.argv[1], timeout=20)
rc.wait_for_engines(2, timeout=60)
pid = rc[1].apply_sync(os.getpid)
lbv = rc.load_balanced_view()
holds("load-balanced Python tasks run on Python engines", set(lbv.map_sync(lambda x: __import__('os').getpid(), range(100), chunksize=1)) == {pid})
try:
    rc[0].apply_sync(os.getpid)
    raise AssertionError("a pickled function ran on a Go engine")
except ipp.RemoteError as e:
    holds("a Python function on a Go engine is refused", e.ename == "UnsupportedCodec")
with lbv.temp_flags(targets=[0]):
    try:
        lbv.apply_sync(os.getpid)
        raise AssertionError("a pickled function ran on a Go engine")
    except ipp.RemoteError as e:
        holds("a task for the wrong engines only is impossible", e.ename == "ImpossibleDependency")
status = rc.queue_status(verbose=True)
holds("queue_status tells the languages", status[0]["language"] == "go" and status[1]["language"] == "python")
plain = rc.queue_status()
holds("plain queue_status is as ever", set(plain) == {"unassigned", 0, 1} and set(plain[0]) == {"queue", "completed", "tasks"})
rc.close()
print("done")
