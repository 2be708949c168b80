/* An auditor in a page: replays an exported folder, and says what was checked.
 *
 *     cc verify.c $(pkg-config --cflags --libs tijori) && ./a.out FOLDER [LOG_KEY [LEDGER_ID]]
 *
 * FOLDER is what `tijori export` or tijori_export wrote. LOG_KEY is the verifier key that the log
 * published (NAME+HASH+BASE64), LEDGER_ID the 64 hex digits that the authority did. Without them
 * the audit says whether the log is sound in itself, not whether it is the one you were promised:
 * its verdict is INCOMPLETE at best. Exit status: 0 PASS, 1 FAIL or no log at all, 2 usage,
 * 3 INCOMPLETE, 4 FINDING: nothing failed, and what is printed has to be known. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <tijori.h>
#include <unistd.h>

/* 64 hex digits as 32 bytes; 0 when it is anything else. */
static int read_id(uint8_t id[32], const char *text)
{
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64) {
        return 0;
    }
    for (int i = 0; i < 32; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) {
            return 0;
        }
        id[i] = (uint8_t)byte;
    }
    return 1;
}

static void print_checks(const struct tijori_report *report)
{
    for (uint32_t i = 0; i < report->check_count; i++) {
        const struct tijori_check *check = &report->checks[i];
        const char *word = check->failed > 0 ? "FAIL" : check->passed > 0 ? "PASS" : "SKIP";
        printf("%s  %s: %llu\n", word, check->text, (unsigned long long)check->passed);
        if (check->skipped > 0) {
            printf("      not checked: %llu  %s\n", (unsigned long long)check->skipped,
                   check->note);
        }
    }
}

static int print_verdict(const struct tijori_report *report)
{
    static const char *const words[] = {"PASS", "INCOMPLETE", "FINDING", "FAIL"};
    static const int codes[] = {0, 3, 4, 1};
    for (uint64_t i = 0; i < report->finding_count && i < TIJORI_FINDINGS_MAX; i++) {
        printf("finding: %s\n", report->findings[i]);
    }
    if (report->failure[0] != '\0') {
        printf("%s\n", report->failure);
    }
    printf("%s: %llu entries, %llu records, %llu signatures of %s\n", words[report->verdict],
           (unsigned long long)report->entries, (unsigned long long)report->records,
           (unsigned long long)report->signatures, report->origin);
    return codes[report->verdict];
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
    static struct tijori_report report; /* 20 KB or so */
    struct tijori_message message;
    struct tijori_pins pins = {0};
    uint8_t id[32];
    keep_standard_descriptors();
    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: verify FOLDER [LOG_KEY [LEDGER_ID]]\n");
        return 2;
    }
    pins.log_key = argc > 2 ? argv[2] : NULL;
    if (argc > 3) {
        if (!read_id(id, argv[3])) {
            fprintf(stderr, "LEDGER_ID is 64 hex digits\n");
            return 2;
        }
        pins.ledger_id = id;
    }
    if (tijori_verify(&report, argv[1], &pins, NULL, &message) != TIJORI_OK) {
        fprintf(stderr, "%s\n", message.text);
        return 1;
    }
    print_checks(&report);
    return after_printing(print_verdict(&report));
}
