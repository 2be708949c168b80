#include "core/rules/approvals.h"
#include "cli/tijori/commands.h"
#include "cli/envelope_file.h"
#include "cli/genesis_file.h"
#include "cli/keys.h"
#include "text/text.h"
#include "core/ingest/ledger.h"

#include <inttypes.h>
#include <string.h>

enum { SIGN_FILE_MAX = 1 << 30, SIGN_KEYS_MAX = TJ_SLOTS_MAX, UNKNOWN = -1 };

/* Who may sign what, as far as it is known. */
struct book {
    struct tijori *ledger; /* NULL: not known */
    struct tj_ledger_view view;
    struct genesis_file *genesis; /* NULL: not known */
};

struct signers {
    size_t count;
    struct tj_secret_key keys[SIGN_KEYS_MAX];
    const char *names[SIGN_KEYS_MAX];
};

/* ---- what is known ---- */

static int open_book(const struct arguments *arguments, struct book *book)
{
    const char *dir = argument_value(arguments, "ledger");
    const char *genesis = argument_value(arguments, "genesis");
    struct tijori_message why;
    if (dir != NULL) {
        enum tijori_status status = tijori_open(&book->ledger, &why, dir, TIJORI_READ, NULL);
        if (status != TIJORI_OK) {
            book->ledger = NULL;
            return fail(exit_code_of(status), "%s", why.text);
        }
        status = tj_ledger_view_begin(book->ledger, &book->view);
        TIJORI_REQUIRE(status == TIJORI_OK); /* a reader has its picture since it was opened */
    }
    if (genesis != NULL) {
        struct tj_digester digester;
        book->genesis = calloc(1, sizeof *book->genesis);
        TIJORI_REQUIRE(book->genesis != NULL);
        tj_digester_init(&digester);
        int code = genesis_file_read(genesis, &digester, book->genesis);
        tj_digester_clear(&digester);
        return code;
    }
    return EXIT_PASS;
}

static void close_book(struct book *book)
{
    if (book->ledger != NULL) {
        tj_ledger_view_end(book->ledger, &book->view);
        tijori_close(book->ledger);
    }
    free(book->genesis);
}

/* How many signatures of a party a lane wants, or UNKNOWN. */
static int threshold_of(const struct book *book, uint32_t party, uint16_t lane)
{
    uint8_t domain = lane == 0 ? TJ_DOMAIN_ADMINISTER : TJ_DOMAIN_MOVE;
    if (book->ledger != NULL) {
        const struct tj_party_object *known = tj_state_party(book->view.state, party);
        return known != NULL ? known->threshold[domain] : UNKNOWN;
    }
    for (uint32_t i = 0; book->genesis != NULL && party == 0 && i < book->genesis->record_count;
         i++) {
        const uint8_t *record = book->genesis->records + (size_t)i * TJ_RECORD_SIZE;
        if (record[0] == TJ_SET_THRESHOLD && TJ_GET(record, TJ_SET_THRESHOLD, domain) == domain) {
            return TJ_GET(record, TJ_SET_THRESHOLD, threshold);
        }
    }
    return UNKNOWN;
}

/* The role in which a party has a key, 0 when it does not have it or it is revoked. */
static uint8_t role_of(const struct book *book, uint32_t party, const struct tj_public_key *key)
{
    uint8_t x32[32];
    if (book->ledger != NULL) {
        tj_public_key_x(key, x32);
        const struct tj_key_object *known = tj_state_find_key(book->view.state, x32);
        bool same = known != NULL && known->party == party && known->status == TJ_KEY_ACTIVE &&
                    known->algorithm == key->algorithm &&
                    memcmp(known->key, key->bytes, key->size) == 0;
        return same ? known->role : 0;
    }
    for (uint32_t i = 0; book->genesis != NULL && i < book->genesis->record_count; i++) {
        const uint8_t *record = book->genesis->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_record_adds_key(record, key) && tj_record_party(record) == party) {
            return TJ_GET(record, TJ_ADD_KEY, role);
        }
    }
    return 0;
}

