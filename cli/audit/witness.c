#include "cli/audit/witness.h"

#include "cli/keys.h"
#include "text/text.h"
#include "core/format/record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    THREADS = 4,               /* a request waits for the disk; others are read meanwhile */
    CONNECTIONS_MAX = 64,      /* 64 KiB each at most */
    CONNECTIONS_EACH_MAX = 16, /* of one address; one more ends the oldest of them */
    IDLE_MAX_S = 10,           /* without a byte */
    REQUEST_MAX_S = 20,        /* from the connection, or the answer before, to the next answer */
    VKEY_MAX = 512,
    ADDRESS_MAX = 128,
};

#define PATH "/add-checkpoint"

/* ---- connections ---- */

/* The HTTP library ends a connection that is silent. One that sends a byte now and then would hold
 * its place for ever, and a few of them all places. So each request has a deadline, and no address
 * has many connections. A connection is ended by shutting its socket down: the library then sees
 * its end and closes it. It stands in the list until just before that, so that no number is shut
 * down that already belongs to another connection. */
struct connection {
    struct connection *next;
    int socket;
    time_t since_s; /* the connection, or the last answer on it */
    bool ended;
    struct sockaddr_storage address;
};

struct server {
    struct tj_witness *witness;
    pthread_mutex_t mutex; /* of the list */
    struct connection *newest;
};

static time_t seconds_now(void)
{
    struct timespec now;
    TIJORI_REQUIRE(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return now.tv_sec;
}

static void end_connection(struct connection *connection, const char *why)
{
    char host[ADDRESS_MAX] = "somebody";
    (void)getnameinfo((struct sockaddr *)&connection->address, sizeof connection->address, host,
                      sizeof host, NULL, 0, NI_NUMERICHOST);
    message("%s: a connection was cut off: %s", host, why);
    connection->ended = true;
    shutdown(connection->socket, SHUT_RDWR);
}

/* Without the port. */
static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family) {
        return false;
    }
    if (a->ss_family == AF_INET6) {
        return memcmp(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
                      &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr,
                      sizeof(struct in6_addr)) == 0;
    }
    return ((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr ==
           ((const struct sockaddr_in *)(const void *)b)->sin_addr.s_addr;
}

/* The oldest gives way, not the newest: whoever holds places without using them cannot keep out one
 * who comes from the same address, as all do that a proxy sends. With the mutex held. */
static void bound_address(struct server *server, const struct connection *added)
{
    struct connection *oldest = NULL;
    unsigned count = 0;
    for (struct connection *at = server->newest; at != NULL; at = at->next) {
        if (!at->ended && same_address(&at->address, &added->address)) {
            oldest = at; /* the list begins with the newest */
            count++;
        }
    }
    if (count > CONNECTIONS_EACH_MAX) {
        end_connection(oldest, "there are more than 16 from this address, and it was the oldest");
    }
}

static void connected(struct server *server, struct MHD_Connection *connection, void **state)
{
    const union MHD_ConnectionInfo *number =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *added = calloc(1, sizeof *added);
    socklen_t size = sizeof added->address;
    *state = added;
    if (added == NULL || number == NULL ||
        getpeername(number->connect_fd, (struct sockaddr *)&added->address, &size) != 0) {
        free(added); /* the library's own limits are left */
        *state = NULL;
        return;
    }
    added->socket = number->connect_fd;
    added->since_s = seconds_now();
    pthread_mutex_lock(&server->mutex);
    added->next = server->newest;
    server->newest = added;
    bound_address(server, added);
    pthread_mutex_unlock(&server->mutex);
}

static void disconnected(struct server *server, void **state)
{
    struct connection *gone = *state;
    if (gone == NULL) {
        return;
    }
    pthread_mutex_lock(&server->mutex);
    struct connection **at = &server->newest;
    while (*at != gone) {
        at = &(*at)->next;
    }
    *at = gone->next;
    pthread_mutex_unlock(&server->mutex);
    free(gone);
    *state = NULL;
}

static void notified(void *context, struct MHD_Connection *connection, void **state,
                     enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        connected(context, connection, state);
    } else {
        disconnected(context, state);
    }
}

