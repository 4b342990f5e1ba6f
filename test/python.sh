#!/usr/bin/env bash
# Makes the Python environment of the tests and benchmarks and prints the path of its interpreter.
# usage: python.sh          Does nothing but print when the environment is up to date with requirements.txt.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/gopar-test
venv=$cache/venv
stamp=$venv/.requirements

say() { printf '%s\n' "$*" >&2; }

python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
  say "The tests drive Jupyter's own clients and need Python 3.9 or newer as python3 (or name one: PYTHON=/path/to/python make test)."
  exit 1
fi
mkdir -p "$cache"
exec 9>"$cache/lock"
if command -v flock >/dev/null; then flock 9; fi # two runs at once make one environment
if ! cmp -s "$here/requirements.txt" "$stamp"; then
  say "making the Python environment of the tests in $venv"
  rm -rf "$venv"
  if ! "$python" -m venv "$venv" >&2; then
    say "python3 cannot make virtual environments (Debian: apt install python3-venv)."
    exit 1
  fi
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
  cp "$here/requirements.txt" "$stamp"
fi
printf '%s\n' "$venv/bin/python"
