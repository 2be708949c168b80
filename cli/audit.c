/* tijori-audit: the auditor's program. It links nothing that can write a ledger. */

#include "cli/audit_proof.h"
#include "cli/audit_verify.h"

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

static const struct operand_row proof_operands[] = {
    {"FILE", "the .tlog-proof; - is standard input"},
    {NULL, NULL},
};

static const struct option_row proof_options[] = {
    {"log-key", 0, OPTION_VALUE, false, "VKEY",
     "the log's verifier key, or a file that holds it: NAME/<ledger id>+ID+KEY, as the authority "
     "published it"},
    {"policy", 0, OPTION_VALUE, false, "FILE",
     "a C2SP tlog-policy: its witnesses must have cosigned the checkpoint"},
    {"format", 0, OPTION_VALUE, false, "text|json", "how to print"},
    {NULL, 0, 0, false, NULL, NULL},
};

static const char *const proof_paragraphs[] = {
    "Checks a proof that 'tijori prove' wrote, with nothing but that file and the log's key: the "
    "log's signature under the checkpoint, that the entry and the record stand in its tree, every "
    "signature under the entry, and that each key that signed was registered in the same log for "
    "the party it signed for. Says in words what that proves, and what stays the log's word.",
    "Exit status 0: all of it. 1: a check failed; the rule and the place are said. 3: no --log-key "
    "was given, or the policy's quorum did not cosign. 65: the file is not such a proof.",
    NULL,
};

static const struct example_row proof_examples[] = {
    {"tijori-audit check-proof purchase.tlog-proof --log-key log.vkey",
     "who moved what, provably?"},
    {NULL, NULL},
};

static const struct command commands[] = {
    {"verify",
     "DIR [--ledger-id HEX] [--threads N] [--format text|json] [--state-digest] "
     "[--without-documents]",
     "replay a ledger's log and compare", verify_paragraphs, verify_operands, verify_options,
     verify_examples, 1, 1, audit_verify},
    {"check-proof", "FILE --log-key VKEY [--policy FILE] [--format text|json]",
     "check a proof of one entry or record, alone", proof_paragraphs, proof_operands, proof_options,
     proof_examples, 1, 1, audit_proof},
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