/* Called every second. */
static void end_slow_ones(struct server *server)
{
    const time_t now_s = seconds_now();
    pthread_mutex_lock(&server->mutex);
    for (struct connection *at = server->newest; at != NULL; at = at->next) {
        if (!at->ended && now_s - at->since_s > REQUEST_MAX_S) {
            end_connection(at, "no request was complete in 20 s");
        }
    }
    pthread_mutex_unlock(&server->mutex);
}

/* ---- requests ---- */

/* One request on its way in. */
struct incoming {
    size_t size;
    char bytes[TJ_WITNESS_REQUEST_MAX];
};

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned code,
                               const char *content_type, const char *body, size_t size)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, (void *)body, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    enum MHD_Result queued =
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    if (queued == MHD_YES && code == MHD_HTTP_METHOD_NOT_ALLOWED) {
        queued = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, MHD_HTTP_METHOD_POST);
    }
    if (queued == MHD_YES) {
        queued = MHD_queue_response(connection, code, response);
    }
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned code, const char *method,
                              const char *url, const char *why)
{
    message("%u %.20s %.100s: %.*s", code, method, url, (int)strlen(why) - 1, why);
    return respond(connection, code, "text/plain; charset=utf-8", why, strlen(why));
}

/* What the head of a request already decides. */
static enum MHD_Result begin(struct MHD_Connection *connection, const char *url, const char *method,
                             void **state)
{
    uint64_t size = 0;
    if (strcmp(url, PATH) != 0) {
        return refuse(connection, MHD_HTTP_NOT_FOUND, method, url, "only " PATH " is here\n");
    }
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0) {
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, method, url, "only POST\n");
    }
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length != NULL && !text_parse_number(&size, length, TJ_WITNESS_REQUEST_MAX)) {
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, method, url,
                      "a request has at most 65536 bytes\n");
    }
    struct incoming *incoming = calloc(1, sizeof *incoming);
    if (incoming == NULL) {
        return MHD_NO;
    }
    *state = incoming;
    return MHD_YES;
}

/* Called for the head, for each part of the body, and at the end. MHD_NO ends the connection: for
 * one who sends without saying how much, and then too much. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **state)
{
    struct server *server = context;
    struct incoming *incoming = *state;
    struct tj_witness_reply reply;
    (void)version;
    if (incoming == NULL) {
        return begin(connection, url, method, state);
    }
    if (*data_size > 0) {
        if (*data_size > sizeof incoming->bytes - incoming->size) {
            message("%s: a request of more than 65536 bytes was cut off", PATH);
            return MHD_NO;
        }
        memcpy(incoming->bytes + incoming->size, data, *data_size);
        incoming->size += *data_size;
        *data_size = 0;
        return MHD_YES;
    }
    audit_ask_witness(server->witness, &reply, incoming->bytes, incoming->size);
    message("%s", reply.log);
    return respond(connection, reply.code, reply.content_type, reply.body, reply.body_size);
}

static void finished(void *context, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode why)
{
    struct server *server = context;
    const union MHD_ConnectionInfo *own =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *listed = own != NULL ? own->socket_context : NULL;
    (void)why;
    if (listed != NULL) {
        pthread_mutex_lock(&server->mutex);
        listed->since_s = seconds_now();
        pthread_mutex_unlock(&server->mutex);
    }
    free(*state);
    *state = NULL;
}

/* ---- listening ---- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, address, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/* "127.0.0.1:8080", "[::1]:8080": numbers, since a name may mean more than one address. */
static int parse_address(const struct arguments *arguments, struct addrinfo **out)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    const char *text = argument_value(arguments, "listen");
    const char *colon = strrchr(text, ':');
    char host[ADDRESS_MAX] = "";
    uint64_t port = 0;
    size_t size = colon != NULL ? (size_t)(colon - text) : 0;
    const bool bracketed = size > 2 && text[0] == '[' && text[size - 1] == ']';
    if (size < sizeof host) {
        snprintf(host, sizeof host, "%.*s", (int)(bracketed ? size - 2 : size),
                 bracketed ? text + 1 : text);
    }
    if (host[0] == '\0' || (strchr(host, ':') != NULL) != bracketed ||
        !text_parse_number(&port, colon + 1, 65535) ||
        getaddrinfo(host, colon + 1, &hints, out) != 0) {
        return fail(EXIT_USAGE,
                    "--listen takes an address and a port: 127.0.0.1:8080 or "
                    "[::1]:8080, not '%s'",
                    text);
    }
    if (!is_loopback((*out)->ai_addr) && !argument_flag(arguments, "public-address")) {
        freeaddrinfo(*out);
        return fail(EXIT_USAGE,
                    "%s is not a loopback address: what is meant to be reached from outside goes "
                    "behind a proxy with TLS, or takes --public-address",
                    text);
    }
    return EXIT_PASS;
}

