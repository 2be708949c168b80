#include "core/format/record.h"

#include "crypto/utf8.h"

const char *const tj_purpose_names[TJ_PURPOSE_END] = {
    [TJ_PURCHASE] = "purchase",
    [TJ_MINING] = "mining",
    [TJ_SEIZURE] = "seizure",
    [TJ_DONATION] = "donation",
    [TJ_UNSOLICITED_INFLOW] = "unsolicited_inflow",
    [TJ_INTERNAL_TRANSFER] = "internal_transfer",
    [TJ_SALE] = "sale",
    [TJ_PAYMENT] = "payment",
    [TJ_FEE] = "fee",
    [TJ_CUSTOMER_DEPOSIT] = "customer_deposit",
    [TJ_CUSTOMER_WITHDRAWAL] = "customer_withdrawal",
    [TJ_CUSTOMER_TRANSFER] = "customer_transfer",
    [TJ_CORRECTION] = "correction",
};

const char *const tj_class_names[TJ_CLASS_END] = {
    [TJ_CLASS_RESERVE] = "reserve",   [TJ_CLASS_CUSTODY] = "custody",
    [TJ_CLASS_MARKET] = "market",     [TJ_CLASS_MINING] = "mining",
    [TJ_CLASS_SEIZURE] = "seizure",   [TJ_CLASS_DONATION] = "donation",
    [TJ_CLASS_FEE] = "fee",           [TJ_CLASS_EXTERNAL] = "external",
    [TJ_CLASS_SUSPENSE] = "suspense",
};

const char *const tj_party_type_names[TJ_PARTY_TYPE_END] = {
    [TJ_AUTHORITY] = "authority", [TJ_TREASURY] = "treasury", [TJ_CUSTODIAN] = "custodian",
    [TJ_OPERATOR] = "operator",   [TJ_AUDITOR] = "auditor",
};

const char *const tj_role_names[TJ_ROLE_END] = {
    [TJ_INITIATE] = "initiate",
    [TJ_APPROVE] = "approve",
    [TJ_ADMINISTER] = "administer",
};

const char *const tj_network_names[TJ_NETWORK_END] = {
    [TJ_MAINNET] = "mainnet",
    [TJ_TESTNET4] = "testnet4",
    [TJ_SIGNET] = "signet",
    [TJ_REGTEST] = "regtest",
};

const char *const tj_algorithm_names[4] = {
    [1] = "ecdsa",
    [2] = "bip340",
    [3] = "ed25519",
};

const char *const tj_limit_names[TJ_LIMIT_END] = {
    [TJ_LIMIT_OUTFLOW] = "outflow",
    [TJ_LIMIT_BALANCE] = "balance",
    [TJ_LIMIT_COUNTERPARTY] = "counterparty",
    [TJ_LIMIT_PURPOSES] = "purposes",
    [TJ_LIMIT_FREEZE] = "freeze",
};

const char *const tj_programme_names[TJ_PROGRAMME_END] = {
    [TJ_PROGRAMME_CEILING] = "ceiling",
    [TJ_PROGRAMME_MANDATE] = "mandate",
    [TJ_PROGRAMME_ALLOCATION] = "allocation",
    [TJ_PROGRAMME_MINIMUM] = "minimum",
};

const char *const tj_mode_names[TJ_MODE_END] = {
    [TJ_MODE_ENFORCE] = "enforce",
    [TJ_MODE_REPORT] = "report",
};

const char *const tj_figure_names[TJ_FIGURE_END] = {
    [TJ_FIGURE_OPENING] = "opening",
    [TJ_FIGURE_CLOSING] = "closing",
    [TJ_FIGURE_INFLOW] = "inflow",
    [TJ_FIGURE_OUTFLOW] = "outflow",
    [TJ_FIGURE_CUSTOMERS] = "customers",
    [TJ_FIGURE_COUNTED] = "counted",
    [TJ_FIGURE_UNCLASSIFIED] = "unclassified",
    [TJ_FIGURE_BREACHES] = "breaches",
    [TJ_FIGURE_ATTESTED] = "attested",
    [TJ_FIGURE_ADJUSTMENTS] = "adjustments",
};

static const char *const domain_names[TJ_DOMAIN_END] = {
    [TJ_DOMAIN_MOVE] = "move",
    [TJ_DOMAIN_ADMINISTER] = "administer",
};

static const char *const direction_names[4] = {
    [TJ_FREEZE_IN] = "in",
    [TJ_FREEZE_OUT] = "out",
    [TJ_FREEZE_BOTH] = "both",
};

