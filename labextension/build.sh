#!/usr/bin/env bash
# Builds the panel with JupyterLab's own builder, against the oldest JupyterLab that it works in (core/package.json).
# usage: build.sh [FOLDER]      FOLDER is replaced by what was built. Default: files, which the binary embeds
# It works in one folder that is called the same everywhere, because webpack's hashes depend on its name.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:-$here/files}
cache=/tmp/gopar-labextension

command -v npm >/dev/null || { echo "npm is not installed, which building the panel needs (Debian: apt install npm)" >&2; exit 1; }
mkdir -m 0700 "$cache" 2>/dev/null || [ -d "$cache" ]
[ -O "$cache" ] || { echo "$cache belongs to another user; it is needed for the build" >&2; exit 1; }
exec 9>"$cache/lock"
if command -v flock >/dev/null; then flock 9; fi # two runs at once share the folder
cd "$cache"
rm -rf src style schema core lib files
cp -r "$here"/{src,style,schema,core,package.json,package-lock.json,tsconfig.json,.npmrc} .
if ! cmp -s package-lock.json node_modules/.gopar-lock; then
  npm ci --ignore-scripts >&2
  cp package-lock.json node_modules/.gopar-lock
fi
npm run --silent build >&2
rm -rf "$out"
cp -r files "$out"
