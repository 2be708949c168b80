/* Prints examples/reserve_data.h: the bytes that examples/reserve.c submits. Keys and times are
 * fixed, so the output is always the same; a test compares it with the committed file. */

#include "unit/ledger_support.h"

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
    printf("/* When they were made, nanoseconds since 1970-01-01 UTC. */\n");
    printf("static const unsigned long long made_ns = %lluULL;\n\n#endif\n",
           (unsigned long long)f.now_ns);
    fixture_destroy(&f);
    return 0;
}
