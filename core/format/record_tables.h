#ifndef TIJORI_CORE_FORMAT_RECORD_TABLES_H
#define TIJORI_CORE_FORMAT_RECORD_TABLES_H

/* The numbers, names and layouts of docs/FORMAT.md sections 1 and 3, each written once. record.h
 * makes enums, offsets and accessors of them. record.c makes the tables that decode, encode, check
 * and name. When a kind or a name is added here, the compiler or test_kinds misses it wherever it
 * has no place yet.
 *
 * A list takes a macro X(constant, number, "name", ...). A layout takes a macro F(kind, field,
 * OFFSET, SIZE, what it holds). record.c spells out what a field holds. */

/* ---- section 1: kinds ---- */

/* clang-format off */

/* A movement may NAME an earlier record, and then it repeats that record's fields. It may POST,
 * which means that it changes the balances. It may do both, or neither. */
#define TJ_MOVEMENTS(X) \
    X(TJ_MOVE,     1, "move",    TJ_POSTS) \
    X(TJ_PENDING,  2, "pending", 0) \
    X(TJ_POST,     3, "post",    TJ_NAMES | TJ_POSTS) \
    X(TJ_VOID,     4, "void",    TJ_NAMES) \
    X(TJ_CORRECT,  5, "correct", TJ_NAMES | TJ_POSTS) \
    X(TJ_APPROVAL, 6, "approve", TJ_NAMES)

/* A directive stands in any entry. Those that FOUND the ledger stand in entry 0 only. */
#define TJ_DIRECTIVES(X) \
    X(TJ_LEDGER,           16, "ledger",           TJ_FOUNDS) \
    X(TJ_PREDECESSOR,      17, "predecessor",      TJ_FOUNDS) \
    X(TJ_REGISTER_PARTY,   18, "register_party",   0) \
    X(TJ_ADD_KEY,          19, "add_key",          0) \
    X(TJ_REVOKE_KEY,       20, "revoke_key",       0) \
    X(TJ_SET_THRESHOLD,    21, "set_threshold",    0) \
    X(TJ_SUSPEND_PARTY,    22, "suspend_party",    0) \
    X(TJ_REINSTATE_PARTY,  23, "reinstate_party",  0) \
    X(TJ_GRANT_CLASSES,    24, "grant_classes",    0) \
    X(TJ_OPEN_ASSET,       25, "open_asset",       0) \
    X(TJ_OPEN_ACCOUNT,     26, "open_account",     0) \
    X(TJ_FREEZE_ACCOUNT,   27, "freeze_account",   0) \
    X(TJ_UNFREEZE_ACCOUNT, 28, "unfreeze_account", 0) \
    X(TJ_CLOSE_ACCOUNT,    29, "close_account",    0) \
    X(TJ_ACTIVATE_RULES,   30, "activate_rules",   0) \
    X(TJ_ADD_LOG_KEY,      31, "add_log_key",      0) \
    X(TJ_RETIRE_LOG_KEY,   32, "retire_log_key",   0) \
    X(TJ_ENDORSE,          33, "endorse",          0) \
    X(TJ_RENAME_PARTY,     34, "rename_party",     0) \
    X(TJ_CLOSE_PARTY,      35, "close_party",      0) \
    X(TJ_RECOVER_PARTY,    36, "recover_party",    0) \
    X(TJ_OBJECT_RECOVERY,  37, "object_recovery",  0) \
    X(TJ_END_RULE,         38, "end_rule",         0) \
    X(TJ_SET_TIER,         39, "set_tier",         0) \
    X(TJ_CLOSE_OPENING,    40, "close_opening",    0) \
    X(TJ_SET_LIMIT,        64, "set_limit",        0) \
    X(TJ_PROGRAMME,        65, "programme",        0) \
    X(TJ_STATEMENT,        66, "statement",        0)

#define TJ_KINDS(X) TJ_MOVEMENTS(X) TJ_DIRECTIVES(X)

/* What stands behind another record and belongs to it: neither a movement nor a directive. */
#define TJ_DETAIL_KINDS(X) X(TJ_DETAIL, 48, "detail")

/* These numbers are fixed now, so that what a later version writes does not collide with anything
 * else. */
