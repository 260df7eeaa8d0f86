#!/usr/bin/env bash
# Installs the programs of other people that the client tests run against `steward serve`, each into
# an environment of its own in .clients: they must not bring their dependencies into ours. Quick when
# everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly place=.clients
readonly python=${PYTHON:-python3}

install() {
    local name=$1 lock=tests/clients/$1.lock
    cmp -s "$lock" "$place/$name/installed.lock" && return
    rm -rf "${place:?}/$name"
    "$python" -m venv "$place/$name"
    "$place/$name/bin/python" -m pip install -q --disable-pip-version-check --no-compile \
        --require-hashes --only-binary :all: -r "$lock"
    cp "$lock" "$place/$name/installed.lock"
}

mkdir -p "$place"
install packages
install aider
echo "clients: openai, anthropic and aider are ready in $place"
