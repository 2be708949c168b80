#include "storage/store.h"

#include "storage/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(size_t) >= 8, "a map of 1 TiB needs 64-bit addresses");

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TJ_STORE_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(TJ_STORE_SANITIZED)
/* Sanitizers keep most of the address space for themselves. */
#define TJ_STORE_MAP_DEFAULT (UINT64_C(16) << 30)
#else
/* Ten years of a busy ledger; costs address space, no memory. */
#define TJ_STORE_MAP_DEFAULT (UINT64_C(1) << 40)
#endif

/* A cursor has values from this size on read ahead. Below it, two or three page faults cost less
 * than asking. */
enum { TJ_STORE_READ_AHEAD_MIN = 16384 };

const char *tj_storage_status_text(enum tj_storage_status status)
{
    switch (status) {
    case TJ_STORAGE_OK:
        return "ok";
    case TJ_STORAGE_NOT_FOUND:
        return "not found";
    case TJ_STORAGE_EXISTS:
        return "exists already";
    case TJ_STORAGE_FULL:
        return "no space left (disk, quota, file size limit or map)";
    case TJ_STORAGE_LOCKED:
        return "in use by a writer, or open in this process already";
    case TJ_STORAGE_VERSION:
        return "written in a format version this program does not know";
    case TJ_STORAGE_CORRUPT:
        return "damaged, or not a ledger's data";
    case TJ_STORAGE_DENIED:
        return "permission denied";
    case TJ_STORAGE_MEMORY:
        return "out of memory";
    case TJ_STORAGE_BUSY:
        return "all places for readers are taken";
    case TJ_STORAGE_IO:
        return "input/output error";
    }
    abort();
}

enum tj_storage_status tj_storage_status_of(int code)
{
    static const struct {
        int code;
        enum tj_storage_status status;
    } known[] = {
        {MDB_SUCCESS, TJ_STORAGE_OK},
        {MDB_NOTFOUND, TJ_STORAGE_NOT_FOUND},
        {ENOENT, TJ_STORAGE_NOT_FOUND},
        {ENOTDIR, TJ_STORAGE_NOT_FOUND},
        {MDB_KEYEXIST, TJ_STORAGE_EXISTS},
        {ENOSPC, TJ_STORAGE_FULL},
        {EDQUOT, TJ_STORAGE_FULL},
        {EFBIG, TJ_STORAGE_FULL},
        {MDB_MAP_FULL, TJ_STORAGE_FULL},
        {MDB_TXN_FULL, TJ_STORAGE_FULL},    /* too many pages in one transaction */
        {MDB_MAP_RESIZED, TJ_STORAGE_FULL}, /* the file has outgrown this reader's map */
        {EWOULDBLOCK, TJ_STORAGE_LOCKED},
        {MDB_CORRUPTED, TJ_STORAGE_CORRUPT},
        {MDB_PAGE_NOTFOUND, TJ_STORAGE_CORRUPT},
        {MDB_INVALID, TJ_STORAGE_CORRUPT},
        {MDB_VERSION_MISMATCH, TJ_STORAGE_CORRUPT}, /* LMDB's, not our format: never ours */
        {MDB_INCOMPATIBLE, TJ_STORAGE_CORRUPT},
        {MDB_BAD_VALSIZE, TJ_STORAGE_CORRUPT}, /* our own sizes were checked: so a row's */
        {MDB_CURSOR_FULL, TJ_STORAGE_CORRUPT}, /* a tree deeper than any real one: a loop */
        {MDB_PAGE_FULL, TJ_STORAGE_CORRUPT},
        {EACCES, TJ_STORAGE_DENIED},
        {EPERM, TJ_STORAGE_DENIED},
        {EROFS, TJ_STORAGE_DENIED},
        {ENOMEM, TJ_STORAGE_MEMORY},
        {MDB_READERS_FULL, TJ_STORAGE_BUSY},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].code == code) {
            return known[i].status;
        }
    }
    return TJ_STORAGE_IO;
}

/* What this process has open, by device and inode of the directory. LMDB forbids the same
 * environment twice in one process (see store.h, Processes), but does not notice it. A fork leaves
 * entries of another process id behind: none of its locks came along. */
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct tj_store *registry;

