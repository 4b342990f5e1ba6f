"""Drives a cluster of Go engines with ipyparallel's own client, unmodified: ipyparallel_client.py N"""

import sys

import ipyparallel as ipp
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

n = int(sys.argv[1])
rc = ipp.Client(timeout=30)
assert rc.ids == list(range(n)), rc.ids

result = rc[:].execute("fmt.Println(1)", block=False)
result.wait(60)
assert result.ready(), "execute did not end"
result.wait_for_output(10)
assert [out.strip() for out in result.stdout] == ["1"] * n, result.stdout

shell = InteractiveShell.instance()
rc.activate()
with capture_output() as captured:
    shell.run_line_magic("px", "fmt.Println(40 + 2)")
assert captured.stdout.count("42") == n, captured.stdout
for engine in rc.ids:
    assert f"[stdout:{engine}]" in captured.stdout, captured.stdout

with capture_output() as captured:
    shell.run_cell_magic("px", "", "x := 20\nfmt.Println(x * 2)")
assert captured.stdout.count("40") == n, captured.stdout

failed = rc[0].execute("undefinedName", block=False)
try:
    failed.get(60)
except ipp.error.RemoteError as error:
    assert "undefinedName" in str(error), error
else:
    raise SystemExit("an error of a cell did not come back")

status = rc.queue_status()
for engine in rc.ids:
    assert set(status[engine]) >= {"queue", "completed", "tasks"}, status
    assert status[engine]["queue"] == 0, status
assert "unassigned" in status, status
rc.close()
