#!/usr/bin/env bash
# The shared library shows what tijori.h declares, and nothing else.
#     tests/shared_symbols.sh LIBRARY HEADER
set -euo pipefail

shown=$(nm -D --defined-only "$1" | awk '{ print $NF }' | sed 's/@.*//' | sort)
if others=$(grep -v '^tijori_' <<<"$shown"); then
    echo "shared_symbols: $1 shows" $others >&2
    exit 1
fi
# Every function of the header: its name stands before a parenthesis, after TIJORI_API.
declared=$(tr '\n' ' ' <"$2" | grep -oE 'TIJORI_API [^;(]*\(' | grep -oE 'tijori_[a-z0-9_]+ *\($' |
    tr -d '( ' | sort -u)
if ! missing=$(diff <(echo "$declared") <(echo "$shown")); then
    echo "shared_symbols: declared (<) and shown (>) differ:" >&2
    echo "$missing" >&2
    exit 1
fi
