#!/usr/bin/env bash
# Installs gopar for this user: builds the binary, prepares the cache from which cells are built, and registers the kernel
# with every Jupyter of the user. Running it again brings the installation up to date and takes seconds.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'HELP'
usage: ./install.sh [--prefix DIR] [--demo] [--with-jupyter] [--uninstall]

  --prefix DIR     install into DIR/bin and DIR/share/gopar (default: ~/.local)
  --demo           then run notebooks/overview.ipynb on a cluster of 4 engines and print every cell with its outputs
  --with-jupyter   also make a private virtual environment with JupyterLab and jupyter console
  --uninstall      remove what was installed
  --help           print this

The kernel is registered in the user's Jupyter data folder ($JUPYTER_DATA_DIR, or where Jupyter keeps it).
HELP
}

main() {
  local prefix='' demo=false jupyter=false uninstall=false
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix) [ $# -ge 2 ] || fail "--prefix needs a folder"; prefix=$2; shift ;;
      --prefix=*) prefix=${1#*=} ;;
      --demo) demo=true ;;
      --with-jupyter) jupyter=true ;;
      --uninstall) uninstall=true ;;
      -h | --help) usage; exit 0 ;;
      *) usage >&2; fail "unknown argument: $1" ;;
    esac
    shift
  done
  [ -n "${HOME:-}" ] || fail "HOME is not set" "set it to your home folder: export HOME=/home/you"
  : "${prefix:=$HOME/.local}"
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  mkdir -p "$prefix" || fail "cannot make $prefix" "choose another folder: ./install.sh --prefix DIR"
  prefix=$(cd "$prefix" && pwd)
  binary=$prefix/bin/gopar
  share=$prefix/share/gopar

  if $uninstall; then
    remove
    return
  fi
  steps=4
  if $jupyter; then steps=$((steps + 1)); fi
  if $demo; then steps=$((steps + 1)); fi
  step "checking Go and the C compiler"
  check_tools
  step "building gopar"
  build
  step "preparing the cache from which cells are built, and registering the kernel"
  "$binary" install --warm
  if $jupyter; then
    step "making a private Jupyter"
    private_jupyter
  fi
  step "looking for Jupyter"
  report
  if $demo; then
    step "running notebooks/overview.ipynb on 4 engines"
    run_demo
  fi
}

done_steps=0
step() {
  done_steps=$((done_steps + 1))
  printf '[%d/%d] %s\n' "$done_steps" "$steps" "$1"
}

note() { printf '      %s\n' "$*"; }

# fail PROBLEM [REMEDY] ends the installation.
fail() {
  printf 'install.sh: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf '  remedy: %s\n' "$2" >&2; fi
  exit 1
}

check_tools() {
  local need have cc
  need=$(awk '$1 == "go" { print $2; exit }' "$here/go.mod")
  command -v go >/dev/null || fail "Go is not installed, or not on PATH" \
    "install Go $need or newer from https://go.dev/dl/ and add its bin folder to PATH"
  # In the source folder, Go 1.21 or newer switches to the toolchain that go.mod asks for, if it may.
  have=$(cd "$here" && go env GOVERSION 2>/dev/null) || have=$(cd / && go env GOVERSION 2>/dev/null) || have=unknown
  have=${have#go}
  newer "${have%% *}" "$need" || fail "Go is too old: gopar needs Go $need or newer, this is ${have:-unknown}" \
    "install it from https://go.dev/dl/ (or let Go fetch it: go env -w GOTOOLCHAIN=auto)"
  cc=$(cd "$here" && go env CC)
  command -v "${cc%% *}" >/dev/null || fail "no C compiler: ${cc:-cc} is not on PATH; Go needs one to link cells" \
    "install one (Debian, Ubuntu: apt install gcc; Fedora: dnf install gcc; macOS: xcode-select --install)"
  [ "$(cd "$here" && go env CGO_ENABLED)" = 1 ] || fail "cgo is switched off, and native cells need it" \
    "unset CGO_ENABLED, or: go env -u CGO_ENABLED"
  note "go $have, ${cc%% *}"
}

# newer HAVE NEED succeeds if version HAVE is NEED or newer: 1.26.3 1.26.0
newer() {
  awk -v have="$1" -v need="$2" 'BEGIN {
    split(have, h, "."); split(need, n, ".")
    for (i = 1; i <= 3; i++) if (h[i] + 0 != n[i] + 0) exit !(h[i] + 0 > n[i] + 0)
  }'
}