bool tj_name_find(const char *const *names, size_t count, const char *name, uint64_t *number)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i] != NULL && strcmp(names[i], name) == 0) {
            *number = i;
            return true;
        }
    }
    return false;
}

/* ---- the layouts: docs/FORMAT.md sections 3.1 and 3.2, one row a field ---- */

#define MEMBER(m) offsetof(struct tj_record, m), sizeof(((struct tj_record *)0)->m)
#define NUMBER(n, off, size, m, lo, hi)                                                            \
    {                                                                                              \
        n, off, size, TJ_FIELD_NUMBER, TJ_UNIT_PLAIN, MEMBER(m), lo, hi, NULL                      \
    }
#define UNIT(n, off, size, m, unit, lo, hi)                                                        \
    {                                                                                              \
        n, off, size, TJ_FIELD_NUMBER, unit, MEMBER(m), lo, hi, NULL                               \
    }
#define NAMED(n, off, m, table, lo)                                                                \
    {                                                                                              \
        n, off, 1, TJ_FIELD_NUMBER, TJ_UNIT_NAME, MEMBER(m), lo,                                   \
            sizeof(table) / sizeof(table[0]) - 1, table                                            \
    }
#define TEXT(n, off, size, m, filled)                                                              \
    {                                                                                              \
        n, off, size, TJ_FIELD_TEXT, TJ_UNIT_PLAIN, MEMBER(m), filled, 0, NULL                     \
    }
#define BYTES(n, off, size, m, filled)                                                             \
    {                                                                                              \
        n, off, size, TJ_FIELD_BYTES, TJ_UNIT_PLAIN, MEMBER(m), filled, 0, NULL                    \
    }

#define PURPOSE_FIELD    NAMED("purpose", 2, purpose, tj_purpose_names, 1)
#define FROM_FIELD       UNIT("from", 4, 8, from, TJ_UNIT_ACCOUNT, 0, UINT64_MAX)
#define TO_FIELD         UNIT("to", 12, 8, to, TJ_UNIT_ACCOUNT, 0, UINT64_MAX)
#define AMOUNT_FIELD     UNIT("amount", 20, 8, amount, TJ_UNIT_AMOUNT, 0, UINT64_MAX)
#define VALUE_DATE_FIELD UNIT("value_date", 28, 4, value_date, TJ_UNIT_DATE, 0, UINT32_MAX)
#define TIMEOUT_FIELD    UNIT("timeout_s", 32, 4, timeout_s, TJ_UNIT_TIME_S, 0, UINT32_MAX)
#define REFERS_TO_FIELD  UNIT("refers_to", 36, 8, refers_to, TJ_UNIT_RECORD, 1, UINT64_MAX)
#define REFERENCE_FIELD  TEXT("reference", 44, TJ_REFERENCE_SIZE, reference, 0)
#define EVIDENCE_FIELD   BYTES("hash", 60, 32, hash, 0)
#define LEAF_FIELD       BYTES("hash", 60, 32, hash, 0)
#define BLIND_FIELD      BYTES("blind", 96, TJ_BLIND_SIZE, blind, 0)
#define NAMING_FIELDS                                                                              \
    PURPOSE_FIELD, FROM_FIELD, TO_FIELD, AMOUNT_FIELD, VALUE_DATE_FIELD, REFERS_TO_FIELD,          \
        REFERENCE_FIELD, LEAF_FIELD, BLIND_FIELD

#define PARTY_FIELD      NUMBER("party", 4, 4, party, 0, UINT32_MAX)
#define ACCOUNT_FIELD    UNIT("account", 4, 8, account, TJ_UNIT_ACCOUNT, 0, UINT64_MAX)
#define RULE_FIELD       NUMBER("rule", 4, 4, rule, 0, UINT32_MAX)
#define DIRECTIONS_FIELD NAMED("directions", 2, directions, direction_names, 1)
#define KEY_FIELDS                                                                                 \
    {                                                                                              \
        "algorithm",       2, 1, TJ_FIELD_NUMBER,   TJ_UNIT_NAME,                                  \
        MEMBER(algorithm), 1, 2, tj_algorithm_names},                                              \
        NAMED("role", 3, role, tj_role_names, 1), PARTY_FIELD,                                     \
        NUMBER("ordinal", 8, 4, ordinal, 0, UINT32_MAX), BYTES("key", 16, TJ_SLOT_KEY_MAX, key, 1)