static bool enlist(struct tj_store *store)
{
    bool open_already = false;
    (void)pthread_mutex_lock(&registry_lock);
    for (const struct tj_store *s = registry; s != NULL; s = s->next) {
        open_already |=
            s->device == store->device && s->inode == store->inode && s->process == store->process;
    }
    if (!open_already) {
        store->next = registry;
        registry = store;
    }
    (void)pthread_mutex_unlock(&registry_lock);
    return !open_already;
}

static void delist(const struct tj_store *store)
{
    (void)pthread_mutex_lock(&registry_lock);
    for (struct tj_store **at = &registry; *at != NULL; at = &(*at)->next) {
        if (*at == store) {
            *at = store->next;
            break;
        }
    }
    (void)pthread_mutex_unlock(&registry_lock);
}

static void require_options(const struct tj_store_options *options)
{
    TJ_STORAGE_REQUIRE(options->table_count <= TJ_STORE_TABLES_MAX);
    for (size_t i = 0; i < options->table_count; i++) {
        TJ_STORAGE_REQUIRE(strcmp(options->tables[i].name, TJ_STORE_TABLE) != 0);
    }
}

enum tj_storage_status tj_store_attach(struct tj_store **out, const char *dir,
                                       const struct tj_store_options *options)
{
    require_options(options);
    *out = NULL;
    struct tj_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return TJ_STORAGE_MEMORY;
    }
    store->writer_fd = -1;
    store->dir_fd = -1;
    store->process = getpid();
    store->path = strdup(dir);
    if (store->path == NULL) {
        tj_store_close(store);
        return TJ_STORAGE_MEMORY;
    }
    store->table_count = options->table_count;
    for (size_t i = 0; i < options->table_count; i++) {
        store->kinds[i] = options->tables[i].kind;
    }
    struct stat st;
    store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->dir_fd < 0 || fstat(store->dir_fd, &st) != 0) {
        enum tj_storage_status status = tj_storage_status_of(errno);
        tj_store_close(store);
        return status;
    }
    store->device = st.st_dev;
    store->inode = st.st_ino;
    if (!enlist(store)) {
        tj_store_close(store);
        return TJ_STORAGE_LOCKED;
    }
    *out = store;
    return TJ_STORAGE_OK;
}

void tj_store_close(struct tj_store *store)
{
    if (store == NULL) {
        return;
    }
    TJ_STORAGE_REQUIRE(atomic_load(&store->transactions) == 0);
    tj_store_drop_kept(store);
    mdb_env_close(store->env); /* NULL is fine */
    if (store->writer_fd >= 0) {
        (void)close(store->writer_fd); /* gives up the flock, after LMDB has let go */
    }
    if (store->dir_fd >= 0) {
        (void)close(store->dir_fd);
    }
    delist(store);
    free(store->path);
    free(store);
}

enum tj_storage_status tj_store_probe(const struct tj_store *store)
{
    struct stat st;
    if (fstatat(store->dir_fd, TJ_STORE_DATA_FILE, &st, 0) != 0) {
        return tj_storage_status_of(errno);
    }
    /* LMDB would take an empty file for a new environment. Ours appear whole (store_write.c). */
    return S_ISREG(st.st_mode) && st.st_size > 0 ? TJ_STORAGE_OK : TJ_STORAGE_CORRUPT;
}

uint64_t tj_store_map_size(const struct tj_store_options *options)
{
    const uint64_t page = 65536; /* of any machine, at most */
    uint64_t size = options->map_size != 0 ? options->map_size : TJ_STORE_MAP_DEFAULT;
    return size > UINT64_MAX - page ? size / page * page : (size + page - 1) / page * page;
}

static enum tj_storage_status open_table(MDB_txn *txn, MDB_dbi *out, const char *name)
{
    unsigned flags = 0;
    int rc = mdb_dbi_open(txn, name, 0, out);
    if (rc == 0) {
        rc = mdb_dbi_flags(txn, *out, &flags);
    }
    /* The format says which tables there are, and all are plain: other flags would change the order
     * of keys or hide rows. */
    if (rc == MDB_NOTFOUND || (rc == 0 && flags != 0)) {
        return TJ_STORAGE_CORRUPT;
    }
    return tj_storage_status_of(rc);
}

