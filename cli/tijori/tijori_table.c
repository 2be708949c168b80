/* The commands of tijori and what they take: the one table of cli/options.h for this program. */

#include "cli/tijori/commands.h"

#include "cli/signer.h"
#include "cli/statement_order.h"

#define BOOK_OPTIONS                                                                               \
    {"ledger", 0,     OPTION_VALUE,                                                                \
     false,    "DIR", "the ledger, which knows names, keys, rules and thresholds"},                \
    {                                                                                              \
        "genesis", 0, OPTION_VALUE, false, "FILE",                                                 \
            "in place of --ledger: knows the authority's keys and thresholds at the start"         \
    }

#define LEDGER_OPERAND                                                                             \
    {                                                                                              \
        "DIR", OPERAND_LEDGER, "the ledger's directory; left out, the one of TIJORI_DIR"           \
    }

/* ---- keys ---- */

static const struct operand_row key_operands[] = {{"FILE", OPERAND_NEEDED, "the key file"},
                                                  END_OF_OPERANDS};

static const struct option_row key_new_options[] = {
    {"type", 0, OPTION_VALUE, false, "ecdsa|bip340|ed25519",
     "ecdsa and bip340 keys (secp256k1) sign envelopes, ed25519 keys sign a log's checkpoints"},
    {"passphrase", 0, OPTION_FLAG, false, NULL, "ask for a passphrase on the terminal, twice"},
    {"passphrase-file", 0, OPTION_VALUE, false, "F", "the first line of F is the passphrase"},
    END_OF_OPTIONS,
};
static const char *const key_new_paragraphs[] = {
    "Writes PKCS#8 in PEM with mode 0600, encrypted when there is a passphrase; 'openssl pkey' "
    "reads "
    "it. A key file is never overwritten.",
    NULL,
};
static const struct example_row key_new_examples[] = {
    {"tijori key new treasury-1.pem --type bip340 --passphrase",
     "a key for BIP-340 signatures, encrypted"},
    END_OF_EXAMPLES,
};

static const struct operand_row key_convert_operands[] = {
    {"IN", OPERAND_NEEDED, "a key in PEM: PKCS#8, or the older EC PRIVATE KEY (SEC 1)"},
    END_OF_OPERANDS,
};
static const struct option_row key_convert_options[] = {
    {"output", 'o', OPTION_VALUE, true, "OUT", "the new key file. Not overwritten"},
    {"new-passphrase", 0, OPTION_FLAG, false, NULL,
     "ask for a passphrase for OUT on the terminal, twice"},
    {"new-passphrase-file", 0, OPTION_VALUE, false, "F",
     "the first line of F is the passphrase for OUT"},
    PASSPHRASE_FILE_OPTION,
    END_OF_OPTIONS,
};
static const char *const key_convert_paragraphs[] = {
    "Reads a key as other programs write it, or one with another passphrase, and writes it as 'key "
    "new' does. It stays the same key. What is no key that is used here is named, with the command "
    "that helps.",
    NULL,
};
static const struct example_row key_convert_examples[] = {
    {"tijori key convert openssl-ec.pem -o minister.pem --new-passphrase",
     "a key that 'openssl ecparam -genkey' made, encrypted"},
    END_OF_EXAMPLES,
};

static const struct option_row key_show_options[] = {
    {"ledger", 0, OPTION_VALUE, false, "DIR",
     "of a log key of this ledger: print its C2SP verifier key, with the ledger's origin"},
    {"genesis", 0, OPTION_VALUE, false, "FILE", "the same by the genesis, in place of --ledger"},
    {"origin", 0, OPTION_VALUE, false, "NAME/ID",
     "the same by an origin that one was told, where neither is at hand: nothing is compared"},
    {"witness", 0, OPTION_VALUE, false, "NAME",
     "for ed25519: print the C2SP verifier key of the witness of this name (type 0x04)"},
    PASSPHRASE_FILE_OPTION,
    FORMAT_OPTION("text|json"),
    END_OF_OPTIONS,
};
static const char *const key_show_paragraphs[] = {
    "Prints type, public key and fingerprint (the first 8 bytes of SHA-256 over the algorithm's "
    "number and the public key), never the secret. FILE may be a public key too, as ed25519:HEX.",
    "The origin in a log's verifier key comes from its genesis or its ledger, which tell whether "
    "the key is the log's at all: who pins a mistyped one fails every audit.",
    NULL,
};
static const struct example_row key_show_examples[] = {
    {"tijori key show log.pem --genesis genesis.json",
     "the line by which auditors and witnesses know the log"},
    END_OF_EXAMPLES,
};

/* ---- a new ledger ---- */

