/* tijori-audit: the auditor's program. It links nothing that can write a ledger. */

#include "cli/audit_cosign.h"
#include "cli/audit_diff.h"
#include "cli/audit_verify.h"

#define SOURCE_OPERAND                                                                             \
    {                                                                                              \
        "SRC", "an exported folder, or a ledger's directory or a copy of it"                       \
    }
#define END_OF_OPTIONS                                                                             \
    {                                                                                              \
        NULL, 0, 0, false, NULL, NULL                                                              \
    }
#define LOG_KEY(required)                                                                          \
    {                                                                                              \
        "log-key", 0, OPTION_VALUE, required, "VKEY",                                              \
            "the log's verifier key, or a file with it: pins the ledger and who signs its "        \
            "checkpoints"                                                                          \
    }
#define POLICY                                                                                     \
    {                                                                                              \
        "policy", 0, OPTION_VALUE, false, "FILE",                                                  \
            "a C2SP tlog-policy: the witnesses to trust, and the quorum"                           \
    }
#define PASSPHRASE_FILE                                                                            \
    {                                                                                              \
        "passphrase-file", 0, OPTION_LIST, false, "F",                                             \
            "the first line of F is the passphrase of an encrypted key. Without this it is asked " \
            "for on the terminal"                                                                  \
    }

static const struct operand_row verify_operands[] = {SOURCE_OPERAND, {NULL, NULL}};

static const struct option_row verify_options[] = {
    {"ledger-id", 0, OPTION_VALUE, false, "HEX",
     "the ledger id that the authority published: the log must be this one and no other"},
    LOG_KEY(false),
    POLICY,
    {"state", 0, OPTION_VALUE, false, "STATE",
     "a directory of the auditor's own, where it keeps what it verified: the next audit verifies "
     "what is new, and refuses a log that does not go on from there"},
    {"threads", 0, OPTION_VALUE, false, "N", "threads that hash and verify; default one a core"},
    {"format", 0, OPTION_VALUE, false, "text|json|html", "how to print"},
    {"state-digest", 0, OPTION_FLAG, false, NULL,
     "print the SHA-256 over the replayed state: two audits of the same log agree on it"},
    {"without-documents", 0, OPTION_FLAG, false, NULL,
     "documents that records cite but that are not stored here do not make the audit incomplete"},
    {"public", 0, OPTION_FLAG, false, NULL,
     "nor do the bodies of restricted entries, which a public export leaves out"},
    {"cosign-key", 0, OPTION_VALUE, false, "FILE",
     "when the verification passes, cosign the checkpoint with this ed25519 key"},
    {"cosign-name", 0, OPTION_VALUE, false, "NAME",
     "the name of that key; it ends with /replayed, which tells that its holder replays the log"},
    {"cosign-state", 0, OPTION_VALUE, false, "DIR", "what was cosigned before, as for cosign"},
    {"output", 'o', OPTION_VALUE, false, "OUT", "where the cosigned checkpoint goes"},
    PASSPHRASE_FILE,
    END_OF_OPTIONS,
};

static const char *const verify_paragraphs[] = {
    "Hashes every stored byte again, checks every link, every signature and every rule in the "
    "order of the log, builds the whole state anew and compares it with the stored one. Prints "
    "one line a check: PASS, FAIL or SKIP, and how many things it covered; then the first failing "
    "entry by its number, what was found and what was expected; balances by class and movements by "
    "purpose of the period covered; the checkpoint and its witnesses; and what a passed audit does "
    "not prove. JSON says the same; html is one page that stands by itself, for the printer too.",
    "Exit status 0: every check passed on every entry. 1: a check failed, the source cannot be "
    "read as a log, or it is damaged so badly that reading it crashed. 3: nothing failed, but "
    "something was not checked, and stands in a SKIP line: no log key was pinned, entries are "
    "newer "
    "than the newest checkpoint, a quorum is missing, documents or restricted bodies are not "
    "there, "
    "or only newer software knows what the log holds.",
    "Trust is pinned. Without the log's key and the ledger id, given or remembered, the audit "
    "proves "
    "that the log is sound in itself, not that it is the ledger you were promised nor all of it. A "
    "log key names the ledger, so --log-key does for both. Where no policy is given, witnesses are "
    "not asked for: a SKIP line says so, and does not alone make it 3.",
    "A ledger's directory is read in a child process, since a hostile one could crash LMDB. An "
    "exported folder is read by this program's own code.",
    NULL,
};

static const struct example_row verify_examples[] = {
    {"tijori-audit verify export --log-key log.vkey --policy policy --state audits",
     "is this that ledger, is it sound, and does it go on from what I saw last quarter?"},
    {"tijori-audit verify export --log-key log.vkey --format html >report.html",
     "the report as a page"},
    {NULL, NULL},
};

static const struct operand_row cosign_operands[] = {SOURCE_OPERAND, {NULL, NULL}};
static const struct option_row cosign_options[] = {
    {"key", 0, OPTION_VALUE, true, "FILE", "the witness's ed25519 key"},
    {"name", 0, OPTION_VALUE, true, "NAME", "the name of that key"},
    {"state", 0, OPTION_VALUE, true, "DIR", "what was cosigned before: lose it and you may lie"},
    LOG_KEY(false),
    {"output", 'o', OPTION_VALUE, false, "OUT",
     "where the checkpoint with the new cosignature goes; default standard output"},
    PASSPHRASE_FILE,
    END_OF_OPTIONS,
};
static const char *const cosign_paragraphs[] = {
    "A witness: checks that the log's newest checkpoint is signed by its key and extends the last "
    "one cosigned here, remembers it on the disk, and only then prints it cosigned (C2SP "
    "tlog-cosignature). It does not replay the log; 'verify --cosign-key' does.",
    "A checkpoint that contradicts the last one is exit 1, and both are kept in DIR/evidence. The "
    "log's key is needed the first time, and remembered.",
    NULL,
};

static const struct operand_row diff_operands[] = {
    {"A", "an exported folder or a ledger's directory"},
    {"B", "another"},
    {NULL, NULL},
};
static const struct option_row diff_options[] = {
    {"format", 0, OPTION_VALUE, false, "text|json", "how to print"},
    END_OF_OPTIONS,
};
static const char *const diff_paragraphs[] = {
    "Compares two logs entry by entry: identical (exit 0), one extends the other (exit 0), or "
    "forked "
    "at an entry (exit 1). When both have a checkpoint signed by one key, a fork is proof that its "
    "holder showed two histories, and both are printed.",
    NULL,
};

static const struct command commands[] = {
    {"verify",
     "SRC [--log-key VKEY] [--policy FILE] [--ledger-id HEX] [--state STATE] [--threads N] "
     "[--format text|json|html] [--public] [--without-documents] [--state-digest] "
     "[--cosign-key FILE --cosign-name NAME --cosign-state DIR]",
     "replay a log and compare", verify_paragraphs, verify_operands, verify_options,
     verify_examples, 1, 1, audit_verify},
    {"cosign", "SRC --key FILE --name NAME --state DIR [--log-key VKEY] [-o OUT]",
     "cosign a log's newest checkpoint, as a witness", cosign_paragraphs, cosign_operands,
     cosign_options, NULL, 1, 1, audit_cosign},
    {"diff", "A B [--format text|json]", "where two logs part", diff_paragraphs, diff_operands,
     diff_options, NULL, 2, 2, audit_diff},
};

static const char *const program_paragraphs[] = {
    "Reads a ledger, or an exported folder, and trusts nothing in it. The program contains no code "
    "that can write a ledger.",
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