#define TJ_RESERVED_KINDS(X) \
    X(TJ_RESERVED_WATCH_SCRIPT,   67, "watch_script") \
    X(TJ_RESERVED_BITCOIN_HEADER, 68, "bitcoin_header") \
    X(TJ_RESERVED_EVIDENCE,       69, "evidence") \
    X(TJ_RESERVED_CLAIM_OUTPOINT, 70, "claim_outpoint") \
    X(TJ_RESERVED_COIN,           71, "coin") \
    X(TJ_RESERVED_SPEND,          72, "spend") \
    X(TJ_RESERVED_ERASED,         73, "erased") \
    X(TJ_RESERVED_STATE_DIGEST,   74, "state_digest") \
    X(TJ_RESERVED_EQUIVOCATION,   75, "equivocation") \
    X(TJ_RESERVED_CLOSE_LEDGER,   76, "close_ledger")

/* ---- section 1: what fields name ---- */

#define TJ_PURPOSES(X) \
    X(TJ_PURCHASE,             1, "purchase") \
    X(TJ_MINING,               2, "mining") \
    X(TJ_SEIZURE,              3, "seizure") \
    X(TJ_DONATION,             4, "donation") \
    X(TJ_UNSOLICITED_INFLOW,   5, "unsolicited_inflow") \
    X(TJ_INTERNAL_TRANSFER,    6, "internal_transfer") \
    X(TJ_SALE,                 7, "sale") \
    X(TJ_PAYMENT,              8, "payment") \
    X(TJ_FEE,                  9, "fee") \
    X(TJ_CUSTOMER_DEPOSIT,    10, "customer_deposit") \
    X(TJ_CUSTOMER_WITHDRAWAL, 11, "customer_withdrawal") \
    X(TJ_CUSTOMER_TRANSFER,   12, "customer_transfer") \
    X(TJ_CORRECTION,          13, "correction")

#define TJ_CLASSES(X) \
    X(TJ_CLASS_RESERVE,  1, "reserve") \
    X(TJ_CLASS_CUSTODY,  2, "custody") \
    X(TJ_CLASS_MARKET,   3, "market") \
    X(TJ_CLASS_MINING,   4, "mining") \
    X(TJ_CLASS_SEIZURE,  5, "seizure") \
    X(TJ_CLASS_DONATION, 6, "donation") \
    X(TJ_CLASS_FEE,      7, "fee") \
    X(TJ_CLASS_EXTERNAL, 8, "external") \
    X(TJ_CLASS_SUSPENSE, 9, "suspense")

#define TJ_PARTY_TYPES(X) \
    X(TJ_AUTHORITY, 1, "authority") \
    X(TJ_TREASURY,  2, "treasury") \
    X(TJ_CUSTODIAN, 3, "custodian") \
    X(TJ_OPERATOR,  4, "operator") \
    X(TJ_AUDITOR,   5, "auditor")

#define TJ_ROLES(X) \
    X(TJ_INITIATE,   1, "initiate") \
    X(TJ_APPROVE,    2, "approve") \
    X(TJ_ADMINISTER, 3, "administer")

#define TJ_DOMAINS(X) \
    X(TJ_DOMAIN_MOVE,       1, "move") \
    X(TJ_DOMAIN_ADMINISTER, 2, "administer")

#define TJ_DIRECTIONS(X) \
    X(TJ_FREEZE_IN,   1, "in") \
    X(TJ_FREEZE_OUT,  2, "out") \
    X(TJ_FREEZE_BOTH, 3, "both")

#define TJ_LIMIT_TYPES(X) \
    X(TJ_LIMIT_OUTFLOW,      1, "outflow") \
    X(TJ_LIMIT_BALANCE,      2, "balance") \
    X(TJ_LIMIT_COUNTERPARTY, 3, "counterparty") \
    X(TJ_LIMIT_PURPOSES,     4, "purposes") \
    X(TJ_LIMIT_FREEZE,       5, "freeze")

#define TJ_PROGRAMME_TYPES(X) \
    X(TJ_PROGRAMME_CEILING,    1, "ceiling") \
    X(TJ_PROGRAMME_MANDATE,    2, "mandate") \
    X(TJ_PROGRAMME_ALLOCATION, 3, "allocation") \
    X(TJ_PROGRAMME_MINIMUM,    4, "minimum")

