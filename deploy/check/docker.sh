#!/usr/bin/env bash
# Runs a command that needs Docker: with the daemon that responds, or else with one of its own on a private socket, which
# ends with the command. Usage: deploy/check/docker.sh COMMAND [ARGUMENT...]; the command gets DOCKER_HOST and BASE.
#
# Where no registry is reachable, BASE is a stand-in for the public base image, made of Debian's packages and the
# certificates of this machine. It suits checks; never publish an image that is built on it.
set -euo pipefail

public=python:3.13-slim
stand_in=handoff-check/python:3.13-slim
data=${HANDOFF_DOCKER:-$PWD/.local/docker}
run=$(mktemp -d /tmp/handoff-docker-XXXXXX)
daemon=

stop() {
    if [ -n "$daemon" ]; then
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
        umount "$run/exec/netns/default" 2>/dev/null || true # left behind by a container on the host's network
    fi
    rm -rf "$run"
}
trap stop EXIT
trap 'exit 130' INT TERM

cannot() {
    echo "Docker cannot be used here: $1" >&2
    exit 1
}

responds() { timeout 20 docker version >/dev/null 2>&1; }

start_daemon() {
    if [ -n "${DOCKER_HOST:-}" ]; then cannot "no daemon responds at DOCKER_HOST ($DOCKER_HOST)"; fi
    command -v dockerd >/dev/null || cannot "no daemon responds, and there is no dockerd (Debian, Ubuntu: apt install docker.io iptables)"
    [ "$(id -u)" -eq 0 ] || cannot "no daemon responds, and only root may start one"
    mkdir -p "$data"
    export DOCKER_HOST="unix://$run/docker.sock"
    dockerd --host "$DOCKER_HOST" --data-root "$data" --exec-root "$run/exec" --pidfile "$run/pid" >"$run/log" 2>&1 &
    daemon=$!
    for _ in $(seq 60); do
        if responds; then return; fi
        kill -0 "$daemon" 2>/dev/null || cannot "dockerd ends at its start: $(tail -n 1 "$run/log")"
        sleep 0.5
    done
    cannot "dockerd does not respond within 30 seconds: $(tail -n 1 "$run/log")"
}

has() { docker image inspect "$1" >/dev/null 2>&1; }

make_stand_in() {
    command -v mmdebstrap >/dev/null || cannot "no registry has $public for us, and a stand-in takes mmdebstrap (Debian, Ubuntu: apt install mmdebstrap)"
    local mirror certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)
    mmdebstrap --quiet --variant=minbase --include=ca-certificates,python3,python3-venv trixie "$run/base.tar" ${mirror:+"$mirror"} ||
        cannot "mmdebstrap makes no stand-in for $public (see above)"
    docker import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$run/base.tar" "$stand_in-bare" >/dev/null
    mkdir "$run/base"
    cp "$certificates" "$run/base/certificates.crt"
    {
        echo "FROM $stand_in-bare"
        echo "COPY certificates.crt /etc/ssl/certs/ca-certificates.crt"
        echo "ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt UV_SYSTEM_CERTS=1"
    } >"$run/base/Dockerfile"
    docker build --quiet --tag "$stand_in" "$run/base" >/dev/null
}

choose_base() {
    if [ -n "${BASE:-}" ]; then return; fi
    BASE=$public
    if has "$public" || timeout 120 docker pull --quiet "$public" >/dev/null 2>&1; then return; fi
    BASE=$stand_in
    has "$stand_in" || make_stand_in
    echo "No registry has $public for us: the base is a stand-in. Do not publish this image." >&2
}

command -v docker >/dev/null || cannot "there is no docker command (Debian, Ubuntu: apt install docker.io iptables)"
responds || start_daemon
choose_base
export BASE
"$@"