static const struct operand_row genesis_operands[] = {
    {"INPUT", OPERAND_OPTIONAL,
     "a genesis that was written or edited by hand (docs/FORMAT.md section 11), in place of the "
     "options that say what is founded; - is standard input"},
    END_OF_OPERANDS,
};
static const struct option_row genesis_options[] = {
    {"origin", 0, OPTION_VALUE, false, "NAME",
     "the ledger's name, as checkpoints carry it: no space and no plus sign, at most 48 bytes"},
    {"authority", 0, OPTION_LIST, false, "KEY",
     "the authority's keys, role administer: key files, or public keys as ecdsa:HEX or bip340:HEX"},
    {"threshold", 0, OPTION_VALUE, false, "K", "how many of them sign a directive"},
    {"log-key", 0, OPTION_LIST, false, "KEY",
     "the key that signs checkpoints: a key file, or a public key as ed25519:HEX"},
    {"network", 0, OPTION_VALUE, false, "mainnet|testnet4|signet|regtest", "the Bitcoin network"},
    {"created", 0, OPTION_VALUE, false, "TIME", "when, RFC 3339; default now, or what INPUT says"},
    {"lifetime-max", 0, OPTION_VALUE, false, "DURATION",
     "how long an envelope may live (60s to 366d); default 7d"},
    {"checkpoint-delay-max", 0, OPTION_VALUE, false, "DURATION",
     "how long an entry may wait for its checkpoint; default 1h"},
    {"nonce", 0, OPTION_VALUE, false, "HEX", "32 bytes that set this ledger apart; default random"},
    {"endorse", 0, OPTION_VALUE, false, "GENESIS",
     "endorse this genesis with --key, and write the endorsement, an envelope (.tje)"},
    {"key", 0, OPTION_LIST, false, "KEY",
     "with --endorse: key files of the authority; each is registered by the genesis"},
    {"output", 'o', OPTION_VALUE, true, "FILE",
     "the genesis, or the endorsement; - is standard output"},
    SIGNER_OPTION,
    PASSPHRASE_FILE_OPTION,
    END_OF_OPTIONS,
};
static const char *const genesis_paragraphs[] = {
    "Writes the genesis as JSON for people to read and keep. Only public keys go in. FILE is not "
    "overwritten. Prints what follows from it: the ledger id, the origin, the log's verifier key "
    "exactly as auditors and witnesses pin it, and until when 'tijori init' takes endorsements.",
    "With --endorse a member of the authority endorses it on a machine of his own, with his key "
    "and "
    "the genesis alone: what is founded is shown in words before it is signed, and a key that the "
    "genesis does not register is refused. 'tijori init --endorsement' unites the endorsements. "
    "They count until created and the longest lifetime of an envelope (--lifetime-max) have gone "
    "by; 'tijori genesis OLD --created TIME' makes a new genesis of an old one.",
    NULL,
};
static const struct example_row genesis_examples[] = {
    {"tijori genesis --origin reserve.example/ledger --authority a1.pem a2.pem a3.pem --threshold "
     "2 "
     "--log-key log.pem -o genesis.json",
     "an authority of three keys, two of which sign"},
    {"tijori genesis draft.json -o genesis.json", "one that was written by hand, with labels"},
    {"tijori genesis --endorse genesis.json --key minister.pem -o minister.tje",
     "each member, on a machine of his own"},
    END_OF_EXAMPLES,
};

static const struct operand_row init_operands[] = {
    {"DIR", OPERAND_NEEDED, "where the ledger is to be; its parent directory exists"},
    END_OF_OPERANDS,
};
static const struct option_row init_options[] = {
    {"genesis", 0, OPTION_VALUE, true, "FILE", "the genesis"},
    {"endorsement", 0, OPTION_LIST, false, "FILE",
     "what 'tijori genesis --endorse' made: one of every key of the authority"},
    {"key", 0, OPTION_LIST, false, "KEY",
     "in place of endorsements, where all of them are on this machine: key files, and every key of "
     "the authority signs entry 1"},
    SIGNER_OPTION,
    PASSPHRASE_FILE_OPTION,
    END_OF_OPTIONS,
};
static const char *const init_paragraphs[] = {
    "Makes a ledger with entry 0 (the genesis) and entry 1 (its endorsement by every authority "
    "key), and prints the ledger id.",
    "With --endorsement no private key is needed. Whose endorsement is missing is said, exit "
    "status 3, and nothing is made.",
    NULL,
};
static const struct example_row init_examples[] = {
    {"tijori init ledger --genesis genesis.json --endorsement a1.tje a2.tje a3.tje",
     "a new ledger"},
    {"tijori init ledger --genesis genesis.json --key a1.pem a2.pem a3.pem",
     "the same, where one machine has all keys"},
    END_OF_EXAMPLES,
};

/* ---- envelopes ---- */

