#!/usr/bin/env bash
# Runs ipyparallel's own tests twice, with its own controller and with gopar hub, and compares: what passes with the one has to pass
# with the other. Takes about a quarter of an hour.
# usage: run.sh [PYTEST ARGUMENTS…]     for example: run.sh -k test_client
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
say() { printf '%s\n' "$*" >&2; }

cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/gopar-test
venv=$cache/ipyparallel
mkdir -p "$cache"
(
  if command -v flock >/dev/null; then flock 9; fi # two runs at once make one environment
  if ! cmp -s "$here/requirements.txt" "$venv/.requirements"; then
    say "making the Python environment of ipyparallel's tests in $venv"
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
    cp "$here/requirements.txt" "$venv/.requirements"
  fi
) 9>"$cache/ipyparallel.lock"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -trimpath -o "$work/bin/gopar" "$here/../../cmd/gopar"
GOPAR_SOURCE=$(cd "$here/../.." && pwd)
export GOPAR_SOURCE

tests=$("$venv/bin/python" -c 'import ipyparallel.tests, os; print(os.path.dirname(ipyparallel.tests.__file__))')
modules=()
for m in client lbview dependency asyncresult view view_broadcast label executor remotefunction async magics joblib cluster; do
  modules+=("$tests/test_$m.py")
done

run() { # NAME CONTROLLER
  say "ipyparallel's tests with $1"
  mkdir -p "$work/$1"
  # Which tests fail is the comparison's business.
  (cd "$work/$1" && HOME=$work/$1 IPYTHONDIR=$work/$1/ipython PYTHONPATH=$here GOPAR_TEST_CONTROLLER=$2 PATH=$venv/bin:$PATH \
    "$venv/bin/python" -m pytest -p swap -p no:cacheprovider -o addopts= -o asyncio_mode=auto -o filterwarnings=ignore -q --timeout=300 \
    --junitxml="$work/$1.xml" "${modules[@]}" "${@:3}" >"$work/$1.log" 2>&1) || true
  tail -n 1 "$work/$1.log" >&2
}
run own "" "$@"
run gopar "$work/bin/gopar hub" "$@"
runs=("$work/gopar.xml")
again=$("$venv/bin/python" "$here/compare.py" --again "$work/own.xml" "${runs[@]}")
if [ -n "$again" ]; then
  run again "$work/bin/gopar hub" -k "$again"
  runs+=("$work/again.xml")
fi
if [ -n "${GOPAR_KEEP:-}" ]; then cp "$work"/*.log "$work"/*.xml "$GOPAR_KEEP"; fi
"$venv/bin/python" "$here/compare.py" "$work/own.xml" "${runs[@]}"
