#include "cli/gather.h"

#include "cli/exit.h"
#include "core/base/status.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

enum {
    ANSWER_MAX = 32768, /* bytes: many signature lines */
    SHOWN_MAX = 100,    /* of an answer in a message */
    POLL_MS = 1000,
};

static const char path[] = "add-checkpoint";

/* One witness being asked. */
struct asked {
    struct gather_witness *witness;
    CURL *easy;    /* NULL when it is done */
    uint64_t told; /* the old size of the request on its way */
    size_t answer_size;
    bool too_large;
    char curl_error[CURL_ERROR_SIZE];
    char stranger[100]; /* the name of who signed instead */
    char url[GATHER_URL_MAX + 2 + sizeof path];
    char request[TJ_WITNESS_REQUEST_MAX];
    char answer[ANSWER_MAX];
};

struct round {
    CURLM *multi;
    struct curl_slist *headers;
    struct asked *asked;
    size_t count;
    size_t cosigned;
    char *note;
    size_t *note_size;
    size_t note_capacity;
    struct tj_checkpoint checkpoint;
    gather_prove *prove;
    void *context;
    uint64_t deadline_ms;
};

const char *gather_outcome_text(enum gather_outcome outcome)
{
    switch (outcome) {
    case GATHER_COSIGNED:
        return "cosigned";
    case GATHER_AHEAD:
        return "has cosigned a larger size";
    case GATHER_STRANGER:
        return "not counted: signed by nobody whom the policy knows";
    case GATHER_UNKNOWN_LOG:
        return "does not know this log";
    case GATHER_NOT_TRUSTED:
        return "does not trust the log's signature";
    case GATHER_REFUSED:
        return "refused: not consistent with what it cosigned before";
    case GATHER_BAD_ANSWER:
        return "gave an answer that is none";
    case GATHER_NO_PROOF:
        return "remembers a size from which there is no proof";
    case GATHER_UNREACHABLE:
        return "could not be reached";
    }
    abort();
}

size_t gather_of_policy(struct gather_witness *out, const struct tj_policy *policy)
{
    size_t count = 0;
    for (size_t i = 0; i < policy->node_count; i++) {
        const struct tj_policy_node *node = &policy->nodes[i];
        if (!node->is_group && node->url[0] != '\0') {
            out[count++] = (struct gather_witness){.url = node->url, .key = &node->key};
        }
    }
    return count;
}

/* Bytes of the submission prefix: without a slash at the end, and without the path of the request,
 * which is added for asking. */
static size_t prefix_size(const char *url)
{
    const size_t path_size = sizeof path - 1;
    size_t size = strlen(url);
    size -= size > 0 && url[size - 1] == '/';
    if (size > path_size && url[size - path_size - 1] == '/' &&
        memcmp(url + size - path_size, path, path_size) == 0) {
        size -= path_size + 1;
    }
    return size;
}

bool gather_same_url(const char *a, const char *b)
{
    const size_t size = prefix_size(a);
    return size == prefix_size(b) && memcmp(a, b, size) == 0;
}

static uint64_t clock_ms(void)
{
    struct timespec now;
    TIJORI_REQUIRE(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- asking ---- */

static void end(struct round *round, struct asked *asked, enum gather_outcome outcome,
                const char *detail)
{
    asked->witness->outcome = outcome;
    snprintf(asked->witness->detail, sizeof asked->witness->detail, "%s", detail);
    round->cosigned += outcome == GATHER_COSIGNED;
    if (asked->easy != NULL) {
        curl_multi_remove_handle(round->multi, asked->easy);
        curl_easy_cleanup(asked->easy);
        asked->easy = NULL;
    }
}

static size_t take_answer(char *data, size_t one, size_t size, void *context)
{
    struct asked *asked = context;
    (void)one; /* always 1 */
    if (size > ANSWER_MAX - asked->answer_size) {
        asked->too_large = true;
        return 0; /* ends the transfer */
    }
    memcpy(asked->answer + asked->answer_size, data, size);
    asked->answer_size += size;
    return size;
}

static bool set_options(const struct round *round, struct asked *asked)
{
    CURL *easy = asked->easy;
    return curl_easy_setopt(easy, CURLOPT_URL, asked->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, round->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "tijori") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, asked->curl_error) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, asked) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, asked) == CURLE_OK;
}

