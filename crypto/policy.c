#include "crypto/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    ITEMS_MAX = 3 + TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX, /* of one line */
    SHOWN_MAX = 60, /* characters of a name in a message */
};

/* Part of a line, without a NUL. */
struct item {
    const char *text;
    size_t size;
};

struct reader {
    struct tj_policy *policy;
    struct tj_policy_error *error;
    unsigned line;
    bool quorum_given;
    size_t count;
    struct item items[ITEMS_MAX];
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct reader *reader, const char *format,
                                                         ...)
{
    va_list args;
    va_start(args, format);
    reader->error->line = reader->line;
    (void)vsnprintf(reader->error->text, sizeof reader->error->text, format, args);
    va_end(args);
    return false;
}

/* "%.*s" of an item. */
static int shown(const struct item *item)
{
    return item->size < SHOWN_MAX ? (int)item->size : SHOWN_MAX;
}

static bool item_is(const struct item *item, const char *word)
{
    return item->size == strlen(word) && memcmp(item->text, word, item->size) == 0;
}

/* ---- names, keys, URLs ---- */

static int find_node(const struct tj_policy *policy, const struct item *name)
{
    for (size_t i = 0; i < policy->node_count; i++) {
        if (item_is(name, policy->nodes[i].name)) {
            return (int)i;
        }
    }
    return TJ_POLICY_NODE_NONE;
}

/* A witness or group of a fresh name; NULL when it may not have that name. */
static struct tj_policy_node *add_node(struct reader *reader, const struct item *name,
                                       bool is_group)
{
    struct tj_policy *policy = reader->policy;
    const size_t most = is_group ? TJ_POLICY_GROUPS_MAX : TJ_POLICY_WITNESSES_MAX;
    size_t of_its_kind = 0;
    for (size_t i = 0; i < policy->node_count; i++) {
        of_its_kind += policy->nodes[i].is_group == is_group;
    }
    if (item_is(name, "none")) {
        refuse(reader, "the name 'none' is reserved for the quorum");
    } else if (name->size > TJ_POLICY_NAME_MAX) {
        refuse(reader, "a name has at most %d bytes", TJ_POLICY_NAME_MAX);
    } else if (find_node(policy, name) != TJ_POLICY_NODE_NONE) {
        refuse(reader, "the name '%.*s' is defined twice", shown(name), name->text);
    } else if (of_its_kind == most) {
        refuse(reader, "more than %zu %s", most, is_group ? "groups" : "witnesses");
    } else {
        struct tj_policy_node *node = &policy->nodes[policy->node_count++];
        memset(node, 0, sizeof *node);
        memcpy(node->name, name->text, name->size);
        node->parent = TJ_POLICY_NODE_NONE;
        node->is_group = is_group;
        return node;
    }
    return NULL;
}

static bool read_key(struct reader *reader, struct tj_verifier_key *out, const struct item *item,
                     uint8_t type)
{
    if (!tj_verifier_key_decode(out, item->text, item->size)) {
        return refuse(reader, "'%.*s' is not a verifier key: name+id+key, of type 0x01 or 0x04",
                      shown(item), item->text);
    }
    return out->type == type ||
           refuse(reader, "the key of %s has type 0x%02x, not 0x%02x",
                  type == TJ_NOTE_TYPE_ED25519 ? "a log" : "a witness", out->type, type);
}

/* The optional last item of a line. What the URL means is the application's to know. */
static bool read_url(struct reader *reader, char out[TJ_POLICY_URL_MAX + 1], size_t at)
{
    out[0] = '\0';
    if (at == reader->count) {
        return true;
    }
    const struct item *item = &reader->items[at];
    if (at + 1 < reader->count) {
        return refuse(reader, "'%.*s' is one item too many", shown(item + 1), item[1].text);
    }
    if (item->size > TJ_POLICY_URL_MAX) {
        return refuse(reader, "a URL has at most %d bytes", TJ_POLICY_URL_MAX);
    }
    memcpy(out, item->text, item->size);
    out[item->size] = '\0';
    return true;
}