static const struct operand_row propose_operands[] = {
    {"DIR", OPERAND_OPTIONAL | OPERAND_LEDGER,
     "the ledger, for sequence, previous id and newest entry; left out with --genesis"},
    {"FILE", OPERAND_NEEDED, "CSV or JSON Lines; - is standard input"},
    END_OF_OPERANDS,
};
static const struct option_row propose_options[] = {
    {"party", 0, OPTION_VALUE, true, "N", "the party that submits"},
    {"lane", 0, OPTION_VALUE, false, "L",
     "the lane; default 0 for directives that govern, 1 for movements and for those that open and "
     "close accounts"},
    {"restricted", 0, OPTION_FLAG, false, NULL,
     "movements among custodians' accounts, kept out of public exports; each gets a random blind"},
    {"expires", 0, OPTION_VALUE, false, "WHEN",
     "a time (RFC 3339) or a duration (1h); default 24h, or the ledger's longest if that is less"},
    {"genesis", 0, OPTION_VALUE, false, "FILE", "offline: the ledger's genesis in place of DIR"},
    {"sequence", 0, OPTION_VALUE, false, "S", "offline: the envelope's sequence in its lane"},
    {"previous", 0, OPTION_VALUE, false, "ID",
     "offline: the envelope id of sequence S - 1; left out for sequence 1"},
    {"output", 'o', OPTION_VALUE, true, "OUT",
     "where the unsigned envelopes go; - is standard output. Not overwritten"},
    END_OF_OPTIONS,
};
static const char *const propose_paragraphs[] = {
    "Makes unsigned envelopes from records. Movements: CSV with the header "
    "kind,from,to,amount,purpose,value_date,reference,evidence; or JSON Lines, which also take "
    "every "
    "directive (docs/FORMAT.md section 11 has an example of each). Amounts carry their unit: 1.5 "
    "BTC, "
    "150000000 sat.",
    "Evidence is the SHA-256 of a document, or file:NAME (beside FILE), which is attached. In "
    "post, "
    "void, correct and approve it names the record by ENTRY:POSITION, offline by "
    "ENTRY:POSITION:HASH.",
    "More than 8,190 records become several envelopes, one after another in OUT.",
    NULL,
};
static const struct example_row propose_examples[] = {
    {"tijori propose ledger --party 1 purchases.csv -o purchases.tje",
     "movements of the treasury, to be signed"},
    {"tijori propose --genesis genesis.json --party 1 --sequence 12 --previous 4f1c... m.csv -o "
     "m.tje",
     "on a machine without the ledger"},
    END_OF_EXAMPLES,
};

static const struct operand_row sign_operands[] = {
    {"FILE...", OPERAND_NEEDED, "files of envelopes, signed in place"},
    END_OF_OPERANDS,
};
static const struct option_row sign_options[] = {
    {"key", 0, OPTION_LIST, true, "KEY", "key files; with --signer public keys too, as ecdsa:HEX"},
    {"party", 0, OPTION_VALUE, false, "N",
     "the party that these keys sign for; default the envelope's. Another party countersigns"},
    BOOK_OPTIONS,
    SIGNER_OPTION,
    {"yes", 0, OPTION_FLAG, false, NULL, "sign without showing and asking"},
    {"signer-state", 0, OPTION_VALUE, false, "FILE",
     "where this signer remembers what was signed; default the file named by the ledger's id under "
     "$XDG_STATE_HOME/tijori/signers, or ~/.local/state/tijori/signers"},
    {"replace", 0, OPTION_FLAG, false, NULL,
     "sign another envelope of a party, lane and sequence than was signed before: an envelope that "
     "was refused, or given up, is proposed anew and signed anew"},
    PASSPHRASE_FILE_OPTION,
    END_OF_OPTIONS,
};
static const char *const sign_paragraphs[] = {
    "Signs every envelope in each file with every key, and says how many signatures there are. A "
    "key "
    "that an envelope itself adds gives its proof of possession instead, and so does a log key "
    "that "
    "it adds or retires. A key that signed already changes nothing.",
    "On a terminal it first shows what is to be signed, as 'tijori show' does (more than 20 "
    "records "
    "by their totals), and asks. It asks when standard input is a terminal, or when that is the "
    "file (-) and standard error is one. Otherwise, and with --yes, it signs at once.",
    "Not signed is an envelope that expired; with --ledger, one to which the signature would not "
    "count, or that names another ledger, another entry or another place in its lane than the "
    "ledger has; and one that contradicts what this signer signed before: another entry under the "
    "same index, another envelope of the same party, lane and sequence, or one that does not "
    "follow what was signed. So nobody who shows two histories of a ledger, or an old copy, gets "
    "signatures on both.",
    "What was signed is remembered in a file for each ledger, which is written before the signed "
    "envelope is. It holds the 64 newest entries known, and of each lane the 64 newest envelopes. "
    "Where it is missing it is begun, and that is said. One that cannot be read or is damaged is "
    "never begun anew: nothing is signed.",
    "A file is locked while it is signed, so that of two people at once neither loses a signature, "
    "and keeps its owner and mode. A symbolic link stays, and what it leads to is signed.",
    NULL,
};
static const struct example_row sign_examples[] = {
    {"tijori sign purchases.tje --key treasury-1.pem --ledger ledger",
     "prints '1 of 2 signatures'"},
    {"tijori sign deal.tje --key bank.pem --party 4", "party 4 countersigns"},
    {"tijori sign deal.tje --key ecdsa:02ab... --signer './hsm-sign --slot 2'",
     "with a key that no file holds"},
    END_OF_EXAMPLES,
};

static const struct operand_row merge_operands[] = {
    {"FILE...", OPERAND_NEEDED, "copies of one file of envelopes, two at least"},
    END_OF_OPERANDS,
};
static const struct option_row merge_options[] = {
    {"output", 'o', OPTION_VALUE, true, "OUT",
     "where the joined envelopes go; - is standard output. Not overwritten"},
    BOOK_OPTIONS,
    END_OF_OPTIONS,
};
static const char *const merge_paragraphs[] = {
    "Joins what several people signed at once: the files hold the same envelopes in the same "
    "order. "
    "Each envelope gets the signatures and the documents of all copies, each once.",
    "A signature that does not verify is not joined: the copy that has it is named.",
    NULL,
};
static const struct example_row merge_examples[] = {
    {"tijori merge one.tje two.tje -o both.tje --ledger ledger",
     "two copies came back, each with a signature"},
    END_OF_EXAMPLES,
};

