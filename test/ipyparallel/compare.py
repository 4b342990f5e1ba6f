"""Compares two runs of ipyparallel's tests: whatever passes with its own controller has to pass with gopar's hub.

Run with the JUnit files of both, its own first. More files are of further runs with the hub, of tests that failed in the one before: some
of ipyparallel's tests expect to be done within a second, which a busy machine may not be. With --again the names of the tests to be run
again are all that is printed.
"""

import sys
import xml.etree.ElementTree as ElementTree


def outcomes(path):
    tests = {}
    for case in ElementTree.parse(path).iter("testcase"):
        bad = [c for c in case if c.tag in ("failure", "error")]
        if any(c.tag == "skipped" for c in case):
            how = "skipped"
        elif bad:
            how = "failed"
        else:
            how = "passed"
        message = bad[0].get("message", "").splitlines()[0][:200] if bad and bad[0].get("message") else ""
        name = case.get("classname", "") + "::" + case.get("name", "")
        if tests.get(name, ("passed",))[0] == "passed":
            tests[name] = (how, message)
    return tests


def count(tests):
    hows = [how for how, _ in tests.values()]
    return ", ".join(f"{hows.count(h)} {h}" for h in ("passed", "failed", "skipped"))


names_only = "--again" in sys.argv
files = [a for a in sys.argv[1:] if not a.startswith("--")]
own, hub = outcomes(files[0]), {}
for path in files[1:]:
    hub.update(outcomes(path))
if names_only:
    again = {n.split("::")[-1].split("[")[0] for n, (how, _) in own.items() if how == "passed" and hub.get(n, ("missing",))[0] == "failed"}
    print(" or ".join(sorted(again)))
    sys.exit()
print("its own controller:", count(own))
print("gopar hub:         ", count(hub))
worse = sorted(n for n, (how, _) in own.items() if how == "passed" and hub.get(n, ("missing",))[0] != "passed")
better = sorted(n for n, (how, _) in hub.items() if how == "passed" and own.get(n, ("missing",))[0] == "failed")
for name in better:
    print("only with gopar hub:", name)
for name in worse:
    print("NOT with gopar hub:", name, *hub.get(name, ("missing", "")))
if not any(how == "passed" for how, _ in own.values()):
    sys.exit("nothing passed: the environment is broken")
# become_dask turns a Python controller into a dask scheduler; a Go hub answers with an error that says so.
worse = [n for n in worse if not n.endswith("test_become_dask") and not n.endswith("test_become_distributed")]
sys.exit(1 if worse else 0)
