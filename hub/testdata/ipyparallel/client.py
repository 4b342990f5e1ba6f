"""An unmodified ipyparallel client against a hub with two Python engines.

Run with the path of ipcontroller-client.json; prints one line per claim that
holds and fails at the first that does not.
"""

import os
import signal
import sys
import time

import ipyparallel as ipp
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


def holds(what, claim):
    assert claim, what
    print("ok:", what, flush=True)


rc = ipp.Client(sys.argv[1], timeout=20)
rc.wait_for_engines(2, timeout=60)
holds("ids", rc.ids == [0, 1])

dv, lbv = rc[:], rc.load_balanced_view()
holds("direct apply", dv.apply_sync(lambda a, b: a * b, 5, 6) == [30, 30])
pids = dv.apply_sync(os.getpid)
holds("two processes", len(set(pids)) == 2)
big = bytes(3_000_000)
holds("large buffers", rc[0].apply_sync(len, big) == len(big))
dv["a"] = 7
holds("push and pull", dv["a"] == [7, 7])
dv.scatter("x", list(range(10)))
holds("scatter and gather", dv.gather("x").get(timeout=10) == list(range(10)))

holds("load-balanced map", lbv.map_sync(lambda x: x * x, range(100)) == [x * x for x in range(100)])
a = lbv.apply(os.getpid)
with lbv.temp_flags(after=a, follow=a):
    b = lbv.apply(os.getpid)
holds("after and follow", a.get(timeout=10) == b.get(timeout=10))
bad = lbv.apply(lambda: 1 / 0)
with lbv.temp_flags(after=bad):
    never = lbv.apply(os.getpid)
for ar, name in ((bad, "ZeroDivisionError"), (never, "ImpossibleDependency")):
    try:
        ar.get(timeout=10)
        raise AssertionError(name)
    except ipp.RemoteError as e:
        holds(name, e.ename == name)
with lbv.temp_flags(targets=[1]):
    holds("targets", lbv.apply_sync(os.getpid) == pids[1])

holds("broadcast", sorted(rc.broadcast_view().apply_sync(os.getpid)) == sorted(pids))
holds("coalescing broadcast", sorted(rc.broadcast_view(is_coalescing=True).apply_sync(os.getpid)) == sorted(pids))

ar = dv.execute("print('hello'); 6 * 7", silent=False)
ar.get(timeout=10)
ar.wait_for_output(timeout=10)
holds("execute", [s.strip() for s in ar.stdout] == ["hello"] * 2 and "42" in str(ar.execute_result[0]))
shell = InteractiveShell.instance()
rc.activate()
with capture_output() as out:
    shell.run_line_magic("px", "print('from', 6 * 7)")
holds("%px", "[stdout:0]" in out.stdout and out.stdout.count("from 42") == 2)

status = rc.queue_status()
holds("queue_status", status["unassigned"] == 0 and set(status) == {"unassigned", 0, 1})
holds("hub_history", ar.msg_ids[0] in rc.hub_history())
other = ipp.Client(sys.argv[1], timeout=20)
holds("get_result of another client", other.get_result(a.msg_ids[0]).get(timeout=10) == a.get())
other.close()
records = rc.db_query({"msg_id": {"$in": a.msg_ids}}, keys=["completed", "engine_uuid"])
holds("db_query", len(records) == 1 and records[0]["completed"] is not None)
again = rc.resubmit(a.msg_ids).get(timeout=10)
holds("resubmit", (again[0] if isinstance(again, list) else again) in pids)
rc.purge_hub_results("all")  # purge_results trips over a broadcast that the client never ticks off
holds("purge", rc.hub_history() == [])

sleeping, queued = rc[0].apply_async(time.sleep, 60), rc[0].apply_async(os.getpid)
began = time.time()
os.kill(pids[0], signal.SIGKILL)
for ar in (sleeping, queued):
    try:
        ar.get(timeout=10)
        raise AssertionError("the engine is dead")
    except (ipp.RemoteError, ipp.EngineError) as e:
        holds("EngineError", "EngineError" in repr(e) or "died" in str(e))
holds("noticed within 2 s", time.time() - began < 2)
while rc.ids != [1] and time.time() - began < 10:
    time.sleep(0.01)
holds("unregistered", rc.ids == [1])
holds("the other goes on", rc[1].apply_sync(os.getpid) == pids[1])
rc.shutdown(hub=True, block=True)
print("done")