static int open_socket(const struct arguments *arguments, int *out)
{
    struct addrinfo *address = NULL;
    const int on = 1;
    int code = parse_address(arguments, &address);
    if (code != EXIT_PASS) {
        return code;
    }
    *out = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*out < 0 || setsockopt(*out, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(*out, address->ai_addr, address->ai_addrlen) != 0 ||
        listen(*out, CONNECTIONS_MAX) != 0) {
        code =
            fail(EXIT_UNAVAILABLE, "%s: %s", argument_value(arguments, "listen"), strerror(errno));
    }
    freeaddrinfo(address);
    return code;
}

/* With the port that the system chose, when it was to choose one. */
static void print_address(int listening)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[ADDRESS_MAX];
    char port[16];
    if (getsockname(listening, (struct sockaddr *)&address, &size) == 0 &&
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        const bool v6 = address.ss_family == AF_INET6;
        printf("listening on http://%s%s%s:%s" PATH "\n", v6 ? "[" : "", host, v6 ? "]" : "", port);
    }
}

/* ---- the logs ---- */

struct logs {
    size_t count;
    struct tj_verifier_key *keys;
};

static bool add_log(struct logs *logs, const char *text, size_t size)
{
    struct tj_verifier_key key;
    if (!tj_verifier_key_decode(&key, text, size) || key.type != TJ_NOTE_TYPE_ED25519) {
        return false;
    }
    logs->keys = memory_needed(realloc(logs->keys, (logs->count + 1) * sizeof key));
    logs->keys[logs->count++] = key;
    return true;
}

static int read_logs(struct logs *logs, const char *path)
{
    char line[VKEY_MAX + 2];
    unsigned number = 0;
    int code = EXIT_PASS;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fail(EXIT_NO_INPUT, "--log %s: neither a verifier key of type 0x01 nor a file: %s",
                    path, strerror(errno));
    }
    while (code == EXIT_PASS && fgets(line, sizeof line, file) != NULL) {
        const bool mark = number == 0 && strncmp(line, "\xef\xbb\xbf", 3) == 0; /* by an editor */
        const char *start = line + (mark ? 3 : 0);
        start += strspn(start, " \t");
        const size_t size = strcspn(start, " \t\r\n");
        number++;
        if (start[strspn(start, " \t\r\n")] != '\0' && start[0] != '#' &&
            (start[size + strspn(start + size, " \t\r\n")] != '\0' ||
             !add_log(logs, start, size))) {
            code = fail(EXIT_DATA, "%s, line %u: not a verifier key of type 0x01", path, number);
        }
    }
    if (code == EXIT_PASS && ferror(file)) {
        code = fail_errno(errno, path);
    }
    fclose(file);
    return code;
}

static int take_logs(const struct arguments *arguments, struct logs *logs)
{
    int code = EXIT_PASS;
    for (size_t i = 0; i < argument_count(arguments, "log") && code == EXIT_PASS; i++) {
        const char *text = argument_item(arguments, "log", i);
        if (!add_log(logs, text, strlen(text))) {
            code = read_logs(logs, text);
        }
    }
    return code == EXIT_PASS && logs->count == 0 ? fail(EXIT_DATA, "--log: no key of any log")
                                                 : code;
}

