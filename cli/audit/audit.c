/* tijori-audit: the auditor's program. It links nothing that can write a ledger. */

#include "cli/audit/cosign.h"
#include "cli/audit/diff.h"
#include "cli/audit/proof.h"
#include "cli/audit/receipt.h"
#include "cli/audit/statement.h"
#include "cli/audit/verify.h"
#include "cli/audit/witness.h"
#include "cli/keys.h"
#include "cli/statement_order.h"

#define SOURCE_OPERAND                                                                             \
    {                                                                                              \
        "SRC", OPERAND_NEEDED, "an exported folder, or a ledger's directory or a copy of it"       \
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
#define FINDINGS_OK_OPTION                                                                         \
    {                                                                                              \
        "findings-ok", 0, OPTION_FLAG, false, NULL,                                                \
            "findings are shown, and the exit status is what it is without them"                   \
    }
static const struct operand_row verify_operands[] = {SOURCE_OPERAND, END_OF_OPERANDS};

static const struct option_row verify_options[] = {
    {"ledger-id", 0, OPTION_VALUE, false, "HEX",
     "the ledger id that the authority published: the log must be this one and no other"},
    LOG_KEY(false),
    POLICY,
    {"state", 0, OPTION_VALUE, false, "STATE",
     "a directory of the auditor's own, where it keeps what it verified: the next audit verifies "
     "what is new, and refuses a log that does not go on from there"},
    {"threads", 0, OPTION_VALUE, false, "N", "threads that hash and verify; default one a core"},
    FORMAT_OPTION("text|json|html"),
    {"state-digest", 0, OPTION_FLAG, false, NULL,
     "print the SHA-256 over the replayed state: two audits of the same log agree on it"},
    {"without-documents", 0, OPTION_FLAG, false, NULL,
     "documents that records cite but that are not stored here do not make the audit incomplete"},
    {"public", 0, OPTION_FLAG, false, NULL,
     "nor do the bodies of restricted entries, which a public export leaves out"},
    FINDINGS_OK_OPTION,
    {"cosign-key", 0, OPTION_VALUE, false, "FILE",
     "when the verification passes, cosign the checkpoint with this ed25519 key"},
    {"cosign-name", 0, OPTION_VALUE, false, "NAME",
     "the name of that key; it ends with /replayed, which tells that its holder replays the log"},
    {"cosign-state", 0, OPTION_VALUE, false, "DIR", "what was cosigned before, as for cosign"},
    {"output", 'o', OPTION_VALUE, false, "OUT", "where the cosigned checkpoint goes"},
    PASSPHRASE_FILE_OPTION,
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
    "read as a log, or it is damaged so badly that reading it crashed. 4: nothing failed, and "
    "there "
    "are findings, which the first line counts: a statement that the log contradicts, a delay that "
    "was not kept by the witnesses' times, a programme that was broken. 3: nothing failed, but "
    "something was not checked, and stands in a SKIP line: no log key was pinned, entries are "
    "newer "
    "than the newest checkpoint, a quorum is missing, documents or restricted bodies are not "
    "there, "
    "or only newer software knows what the log holds. Of several it is 1, then what kept this "
    "program from telling (74, 75, 77), then 4, then 3; the report has all of them. --findings-ok "
    "is for who reads the findings and wants 0.",
    "With --state, what was verified is kept only after the report was written. Findings of "
    "earlier audits are told again.",
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
    END_OF_EXAMPLES,
};

static const struct operand_row cosign_operands[] = {SOURCE_OPERAND, END_OF_OPERANDS};
static const struct option_row cosign_options[] = {
    {"key", 0, OPTION_VALUE, true, "FILE", "the witness's ed25519 key"},
    {"name", 0, OPTION_VALUE, true, "NAME", "the name of that key"},
    {"state", 0, OPTION_VALUE, true, "DIR", "what was cosigned before: lose it and you may lie"},
    LOG_KEY(false),
    {"output", 'o', OPTION_VALUE, false, "OUT",
     "where the checkpoint with the new cosignature goes; default standard output"},
    PASSPHRASE_FILE_OPTION,
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
    {"A", OPERAND_NEEDED, "an exported folder or a ledger's directory"},
    {"B", OPERAND_NEEDED, "another"},
    END_OF_OPERANDS,
};
static const struct option_row diff_options[] = {
    FORMAT_OPTION("text|json"),
    END_OF_OPTIONS,
};
static const char *const diff_paragraphs[] = {
    "Compares two logs entry by entry: identical (exit 0), one extends the other (exit 0), or "
    "forked "
    "at an entry (exit 1). When both have a checkpoint signed by one key, a fork is proof that its "
    "holder showed two histories, and both are printed.",
    NULL,
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
    PASSPHRASE_FILE_OPTION,
    {"public-address", 0, OPTION_FLAG, false, NULL,
     "listen on an address that is not loopback, without TLS"},
    END_OF_OPTIONS,
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
    END_OF_EXAMPLES,
};

static const struct operand_row proof_operands[] = {
    {"FILE", OPERAND_NEEDED, "the .tlog-proof; - is standard input"},
    END_OF_OPERANDS,
};

static const struct option_row proof_options[] = {
    LOG_KEY(false),
    POLICY,
    FORMAT_OPTION("text|json"),
    END_OF_OPTIONS,
};

static const char *const proof_paragraphs[] = {
    "Checks a proof that 'tijori prove' wrote, with nothing but that file and the log's key: the "
    "log's signature under the checkpoint, that the entry and the record stand in its tree, every "
    "signature under the entry, and that each key that signed was registered in the same log for "
    "the party it signed for. Says in words what that proves, and what stays the log's word.",
    "A log line of the policy stands for --log-key. Exit status 0: all of it. 1: a check failed; "
    "the "
    "rule and the place are said. 3: no log key was given, or the policy's quorum did not cosign. "
    "65: the file is not such a proof.",
    NULL,
};

static const struct example_row proof_examples[] = {
    {"tijori-audit check-proof purchase.tlog-proof --log-key log.vkey",
     "who moved what, provably?"},
    END_OF_EXAMPLES,
};

static const struct operand_row receipt_operands[] = {
    {"FILE", OPERAND_NEEDED,
     "a signed receipt, or the JSON line of 'tijori ingest --sign-receipts' that holds it; "
     "- is standard input"},
    SOURCE_OPERAND,
    END_OF_OPERANDS,
};

static const struct option_row receipt_options[] = {
    LOG_KEY(true),
    {"policy", 0, OPTION_VALUE, false, "FILE",
     "a C2SP tlog-policy: a witness's time proves that a deadline was missed"},
    {"at", 0, OPTION_VALUE, false, "TIME",
     "the time to judge deadlines by (RFC 3339); default now"},
    FORMAT_OPTION("text|json"),
    END_OF_OPTIONS,
};

static const char *const receipt_paragraphs[] = {
    "Holds a receipt that the log signed against the log as it is shown now. Of an accepted "
    "envelope: the promised entry stands in its place under a checkpoint of the same key; where "
    "another entry stands there, the log was forked, and both signed statements are printed, which "
    "prove it to anyone. Of a refused one: whether the envelope is in the log all the same. Of "
    "both: "
    "the log that was there when the receipt was signed is a beginning of the log there is now.",
    "A checkpoint has to cover an accepted entry within the ledger's checkpoint_delay_max of its "
    "receipt.",
    "Exit status 0: the log keeps its word. 1: it does not, or the receipt is not its own, or SRC "
    "is "
    "damaged. 3: no checkpoint covers the entry yet and none is due, or --log-key signed none "
    "here. "
    "65: the file is no receipt.",
    NULL,
};

static const struct example_row receipt_examples[] = {
    {"tijori-audit check-receipt receipt.json export --log-key log.vkey",
     "is what was promised to me in the log that everyone sees?"},
    END_OF_EXAMPLES,
};

static const struct option_row statement_options[] = {
    STATEMENT_ORDER_OPTIONS,
    LOG_KEY(false),
    POLICY,
    {"ledger-id", 0, OPTION_VALUE, false, "HEX", "the ledger id, pinned"},
    FINDINGS_OK_OPTION,
    END_OF_OPTIONS,
};

static const char *const statement_paragraphs[] = {
    "Makes the statement of a period as 'tijori statement' does, byte for byte, from an exported "
    "folder that verifies: a log that does not gives none (exit 1). Says which entries of the log "
    "state the same period, whether of this very document, and what contradicts the log.",
    "A public export that lacks restricted records gives a statement without custody accounts.",
    "Exit status 4: made, and the log has findings, which are told. 3: made, but not everything "
    "was "
    "checked, as without --log-key.",
    NULL,
};

static const struct command commands[] = {
    {"verify", "replay a log and compare", verify_paragraphs, verify_operands, verify_options,
     verify_examples, audit_verify},
    {"statement", "make a period's statement without the operator", statement_paragraphs,
     verify_operands, statement_options, NULL, audit_statement},
    {"cosign", "cosign a log's newest checkpoint, as a witness", cosign_paragraphs, cosign_operands,
     cosign_options, NULL, audit_cosign},
    {"diff", "where two logs part", diff_paragraphs, diff_operands, diff_options, NULL, audit_diff},
    {"witness", "cosign checkpoints that are consistent, as an HTTP server", witness_paragraphs,
     NULL, witness_options, witness_examples, audit_witness},
    {"check-proof", "check a proof of one entry or record, alone", proof_paragraphs, proof_operands,
     proof_options, proof_examples, audit_proof},
    {"check-receipt", "hold a signed receipt against the log", receipt_paragraphs, receipt_operands,
     receipt_options, receipt_examples, audit_receipt},
};

static const char *const program_paragraphs[] = {
    "Reads a ledger, or an exported folder, and trusts nothing in it. The program contains no code "
    "that can write a ledger.",
    NULL,
};

/* Not configured: what an auditor trusts (--log-key, --policy, --ledger-id) he says each time. A
 * pin out of a file that a ledger's host can write, or that is left over from another ledger, would
 * make an audit pass that proves nothing of what was promised to him. */
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
    return program_main(&program, argv, argc);
}