#define TJ_MODES(X) \
    X(TJ_MODE_ENFORCE, 1, "enforce") \
    X(TJ_MODE_REPORT,  2, "report")

/* What one statement record gives the value of. */
#define TJ_FIGURES(X) \
    X(TJ_FIGURE_OPENING,       1, "opening") \
    X(TJ_FIGURE_CLOSING,       2, "closing") \
    X(TJ_FIGURE_INFLOW,        3, "inflow") \
    X(TJ_FIGURE_OUTFLOW,       4, "outflow") \
    X(TJ_FIGURE_CUSTOMERS,     5, "customers") \
    X(TJ_FIGURE_COUNTED,       6, "counted") \
    X(TJ_FIGURE_UNCLASSIFIED,  7, "unclassified") \
    X(TJ_FIGURE_BREACHES,      8, "breaches") \
    X(TJ_FIGURE_ATTESTED,      9, "attested") \
    X(TJ_FIGURE_ADJUSTMENTS,  10, "adjustments") \
    X(TJ_FIGURE_BROUGHT_IN,   11, "brought_in")

#define TJ_ENCUMBRANCES(X) \
    X(TJ_PLEDGED, 1, "pledged") \
    X(TJ_LENT,    2, "lent")

#define TJ_NETWORKS(X) \
    X(TJ_MAINNET,  0, "mainnet") \
    X(TJ_TESTNET4, 1, "testnet4") \
    X(TJ_SIGNET,   2, "signet") \
    X(TJ_REGTEST,  3, "regtest")

/* ---- section 3.1: the layouts of movements ---- */

/* `details` is any number by itself: it is held against what follows (tj_details_check). */

#define TJ_TRANSFER_FIELDS(F, K) \
    F(K, purpose,     2,  1, NUMBER_NAMED(tj_purpose_names, 1, TJ_PURPOSE_END - 1)) \
    F(K, from,        4,  8, NUMBER(ACCOUNT, 0, UINT64_MAX)) \
    F(K, to,         12,  8, NUMBER(ACCOUNT, 0, UINT64_MAX)) \
    F(K, amount,     20,  8, NUMBER(AMOUNT, 0, UINT64_MAX)) \
    F(K, value_date, 28,  4, NUMBER(DATE, 0, UINT32_MAX), OPTIONAL)
#define TJ_DETAILS_FIELD(F, K) F(K, details, 92, 1, NUMBER(DETAILS, 0, UINT8_MAX), OPTIONAL)
#define TJ_CITING_FIELDS(F, K) \
    F(K, reference,  44, 16, TEXT, OPTIONAL) \
    F(K, hash,       60, 32, BYTES, OPTIONAL) \
    TJ_DETAILS_FIELD(F, K) \
    F(K, blind,      96, 16, BYTES, OPTIONAL)
#define TJ_NAMING_FIELDS(F, K) \
    TJ_TRANSFER_FIELDS(F, K) \
    F(K, refers_to,  36,  8, NUMBER(RECORD, 1, UINT64_MAX)) \
    F(K, reference,  44, 16, TEXT, OPTIONAL) \
    F(K, hash,       60, 32, BYTES) \
    TJ_DETAILS_FIELD(F, K) \
    F(K, blind,      96, 16, BYTES, OPTIONAL)

/* It brings in what its party held before the ledger; or corrects such a one. */
#define TJ_OPENING_FIELD(F, K) F(K, opening, 1, 1, NUMBER(FLAG, 0, 1), OPTIONAL)

#define TJ_MOVE_FIELDS(F) \
    TJ_TRANSFER_FIELDS(F, TJ_MOVE) \
    TJ_OPENING_FIELD(F, TJ_MOVE) \
    TJ_CITING_FIELDS(F, TJ_MOVE)
#define TJ_PENDING_FIELDS(F) \
    TJ_TRANSFER_FIELDS(F, TJ_PENDING) \
    F(TJ_PENDING, timeout_s, 32, 4, NUMBER(TIME_S, 0, UINT32_MAX), OPTIONAL) \
    TJ_CITING_FIELDS(F, TJ_PENDING)
#define TJ_POST_FIELDS(F)     TJ_NAMING_FIELDS(F, TJ_POST)
#define TJ_VOID_FIELDS(F)     TJ_NAMING_FIELDS(F, TJ_VOID)
#define TJ_CORRECT_FIELDS(F)  TJ_NAMING_FIELDS(F, TJ_CORRECT) TJ_OPENING_FIELD(F, TJ_CORRECT)
#define TJ_APPROVAL_FIELDS(F) TJ_NAMING_FIELDS(F, TJ_APPROVAL)