/* ---- lines ---- */

static bool read_log(struct reader *reader)
{
    struct tj_policy *policy = reader->policy;
    if (reader->count < 2) {
        return refuse(reader, "a log line is: log <vkey> [<url>]");
    }
    if (policy->log_count == TJ_POLICY_LOGS_MAX) {
        return refuse(reader, "more than %d logs", TJ_POLICY_LOGS_MAX);
    }
    struct tj_policy_log *log = &policy->logs[policy->log_count];
    if (!read_key(reader, &log->key, &reader->items[1], TJ_NOTE_TYPE_ED25519) ||
        !read_url(reader, log->url, 2)) {
        return false;
    }
    for (size_t i = 0; i < policy->log_count; i++) {
        if (memcmp(policy->logs[i].key.public32, log->key.public32, 32) == 0) {
            return refuse(reader, "a log with this public key stands above already");
        }
    }
    policy->log_count++;
    return true;
}

static bool read_witness(struct reader *reader)
{
    struct tj_policy *policy = reader->policy;
    struct tj_verifier_key key;
    if (reader->count < 3) {
        return refuse(reader, "a witness line is: witness <name> <vkey> [<url>]");
    }
    if (!read_key(reader, &key, &reader->items[2], TJ_NOTE_TYPE_COSIGNATURE)) {
        return false;
    }
    for (size_t i = 0; i < policy->node_count; i++) {
        const struct tj_policy_node *other = &policy->nodes[i];
        if (!other->is_group && memcmp(other->key.public32, key.public32, 32) == 0) {
            return refuse(reader, "the witness '%.60s' has the same public key", other->name);
        }
    }
    struct tj_policy_node *node = add_node(reader, &reader->items[1], false);
    if (node == NULL) {
        return false;
    }
    node->key = key;
    return read_url(reader, node->url, 3);
}

static bool read_threshold(struct reader *reader, unsigned *out, const struct item *item,
                           unsigned members)
{
    uint64_t number = 0;
    if (item_is(item, "all")) {
        number = members;
    } else if (item_is(item, "any")) {
        number = 1;
    } else if (!tj_parse_decimal64(&number, item->text, item->size)) {
        return refuse(reader, "'%.*s' is not all, any or a decimal number", shown(item),
                      item->text);
    }
    if (number < 1 || number > members) {
        return refuse(reader, "a group of %u members cannot need %.*s of them", members,
                      shown(item), item->text);
    }
    *out = (unsigned)number;
    return true;
}

static bool read_group(struct reader *reader)
{
    struct tj_policy *policy = reader->policy;
    if (reader->count < 4) {
        return refuse(reader, "a group line is: group <name> all|any|<k> <name>...");
    }
    const int self = (int)policy->node_count;
    struct tj_policy_node *group = add_node(reader, &reader->items[1], true);
    if (group == NULL) {
        return false;
    }
    group->members = (unsigned)reader->count - 3;
    if (!read_threshold(reader, &group->needed, &reader->items[2], group->members)) {
        return false;
    }
    for (size_t i = 3; i < reader->count; i++) {
        const struct item *name = &reader->items[i];
        const int member = find_node(policy, name);
        /* Its own name does not stand above, though it is in the table by now. */
        if (member == TJ_POLICY_NODE_NONE || member == self) {
            return refuse(reader, "'%.*s' is not defined above", shown(name), name->text);
        }
        if (policy->nodes[member].parent != TJ_POLICY_NODE_NONE) {
            return refuse(reader, "'%.*s' is a member of '%.60s' already", shown(name), name->text,
                          policy->nodes[policy->nodes[member].parent].name);
        }
        policy->nodes[member].parent = self;
    }
    return true;
}

static bool read_quorum(struct reader *reader)
{
    if (reader->count != 2) {
        return refuse(reader, "a quorum line is: quorum <name>|none");
    }
    if (reader->quorum_given) {
        return refuse(reader, "a second quorum line");
    }
    const struct item *name = &reader->items[1];
    reader->quorum_given = true;
    if (item_is(name, "none")) {
        return true;
    }
    reader->policy->quorum = find_node(reader->policy, name);
    return reader->policy->quorum != TJ_POLICY_NODE_NONE ||
           refuse(reader, "'%.*s' is not defined above", shown(name), name->text);
}

