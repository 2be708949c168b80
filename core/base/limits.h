#ifndef TIJORI_CORE_BASE_LIMITS_H
#define TIJORI_CORE_BASE_LIMITS_H

/* Every cap of the ledger, with its unit and the reason for its value. Relations between two caps
 * are asserted at compile time at the end. Some caps are part of the format. Those are in
 * docs/FORMAT.md too, and cannot change without a new rules number. */

#include <assert.h>
#include <stdint.h>

/* Records are 112 bytes so that 0x00 || record is exactly two SHA-256 blocks (113 + 9 <= 128). */
#define TJ_RECORD_SIZE 112u
/* The last 16 bytes of a record: enough randomness that a hash gives nothing away. */
#define TJ_BLIND_SIZE 16u
/* Two record ids of 8 bytes beside each record in the journal. */
#define TJ_LINK_SIZE 16u
/* Five u64 after the links. */
#define TJ_TAIL_SIZE 40u
/* Records an envelope: with links and tail, one full body fills 256 pages of 4 KiB (asserted
 * below). */
#define TJ_RECORDS_MAX 8190u
/* Bits of a record id that hold the position inside an envelope. */
#define TJ_POSITION_BITS 13u

/* Bytes of an envelope's header: all fields at their natural alignment, no spare. */
#define TJ_HEADER_SIZE 176u
/* Fixed part of an entry: 64 bytes of its own and the envelope's header. */
#define TJ_ENTRY_FIXED_SIZE 240u
/* Slots an envelope: more approvals than any office gathers, few enough to verify in a millisecond.
 */
#define TJ_SLOTS_MAX 16u
/* Bytes of a slot before its key: party, algorithm, use, two sizes. */
#define TJ_SLOT_FIXED_SIZE 10u
/* Bytes of the longest key: a compressed point. */
#define TJ_SLOT_KEY_MAX 33u
/* Bytes of a signature: 64 in every algorithm there is. */
#define TJ_SLOT_SIGNATURE_SIZE 64u
/* Bytes of all slots with their count. */
#define TJ_SLOTS_SIZE_MAX                                                                          \
    (2u + TJ_SLOTS_MAX * (TJ_SLOT_FIXED_SIZE + TJ_SLOT_KEY_MAX + TJ_SLOT_SIGNATURE_SIZE))
/* Bytes of the longest entry there can be. */
#define TJ_ENTRY_SIZE_MAX (TJ_ENTRY_FIXED_SIZE + TJ_SLOTS_SIZE_MAX)
/* Log tiles carry an entry's length as a u16 (C2SP tlog-tiles). */
#define TJ_ENTRY_SIZE_BOUND 65535u

/* Attachments an envelope: a document for each movement a person looks at. */
#define TJ_ATTACHMENTS_MAX 256u
/* Bytes of one: a Bitcoin transaction is at most 4 MB (BIP-141 weight limit). */
#define TJ_ATTACHMENT_SIZE_MAX 4194304u
/* Bytes of all in one envelope: a few of the largest, and still a small part of the queue. */
#define TJ_ATTACHMENTS_SIZE_MAX 16777216u
/* Bytes of the largest envelope. */
#define TJ_ENVELOPE_SIZE_MAX                                                                       \
    (TJ_HEADER_SIZE + TJ_RECORDS_MAX * TJ_RECORD_SIZE + TJ_SLOTS_SIZE_MAX + 2u +                   \
     4u * TJ_ATTACHMENTS_MAX + TJ_ATTACHMENTS_SIZE_MAX)

/* Lanes a party: one for each system that submits side by side. The cap bounds the memory of a
 * party. */
#define TJ_LANES_MAX 4096u
/* Keys a party ever registers: ordinals are never reused. */
#define TJ_KEYS_MAX 256u
/* A threshold is reached by at most one slot a key. */
#define TJ_THRESHOLD_MAX TJ_SLOTS_MAX
/* Assets of a ledger: purpose totals take 8 KiB each. */
#define TJ_ASSETS_MAX 1024u
/* Log keys of a ledger over its whole life. */
#define TJ_LOG_KEYS_MAX 256u
/* Parties of a ledger: licensed institutions, not holders. */
#define TJ_PARTIES_MAX 65536u
/* Accounts of one party: 20 million holders with room to spare, in 64-byte rows. */
#define TJ_ACCOUNTS_MAX 1073741824u

