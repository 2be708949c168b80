/* PostgreSQL as a peer: a private cluster on a Unix socket, fsync on, synchronous_commit on. A
 * batch is copied in binary form into a staging table, from there into the movements, and the
 * accounts are updated by the sums of the batch: its fast way. */

#include "bench/child.h"
#include "bench/peers.h"

#include <glob.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROW_SIZE = 2 + 3 * (4 + 8),
    COPY_HEADER_SIZE = 19,
    START_TRIES = 300,
    SOCKET_DIR_MAX = 107 - 14, /* a socket's path has 107 bytes at most, "/.s.PGSQL.5432" of them */
};

struct peer_store {
    PGconn *connection;
    pid_t server;
    uint8_t *rows;
    size_t rows_size;
};

/* ---- the server ---- */

/* initdb and postgres refuse root. */
static struct child_user server_user(void)
{
    const struct passwd *user = getpwnam("postgres");
    user = user != NULL ? user : getpwnam("nobody");
    return user != NULL && geteuid() == 0 ? (struct child_user){user->pw_uid, user->pw_gid}
                                          : (struct child_user){geteuid(), getegid()};
}

/* The folder of initdb and postgres: as pg_config says, else the newest of Debian's. */
static bool find_programs(char *out, size_t size)
{
    static const char *const ask[] = {"pg_config", "--bindir", NULL};
    char path[4200];
    glob_t found;
    if (child_line(out, size, ask)) {
        snprintf(path, sizeof path, "%s/initdb", out);
        if (access(path, X_OK) == 0) {
            return true;
        }
    }
    bool any = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0;
    if (any) {
        snprintf(out, size, "%s", found.gl_pathv[found.gl_pathc - 1]);
        *strrchr(out, '/') = '\0';
    }
    globfree(&found);
    return any;
}

static bool make_cluster(const char *programs, const char *data, const char *log,
                         const struct child_user *user)
{
    char initdb[4200];
    snprintf(initdb, sizeof initdb, "%s/initdb", programs);
    const char *const argv[] = {
        initdb, "-D", data, "-A", "trust", "--username=me", "--no-locale", "--encoding=UTF8", NULL};
    pid_t child = child_start(argv, log, user);
    return child > 0 && child_wait(child);
}

static pid_t start_server(const char *programs, const char *data, const char *log,
                          const struct child_user *user)
{
    char postgres[4200];
    snprintf(postgres, sizeof postgres, "%s/postgres", programs);
    const char *const argv[] = {postgres,
                                "-D",
                                data,
                                "-k",
                                data,
                                "-c",
                                "listen_addresses=",
                                "-c",
                                "fsync=on",
                                "-c",
                                "synchronous_commit=on",
                                "-c",
                                "shared_buffers=512MB",
                                "-c",
                                "max_wal_size=4GB",
                                NULL};
    return child_start(argv, log, user);
}

/* ---- tables ---- */

static bool run(PGconn *connection, const char *text)
{
    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool make_tables(PGconn *connection, uint32_t accounts)
{
    char text[256];
    snprintf(text, sizeof text,
             "INSERT INTO accounts SELECT id, 0, 0 FROM generate_series(1, %u) id", accounts);
    return run(connection,
               "CREATE TABLE accounts (id bigint PRIMARY KEY, total_in bigint NOT NULL, total_out "
               "bigint NOT NULL) WITH (fillfactor = 50)") &&
           run(connection, "CREATE TABLE movements (id bigserial PRIMARY KEY, from_id bigint NOT "
                           "NULL, to_id bigint NOT NULL, amount bigint NOT NULL)") &&
           run(connection, "CREATE TEMPORARY TABLE staging (from_id bigint, to_id bigint, amount "
                           "bigint) ON COMMIT DELETE ROWS") &&
           run(connection, text) && run(connection, "VACUUM ANALYZE accounts");
}

static PGconn *connect_to(const char *socket_dir)
{
    const char *const keys[] = {"host", "user", "dbname", NULL};
    const char *const values[] = {socket_dir, "me", "postgres", NULL};
    for (int tries = 0; tries < START_TRIES; tries++) {
        PGconn *connection = PQconnectdbParams(keys, values, 0);
        if (PQstatus(connection) == CONNECTION_OK) {
            return connection;
        }
        PQfinish(connection);
        usleep(50000);
    }
    return NULL;
}

static void postgres_close(struct peer_store *store)
{
    if (store == NULL) {
        return;
    }
    PQfinish(store->connection);
    if (store->server > 0) {
        kill(store->server, SIGINT); /* "fast shutdown" */
        child_wait(store->server);
    }
    free(store->rows);
    free(store);
}

/* A folder that the server's user may enter and write. */
static bool make_place(const char *dir, const char *data, const struct child_user *user)
{
    return mkdir(data, 0700) == 0 && chmod(dir, 0711) == 0 &&
           (geteuid() != 0 || chown(data, user->uid, user->gid) == 0);
}

/* The reason is what the program said last, and the step that it was. */
static void last_words(const char *step, const char *log, char *why, size_t why_size)
{
    char line[200] = "";
    FILE *file = fopen(log, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    }
    if (file != NULL) {
        fclose(file);
    }
    line[strcspn(line, "\n")] = '\0';
    snprintf(why, why_size, "%s failed: %s", step, line);
}

static bool start(struct peer_store *store, const char *dir, uint32_t accounts, char *why,
                  size_t why_size)
{
    char programs[4096];
    char data[4200];
    char log[4200];
    struct child_user user = server_user();
    snprintf(log, sizeof log, "%s/log", dir);
    snprintf(data, sizeof data, "%s/data", dir);
    snprintf(why, why_size, "no initdb found: PostgreSQL's server is not installed");
    if (!find_programs(programs, sizeof programs)) {
        return false;
    }
    snprintf(why, why_size, "the temporary folder's path is too long for a socket");
    if (strlen(data) > SOCKET_DIR_MAX) {
        return false;
    }
    if (!make_place(dir, data, &user) || !make_cluster(programs, data, log, &user)) {
        last_words("initdb", log, why, why_size);
        return false;
    }
    store->server = start_server(programs, data, log, &user);
    store->connection = store->server > 0 ? connect_to(data) : NULL;
    if (store->connection == NULL) {
        last_words("postgres", log, why, why_size);
        return false;
    }
    bool made = make_tables(store->connection, accounts);
    snprintf(why, why_size, "%s", PQerrorMessage(store->connection));
    return made;
}

static struct peer_store *postgres_open(char *version, size_t version_size, const char *dir,
                                        uint32_t accounts, char *why, size_t why_size)
{
    struct peer_store *store = calloc(1, sizeof *store);
    char *absolute = realpath(dir, NULL);
    if (store == NULL || absolute == NULL || !start(store, absolute, accounts, why, why_size)) {
        postgres_close(store);
        free(absolute);
        return NULL;
    }
    free(absolute);
    snprintf(version, version_size, "PostgreSQL %s, fsync=on, synchronous_commit=on",
             PQparameterStatus(store->connection, "server_version"));
    return store;
}

/* ---- batches ---- */

static uint8_t *put_big(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        *at++ = (uint8_t)(value >> (8 * i));
    }
    return at;
}