static bool split(struct reader *reader, const char *at, const char *end)
{
    reader->count = 0;
    for (;;) {
        while (at < end && (*at == ' ' || *at == '\t')) {
            at++;
        }
        if (at == end || (reader->count == 0 && *at == '#')) {
            return true;
        }
        if (reader->count == ITEMS_MAX) {
            return refuse(reader, "more than %d items", ITEMS_MAX);
        }
        const char *start = at;
        while (at < end && *at != ' ' && *at != '\t') {
            at++;
        }
        reader->items[reader->count++] = (struct item){start, (size_t)(at - start)};
    }
}

static bool read_line(struct reader *reader, const char *start, const char *end)
{
    static const struct {
        const char *word;
        bool (*read)(struct reader *reader);
    } kinds[] = {{"log", read_log},
                 {"witness", read_witness},
                 {"group", read_group},
                 {"quorum", read_quorum}};
    for (const char *at = start; at < end; at++) {
        const unsigned char c = (unsigned char)*at;
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return refuse(reader, "has the control character 0x%02x", c);
        }
    }
    if (!split(reader, start, end)) {
        return false;
    }
    if (reader->count == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (item_is(&reader->items[0], kinds[i].word)) {
            return kinds[i].read(reader);
        }
    }
    return refuse(reader, "'%.*s' is not log, witness, group or quorum", shown(&reader->items[0]),
                  reader->items[0].text);
}

bool tj_policy_decode(struct tj_policy *out, struct tj_policy_error *error, const char *text,
                      size_t size)
{
    struct reader reader = {.policy = out, .error = error};
    memset(error, 0, sizeof *error);
    out->log_count = 0;
    out->node_count = 0;
    out->quorum = TJ_POLICY_NODE_NONE;
    if (size > TJ_POLICY_SIZE_MAX) {
        return refuse(&reader, "larger than %d bytes", TJ_POLICY_SIZE_MAX);
    }
    const char *end = text + size;
    for (const char *at = text; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        reader.line++;
        if (newline == NULL) {
            return refuse(&reader, "the last line has no newline: is the file cut off?");
        }
        if (!read_line(&reader, at, newline)) {
            return false;
        }
        at = newline + 1;
    }
    reader.line = 0;
    return reader.quorum_given || refuse(&reader, "there is no quorum line");
}

/* Members stand before their group: its count is whole when the loop gets there. */
bool tj_policy_holds(const struct tj_policy *policy, const bool counts[])
{
    unsigned holding[TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX] = {0}; /* members that do */
    bool holds = policy->quorum == TJ_POLICY_NODE_NONE;
    for (size_t i = 0; i < policy->node_count; i++) {
        const struct tj_policy_node *node = &policy->nodes[i];
        const bool held = node->is_group ? holding[i] >= node->needed : counts[i];
        if (held && node->parent != TJ_POLICY_NODE_NONE) {
            holding[node->parent]++;
        }
        holds = holds || (held && (int)i == policy->quorum);
    }
    return holds;
}

void tj_policy_check(const struct tj_policy *policy, struct tj_policy_result *out,
                     const struct tj_note_view *note)
{
    bool valid[TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX] = {false};
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < policy->node_count; i++) {
        const struct tj_policy_node *node = &policy->nodes[i];
        out->verdicts[i] = TJ_NOTE_UNKNOWN;
        if (!node->is_group) {
            out->verdicts[i] = tj_cosignature_verify(note, &out->times_s[i], &node->key);
            valid[i] = out->verdicts[i] == TJ_NOTE_VALID;
            out->valid += valid[i];
            out->invalid += out->verdicts[i] == TJ_NOTE_INVALID;
            out->undecided += out->verdicts[i] == TJ_NOTE_UNDECIDED;
        }
    }
    out->quorum = tj_policy_holds(policy, valid) && out->invalid == 0;
}
