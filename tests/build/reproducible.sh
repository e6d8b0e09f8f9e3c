#!/bin/sh -e
# SPDX-License-Identifier: BSD-2-Clause
# reproducible.sh BOARD O: a second clone, somewhere else, with another output folder, gives the same bytes as O. Where
# we may, it is built without a network: the downloads of the first are enough.
board=$1 out=$2
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
git clone -q . "$there/clone"
# What is not committed yet belongs to the comparison too (and makes both versions say "dirty").
git ls-files -z | xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh |
    tar -c --null -T - | tar -x -C "$there/clone"
git ls-files -z --deleted | (cd "$there/clone" && xargs -0r rm -f --)
mkdir -p "$there/clone/build"
cp -r build/dl "$there/clone/build/dl"
offline=
if unshare -n true 2>/dev/null; then
    offline="unshare -n"
fi
$offline make -C "$there/clone" "-j$(nproc)" BOARD="$board" O="$there/elsewhere/deep/out" ${CC:+CC=$CC} all
passed=0 failed=0
for file in basalt.elf basalt.efi basalt.debug NOTICE; do
    if cmp "$out/$file" "$there/elsewhere/deep/out/$file"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done
[ -z "$offline" ] || { echo "built without a network"; passed=$((passed + 1)); }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