/* Sends the request from witness->old_size on. The handle is not in the multi. */
static void ask(struct round *round, struct asked *asked)
{
    struct tj_hash proof[TJ_PROOF_HASHES_MAX];
    struct gather_witness *witness = asked->witness;
    const uint64_t now_ms = clock_ms();
    size_t count = 0;
    char why[64];
    if (witness->old_size > 0 && witness->old_size < round->checkpoint.size &&
        !round->prove(round->context, proof, &count, witness->old_size)) {
        snprintf(why, sizeof why, "no proof from size %" PRIu64, witness->old_size);
        end(round, asked, GATHER_NO_PROOF, why);
        return;
    }
    if (now_ms >= round->deadline_ms) {
        end(round, asked, GATHER_UNREACHABLE, "the time is up");
        return;
    }
    const size_t size =
        tj_witness_request_encode(asked->request, sizeof asked->request, witness->old_size, proof,
                                  count, round->note, *round->note_size);
    TIJORI_REQUIRE(size > 0);
    asked->told = witness->old_size;
    asked->answer_size = 0;
    asked->too_large = false;
    asked->curl_error[0] = '\0';
    witness->tries++;
    if (curl_easy_setopt(asked->easy, CURLOPT_POSTFIELDS, asked->request) != CURLE_OK ||
        curl_easy_setopt(asked->easy, CURLOPT_POSTFIELDSIZE, (long)size) != CURLE_OK ||
        curl_easy_setopt(asked->easy, CURLOPT_TIMEOUT_MS, (long)(round->deadline_ms - now_ms)) !=
            CURLE_OK ||
        curl_multi_add_handle(round->multi, asked->easy) != CURLM_OK) {
        end(round, asked, GATHER_UNREACHABLE, "the request cannot be set up");
    }
}

static void begin(struct round *round, struct asked *asked)
{
    const char *url = asked->witness->url;
    const size_t size = strlen(url);
    if (size == 0 || size > GATHER_URL_MAX) {
        end(round, asked, GATHER_UNREACHABLE, "a URL of no fitting length");
        return;
    }
    snprintf(asked->url, sizeof asked->url, "%.*s/%s", (int)prefix_size(url), url, path);
    asked->easy = curl_easy_init();
    if (asked->easy == NULL || !set_options(round, asked)) {
        end(round, asked, GATHER_UNREACHABLE, "the request cannot be set up");
        return;
    }
    ask(round, asked);
}

/* ---- answers ---- */

/* The first witness of the policy by whose name and key id there is a line; NULL for none. */
static const struct tj_verifier_key *key_in_policy(const struct tj_policy *policy,
                                                   const struct tj_note_view *note)
{
    for (size_t i = 0; i < policy->node_count; i++) {
        const struct tj_policy_node *node = &policy->nodes[i];
        if (!node->is_group && tj_note_find(note, &node->key) != NULL) {
            return &node->key;
        }
    }
    return NULL;
}

/* The checkpoint's text followed by the line of the witness's key, which is looked for in the
 * policy when it is not known. 0, with the outcome and why, when the answer is not lines, or has
 * none of the key that verifies. */