/* ---- one signature ---- */

/* True when a record of the envelope wants a possession slot by this key; the slot's party. */
static bool proves_possession(const struct tj_envelope_view *view, const struct tj_public_key *key,
                              uint32_t *party)
{
    for (uint32_t i = 0; i < view->header.record_count; i++) {
        const uint8_t *record = view->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_record_possession_by(record, key, party)) {
            return true;
        }
    }
    return false;
}

/* For whom and as what a key signs. */
static int find_use(const struct arguments *arguments, const struct book *book,
                    const struct tj_envelope_view *view, const struct tj_public_key *key,
                    const char *name, uint32_t *party, uint8_t *use)
{
    uint64_t given = view->header.party;
    uint8_t x32[32];
    *use = TJ_USE_POSSESSION;
    if (proves_possession(view, key, party)) {
        return EXIT_PASS;
    }
    if (key->algorithm == TJ_ALGORITHM_ED25519) {
        return fail(EXIT_DATA,
                    "%s: an ed25519 key signs an envelope only where a record adds it as log key "
                    "or retires it (without a last_good_size)",
                    name);
    }
    if (!argument_number(arguments, "party", 0, UINT32_MAX, &given)) {
        return EXIT_USAGE;
    }
    *party = (uint32_t)given;
    if (book->ledger != NULL) {
        tj_public_key_x(key, x32);
        const struct tj_key_object *known = tj_state_find_key(book->view.state, x32);
        if (known == NULL || known->algorithm != key->algorithm) {
            return fail(EXIT_DATA, "%s: the ledger does not know this key", name);
        }
        if (argument_value(arguments, "party") != NULL && known->party != *party) {
            return fail(EXIT_DATA, "%s: the ledger has this key for party %" PRIu32, name,
                        known->party);
        }
        if (known->status != TJ_KEY_ACTIVE) {
            return fail(EXIT_DATA, "%s: this key is revoked", name);
        }
        *party = known->party;
    }
    *use = *party == view->header.party ? TJ_USE_SIGN : TJ_USE_COUNTERSIGN;
    uint8_t role = role_of(book, *party, key);
    if (*use == TJ_USE_SIGN && tj_header_approval(&view->header) && role != 0 &&
        role != TJ_APPROVE) {
        return fail(EXIT_DATA, "%s: approvals are signed by keys of role approve, this one's is %s",
                    name, tj_role_names[role]);
    }
    return EXIT_PASS;
}

static int sign_envelope(const struct arguments *arguments, const struct book *book,
                         const struct signers *signers, struct tj_envelope_view *view,
                         const struct tj_hash *id)
{
    for (size_t i = 0; i < signers->count; i++) {
        const struct tj_secret_key *secret = &signers->keys[i];
        struct tj_public_key key;
        uint32_t party;
        uint8_t use;
        if (!tj_public_key_of(&key, secret->algorithm, secret->secret32)) {
            return fail(EXIT_DATA, "%s: not a valid key", signers->names[i]);
        }
        int code = find_use(arguments, book, view, &key, signers->names[i], &party, &use);
        if (code != EXIT_PASS) {
            return code;
        }
        enum tijori_status status =
            tj_slots_sign(&view->slots, party, use, secret->algorithm, secret->secret32, id);
        if (status != TIJORI_OK) {
            return fail_status(status, signers->names[i], NULL);
        }
    }
    return EXIT_PASS;
}

/* ---- how far the signatures have come ---- */

struct tally {
    uint32_t given;
    uint32_t counting; /* of keys whose role counts here; docs/FORMAT.md section 7 step 8 */
    bool initiated;
    int threshold; /* or UNKNOWN */
    bool reached;
};