#define LOG_KEY_FIELDS                                                                             \
    {                                                                                              \
        "algorithm",       2, 1, TJ_FIELD_NUMBER,   TJ_UNIT_NAME,                                  \
        MEMBER(algorithm), 3, 3, tj_algorithm_names},                                              \
        NUMBER("number", 4, 4, number, 0, UINT32_MAX), BYTES("key", 16, 32, key, 1)

static const struct tj_layout layouts[TJ_KIND_END] = {
    [TJ_MOVE] = {"move",
                 {PURPOSE_FIELD, FROM_FIELD, TO_FIELD, AMOUNT_FIELD, VALUE_DATE_FIELD,
                  REFERENCE_FIELD, EVIDENCE_FIELD, BLIND_FIELD},
                 8},
    [TJ_PENDING] = {"pending",
                    {PURPOSE_FIELD, FROM_FIELD, TO_FIELD, AMOUNT_FIELD, VALUE_DATE_FIELD,
                     TIMEOUT_FIELD, REFERENCE_FIELD, EVIDENCE_FIELD, BLIND_FIELD},
                    9},
    [TJ_POST] = {"post", {NAMING_FIELDS}, 9},
    [TJ_VOID] = {"void", {NAMING_FIELDS}, 9},
    [TJ_CORRECT] = {"correct", {NAMING_FIELDS}, 9},
    [TJ_APPROVAL] = {"approve", {NAMING_FIELDS}, 9},
    [TJ_LEDGER] = {"ledger",
                   {NAMED("network", 2, network, tj_network_names, 0),
                    NUMBER("rules", 4, 4, rules, TJ_RULES_FIRST, TJ_RULES_LAST),
                    NUMBER("lifetime_max_s", 8, 4, lifetime_max_s, TJ_LIFETIME_MIN_S,
                           TJ_LIFETIME_MAX_S),
                    NUMBER("checkpoint_delay_max_s", 12, 4, checkpoint_delay_max_s, 1, UINT32_MAX),
                    BYTES("nonce", 16, 32, nonce, 0), TEXT("name", 48, TJ_NAME_SIZE, name, 1)},
                   6},
    [TJ_PREDECESSOR] = {"predecessor",
                        {NUMBER("size", 8, 8, size, 1, UINT64_MAX),
                         BYTES("ledger_id", 16, 32, ledger_id, 0), BYTES("root", 48, 32, root, 0)},
                        3},
    [TJ_REGISTER_PARTY] = {"register_party",
                           {NAMED("type", 2, type, tj_party_type_names, 1), PARTY_FIELD,
                            TEXT("name", 16, TJ_NAME_SIZE, name, 1)},
                           3},
    [TJ_ADD_KEY] = {"add_key",
                    {NUMBER("flags", 1, 1, flags, 0, TJ_KEY_AGGREGATE), KEY_FIELDS,
                     NUMBER("group", 12, 1, group, 0, TJ_GROUP_MAX),
                     TEXT("label", 56, TJ_KEY_LABEL_SIZE, label, 0)},
                    8},
    [TJ_REVOKE_KEY] = {"revoke_key", {KEY_FIELDS}, 5},
    [TJ_SET_THRESHOLD] = {"set_threshold",
                          {NAMED("domain", 2, domain, domain_names, 1),
                           NUMBER("threshold", 3, 1, threshold, 0, TJ_THRESHOLD_MAX), PARTY_FIELD},
                          3},
    [TJ_SUSPEND_PARTY] = {"suspend_party", {PARTY_FIELD}, 1},
    [TJ_REINSTATE_PARTY] = {"reinstate_party", {PARTY_FIELD}, 1},
    [TJ_GRANT_CLASSES] = {"grant_classes",
                          {UNIT("classes", 2, 2, classes, TJ_UNIT_CLASSES, 0, 0x3fe), PARTY_FIELD},
                          2},
    [TJ_OPEN_ASSET] = {"open_asset",
                       {NUMBER("decimals", 2, 1, decimals, 0, TJ_DECIMALS_MAX),
                        NUMBER("asset", 4, 4, asset, 1, UINT32_MAX),
                        NUMBER("amount_max", 8, 8, amount_max, 1, TJ_AMOUNT_MAX),
                        TEXT("code", 16, TJ_ASSET_CODE_SIZE, code, 1),
                        TEXT("name", 24, TJ_NAME_SIZE, name, 1)},
                       5},
    [TJ_OPEN_ACCOUNT] = {"open_account",
                         {NAMED("class", 2, class, tj_class_names, 1), ACCOUNT_FIELD,
                          NUMBER("asset", 12, 4, asset, 1, UINT32_MAX),
                          TEXT("label", 16, TJ_LABEL_SIZE, label, 0)},
                         4},
    [TJ_FREEZE_ACCOUNT] = {"freeze_account", {DIRECTIONS_FIELD, ACCOUNT_FIELD}, 2},
    [TJ_UNFREEZE_ACCOUNT] = {"unfreeze_account", {DIRECTIONS_FIELD, ACCOUNT_FIELD}, 2},
    [TJ_CLOSE_ACCOUNT] = {"close_account", {ACCOUNT_FIELD}, 1},
    [TJ_ACTIVATE_RULES] = {"activate_rules", {NUMBER("rules", 4, 4, rules, 1, UINT32_MAX)}, 1},
    [TJ_ADD_LOG_KEY] = {"add_log_key", {LOG_KEY_FIELDS}, 3},
    [TJ_RETIRE_LOG_KEY] = {"retire_log_key",
                           {LOG_KEY_FIELDS, NUMBER("last_good_size", 8, 8, size, 0, UINT64_MAX),
                            BYTES("last_good_root", 48, 32, root, 0)},
                           5},
    [TJ_ENDORSE] = {"endorse",
                    {NUMBER("entry", 8, 8, entry, 0, UINT64_MAX), BYTES("leaf", 16, 32, leaf, 0),
                     BYTES("envelope_id", 48, 32, envelope_id, 0)},
                    3},
    [TJ_RENAME_PARTY] = {"rename_party", {PARTY_FIELD, TEXT("name", 16, TJ_NAME_SIZE, name, 1)}, 2},
    [TJ_CLOSE_PARTY] = {"close_party", {PARTY_FIELD}, 1},
    [TJ_RECOVER_PARTY] = {"recover_party",
                          {PARTY_FIELD, NUMBER("delay_s", 8, 4, delay_s, TJ_RECOVERY_DELAY_MIN_S,
                                               TJ_RULE_TIME_MAX_S)},
                          2},
    [TJ_OBJECT_RECOVERY] = {"object_recovery", {PARTY_FIELD}, 1},
    [TJ_END_RULE] = {"end_rule", {RULE_FIELD}, 1},
    [TJ_SET_TIER] = {"set_tier",
                     {NUMBER("approvals", 2, 1, approvals, 0, TJ_THRESHOLD_MAX), RULE_FIELD,
                      NUMBER("party", 8, 4, party, 0, UINT32_MAX),
                      NUMBER("asset", 12, 4, asset, 1, UINT32_MAX),
                      UNIT("groups", 16, 2, groups, TJ_UNIT_GROUPS, 0, 0xfffe),
                      NUMBER("delay_s", 20, 4, delay_s, 0, TJ_RULE_TIME_MAX_S),
                      UNIT("above", 24, 8, above, TJ_UNIT_ASSET_AMOUNT, 0, TJ_AMOUNT_MAX)},
                     7},
    [TJ_SET_LIMIT] = {"set_limit",
                      {NAMED("type", 1, type, tj_limit_names, 1),
                       NAMED("directions", 2, directions, direction_names, 0), RULE_FIELD,
                       UNIT("holder", 8, 8, holder, TJ_UNIT_HOLDER, 0, UINT64_MAX),
                       NUMBER("asset", 16, 4, asset, 0, UINT32_MAX),
                       NUMBER("window_s", 20, 4, window_s, 0, UINT32_MAX),
                       UNIT("amount", 24, 8, amount, TJ_UNIT_ASSET_AMOUNT, 0, INT64_MAX),
                       UNIT("purposes", 32, 2, purposes, TJ_UNIT_PURPOSES, 0, 0x1ffe),
                       UNIT("counterparty", 40, 8, counterparty, TJ_UNIT_HOLDER, 0, UINT64_MAX)},
                      9},
    [TJ_PROGRAMME] = {"programme",
                      {NAMED("mode", 1, mode, tj_mode_names, 1),
                       NAMED("type", 2, type, tj_programme_names, 1), RULE_FIELD,
                       NUMBER("asset", 8, 4, asset, 1, UINT32_MAX),
                       UNIT("purposes", 12, 2, purposes, TJ_UNIT_PURPOSES, 0, 0x1fbe),
                       UNIT("starts", 16, 4, starts, TJ_UNIT_DATE, 0, UINT32_MAX),
                       UNIT("ends", 20, 4, ends, TJ_UNIT_DATE, 0, UINT32_MAX),
                       UNIT("amount", 24, 8, amount, TJ_UNIT_ASSET_AMOUNT, 0, INT64_MAX),
                       UNIT("amount_day", 32, 8, amount_day, TJ_UNIT_ASSET_AMOUNT, 0, INT64_MAX),
                       NUMBER("power_mw", 40, 4, power_mw, 0, UINT32_MAX),
                       TEXT("name", 48, TJ_NAME_SIZE, name, 1)},
                      11},
    [TJ_STATEMENT] = {"statement",
                      {NAMED("figure", 1, figure, tj_figure_names, 1),
                       NAMED("purpose", 2, purpose, tj_purpose_names, 0),
                       PARTY_FIELD,
                       NUMBER("asset", 8, 4, asset, 1, UINT32_MAX),
                       NUMBER("rule", 12, 4, rule, 0, UINT32_MAX),
                       UNIT("period_from", 16, 4, period_from, TJ_UNIT_DATE, 1, UINT32_MAX),
                       UNIT("as_of", 20, 4, as_of, TJ_UNIT_DATE, 1, UINT32_MAX),
                       {"value", 24, 16, TJ_FIELD_BYTES, TJ_UNIT_VALUE, MEMBER(value), 0, 0, NULL},
                       BYTES("document", 40, 32, document, 0)},
                      9},
};

