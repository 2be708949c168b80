/* tijori-audit: the auditor's program. It links nothing that can write a ledger. */

#include "cli/audit_verify.h"
#include "cli/audit_witness.h"

static const struct operand_row verify_operands[] = {
    {"DIR", "the ledger's directory, or a copy of it"},
    {NULL, NULL},
};

static const struct option_row verify_options[] = {
    {"ledger-id", 0, OPTION_VALUE, false, "HEX",
     "the ledger id that the authority published: the log must be this one and no other"},
    {"threads", 0, OPTION_VALUE, false, "N", "threads that hash and verify; default one a core"},
    {"format", 0, OPTION_VALUE, false, "text|json", "how to print"},
    {"state-digest", 0, OPTION_FLAG, false, NULL,
     "print the SHA-256 over the replayed state: two audits of the same log agree on it"},
    {"without-documents", 0, OPTION_FLAG, false, NULL,
     "documents that records cite but that are not stored here do not make the audit incomplete"},
    {NULL, 0, 0, false, NULL, NULL},
};

static const char *const verify_paragraphs[] = {
    "Hashes every stored byte again, checks every link, every signature and every rule in the "
    "order of the log, builds the whole state anew and compares it with the stored one. Prints "
    "one line a check: PASS, FAIL or SKIP, and how many things it covered; then the first failing "
    "entry by its number, what was found and what was expected, and what a passed audit does not "
    "prove.",
    "Exit status 0: every check passed on every entry. 1: a check failed, the storage cannot be "
    "read as a ledger, or it is damaged so badly that reading it crashed. 3: nothing failed, but "
    "the log was not covered in full: it holds what only newer software knows, documents that "
    "records cite are not stored (see --without-documents), or the reading was interrupted.",
    "In this version two SKIP lines do not alone make it 3: no ledger id given with --ledger-id, "
    "and no signed checkpoint. Without them the audit proves that the log is sound in itself, not "
    "that it is the ledger you were promised nor that it is all of it.",
    "The reading is done in a child process, since a hostile file could crash it.",
    NULL,
};

static const struct example_row verify_examples[] = {
    {"tijori-audit verify ledger --ledger-id 4f1c...", "is this that ledger, and is it sound?"},
    {NULL, NULL},
};

static const struct option_row witness_options[] = {
    {"listen", 0, OPTION_VALUE, true, "ADDR:PORT",
     "where to listen: 127.0.0.1:8080, [::1]:8080; port 0: the system chooses"},
    {"key", 0, OPTION_VALUE, true, "FILE", "the witness's key, ed25519"},
    {"name", 0, OPTION_VALUE, true, "NAME",
     "the name of that key, as cosignatures carry it: no space and no plus sign"},
    {"state", 0, OPTION_VALUE, true, "DIR",
     "what was cosigned; made when it is missing. Never to be lost, nor set back to a copy"},
    {"log", 0, OPTION_LIST, true, "VKEY",
     "the logs to witness: verifier keys (type 0x01), or files with one a line"},
    {"passphrase-file", 0, OPTION_LIST, false, "F",
     "the first line of F is the key's passphrase. Without this an encrypted key asks on the "
     "terminal"},
    {"public-address", 0, OPTION_FLAG, false, NULL,
     "listen on an address that is not loopback, without TLS"},
    {NULL, 0, 0, false, NULL, NULL},
};

static const char *const witness_paragraphs[] = {
    "Cosigns checkpoints (C2SP tlog-witness): POST /add-checkpoint with a checkpoint and the proof "
    "that it goes on from the last one cosigned. What is cosigned never contradicts what was "
    "cosigned before. It stands for consistency, not for the ledger's rules: the name may not end "
    "with /replayed, which belongs to auditors who replay the log.",
    "Prints its verifier key (type 0x04) and where it listens, then a line a request on standard "
    "error. Speaks plain HTTP: a proxy in front adds TLS. SIGTERM and SIGINT end it.",
    "When a log shows two checkpoints of one size, both are kept in DIR/evidence.",
    "Losing DIR means to start over as a new witness, with a new key: one that forgot what it "
    "cosigned can be led to contradict it.",
    NULL,
};

static const struct example_row witness_examples[] = {
    {"tijori-audit witness --listen 127.0.0.1:8080 --key witness.pem --name witness.example/w1 "
     "--state state --log logs.txt",
     "a witness of the logs in logs.txt"},
    {NULL, NULL},
};

static const struct command commands[] = {
    {"verify",
     "DIR [--ledger-id HEX] [--threads N] [--format text|json] [--state-digest] "
     "[--without-documents]",
     "replay a ledger's log and compare", verify_paragraphs, verify_operands, verify_options,
     verify_examples, 1, 1, audit_verify},
    {"witness",
     "--listen ADDR:PORT --key FILE --name NAME --state DIR --log VKEY... [--passphrase-file F] "
     "[--public-address]",
     "cosign checkpoints that are consistent, as an HTTP server", witness_paragraphs, NULL,
     witness_options, witness_examples, 0, 0, audit_witness},
};

static const char *const program_paragraphs[] = {
    "Opens a ledger for reading only and trusts nothing in it. The program contains no code that "
    "can write one.",
    NULL,
};

static const struct program program = {
    .name = "tijori-audit",
    .summary = "verifies a Tijori ledger",
    .paragraphs = program_paragraphs,
    .commands = commands,
    .command_count = sizeof commands / sizeof commands[0],
    .see_also = "tijori (1)",
};

int main(int argc, char **argv)
{
    return program_main(&program, argc, argv);
}