/* ---- section 3.2: the layouts of directives ---- */

#define TJ_PARTY_FIELD(F, K)   F(K, party,   4, 4, NUMBER(PLAIN, 0, UINT32_MAX))
#define TJ_ACCOUNT_FIELD(F, K) F(K, account, 4, 8, NUMBER(ACCOUNT, 0, UINT64_MAX))
#define TJ_RULE_FIELD(F, K)    F(K, rule,    4, 4, NUMBER(PLAIN, 0, UINT32_MAX))
#define TJ_NAME_FIELD(F, K)    F(K, name,   16, 48, TEXT, FILLED)

#define TJ_LEDGER_FIELDS(F) \
    F(TJ_LEDGER, network,        2,  1, NUMBER_NAMED(tj_network_names, 0, TJ_NETWORK_END - 1)) \
    F(TJ_LEDGER, rules,          4,  4, NUMBER(PLAIN, TJ_RULES_FIRST, TJ_RULES_LAST)) \
    F(TJ_LEDGER, lifetime_max_s, 8,  4, NUMBER(PLAIN, TJ_LIFETIME_MIN_S, TJ_LIFETIME_MAX_S)) \
    F(TJ_LEDGER, checkpoint_delay_max_s, 12, 4, NUMBER(PLAIN, 1, UINT32_MAX)) \
    F(TJ_LEDGER, nonce,         16, 32, BYTES) \
    F(TJ_LEDGER, name,          48, 48, TEXT, FILLED)
#define TJ_PREDECESSOR_FIELDS(F) \
    F(TJ_PREDECESSOR, size,       8,  8, NUMBER(PLAIN, 1, UINT64_MAX)) \
    F(TJ_PREDECESSOR, ledger_id, 16, 32, BYTES) \
    F(TJ_PREDECESSOR, root,      48, 32, BYTES)
#define TJ_REGISTER_PARTY_FIELDS(F) \
    F(TJ_REGISTER_PARTY, type, 2, 1, NUMBER_NAMED(tj_party_type_names, 1, TJ_PARTY_TYPE_END - 1)) \
    TJ_PARTY_FIELD(F, TJ_REGISTER_PARTY) \
    TJ_NAME_FIELD(F, TJ_REGISTER_PARTY)
#define TJ_KEY_FIELDS(F, K) \
    F(K, algorithm, 2,  1, NUMBER_NAMED(tj_algorithm_names, TJ_ALGORITHM_ECDSA, TJ_ALGORITHM_BIP340)) \
    F(K, role,      3,  1, NUMBER_NAMED(tj_role_names, 1, TJ_ROLE_END - 1)) \
    TJ_PARTY_FIELD(F, K) \
    F(K, ordinal,   8,  4, NUMBER(PLAIN, 0, UINT32_MAX)) \
    F(K, key,      16, 33, BYTES, FILLED)
#define TJ_ADD_KEY_FIELDS(F) \
    F(TJ_ADD_KEY, flags,  1,  1, NUMBER(PLAIN, 0, TJ_KEY_AGGREGATE), OPTIONAL) \
    TJ_KEY_FIELDS(F, TJ_ADD_KEY) \
    F(TJ_ADD_KEY, group, 12,  1, NUMBER(PLAIN, 0, TJ_GROUP_MAX), OPTIONAL) \
    F(TJ_ADD_KEY, label, 56, 32, TEXT, OPTIONAL)
#define TJ_REVOKE_KEY_FIELDS(F) TJ_KEY_FIELDS(F, TJ_REVOKE_KEY)
#define TJ_SET_THRESHOLD_FIELDS(F) \
    F(TJ_SET_THRESHOLD, domain,    2, 1, NUMBER_NAMED(tj_domain_names, 1, TJ_DOMAIN_END - 1)) \
    F(TJ_SET_THRESHOLD, threshold, 3, 1, NUMBER(PLAIN, 0, TJ_THRESHOLD_MAX)) \
    TJ_PARTY_FIELD(F, TJ_SET_THRESHOLD)