const struct tj_layout *tj_record_layout(uint8_t kind)
{
    return kind < TJ_KIND_END && layouts[kind].name != NULL ? &layouts[kind] : NULL;
}

uint8_t tj_kind_by_name(const char *name)
{
    for (uint8_t kind = 1; kind < TJ_KIND_END; kind++) {
        if (layouts[kind].name != NULL && strcmp(layouts[kind].name, name) == 0) {
            return kind;
        }
    }
    return 0;
}

/* ---- text ---- */

/* C0, DEL and C1: no text of the format has them. */
static bool is_control(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
}

bool tj_text_valid(const uint8_t *text, size_t size)
{
    size_t at = 0;
    while (at < size && text[at] != 0) {
        uint32_t code_point = 0;
        const size_t step = tj_utf8_next(&code_point, text + at, size - at);
        if (step == 0 || is_control(code_point)) {
            return false;
        }
        at += step;
    }
    return tj_all_zero(text + at, size - at);
}

/* ---- form ---- */

static enum tijori_status check_field(const uint8_t *record, const struct tj_field *field,
                                      struct tj_verdict *verdict)
{
    const uint8_t *at = record + field->offset;
    switch ((enum tj_field_type)field->type) {
    case TJ_FIELD_NUMBER: {
        uint64_t value = tj_load_number(at, field->size);
        bool in_range = value >= field->min && value <= field->max;
        bool mask = field->unit == TJ_UNIT_CLASSES || field->unit == TJ_UNIT_PURPOSES ||
                    field->unit == TJ_UNIT_GROUPS;
        bool in_mask = !mask || (value & ~field->max) == 0;
        return in_range && in_mask ? TIJORI_OK : tj_refuse(verdict, TIJORI_VALUE, field->name);
    }
    case TJ_FIELD_TEXT:
        if (!tj_text_valid(at, field->size)) {
            return tj_refuse(verdict, TIJORI_TEXT, field->name);
        }
        return field->min == 0 || at[0] != 0 ? TIJORI_OK
                                             : tj_refuse(verdict, TIJORI_TEXT, field->name);
    case TJ_FIELD_BYTES:
        return field->min == 0 || !tj_all_zero(at, field->size)
                   ? TIJORI_OK
                   : tj_refuse(verdict, TIJORI_VALUE, field->name);
    }
    abort();
}

