/* Prints examples/reserve_data.h: the bytes that examples/reserve.c submits. Keys and times are
 * fixed, so the output is always the same; a test compares it with the committed file. */

#include "unit/ledger_support.h"

#include "core/log/stored_checkpoint.h"

static void print_bytes(const char *name, const uint8_t *bytes, size_t size)
{
    printf("static const unsigned char %s[%zu] = {", name, size);
    for (size_t i = 0; i < size; i++) {
        printf("%s0x%02x,", i % 16 == 0 ? "\n    " : " ", bytes[i]);
    }
    printf("\n};\n\n");
}

/* An entry and its body hold all of the envelope they came from. */
static void print_envelope(struct fixture *f, const char *name, uint64_t index)
{
    static uint8_t entry[TJ_ENTRY_SIZE_MAX];
    static uint8_t body[65536];
    static uint8_t envelope[65536];
    struct tijori_entry stored = {entry, sizeof entry, body, sizeof body};
    if (tijori_entry(f->ledger, &stored, index) != TIJORI_OK) {
        abort();
    }
    size_t records = (size_t)tj_load32(entry + 64 + 12) * TJ_RECORD_SIZE;
    size_t slots = stored.entry_size - TJ_ENTRY_FIXED_SIZE;
    memcpy(envelope, entry + 64, TJ_HEADER_SIZE);
    memcpy(envelope + TJ_HEADER_SIZE, body, records);
    memcpy(envelope + TJ_HEADER_SIZE + records, entry + TJ_ENTRY_FIXED_SIZE, slots);
    memset(envelope + TJ_HEADER_SIZE + records + slots, 0, 2); /* no attachments */
    print_bytes(name, envelope, TJ_HEADER_SIZE + records + slots + 2);
}

/* The log key of the genesis: its secret, and the verifier key that a log publishes. */
static void print_log_key(struct fixture *f)
{
    struct tj_verifier_key key;
    struct tj_ledger_view view;
    struct tj_public_key public;
    char origin[TJ_ORIGIN_MAX];
    char vkey[512];
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
    fixture_log_secret(0, secret32);
    if (tj_ledger_view_begin(f->ledger, &view) != TIJORI_OK ||
        !tj_public_key_of(&public, TJ_ALGORITHM_ED25519, secret32)) {
        abort();
    }
    tj_origin(view.state, origin);
    tj_ledger_view_end(f->ledger, &view);
    tj_verifier_key_make(&key, origin, TJ_NOTE_TYPE_ED25519, public.bytes);
    if (!tj_verifier_key_encode(&key, vkey, sizeof vkey)) {
        abort();
    }
    print_bytes("log_secret", secret32, sizeof secret32);
    printf("static const char log_key[] =\n    \"%.*s\"\n    \"%s\";\n\n", 60, vkey, vkey + 60);
}

int main(void)
{
    static struct fixture f;
    static uint8_t body[65536];
    struct tijori_entry genesis = {f.genesis.entry, sizeof f.genesis.entry, body, sizeof body};
    struct tijori_receipt receipt;
    fixture_parties(&f);
    (void)!fixture_send_move(&f, fixture_account(T_MARKET), fixture_account(T_RESERVE_A),
                             2100000000, TJ_PURCHASE, &receipt);
    (void)!fixture_send_move(&f, fixture_account(T_RESERVE_A), fixture_account(T_RESERVE_B),
                             500000000, TJ_INTERNAL_TRANSFER, &receipt);
    printf("#ifndef TIJORI_EXAMPLES_RESERVE_DATA_H\n#define TIJORI_EXAMPLES_RESERVE_DATA_H\n\n"
           "/* Made by tests/make_example_data.c. */\n\n");
    (void)!tijori_entry(f.ledger, &genesis, 0);
    print_bytes("entry_0", f.genesis.entry, sizeof f.genesis.entry);
    print_bytes("genesis_records", body,
                (size_t)tj_load32(f.genesis.entry + 64 + 12) * TJ_RECORD_SIZE);
    print_envelope(&f, "opening", 1);
    print_envelope(&f, "parties", 2);
    print_envelope(&f, "treasury_accounts", 3);
    print_envelope(&f, "custodian_accounts", 4);
    print_envelope(&f, "energy_accounts", 5);
    print_envelope(&f, "purchase", 6);
    print_envelope(&f, "consolidation", 7);
    (void)!fixture_send_move(&f, fixture_account(T_RESERVE_A), fixture_account(T_RESERVE_B),
                             500000000, TJ_PURCHASE, &receipt);
    print_bytes("disguised", f.bytes, f.size);
    print_log_key(&f);
    printf("/* When they were made, nanoseconds since 1970-01-01 UTC. */\n");
    printf("static const unsigned long long made_ns = %lluULL;\n\n#endif\n",
           (unsigned long long)f.now_ns);
    fixture_destroy(&f);
    return 0;
}