static enum tj_storage_status check_format(MDB_txn *txn, uint32_t *found, uint32_t wanted)
{
    MDB_dbi table;
    enum tj_storage_status status = open_table(txn, &table, TJ_STORE_TABLE);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    MDB_val key = {strlen(TJ_STORE_FORMAT_KEY), (void *)TJ_STORE_FORMAT_KEY};
    MDB_val value;
    int rc = mdb_get(txn, table, &key, &value);
    if (rc != 0) {
        return rc == MDB_NOTFOUND ? TJ_STORAGE_CORRUPT : tj_storage_status_of(rc);
    }
    if (value.mv_size != TJ_STORE_FORMAT_SIZE) {
        return TJ_STORAGE_CORRUPT;
    }
    const uint8_t *bytes = value.mv_data;
    uint32_t format = 0;
    for (size_t i = TJ_STORE_FORMAT_SIZE; i-- > 0;) {
        format = format << 8 | bytes[i];
    }
    if (found != NULL) {
        *found = format;
    }
    return format == wanted ? TJ_STORAGE_OK : TJ_STORAGE_VERSION;
}

/* A transaction with a slot that is kept, or with any that is free. */
static int begin_any(struct tj_store *store, MDB_txn **out)
{
    for (size_t i = 0; i < TJ_STORE_KEPT_SLOTS; i++) {
        MDB_txn *kept = atomic_exchange(&store->kept[i], NULL);
        if (kept != NULL && mdb_txn_renew(kept) == 0) {
            *out = kept;
            return 0;
        }
        mdb_txn_abort(kept); /* NULL is fine */
    }
    *out = NULL;
    return mdb_txn_begin(store->env, NULL, MDB_RDONLY, out);
}

/* The slot is kept when the store keeps slots and has not got them all; else it becomes free. */
static void end_any(struct tj_store *store, MDB_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    mdb_txn_reset(txn);
    for (size_t i = 0; i < TJ_STORE_KEPT_SLOTS && store->keeps; i++) {
        MDB_txn *none = NULL;
        if (atomic_compare_exchange_strong(&store->kept[i], &none, txn)) {
            return;
        }
    }
    mdb_txn_abort(txn);
}

void tj_store_drop_kept(struct tj_store *store)
{
    store->keeps = false;
    for (size_t i = 0; i < TJ_STORE_KEPT_SLOTS; i++) {
        mdb_txn_abort(atomic_exchange(&store->kept[i], NULL));
    }
}

enum tj_storage_status tj_store_keep_slots(struct tj_store *store)
{
    MDB_txn *taken[TJ_STORE_KEPT_SLOTS] = {NULL};
    int rc = 0;
    for (size_t i = 0; i < TJ_STORE_KEPT_SLOTS && rc == 0; i++) {
        rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &taken[i]);
    }
    store->keeps = rc == 0;
    for (size_t i = 0; i < TJ_STORE_KEPT_SLOTS; i++) {
        end_any(store, taken[i]);
    }
    return tj_storage_status_of(rc);
}

/* Begins a reading transaction, or renews the one given, on a commit that is whole and durable.
 *
 * LMDB takes the number n of the last commit, then copies the meta page n mod 2. A reader may be
 * held up in between. If commit n+1 ends meanwhile, the reader copies what commit n+2 is writing
 * there. It gets a torn page, or a commit that is not yet on the disk, and its next renewal goes
 * back to n+1. (Seen on two busy cores, once in some 10^5 renewals.)
 *
 * Commit n+2 cannot have begun while n is still the last. So that is asked after the copy. The meta
 * pages are asked first. When these show n+1, which may take a while to reach the disk, it is asked
 * what number another transaction would get. */
static int begin_settled(struct tj_store *store, MDB_txn **txn)
{
    int rc = *txn == NULL ? begin_any(store, txn) : mdb_txn_renew(*txn);
    while (rc == 0) {
        MDB_envinfo info;
        size_t number = mdb_txn_id(*txn);
        atomic_thread_fence(memory_order_seq_cst);
        rc = mdb_env_info(store->env, &info);
        if (rc != 0 || info.me_last_txnid == number) {
            break;
        }
        MDB_txn *other;
        rc = begin_any(store, &other);
        if (rc != 0) {
            break;
        }
        size_t last = mdb_txn_id(other);
        end_any(store, other);
        if (last == number) {
            break;
        }
        mdb_txn_reset(*txn);
        rc = mdb_txn_renew(*txn);
    }
    return rc;
}