/* Rules (tiers, limits, programmes) of a ledger over its whole life: numbers are never reused. */
#define TJ_RULES_MAX 65536u
/* Days between the end of a rule being given and its being lifted; and before a counterparty limit
 * says more. A year and a day: longer than any programme's review. */
#define TJ_NOTICE_DAYS_MAX 366u
/* Groups that approvals may be demanded from: bits 1 to 15 of a mask. */
#define TJ_GROUP_MAX 15u
/* Steps that the window of an outflow limit is counted in. A limit then remembers so many sums,
 * whatever the traffic. */
#define TJ_WINDOW_STEPS 16u
/* Longest window and delay of a rule, seconds: 366 days. */
#define TJ_RULE_TIME_MAX_S 31622400u
/* Least delay of a recovery, seconds: a week for those who hold the keys to say that they do. */
#define TJ_RECOVERY_DELAY_MIN_S 604800u

/* Digits after the point of any asset: what the widest tokens use. */
#define TJ_DECIMALS_MAX 18u
/* Largest amount of one movement: exact in every language that reads JSON numbers as doubles. */
#define TJ_AMOUNT_MAX (UINT64_C(1) << 53)
/* 21 million BTC in satoshi. */
#define TJ_BTC_AMOUNT_MAX UINT64_C(2100000000000000)

/* Bytes of a name: what the ledger record has left beside its nonce. */
#define TJ_NAME_SIZE 48u
/* Bytes of an account's label: room for a Bitcoin address (42) or a short title. */
#define TJ_LABEL_SIZE 48u
/* Bytes of a key's label: an office or a device, never a person's name. */
#define TJ_KEY_LABEL_SIZE 32u
/* Bytes of the sender's own reference to a movement: a UUID or a booking number. */
#define TJ_REFERENCE_SIZE 16u
/* Details of one record: a memo of a page, or one of every type. */
#define TJ_DETAILS_MAX 16u
/* Bytes of a detail that its type lays out: the record's less kind, type, part, of and blind. */
#define TJ_DETAIL_PAYLOAD 92u
/* Digits after the point of a price: no currency has more. */
#define TJ_PRICE_DECIMALS_MAX 4u
/* Bytes of the longest text of details. */
#define TJ_DETAIL_TEXT_MAX (TJ_DETAILS_MAX * TJ_DETAIL_PAYLOAD)
/* Bytes of an asset's code. */
#define TJ_ASSET_CODE_SIZE 8u

/* How far a submitter's clock may be ahead of the ledger's, seconds. */
#define TJ_CLOCK_SKEW_S 300u
/* How far the ledger's clock may be ahead of the newest time that does not depend on it before the
 * operator has to confirm it, seconds. One wrong clock would otherwise bar every honest envelope
 * from then on. */
#define TJ_CLOCK_JUMP_S 86400u
/* The genesis sets the longest lifetime of an envelope, seconds. The lower bound of that: a
 * minute. */
#define TJ_LIFETIME_MIN_S 60u
/* The upper bound of it: 366 days. */
#define TJ_LIFETIME_MAX_S 31622400u

/* Nanoseconds in a second. Entries count nanoseconds, headers count seconds. */
#define TJ_NS_PER_S UINT64_C(1000000000)
/* Stands for every time that 64 bits of nanoseconds cannot say, after the year 2554. No entry is of
 * such a time: what has to wait until then waits for ever. */
#define TJ_NEVER_NS UINT64_MAX

/* The time so many seconds after another, both in nanoseconds; TJ_NEVER_NS where it is too late to
 * be said. */
static inline uint64_t tj_ns_after(uint64_t time_ns, uint64_t seconds)
{
    if (seconds > (TJ_NEVER_NS - time_ns) / TJ_NS_PER_S) {
        return TJ_NEVER_NS;
    }
    return time_ns + seconds * TJ_NS_PER_S;
}

static inline uint64_t tj_days_after(uint64_t time_ns, uint32_t days)
{
    return tj_ns_after(time_ns, (uint64_t)days * 86400u);
}

/* Seconds in so many nanoseconds, rounded up. */
static inline uint64_t tj_s_of_ns_up(uint64_t ns)
{
    return ns / TJ_NS_PER_S + (ns % TJ_NS_PER_S != 0);
}

