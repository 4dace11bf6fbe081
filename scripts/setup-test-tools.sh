#!/bin/sh
# Installs what the tests need besides Node: container engines, a registry, a compiler for the test image, clients' Python,
# and the peers of the benchmarks. Does nothing when all of it is there.
set -eu

PATH="$PATH:/usr/sbin:/sbin"

# program or file : package that brings it
wanted='
dockerd:docker.io
podman:podman
/usr/lib/podman/netavark:netavark
/usr/lib/podman/aardvark-dns:aardvark-dns
runc:runc
/usr/bin/tini-static:tini
docker-registry:docker-registry
skopeo:skopeo
iptables:iptables
ip:iproute2
gcc:gcc
/usr/include/stdio.h:libc6-dev
openssl:openssl
perl:perl
curl:curl
nginx:nginx-light
wrk:wrk
python3:python3
'

missing=
for entry in $wanted; do
  thing=${entry%%:*}
  package=${entry#*:}
  case $thing in
    /*) [ -e "$thing" ] || missing="$missing $package" ;;
    *) command -v "$thing" >/dev/null 2>&1 || missing="$missing $package" ;;
  esac
done
python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing="$missing python3-venv"

[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need packages that are missing here; install them as root:$missing" >&2
  exit 1
fi

echo "Installing for the tests:$missing"
export DEBIAN_FRONTEND=noninteractive
# Packages start no daemon: the tests start their own.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
fi
apt-get update -q
# shellcheck disable=SC2086
apt-get install -q -y --no-install-recommends $missing
