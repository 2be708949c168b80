#include "cli/tijori/commands.h"
#include "crypto/hex.h"
#include "text/fingerprint.h"
#include "cli/tijori/reading.h"
#include "text/table.h"

#include <string.h>

static const struct table_column party_columns[] = {
    {"party", "party", true},
    {"type", "type", false},
    {"status", "status", false},
    {"move threshold", "threshold_move", true},
    {"administer threshold", "threshold_administer", true},
    {"initiate keys", "keys_initiate", true},
    {"approve keys", "keys_approve", true},
    {"administer keys", "keys_administer", true},
    {"accounts", "accounts", true},
    {"open accounts", "accounts_open", true},
    {"recovery from", "recovery_from", false},
    {"classes", "classes", false},
    {"name", "name", false},
};

static const struct table_column key_columns[] = {
    {"party", "party", true},
    {"key", "ordinal", true},
    {"algorithm", "algorithm", false},
    {"role", "role", false},
    {"group", "group", true},
    {"status", "status", false},
    {"fingerprint", "fingerprint", false},
    {"added", "added", false},
    {"revoked", "revoked", false},
    {NULL, "public_key", false},
    {"label", "label", false},
};

static const char *const status_names[4] = {
    [TJ_PARTY_ACTIVE] = "active",
    [TJ_PARTY_SUSPENDED] = "suspended",
    [TJ_PARTY_CLOSED] = "closed",
};

/* "reserve, market". */
static void format_classes(char *out, size_t size, uint16_t classes)
{
    size_t at = 0;
    out[0] = '\0';
    for (unsigned class = TJ_CLASS_RESERVE; class < TJ_CLASS_END; class ++) {
        if ((classes >> class & 1) != 0 && at < size) {
            at += (size_t)snprintf(out + at, size - at, "%s%s", at > 0 ? ", " : "",
                                   tj_class_names[class]);
        }
    }
}

static int print_parties(const struct reading *reading, enum table_style style)
{
    uint32_t count = tj_state_ledger(reading->state)->parties;
    struct table *table =
        table_create(stdout, style, party_columns, sizeof party_columns / sizeof party_columns[0]);
    for (uint32_t p = 0; p < count; p++) {
        const struct tj_party_object *party = tj_state_party(reading->state, p);
        char name[TJ_NAME_SIZE + 1];
        char classes[160];
        char recovery[TEXT_SIZE];
        if (party == NULL) {
            continue;
        }
        party_name(reading->state, name, p);
        format_classes(classes, sizeof classes, party->classes);
        table_number(table, p);
        table_text(table, name_of(tj_party_type_names, TJ_PARTY_TYPE_END, party->type));
        table_text(table, name_of(status_names, 4, party->status));
        table_number(table, party->threshold[TJ_DOMAIN_MOVE]);
        table_number(table, party->threshold[TJ_DOMAIN_ADMINISTER]);
        table_number(table, party->keys_active[TJ_INITIATE]);
        table_number(table, party->keys_active[TJ_APPROVE]);
        table_number(table, party->keys_active[TJ_ADMINISTER]);
        table_number(table, party->accounts);
        table_number(table, party->accounts_open);
        if (party->recovery != 0) {
            text_format_time_ns(recovery, party->recovery_ns);
            table_text(table, recovery);
        } else {
            table_none(table);
        }
        table_text(table, classes);
        table_text(table, name);
    }
    return reading_end(reading, table);
}

static void print_key(const struct reading *reading, struct table *table,
                      const struct tj_key_object *key)
{
    char fingerprint[FINGERPRINT_SIZE];
    struct tj_public_key public_key = {.algorithm = key->algorithm};
    char hex[2 * TJ_SLOT_KEY_MAX + 1];
    char added[TEXT_SIZE];
    char revoked[TEXT_SIZE];
    char label[TJ_KEY_LABEL_SIZE + 1];
    public_key.size = (uint8_t)tj_public_key_size(key->algorithm);
    memcpy(public_key.bytes, key->key, public_key.size);
    key_fingerprint(fingerprint, reading->view.digester->hasher, &public_key);
    tj_hex_encode(hex, public_key.bytes, public_key.size);
    text_format_record_id(added, key->added);
    text_format_record_id(revoked, key->revoked);
    reading_key_label(reading, label, key);
    table_number(table, key->party);
    table_number(table, key->ordinal);
    table_text(table, name_of(tj_algorithm_names, 4, key->algorithm));
    table_text(table, name_of(tj_role_names, TJ_ROLE_END, key->role));
    if (key->group != 0) {
        table_number(table, key->group);
    } else {
        table_none(table);
    }
    table_text(table, key->status == TJ_KEY_REVOKED ? "revoked" : "active");
    table_text(table, fingerprint);
    table_text(table, added);
    if (key->revoked != 0) {
        table_text(table, revoked);
    } else {
        table_none(table);
    }
    table_text(table, hex);
    table_text(table, label);
}

static int print_keys(const struct reading *reading, enum table_style style)
{
    uint32_t parties = tj_state_ledger(reading->state)->parties;
    struct table *table =
        table_create(stdout, style, key_columns, sizeof key_columns / sizeof key_columns[0]);
    for (uint32_t p = 0; p < parties; p++) {
        const struct tj_party_object *party = tj_state_party(reading->state, p);
        for (uint32_t k = 0; party != NULL && k < party->keys; k++) {
            const struct tj_key_object *key = tj_state_key(reading->state, p, k);
            if (key != NULL) {
                print_key(reading, table, key);
            }
        }
    }
    return reading_end(reading, table);
}

int cmd_parties(const struct arguments *arguments)
{
    struct reading reading;
    enum table_style style = (enum table_style)argument_choice(arguments, "format");
    bool keys = argument_flag(arguments, "keys");
    int code = reading_open(arguments, &reading);
    if (code == EXIT_PASS && keys && table_is_rows(style)) {
        code = print_keys(&reading, style); /* rows of one kind in a file of rows */
    } else if (code == EXIT_PASS) {
        printf("%s", style == TABLE_JSON ? "{\"parties\": " : "");
        code = print_parties(&reading, style);
        if (keys && code == EXIT_PASS) {
            printf("%s", style == TABLE_JSON ? ",\n\"keys\": " : "\n");
            code = print_keys(&reading, style);
        }
        printf("%s", style == TABLE_JSON ? "}\n" : "");
    }
    reading_close(&reading);
    return code;
}
