#!/bin/sh -e
# SPDX-License-Identifier: BSD-2-Clause
# link.sh OUT CC NM LINK-COMMAND...: links OUT with a table of its own function symbols in it.
#
# First with an empty table, then with the table of the first result. That is right when the table moved no code; where
# the linker script puts code behind it, one more round settles it. Anything else is an error, never a wrong backtrace.
out=$1 cc=$2 nm=$3
shift 3
scripts/build/ksyms.py </dev/null >"$out.ksyms.s"
for round in 1 2 3 4; do
    $cc -c -o "$out.ksyms.o" "$out.ksyms.s"
    "$@" -o "$out.new" "$out.ksyms.o"
    "$nm" -n --defined-only "$out.new" | scripts/build/ksyms.py >"$out.ksyms.next"
    if cmp -s "$out.ksyms.s" "$out.ksyms.next"; then
        mv "$out.new" "$out"
        rm -f "$out.ksyms.next"
        exit 0
    fi
    mv "$out.ksyms.next" "$out.ksyms.s"
done
echo "link.sh: addresses still move after $round links" >&2
exit 1