/* Begins a new one. Slots that are all taken may be those of readers that died. */
static int begin_new(struct tj_store *store, MDB_txn **txn)
{
    int dead;
    *txn = NULL;
    int rc = begin_settled(store, txn);
    if (rc == MDB_READERS_FULL && mdb_reader_check(store->env, &dead) == 0 && dead > 0) {
        mdb_txn_abort(*txn); /* NULL is fine */
        *txn = NULL;
        rc = begin_settled(store, txn);
    }
    return rc;
}

static enum tj_storage_status open_tables(struct tj_store *store, uint32_t *found,
                                          const struct tj_store_options *options)
{
    MDB_txn *txn;
    int rc = begin_new(store, &txn);
    if (rc != 0) {
        mdb_txn_abort(txn); /* NULL is fine */
        return tj_storage_status_of(rc);
    }
    enum tj_storage_status status = check_format(txn, found, options->format);
    for (size_t i = 0; i < options->table_count && status == TJ_STORAGE_OK; i++) {
        status = open_table(txn, &store->tables[i], options->tables[i].name);
    }
    if (status != TJ_STORAGE_OK) {
        mdb_txn_abort(txn);
        return status;
    }
    return tj_storage_status_of(mdb_txn_commit(txn)); /* a commit keeps the tables' handles */
}

/* Takes the file's sizes. A file cut off at the end would be met later, as a bus error. */
static enum tj_storage_status take_sizes(struct tj_store *store)
{
    MDB_envinfo info;
    MDB_stat env_stat;
    struct stat st;
    mdb_filehandle_t fd;
    int rc = mdb_env_stat(store->env, &env_stat);
    if (rc == 0) {
        rc = mdb_env_info(store->env, &info);
    }
    if (rc == 0) {
        rc = mdb_env_get_fd(store->env, &fd);
    }
    /* LMDB leaves this one descriptor of its own to be inherited by programs executed. */
    if (rc == 0 && (fstat(fd, &st) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)) {
        rc = errno;
    }
    if (rc != 0) {
        return tj_storage_status_of(rc);
    }
    uint64_t file_size = (uint64_t)st.st_size;
    if (env_stat.ms_psize == 0 || info.me_last_pgno >= file_size / env_stat.ms_psize) {
        return TJ_STORAGE_CORRUPT;
    }
    store->page_size = env_stat.ms_psize;
    store->map_size = info.me_mapsize;
    store->used = ((uint64_t)info.me_last_pgno + 1) * env_stat.ms_psize;
    store->allocated = file_size;
    return TJ_STORAGE_OK;
}

enum tj_storage_status tj_store_open_env(struct tj_store *store, uint32_t *format_found,
                                         const char *dir, const struct tj_store_options *options,
                                         unsigned flags)
{
    int rc = mdb_env_create(&store->env);
    if (rc != 0) {
        store->env = NULL;
        return tj_storage_status_of(rc);
    }
    if ((rc = mdb_env_set_maxdbs(store->env, TJ_STORE_TABLES_MAX + 1)) != 0 ||
        (rc = mdb_env_set_maxreaders(store->env, TJ_STORE_TRANSACTIONS_MAX)) != 0 ||
        (rc = mdb_env_set_mapsize(store->env, tj_store_map_size(options))) != 0 ||
        /* NOTLS: a transaction is bound to its object, not to its thread. NORDAHEAD: the kernel's
         * guess costs a look-up 700 us where 140 do; cursors ask for what they need. Not NOMEMINIT:
         * it would let the heap's old contents into the file. */
        (rc = mdb_env_open(store->env, dir, flags | MDB_NOTLS | MDB_NORDAHEAD,
                           TJ_STORE_FILE_MODE)) != 0) {
        return tj_storage_status_of(rc);
    }
    TJ_STORAGE_REQUIRE(mdb_env_get_maxkeysize(store->env) >= TJ_STORE_KEY_MAX);
    enum tj_storage_status status = take_sizes(store);
    return status == TJ_STORAGE_OK ? open_tables(store, format_found, options) : status;
}