static const struct operand_row unsign_operands[] = {
    {"FILE", OPERAND_NEEDED, "a file of envelopes; - is standard input"},
    END_OF_OPERANDS,
};
static const struct option_row unsign_options[] = {
    {"key", 0, OPTION_VALUE, false, "KEY",
     "take off what this key signed: a key file, or a public key as ecdsa:HEX, bip340:HEX or "
     "ed25519:HEX"},
    {"slot", 0, OPTION_VALUE, false, "N",
     "take off the signature of this number, from 0 on, in the order in which 'tijori show' prints "
     "them"},
    {"envelope", 0, OPTION_VALUE, false, "N",
     "of this envelope of the file alone, from 1 on; default all, where there is a --key"},
    {"output", 'o', OPTION_VALUE, true, "OUT",
     "where the envelopes go; - is standard output. Not overwritten"},
    BOOK_OPTIONS,
    PASSPHRASE_FILE_OPTION,
    END_OF_OPTIONS,
};
static const char *const unsign_paragraphs[] = {
    "Takes a signature off. The ledger refuses an envelope for any signature that does not count "
    "or "
    "does not verify, however many others there are.",
    "FILE stays as it is. Whoever has a copy of it still has the signature.",
    NULL,
};
static const struct example_row unsign_examples[] = {
    {"tijori unsign deal.tje --slot 2 -o better.tje", "without the third signature"},
    END_OF_EXAMPLES,
};

static const struct operand_row import_operands[] = {
    LEDGER_OPERAND,
    {"FILE...", OPERAND_NEEDED, "CSV of any kind"},
    END_OF_OPERANDS,
};
static const struct option_row import_options[] = {
    {"rules", 0, OPTION_VALUE, true, "RULES",
     "how a row becomes a movement: a rules file (docs/FORMAT.md section 11)"},
    {"key", 0, OPTION_LIST, false, "KEY",
     "the keys that sign, as with 'tijori sign'; those of another party countersign. Left out only "
     "with --dry-run"},
    SIGNER_OPTION,
    PASSPHRASE_FILE_OPTION,
    {"party", 0, OPTION_VALUE, false, "N", "the party that submits; default that of the first key"},
    {"lane", 0, OPTION_VALUE, false, "L", "the lane; default 1"},
    {"restricted", 0, OPTION_FLAG, false, NULL,
     "movements among custodians' accounts, kept out of public exports; each gets a random blind"},
    {"batch", 0, OPTION_VALUE, false, "N", "records of an envelope; default 512, at most 8,190"},
    {"partial", 0, OPTION_FLAG, false, NULL,
     "book the rows that nothing is wrong with, where others have errors; without this a run with "
     "errors books nothing"},
    {"dry-run", 0, OPTION_FLAG, false, NULL, "do all of it but sign and ingest"},
    {"result", 0, OPTION_VALUE, false, "OUT",
     "write file, line, reference, status and record of each row as CSV; replaced"},
    {"accept-clock", 0, OPTION_FLAG, false, NULL,
     "the clock is right although it is more than 24 h ahead of the last entry"},
    END_OF_OPTIONS,
};
static const char *const import_paragraphs[] = {
    "Reads rows by a rules file, tells everything that is wrong with them, by file and line, and "
    "books what is not booked yet. Each row is judged by the rules of the ledger before anything "
    "is "
    "signed.",
    "A row is booked already when a movement of the same reference, accounts, amount and purpose "
    "is "
    "in the ledger and was neither voided nor corrected whole. So a run that was cut short is run "
    "again, and a file with errors is corrected and imported again: nothing is booked twice.",
    "Statuses of the result: booked, already, error, held_back (nothing is wrong with it, and the "
    "run booked nothing), would_be_booked (--dry-run), refused (by the ledger, after all). A run "
    "that was killed leaves no result; the next one tells what it booked as already.",
    "Exit status 65 when there were errors.",
    NULL,
};
static const struct example_row import_examples[] = {
    {"tijori import ledger tonight.csv --rules bank.rules --key night.pem --result tonight.result",
     "what the bank wrote becomes movements"},
    END_OF_EXAMPLES,
};