static bool role_counts(uint8_t role, bool administers, bool approves)
{
    return administers ? role == TJ_ADMINISTER
           : approves  ? role == TJ_APPROVE
                       : role == TJ_INITIATE || role == TJ_APPROVE;
}

static struct tally tally(const struct book *book, const struct tj_envelope_view *view, uint8_t use,
                          uint32_t party)
{
    uint16_t lane = use == TJ_USE_SIGN ? view->header.lane : 1;
    bool approves = use == TJ_USE_SIGN && lane != 0 && tj_header_approval(&view->header);
    struct tally out = {.initiated = lane == 0 || approves,
                        .threshold =
                            approves && book->ledger != NULL ? 1 : threshold_of(book, party, lane)};
    for (uint32_t i = 0; i < view->slots.count; i++) {
        const struct tj_slot *slot = &view->slots.slots[i];
        if (slot->use == use && slot->party == party) {
            uint8_t role = role_of(book, party, &slot->key);
            out.given++;
            out.counting += role_counts(role, lane == 0, approves);
            out.initiated = out.initiated || role == TJ_INITIATE;
        }
    }
    out.reached = out.threshold > 0 && out.counting >= (uint32_t)out.threshold && out.initiated;
    return out;
}

/* The parties that have countersigned, and those that the ledger says must (section 7.1). */
struct parties {
    size_t count;
    uint32_t numbers[TJ_SLOTS_MAX];
};

static void parties_add(struct parties *parties, uint32_t party)
{
    for (size_t i = 0; i < parties->count; i++) {
        if (parties->numbers[i] == party) {
            return;
        }
    }
    if (parties->count < TJ_SLOTS_MAX) { /* more cannot countersign one envelope */
        parties->numbers[parties->count++] = party;
    }
}

static void find_countersigners(const struct book *book, const struct tj_envelope_view *view,
                                struct parties *parties)
{
    for (uint32_t i = 0; i < view->slots.count; i++) {
        if (view->slots.slots[i].use == TJ_USE_COUNTERSIGN) {
            parties_add(parties, view->slots.slots[i].party);
        }
    }
    for (uint32_t i = 0; book->ledger != NULL && i < view->header.record_count; i++) {
        const uint8_t *record = view->records + (size_t)i * TJ_RECORD_SIZE;
        bool brings = record[0] == TJ_MOVE || record[0] == TJ_PENDING || record[0] == TJ_CORRECT;
        uint32_t party = brings ? tj_account_party(tj_movement_to(record)) : view->header.party;
        if (party != view->header.party) {
            const struct tj_account_object *to =
                tj_state_account(book->view.state, tj_movement_to(record));
            if (to != NULL && to->class != TJ_CLASS_CUSTODY) {
                parties_add(parties, party);
            }
        }
    }
}

/* The records whose key is to prove possession, and how many of those keys have. */
static uint32_t count_possession(const struct tj_envelope_view *view, uint32_t *proven)
{
    uint32_t wanted = 0;
    *proven = 0;
    for (uint32_t i = 0; i < view->header.record_count; i++) {
        const uint8_t *record = view->records + (size_t)i * TJ_RECORD_SIZE;
        bool found = false;
        for (uint32_t s = 0; s < view->slots.count && !found; s++) {
            const struct tj_slot *slot = &view->slots.slots[s];
            uint32_t party;
            found = slot->use == TJ_USE_POSSESSION &&
                    tj_record_possession_by(record, &slot->key, &party) && party == slot->party;
        }
        wanted += tj_record_wants_possession(record);
        *proven += found;
    }
    return wanted;
}

/* The first record whose amount wants what is not there: more approvals, or time that only a
 * pending movement can wait. TJ_NOWHERE: none, or the ledger is not known. */
