#!/usr/bin/env bash
# Installs what is missing, and only that. Arguments name the parts, in an order in which they can be installed:
#   dependencies   Node of the pinned version and the npm packages
#   python         a virtual environment with the Python clients (.venv)
#   sagemaker-sdk  the sagemaker Python SDK, with its hundreds of megabytes (.venv/sagemaker-sdk)
#   engine         Docker Engine, unless a Docker or Podman answers or can be started
#   registry       a Docker registry to run beside the server
#   test-tools     what only tests and benchmarks need
set -euo pipefail
cd "$(dirname "$0")/.."
# Programs of the administrator are not on everybody's path.
PATH=$PATH:/usr/sbin:/sbin

NODE_VERSION=$(sed -n 's/.*"node": "[^0-9]*\([0-9.]*\)".*/\1/p' package.json | tail -n 1)
NODE=$PWD/node_modules/node/bin/node

say() { if [ -t 2 ]; then printf '\033[2m%s\033[0m\n' "$*" >&2; else printf '%s\n' "$*" >&2; fi; }
fail() { printf 'slipway: %s\n' "$*" >&2; exit 1; }
is_root() { [ "$(id -u)" -eq 0 ]; }

# Runs a command quietly; shows what it printed only when it fails. It does not inherit the lock (descriptor 9), which
# must not outlive this script if the command leaves a daemon behind.
try() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null 9>&- || status=$?
  [ "$status" -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# --- Debian packages --------------------------------------------------------------------------------------------------

# Names the packages of "thing:package" pairs whose thing is missing: a program, or a file when it has a slash.
missing_packages() {
  local pair thing
  for pair in "$@"; do
    thing=${pair%%:*}
    case $thing in
      */*) [ -e "$thing" ] ;;
      *) command -v "$thing" >/dev/null ;;
    esac || printf '%s\n' "${pair#*:}"
  done | sort -u | tr '\n' ' '
}

# Installs packages. Their services start only with START_SERVICES=1, for the demo and the tests start their own.
install_packages() {
  is_root && command -v apt-get >/dev/null ||
    fail "these packages are missing: $* - install them (Debian and Ubuntu: sudo apt-get install $*) and try again"
  say "installing $*"
  local policy=/usr/sbin/policy-rc.d
  if [ "${START_SERVICES:-0}" != 1 ] && [ ! -e "$policy" ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  local apt=(env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -y -o DPkg::Lock::Timeout=300)
  # Lists that cannot be brought up to date (somebody's broken source) need not hinder the installation.
  [ -n "${APT_UPDATED:-}" ] || try "${apt[@]}" update || say "apt-get update has failed; trying with what is known"
  APT_UPDATED=1
  local status=0
  try "${apt[@]}" install --no-install-recommends "$@" || status=$?
  if [ "${START_SERVICES:-0}" != 1 ] && [ "$(cat "$policy" 2>/dev/null)" = $'#!/bin/sh\nexit 101' ]; then rm -f "$policy"; fi
  [ "$status" -eq 0 ] || fail "installing $* has failed; see above"
}

# Installs the packages of those pairs whose thing is missing.
need() {
  local packages
  packages=$(missing_packages "$@")
  # shellcheck disable=SC2086
  [ -z "$packages" ] || install_packages $packages
}

# --- parts ------------------------------------------------------------------------------------------------------------

dependencies() {
  if [ -x "$NODE" ] && [ "$("$NODE" --version)" = "v$NODE_VERSION" ] && "$NODE" scripts/dependencies-installed.ts; then return; fi
  need npm:npm node:nodejs
  say "installing Node $NODE_VERSION and the npm packages"
  local npm=(npm)
  # On an old Node, npm leaves out the native parts of packages that want a newer one: the pinned Node has to run npm.
  if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 22 ]; then
    mkdir -p .tools
    printf '{ "private": true, "allowScripts": { "node": true } }\n' >.tools/package.json
    try npm install --prefix .tools --no-save --no-package-lock --no-audit --no-fund "node@$NODE_VERSION" npm@11 ||
      fail "npm could not fetch Node $NODE_VERSION; see above"
    export PATH=$PWD/.tools/node_modules/node/bin:$PATH
    npm=(node "$PWD/.tools/node_modules/npm/bin/npm-cli.js")
  fi
  try "${npm[@]}" ci --no-audit --no-fund || fail "npm could not install the packages; see above"
  [ -x "$NODE" ] || fail "the npm package 'node' has not brought its program; allow its install script and try again"
}

python() {
  local wanted=test/clients/requirements.txt
  if [ -x .venv/bin/python ] && cmp -s "$wanted" .venv/.installed; then return; fi
  need python3:python3
  python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3-venv
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "Python 3.10 or newer is needed, $(command -v python3) is $(python3 --version | cut -d' ' -f2)"
  say "installing the Python clients into .venv"
  rm -f .venv/.installed
  try python3 -m venv --clear .venv || fail "no virtual environment could be made; see above"
  try .venv/bin/pip install --disable-pip-version-check -r "$wanted" || fail "pip could not install $wanted; see above"
  cp "$wanted" .venv/.installed
}

sagemaker_sdk() {
  local wanted=test/clients/requirements-sagemaker.txt venv=.venv/sagemaker-sdk
  python
  if [ -x "$venv/bin/python" ] && cmp -s "$wanted" "$venv/.installed"; then return; fi
  say "installing the sagemaker Python SDK into $venv"
  rm -f "$venv/.installed"
  try python3 -m venv --clear "$venv" || fail "no virtual environment could be made; see above"
  try "$venv/bin/pip" install --disable-pip-version-check -r "$wanted" || fail "pip could not install $wanted; see above"
  cp "$wanted" "$venv/.installed"
}

engine() {
  local why
  why=$(scripts/run.sh scripts/find-engine.ts 2>&1) && return
  [ -z "${DOCKER_HOST:-}${CONTAINER_HOST:-}" ] || fail "$why (DOCKER_HOST or CONTAINER_HOST says so)"
  if ! is_root; then
    fail "$why
To have one: sudo apt-get install docker.io && sudo usermod -aG docker $(id -un), then log in again.
Or run this as root: what is missing is installed then. To serve without containers: bin/slipway serve --runtime none"
  fi
  # Without one that answers, an engine of our own is started; that also takes the tools for firewall and links.
  if [ -n "$(missing_packages dockerd:docker.io)" ] && [ -z "$(missing_podman)" ]; then need iptables:iptables ip:iproute2; return; fi
  START_SERVICES=1 need dockerd:docker.io iptables:iptables ip:iproute2
}

missing_podman() { missing_packages podman:podman runc:runc /usr/lib/podman/netavark:netavark; }

registry() { need docker-registry:docker-registry openssl:openssl perl:perl setpriv:util-linux; }

test_tools() {
  need podman:podman /usr/lib/podman/netavark:netavark /usr/lib/podman/aardvark-dns:aardvark-dns runc:runc \
    /usr/bin/tini-static:tini skopeo:skopeo iptables:iptables ip:iproute2 gcc:gcc /usr/include/stdio.h:libc6-dev \
    curl:curl nginx:nginx-light wrk:wrk /usr/lib/nginx/modules/ngx_http_lua_module.so:libnginx-mod-http-lua
}

# Two at a time would install into each other's feet.
mkdir -p .tools
exec 9>.tools/setup.lock
flock 9

for part in "$@"; do
  case $part in
    dependencies | python | engine | registry) "$part" ;;
    test-tools) test_tools ;;
    sagemaker-sdk) sagemaker_sdk ;;
    *) fail "there is no part '$part' to set up" ;;
  esac
done