static const struct operand_row ingest_operands[] = {
    LEDGER_OPERAND,
    {"FILE...", OPERAND_OPTIONAL, "files of envelopes; - or none is standard input"},
    END_OF_OPERANDS,
};
static const struct option_row ingest_options[] = {
    {"dry-run", 0, OPTION_FLAG, false, NULL,
     "judge each envelope against the ledger as it is now, and change nothing; beside a running "
     "ingest, too, or on a copy that is read-only. Of envelopes that build "
     "on each other only the first can then be accepted; the next has not its sequence yet"},
    {"threads", 0, OPTION_VALUE, false, "N", "threads that verify signatures; default one a core"},
    {"accept-clock", 0, OPTION_FLAG, false, NULL,
     "the clock is right although nothing confirms it: neither the newest entry, the envelope, a "
     "witness nor the system (CLOCK_JUMP)"},
    {"log-key", 0, OPTION_VALUE, false, "FILE",
     "an active key of the log (ed25519): every commit signs a checkpoint, and each receipt names "
     "one that covers it. JSON has it whole, as 'checkpoint'. From an entry on that retires the "
     "key "
     "nothing more is signed (exit code 3)"},
    PASSPHRASE_FILE_OPTION,
    {"sign-receipts", 0, OPTION_FLAG, false, NULL,
     "with --log-key and --format json: each receipt, of what is refused too, has itself signed by "
     "the log, as 'receipt' (docs/FORMAT.md section 15); 'tijori-audit check-receipt' checks it"},
    {"map-size", 0, OPTION_VALUE, false, "BYTES", NULL}, /* for tests of a full ledger */
    FORMAT_OPTION("text|json"),
    END_OF_OPTIONS,
};
static const char *const ingest_paragraphs[] = {
    "Verifies, applies and commits; prints one receipt a line for each envelope, once it is on the "
    "disk. A refused envelope prints the record, the field and the rule, and the others go on. An "
    "envelope that is in the ledger already counts as accepted, and its line says so.",
    "Text shortens envelope ids and leaf hashes to 16 digits; --format json prints one JSON object "
    "a line with all of it.",
    "A file may hold several envelopes. Where its bytes are no envelope, or end inside one, the "
    "rest of that file is not read; other files go on.",
    "SIGTERM and SIGINT end the reading; what was submitted by then is decided, its receipts are "
    "printed and the ledger is closed.",
    "A receipt is not signed when the bytes have no envelope id or nothing was decided (a commit "
    "failed, no memory).",
    "Exit status 65 when any was refused, 75 when there was no space for one or a signal ended the "
    "reading, 74 when a commit failed.",
    NULL,
};
static const struct example_row ingest_examples[] = {
    {"tijori ingest ledger purchases.tje", "the movements become entries"},
    {"tijori ingest ledger - --format json <batch.tje", "from standard input, receipts as JSON"},
    END_OF_EXAMPLES,
};

/* ---- reading ---- */

#define LIST_FORMATS "text|json|jsonl|csv"

static const struct operand_row ledger_operands[] = {LEDGER_OPERAND, END_OF_OPERANDS};
static const struct option_row status_options[] = {FORMAT_OPTION("text|json"), END_OF_OPTIONS};

static const struct option_row parties_options[] = {
    {"keys", 0, OPTION_FLAG, false, NULL, "each key too; csv and jsonl then hold the keys alone"},
    FORMAT_OPTION(LIST_FORMATS),
    END_OF_OPTIONS,
};

static const struct option_row accounts_options[] = {
    {"party", 0, OPTION_VALUE, false, "N", "those of this party; default all"},
    FORMAT_OPTION(LIST_FORMATS),
    END_OF_OPTIONS,
};

static const char *const figures_paragraphs[] = {
    "Balances are printed in decimals and in base units (satoshi); in JSON both are strings, since "
    "a JSON number does not hold every one of them. csv and jsonl hold rows alone, without sums.",
    NULL,
};

static const struct operand_row balance_operands[] = {
    LEDGER_OPERAND,
    {"ACCOUNT", OPERAND_OPTIONAL, "party:local; default all"},
    END_OF_OPERANDS,
};
static const struct option_row balance_options[] = {
    {"by", 0, OPTION_VALUE, false, "account|purpose|class|party|value-date", "what to add up by"},
    {"at", 0, OPTION_VALUE, false, "WHEN",
     "after this entry, or up to the end of this date or up to this time (UTC), by the time of "
     "receipt; default now"},
    FORMAT_OPTION(LIST_FORMATS),
    END_OF_OPTIONS,
};
static const char *const balance_paragraphs[] = {
    "By purpose it says how the reserve came to be: for each purpose and basis what came into "
    "reserve accounts from others, went out of them, and moved from one to another, which never "
    "makes the reserve grow. What openings brought in that was held before the ledger stands in a "
    "column of its own. With ACCOUNT, what came into and went out of that account.",
    "By value date it says what came into the reserve and went out of it on which day, by what the "
    "movements say: one without a value date counts on the day of its receipt, a post on that of "
    "its pending movement. Later entries may tell of earlier days, so it is as known at an entry.",
    "Balances are printed in decimals and in base units (satoshi); in JSON both are strings, since "
    "a JSON number does not hold every one of them. csv and jsonl hold rows alone, without sums.",
    NULL,
};
static const struct example_row balance_examples[] = {
    {"tijori balance ledger --by purpose", "how the reserve came to be"},
    {"tijori balance ledger 1:0 --at 2024-12-31", "one account at the end of a year"},
    END_OF_EXAMPLES,
};

static const struct operand_row history_operands[] = {
    LEDGER_OPERAND,
    {"ACCOUNT", OPERAND_NEEDED, "party:local"},
    END_OF_OPERANDS,
};
static const struct option_row history_options[] = {
    {"limit", 0, OPTION_VALUE, false, "N", "at most N movements; default all"},
    FORMAT_OPTION(LIST_FORMATS),
    END_OF_OPTIONS,
};
static const char *const history_paragraphs[] = {
    "The sign of an amount says which way it went; the balance is that after the movement. A "
    "pending or void record moves nothing: the balance stays.",
    NULL,
};