#define TJ_SUSPEND_PARTY_FIELDS(F)   TJ_PARTY_FIELD(F, TJ_SUSPEND_PARTY)
#define TJ_REINSTATE_PARTY_FIELDS(F) TJ_PARTY_FIELD(F, TJ_REINSTATE_PARTY)
#define TJ_GRANT_CLASSES_FIELDS(F) \
    F(TJ_GRANT_CLASSES, classes, 2, 2, NUMBER(CLASSES, 0, TJ_CLASSES_ALL)) \
    TJ_PARTY_FIELD(F, TJ_GRANT_CLASSES)
#define TJ_OPEN_ASSET_FIELDS(F) \
    F(TJ_OPEN_ASSET, decimals,    2,  1, NUMBER(PLAIN, 0, TJ_DECIMALS_MAX)) \
    F(TJ_OPEN_ASSET, asset,       4,  4, NUMBER(PLAIN, 1, UINT32_MAX)) \
    F(TJ_OPEN_ASSET, amount_max,  8,  8, NUMBER(PLAIN, 1, TJ_AMOUNT_MAX)) \
    F(TJ_OPEN_ASSET, code,       16,  8, TEXT, FILLED) \
    F(TJ_OPEN_ASSET, name,       24, 48, TEXT, FILLED)
#define TJ_OPEN_ACCOUNT_FIELDS(F) \
    F(TJ_OPEN_ACCOUNT, class,  2,  1, NUMBER_NAMED(tj_class_names, 1, TJ_CLASS_END - 1)) \
    TJ_ACCOUNT_FIELD(F, TJ_OPEN_ACCOUNT) \
    F(TJ_OPEN_ACCOUNT, asset, 12,  4, NUMBER(PLAIN, 1, UINT32_MAX)) \
    F(TJ_OPEN_ACCOUNT, label, 16, 48, TEXT, OPTIONAL)
#define TJ_FROZEN_FIELDS(F, K) \
    F(K, directions, 2, 1, NUMBER_NAMED(tj_direction_names, 1, TJ_DIRECTION_END - 1)) \
    TJ_ACCOUNT_FIELD(F, K)
#define TJ_FREEZE_ACCOUNT_FIELDS(F)   TJ_FROZEN_FIELDS(F, TJ_FREEZE_ACCOUNT)
#define TJ_UNFREEZE_ACCOUNT_FIELDS(F) TJ_FROZEN_FIELDS(F, TJ_UNFREEZE_ACCOUNT)
#define TJ_CLOSE_ACCOUNT_FIELDS(F)    TJ_ACCOUNT_FIELD(F, TJ_CLOSE_ACCOUNT)
#define TJ_ACTIVATE_RULES_FIELDS(F) \
    F(TJ_ACTIVATE_RULES, rules, 4, 4, NUMBER(PLAIN, 1, UINT32_MAX))
#define TJ_LOG_KEY_FIELDS(F, K) \
    F(K, algorithm, 2,  1, NUMBER_NAMED(tj_algorithm_names, TJ_ALGORITHM_ED25519, TJ_ALGORITHM_ED25519)) \
    F(K, number,    4,  4, NUMBER(PLAIN, 0, UINT32_MAX)) \
    F(K, key,      16, 32, BYTES, FILLED)
#define TJ_ADD_LOG_KEY_FIELDS(F) TJ_LOG_KEY_FIELDS(F, TJ_ADD_LOG_KEY)
#define TJ_RETIRE_LOG_KEY_FIELDS(F) \
    TJ_LOG_KEY_FIELDS(F, TJ_RETIRE_LOG_KEY) \
    F(TJ_RETIRE_LOG_KEY, last_good_size,  8,  8, NUMBER(PLAIN, 0, UINT64_MAX), OPTIONAL) \
    F(TJ_RETIRE_LOG_KEY, last_good_root, 48, 32, BYTES, OPTIONAL)
#define TJ_ENDORSE_FIELDS(F) \
    F(TJ_ENDORSE, entry,        8,  8, NUMBER(PLAIN, 0, UINT64_MAX)) \
    F(TJ_ENDORSE, leaf,        16, 32, BYTES) \
    F(TJ_ENDORSE, envelope_id, 48, 32, BYTES)