/* Every byte between the fields is zero; the table lists fields in the order of no particular rule,
 * so the bytes they cover are marked first. */
static enum tijori_status check_reserved(const uint8_t *record, const struct tj_layout *layout,
                                         struct tj_verdict *verdict)
{
    uint8_t rest[TJ_RECORD_SIZE];
    memcpy(rest, record, sizeof rest);
    rest[0] = 0;
    memset(rest + TJ_RECORD_SIZE - TJ_BLIND_SIZE, 0, TJ_BLIND_SIZE);
    for (size_t i = 0; i < layout->count; i++) {
        memset(rest + layout->fields[i].offset, 0, layout->fields[i].size);
    }
    return tj_all_zero(rest, sizeof rest) ? TIJORI_OK
                                          : tj_refuse(verdict, TIJORI_RESERVED_NOT_ZERO, NULL);
}

static enum tijori_status check_blind(const uint8_t *record, bool restricted,
                                      struct tj_verdict *verdict)
{
    bool zero = tj_all_zero(record + TJ_RECORD_SIZE - TJ_BLIND_SIZE, TJ_BLIND_SIZE);
    return zero != restricted ? TIJORI_OK : tj_refuse(verdict, TIJORI_BLIND, "blind");
}

/* The hot path: what the layouts of kinds 1 to 6 say, without walking them. test_record.c holds the
 * two against each other. */
