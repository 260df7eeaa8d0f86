#!/usr/bin/env bash
# Makes main.wasm: a core module, then a component of it. RUSTC and JCO say how the tools are called.
# The compiler needs its target wasm32-unknown-unknown.
set -euo pipefail
cd "$(dirname "$0")"

readonly rustc=${RUSTC:-rustc} jco=${JCO:-npx --yes @bytecodealliance/jco@1.24.0}
readonly wit=${WIT:-../../../schemas/extension/v1/extension.wit}

$rustc --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib main.rs -o core.wasm \
    -C opt-level=s -C panic=abort -C strip=symbols ${LINKER:+-C linker="$LINKER"}
$jco embed --wit "$wit" --world-name extension core.wasm --output embedded.wasm
$jco new embedded.wasm --output main.wasm
rm -f core.wasm embedded.wasm
