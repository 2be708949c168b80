# What both acts of the demo use: $tijori, $at and the keys under $at/keys are the caller's.

title() { printf '== %s\n' "$*"; }
fail() { echo "demo: $*" >&2; exit 1; }
new_key() { "$tijori" key new "$at/keys/$1.pem" --type "$2" 2>/dev/null >&2; }
public() { "$tijori" key show "$at/keys/$1.pem" --format json | sed -n 's/.*"public_key": *"\([0-9a-f]*\)".*/\1/p'; }
add_key() { # party ordinal role algorithm name [group]
    printf '{"kind": "add_key", "party": %s, "ordinal": %s, "role": "%s", "algorithm": "%s", %s"key": "%s", "label": "%s"}\n' \
        "$1" "$2" "$3" "$4" "${6:+\"group\": $6, }" "$(public "$5")" "$5"
}
# One machine signs for everybody here, and remembers what it signed beside the demo. What was
# refused is made anew under the same sequence, so signatures are given again (--replace).
remember_in() { XDG_STATE_HOME=$(cd "$1" && pwd)/signed; export XDG_STATE_HOME; }
sign() { "$tijori" sign "$@" --ledger "$at/ledger" --yes --replace >/dev/null 2>&1; }
# Proposes for a party, signs with the keys named, ingests; quiet unless something is refused.
submit() { # name party input keys... [+key:party, which countersigns] [-- options of propose]
    local name=$1 party=$2 input=$3 keys=() second=
    shift 3
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        case $1 in
        +*) second=${1#+} ;;
        *) keys+=("$at/keys/$1.pem") ;;
        esac
        shift
    done
    [ $# -gt 0 ] && shift
    "$tijori" propose "$at/ledger" --party "$party" "$input" -o "$at/envelopes/$name.tje" "$@" 2>/dev/null
    sign "$at/envelopes/$name.tje" --key "${keys[@]}"
    if [ -n "$second" ]; then
        sign "$at/envelopes/$name.tje" --key "$at/keys/${second%%:*}.pem" --party "${second#*:}"
    fi
    "$tijori" ingest "$at/ledger" "$at/envelopes/$name.tje" 2>/dev/null
}