static enum tijori_status check_movement(const uint8_t *r, bool restricted,
                                         struct tj_verdict *verdict)
{
    uint8_t kind = r[0];
    bool naming = kind >= TJ_POST;
    if (r[2] < TJ_PURCHASE || r[2] > TJ_CORRECTION) {
        return tj_refuse(verdict, TIJORI_VALUE, "purpose");
    }
    if (naming && tj_load64(r + 36) == 0) {
        return tj_refuse(verdict, TIJORI_VALUE, "refers_to");
    }
    if (!tj_text_valid(r + 44, TJ_REFERENCE_SIZE)) {
        return tj_refuse(verdict, TIJORI_TEXT, "reference");
    }
    if (tj_load64(r + 20) == 0) {
        return tj_refuse(verdict, TIJORI_AMOUNT_ZERO, "amount");
    }
    if (tj_load64(r + 4) == tj_load64(r + 12)) {
        return tj_refuse(verdict, TIJORI_SAME_ACCOUNT, "to");
    }
    uint32_t timeout_s = kind == TJ_PENDING ? 0 : tj_load32(r + 32);
    uint64_t refers_to = naming ? 0 : tj_load64(r + 36);
    if ((r[1] | r[3]) != 0 || (timeout_s | tj_load32(r + 92) | refers_to) != 0) {
        return tj_refuse(verdict, TIJORI_RESERVED_NOT_ZERO, NULL);
    }
    return check_blind(r, restricted, verdict);
}

static bool code_valid(const uint8_t code[TJ_ASSET_CODE_SIZE])
{
    for (size_t i = 0; i < TJ_ASSET_CODE_SIZE && code[i] != 0; i++) {
        if (!(code[i] >= 'A' && code[i] <= 'Z') && !(code[i] >= '0' && code[i] <= '9')) {
            return false;
        }
    }
    return true;
}

/* A field of a rule or a statement: used by the record's type and not empty, or not used and zero.
 */
struct use {
    const char *field;
    bool used;
    bool filled;   /* not zero */
    bool may_be_0; /* 0 is a value like any other */
};

enum { USES_MAX = 6 };

static size_t limit_uses(const uint8_t *r, struct use out[USES_MAX])
{
    uint8_t type = r[1];
    bool sums = type == TJ_LIMIT_OUTFLOW || type == TJ_LIMIT_BALANCE;
    const struct use uses[] = {
        {"directions", !sums, r[2] != 0, false},
        {"asset", sums, tj_load32(r + 16) != 0, false},
        {"window_s", type == TJ_LIMIT_OUTFLOW, tj_load32(r + 20) != 0, false},
        {"amount", sums, tj_load64(r + 24) != 0, true},
        {"purposes", type == TJ_LIMIT_PURPOSES, tj_load16(r + 32) != 0, false},
        {"counterparty", type == TJ_LIMIT_COUNTERPARTY, tj_load64(r + 40) != 0, true},
    };
    memcpy(out, uses, sizeof uses);
    return sizeof uses / sizeof uses[0];
}

static size_t programme_uses(const uint8_t *r, struct use out[USES_MAX])
{
    uint8_t type = r[2];
    bool allocates = type == TJ_PROGRAMME_ALLOCATION;
    bool counts = type != TJ_PROGRAMME_MINIMUM;
    const struct use uses[] = {
        {"purposes", counts, tj_load16(r + 12) != 0, false},
        {"amount", !allocates, tj_load64(r + 24) != 0, type == TJ_PROGRAMME_CEILING},
        {"amount_day", type == TJ_PROGRAMME_MANDATE, tj_load64(r + 32) != 0, true},
        {"power_mw", allocates, tj_load32(r + 40) != 0, false},
    };
    memcpy(out, uses, sizeof uses);
    return sizeof uses / sizeof uses[0];
}

static size_t statement_uses(const uint8_t *r, struct use out[USES_MAX])
{
    uint8_t figure = r[1];
    bool of_party = figure == TJ_FIGURE_CUSTOMERS || figure == TJ_FIGURE_ATTESTED;
    bool of_rule = figure == TJ_FIGURE_COUNTED || figure == TJ_FIGURE_UNCLASSIFIED ||
                   figure == TJ_FIGURE_BREACHES;
    const struct use uses[] = {
        {"purpose", figure == TJ_FIGURE_INFLOW || figure == TJ_FIGURE_OUTFLOW, r[2] != 0, false},
        {"party", of_party, tj_load32(r + 4) != 0, true},
        {"rule", of_rule, tj_load32(r + 12) != 0, true},
    };
    memcpy(out, uses, sizeof uses);
    return sizeof uses / sizeof uses[0];
}