#define TJ_RENAME_PARTY_FIELDS(F) \
    TJ_PARTY_FIELD(F, TJ_RENAME_PARTY) \
    TJ_NAME_FIELD(F, TJ_RENAME_PARTY)
#define TJ_CLOSE_PARTY_FIELDS(F) TJ_PARTY_FIELD(F, TJ_CLOSE_PARTY)
#define TJ_RECOVER_PARTY_FIELDS(F) \
    TJ_PARTY_FIELD(F, TJ_RECOVER_PARTY) \
    F(TJ_RECOVER_PARTY, delay_s, 8, 4, NUMBER(PLAIN, TJ_RECOVERY_DELAY_MIN_S, TJ_RULE_TIME_MAX_S))
#define TJ_OBJECT_RECOVERY_FIELDS(F) TJ_PARTY_FIELD(F, TJ_OBJECT_RECOVERY)
#define TJ_CLOSE_OPENING_FIELDS(F)   TJ_PARTY_FIELD(F, TJ_CLOSE_OPENING)
#define TJ_END_RULE_FIELDS(F)        TJ_RULE_FIELD(F, TJ_END_RULE)
/* How long a rule stays in force when its end is given, and who can lift it at once. */
#define TJ_NOTICE_FIELDS(F, K, days_at, party_at) \
    F(K, notice_days, days_at, 2, NUMBER(PLAIN, 0, TJ_NOTICE_DAYS_MAX), OPTIONAL) \
    F(K, named_party, party_at, 4, NUMBER(PLAIN, 0, UINT32_MAX), OPTIONAL)
#define TJ_SET_TIER_FIELDS(F) \
    F(TJ_SET_TIER, approvals, 2, 1, NUMBER(PLAIN, 0, TJ_THRESHOLD_MAX), OPTIONAL) \
    TJ_RULE_FIELD(F, TJ_SET_TIER) \
    F(TJ_SET_TIER, party,     8, 4, NUMBER(PLAIN, 0, UINT32_MAX)) \
    F(TJ_SET_TIER, asset,    12, 4, NUMBER(PLAIN, 1, UINT32_MAX)) \
    F(TJ_SET_TIER, groups,   16, 2, NUMBER(GROUPS, 0, TJ_GROUPS_ALL), OPTIONAL) \
    TJ_NOTICE_FIELDS(F, TJ_SET_TIER, 18, 32) \
    F(TJ_SET_TIER, delay_s,  20, 4, NUMBER(PLAIN, 0, TJ_RULE_TIME_MAX_S), OPTIONAL) \
    F(TJ_SET_TIER, above,    24, 8, NUMBER(ASSET_AMOUNT, 0, TJ_AMOUNT_MAX))

/* USED(by, filled by): masks of the types that use the field, and that do not take 0 in it. */
#define TJ_SET_LIMIT_FIELDS(F) \
    F(TJ_SET_LIMIT, type,          1, 1, NUMBER_NAMED(tj_limit_names, 1, TJ_LIMIT_END - 1), SELECTS) \
    F(TJ_SET_LIMIT, directions,    2, 1, NUMBER_NAMED(tj_direction_names, 0, TJ_DIRECTION_END - 1), \
      USED(LIMIT_DIRECTED, LIMIT_DIRECTED)) \
    TJ_RULE_FIELD(F, TJ_SET_LIMIT) \
    F(TJ_SET_LIMIT, holder,        8, 8, NUMBER(HOLDER, 0, UINT64_MAX)) \
    F(TJ_SET_LIMIT, asset,        16, 4, NUMBER(PLAIN, 0, UINT32_MAX), USED(LIMIT_SUMS, LIMIT_SUMS)) \
    F(TJ_SET_LIMIT, window_s,     20, 4, NUMBER(PLAIN, 0, UINT32_MAX), \
      USED(BIT(TJ_LIMIT_OUTFLOW), BIT(TJ_LIMIT_OUTFLOW))) \
    F(TJ_SET_LIMIT, amount,       24, 8, NUMBER(ASSET_AMOUNT, 0, INT64_MAX), USED(LIMIT_SUMS, 0)) \
    F(TJ_SET_LIMIT, purposes,     32, 2, NUMBER(PURPOSES, 0, TJ_PURPOSES_LIMITED), \
      USED(BIT(TJ_LIMIT_PURPOSES), BIT(TJ_LIMIT_PURPOSES))) \
    TJ_NOTICE_FIELDS(F, TJ_SET_LIMIT, 34, 36) \
    F(TJ_SET_LIMIT, counterparty, 40, 8, NUMBER(HOLDER, 0, UINT64_MAX), \
      USED(BIT(TJ_LIMIT_COUNTERPARTY), 0)) \
    F(TJ_SET_LIMIT, wait_days,    48, 2, NUMBER(PLAIN, 0, TJ_NOTICE_DAYS_MAX), \
      OPTIONAL, USED(BIT(TJ_LIMIT_COUNTERPARTY), 0))