/* The binary format of COPY: a header, a count of fields and each field with its length, all
 * big-endian, and -1 at the end. */
static size_t encode(struct peer_store *store, const struct peer_movement *movements,
                     uint32_t count)
{
    size_t size = COPY_HEADER_SIZE + (size_t)count * ROW_SIZE + 2;
    if (size > store->rows_size) {
        free(store->rows);
        store->rows = malloc(size);
        store->rows_size = store->rows != NULL ? size : 0;
    }
    if (store->rows == NULL) {
        return 0;
    }
    uint8_t *at = store->rows;
    memcpy(at, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", COPY_HEADER_SIZE);
    at += COPY_HEADER_SIZE;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t fields[3] = {movements[i].from, movements[i].to, movements[i].amount};
        at = put_big(at, 3, 2);
        for (int f = 0; f < 3; f++) {
            at = put_big(at, 8, 4);
            at = put_big(at, fields[f], 8);
        }
    }
    put_big(at, UINT64_MAX, 2);
    return size;
}

static bool copy(struct peer_store *store, size_t size)
{
    PGresult *result = PQexec(store->connection, "COPY staging FROM STDIN (FORMAT binary)");
    bool ready = PQresultStatus(result) == PGRES_COPY_IN;
    PQclear(result);
    if (!ready || PQputCopyData(store->connection, (const char *)store->rows, (int)size) != 1 ||
        PQputCopyEnd(store->connection, NULL) != 1) {
        return false;
    }
    bool done = true;
    while ((result = PQgetResult(store->connection)) != NULL) {
        done = done && PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
    }
    return done;
}

static bool postgres_batch(struct peer_store *store, const struct peer_movement *movements,
                           uint32_t count)
{
    size_t size = encode(store, movements, count);
    return size > 0 && run(store->connection, "BEGIN") && copy(store, size) &&
           run(store->connection, "INSERT INTO movements (from_id, to_id, amount) SELECT from_id, "
                                  "to_id, amount FROM staging") &&
           run(store->connection,
               "UPDATE accounts a SET total_in = a.total_in + d.gone_in, total_out = a.total_out + "
               "d.gone_out FROM (SELECT id, sum(i)::bigint gone_in, sum(o)::bigint gone_out FROM "
               "(SELECT to_id id, amount i, 0 o FROM staging UNION ALL SELECT from_id, 0, amount "
               "FROM staging) m GROUP BY id) d WHERE a.id = d.id") &&
           run(store->connection, "COMMIT");
}

static bool postgres_totals(struct peer_store *store, uint64_t *movements, uint64_t *in,
                            uint64_t *out)
{
    PGresult *result =
        PQexec(store->connection, "SELECT (SELECT count(*) FROM movements), sum(total_in), "
                                  "sum(total_out) FROM accounts");
    bool found = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (found) {
        *movements = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
        *in = strtoull(PQgetvalue(result, 0, 1), NULL, 10);
        *out = strtoull(PQgetvalue(result, 0, 2), NULL, 10);
    }
    PQclear(result);
    return found;
}

static const struct peer postgres = {
    .name = "PostgreSQL",
    .open = postgres_open,
    .batch = postgres_batch,
    .totals = postgres_totals,
    .close = postgres_close,
};
const struct peer *const peer_postgres = &postgres;