/* Some file systems know no modes; there the owner is all that matters. */
static int take_after(int fd, const struct stat *data)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return errno;
    }
    if ((st.st_uid != data->st_uid || st.st_gid != data->st_gid) &&
        fchown(fd, data->st_uid, data->st_gid) != 0) {
        return errno;
    }
    if (fchmod(fd, (data->st_mode & 0777) | S_IRUSR | S_IWUSR) != 0 && errno != EPERM) {
        return errno;
    }
    return 0;
}

/* Whoever was quicker has made the same. */
static int name_it(const struct tj_store *store, const char *made, const char *name)
{
    if (linkat(store->dir_fd, made, store->dir_fd, name, 0) == 0 || errno == EEXIST) {
        return 0;
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) {
        return errno;
    }
    /* A file system without links. */
    return renameat(store->dir_fd, made, store->dir_fd, name) == 0 ? 0 : errno;
}

/* Under another name first: from the moment that others see it, it is as it should be. Whoever is
 * neither root nor the owner could not give it to the owner. */
enum tj_storage_status tj_store_make_like_data(const struct tj_store *store, const char *name)
{
    char made[32];
    struct stat data;
    struct stat st;
    if (fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        return TJ_STORAGE_OK; /* whatever it is */
    }
    if (errno != ENOENT || fstatat(store->dir_fd, TJ_STORE_DATA_FILE, &data, 0) != 0) {
        return tj_storage_status_of(errno);
    }
    if (geteuid() != 0 && geteuid() != data.st_uid) {
        return TJ_STORAGE_DENIED;
    }
    (void)snprintf(made, sizeof made, "%s.new", name);
    (void)unlinkat(store->dir_fd, made, 0); /* of one who died here */
    int fd = openat(store->dir_fd, made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    S_IRUSR | S_IWUSR);
    if (fd < 0) {
        return tj_storage_status_of(errno);
    }
    int error = take_after(fd, &data);
    (void)close(fd);
    error = error == 0 ? name_it(store, made, name) : error;
    (void)unlinkat(store->dir_fd, made, 0);
    return tj_storage_status_of(error);
}

const char *tj_store_denied(const char *dir, bool writing)
{
    static const char *const names[] = {TJ_STORE_DATA_FILE, TJ_STORE_WRITER_FILE,
                                        TJ_STORE_LOCK_FILE};
    const char *denied = NULL;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0] && denied == NULL; i++) {
        int wanted = writing ? R_OK | W_OK : R_OK;
        bool missing = faccessat(fd, names[i], F_OK, AT_EACCESS) != 0 && errno == ENOENT;
        if (missing ? writing : faccessat(fd, names[i], wanted, AT_EACCESS) != 0) {
            denied = names[i];
        }
    }
    (void)close(fd);
    return denied;
}

/* Without permission to write lock.mdb, or to create it, LMDB cannot lock. The permission is asked
 * for with access() and not by opening the file: closing a descriptor of lock.mdb would drop locks
 * (see store.h, Processes). */
static bool can_lock(int dir_fd)
{
    if (faccessat(dir_fd, TJ_STORE_LOCK_FILE, R_OK | W_OK, AT_EACCESS) == 0) {
        return true;
    }
    return errno == ENOENT && faccessat(dir_fd, ".", W_OK | X_OK, AT_EACCESS) == 0;
}

/* A shared lock held for a moment. It does not keep out the writer, which tries more than once. */
static enum tj_storage_status nobody_writes(int dir_fd)
{
    int fd = openat(dir_fd, TJ_STORE_WRITER_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT ? TJ_STORAGE_OK : tj_storage_status_of(errno);
    }
    int code = flock(fd, LOCK_SH | LOCK_NB) == 0 ? 0 : errno;
    (void)close(fd);
    return tj_storage_status_of(code);
}

static void watch(struct tj_store_watch *out, int dir_fd)
{
    struct stat st;
    *out = (struct tj_store_watch){.lockless = false};
    if (fstatat(dir_fd, TJ_STORE_DATA_FILE, &st, 0) == 0) {
        out->lockless = !can_lock(dir_fd);
        out->modified_s = st.st_mtim.tv_sec;
        out->modified_ns = st.st_mtim.tv_nsec;
        out->size = st.st_size;
    }
}

