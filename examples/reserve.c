/* A tour of libtijori: makes a ledger, submits what a treasury signed, reads it back, and exports
 * it for anybody to verify (examples/verify.c).
 *
 *     cc reserve.c $(pkg-config --cflags --libs tijori) && ./a.out NEW_DIRECTORY NEW_FOLDER
 *
 * A ledger takes bytes that parties made and signed on machines of their own, here the arrays of
 * reserve_data.h: tijori_propose and tijori_sign make such envelopes, docs/FORMAT.md describes them
 * byte by byte. */

#include "reserve_data.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <tijori.h>
#include <unistd.h>

/* The ledger's time comes from the caller. A program would leave options.clock NULL, for the
 * system's; these envelopes have expired long since, so the clock says when they were made. */
static uint64_t clock_of_the_day(void *context)
{
    (void)context;
    return made_ns;
}

static void stop_unless(enum tijori_status status, const char *doing)
{
    if (status != TIJORI_OK) {
        fprintf(stderr, "%s: %s: %s\n", doing, tijori_status_name(status),
                tijori_status_text(status));
        exit(1);
    }
}

/* Entries 0 and 1: the genesis, and its endorsement by every key of the authority. */
static void make_ledger(const char *dir, const struct tijori_options *options)
{
    struct tijori_message message;
    enum tijori_status status =
        tijori_create(&message, dir, entry_0, sizeof entry_0, genesis_records,
                      sizeof genesis_records, opening, sizeof opening, options);
    if (status != TIJORI_OK) {
        fprintf(stderr, "%s\n", message.text);
        exit(1);
    }
}

/* Submitting and receiving are two calls, so that many envelopes can be on their way at once:
 * signatures are checked on all cores, and one sync covers all that gathered meanwhile. */
static void submit_all(struct tijori *ledger)
{
    const struct {
        const unsigned char *bytes;
        size_t size;
    } envelopes[] = {
        {parties, sizeof parties},
        {treasury_accounts, sizeof treasury_accounts},
        {custodian_accounts, sizeof custodian_accounts},
        {energy_accounts, sizeof energy_accounts},
        {purchase, sizeof purchase},
        {consolidation, sizeof consolidation},
        {disguised, sizeof disguised}, /* the same coins as a purchase: refused */
    };
    struct tijori_receipt receipt;
    for (size_t i = 0; i < sizeof envelopes / sizeof envelopes[0]; i++) {
        /* The number comes back in the receipt. */
        stop_unless(tijori_submit(ledger, envelopes[i].bytes, envelopes[i].size, i), "submit");
    }
    /* Receipts come in the order of submission, once the envelope is on the disk, or refused. */
    while (tijori_receive(ledger, &receipt) == TIJORI_OK) {
        if (receipt.status == TIJORI_OK) {
            printf("envelope %llu is entry %llu\n", (unsigned long long)receipt.tag,
                   (unsigned long long)receipt.entry);
        } else {
            printf("envelope %llu refused: %s\n", (unsigned long long)receipt.tag, receipt.text);
        }
    }
}

static void print_balance(struct tijori *ledger, uint32_t party, uint32_t local)
{
    struct tijori_balance balance;
    char text[48];
    stop_unless(tijori_balance(ledger, &balance, party, local), "balance");
    tijori_amount_text(text, sizeof text, balance.balance, balance.decimals);
    printf("account %u:%u holds %s %s\n", party, local, text, balance.asset_code);
}

/* Newest first, each with the balance after it. */
static void print_history(struct tijori *ledger, uint32_t party, uint32_t local)
{
    struct tijori_history_cursor cursor = {0};
    struct tijori_movement movement;
    char text[48];
    while (tijori_history(ledger, &movement, &cursor, party, local) == TIJORI_OK) {
        tijori_amount_text(text, sizeof text, movement.balance, 8);
        printf("  entry %llu, record %u: %llu sat, balance %s\n",
               (unsigned long long)movement.entry, movement.record,
               (unsigned long long)movement.amount, text);
    }
}

static void print_entries(struct tijori *ledger)
{
    static uint8_t entry[65535];
    static uint8_t body[1048352];
    struct tijori_head head;
    tijori_head(ledger, &head);
    for (uint64_t index = 0; index < head.size; index++) {
        struct tijori_entry stored = {entry, sizeof entry, body, sizeof body};
        stop_unless(tijori_entry(ledger, &stored, index), "entry");
        printf("entry %llu: %zu bytes, body %zu bytes\n", (unsigned long long)index,
               stored.entry_size, stored.body_size);
    }
}

static void print_lists(struct tijori *ledger)
{
    struct tijori_party party;
    struct tijori_account account;
    uint64_t cursor = 0;
    while (tijori_parties(ledger, &party, &cursor) == TIJORI_OK) {
        printf("party %u: %s, %u accounts\n", party.party, party.name, party.accounts);
    }
    cursor = 0;
    while (tijori_accounts(ledger, &account, &cursor) == TIJORI_OK) {
        char text[48];
        tijori_amount_text(text, sizeof text, account.balance.balance, account.balance.decimals);
        printf("account %u:%u %s\n", account.party, account.local, text);
    }
}

/* The log key signs the whole log; what it signed goes into a folder of plain files. */
static void export_log(struct tijori *ledger, const char *folder)
{
    static char note[TIJORI_NOTE_MAX];
    size_t size = sizeof note;
    struct tijori_exported exported;
    struct tijori_message message;
    stop_unless(tijori_checkpoint(ledger, note, &size, log_secret), "checkpoint");
    if (tijori_export(ledger, &exported, folder, NULL, &message) != TIJORI_OK) {
        fprintf(stderr, "%s\n", message.text);
        exit(1);
    }
    printf("%s: %llu entries in %llu files; the log's key is\n%s\n", folder,
           (unsigned long long)exported.entries, (unsigned long long)exported.files, log_key);
}

/* A file that the library opens would take the number of a standard descriptor that is closed, and
 * what is printed would go into that file. A folder in its place can be neither read nor written,
 * so that printing fails. */
static void keep_standard_descriptors(void)
{
    int descriptor = 0;
    while (descriptor >= 0 && descriptor <= 2) {
        descriptor = open("/", O_RDONLY);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
}

/* The exit status of what ends with `code`: not 0 when what it printed was lost. */
static int after_printing(int code)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return code;
    }
    fprintf(stderr, "standard output: write failed\n");
    return code == 0 ? 1 : code;
}

int main(int argc, char **argv)
{
    struct tijori_options options = {.clock = clock_of_the_day};
    struct tijori_message message;
    struct tijori *ledger;
    keep_standard_descriptors();
    if (argc != 3) {
        fprintf(stderr, "usage: reserve NEW_DIRECTORY NEW_FOLDER\n");
        return 2;
    }
    make_ledger(argv[1], &options);
    if (tijori_open(&ledger, argv[1], TIJORI_WRITE, &options, &message) != TIJORI_OK) {
        fprintf(stderr, "%s\n", message.text);
        return 1;
    }
    submit_all(ledger);
    print_balance(ledger, 1, 0);
    print_history(ledger, 1, 0);
    print_balance(ledger, 1, 1);
    print_entries(ledger);
    print_lists(ledger);
    export_log(ledger, argv[2]);
    tijori_close(ledger);
    return after_printing(0);
}
