#!/bin/sh
# Installs the tools of the test suite, at the versions that the manifests beside this script pin:
#   target/tools/venv          Python virtual environment (requirements.txt)
#   target/tools/node_modules  Node packages (package.json, package-lock.json)
# It returns at once when they are there. Several runs at the same time wait for one another.
#
# PYTHON  the Python to use (default: the first of python3, python3.14 … python3.10 that is new enough)
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
tools=$root/target/tools
stamp=$tools/stamp
manifests='requirements.txt package.json package-lock.json .npmrc install.sh'

fail() {
    printf 'tests/tools/install.sh: %s\n' "$*" >&2
    exit 1
}

fingerprint() {
    (
        cd "$here"
        if command -v sha256sum >/dev/null 2>&1; then
            sha256sum $manifests
        elif command -v shasum >/dev/null 2>&1; then
            shasum -a 256 $manifests
        else
            cksum $manifests
        fi
    )
}

is_current() {
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] &&
        [ -x "$tools/venv/bin/python" ] && [ -d "$tools/node_modules" ] &&
        # An environment whose interpreter was removed or upgraded away is not usable.
        "$tools/venv/bin/python" -c '' 2>/dev/null
}

wanted=$(fingerprint)
if is_current; then
    exit 0
fi

mkdir -p "$tools"
if command -v flock >/dev/null 2>&1; then
    # The kernel gives the lock back when its holder ends, however it ends.
    exec 9>"$tools/lock"
    flock -w 900 9 || fail "another run has held $tools/lock for 15 minutes"
else
    # macOS has no `flock`; `mkdir` is atomic everywhere, but a killed run leaves its lock behind.
    waited=0
    until mkdir "$tools/lock.d" 2>/dev/null; do
        [ "$waited" -lt 900 ] || fail "$tools/lock.d is 15 minutes old; remove it if no other run is alive"
        waited=$((waited + 1))
        sleep 1
    done
    trap 'rmdir "$tools/lock.d"' EXIT
    trap 'exit 1' HUP INT TERM
fi

# The run that held the lock may have done the work.
if is_current; then
    exit 0
fi
rm -f "$stamp"

new_enough='import sys; sys.exit(not ((3, 10) <= sys.version_info[:2] <= (3, 14)))'
python=
for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c "$new_enough" 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail 'Python 3.10 to 3.14 is needed and was not found; install python3 or set PYTHON'

command -v node >/dev/null 2>&1 || fail 'Node.js 20.19 or later is needed and `node` was not found'
command -v npm >/dev/null 2>&1 || fail 'npm is needed and was not found; it comes with Node.js'
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js 20.19 or later is needed; \`node\` is $(node --version)"

log=$tools/install.log
: >"$log"
step() {
    "$@" >>"$log" 2>&1
}

rm -rf "$tools/venv"
if ! step "$python" -m venv "$tools/venv"; then
    # Debian and Ubuntu package `ensurepip` apart from Python; `virtualenv` brings its own pip.
    rm -rf "$tools/venv"
    step "$python" -m virtualenv "$tools/venv" ||
        fail "$python can make no virtual environment (log: $log); install its venv module (Debian, Ubuntu: apt install python3-venv) or virtualenv"
fi
step "$tools/venv/bin/python" -m pip install --no-input --disable-pip-version-check --no-deps -r "$here/requirements.txt" ||
    fail "pip could not install $here/requirements.txt: $(tail -n 3 "$log") (log: $log)"
step "$tools/venv/bin/python" -m pip check ||
    fail "the pins of requirements.txt do not fit together: $(tail -n 3 "$log")"

rm -rf "$tools/node_modules"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$tools/"
(cd "$tools" && step npm ci --ignore-scripts --loglevel=error) ||
    fail "npm could not install $here/package-lock.json: $(tail -n 3 "$log") (log: $log)"

printf '%s\n' "$wanted" >"$stamp"