static const struct option_row rules_options[] = {
    {"party", 0, OPTION_VALUE, false, "N",
     "tiers and limits on this party; default all, with the "
     "programmes"},
    {"all", 0, OPTION_FLAG, false, NULL, "those that were ended too"},
    FORMAT_OPTION(LIST_FORMATS),
    END_OF_OPTIONS,
};
static const char *const rules_paragraphs[] = {
    "Tiers, limits and programmes in words, each with how far it is used at the time of the newest "
    "entry: what left in an outflow limit's window, a programme's net and what nobody else vouched "
    "for (unclassified), the reserve over a minimum, breaches.",
    NULL,
};
static const struct example_row rules_examples[] = {
    {"tijori rules ledger --party 1", "what binds the treasury, and how much is left"},
    END_OF_EXAMPLES,
};

static const struct option_row pending_options[] = {
    {"party", 0, OPTION_VALUE, false, "N", "those out of this party's accounts; default all"},
    FORMAT_OPTION(LIST_FORMATS),
    END_OF_OPTIONS,
};
static const char *const pending_paragraphs[] = {
    "Movements that were neither posted nor voided: who approved each, what the tier of its amount "
    "wants and what of it is missing, and from when on it may be posted. Approvals of keys that "
    "are "
    "revoked by now do not count.",
    NULL,
};
static const struct example_row pending_examples[] = {
    {"tijori pending ledger", "what waits for approvals or for its time"},
    END_OF_EXAMPLES,
};

static const struct operand_row log_operands[] = {
    {"DIR", OPERAND_LEDGER, "the ledger's directory, or an exported folder"},
    END_OF_OPERANDS,
};
static const struct option_row log_options[] = {
    {"party", 0, OPTION_VALUE, false, "N",
     "what this party did, and what names it or its accounts"},
    {"kind", 0, OPTION_LIST, false, "KIND", "records of these kinds, as in show: move, set_tier"},
    {"account", 0, OPTION_VALUE, false, "A", "what names this account, party:local"},
    {"since", 0, OPTION_VALUE, false, "WHEN", "received on this date or later, or at this time"},
    {"until", 0, OPTION_VALUE, false, "WHEN", "received by the end of this date, or by this time"},
    {"summary", 0, OPTION_FLAG, false, NULL,
     "one line for all movements of an entry that are of one kind, purpose and asset"},
    FORMAT_OPTION(LIST_FORMATS),
    END_OF_OPTIONS,
};
static const char *const log_paragraphs[] = {
    "Says in words what was done and who signed it, oldest first, one line a record. Parties and "
    "keys are called what they were called then.",
    "It reads what is written and judges nothing: 'tijori-audit verify' does. It always reads from "
    "the first entry on, for the names; its memory does not grow with the log.",
    NULL,
};
static const struct example_row log_examples[] = {
    {"tijori log ledger --kind set_tier set_limit programme end_rule", "how the rules came to be"},
    {"tijori log /srv/reserve --party 1 --since 2026-01-01", "one party's year, from an export"},
    END_OF_EXAMPLES,
};

static const struct operand_row show_operands[] = {
    {"DIR|FILE", OPERAND_LEDGER,
     "the ledger's directory, or a file of envelopes (- is standard input)"},
    {"ENTRY", OPERAND_OPTIONAL,
     "of a ledger: its index; a range, FIRST..LAST, or FIRST.. to the newest; or one record, "
     "ENTRY:POSITION"},
    END_OF_OPERANDS,
};
static const struct option_row show_options[] = {
    BOOK_OPTIONS,
    FORMAT_OPTION("text|json|jsonl"),
    END_OF_OPTIONS,
};
static const char *const show_paragraphs[] = {
    "Of a ledger: prints entries and their records, decoded. The JSON forms carry the raw bytes as "
    "well, which is all that a verifier of one's own needs (docs/FORMAT.md section 10).",
    "Of a file: prints every envelope before anybody signs it: who submits it and until when, each "
    "record, what the records come to, the documents attached, who signed, the rules that its "
    "movements meet and what it still lacks. Names, rules and thresholds are looked up with "
    "--ledger; an envelope of another ledger is refused. Signatures change nothing that is shown "
    "but who signed.",
    NULL,
};
static const struct example_row show_examples[] = {
    {"tijori show ledger 5", "the entry with index 5"},
    {"tijori show purchases.tje --ledger ledger", "what one is about to sign"},
    END_OF_EXAMPLES,
};

