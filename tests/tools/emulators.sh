#!/bin/sh
# Installs the emulators of AWS that the tests of `tests/cloud` run against, at the versions pinned beside this script:
#   target/tools/emulators/ministack    a virtual environment (emulators.txt); also runs the driver of the tests
#   target/tools/emulators/lambda_sdk   the AWS SDK that the Node image of Lambda brings (lambda_sdk/)
#   target/tools/emulators/localstack   with `--localstack`, where there is Python 3.13 (localstack/)
# It returns at once when they are there. Several runs at the same time wait for one another.
#
# ministack is under the MIT licence, localstack-core under Apache-2.0; neither needs an account.
#
# PYTHON     the Python for ministack (default: the first of python3, python3.14 … python3.11 that is new enough)
# PYTHON313  the Python for localstack (default: the first 3.13 on the path or in pyenv)
set -eu

me=tests/tools/emulators.sh
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
tools=$root/target/tools/emulators
log=$tools/install.log
. "$here/common.sh"

want_localstack=false
case ${1-} in
'') ;;
--localstack) want_localstack=true ;;
*) fail "usage: $me [--localstack]" ;;
esac

ministack_wanted=$(fingerprint common.sh emulators.sh emulators.txt patch_ministack.py .npmrc lambda_sdk/package.json lambda_sdk/package-lock.json)
localstack_wanted=$(fingerprint common.sh emulators.sh .npmrc localstack/requirements.txt localstack/package.json localstack/package-lock.json)

# is_current NAME WANTED: whether the emulator is installed as wanted, and its interpreter still runs.
is_current() {
    [ -f "$tools/$1.stamp" ] && [ "$(cat "$tools/$1.stamp")" = "$2" ] && "$tools/$1/bin/python" -c '' 2>/dev/null
}

all_current() {
    is_current ministack "$ministack_wanted" || return 1
    ! $want_localstack || is_current localstack "$localstack_wanted"
}

install_ministack() {
    rm -f "$tools/ministack.stamp"
    python=$(find_python '3, 11' '3, 14' ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11) ||
        fail 'ministack needs Python 3.11 to 3.14, which was not found; install python3 or set PYTHON'
    need_node
    make_venv "$python" "$tools/ministack" "$here/emulators.txt"
    step "$tools/ministack/bin/python" "$here/patch_ministack.py" ||
        fail "ministack could not be patched: $(tail -n 1 "$log") (log: $log)"
    install_node_packages "$here/lambda_sdk" "$tools/lambda_sdk"
    printf '%s\n' "$ministack_wanted" >"$tools/ministack.stamp"
}

install_localstack() {
    rm -f "$tools/localstack.stamp"
    # The shims of pyenv run only what a folder selects, so its versions are looked at themselves.
    python=$(find_python '3, 13' '3, 13' ${PYTHON313:-} python3.13 python3 "${PYENV_ROOT:-${HOME-}/.pyenv}"/versions/3.13.*/bin/python3.13) || {
        printf '%s: localstack needs Python 3.13, which was not found; its tests will be skipped\n' "$me" >&2
        return 0
    }
    need_node
    make_venv "$python" "$tools/localstack" "$here/localstack/requirements.txt"
    install_node_packages "$here/localstack" "$tools/localstack"
    printf '%s\n' "$localstack_wanted" >"$tools/localstack.stamp"
}

if all_current; then
    exit 0
fi
mkdir -p "$tools"
take_lock "$tools/lock"
: >"$log"
# The run that held the lock may have done the work.
is_current ministack "$ministack_wanted" || install_ministack
if $want_localstack; then
    is_current localstack "$localstack_wanted" || install_localstack
fi
