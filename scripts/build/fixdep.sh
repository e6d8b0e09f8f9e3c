#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fixdep.sh OBJECT RAW.d OUT: prints what OBJECT depends on, for make.
#
# The compiler's list (-MMD -MP) names autoconf.h, which changes with every option. It is replaced by the per-option
# files of the CONFIG_ symbols that the sources really mention, so that an option rebuilds its users and nothing else.
# A file that is not there (an option that was never set) is looked for again each time, hence the wildcard.
object=$1 raw=$2 out=$3
files=$(sed -n -e 's/^[^:]*://' -e 's/\\$//' -e 'p' -e '/^$/q' "$raw" | tr -s ' \n' '\n\n' | grep -v -e '/autoconf\.h' -e ':$' | sort -u)
printf '%s:' "$object"
printf ' \\\n %s' $files
printf '\n'
options=$(grep -ohE '\bCONFIG_[A-Z0-9_]+' $files /dev/null | sort -u | sed 's/^CONFIG_//' | tr 'A-Z_' 'a-z/')
[ -z "$options" ] || { printf '%s: $(wildcard' "$object"; printf " \\\\\n $out/include/config/%s.h" $options; printf ')\n'; }
# A header that was deleted is no error: whoever included it gets rebuilt.
printf '%s:\n' $files
