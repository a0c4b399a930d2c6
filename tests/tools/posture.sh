#!/bin/sh
# Installs checkov, at the versions that posture.txt pins, into target/tools/checkov/venv.
# It returns at once when it is there. Several runs at the same time wait for one another.
#
# checkov is under the Apache-2.0 licence and needs no account.
#
# PYTHON  the Python to use (default: the first of python3, python3.14 … python3.11 that is new enough)
set -eu

me=tests/tools/posture.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
tools=$root/target/tools/checkov
log=$tools/install.log
. "$here/common.sh"

wanted=$(fingerprint common.sh posture.sh posture.txt)

is_current() {
    [ -f "$tools/stamp" ] && [ "$(cat "$tools/stamp")" = "$wanted" ] &&
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

python=$(find_python '3, 11' '3, 14' ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11) ||
    fail 'checkov needs Python 3.11 to 3.14, which was not found; install python3 or set PYTHON'
make_venv "$python" "$tools/venv" "$here/posture.txt"
printf '%s\n' "$wanted" >"$tools/stamp"
