#!/bin/sh
# setup.sh [tiebreak|label-studio]: the two virtual environments, each made once for each version of its requirements.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)

fail() {
    echo "setup: $1" >&2
    exit 1
}

version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null
}

# The versions for which every pinned requirement has a build.
fits() {
    case $1 in 3.11.* | 3.12.* | 3.13.*) ;; *) return 1 ;; esac
}

# find_python: the interpreter to make environments with: PYTHON where it is set, else the first that fits
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        found=$(version_of "$PYTHON") || fail "PYTHON=$PYTHON does not run: name an interpreter of Python 3.11, 3.12 or 3.13."
        fits "$found" || fail "PYTHON=$PYTHON is Python $found, and 3.11, 3.12 or 3.13 is needed: name one of these."
        command -v "$PYTHON"
        return
    fi
    seen=
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        found=$(version_of "$candidate") || continue
        if fits "$found"; then
            command -v "$candidate"
            return
        fi
        seen="$seen${seen:+, }$candidate is $found"
    done
    fail "Python 3.11, 3.12 or 3.13 is needed and was not found (${seen:-there is no python3}): install it, or name it with PYTHON=/path/to/python."
}

free_kilobytes() {
    df -Pk . 2>/dev/null | awk 'NR == 2 { print $4 }'
}

need_disk() {
    free=$(free_kilobytes)
    case $free in '' | *[!0-9]*) return ;; esac
    [ "$free" -ge "$2" ] ||
        fail "$1 needs $(($2 / 1048576)) GB of free disk, and here are $((free / 1024)) MB: make room, then run it again."
}

# Only one setup works in this folder; the kernel gives the lock back however the holder ends.
take_lock() {
    [ -z "${locked:-}" ] || return 0
    mkdir -p .cache 2>/dev/null && touch .cache/setup.lock 2>/dev/null ||
        fail "the folder $here cannot be written: change its owner or permissions, or copy the project to a folder of yours."
    exec 9>>.cache/setup.lock
    "$1" -c 'import fcntl; fcntl.flock(0, fcntl.LOCK_EX | fcntl.LOCK_NB)' <&9 2>/dev/null || {
        echo "setup: another setup is at work in this folder; waiting for it" >&2
        "$1" -c 'import fcntl; fcntl.flock(0, fcntl.LOCK_EX)' <&9 ||
            fail "the file $here/.cache/setup.lock cannot be locked: put the project on a file system that has locks."
    }
    locked=yes
}

# What an environment is made of; the settings of the tools in pyproject.toml are no part of it.
checksum() {
    for file in "$@"; do
        sed '/^\[tool\./q' "$file"
    done | cksum
}

# usable DIR: the environment was made in this very place, with the Python that is asked for, and that one still runs
usable() {
    made_as=$(sed -n 's/^command = //p' "$1/pyvenv.cfg" 2>/dev/null) || return 1
    case $made_as in *" $here/$1") ;; *) return 1 ;; esac
    "$1/bin/python" -c 'import pip' 2>/dev/null || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$(version_of "$1/bin/python")" ]
}

# complete DIR WANTED: DIR/.complete holds the checksum of what was installed
complete() {
    [ "$(cat "$1/.complete" 2>/dev/null)" = "$2" ] && usable "$1"
}

# forget_halves DIR: a pip that was killed leaves packages without a record, which the next one would take for whole
forget_halves() {
    for package in "$1"/lib/python*/site-packages/*.dist-info; do
        if [ -d "$package" ] && { [ ! -s "$package/RECORD" ] || [ ! -s "$package/INSTALLER" ]; }; then
            rm -rf "$package"
        fi
    done
    rm -rf "$1"/lib/python*/site-packages/~*
}

pip_install() {
    place=$1
    shift
    "$place/bin/python" -m pip install -qq --no-input --disable-pip-version-check "$@" </dev/null && return
    free=$(free_kilobytes)
    case $free in
    '' | *[!0-9]*) ;;
    *) [ "$free" -ge 524288 ] || fail "the disk is full ($((free / 1024)) MB left): make room, then run it again; it goes on where it stopped." ;;
    esac
    fail "pip could not install $* into $place: the lines above say why (no network? then connect, or give pip an index that can be reached); run it again afterwards, it goes on where it stopped."
}

# make_environment DIR KILOBYTES FILES... : the last of the files are the requirements
make_environment() {
    place=$1 room=$2
    shift 2
    wanted=$(checksum "$@")
    complete "$place" "$wanted" && return
    python=$(find_python)
    take_lock "$python"
    complete "$place" "$wanted" && return
    for requirements in "$@"; do :; done
    echo "setup: installing $requirements into $place (some minutes the first time)" >&2
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no venv module: install it (Debian and Ubuntu: apt-get install python3-venv), or name another Python with PYTHON=/path/to/python."
    if usable "$place"; then
        rm -f "$place/.complete"
        forget_halves "$place"
    else
        need_disk "$place" "$room"
        "$python" -m venv --clear "$place" || fail "$python could not make the environment $place: the lines above say why."
    fi
    pip_install "$place" -r "$requirements"
    [ "$place" != .venv ] || pip_install "$place" --no-deps --no-build-isolation -e .
    echo "$wanted" >"$place/.complete"
}

case ${1:-all} in
tiebreak) environments=tiebreak ;;
label-studio) environments=label-studio ;;
all) environments="tiebreak label-studio" ;;
*) fail "there is no environment named $1; there are: tiebreak, label-studio." ;;
esac
for environment in $environments; do
    case $environment in
    tiebreak) make_environment .venv 3145728 pyproject.toml requirements/runtime.txt requirements/dev.txt ;;
    label-studio) make_environment .venv-label-studio 2097152 requirements/label-studio.txt ;;
    esac
done
