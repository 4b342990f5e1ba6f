"""Kills the process in which cells run with kill -9 during a cell: killed_runner.py KERNEL"""

import os
import queue
import signal
import sys

from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name=sys.argv[1])


def run(code, during=None):
    """Runs a cell and returns its reply's content and its outputs; during(output) sees each output as it comes."""
    request = client.execute(code)
    outputs = []
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            break
        if kind in ("stream", "execute_result", "display_data", "error"):
            outputs.append((kind, content))
            if during:
                during(kind, content)
    while True:
        reply = client.get_shell_msg(timeout=60)
        if reply["parent_header"]["msg_id"] == request:
            return reply["content"], outputs


def kill(kind, content):
    if kind == "stream" and content["text"].strip().isdigit():
        os.kill(int(content["text"]), signal.SIGKILL)


try:
    reply, outputs = run("func double(x int) int { return 2 * x }")
    assert reply["status"] == "ok", reply
    reply, outputs = run("fmt.Println(os.Getpid())\nfor {}", during=kill)
    assert reply["status"] == "error", reply
    assert [kind for kind, _ in outputs].count("error") == 1, outputs
    # Declarations are replayed in the new process.
    reply, outputs = run("double(21)")
    assert reply["status"] == "ok", reply
    assert any(content["data"]["text/plain"] == "42" for kind, content in outputs if kind == "execute_result"), outputs
except queue.Empty:
    raise SystemExit("the kernel does not answer")
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
