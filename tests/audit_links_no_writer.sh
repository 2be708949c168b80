#!/usr/bin/env bash
# The auditor's program links no code that can write a ledger: neither storage's writing half nor a
# writing call of LMDB may be named in it.
#     tests/audit_links_no_writer.sh PROGRAM
set -euo pipefail

symbols=$(nm "$1" | awk '{ print $NF }' | sed 's/@.*//')
# A stripped program, or one without the reading half, would pass for the wrong reason.
if ! grep -qx 'mdb_get' <<<"$symbols"; then
    echo "audit_links_no_writer: $1 does not even read LMDB; is it stripped?" >&2
    exit 1
fi
writers='mdb_put|mdb_del|mdb_drop|mdb_cursor_put|mdb_cursor_del|mdb_env_copy.*'
writers+='|tj_store_create|tj_store_open_write|tj_write_begin|tj_write_commit|tj_append'
writers+='|tj_put_name|tj_delete_name'
if found=$(grep -xE "$writers" <<<"$symbols"); then
    echo "audit_links_no_writer: $1 names" $found >&2
    exit 1
fi