#define TJ_PROGRAMME_FIELDS(F) \
    F(TJ_PROGRAMME, mode,        1,  1, NUMBER_NAMED(tj_mode_names, 1, TJ_MODE_END - 1)) \
    F(TJ_PROGRAMME, type,        2,  1, NUMBER_NAMED(tj_programme_names, 1, TJ_PROGRAMME_END - 1), SELECTS) \
    TJ_RULE_FIELD(F, TJ_PROGRAMME) \
    F(TJ_PROGRAMME, asset,       8,  4, NUMBER(PLAIN, 1, UINT32_MAX)) \
    F(TJ_PROGRAMME, purposes,   12,  2, NUMBER(PURPOSES, 0, TJ_PURPOSES_COUNTED), \
      USED(PROGRAMME_COUNTS, PROGRAMME_COUNTS)) \
    TJ_NOTICE_FIELDS(F, TJ_PROGRAMME, 14, 44) \
    F(TJ_PROGRAMME, starts,     16,  4, NUMBER(DATE, 0, UINT32_MAX)) \
    F(TJ_PROGRAMME, ends,       20,  4, NUMBER(DATE, 0, UINT32_MAX)) \
    F(TJ_PROGRAMME, amount,     24,  8, NUMBER(ASSET_AMOUNT, 0, INT64_MAX), \
      USED(PROGRAMME_BOUNDS, BIT(TJ_PROGRAMME_MANDATE) | BIT(TJ_PROGRAMME_MINIMUM))) \
    F(TJ_PROGRAMME, amount_day, 32,  8, NUMBER(ASSET_AMOUNT, 0, INT64_MAX), \
      OPTIONAL, USED(BIT(TJ_PROGRAMME_MANDATE), 0)) \
    F(TJ_PROGRAMME, power_mw,   40,  4, NUMBER(PLAIN, 0, UINT32_MAX), \
      USED(BIT(TJ_PROGRAMME_ALLOCATION), BIT(TJ_PROGRAMME_ALLOCATION))) \
    F(TJ_PROGRAMME, name,       48, 48, TEXT, FILLED)
#define TJ_STATEMENT_FIELDS(F) \
    F(TJ_STATEMENT, figure,       1,  1, NUMBER_NAMED(tj_figure_names, 1, TJ_FIGURE_END - 1), SELECTS) \
    F(TJ_STATEMENT, purpose,      2,  1, NUMBER_NAMED(tj_purpose_names, 0, TJ_PURPOSE_END - 1), \
      USED(TJ_FIGURES_OF_PURPOSE, TJ_FIGURES_OF_PURPOSE)) \
    F(TJ_STATEMENT, party,        4,  4, NUMBER(PLAIN, 0, UINT32_MAX), USED(TJ_FIGURES_OF_PARTY, 0)) \
    F(TJ_STATEMENT, asset,        8,  4, NUMBER(PLAIN, 1, UINT32_MAX)) \
    F(TJ_STATEMENT, rule,        12,  4, NUMBER(PLAIN, 0, UINT32_MAX), USED(TJ_FIGURES_OF_RULE, 0)) \
    F(TJ_STATEMENT, period_from, 16,  4, NUMBER(DATE, 1, UINT32_MAX)) \
    F(TJ_STATEMENT, as_of,       20,  4, NUMBER(DATE, 1, UINT32_MAX)) \
    F(TJ_STATEMENT, value,       24, 16, SIGNED(VALUE)) \
    F(TJ_STATEMENT, document,    40, 32, BYTES, OPTIONAL)

/* ---- section 3.3: the types of details ---- */

/* X(constant, number, "name", movements that may have it, directives that may, parts, how its text
 * reads). The movements are a mask; of directives it is none, one kind, or every. A type with a
 * text that goes on in more parts has no other field. */
