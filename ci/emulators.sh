#!/bin/sh
# Installs an emulator as a plain process, for `--target process:NAME`, and prints the path of its program.
#
#   ci/emulators.sh moto|ministack|localstack
#
# The packages and their versions are those of ci/emulators/NAME.lock; the installation is target/emulators/NAME, a Python
# virtual environment (elsewhere with SFN_CONFORMANCE_EMULATORS). It is made anew only when the lock has changed.
# PYTHON names an interpreter to use; otherwise one of the versions that the lock names is looked for.
set -eu

usage() {
    echo "usage: ci/emulators.sh moto|ministack|localstack" >&2
    exit 2
}

[ $# -eq 1 ] || usage
name=$1
case $name in
    moto) program=bin/moto_server ;;
    ministack) program=bin/ministack ;;
    localstack) program=bin/python ;; # -m localstack.runtime.main
    *) usage ;;
esac

root=$(cd "$(dirname "$0")/.." && pwd)
lock=$root/ci/emulators/$name.lock
home=${SFN_CONFORMANCE_EMULATORS:-$root/target/emulators}/$name
stamp=$home/lock.cksum
sum=$(cksum <"$lock")

if [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && [ -x "$home/$program" ]; then
    echo "$home/$program"
    exit 0
fi

# The first interpreter of a version that the lock names. A name on the PATH may be a shim that runs nothing.
find_python() {
    for version in $(sed -n 's/^# python: //p' "$lock"); do
        for candidate in "${PYTHON:-}" "python$version" python3 \
            "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version"*/bin/python; do
            [ -n "$candidate" ] || continue
            found=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
            if [ "$found" = "$version" ]; then
                echo "$candidate"
                return
            fi
        done
    done
    echo "$name needs Python $(sed -n 's/^# python: //p' "$lock"), which was not found: install it, or name it with PYTHON" >&2
    return 1
}

python=$(find_python)
echo "installing $name with $("$python" --version) into $home" >&2
rm -rf "$home"
mkdir -p "$home"
"$python" -m venv "$home"
"$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps --requirement "$lock" >&2
[ -x "$home/$program" ] || {
    echo "$name was installed, but there is no $home/$program" >&2
    exit 1
}
echo "$sum" >"$stamp"
echo "$home/$program"