/* The same of two numbers of seconds; UINT64_MAX where 64 bits do not hold it. */
static inline uint64_t tj_s_after(uint64_t time_s, uint64_t seconds)
{
    return seconds > UINT64_MAX - time_s ? UINT64_MAX : time_s + seconds;
}

/* Envelopes in flight between submit and receipt. */
#define TJ_QUEUE_MAX 4096u
/* Bytes in flight. They bound the memory of the pipeline, and hold at least a few of the largest
 * envelopes. */
#define TJ_QUEUE_BYTES (64u << 20)
/* Records in one commit: a group closes once it holds this many. The cap bounds a commit's latency
 * and the undo log, which takes two accounts and a mark for each record. */
#define TJ_GROUP_RECORDS_MAX (8u * TJ_RECORDS_MAX)
/* Envelopes in one commit. */
#define TJ_GROUP_ENVELOPES_MAX 2048u
/* Envelopes that a group waits for at most, while more are under way. With so many, the cost of a
 * commit is nothing beside that of their signatures, and waiting longer would only add latency. */
#define TJ_GATHER_MAX 640u
/* Bytes of the links of one group. Its last envelope may begin just below the bound. */
#define TJ_GROUP_LINKS_MAX ((TJ_GROUP_RECORDS_MAX + TJ_RECORDS_MAX) * TJ_LINK_SIZE)
/* Nodes of the tree that the entries of one group complete. That is one for each 256 entries a
 * level, and as many levels as there are (asserted below). */
#define TJ_GROUP_NODES_MAX 32u
/* Bytes of a checkpoint with the log's signature alone. It has three lines, and one line with a
 * name of at most 255 bytes. */
#define TJ_SIGNED_NOTE_MAX 1024u
/* Blocks of the snapshot in one group. It is a group's share of a round over the blocks of a
 * billion accounts. */
#define TJ_SLICE_BLOCKS_MAX 16384u
/* Entries whose hashes are kept at hand: those of the group that is being judged, and of the one on
 * its way to the disk. */
#define TJ_RECENT_MAX (2u * TJ_GROUP_ENVELOPES_MAX)
/* Ids of refused envelopes that are remembered. By them the successor of a refused envelope is told
 * from a gap. */
#define TJ_REFUSED_MAX 1024u
/* The redo window, in records and entries together: what an open after a crash replays at most.
 * That is a few seconds of work (bench/RESULTS.md, "open"). Each commit writes enough blocks of the
 * snapshot to keep it. With 20 million accounts that is 76 bytes a record. */
#define TJ_REDO_MAX 16777216u
/* Bytes of a block of the state. A commit writes the snapshot in whole blocks. */
#define TJ_BLOCK_BYTES_MAX 65536u

/* Threads that verify signatures. */
#define TJ_THREADS_MAX 64u

static_assert(TJ_RECORDS_MAX < (1u << TJ_POSITION_BITS), "a position fits its bits");
static_assert(1u + TJ_RECORD_SIZE + 9u <= 128u, "a record's leaf is two SHA-256 blocks");
static_assert(TJ_RECORDS_MAX * (TJ_RECORD_SIZE + TJ_LINK_SIZE) + TJ_TAIL_SIZE + 16u <= 256u * 4096u,
              "a full body and LMDB's page header fill 256 pages");
static_assert(TJ_ENTRY_SIZE_MAX <= TJ_ENTRY_SIZE_BOUND, "an entry's length fits a u16");
static_assert(TJ_QUEUE_BYTES >= 2u * TJ_ENVELOPE_SIZE_MAX, "the queue takes the largest envelope");
static_assert(TJ_GROUP_RECORDS_MAX >= TJ_RECORDS_MAX, "a group takes the largest envelope");
static_assert(TJ_GROUP_NODES_MAX >= TJ_GROUP_ENVELOPES_MAX / 256u + 1u + 2u * 7u,
              "level 1, one more for a group that begins inside a tile, and what they complete");
static_assert(TJ_GATHER_MAX <= TJ_GROUP_ENVELOPES_MAX, "what was waited for fits the group");
static_assert(TJ_BTC_AMOUNT_MAX <= TJ_AMOUNT_MAX, "all bitcoin in one movement");
static_assert(TJ_REDO_MAX > 2u * TJ_GROUP_RECORDS_MAX, "the redo window spans several groups");

#endif
