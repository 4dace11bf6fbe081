#!/usr/bin/env bash
# Installs what is missing, and only that. Arguments name the parts:
#   dependencies   Node of the pinned version and the npm packages
#   python         a virtual environment with the Python clients (.venv)
#   engine         Docker Engine, unless a Docker or Podman socket answers
#   registry       a Docker registry to run beside the server
#   test-tools     what only tests and benchmarks need
set -euo pipefail
cd "$(dirname "$0")/.."

NODE_VERSION=$(sed -n 's/.*"node": "[^0-9]*\([0-9.]*\)".*/\1/p' package.json | tail -n 1)

say() { printf '\033[2m%s\033[0m\n' "$*" >&2; }
fail() { printf 'slipway: %s\n' "$*" >&2; exit 1; }

# Runs a command quietly; shows what it printed only when it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "'$*' failed; see above"
  fi
  rm -f "$log"
}

# Installs Debian packages whose commands are missing. $1: packages, further arguments: the commands to look for.
packages() {
  local wanted=$1 missing=() command
  shift
  for command in "$@"; do PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null || missing+=("$command"); done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null ||
    fail "missing: ${missing[*]}. Install the packages '$wanted' (Debian and Ubuntu: sudo apt-get install $wanted) and try again."
  say "installing $wanted"
  [ -n "${APT_UPDATED:-}" ] || { quietly apt-get update; APT_UPDATED=1; }
  # A service manager may be absent (containers, CI): the packages must not fail for that.
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends $wanted
}

dependencies() {
  if [ -x node_modules/node/bin/node ] && [ node_modules/.package-lock.json -nt package-lock.json ] &&
    [ "$(node_modules/node/bin/node --version)" = "v$NODE_VERSION" ]; then return; fi
  command -v npm >/dev/null || packages "nodejs npm" node npm
  say "installing npm packages (Node $NODE_VERSION included)"
  local npm=(npm)
  # The machine's npm may be too old for the lock file; its own successor comes from the registry.
  if [ "$(npm --version | cut -d. -f1)" -lt 11 ]; then
    quietly npm install --no-save --no-package-lock --prefix .tools "node@$NODE_VERSION" npm@11
    npm=("$PWD/.tools/node_modules/node/bin/node" "$PWD/.tools/node_modules/npm/bin/npm-cli.js")
  fi
  quietly "${npm[@]}" ci --no-audit --no-fund
  [ -x node_modules/node/bin/node ] || fail "the npm package 'node' did not bring its binary; run 'npm rebuild node'"
  touch node_modules/.package-lock.json
}

python() {
  if [ -x .venv/bin/python ] && [ .venv/.ready -nt test/clients/requirements.txt ]; then return; fi
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then packages "python3 python3-venv" slipway-python-venv; fi
  say "installing the Python clients into .venv"
  quietly python3 -m venv .venv
  quietly .venv/bin/pip install --disable-pip-version-check -r test/clients/requirements.txt
  touch .venv/.ready
}

engine() {
  local socket
  for socket in "${DOCKER_HOST:-}" unix:///var/run/docker.sock unix:///run/podman/podman.sock "unix://${XDG_RUNTIME_DIR:-/nonexistent}/docker.sock" "unix://${XDG_RUNTIME_DIR:-/nonexistent}/podman/podman.sock"; do
    [ -n "$socket" ] || continue
    if [ "${socket#unix://}" != "$socket" ]; then
      curl -sf -m 2 --unix-socket "${socket#unix://}" http://engine/_ping >/dev/null 2>&1 && return
    else
      curl -sf -m 2 "http://${socket#tcp://}/_ping" >/dev/null 2>&1 && return
    fi
  done
  packages "docker.io iptables" dockerd iptables
}

registry() { packages "docker-registry openssl curl" docker-registry openssl curl; }

test_tools() {
  packages "podman netavark aardvark-dns runc tini" podman runc tini
  packages "skopeo gcc libc6-dev" skopeo gcc
  packages "nginx-light wrk" nginx wrk
}

for part in "$@"; do
  case $part in
    dependencies | python | engine | registry) "$part" ;;
    test-tools) test_tools ;;
    *) fail "there is no part '$part' to set up" ;;
  esac
done