static size_t signed_lines(const struct round *round, struct asked *asked, char *out,
                           size_t out_size, enum gather_outcome *outcome, const char **why)
{
    struct tj_note_view own;
    struct tj_note_view view;
    struct gather_witness *witness = asked->witness;
    TIJORI_REQUIRE(tj_note_decode(&own, round->note, *round->note_size));
    const size_t start = own.text_size + 1;
    TIJORI_REQUIRE(start + asked->answer_size <= out_size);
    memcpy(out, round->note, start);
    memcpy(out + start, asked->answer, asked->answer_size);
    *outcome = GATHER_BAD_ANSWER;
    *why = "not signature lines";
    if (!tj_note_decode(&view, out, start + asked->answer_size) ||
        view.text_size != own.text_size) {
        return 0;
    }
    if (witness->key == NULL && witness->policy == NULL) {
        return start + asked->answer_size;
    }
    if (witness->key == NULL) {
        witness->key = key_in_policy(witness->policy, &view);
    }
    if (witness->key == NULL) {
        *outcome = GATHER_STRANGER;
        snprintf(asked->stranger, sizeof asked->stranger, "%.*s", (int)view.signatures[0].name_size,
                 view.signatures[0].name);
        *why = asked->stranger;
        return 0;
    }
    *why = "no cosignature by its key";
    const enum tj_note_verdict verdict =
        tj_cosignature_verify(&view, &witness->time_s, witness->key);
    if (verdict != TJ_NOTE_VALID) {
        *why = verdict == TJ_NOTE_INVALID     ? "a cosignature that does not verify"
               : verdict == TJ_NOTE_UNDECIDED ? tijori_status_text(tj_undecided())
                                              : *why;
        return 0;
    }
    const struct tj_note_signature_view *line = tj_note_find(&view, witness->key);
    const size_t line_size = tj_note_line_size(line);
    memmove(out + start, tj_note_line_start(line), line_size);
    return start + line_size;
}

static void merge(struct round *round, struct asked *asked)
{
    char lines[TJ_CHECKPOINT_TEXT_MAX + 1 + ANSWER_MAX];
    const char *why = NULL;
    enum gather_outcome outcome;
    const size_t size = signed_lines(round, asked, lines, sizeof lines, &outcome, &why);
    if (size == 0) {
        end(round, asked, outcome, why);
    } else if (!tj_note_merge(round->note, round->note_size, round->note_capacity, lines, size)) {
        end(round, asked, GATHER_BAD_ANSWER, "no room for its lines in the checkpoint");
    } else {
        asked->witness->old_size = round->checkpoint.size;
        end(round, asked, GATHER_COSIGNED, "");
    }
}

/* 409: the witness remembers another size, and says which. */
static void retry(struct round *round, struct asked *asked)
{
    uint64_t size = 0;
    const size_t digits = asked->answer_size > 0 ? asked->answer_size - 1 : 0;
    char why[96];
    if (digits == 0 || asked->answer[digits] != '\n' ||
        !tj_parse_decimal64(&size, asked->answer, digits)) {
        end(round, asked, GATHER_BAD_ANSWER, "a conflict without a size");
        return;
    }
    if (size == asked->told || asked->witness->tries == GATHER_TRIES_MAX) {
        snprintf(why, sizeof why, "asked from size %" PRIu64 ", it names %" PRIu64, asked->told,
                 size);
        end(round, asked, GATHER_BAD_ANSWER, why);
        return;
    }
    asked->witness->old_size = size;
    if (size > round->checkpoint.size) {
        snprintf(why, sizeof why, "size %" PRIu64, size);
        end(round, asked, GATHER_AHEAD, why);
        return;
    }
    curl_multi_remove_handle(round->multi, asked->easy);
    ask(round, asked);
}

static void refused(struct round *round, struct asked *asked, enum gather_outcome outcome)
{
    const size_t shown = asked->answer_size < SHOWN_MAX ? asked->answer_size : SHOWN_MAX;
    char detail[64 + SHOWN_MAX];
    char said[SHOWN_MAX + 1];
    memcpy(said, asked->answer, shown);
    said[shown] = '\0';
    said[strcspn(said, "\r\n")] = '\0';
    snprintf(detail, sizeof detail, "HTTP status %u%s%s", asked->witness->http_code,
             said[0] != '\0' ? ": " : "", said);
    end(round, asked, outcome, detail);
}