/* So that a state that was lost, or set back, is seen by whoever starts the witness. */
static void say_memories(struct tj_witness *witness, const struct logs *logs)
{
    for (size_t i = 0; i < logs->count; i++) {
        struct tj_checkpoint last;
        const char *origin = logs->keys[i].name;
        if (tj_witness_last(witness, &last, origin) == TJ_WITNESS_KNOWN) {
            message("%s: cosigned up to size %" PRIu64, origin, last.size);
        } else {
            message("%s: nothing cosigned yet", origin);
        }
    }
}

/* ---- the witness behind it ---- */

int audit_open_witness(struct tj_witness **out, const struct tj_witness_config *config)
{
    struct tijori_message said;
    enum tijori_status status = tj_witness_open(out, config, &said);
    if (status == TIJORI_OK) {
        return EXIT_PASS;
    }
    if (status == TIJORI_TEXT || status == TIJORI_KEY_INVALID) {
        return fail(EXIT_CONFIG, "%s", said.text);
    }
    return status == TIJORI_CORRUPT ? fail(EXIT_DATA, "%s", said.text) : fail_said(status, &said);
}

void audit_ask_witness(struct tj_witness *witness, struct tj_witness_reply *out,
                       const char *request, size_t size)
{
    tj_witness_add_checkpoint(witness, out, request, size);
    if (out->trouble[0] != '\0') {
        message("%s", out->trouble);
    }
}

/* ---- the command ---- */

static int open_it(const struct arguments *arguments, struct tj_witness **out,
                   const struct logs *logs)
{
    struct tj_secret_key key;
    const char *path = argument_value(arguments, "key");
    int code = key_load(arguments, &key, path);
    if (code == EXIT_PASS && key.algorithm != TJ_ALGORITHM_ED25519) {
        code = fail(EXIT_DATA, "%s: a witness signs with an ed25519 key, not %s", path,
                    tj_algorithm_names[key.algorithm]);
    }
    if (code == EXIT_PASS) {
        const struct tj_witness_config config = {.dir = argument_value(arguments, "state"),
                                                 .name = argument_value(arguments, "name"),
                                                 .secret32 = key.secret32,
                                                 .logs = logs->keys,
                                                 .log_count = logs->count};
        code = audit_open_witness(out, &config);
    }
    tj_cleanse(&key, sizeof key);
    return code;
}

static int serve(struct tj_witness *witness, int listening)
{
    static const struct timespec second = {.tv_sec = 1};
    struct server server = {.witness = witness, .mutex = PTHREAD_MUTEX_INITIALIZER};
    char vkey[VKEY_MAX];
    sigset_t ending;
    int signal_number = 0;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    /* Blocked before there are threads, which inherit it: the signal waits for sigtimedwait below.
     */
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handle, &server,
        MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_MAX_S, MHD_OPTION_NOTIFY_COMPLETED, finished, &server,
        MHD_OPTION_NOTIFY_CONNECTION, notified, &server, MHD_OPTION_END);
    if (daemon == NULL) {
        close(listening);
        return fail(EXIT_UNAVAILABLE, "the HTTP server cannot be started");
    }
    TIJORI_REQUIRE(tj_verifier_key_encode(tj_witness_key(witness), vkey, sizeof vkey));
    printf("%s\n", vkey);
    print_address(listening);
    fflush(stdout);
    do {
        signal_number = sigtimedwait(&ending, NULL, &second);
        end_slow_ones(&server);
    } while (signal_number < 0);
    MHD_stop_daemon(daemon); /* lets what is being answered be answered; closes the socket */
    message("stopped by %s", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
    return EXIT_PASS;
}

int audit_witness(const struct arguments *arguments)
{
    struct logs logs = {.count = 0};
    struct tj_witness *witness = NULL;
    int listening = -1;
    int code = take_logs(arguments, &logs);
    code = code == EXIT_PASS ? open_it(arguments, &witness, &logs) : code;
    code = code == EXIT_PASS ? open_socket(arguments, &listening) : code;
    if (code == EXIT_PASS) {
        say_memories(witness, &logs);
        code = serve(witness, listening);
    } else if (listening >= 0) {
        close(listening);
    }
    tj_witness_close(witness);
    free(logs.keys);
    return code;
}