static bool disturbed(const struct tj_store_watch *then, int dir_fd)
{
    struct tj_store_watch now;
    watch(&now, dir_fd);
    return then->lockless &&
           (now.modified_s != then->modified_s || now.modified_ns != then->modified_ns ||
            now.size != then->size || nobody_writes(dir_fd) == TJ_STORAGE_LOCKED);
}

void tj_store_watch(struct tj_store_watch *out, const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *out = (struct tj_store_watch){.lockless = false};
    if (fd >= 0) {
        watch(out, fd);
        (void)close(fd);
    }
}

bool tj_store_disturbed(const struct tj_store_watch *then, const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool written = disturbed(then, fd);
    (void)close(fd);
    return written;
}

/* What looks damaged may be pages that a writer was just writing. */
enum tj_storage_status tj_store_open_read(struct tj_store **out, uint32_t *format_found,
                                          const char *dir, const struct tj_store_options *options)
{
    *out = NULL;
    if (format_found != NULL) {
        *format_found = 0;
    }
    struct tj_store *store;
    enum tj_storage_status status = tj_store_attach(&store, dir, options);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    struct tj_store_watch before;
    watch(&before, store->dir_fd);
    status = tj_store_probe(store);
    if (status == TJ_STORAGE_OK) {
        store->lockless = tj_store_make_like_data(store, TJ_STORE_LOCK_FILE) != TJ_STORAGE_OK ||
                          !can_lock(store->dir_fd);
    }
    if (status == TJ_STORAGE_OK && store->lockless) {
        status = nobody_writes(store->dir_fd);
    }
    if (status == TJ_STORAGE_OK) {
        unsigned flags = store->lockless ? MDB_RDONLY | MDB_NOLOCK : MDB_RDONLY;
        status = tj_store_open_env(store, format_found, dir, options, flags);
    }
    if (status == TJ_STORAGE_CORRUPT && disturbed(&before, store->dir_fd)) {
        status = TJ_STORAGE_LOCKED;
    }
    if (status != TJ_STORAGE_OK) {
        tj_store_close(store);
        return status;
    }
    *out = store;
    return TJ_STORAGE_OK;
}

static enum tj_storage_status take_picture(const struct tj_store *store,
                                           struct tj_store_picture *out)
{
    MDB_envinfo info;
    int rc = mdb_env_info(store->env, &info);
    out->commit = rc == 0 ? info.me_last_txnid : 0;
    watch(&out->file, store->dir_fd);
    return tj_storage_status_of(rc);
}

/* Without a reader lock: the picture is taken before it is asked whether somebody writes. A writer
 * that comes after that is found out by the picture, since it writes pages before it commits them.
 */
static enum tj_storage_status begin_lockless(const struct tj_store *store,
                                             struct tj_store_picture *out)
{
    if (!store->lockless) {
        return TJ_STORAGE_OK;
    }
    enum tj_storage_status status = take_picture(store, out);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    return nobody_writes(store->dir_fd);
}

enum tj_storage_status tj_read_begin(struct tj_store *store, struct tj_txn **out)
{
    *out = NULL;
    struct tj_store_picture picture = {0};
    enum tj_storage_status status = begin_lockless(store, &picture);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    struct tj_txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL) {
        return TJ_STORAGE_MEMORY;
    }
    txn->picture = picture;
    int rc = begin_new(store, &txn->mdb);
    if (rc != 0) {
        mdb_txn_abort(txn->mdb);
        free(txn);
        return tj_storage_status_of(rc);
    }
    txn->store = store;
    atomic_fetch_add(&store->transactions, 1);
    *out = txn;
    return TJ_STORAGE_OK;
}

enum tj_storage_status tj_read_renew(struct tj_txn *txn)
{
    TJ_STORAGE_REQUIRE(!txn->writing && txn->cursors == 0);
    /* Also when it could not be renewed last time: LMDB then finds nothing to let go of. */
    mdb_txn_reset(txn->mdb);
    txn->failed = begin_lockless(txn->store, &txn->picture);
    if (txn->failed == TJ_STORAGE_OK) {
        txn->failed = tj_storage_status_of(begin_settled(txn->store, &txn->mdb));
    }
    return txn->failed;
}

