/* SQLite as a peer: WAL, synchronous=FULL, prepared statements. */

#include "bench/peers.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { INSERT, ADD_IN, ADD_OUT, STATEMENTS };

struct peer_store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    int64_t next;
};

static const char *const statement_texts[STATEMENTS] = {
    [INSERT] = "INSERT INTO movements VALUES (?1, ?2, ?3, ?4)",
    [ADD_IN] = "UPDATE accounts SET total_in = total_in + ?2 WHERE id = ?1",
    [ADD_OUT] = "UPDATE accounts SET total_out = total_out + ?2 WHERE id = ?1",
};

static bool run(sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
}

static bool step(sqlite3_stmt *statement)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    return done;
}

static void sqlite_close(struct peer_store *store)
{
    if (store != NULL) {
        for (int i = 0; i < STATEMENTS; i++) {
            sqlite3_finalize(store->statements[i]);
        }
        sqlite3_close(store->db);
        free(store);
    }
}

static bool make_tables(struct peer_store *store, uint32_t accounts)
{
    char text[256];
    snprintf(text, sizeof text,
             "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < %u) "
             "INSERT INTO accounts SELECT id, 0, 0 FROM n",
             accounts);
    return run(store->db, "PRAGMA journal_mode = WAL") &&
           run(store->db, "PRAGMA synchronous = FULL") &&
           run(store->db, "PRAGMA cache_size = -262144") /* 256 MiB */ &&
           run(store->db, "CREATE TABLE accounts (id INTEGER PRIMARY KEY, total_in INTEGER NOT "
                          "NULL, total_out INTEGER NOT NULL)") &&
           run(store->db, "CREATE TABLE movements (id INTEGER PRIMARY KEY, from_id INTEGER NOT "
                          "NULL, to_id INTEGER NOT NULL, amount INTEGER NOT NULL)") &&
           run(store->db, text);
}

static bool prepare(struct peer_store *store)
{
    for (int i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(store->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &store->statements[i], NULL) != SQLITE_OK) {
            return false;
        }
    }
    return true;
}

static struct peer_store *sqlite_open(char *version, size_t version_size, const char *dir,
                                      uint32_t accounts, char *why, size_t why_size)
{
    char path[4200];
    struct peer_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return NULL;
    }
    snprintf(version, version_size, "SQLite %s, WAL, synchronous=FULL", sqlite3_libversion());
    snprintf(path, sizeof path, "%s/peer.sqlite", dir);
    if (sqlite3_open(path, &store->db) == SQLITE_OK && make_tables(store, accounts) &&
        prepare(store)) {
        return store;
    }
    snprintf(why, why_size, "%s", sqlite3_errmsg(store->db));
    sqlite_close(store);
    return NULL;
}

static bool add(sqlite3_stmt *statement, uint32_t account, uint64_t amount)
{
    sqlite3_bind_int64(statement, 1, account);
    sqlite3_bind_int64(statement, 2, (int64_t)amount);
    return step(statement);
}

static bool enter(struct peer_store *store, const struct peer_movement *m)
{
    sqlite3_stmt *insert = store->statements[INSERT];
    sqlite3_bind_int64(insert, 1, store->next++);
    sqlite3_bind_int64(insert, 2, m->from);
    sqlite3_bind_int64(insert, 3, m->to);
    sqlite3_bind_int64(insert, 4, (int64_t)m->amount);
    return step(insert) && add(store->statements[ADD_OUT], m->from, m->amount) &&
           add(store->statements[ADD_IN], m->to, m->amount);
}

static bool sqlite_batch(struct peer_store *store, const struct peer_movement *movements,
                         uint32_t count)
{
    bool done = run(store->db, "BEGIN");
    for (uint32_t i = 0; i < count && done; i++) {
        done = enter(store, &movements[i]);
    }
    return done && run(store->db, "COMMIT");
}

static bool sqlite_totals(struct peer_store *store, uint64_t *movements, uint64_t *in,
                          uint64_t *out)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(store->db,
                           "SELECT (SELECT count(*) FROM movements), sum(total_in), "
                           "sum(total_out) FROM accounts",
                           -1, &statement, NULL) != SQLITE_OK) {
        return false;
    }
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    *movements = (uint64_t)sqlite3_column_int64(statement, 0);
    *in = (uint64_t)sqlite3_column_int64(statement, 1);
    *out = (uint64_t)sqlite3_column_int64(statement, 2);
    sqlite3_finalize(statement);
    return found;
}

static const struct peer sqlite = {
    .name = "SQLite",
    .open = sqlite_open,
    .batch = sqlite_batch,
    .totals = sqlite_totals,
    .close = sqlite_close,
};
const struct peer *const peer_sqlite = &sqlite;
