#!/usr/bin/env bash
# Finds PostgreSQL's programs for the tests of the task store, gets them if there are none, and prints their folder.
set -euo pipefail
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
say() { printf '%s\n' "$*" >&2; }

if path=$(command -v initdb); then
  dirname "$(readlink -f "$path")"
  exit
fi
for dir in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
  if [ -x "$dir/initdb" ]; then
    printf '%s\n' "$dir"
    exit
  fi
done

cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/gopar-test
# PostgreSQL does not run as root; root's tests run it as nobody, who must be able to read it.
[ "$(id -u)" != 0 ] || cache=/var/cache/gopar-test
target=$cache/pgserver-0.1.4
mkdir -p "$cache"
exec 9>"$cache/postgres.lock"
if command -v flock >/dev/null; then flock 9; fi # two runs at once make one folder
if [ ! -x "$target/pgserver/pginstall/bin/initdb" ]; then
  say "getting PostgreSQL for the tests into $target"
  python=$("$here/python.sh")
  if ! "$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$target" pgserver==0.1.4 >&2; then
    say "the package index has no PostgreSQL for this machine; install it (Debian: apt install postgresql)."
    exit 1
  fi
  chmod -R a+rX "$target"
fi
printf '%s\n' "$target/pgserver/pginstall/bin"
