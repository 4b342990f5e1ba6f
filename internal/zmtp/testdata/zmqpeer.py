"""libzmq, driven by the tests: one JSON request per line on stdin, one JSON answer per line on stdout. Frames travel as hex."""
import json
import sys

import zmq

context = zmq.Context()
sockets = {}


def do(q):
    op = q["op"]
    if op == "socket":
        s = context.socket(getattr(zmq, q["type"]))
        s.setsockopt(zmq.LINGER, 5000)
        s.setsockopt(zmq.SNDTIMEO, 20000)
        for name, value in q.get("options", {}).items():
            s.setsockopt(getattr(zmq, name), bytes.fromhex(value) if isinstance(value, str) else value)
        if q.get("connect"):
            s.connect(q["connect"])
        if q.get("bind"):
            s.bind(q["bind"])
        sockets[q["name"]] = s
        return s.getsockopt(zmq.LAST_ENDPOINT).decode()
    s = sockets[q["name"]]
    if op == "send":
        for _ in range(q.get("times", 1)):
            s.send_multipart([bytes.fromhex(f) for f in q["frames"]])
        return None
    if op == "recv":
        if not s.poll(q["timeout"]):
            return None
        return [f.hex() for f in s.recv_multipart()]
    if op == "echo":  # sends what comes back to where it came from, n times
        for _ in range(q["n"]):
            if not s.poll(20000):
                raise RuntimeError("nothing to echo")
            s.send_multipart(s.recv_multipart())
        return None
    if op == "set":
        for name, value in q["options"].items():
            s.setsockopt(getattr(zmq, name), bytes.fromhex(value))
        return None
    if op == "close":
        s.close()
        del sockets[q["name"]]
        return None
    raise ValueError(op)


for line in sys.stdin:
    try:
        answer = {"ok": do(json.loads(line))}
    except Exception as e:  # the test fails with it
        answer = {"error": f"{type(e).__name__}: {e}"}
    print(json.dumps(answer), flush=True)
context.destroy(linger=0)
