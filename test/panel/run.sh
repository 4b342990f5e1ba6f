#!/usr/bin/env bash
# Tests the clusters panel in a browser, on real clusters of real engines, with one version of JupyterLab.
# usage: run.sh VERSION [FOLDER]      FOLDER keeps the screenshots. Needs npm and Chromium (or name one: CHROMIUM=/path/to/it).
set -euo pipefail
export LC_ALL=C.UTF-8
version=${1:?usage: run.sh VERSION [FOLDER]}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/gopar-test
venv=$cache/lab-$version
: "${CHROMIUM:=$(command -v chromium || command -v chromium-browser || command -v google-chrome)}"
home=$(mktemp -d)
shots=${2:-$home}
server=

finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  for id in demo outside taken; do "$home/bin/gopar" cluster stop "$id" >/dev/null 2>&1 || true; done
  rm -rf "$home"
}
trap finish EXIT

mkdir -p "$cache" "$shots" "$home/bin" "$home/work" "$home/config/labconfig"
if [ ! -e "$venv/.complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "jupyterlab==$version"
  touch "$venv/.complete"
fi
if [ ! -e "$cache/browser/node_modules/playwright-core" ]; then
  npm install --silent --no-audit --no-fund --prefix "$cache/browser" playwright-core@1.65.1
fi
(cd "$root" && go build -trimpath -buildvcs=false -o "$home/bin/gopar" ./cmd/gopar)

GOCACHE=$(go env GOCACHE) GOMODCACHE=$(go env GOMODCACHE)
export GOCACHE GOMODCACHE GOPAR_SOURCE=$root HOME=$home XDG_CACHE_HOME=$home/cache IPYTHONDIR=$home/ipython \
  JUPYTER_DATA_DIR=$home/jupyter JUPYTER_RUNTIME_DIR=$home/runtime JUPYTER_CONFIG_DIR=$home/config PATH=$home/bin:$PATH
unset IPP_PROFILE_DIR IPP_CLUSTER_ID JUPYTER_PATH
gopar install --warm >/dev/null
for kernel in go:gopar python:python3; do
  language=${kernel%:*}
  printf '{"cells":[{"cell_type":"code","id":"a","execution_count":null,"metadata":{},"outputs":[],"source":""}],"metadata":{"kernelspec":{"name":"%s","display_name":"%s","language":"%s"},"language_info":{"name":"%s"}},"nbformat":4,"nbformat_minor":5}' \
    "${kernel#*:}" "$language" "$language" "$language" >"$home/work/$language.ipynb"
done
# JupyterLab would ask for news and cover what is to be clicked.
echo '{"@jupyterlab/apputils-extension:notification":{"fetchNews":"false","checkForUpdates":false}}' \
  >"$home/config/labconfig/default_setting_overrides.json"

port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$venv/bin/jupyter-lab" --allow-root --no-browser --port "$port" --IdentityProvider.token= --ServerApp.root_dir="$home/work" \
  --LabApp.expose_app_in_browser=True >"$home/server.log" 2>&1 &
server=$!
for _ in $(seq 300); do
  if curl -s "http://127.0.0.1:$port/api/status" >/dev/null; then break; fi
  kill -0 "$server" || { cat "$home/server.log" >&2; exit 1; }
  sleep 0.1
done
PLAYWRIGHT=$cache/browser/node_modules/playwright-core CHROMIUM=$CHROMIUM node "$here/panel.js" "http://127.0.0.1:$port" "$shots"
