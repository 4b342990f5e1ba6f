"""Measures ipyparallel for bench: reads the name of a work, prints its figure, until the end of the input: peer.py N GOPAR"""

import logging
import statistics
import sys
import time

import ipyparallel as ipp
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

n = int(sys.argv[1])
shell = InteractiveShell.instance()
cluster = client = None


def mul(a, b):
    return a * b


def stop():
    global cluster, client
    if cluster is not None:
        client.close()
        cluster.stop_cluster_sync()
    cluster = client = None


def start():
    """Seconds until all engines are registered."""
    global cluster, client
    stop()
    began = time.perf_counter()
    cluster = ipp.Cluster(n=n, log_level=logging.ERROR)
    client = cluster.start_and_connect_sync()
    took = time.perf_counter() - began
    client[:].apply_sync(mul, 5, 6)
    client.activate()
    return took


def first(engines):
    """Seconds until all engines of a cluster have returned a result."""
    began = time.perf_counter()
    other = ipp.Cluster(n=engines, log_level=logging.ERROR)
    rc = other.start_and_connect_sync()
    try:
        assert rc[:].apply_sync(mul, 6, 7) == [42] * engines
        return time.perf_counter() - began
    finally:
        rc.close()
        other.stop_cluster_sync()


def median_ms(times, work):
    figures = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        figures.append(1000 * (time.perf_counter() - began))
    return statistics.median(figures)


def apply():
    view = client[0]
    return median_ms(100, lambda: view.apply_sync(mul, 5, 6))


def balanced():
    view = client.load_balanced_view()
    began = time.perf_counter()
    results = view.map_sync(mul, range(10000), range(10000), chunksize=1)
    took = time.perf_counter() - began
    assert len(results) == 10000 and results[-1] == 9999 * 9999
    return 10000 / took


def px():
    def cell():
        with capture_output() as captured:
            shell.run_cell_magic("px", "", "print(1)")
        missing = [i for i in client.ids if f"[stdout:{i}]" not in captured.stdout]
        assert not missing, captured.stdout

    return median_ms(20, cell)


def balanced_hub():
    """Tasks per second of Python engines and this client with gopar's hub as the controller."""
    config = Config()
    config.ControllerLauncher.controller_cmd = [sys.argv[2], "hub"]
    other = ipp.Cluster(n=n, log_level=logging.ERROR, config=config, cluster_id="gopar-hub")
    rc = other.start_and_connect_sync()
    try:
        rc[:].apply_sync(mul, 5, 6)
        view = rc.load_balanced_view()
        began = time.perf_counter()
        results = view.map_sync(mul, range(10000), range(10000), chunksize=1)
        took = time.perf_counter() - began
        assert len(results) == 10000 and results[-1] == 9999 * 9999
        return 10000 / took
    finally:
        rc.close()
        other.stop_cluster_sync()


def push():
    data = bytes(10 * 2**20)
    view = client[0]
    return 10.48576 / (median_ms(9, lambda: view.push({"big": data}, block=True)) / 1000)


def pull():
    view = client[0]
    return 10.48576 / (median_ms(9, lambda: view.pull("big", block=True)) / 1000)


works = {"first4": lambda: first(4), "first16": lambda: first(16), "push": push, "pull": pull, "balanced_hub": balanced_hub, "start": start, "apply": apply, "balanced": balanced, "px": px}
try:
    for line in sys.stdin:
        print("figure", works[line.strip()](), flush=True)
finally:
    stop()