static uint32_t find_lacking(const struct book *book, const struct tj_envelope_view *view,
                             struct approvals *lacking)
{
    const struct tj_state *state = book->view.state;
    uint64_t next = book->ledger != NULL ? tj_record_id(book->view.head.size, 0) : 0;
    uint8_t given[TJ_KEYS_MAX / 8];
    for (uint32_t i = 0; book->ledger != NULL && i < view->header.record_count; i++) {
        const uint8_t *record = view->records + (size_t)i * TJ_RECORD_SIZE;
        uint64_t mark = UINT64_MAX;
        bool posts = tj_kind_posts(record[0]);
        if (!posts || tj_state_account(state, tj_movement_from(record)) == NULL ||
            tj_state_account(state, tj_movement_to(record)) == NULL) {
            continue;
        }
        if (record[0] == TJ_POST) {
            tj_state_find_mark(state, tj_movement_refers_to(record), &mark);
        }
        tj_approvers(state, &view->header, &view->slots, given);
        approvals_of(state, record, next, given, mark, lacking);
        bool waits = lacking->tier != NULL && lacking->tier->window_s != 0;
        if (!approvals_complete(lacking) || (waits && record[0] == TJ_MOVE)) {
            return i;
        }
    }
    return TJ_NOWHERE;
}

static void tell_lacking(FILE *out, uint32_t position, const struct approvals *lacking)
{
    char wanted[128];
    if (position == TJ_NOWHERE) {
        return;
    }
    if (approvals_complete(lacking)) {
        fprintf(out,
                "; record %" PRIu32 " has to wait %" PRIu32 " s by rule %" PRIu32
                ": propose it as pending",
                position, lacking->tier->window_s, lacking->rule);
        return;
    }
    approvals_wanted(wanted, sizeof wanted, lacking->tier->approvals, lacking->tier->groups);
    fprintf(out, "; record %" PRIu32 " wants %s by rule %" PRIu32 ": %" PRIu32 " given", position,
            wanted, lacking->rule, lacking->count);
}

static void tell_own(FILE *out, const struct tally *own, bool complete)
{
    if (own->threshold == UNKNOWN) {
        fprintf(out, "%" PRIu32 " signature%s (threshold not known without --ledger)", own->given,
                own->given == 1 ? "" : "s");
        return;
    }
    fprintf(out, "%" PRIu32 " of %d signatures%s", own->counting, own->threshold,
            complete ? ": complete" : "");
    if (own->threshold == 0) {
        fprintf(out, " (a threshold of 0 is never reached)");
    } else if (own->counting >= (uint32_t)own->threshold && !own->initiated) {
        fprintf(out, ", none of them by a key that initiates");
    }
    if (own->given > own->counting) {
        fprintf(out, ", %" PRIu32 " more that do%s not count here", own->given - own->counting,
                own->given - own->counting == 1 ? "es" : "");
    }
}

static void tell(const char *path, const struct book *book, const struct tj_envelope_view *view,
                 const struct tj_hash *id)
{
    /* With the envelope itself on standard output this is not data. */
    FILE *out = strcmp(path, "-") == 0 ? stderr : stdout;
    char name[512];
    char hex[2 * TJ_HASH_SIZE + 1];
    struct parties parties = {.count = 0};
    uint32_t proven;
    uint32_t wanted = count_possession(view, &proven);
    struct tally own = tally(book, view, TJ_USE_SIGN, view->header.party);
    find_countersigners(book, view, &parties);
    struct approvals lacking;
    uint32_t lacks = find_lacking(book, view, &lacking);
    bool complete = own.reached && proven == wanted && lacks == TJ_NOWHERE;
    for (size_t i = 0; i < parties.count; i++) {
        complete = complete && tally(book, view, TJ_USE_COUNTERSIGN, parties.numbers[i]).reached;
    }
    text_sanitise(name, sizeof name, path);
    text_format_hex(hex, id->bytes, TJ_HASH_SIZE);
    fprintf(out, "%s: envelope %.16s: ", name, hex);
    tell_own(out, &own, complete);
    for (size_t i = 0; i < parties.count; i++) {
        struct tally other = tally(book, view, TJ_USE_COUNTERSIGN, parties.numbers[i]);
        fprintf(out, "; party %" PRIu32 " countersigns: ", parties.numbers[i]);
        tell_own(out, &other, false);
    }
    if (wanted > 0) {
        fprintf(out, "; keys: %" PRIu32 " of %" PRIu32 " prove possession", proven, wanted);
    }
    tell_lacking(out, lacks, &lacking);
    fprintf(out, "\n");
}

