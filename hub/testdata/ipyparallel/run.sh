#!/bin/sh
# Runs ipyparallel's own tests against a hub.
#
#   run.sh 'gopar hub' [test_client test_lbview …]
#   run.sh ''          the same tests with ipyparallel's own controller
#
# $GOPAR_PYTHON (default ~/.cache/gopar-test/venv/bin/python) has ipyparallel
# ipykernel pytest pytest-asyncio numpy joblib tqdm psutil testpath. The last
# line is pytest's count; the exit status is pytest's.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${GOPAR_PYTHON:-$HOME/.cache/gopar-test/venv/bin/python}
controller=$1
shift
[ $# -gt 0 ] || set -- test_client test_lbview test_dependency test_asyncresult test_view test_view_broadcast \
	test_label test_executor test_remotefunction test_async test_joblib test_magics
tests=$("$python" -c 'import ipyparallel, os; print(os.path.join(os.path.dirname(ipyparallel.__file__), "tests"))')
files=
for t in "$@"; do files="$files ipyparallel/tests/$t.py"; done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$(dirname "$tests")")"
# shellcheck disable=SC2086
PYTHONPATH="$here" IPP_TEST_CONTROLLER=$controller IPYTHONDIR="$work" PYTHONDONTWRITEBYTECODE=1 \
	"$python" -m pytest -p gopar_hub_plugin -p no:cacheprovider -o asyncio_mode=auto -q -rfE --tb=short --disable-warnings $files
