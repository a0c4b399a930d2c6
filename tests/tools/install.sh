#!/bin/sh
# Installs the tools of the test suite, at the versions that the manifests beside this script pin:
#   target/tools/venv          Python virtual environment (requirements.txt)
#   target/tools/node_modules  Node packages (package.json, package-lock.json)
# It returns at once when they are there. Several runs at the same time wait for one another.
#
# PYTHON  the Python to use (default: the first of python3, python3.14 … python3.10 that is new enough)
set -eu

me=tests/tools/install.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
tools=$root/target/tools
log=$tools/install.log
. "$here/common.sh"

wanted=$(fingerprint requirements.txt package.json package-lock.json .npmrc common.sh install.sh)

is_current() {
    [ -f "$tools/stamp" ] && [ "$(cat "$tools/stamp")" = "$wanted" ] && [ -d "$tools/node_modules" ] &&
        # An environment whose interpreter was removed or upgraded away is not usable.
        "$tools/venv/bin/python" -c '' 2>/dev/null
}

if is_current; then
    exit 0
fi
mkdir -p "$tools"
take_lock "$tools/lock"
# The run that held the lock may have done the work.
if is_current; then
    exit 0
fi
rm -f "$tools/stamp"
: >"$log"

python=$(find_python '3, 10' '3, 14' ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python3.10) ||
    fail 'Python 3.10 to 3.14 is needed and was not found; install python3 or set PYTHON'
need_node
make_venv "$python" "$tools/venv" "$here/requirements.txt"
install_node_packages "$here" "$tools"
printf '%s\n' "$wanted" >"$tools/stamp"
