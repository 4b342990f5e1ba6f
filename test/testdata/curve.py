"""An unmodified ipyparallel client of an encrypted hub with two Go engines and one Python engine.

Run with the path of ipcontroller-client.json; prints one line per claim that holds and fails at the first that does not.
"""

import json
import sys

import ipyparallel as ipp
import zmq
from zmq.utils.monitor import recv_monitor_message


def holds(what, claim):
    assert claim, what
    print("ok:", what, flush=True)


with open(sys.argv[1]) as f:
    info = json.load(f)
holds("the connection file has the hub's public key", len(info["curve_serverkey"]) == 40)
holds("and no secret one", "curve_secretkey" not in info)

rc = ipp.Client(sys.argv[1], timeout=30)
holds("ipyparallel's client encrypts", rc.curve_serverkey and rc.curve_secretkey)
rc.wait_for_engines(3, timeout=60)
languages = {}
for engine in rc.ids:
    ar = rc[engine].execute('fmt.Println("Go")', silent=False)
    try:
        ar.get(timeout=60)
        languages[engine] = "go"
    except ipp.RemoteError:
        languages[engine] = "python"
go = [e for e in rc.ids if languages[e] == "go"]
python = [e for e in rc.ids if languages[e] == "python"]
holds("two Go engines and one Python engine", (len(go), len(python)) == (2, 1))
ar = rc[go].execute("fmt.Println(6 * 7)", silent=False)
ar.get(timeout=60)
ar.wait_for_output(timeout=30)
holds("cells on the Go engines", [s.strip() for s in ar.stdout] == ["42", "42"])
holds("functions on the Python engine", rc[python].apply_sync(lambda a, b: a * b, 6, 7) == [42])
big = bytes(5_000_000)
holds("large buffers", rc[python].apply_sync(len, big) == [len(big)])
rc.close()


def refused(configure):
    """Whether the hub refuses a socket in its handshake."""
    s = zmq.Context.instance().socket(zmq.DEALER)
    s.linger = 0
    configure(s)
    monitor = s.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
                                   | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_DISCONNECTED)
    s.connect(f"{info['interface']}:{info['registration']}")
    assert monitor.poll(20000), "nothing happens"
    event = recv_monitor_message(monitor)["event"]
    s.disable_monitor()
    s.close()
    return event != zmq.EVENT_HANDSHAKE_SUCCEEDED


def curve(server):
    def configure(s):
        s.curve_publickey, s.curve_secretkey = zmq.curve_keypair()
        s.curve_serverkey = server
    return configure


holds("a socket with the key of the file gets in", not refused(curve(info["curve_serverkey"].encode())))
holds("one without encryption does not", refused(lambda s: None))
holds("nor one with another key", refused(curve(zmq.curve_keypair()[0])))
print("done")