static void answered(struct round *round, struct asked *asked, CURLcode result)
{
    long code = 0;
    if (asked->too_large) {
        end(round, asked, GATHER_BAD_ANSWER, "an answer larger than 32768 bytes");
        return;
    }
    if (result != CURLE_OK) {
        end(round, asked, GATHER_UNREACHABLE,
            asked->curl_error[0] != '\0' ? asked->curl_error : curl_easy_strerror(result));
        return;
    }
    curl_easy_getinfo(asked->easy, CURLINFO_RESPONSE_CODE, &code);
    asked->witness->http_code = (unsigned)code;
    switch (code) {
    case 200:
        merge(round, asked);
        return;
    case 409:
        retry(round, asked);
        return;
    case 403:
        refused(round, asked, GATHER_NOT_TRUSTED);
        return;
    case 404:
        refused(round, asked, GATHER_UNKNOWN_LOG);
        return;
    case 422:
        refused(round, asked, GATHER_REFUSED);
        return;
    default:
        refused(round, asked, GATHER_BAD_ANSWER);
    }
}

static void run(struct round *round)
{
    int running = 0;
    int left = 0;
    for (;;) {
        if (curl_multi_perform(round->multi, &running) != CURLM_OK) {
            break;
        }
        bool news = false;
        for (CURLMsg *said = curl_multi_info_read(round->multi, &left); said != NULL;
             said = curl_multi_info_read(round->multi, &left)) {
            char *private = NULL;
            const CURLcode result = said->data.result; /* gone with the handle */
            TIJORI_REQUIRE(said->msg == CURLMSG_DONE);
            curl_easy_getinfo(said->easy_handle, CURLINFO_PRIVATE, &private);
            answered(round, (struct asked *)(void *)private, result);
            news = true; /* it may have been asked again */
        }
        if (running == 0 && !news) {
            break;
        }
        if (!news && curl_multi_poll(round->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK) {
            break;
        }
    }
    for (size_t i = 0; i < round->count; i++) {
        if (round->asked[i].easy != NULL) {
            end(round, &round->asked[i], GATHER_UNREACHABLE, "the transfer was given up");
        }
    }
}

static bool is_checkpoint(struct tj_checkpoint *out, const char *note, size_t size)
{
    struct tj_note_view view;
    return size <= TJ_CHECKPOINT_NOTE_MAX && tj_checkpoint_note_decode(&view, out, note, size);
}

size_t gather_cosignatures(struct gather_witness *witnesses, char *note, size_t *size,
                           gather_prove *prove, void *context, size_t count, size_t capacity,
                           unsigned timeout_ms)
{
    static bool initialised;
    struct round round = {.count = count,
                          .note = note,
                          .note_size = size,
                          .note_capacity =
                              capacity < TJ_CHECKPOINT_NOTE_MAX ? capacity : TJ_CHECKPOINT_NOTE_MAX,
                          .prove = prove,
                          .context = context,
                          .deadline_ms = clock_ms() + timeout_ms};
    const bool checkpoint = is_checkpoint(&round.checkpoint, note, *size);
    TIJORI_REQUIRE(count <= GATHER_WITNESSES_MAX);
    if (!initialised) {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
            out_of_memory();
        }
        initialised = true;
    }
    round.multi = memory_needed(curl_multi_init());
    round.headers =
        memory_needed(curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8"));
    round.asked = memory_needed(calloc(count > 0 ? count : 1, sizeof *round.asked));
    for (size_t i = 0; i < count; i++) {
        struct asked *asked = &round.asked[i];
        asked->witness = &witnesses[i];
        asked->witness->tries = 0;
        asked->witness->http_code = 0;
        asked->witness->time_s = 0;
        if (checkpoint) {
            begin(&round, asked);
        } else {
            end(&round, asked, GATHER_NO_PROOF, "what is to be cosigned is not a checkpoint");
        }
    }
    run(&round);
    free(round.asked);
    curl_slist_free_all(round.headers);
    curl_multi_cleanup(round.multi);
    return round.cosigned;
}
