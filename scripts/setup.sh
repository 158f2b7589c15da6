#!/bin/sh
# setup.sh [tiebreak|label-studio]: the two virtual environments, each made once for each version of its requirements.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "setup: $1" >&2
    exit 1
}

find_python() {
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or later is needed and none was found: install it, or name it with PYTHON=/path/to/python."
}

need_disk() {
    free=$(df -Pk . | awk 'NR == 2 { print $4 }')
    [ "$free" -ge "$1" ] || fail "$2 needs $(($1 / 1048576 + 1)) GB of free disk here, and there are $((free / 1024)) MB: make room, then run it again."
}

# make_environment DIR KB REQUIREMENTS... : DIR/.complete holds the checksum of what was installed
make_environment() {
    place=$1 room=$2
    shift 2
    wanted=$(cat "$@" | cksum)
    [ "$(cat "$place/.complete" 2>/dev/null)" = "$wanted" ] && return
    python=$(find_python)
    need_disk "$room" "$place"
    echo "setup: installing $* into $place (a few minutes the first time)" >&2
    "$python" -m venv "$place" 2>/dev/null ||
        fail "Python's venv module does not work: install it (on Debian and Ubuntu: apt-get install python3-venv)."
    rm -f "$place/.complete"
    last=$(eval echo "\${$#}")
    "$place/bin/python" -m pip install -qq --disable-pip-version-check -r "$last" ||
        fail "pip could not install $last: the lines above say why (no network? then name a package index that can be reached); run it again afterwards."
    if [ "$place" = .venv ]; then
        "$place/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e . ||
            fail "Tiebreak itself could not be installed into $place: see the lines above."
    fi
    echo "$wanted" >"$place/.complete"
}

case ${1:-all} in
tiebreak | all) make_environment .venv 2500000 pyproject.toml requirements/runtime.txt requirements/dev.txt ;;
esac
case ${1:-all} in
label-studio | all) make_environment .venv-label-studio 1500000 requirements/label-studio.txt ;;
esac