enum tj_storage_status tj_read_settled(struct tj_txn *txn)
{
    struct tj_store_picture now;
    if (!txn->store->lockless) {
        return TJ_STORAGE_OK;
    }
    enum tj_storage_status status = take_picture(txn->store, &now);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    if (now.commit != txn->picture.commit || disturbed(&txn->picture.file, txn->store->dir_fd)) {
        return TJ_STORAGE_LOCKED;
    }
    return TJ_STORAGE_OK;
}

void tj_read_end(struct tj_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    TJ_STORAGE_REQUIRE(!txn->writing && txn->cursors == 0);
    end_any(txn->store, txn->mdb);
    atomic_fetch_sub(&txn->store->transactions, 1);
    free(txn);
}

void tj_store_number_key(uint8_t key[TJ_STORE_NUMBER_SIZE], uint64_t number)
{
    for (size_t i = TJ_STORE_NUMBER_SIZE; i-- > 0;) {
        key[i] = (uint8_t)number;
        number >>= 8;
    }
}

MDB_dbi tj_store_table(const struct tj_store *store, size_t table)
{
    TJ_STORAGE_REQUIRE(table < store->table_count);
    return store->tables[table];
}

static struct tj_view view_of(const MDB_val *value)
{
    return (struct tj_view){.bytes = value->mv_data, .size = value->mv_size};
}

static enum tj_storage_status get(struct tj_txn *txn, struct tj_view *value, MDB_dbi table,
                                  const void *key, size_t key_size)
{
    *value = (struct tj_view){NULL, 0};
    if (txn->failed != TJ_STORAGE_OK) {
        return txn->failed;
    }
    MDB_val k = {key_size, (void *)(uintptr_t)key};
    MDB_val v;
    int rc = mdb_get(txn->mdb, table, &k, &v);
    if (rc == 0) {
        *value = view_of(&v);
    }
    return tj_storage_status_of(rc);
}

enum tj_storage_status tj_get_number(struct tj_txn *txn, struct tj_view *value, size_t table,
                                     uint64_t number)
{
    uint8_t key[TJ_STORE_NUMBER_SIZE];
    MDB_dbi dbi = tj_store_table(txn->store, table);
    TJ_STORAGE_REQUIRE(txn->store->kinds[table] == TJ_TABLE_NUMBERED);
    tj_store_number_key(key, number);
    return get(txn, value, dbi, key, sizeof key);
}

enum tj_storage_status tj_get_name(struct tj_txn *txn, struct tj_view *value, size_t table,
                                   const void *key, size_t key_size)
{
    MDB_dbi dbi = tj_store_table(txn->store, table);
    TJ_STORAGE_REQUIRE(txn->store->kinds[table] == TJ_TABLE_NAMED);
    if (key_size == 0 || key_size > TJ_STORE_KEY_MAX) { /* no row has such a key */
        *value = (struct tj_view){NULL, 0};
        return TJ_STORAGE_NOT_FOUND;
    }
    return get(txn, value, dbi, key, key_size);
}

enum tj_storage_status tj_last_row(struct tj_txn *txn, struct tj_view *key, struct tj_view *value,
                                   size_t table)
{
    MDB_dbi dbi = tj_store_table(txn->store, table);
    if (txn->failed != TJ_STORAGE_OK) {
        return txn->failed;
    }
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn->mdb, dbi, &cursor);
    if (rc != 0) {
        return tj_storage_status_of(rc);
    }
    MDB_val k;
    MDB_val v;
    rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
    if (rc == 0) {
        *key = (struct tj_view){k.mv_data, k.mv_size};
        *value = (struct tj_view){v.mv_data, v.mv_size};
    }
    mdb_cursor_close(cursor);
    return tj_storage_status_of(rc);
}

enum tj_storage_status tj_last_number(struct tj_txn *txn, uint64_t *number, size_t table)
{
    struct tj_view key;
    struct tj_view value;
    *number = 0;
    TJ_STORAGE_REQUIRE(txn->store->kinds[table] == TJ_TABLE_NUMBERED);
    enum tj_storage_status status = tj_last_row(txn, &key, &value, table);
    if (status == TJ_STORAGE_OK && key.size != TJ_STORE_NUMBER_SIZE) {
        return TJ_STORAGE_CORRUPT;
    }
    if (status == TJ_STORAGE_OK) {
        for (size_t i = 0; i < TJ_STORE_NUMBER_SIZE; i++) {
            *number = *number << 8 | key.bytes[i];
        }
    }
    return status;
}