static const struct operand_row prove_operands[] = {
    LEDGER_OPERAND,
    {"ENTRY[:RECORD]", OPERAND_NEEDED, "the entry by its index, or one record of it"},
    END_OF_OPERANDS,
};
static const struct option_row prove_options[] = {
    {"output", 'o', OPTION_VALUE, true, "FILE",
     "where the proof goes, by custom FILE.tlog-proof; - is standard output. Not overwritten"},
    {"entry-bytes", 0, OPTION_VALUE, false, "FILE",
     "write the entry as it stands in the log too: what a general C2SP verifier wants as the leaf. "
     "Not overwritten"},
    END_OF_OPTIONS,
};
static const char *const prove_paragraphs[] = {
    "Writes a C2SP tlog-proof by the newest checkpoint. 'tijori-audit check-proof' checks it with "
    "nothing but the log's verifier key. It shows the entry's header and signatures and, with "
    "RECORD, that one record; of other records only those that registered the keys and parties "
    "that signed, and those that opened the accounts and the asset that the record names.",
    "Exit status 3 when no checkpoint covers the entry yet. A proof that does not verify is never "
    "written: the ledger is then damaged, exit status 1.",
    NULL,
};
static const struct example_row prove_examples[] = {
    {"tijori prove ledger 5:2 -o purchase.tlog-proof", "one movement, and who signed it"},
    END_OF_EXAMPLES,
};

static const struct option_row statement_options[] = {
    STATEMENT_ORDER_OPTIONS,
    {"envelope", 0, OPTION_VALUE, false, "FILE",
     "makes the envelope of the statement's figures too, for 'tijori sign' and 'tijori ingest'. "
     "Not "
     "overwritten"},
    {"sign", 0, OPTION_LIST, false, "KEY",
     "key files that sign that envelope at once; without, no key is needed here"},
    {"party", 0, OPTION_VALUE, false, "N", "the party that states; default 0, the authority"},
    SIGNER_OPTION,
    PASSPHRASE_FILE_OPTION,
    END_OF_OPTIONS,
};
static const char *const statement_paragraphs[] = {
    "Replays and verifies the whole log, then writes what a period did: every reserve and custody "
    "account with opening, movements by purpose and closing; accumulation against each programme, "
    "breaches, pending movements, frozen amounts, customers' totals by custodian, corrections of "
    "prior periods. The same log gives the same bytes, to the operator and to an auditor "
    "('tijori-audit statement').",
    "With --envelope the figures become statement records, which name the JSON form by its hash. "
    "The envelope goes to who signs it, with the document, and comes back signed. Once in the log, "
    "every audit recomputes the figures. A day that is not over is not stated.",
    NULL,
};
static const struct example_row statement_examples[] = {
    {"tijori statement ledger --as-of 2025-06-30 --period 2025-01-01..2025-06-30 -o h1.json",
     "the half-year, to be read"},
    {"tijori statement ledger --as-of 2025-06-30 -o h1.json --envelope h1.tje",
     "and to be signed elsewhere ('tijori sign h1.tje') and put into the log"},
    END_OF_EXAMPLES,
};

/* ---- the log ---- */

static const struct option_row checkpoint_options[] = {
    {"log-key", 0, OPTION_VALUE, false, "FILE",
     "sign with this ed25519 key, an active log key of the ledger"},
    {"add", 0, OPTION_LIST, false, "FILE",
     "add the cosignatures of these checkpoints that the policy's witnesses made to the stored one "
     "of the same text"},
    {"policy", 0, OPTION_VALUE, false, "FILE",
     "a C2SP tlog-policy: its witnesses that have a URL are asked, and its quorum must be there"},
    {"witness", 0, OPTION_LIST, false, "URL", "ask this witness too (C2SP tlog-witness)"},
    {"timeout", 0, OPTION_VALUE, false, "DURATION", "how long to wait for all; default 10s"},
    PASSPHRASE_FILE_OPTION,
    END_OF_OPTIONS,
};
static const char *const checkpoint_paragraphs[] = {
    "Signs the tree over all entries on the disk (C2SP tlog-checkpoint, Ed25519), stores that in "
    "the ledger and prints it. When nothing was appended since the last one, that one is printed, "
    "with its cosignatures. Nothing is signed that does not go on from what was signed last.",
    "Without --log-key it is the newest checkpoint that was signed.",
    "Witnesses are asked all at once. What they sign is verified, stored and printed; without the "
    "policy's quorum the exit status is 3, and asking again later does no harm.",
    NULL,
};
static const struct example_row checkpoint_examples[] = {
    {"tijori checkpoint ledger --log-key log.pem", "what auditors and witnesses ask for"},
    END_OF_EXAMPLES,
};

static const struct option_row scrub_options[] = {END_OF_OPTIONS};
static const char *const scrub_paragraphs[] = {
    "Looks at every row of the ledger: the chain of entries and the records of each, the tree, the "
    "blocks of the state, the attachments. What follows from the log is worked out anew where it "
    "is "
    "damaged. What is the log itself cannot be: it is named, and an export or a copy has it.",
    "Signatures and rules are not looked at again: 'tijori-audit verify' does that.",
    "A program that has the ledger open for writing does the same in the background, slice by "
    "slice, when it has nothing to do; 'tijori status' says how far it has come.",
    NULL,
};
static const struct example_row scrub_examples[] = {
    {"tijori scrub ledger", "after a disk or a memory module had to be replaced"},
    END_OF_EXAMPLES,
};