static size_t uses_of(const uint8_t *r, struct use out[USES_MAX])
{
    return r[0] == TJ_SET_LIMIT   ? limit_uses(r, out)
           : r[0] == TJ_PROGRAMME ? programme_uses(r, out)
           : r[0] == TJ_STATEMENT ? statement_uses(r, out)
                                  : 0;
}

bool tj_record_uses(const uint8_t record[TJ_RECORD_SIZE], const char *field)
{
    struct use uses[USES_MAX];
    size_t count = uses_of(record, uses);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(uses[i].field, field) == 0) {
            return uses[i].used;
        }
    }
    return true;
}

/* Of the fields whose use depends on the record's type: those that are used are filled. */
static enum tijori_status check_used(const uint8_t *r, struct tj_verdict *verdict)
{
    struct use uses[USES_MAX];
    size_t count = uses_of(r, uses);
    for (size_t i = 0; i < count; i++) {
        if (uses[i].used && !uses[i].filled && !uses[i].may_be_0) {
            return tj_refuse(verdict, TIJORI_VALUE, uses[i].field);
        }
    }
    return TIJORI_OK;
}

/* The others are zero. */
static enum tijori_status check_unused(const uint8_t *r, struct tj_verdict *verdict)
{
    struct use uses[USES_MAX];
    size_t count = uses_of(r, uses);
    for (size_t i = 0; i < count; i++) {
        if (!uses[i].used && uses[i].filled) {
            return tj_refuse(verdict, TIJORI_RESERVED_NOT_ZERO, uses[i].field);
        }
    }
    return TIJORI_OK;
}

static enum tijori_status check_limit(const uint8_t *r, struct tj_verdict *verdict)
{
    if (r[1] == TJ_LIMIT_FREEZE && !tj_holder_is_party(tj_load64(r + 8))) {
        return tj_refuse(verdict, TIJORI_VALUE, "holder");
    }
    uint32_t window_s = tj_load32(r + 20);
    bool steps = window_s % TJ_WINDOW_STEPS == 0 && window_s <= TJ_RULE_TIME_MAX_S;
    return r[1] == TJ_LIMIT_OUTFLOW && !steps ? tj_refuse(verdict, TIJORI_VALUE, "window_s")
                                              : TIJORI_OK;
}

static enum tijori_status check_programme(const uint8_t *r, struct tj_verdict *verdict)
{
    if (r[2] == TJ_PROGRAMME_ALLOCATION && r[1] != TJ_MODE_REPORT) {
        return tj_refuse(verdict, TIJORI_VALUE, "mode");
    }
    return tj_load32(r + 20) < tj_load32(r + 16) ? tj_refuse(verdict, TIJORI_VALUE, "ends")
                                                 : TIJORI_OK;
}

/* What a range cannot say of a number or a key. */
static enum tijori_status check_special(const uint8_t *r, struct tj_verdict *verdict)
{
    uint8_t kind = r[0];
    /* A BIP-340 key has 32 bytes of the 33. */
    if ((kind == TJ_ADD_KEY || kind == TJ_REVOKE_KEY) && r[2] == 2 && r[16 + 32] != 0) {
        return tj_refuse(verdict, TIJORI_VALUE, "key");
    }
    if (kind == TJ_RETIRE_LOG_KEY && (tj_load64(r + 8) == 0) != tj_all_zero(r + 48, 32)) {
        return tj_refuse(verdict, TIJORI_VALUE, "last_good_size");
    }
    if (kind == TJ_SET_TIER && (r[2] | tj_load16(r + 16)) == 0 && tj_load32(r + 20) == 0) {
        return tj_refuse(verdict, TIJORI_VALUE, "approvals");
    }
    if (kind == TJ_STATEMENT && tj_load32(r + 20) < tj_load32(r + 16)) {
        return tj_refuse(verdict, TIJORI_VALUE, "as_of");
    }
    return kind == TJ_SET_LIMIT   ? check_limit(r, verdict)
           : kind == TJ_PROGRAMME ? check_programme(r, verdict)
                                  : TIJORI_OK;
}

