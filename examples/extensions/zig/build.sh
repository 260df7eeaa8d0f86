#!/usr/bin/env bash
# Makes main.wasm: a core module, then a component of it. ZIG and JCO say how the tools are called.
set -euo pipefail
cd "$(dirname "$0")"

readonly zig=${ZIG:-python3 -m ziglang} jco=${JCO:-npx --yes @bytecodealliance/jco@1.24.0}
readonly wit=${WIT:-../../../schemas/extension/v1/extension.wit}

$zig build-exe main.zig -target wasm32-freestanding -O ReleaseSmall -fno-entry -rdynamic \
    -femit-bin=core.wasm
$jco embed --wit "$wit" --world-name extension core.wasm --output embedded.wasm
$jco new embedded.wasm --output main.wasm
rm -f core.wasm embedded.wasm