enum tj_storage_status tj_count(struct tj_txn *txn, uint64_t *count, size_t table)
{
    *count = 0;
    MDB_dbi dbi = tj_store_table(txn->store, table);
    if (txn->failed != TJ_STORAGE_OK) {
        return txn->failed;
    }
    MDB_stat st;
    int rc = mdb_stat(txn->mdb, dbi, &st);
    if (rc == 0) {
        *count = st.ms_entries;
    }
    return tj_storage_status_of(rc);
}

struct tj_cursor {
    struct tj_txn *txn;
    MDB_cursor *mdb;
    MDB_cursor_op next; /* how to get at the next row */
    bool ended;
};

enum tj_storage_status tj_cursor_open(struct tj_txn *txn, struct tj_cursor **out, size_t table)
{
    *out = NULL;
    MDB_dbi dbi = tj_store_table(txn->store, table);
    if (txn->failed != TJ_STORAGE_OK) {
        return txn->failed;
    }
    struct tj_cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL) {
        return TJ_STORAGE_MEMORY;
    }
    int rc = mdb_cursor_open(txn->mdb, dbi, &cursor->mdb);
    if (rc != 0) {
        free(cursor);
        return tj_storage_status_of(rc);
    }
    cursor->txn = txn;
    cursor->next = MDB_FIRST;
    txn->cursors++;
    *out = cursor;
    return TJ_STORAGE_OK;
}

/* Only a hint; a failure is no failure. */
static void read_ahead(const struct tj_txn *txn, const MDB_val *value)
{
    if (txn->writing || value->mv_size < TJ_STORE_READ_AHEAD_MIN) {
        return;
    }
    /* LMDB's pages may be smaller than the machine's, never the other way round here: a wrong
     * alignment makes the call fail. */
    size_t before = (uintptr_t)value->mv_data % txn->store->page_size;
    (void)posix_madvise((char *)value->mv_data - before, value->mv_size + before,
                        POSIX_MADV_WILLNEED);
}

enum tj_storage_status tj_cursor_next(struct tj_cursor *cursor, struct tj_view *key,
                                      struct tj_view *value)
{
    *key = (struct tj_view){NULL, 0};
    *value = (struct tj_view){NULL, 0};
    if (cursor->txn->failed != TJ_STORAGE_OK) {
        return cursor->txn->failed;
    }
    if (cursor->ended) {
        return TJ_STORAGE_NOT_FOUND;
    }
    MDB_val k;
    MDB_val v;
    int rc = mdb_cursor_get(cursor->mdb, &k, &v, cursor->next);
    if (rc != 0) {
        cursor->ended = rc == MDB_NOTFOUND;
        return tj_storage_status_of(rc);
    }
    cursor->next = MDB_NEXT;
    read_ahead(cursor->txn, &v);
    *key = view_of(&k);
    *value = view_of(&v);
    return TJ_STORAGE_OK;
}

enum tj_storage_status tj_cursor_seek(struct tj_cursor *cursor, uint64_t number)
{
    if (cursor->txn->failed != TJ_STORAGE_OK) {
        return cursor->txn->failed;
    }
    uint8_t bytes[TJ_STORE_NUMBER_SIZE];
    tj_store_number_key(bytes, number);
    MDB_val key = {sizeof bytes, bytes};
    MDB_val value;
    int rc = mdb_cursor_get(cursor->mdb, &key, &value, MDB_SET_RANGE);
    cursor->ended = rc == MDB_NOTFOUND;
    cursor->next = MDB_GET_CURRENT;
    return tj_storage_status_of(rc);
}

void tj_cursor_close(struct tj_cursor *cursor)
{
    if (cursor == NULL) {
        return;
    }
    mdb_cursor_close(cursor->mdb);
    cursor->txn->cursors--;
    free(cursor);
}

enum tj_storage_status tj_store_bytes(struct tj_store *store, uint64_t *bytes)
{
    *bytes = 0;
    MDB_envinfo info;
    int rc = mdb_env_info(store->env, &info);
    if (rc == 0) {
        *bytes = ((uint64_t)info.me_last_pgno + 1) * store->page_size;
    }
    return tj_storage_status_of(rc);
}