/* What the form of a text cannot say. */
static enum tijori_status check_special_text(const uint8_t *r, struct tj_verdict *verdict)
{
    /* The name is the origin of checkpoints: C2SP signed-note bars spaces and plus signs. */
    if (r[0] == TJ_LEDGER &&
        (memchr(r + 48, ' ', TJ_NAME_SIZE) != NULL || memchr(r + 48, '+', TJ_NAME_SIZE) != NULL)) {
        return tj_refuse(verdict, TIJORI_TEXT, "name");
    }
    return r[0] == TJ_OPEN_ASSET && !code_valid(r + 16) ? tj_refuse(verdict, TIJORI_TEXT, "code")
                                                        : TIJORI_OK;
}

static enum tijori_status check_fields(const uint8_t *record, const struct tj_layout *layout,
                                       bool texts, struct tj_verdict *verdict)
{
    enum tijori_status status = TIJORI_OK;
    for (size_t i = 0; i < layout->count && status == TIJORI_OK; i++) {
        if ((layout->fields[i].type == TJ_FIELD_TEXT) == texts) {
            status = check_field(record, &layout->fields[i], verdict);
        }
    }
    return status;
}

/* VALUE before TEXT before RESERVED_NOT_ZERO before BLIND, whichever fields they are about. */
static enum tijori_status check_directive(const uint8_t *record, const struct tj_layout *layout,
                                          bool restricted, struct tj_verdict *verdict)
{
    enum tijori_status status = check_fields(record, layout, false, verdict);
    if (status == TIJORI_OK) {
        status = check_special(record, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_used(record, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_fields(record, layout, true, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_special_text(record, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_unused(record, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_reserved(record, layout, verdict);
    }
    return status == TIJORI_OK ? check_blind(record, restricted, verdict) : status;
}

enum tijori_status tj_record_check(const uint8_t record[TJ_RECORD_SIZE], bool restricted,
                                   struct tj_verdict *verdict)
{
    if (tj_kind_is_movement(record[0])) {
        return check_movement(record, restricted, verdict);
    }
    const struct tj_layout *layout = tj_record_layout(record[0]);
    if (layout == NULL) {
        bool reserved =
            record[0] >= TJ_RESERVED_WATCH_SCRIPT && record[0] <= TJ_RESERVED_CLOSE_LEDGER;
        return tj_refuse(verdict, reserved ? TIJORI_KIND_RESERVED : TIJORI_KIND_UNKNOWN, "kind");
    }
    return check_directive(record, layout, restricted, verdict);
}

/* ---- decoding and encoding ---- */

static void store_member(struct tj_record *out, const struct tj_field *field, uint64_t value)
{
    uint8_t *member = (uint8_t *)out + field->member;
    switch (field->member_size) {
    case 1:
        *member = (uint8_t)value;
        return;
    case 2:
        memcpy(member, &(uint16_t){(uint16_t)value}, 2);
        return;
    case 4:
        memcpy(member, &(uint32_t){(uint32_t)value}, 4);
        return;
    case 8:
        memcpy(member, &value, 8);
        return;
    }
    abort();
}

static uint64_t load_member(const struct tj_record *record, const struct tj_field *field)
{
    const uint8_t *member = (const uint8_t *)record + field->member;
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;
    switch (field->member_size) {
    case 1:
        return *member;
    case 2:
        memcpy(&v16, member, 2);
        return v16;
    case 4:
        memcpy(&v32, member, 4);
        return v32;
    case 8:
        memcpy(&v64, member, 8);
        return v64;
    }
    abort();
}

void tj_record_decode(const uint8_t record[TJ_RECORD_SIZE], struct tj_record *out)
{
    const struct tj_layout *layout = tj_record_layout(record[0]);
    TIJORI_REQUIRE(layout != NULL);
    memset(out, 0, sizeof *out);
    out->kind = record[0];
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (field->type == TJ_FIELD_NUMBER) {
            store_member(out, field, tj_load_number(record + field->offset, field->size));
        } else {
            memcpy((uint8_t *)out + field->member, record + field->offset, field->size);
        }
    }
}

void tj_record_encode(const struct tj_record *record, uint8_t out[TJ_RECORD_SIZE])
{
    const struct tj_layout *layout = tj_record_layout(record->kind);
    TIJORI_REQUIRE(layout != NULL);
    memset(out, 0, TJ_RECORD_SIZE);
    out[0] = record->kind;
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (field->type == TJ_FIELD_NUMBER) {
            tj_store_number(out + field->offset, field->size, load_member(record, field));
        } else {
            memcpy(out + field->offset, (const uint8_t *)record + field->member, field->size);
        }
    }
}
