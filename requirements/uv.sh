#!/bin/sh
# Runs the pinned uv, from an environment that is removed afterwards: sh requirements/uv.sh PYTHON ARGUMENTS...
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if "$python" -m venv "$folder" >/dev/null 2>&1; then
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$root/requirements/uv.txt" >&2
    uv=$folder/bin/uv
elif command -v uv >/dev/null; then
    uv=uv
else
    echo "$python cannot make virtual environments. On Debian: apt-get install python3-venv. Elsewhere: install uv." >&2
    exit 1
fi
"$uv" "$@"