static const struct operand_row export_operands[] = {
    LEDGER_OPERAND,
    {"OUT", OPERAND_NEEDED,
     "the folder; made when it is missing, or an earlier export of this log"},
    END_OF_OPERANDS,
};
static const struct option_row export_options[] = {
    {"public", 0, OPTION_FLAG, false, NULL, "leave out the bodies of restricted entries"},
    {"attachments", 0, OPTION_FLAG, false, NULL, "take the documents along that records cite"},
    {"change-kind", 0, OPTION_FLAG, false, NULL,
     "make a public folder a full one, with the bodies of restricted entries"},
    END_OF_OPTIONS,
};
static const char *const export_paragraphs[] = {
    "Writes the log up to its newest checkpoint as plain files (C2SP tlog-tiles, docs/FORMAT.md "
    "section 14), to be served by any web server or carried on a stick. An auditor needs nothing "
    "else: 'tijori-audit verify OUT'.",
    "A second export writes what is new, and again what is missing or damaged in the folder; of "
    "the "
    "sound files only checkpoint and FORMAT.md change. A folder of another log, or of a fork of "
    "this "
    "one, is refused, and so is a public folder without --public: its file kind says what it is.",
    NULL,
};
static const struct example_row export_examples[] = {
    {"tijori export ledger /srv/reserve --public --attachments", "for everybody"},
    END_OF_EXAMPLES,
};

/* ---- the table ---- */

static const struct command commands[] = {
    {"key new", "make a key", key_new_paragraphs, key_operands, key_new_options, key_new_examples,
     cmd_key_new},
    {"key convert", "write a key of another program as a key file", key_convert_paragraphs,
     key_convert_operands, key_convert_options, key_convert_examples, cmd_key_convert},
    {"key show", "show a key's public half", key_show_paragraphs, key_operands, key_show_options,
     key_show_examples, cmd_key_show},
    {"genesis", "write the genesis of a ledger, or endorse one", genesis_paragraphs,
     genesis_operands, genesis_options, genesis_examples, cmd_genesis},
    {"init", "make a ledger", init_paragraphs, init_operands, init_options, init_examples,
     cmd_init},
    {"propose", "make unsigned envelopes from CSV or JSON Lines", propose_paragraphs,
     propose_operands, propose_options, propose_examples, cmd_propose},
    {"sign", "sign envelopes", sign_paragraphs, sign_operands, sign_options, sign_examples,
     cmd_sign},
    {"merge", "join signatures that were given on copies", merge_paragraphs, merge_operands,
     merge_options, merge_examples, cmd_merge},
    {"unsign", "take a signature off", unsign_paragraphs, unsign_operands, unsign_options,
     unsign_examples, cmd_unsign},
    {"import", "book the rows of a CSV file that are not booked yet", import_paragraphs,
     import_operands, import_options, import_examples, cmd_import},
    {"ingest", "take envelopes into the ledger", ingest_paragraphs, ingest_operands, ingest_options,
     ingest_examples, cmd_ingest},
    {"checkpoint", "sign and print the log's checkpoint", checkpoint_paragraphs, ledger_operands,
     checkpoint_options, checkpoint_examples, cmd_checkpoint},
    {"export", "write the log as a folder of files", export_paragraphs, export_operands,
     export_options, export_examples, cmd_export},
    {"scrub", "look at all that is stored, and mend what can be", scrub_paragraphs, ledger_operands,
     scrub_options, scrub_examples, cmd_scrub},
    {"status", "show what the ledger is and how far it has come", NULL, ledger_operands,
     status_options, NULL, cmd_status},
    {"parties", "list the parties and their keys", NULL, ledger_operands, parties_options, NULL,
     cmd_parties},
    {"accounts", "list the accounts", figures_paragraphs, ledger_operands, accounts_options, NULL,
     cmd_accounts},
    {"balance", "show balances", balance_paragraphs, balance_operands, balance_options,
     balance_examples, cmd_balance},
    {"history", "show the movements of an account, newest first", history_paragraphs,
     history_operands, history_options, NULL, cmd_history},
    {"pending", "list pending movements and their approvals", pending_paragraphs, ledger_operands,
     pending_options, pending_examples, cmd_pending},
    {"rules", "list tiers, limits and programmes, and how far they are used", rules_paragraphs,
     ledger_operands, rules_options, rules_examples, cmd_rules},
    {"log", "say in words what was done", log_paragraphs, log_operands, log_options, log_examples,
     cmd_log},
    {"show", "show entries of a ledger, or envelopes in a file", show_paragraphs, show_operands,
     show_options, show_examples, cmd_show},
    {"statement", "the statement of a period", statement_paragraphs, ledger_operands,
     statement_options, statement_examples, cmd_statement},
    {"prove", "write a proof of one entry or record", prove_paragraphs, prove_operands,
     prove_options, prove_examples, cmd_prove},
};

static const char *const program_paragraphs[] = {
    "Tijori keeps a reserve's movements as signed envelopes in a hash-chained ledger that anyone "
    "who "
    "has it can replay. Data goes to standard output, everything else to standard error. Secrets "
    "are "
    "read from files, descriptors or the terminal, never from arguments. Times are UTC.",
    NULL,
};

const struct program tijori_program_table = {
    .name = "tijori",
    .summary = "a national Bitcoin reserve ledger",
    .paragraphs = program_paragraphs,
    .commands = commands,
    .command_count = sizeof commands / sizeof commands[0],
    .see_also = "tijori-audit (1)",
    .configured = true,
};