/* ---- a file ---- */

/* Signs the envelope at `bytes` and writes it to `out`. */
static int sign_one(const struct arguments *arguments, const struct book *book,
                    const struct signers *signers, const char *path, const uint8_t *bytes,
                    size_t size, struct tj_digester *digester, struct buffer *out)
{
    struct tj_envelope_view view;
    struct tj_verdict verdict;
    struct tj_hash id;
    char text[320];
    tj_verdict_init(&verdict);
    enum tijori_status status = tj_envelope_decode(bytes, size, &view, &verdict);
    if (status == TIJORI_OK) {
        /* Nobody signs what does not hold together. */
        status = tj_attachments_check(digester, &view, &verdict);
    }
    if (status == TIJORI_OK) {
        status = tj_body_check(digester, &view.header, view.records, &verdict);
    }
    if (status != TIJORI_OK) {
        tj_verdict_format(&verdict, text, sizeof text);
        return fail(EXIT_DATA, "%s: %s", path, text);
    }
    tj_envelope_id(digester, bytes, &id);
    const uint8_t *attachments = view.slot_bytes + view.slot_bytes_size;
    int code = sign_envelope(arguments, book, signers, &view, &id);
    if (code == EXIT_PASS) {
        envelope_add(out, &view.header, view.records, &view.slots, attachments,
                     (size_t)(bytes + size - attachments));
        tell(path, book, &view, &id);
    }
    return code;
}

static int sign_file(const struct arguments *arguments, const struct book *book,
                     const struct signers *signers, const char *path)
{
    struct buffer in = {0};
    struct buffer out = {0};
    struct tj_digester digester;
    size_t at = 0;
    size_t size = 0;
    tj_digester_init(&digester);
    int code = file_read(path, SIGN_FILE_MAX, &in);
    if (code == EXIT_PASS && in.size == 0) {
        code = fail(EXIT_DATA, "%s: holds no envelope", path);
    }
    while (code == EXIT_PASS && at < in.size) {
        enum tijori_status status = tj_envelope_measure(in.bytes + at, in.size - at, &size);
        code = status != TIJORI_OK
                   ? fail_status(status, path, NULL)
                   : sign_one(arguments, book, signers, path, in.bytes + at, size, &digester, &out);
        at += size;
    }
    if (code == EXIT_PASS) {
        code = file_write(path, &out, true);
    }
    tj_digester_clear(&digester);
    free(in.bytes);
    free(out.bytes);
    return code;
}

int cmd_sign(const struct arguments *arguments)
{
    struct book book = {0};
    struct signers signers = {0};
    size_t keys = argument_count(arguments, "key");
    if (keys > SIGN_KEYS_MAX) {
        return fail(EXIT_USAGE, "--key: at most %d keys sign an envelope", SIGN_KEYS_MAX);
    }
    int code = open_book(arguments, &book);
    for (size_t i = 0; i < keys && code == EXIT_PASS; i++) {
        signers.names[i] = argument_item(arguments, "key", i);
        code = key_load(arguments, signers.names[i], &signers.keys[i]);
        signers.count = i + 1;
    }
    for (size_t i = 0; i < arguments->operand_count && code == EXIT_PASS; i++) {
        code = sign_file(arguments, &book, &signers, arguments->operands[i]);
    }
    tj_cleanse(&signers, sizeof signers);
    close_book(&book);
    return code;
}
