# What the installers beside this file share. They set `here` (their folder) and `me` (their name) and source it.

fail() {
    printf '%s: %s\n' "$me" "$*" >&2
    exit 1
}

# The digests of files in $here: a stamp that holds them tells whether what they describe is installed.
fingerprint() {
    (
        cd "$here"
        if command -v sha256sum >/dev/null 2>&1; then
            sha256sum "$@"
        elif command -v shasum >/dev/null 2>&1; then
            shasum -a 256 "$@"
        else
            cksum "$@"
        fi
    )
}

# Waits until no other run holds the lock FILE, and holds it until this script ends.
take_lock() {
    if command -v flock >/dev/null 2>&1; then
        # The kernel gives the lock back when its holder ends, however it ends.
        exec 9>"$1"
        flock -w 900 9 || fail "another run has held $1 for 15 minutes"
        return
    fi
    # macOS has no `flock`; `mkdir` is atomic everywhere, but a killed run leaves its lock behind.
    lock=$1.d
    waited=0
    until mkdir "$lock" 2>/dev/null; do
        [ "$waited" -lt 900 ] || fail "$lock is 15 minutes old; remove it if no other run is alive"
        waited=$((waited + 1))
        sleep 1
    done
    trap 'rmdir "$lock"' EXIT
    trap 'exit 1' HUP INT TERM
}

# Prints the first of the CANDIDATES whose version lies between FIRST and LAST, both as `3, 10`.
find_python() {
    test="import sys; sys.exit(not (($1) <= sys.version_info[:2] <= ($2)))"
    shift 2
    for candidate in "$@"; do
        if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c "$test" 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# Runs a command silently; what it says is in $log.
step() {
    "$@" >>"$log" 2>&1
}

# Makes the virtual environment VENV with PYTHON and the pins of the file REQUIREMENTS, which name every package.
make_venv() {
    rm -rf "$2"
    if ! step "$1" -m venv "$2"; then
        # Debian and Ubuntu package `ensurepip` apart from Python; `virtualenv` brings its own pip.
        rm -rf "$2"
        step "$1" -m virtualenv "$2" ||
            fail "$1 can make no virtual environment (log: $log); install its venv module (Debian, Ubuntu: apt install python3-venv) or virtualenv"
    fi
    step "$2/bin/python" -m pip install --no-input --disable-pip-version-check --no-deps -r "$3" ||
        fail "pip could not install $3: $(tail -n 3 "$log") (log: $log)"
    step "$2/bin/python" -m pip check ||
        fail "the pins of $3 do not fit together: $(tail -n 3 "$log")"
}

# Fails unless there is a Node.js that is new enough, with npm.
need_node() {
    command -v node >/dev/null 2>&1 || fail 'Node.js 20.19 or later is needed and `node` was not found'
    command -v npm >/dev/null 2>&1 || fail 'npm is needed and was not found; it comes with Node.js'
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
        fail "Node.js 20.19 or later is needed; \`node\` is $(node --version)"
}

# Installs the locked packages of the folder FROM into TO/node_modules.
install_node_packages() {
    rm -rf "$2/node_modules"
    mkdir -p "$2"
    cp "$1/package.json" "$1/package-lock.json" "$here/.npmrc" "$2/"
    (cd "$2" && step npm ci --ignore-scripts --loglevel=error) ||
        fail "npm could not install $1/package-lock.json: $(tail -n 3 "$log") (log: $log)"
}