# build makes the binary from a copy of the source, which stays beside it: cells are compiled against the packages of the
# very binary that runs them. Files that did not change stay untouched, so that what was built from them stays valid.
build() {
  local new=$share/src.new
  mkdir -p "$prefix/bin" "$share"
  rm -rf "$new"
  mkdir "$new"
  trap 'rm -rf "$share/src.new" "$binary.new"' EXIT
  (cd "$here" && find . \( -name '.?*' -o -path ./test -o -path ./bench -o -path ./docs -o -path ./notebooks -o \
    -name testdata -o -name node_modules -o -path "./${prefix#"$here"/}" \) -prune -o -type f ! -name '*_test.go' -print0 |
    tar -cf - --null -T -) | tar -xf - -C "$new"
  (cd "$new" && go build -trimpath -buildvcs=false -o "$binary.new" ./cmd/gopar) || fail "gopar does not build; see above"
  if cmp -s "$binary.new" "$binary" 2>/dev/null && diff -rq "$new" "$share/src" >/dev/null 2>&1; then
    note "$binary is up to date"
  else
    rm -rf "$share/src"
    mv "$new" "$share/src"
    mv -f "$binary.new" "$binary"
    note "$binary"
  fi
  rm -rf "$new" "$binary.new"
  trap - EXIT
}

private_jupyter() {
  local venv=$share/jupyter stamp=$share/jupyter/.complete
  if [ ! -e "$stamp" ]; then
    command -v python3 >/dev/null || fail "Python is not installed, which Jupyter needs" \
      "install it (Debian, Ubuntu: apt install python3 python3-venv; Fedora: dnf install python3)"
    rm -rf "$venv"
    python3 -m venv "$venv" >/dev/null || fail "python3 cannot make virtual environments" \
      "Debian, Ubuntu: apt install python3-venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check jupyterlab jupyter-console ||
      fail "JupyterLab cannot be installed from the package index; see above"
    touch "$stamp"
  fi
  note "$venv/bin/jupyter lab"
}

# report says which front ends will show the kernel, and how to start one.
report() {
  local found=false name path
  for name in jupyter-lab jupyter-notebook jupyter-console code; do
    if path=$(command -v "$name"); then
      note "found $path"
      found=true
    fi
  done
  if [ -x "$share/jupyter/bin/jupyter-lab" ]; then
    note "found $share/jupyter/bin/jupyter-lab"
    found=true
  fi
  if ! $found; then
    note "no Jupyter found: notebooks run with 'gopar run NOTEBOOK.ipynb';"
    note "./install.sh --with-jupyter makes a private JupyterLab"
  fi
  if [ "$(command -v gopar)" != "$binary" ]; then
    note "the command is $binary; to type 'gopar' only:"
    note "  export PATH=\"$prefix/bin:\$PATH\""
  fi
}

# run_demo uses a profile of its own, so that it neither finds nor disturbs a cluster of the user.
run_demo() {
  local status=0
  demo_dir=$(mktemp -d)
  export IPYTHONDIR=$demo_dir
  unset IPP_PROFILE_DIR IPP_CLUSTER_ID
  trap '"$binary" cluster stop >/dev/null 2>&1 || true; rm -rf "$demo_dir"' EXIT
  trap 'exit 130' INT TERM
  "$binary" cluster start -n 4
  "$binary" run "$here/notebooks/overview.ipynb" || status=$?
  "$binary" cluster stop
  rm -rf "$demo_dir"
  trap - EXIT INT TERM
  [ "$status" = 0 ] || fail "the demo ended with an error; see above" "gopar doctor says what is missing"
}

remove() {
  if [ -x "$binary" ]; then
    "$binary" install --remove
  fi
  rm -rf "$share" "$binary"
  rmdir "$prefix/bin" "$prefix/share" "$prefix" 2>/dev/null || true # if nothing else is there
  printf 'gopar is removed from %s\n' "$prefix"
  printf 'what it built is still in %s/gopar\n' "${XDG_CACHE_HOME:-$HOME/.cache}"
}

main "$@"