#define TJ_DETAIL_TYPES(X) \
    X(TJ_DETAIL_LONG_REFERENCE,   1, "long_reference",  TJ_OF_ALL,     0,               1,              PLAIN) \
    X(TJ_DETAIL_MEMO,             2, "memo",            TJ_OF_ALL,     TJ_OF_DIRECTIVES, TJ_DETAILS_MAX, PLAIN) \
    X(TJ_DETAIL_TRANSACTION,      3, "transaction",     TJ_OF_MOVED,   0,               1,              PLAIN) \
    X(TJ_DETAIL_PRICE,            4, "price",           TJ_OF_PRICED,  0,               1,              PLAIN) \
    X(TJ_DETAIL_ADDRESS,          5, "address",         TJ_OF_MOVED,   TJ_OPEN_ACCOUNT, 1,              ASCII) \
    X(TJ_DETAIL_DESCRIPTOR,       6, "descriptor",      0,             TJ_OPEN_ACCOUNT, 1,              PLAIN) \
    X(TJ_DETAIL_ATTACHMENT_NAME,  7, "attachment_name", TJ_OF_CITING,  TJ_STATEMENT,    TJ_DETAILS_MAX, NAME) \
    X(TJ_DETAIL_MEDIA_TYPE,       8, "media_type",      TJ_OF_CITING,  TJ_STATEMENT,    1,              ASCII) \
    X(TJ_DETAIL_COUNTERPARTY,     9, "counterparty",    TJ_OF_MOVED,   0,               1,              PLAIN) \
    X(TJ_DETAIL_ENCUMBRANCE,     10, "encumbrance",     0,             TJ_OPEN_ACCOUNT, 1,              PLAIN)

/* F(type, field, OFFSET, SIZE, what it holds), as of records. */
#define TJ_DETAIL_LONG_REFERENCE_FIELDS(F) \
    F(TJ_DETAIL_LONG_REFERENCE, long_reference, 4, 92, TEXT)
#define TJ_DETAIL_MEMO_FIELDS(F) \
    F(TJ_DETAIL_MEMO, memo, 4, 92, TEXT)
#define TJ_DETAIL_TRANSACTION_FIELDS(F) \
    F(TJ_DETAIL_TRANSACTION, txid,    4, 32, BYTES, FILLED) \
    F(TJ_DETAIL_TRANSACTION, output, 36,  4, NUMBER(PLAIN, 0, UINT32_MAX))
#define TJ_DETAIL_PRICE_FIELDS(F) \
    F(TJ_DETAIL_PRICE, total,     4,  8, NUMBER(PLAIN, 1, INT64_MAX)) \
    F(TJ_DETAIL_PRICE, decimals, 12,  1, NUMBER(PLAIN, 0, TJ_PRICE_DECIMALS_MAX)) \
    F(TJ_DETAIL_PRICE, currency, 13,  3, BYTES, FILLED) \
    F(TJ_DETAIL_PRICE, source,   16, 80, TEXT, OPTIONAL)
#define TJ_DETAIL_ADDRESS_FIELDS(F) \
    F(TJ_DETAIL_ADDRESS, address, 4, 92, TEXT)
#define TJ_DETAIL_DESCRIPTOR_FIELDS(F) \
    F(TJ_DETAIL_DESCRIPTOR, descriptor, 4, 32, BYTES, FILLED)
#define TJ_DETAIL_ATTACHMENT_NAME_FIELDS(F) \
    F(TJ_DETAIL_ATTACHMENT_NAME, attachment_name, 4, 92, TEXT)
#define TJ_DETAIL_MEDIA_TYPE_FIELDS(F) \
    F(TJ_DETAIL_MEDIA_TYPE, media_type, 4, 92, TEXT)
#define TJ_DETAIL_COUNTERPARTY_FIELDS(F) \
    F(TJ_DETAIL_COUNTERPARTY, counterparty, 4, 20, BYTES, FILLED)
#define TJ_DETAIL_ENCUMBRANCE_FIELDS(F) \
    F(TJ_DETAIL_ENCUMBRANCE, encumbrance, 4, 1, NUMBER_NAMED(tj_encumbrance_names, 1, TJ_ENCUMBRANCE_END - 1))

/* clang-format on */

#endif
