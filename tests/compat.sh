#!/bin/sh
# Installs the servers that tests/compat/versions names below a directory, each in a place of its own.
# One that cannot be had is left out, and the reason stands in NAME.missing.
set -u
into=$1

install() {
    case $registry in
    npm) npm install --prefix "$place" --ignore-scripts --no-audit --no-fund "$package" ;;
    pypi) "${PYTHON:-python3}" -m venv "$place" &&
        "$place/bin/pip" install -q --disable-pip-version-check "$package" ;;
    esac
}

mkdir -p "$into" || exit
grep -v '^#' "$(dirname "$0")/compat/versions" | while read -r name registry package; do
    place=$into/$name
    [ "$(cat "$place/installed" 2>/dev/null)" = "$package" ] && continue
    echo "compat: $package"
    rm -rf "$place" "$place.missing"
    mkdir "$place"
    if install </dev/null >"$place.log" 2>&1; then
        echo "$package" >"$place/installed"
        continue
    fi
    rm -rf "$place"
    { grep '^npm error code' "$place.log" || tail -n 1 "$place.log"; } >"$place.missing"
    echo "compat: $package cannot be had: $(cat "$place.missing")" >&2
done
