#include "cli/exit.h" /* before cmocka, whose macro `fail` hides a function of it */

#include "crypto_support.h"

#include "cli/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PEM_MAX = 64 * 1024 };

extern char **environ;

static char folder[TEST_PATH_MAX];

static int make_folder(void **state)
{
    (void)state;
    const char *root = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/tijori-keyfile-XXXXXX", root != NULL ? root : "/tmp");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static const char *place(char path[TEST_PATH_MAX], const char *name)
{
    const int size = snprintf(path, TEST_PATH_MAX, "%s/%s", folder, name);
    assert_true(size > 0 && size < TEST_PATH_MAX);
    return path;
}

/* Every test uses the same few names and finds none of them there. */
static const char *const file_names[] = {"key.pem", "other.pem", "out", "err", "sec1.pem"};

static int remove_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof file_names / sizeof file_names[0]; i++) {
        char path[TEST_PATH_MAX];
        (void)unlink(place(path, file_names[i]));
    }
    return 0;
}

static int remove_folder(void **state)
{
    (void)remove_files(state);
    return rmdir(folder);
}

static size_t load(char *out, size_t out_size, const char *path)
{
    const int file = open(path, O_RDONLY);
    assert_true(file >= 0);
    const ssize_t size = read(file, out, out_size - 1);
    assert_true(size >= 0);
    out[size] = '\0';
    (void)close(file);
    return (size_t)size;
}

static void store(const char *path, const char *bytes, size_t size)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_true(write(file, bytes, size) == (ssize_t)size);
    (void)close(file);
}

static struct tj_secret_key fixed_key(uint8_t algorithm)
{
    struct tj_secret_key key = {.algorithm = algorithm};
    for (size_t i = 0; i < sizeof key.secret32; i++) {
        key.secret32[i] = (uint8_t)(i * 3 + algorithm);
    }
    return key;
}

static void assert_same_key(const struct tj_secret_key *a, const struct tj_secret_key *b)
{
    assert_int_equal(a->algorithm, b->algorithm);
    assert_memory_equal(a->secret32, b->secret32, sizeof a->secret32);
}

static void assert_cleared(const struct tj_secret_key *key)
{
    const struct tj_secret_key zero = {0};
    assert_memory_equal(key, &zero, sizeof zero);
}

static enum tj_keyfile_status decode(struct tj_secret_key *out, bool *encrypted, const char *pem,
                                     const char *passphrase)
{
    return tj_keyfile_decode(out, encrypted, pem, strlen(pem), passphrase, NULL);
}

static enum tj_keyfile_status write_key(const char *path, const struct tj_secret_key *key,
                                        const char *passphrase)
{
    unsigned exposed = 1;
    int error = 0;
    const enum tj_keyfile_status status = key_file_write(path, &exposed, &error, key, passphrase);
    assert_int_equal(exposed, 0);
    return status;
}

static enum tj_keyfile_status read_key(struct tj_secret_key *out, bool *encrypted, const char *path,
                                       const char *passphrase)
{
    struct key_file file;
    memset(out, 0, sizeof *out);
    if (encrypted != NULL) {
        *encrypted = false;
    }
    enum tj_keyfile_status status = key_file_read(&file, path);
    if (status == TJ_KEYFILE_OK) {
        status = tj_keyfile_decode(out, encrypted, file.bytes, file.size, passphrase, NULL);
    }
    key_file_clear(&file);
    return status;
}

/* ---- writing and reading ---- */

static void plain_keys_round_trip(void **state)
{
    (void)state;
    for (uint8_t algorithm = 1; algorithm <= 3; algorithm++) {
        char path[TEST_PATH_MAX];
        const struct tj_secret_key key = fixed_key(algorithm);
        struct tj_secret_key back;
        bool encrypted = true;
        (void)remove_files(NULL);
        assert_int_equal(write_key(place(path, "key.pem"), &key, NULL), TJ_KEYFILE_OK);
        assert_int_equal(read_key(&back, &encrypted, path, NULL), TJ_KEYFILE_OK);
        assert_false(encrypted);
        assert_same_key(&key, &back);
        /* A passphrase for a plain key is not needed and does no harm. */
        assert_int_equal(read_key(&back, NULL, path, "unused"), TJ_KEYFILE_OK);
        assert_same_key(&key, &back);
    }
}

static void encrypted_keys_round_trip(void **state)
{
    (void)state;
    for (uint8_t algorithm = 1; algorithm <= 3; algorithm++) {
        char path[TEST_PATH_MAX];
        char pem[PEM_MAX];
        const struct tj_secret_key key = fixed_key(algorithm);
        struct tj_secret_key back;
        bool encrypted = false;
        (void)remove_files(NULL);
        assert_int_equal(write_key(place(path, "key.pem"), &key, "a pass phrase"), TJ_KEYFILE_OK);
        (void)load(pem, sizeof pem, path);
        assert_non_null(strstr(pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        assert_int_equal(read_key(&back, &encrypted, path, "a pass phrase"), TJ_KEYFILE_OK);
        assert_true(encrypted);
        assert_same_key(&key, &back);
        static const char *const wrong[] = {NULL, "", "a pass phras", "a pass phrase ", "A"};
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            encrypted = false;
            assert_int_equal(read_key(&back, &encrypted, path, wrong[i]), TJ_KEYFILE_PASSPHRASE);
            assert_true(encrypted);
            assert_cleared(&back);
        }
    }
}

static void empty_passphrase_is_a_passphrase(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ED25519);
    struct tj_secret_key back;
    bool encrypted = false;
    assert_int_equal(write_key(place(path, "key.pem"), &key, ""), TJ_KEYFILE_OK);
    assert_int_equal(read_key(&back, &encrypted, path, NULL), TJ_KEYFILE_PASSPHRASE);
    assert_true(encrypted);
    assert_int_equal(read_key(&back, NULL, path, ""), TJ_KEYFILE_OK);
    assert_same_key(&key, &back);
}

static void generated_keys_sign_and_differ(void **state)
{
    (void)state;
    for (uint8_t algorithm = 1; algorithm <= 3; algorithm++) {
        struct tj_secret_key a;
        struct tj_secret_key b;
        uint8_t signature64[64];
        const struct tj_hash message = {{1}};
        assert_true(tj_secret_key_generate(&a, (enum tj_algorithm)algorithm));
        assert_true(tj_secret_key_generate(&b, (enum tj_algorithm)algorithm));
        assert_int_equal(a.algorithm, algorithm);
        assert_memory_not_equal(a.secret32, b.secret32, sizeof a.secret32);
        assert_true(tj_sign(signature64, algorithm, a.secret32, &message, NULL));
    }
}

static void bip340_keys_say_so_before_the_first_boundary(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    char pem[PEM_MAX];
    const char line[] = "Tijori-Algorithm: bip340\n";
    struct tj_secret_key key = fixed_key(TJ_ALGORITHM_BIP340);
    struct tj_secret_key back;
    assert_int_equal(write_key(place(path, "key.pem"), &key, NULL), TJ_KEYFILE_OK);
    (void)load(pem, sizeof pem, path);
    assert_memory_equal(pem, line, strlen(line));
    const char *block = pem + strlen(line);
    assert_memory_equal(block, "-----BEGIN PRIVATE KEY-----\n", 28);
    assert_int_equal(decode(&back, NULL, block, NULL), TJ_KEYFILE_OK);
    assert_int_equal(back.algorithm, TJ_ALGORITHM_ECDSA);

    static const struct {
        const char *preamble;
        enum tj_keyfile_status status;
        uint8_t algorithm;
    } cases[] = {
        {"Tijori-Algorithm: bip340\r\n", TJ_KEYFILE_OK, TJ_ALGORITHM_BIP340},
        {"of the treasury\nTijori-Algorithm: bip340\n\n", TJ_KEYFILE_OK, TJ_ALGORITHM_BIP340},
        {"any explanation\n", TJ_KEYFILE_OK, TJ_ALGORITHM_ECDSA},
        {"not Tijori-Algorithm: bip340\n", TJ_KEYFILE_OK, TJ_ALGORITHM_ECDSA},
        {"Tijori-Algorithm: ecdsa\n", TJ_KEYFILE_FORMAT, 0},
        {"Tijori-Algorithm: bip340x\n", TJ_KEYFILE_FORMAT, 0},
        {"Tijori-Algorithm: BIP340\n", TJ_KEYFILE_FORMAT, 0},
        {"Tijori-Algorithm:\n", TJ_KEYFILE_FORMAT, 0},
        {"Tijori-Algorithm: bip340\nTijori-Algorithm: frost\n", TJ_KEYFILE_FORMAT, 0},
        {"Tijori-Algorithm: bip340", TJ_KEYFILE_FORMAT, 0}, /* the boundary begins no line */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static char text[PEM_MAX];
        (void)snprintf(text, sizeof text, "%s%s", cases[i].preamble, block);
        if (decode(&back, NULL, text, NULL) != cases[i].status) {
            fail_msg("preamble %zu", i);
        }
        assert_int_equal(back.algorithm, cases[i].algorithm);
    }
}

static void an_ed25519_key_is_not_bip340(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    char pem[PEM_MAX];
    static char text[PEM_MAX + 64];
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ED25519);
    struct tj_secret_key back;
    assert_int_equal(write_key(place(path, "key.pem"), &key, NULL), TJ_KEYFILE_OK);
    (void)load(pem, sizeof pem, path);
    (void)snprintf(text, sizeof text, "Tijori-Algorithm: bip340\n%s", pem);
    assert_int_equal(decode(&back, NULL, text, NULL), TJ_KEYFILE_FORMAT);
    assert_cleared(&back);
}

/* ---- the file ---- */

static void a_key_is_never_overwritten(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    char link_path[TEST_PATH_MAX];
    const struct tj_secret_key first = fixed_key(TJ_ALGORITHM_ECDSA);
    const struct tj_secret_key second = fixed_key(TJ_ALGORITHM_ED25519);
    struct tj_secret_key back;
    assert_int_equal(write_key(place(path, "key.pem"), &first, NULL), TJ_KEYFILE_OK);
    assert_int_equal(write_key(path, &second, NULL), TJ_KEYFILE_EXISTS);
    assert_int_equal(read_key(&back, NULL, path, NULL), TJ_KEYFILE_OK);
    assert_same_key(&first, &back);
    /* Nor is a link followed to where the key would come to lie. */
    assert_int_equal(symlink("out", place(link_path, "other.pem")), 0);
    assert_int_equal(write_key(link_path, &second, NULL), TJ_KEYFILE_EXISTS);
    assert_int_equal(access(place(path, "out"), F_OK), -1);
}

static void the_mode_is_0600_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 0177, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        char path[TEST_PATH_MAX];
        struct stat status;
        const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ED25519);
        (void)remove_files(NULL);
        const mode_t before = umask(masks[i]);
        assert_int_equal(write_key(place(path, "key.pem"), &key, NULL), TJ_KEYFILE_OK);
        (void)umask(before);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
    }
}

static void a_failed_write_leaves_no_file(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    struct rlimit before;
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ECDSA);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = before;
    small.rlim_cur = 20; /* the first write is short, the next one fails */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction old;
    assert_int_equal(sigaction(SIGXFSZ, &ignore, &old), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const enum tj_keyfile_status status = write_key(place(path, "key.pem"), &key, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(sigaction(SIGXFSZ, &old, NULL), 0);
    assert_int_equal(status, TJ_KEYFILE_IO);
    assert_int_equal(access(path, F_OK), -1);
}

static void writing_refuses_a_key_that_is_none(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    struct tj_secret_key key = {.algorithm = TJ_ALGORITHM_ECDSA}; /* zero */
    assert_int_equal(write_key(place(path, "key.pem"), &key, NULL), TJ_KEYFILE_FORMAT);
    key = fixed_key(TJ_ALGORITHM_ECDSA);
    key.algorithm = 4;
    assert_int_equal(write_key(path, &key, NULL), TJ_KEYFILE_FORMAT);
    assert_int_equal(access(path, F_OK), -1);
}

static void missing_files_and_folders_are_told(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ECDSA);
    struct tj_secret_key back;
    bool encrypted = true;
    assert_int_equal(read_key(&back, &encrypted, place(path, "key.pem"), NULL),
                     TJ_KEYFILE_NOT_FOUND);
    assert_false(encrypted);
    assert_cleared(&back);
    assert_int_equal(write_key(place(path, "no-folder/key.pem"), &key, NULL), TJ_KEYFILE_NOT_FOUND);
    assert_int_equal(read_key(&back, NULL, folder, NULL), TJ_KEYFILE_IO);
}

static void permissions_are_told(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        (void)fprintf(stderr, "SKIP: permissions_are_told: root may do anything\n");
        skip();
    }
    char path[TEST_PATH_MAX];
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ECDSA);
    struct tj_secret_key back;
    assert_int_equal(write_key(place(path, "key.pem"), &key, NULL), TJ_KEYFILE_OK);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(read_key(&back, NULL, path, NULL), TJ_KEYFILE_DENIED);
}

static void a_name_without_a_folder_is_written_here(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ECDSA);
    const int here = open(".", O_RDONLY | O_DIRECTORY);
    assert_true(here >= 0);
    assert_int_equal(chdir(folder), 0);
    const enum tj_keyfile_status status = write_key("key.pem", &key, NULL);
    assert_int_equal(fchdir(here), 0);
    (void)close(here);
    assert_int_equal(status, TJ_KEYFILE_OK);
    assert_int_equal(access(place(path, "key.pem"), R_OK), 0);
}

/* ---- bytes that are no key ---- */

static void what_is_not_one_pem_key_is_refused(void **state)
{
    (void)state;
    static char pem[PEM_MAX + 2];
    static char text[2 * PEM_MAX + 64];
    char path[TEST_PATH_MAX];
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ECDSA);
    struct tj_secret_key back;
    assert_int_equal(write_key(place(path, "key.pem"), &key, NULL), TJ_KEYFILE_OK);
    const size_t size = load(pem, sizeof pem, path);

    assert_int_equal(tj_keyfile_decode(&back, NULL, "", 0, NULL, NULL), TJ_KEYFILE_FORMAT);
    assert_int_equal(decode(&back, NULL, "text\n", NULL), TJ_KEYFILE_FORMAT);
    /* Cut anywhere: only the last newline can be spared. */
    for (size_t i = 0; i + 1 < size; i++) {
        assert_int_equal(tj_keyfile_decode(&back, NULL, pem, i, NULL, NULL), TJ_KEYFILE_FORMAT);
        assert_cleared(&back);
    }
    assert_int_equal(tj_keyfile_decode(&back, NULL, pem, size - 1, NULL, NULL), TJ_KEYFILE_OK);

    (void)snprintf(text, sizeof text, "%s \t\r\n\n", pem);
    assert_int_equal(decode(&back, NULL, text, NULL), TJ_KEYFILE_OK);
    (void)snprintf(text, sizeof text, "%s%s", pem, pem);
    assert_int_equal(decode(&back, NULL, text, NULL), TJ_KEYFILE_FORMAT);
    (void)snprintf(text, sizeof text, "%stail", pem);
    assert_int_equal(decode(&back, NULL, text, NULL), TJ_KEYFILE_FORMAT);

    /* 64 KiB and one byte more, filled up before the boundary. */
    for (size_t total = PEM_MAX; total <= PEM_MAX + 1; total++) {
        memset(text, '\n', total);
        memcpy(text + total - size, pem, size);
        assert_int_equal(tj_keyfile_decode(&back, NULL, text, total, NULL, NULL),
                         total == PEM_MAX ? TJ_KEYFILE_OK : TJ_KEYFILE_FORMAT);
        (void)remove_files(NULL);
        store(path, text, total);
        assert_int_equal(read_key(&back, NULL, path, NULL),
                         total == PEM_MAX ? TJ_KEYFILE_OK : TJ_KEYFILE_FORMAT);
    }
}

/* A flipped bit gives another key, which its own public half betrays, or no key. */
static void a_changed_secp256k1_key_never_reads_as_another(void **state)
{
    (void)state;
    char pem[PEM_MAX];
    char path[TEST_PATH_MAX];
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ECDSA);
    assert_int_equal(write_key(place(path, "key.pem"), &key, NULL), TJ_KEYFILE_OK);
    const size_t size = load(pem, sizeof pem, path);
    for (size_t i = 28; i < size; i++) {
        struct tj_secret_key back;
        const char kept = pem[i];
        pem[i] = kept == 'A' ? 'B' : 'A';
        if (tj_keyfile_decode(&back, NULL, pem, size, NULL, NULL) == TJ_KEYFILE_OK) {
            assert_same_key(&back, &key);
        }
        pem[i] = kept;
    }
}

/* Keys made once with the openssl program and kept here, so that no program is needed. */
static void other_key_types_and_containers_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        /* genpkey -algorithm X25519 */
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VuBCIEIMhwqYrNtbk7qlF/h9iKfX0YuiCWcYrJJ0S492tTP4NI\n"
        "-----END PRIVATE KEY-----\n",
        /* genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 */
        "-----BEGIN PRIVATE KEY-----\n"
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBQkgnPp/U6UD5xhm\n"
        "pHWIqj5ca7zCju0MKQvldwIDDjKhRANCAAQRR7Jdbx/OAoKJPwAnlHamduDws+56\n"
        "xW93MgCHaE9xqd3yIoaZDbnqyITKij46/ss2bybfTSM4Y1/HugVVg73o\n"
        "-----END PRIVATE KEY-----\n",
        /* pkcs8 -topk8 -v1 PBE-SHA1-3DES, passphrase "test": not PBES2 */
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIGpMBwGCiqGSIb3DQEMAQMwDgQIHTC9Tt6qPL4CAggABIGIFh/U7NpaZ/He2u/8\n"
        "8TzFyuVW00Z8M3LHHRv2n0BtPBh6Y2xk0Bfm3bcL7O0yTt0pPOJdsHFNSy1H266D\n"
        "QuB79vkQvsR2Hh5YNoE4Aj8tfshqHdRSozvSwhzsFUjH4bTkQ4eacvUle3KmdgL3\n"
        "8xvL1j5JNBxgf2HMMT07OLtEU4oaysmyi8pjJg==\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n",
        /* pkey -pubout */
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAfU0Of2FTpptiQrUiq77mhf2kQg+INLEIw72uNp71Sfo=\n"
        "-----END PUBLIC KEY-----\n",
        /* not DER at all, under both names */
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tj_secret_key back;
        if (decode(&back, NULL, bad[i], "test") != TJ_KEYFILE_FORMAT) {
            fail_msg("container %zu", i);
        }
        assert_cleared(&back);
    }
}

#define NEW_KEY "tijori key new NEW.pem"

/* Whoever has the wrong file is told what it is, and what makes a key of it. */
static void what_was_found_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *found;
        const char *remedy;
    } cases[] = {
        {"", "empty", NULL},
        {"a note\n", "no line -----BEGIN", NULL},
        {"\xff\xfe-\0", "UTF-16", NULL},
        {"0\x2e\x02\x01", "no line -----BEGIN", NULL}, /* the digit 0, and not of that length */
        {"0\x82\x01\x01", "DER", "openssl pkcs8 -topk8 -inform DER -in FILE -out NEW.pem"},
        {"00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF\n", "64 hex", NULL},
        {"PuTTY-User-Key-File-3: ssh-ed25519\n", "PuTTY", NEW_KEY},
        {"ssh-ed25519 AAAA me\n", "a public key of OpenSSH", NEW_KEY},
        {"{\"kty\": \"OKP\"}\n", "JSON", NULL},
        {" -----BEGIN PRIVATE KEY-----\n", "something before it", NULL},
        {"----BEGIN PRIVATE KEY-----\n", "is damaged", NULL},
        {"-----BEGIN PRIVATE", "cut short", NULL},
        {"-----BEGIN PRIVATE KEY-----\nMC4CAQ", "cut short or damaged", NULL},
        {"-----BEGIN PRIVATE KEY-----\rAAAA\r-----END PRIVATE KEY-----\r", "CR alone", NULL},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "not PKCS#8", NULL},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\nx", "follows the key",
         NULL},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
         "not an encrypted PKCS#8", NULL},
        {"Tijori-Algorithm: frost\n-----BEGIN PRIVATE KEY-----\n", "an algorithm that is not known",
         NULL},
        {"-----BEGIN EC PRIVATE KEY-----\n", "cut short", NULL},
        {"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "SEC 1", NULL},
        {"-----BEGIN EC PARAMETERS-----\n-----BEGIN EC PRIVATE KEY-----\n", "cut short", NULL},
        {"-----BEGIN EC PARAMETERS-----\n", "no key", NEW_KEY},
        {"-----BEGIN RSA PRIVATE KEY-----\n", "an RSA key", NEW_KEY},
        {"-----BEGIN DSA PRIVATE KEY-----\n", "a DSA key", NEW_KEY},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\n", "OpenSSH", NEW_KEY},
        {"-----BEGIN PUBLIC KEY-----\n", "a public key", "tijori key show PRIVATE.pem"},
        {"-----BEGIN CERTIFICATE-----\n", "a certificate", "tijori key show PRIVATE.pem"},
        {"-----BEGIN ANYTHING-----\n", "ANYTHING", NULL},
        /* genpkey -algorithm X25519 */
        {"-----BEGIN PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VuBCIEIMhwqYrNtbk7qlF/h9iKfX0YuiCWcYrJJ0S492tTP4NI\n"
         "-----END PRIVATE KEY-----\n",
         "the type X25519", NEW_KEY},
        /* genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 */
        {"-----BEGIN PRIVATE KEY-----\n"
         "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBQkgnPp/U6UD5xhm\n"
         "pHWIqj5ca7zCju0MKQvldwIDDjKhRANCAAQRR7Jdbx/OAoKJPwAnlHamduDws+56\n"
         "xW93MgCHaE9xqd3yIoaZDbnqyITKij46/ss2bybfTSM4Y1/HugVVg73o\n"
         "-----END PRIVATE KEY-----\n",
         "the curve prime256v1", NEW_KEY},
        /* pkcs8 -topk8 -v1 PBE-SHA1-3DES */
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
         "MIGpMBwGCiqGSIb3DQEMAQMwDgQIHTC9Tt6qPL4CAggABIGIFh/U7NpaZ/He2u/8\n"
         "8TzFyuVW00Z8M3LHHRv2n0BtPBh6Y2xk0Bfm3bcL7O0yTt0pPOJdsHFNSy1H266D\n"
         "QuB79vkQvsR2Hh5YNoE4Aj8tfshqHdRSozvSwhzsFUjH4bTkQ4eacvUle3KmdgL3\n"
         "8xvL1j5JNBxgf2HMMT07OLtEU4oaysmyi8pjJg==\n"
         "-----END ENCRYPTED PRIVATE KEY-----\n",
         "too weak", "openssl pkcs8 -topk8 -scrypt -in FILE -out NEW.pem"},
        /* scrypt with N=32768, r=8: not the passphrase is wrong, but more memory is needed */
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
         "MIHtMFgGCSqGSIb3DQEFDTBLMCoGCSsGAQQB2kcECzAdBBAAAQIDBAUGBwgJCgsM\n"
         "DQ4PAgMAgAACAQgCAQEwHQYJYIZIAWUDBAEqBBAQERITFBUWFxgZGhscHR4fBIGQ\n"
         "AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK+2vcTL0tng5+71/AMKERgfJi00O0JJ\n"
         "UFdeZWxzeoGIj5adpKuyucDHztXc4+rx+P8GDRQbIikwNz5FTFNaYWhvdn2Ei5KZ\n"
         "oKeutbzDytHY3+bt9PsCCRAXHiUsMzpBSE9WXWRrcnmAh46VnKOqsbi/xs3U2+Lp\n"
         "-----END ENCRYPTED PRIVATE KEY-----\n",
         "N=32768, r=8, p=1, which takes 33 MiB", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tj_secret_key back;
        struct tj_keyfile_fault fault = {.found = ""};
        const size_t size = strlen(cases[i].text);
        for (int given = 0; given <= 1; given++) {
            assert_int_equal(tj_keyfile_decode(&back, NULL, cases[i].text, size,
                                               given == 1 ? "secret" : NULL, &fault),
                             TJ_KEYFILE_FORMAT);
            if (strstr(fault.found, cases[i].found) == NULL) {
                fail_msg("case %zu: %s", i, fault.found);
            }
            if (cases[i].remedy == NULL) {
                assert_null(fault.remedy);
            } else {
                assert_string_equal(fault.remedy, cases[i].remedy);
            }
        }
    }
}

/* openssl ecparam -name secp256k1 -genkey */
static const char sec1_parameters[] = "-----BEGIN EC PARAMETERS-----\n"
                                      "BgUrgQQACg==\n"
                                      "-----END EC PARAMETERS-----\n";
static const char sec1_key[] = "-----BEGIN EC PRIVATE KEY-----\n"
                               "MHQCAQEEIHqrguClCvhlpDq1jTtsKf6QJwmrVlBALj+Tw5Cm7sJLoAcGBSuBBAAK\n"
                               "oUQDQgAEEx++avhCsQkHj9cejqFLqT9vjgjAFb4FFp07WI9+/k0ac3stTScwh9ND\n"
                               "QKQPr/yBfOr0tHP+q1E+qnCBa7PZNg==\n"
                               "-----END EC PRIVATE KEY-----\n";
static const uint8_t sec1_secret32[TJ_SECRET_KEY_SIZE] = {
    0x7a, 0xab, 0x82, 0xe0, 0xa5, 0x0a, 0xf8, 0x65, 0xa4, 0x3a, 0xb5, 0x8d, 0x3b, 0x6c, 0x29, 0xfe,
    0x90, 0x27, 0x09, 0xab, 0x56, 0x50, 0x40, 0x2e, 0x3f, 0x93, 0xc3, 0x90, 0xa6, 0xee, 0xc2, 0x4b};

static void the_older_form_of_an_ec_key_is_read(void **state)
{
    (void)state;
    struct tj_secret_key back;
    char text[PEM_MAX];
    bool encrypted = true;
    assert_int_equal(decode(&back, &encrypted, sec1_key, NULL), TJ_KEYFILE_OK);
    assert_false(encrypted);
    assert_int_equal(back.algorithm, TJ_ALGORITHM_ECDSA);
    assert_memory_equal(back.secret32, sec1_secret32, TJ_SECRET_KEY_SIZE);
    (void)snprintf(text, sizeof text, "%s%s", sec1_parameters, sec1_key);
    assert_int_equal(decode(&back, NULL, text, NULL), TJ_KEYFILE_OK);
    assert_memory_equal(back.secret32, sec1_secret32, TJ_SECRET_KEY_SIZE);
    (void)snprintf(text, sizeof text, "Tijori-Algorithm: bip340\n%s", sec1_key);
    assert_int_equal(decode(&back, NULL, text, NULL), TJ_KEYFILE_OK);
    assert_int_equal(back.algorithm, TJ_ALGORITHM_BIP340);
    (void)snprintf(text, sizeof text, "%s%s", sec1_key, sec1_key);
    assert_int_equal(decode(&back, NULL, text, NULL), TJ_KEYFILE_FORMAT);
}

/* Character by character: the public half in it holds the number fast. */
static void a_changed_key_of_the_older_form_never_reads_as_another(void **state)
{
    (void)state;
    char text[sizeof sec1_key];
    for (size_t i = 0; i + 1 < sizeof sec1_key; i++) {
        struct tj_secret_key back;
        memcpy(text, sec1_key, sizeof text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        if (decode(&back, NULL, text, NULL) == TJ_KEYFILE_OK) {
            assert_memory_equal(back.secret32, sec1_secret32, TJ_SECRET_KEY_SIZE);
        }
    }
}

static void what_only_looks_like_the_older_form_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *found;
        const char *remedy;
    } cases[] = {
        /* ecparam -name prime256v1 -genkey -noout */
        {"-----BEGIN EC PRIVATE KEY-----\n"
         "MHcCAQEEIO7pS3zYAy/bRy6vzJiaNXeGqx0PT4XwHRV4mBm0OhcNoAoGCCqGSM49\n"
         "AwEHoUQDQgAEv+nUAhvCT5g8vvhRFbOVsUYToV9LsdGc1KnzL5+oiOm67bKAx3vy\n"
         "6dnEuHxYz1LLpb+/JIpx13X4kGt4P4pDxQ==\n"
         "-----END EC PRIVATE KEY-----\n",
         "the curve prime256v1", NEW_KEY},
        /* ec -aes256 */
        {"-----BEGIN EC PRIVATE KEY-----\n"
         "Proc-Type: 4,ENCRYPTED\n"
         "DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n"
         "\n"
         "AAAA\n"
         "-----END EC PRIVATE KEY-----\n",
         "Proc-Type: 4,ENCRYPTED", "openssl pkcs8 -topk8 -scrypt -in FILE -out NEW.pem"},
        /* An Ed25519 key in PKCS#8 under this name. */
        {"-----BEGIN EC PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VwBCIEIMhwqYrNtbk7qlF/h9iKfX0YuiCWcYrJJ0S492tTP4NI\n"
         "-----END EC PRIVATE KEY-----\n",
         "no EC key of SEC 1", NULL},
        /* The number alone: of which curve, the block of parameters before it would say. */
        {"-----BEGIN EC PARAMETERS-----\n"
         "BgUrgQQACg==\n"
         "-----END EC PARAMETERS-----\n"
         "-----BEGIN EC PRIVATE KEY-----\n"
         "MCUCAQEEIHqrguClCvhlpDq1jTtsKf6QJwmrVlBALj+Tw5Cm7sJL\n"
         "-----END EC PRIVATE KEY-----\n",
         "names its curve", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tj_secret_key back;
        struct tj_keyfile_fault fault = {.found = ""};
        if (tj_keyfile_decode(&back, NULL, cases[i].text, strlen(cases[i].text), "x", &fault) !=
                TJ_KEYFILE_FORMAT ||
            strstr(fault.found, cases[i].found) == NULL) {
            fail_msg("case %zu: %s", i, fault.found);
        }
        assert_true((cases[i].remedy == NULL) == (fault.remedy == NULL));
        if (cases[i].remedy != NULL) {
            assert_string_equal(fault.remedy, cases[i].remedy);
        }
        assert_cleared(&back);
    }
}

/* Editors put it before a text. */
static void a_byte_order_mark_is_no_part_of_a_key(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    char pem[PEM_MAX];
    static char text[PEM_MAX + 8];
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_BIP340);
    struct tj_secret_key back;
    assert_int_equal(write_key(place(path, "key.pem"), &key, NULL), TJ_KEYFILE_OK);
    (void)load(pem, sizeof pem, path);
    (void)snprintf(text, sizeof text, "\xef\xbb\xbf%s", pem);
    assert_int_equal(decode(&back, NULL, text, NULL), TJ_KEYFILE_OK);
    assert_same_key(&key, &back);
}

static void every_status_has_its_text(void **state)
{
    (void)state;
    for (int a = TJ_KEYFILE_OK; a <= TJ_KEYFILE_PASSPHRASE; a++) {
        for (int b = TJ_KEYFILE_OK; b < a; b++) {
            assert_string_not_equal(tj_keyfile_status_text((enum tj_keyfile_status)a),
                                    tj_keyfile_status_text((enum tj_keyfile_status)b));
        }
    }
}

/* ---- against the openssl program ---- */

/* Runs it with its output in the file `out`, nothing to read and no terminal to ask. Returns its
 * exit status, -1 when there is no such program. */
static int run_openssl(const char *const *arguments)
{
    char out[TEST_PATH_MAX];
    char err[TEST_PATH_MAX];
    char *argv[16] = {(char *)"openssl"};
    posix_spawn_file_actions_t actions;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        assert_true(i < 14);
        argv[i + 1] = (char *)arguments[i];
    }
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&actions, 1, place(out, "out"),
                                           O_WRONLY | O_CREAT | O_TRUNC, 0600);
    (void)posix_spawn_file_actions_addopen(&actions, 2, place(err, "err"),
                                           O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t child = 0;
    int status = 0;
    const int spawned = posix_spawnp(&child, "openssl", &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (spawned != 0) {
        return -1;
    }
    assert_true(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

static void need_openssl(const char *test)
{
    static const char *const version[] = {"version", NULL};
    if (run_openssl(version) != 0) {
        (void)fprintf(stderr, "SKIP: %s: no openssl program\n", test);
        skip();
    }
}

/* The last `size` bytes of a DER public key as openssl prints it are the key. */
static void assert_public_key_printed(const struct tj_secret_key *key)
{
    char path[TEST_PATH_MAX];
    char der[1024];
    struct tj_public_key expected;
    const size_t size = load(der, sizeof der, place(path, "out"));
    assert_true(tj_public_key_of(&expected, key->algorithm, key->secret32));
    if (key->algorithm == TJ_ALGORITHM_ED25519) {
        assert_true(size > 32);
        assert_memory_equal(der + size - 32, expected.bytes, 32);
    } else {
        uint8_t x32[32];
        assert_true(size > 64);
        tj_public_key_x(&expected, x32);
        assert_memory_equal(der + size - 64, x32, 32);
    }
}

static void openssl_reads_what_we_write(void **state)
{
    (void)state;
    need_openssl("openssl_reads_what_we_write");
    char path[TEST_PATH_MAX];
    for (uint8_t algorithm = 1; algorithm <= 3; algorithm++) {
        const struct tj_secret_key key = fixed_key(algorithm);
        const char *const plain[] = {"pkey", "-in", place(path, "key.pem"), "-pubout", "-outform",
                                     "DER",  NULL};
        const char *const right[] = {"pkey",    "-in",      path,  "-passin", "pass:secret",
                                     "-pubout", "-outform", "DER", NULL};
        const char *const wrong[] = {"pkey", "-in", path, "-passin", "pass:Secret", NULL};
        (void)remove_files(NULL);
        assert_int_equal(write_key(path, &key, NULL), TJ_KEYFILE_OK);
        assert_int_equal(run_openssl(plain), 0);
        assert_public_key_printed(&key);
        (void)remove_files(NULL);
        assert_int_equal(write_key(path, &key, "secret"), TJ_KEYFILE_OK);
        assert_int_equal(run_openssl(right), 0);
        assert_public_key_printed(&key);
        assert_int_not_equal(run_openssl(wrong), 0);
    }
}

static void we_encrypt_with_scrypt_and_aes(void **state)
{
    (void)state;
    need_openssl("we_encrypt_with_scrypt_and_aes");
    char path[TEST_PATH_MAX];
    char text[PEM_MAX];
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ED25519);
    const char *const parse[] = {"asn1parse", "-in", place(path, "key.pem"), NULL};
    assert_int_equal(write_key(path, &key, "secret"), TJ_KEYFILE_OK);
    assert_int_equal(run_openssl(parse), 0);
    (void)load(text, sizeof text, place(path, "out"));
    assert_non_null(strstr(text, ":PBES2"));
    assert_non_null(strstr(text, ":scrypt") != NULL ? strstr(text, ":scrypt")
                                                    : strstr(text, ":id-scrypt"));
    assert_non_null(strstr(text, ":aes-256-cbc"));
    assert_non_null(strstr(text, "INTEGER           :4000")); /* N = 16384 */
    assert_null(strstr(text, ":PBKDF2"));
}

static void we_read_what_openssl_writes(void **state)
{
    (void)state;
    need_openssl("we_read_what_openssl_writes");
    char path[TEST_PATH_MAX];
    (void)place(path, "key.pem");
    const char *const commands[][12] = {
        {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-out", path},
        {"genpkey", "-algorithm", "ed25519", "-out", path},
        {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-aes-256-cbc",
         "-pass", "pass:secret", "-out", path},
        {"genpkey", "-algorithm", "ed25519", "-aes-128-cbc", "-pass", "pass:secret", "-out", path},
    };
    for (size_t i = 0; i < 4; i++) {
        const bool with_passphrase = i >= 2;
        struct tj_secret_key key;
        bool encrypted = !with_passphrase;
        (void)remove_files(NULL);
        assert_int_equal(run_openssl(commands[i]), 0);
        if (with_passphrase) {
            assert_int_equal(read_key(&key, &encrypted, path, NULL), TJ_KEYFILE_PASSPHRASE);
            assert_true(encrypted);
            assert_int_equal(read_key(&key, NULL, path, "other"), TJ_KEYFILE_PASSPHRASE);
        }
        assert_int_equal(read_key(&key, &encrypted, path, "secret"), TJ_KEYFILE_OK);
        assert_true(encrypted == with_passphrase);
        assert_int_equal(key.algorithm, i % 2 == 0 ? TJ_ALGORITHM_ECDSA : TJ_ALGORITHM_ED25519);
        const char *const print[] = {"pkey",    "-in",      path,  "-passin", "pass:secret",
                                     "-pubout", "-outform", "DER", NULL};
        assert_int_equal(run_openssl(print), 0);
        assert_public_key_printed(&key);
    }
}

/* Compressed points, no public key at all: other programs write these. */
static void we_read_other_forms_of_the_public_half(void **state)
{
    (void)state;
    need_openssl("we_read_other_forms_of_the_public_half");
    char path[TEST_PATH_MAX];
    char sec1[TEST_PATH_MAX];
    char other[TEST_PATH_MAX];
    (void)place(path, "key.pem");
    (void)place(sec1, "sec1.pem");
    (void)place(other, "other.pem");
    const struct tj_secret_key key = fixed_key(TJ_ALGORITHM_ECDSA);
    struct tj_secret_key back;
    const char *const compress[] = {"ec",         "-in",  path, "-conv_form",
                                    "compressed", "-out", sec1, NULL};
    const char *const strip[] = {"ec", "-in", path, "-no_public", "-out", sec1, NULL};
    /* `ec` writes SEC 1; `pkcs8` wraps it. */
    const char *const wrap[] = {"pkcs8", "-topk8", "-nocrypt", "-in", sec1, "-out", other, NULL};
    assert_int_equal(write_key(path, &key, NULL), TJ_KEYFILE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(run_openssl(i == 0 ? compress : strip), 0);
        assert_int_equal(run_openssl(wrap), 0);
        assert_int_equal(read_key(&back, NULL, other, NULL), TJ_KEYFILE_OK);
        assert_same_key(&key, &back);
        assert_int_equal(read_key(&back, NULL, sec1, NULL), TJ_KEYFILE_OK);
        assert_same_key(&key, &back);
        (void)unlink(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(plain_keys_round_trip, remove_files),
        cmocka_unit_test_teardown(encrypted_keys_round_trip, remove_files),
        cmocka_unit_test_teardown(empty_passphrase_is_a_passphrase, remove_files),
        cmocka_unit_test_teardown(generated_keys_sign_and_differ, remove_files),
        cmocka_unit_test_teardown(bip340_keys_say_so_before_the_first_boundary, remove_files),
        cmocka_unit_test_teardown(an_ed25519_key_is_not_bip340, remove_files),
        cmocka_unit_test_teardown(a_key_is_never_overwritten, remove_files),
        cmocka_unit_test_teardown(the_mode_is_0600_whatever_the_umask, remove_files),
        cmocka_unit_test_teardown(a_failed_write_leaves_no_file, remove_files),
        cmocka_unit_test_teardown(writing_refuses_a_key_that_is_none, remove_files),
        cmocka_unit_test_teardown(missing_files_and_folders_are_told, remove_files),
        cmocka_unit_test_teardown(permissions_are_told, remove_files),
        cmocka_unit_test_teardown(a_name_without_a_folder_is_written_here, remove_files),
        cmocka_unit_test_teardown(what_is_not_one_pem_key_is_refused, remove_files),
        cmocka_unit_test_teardown(a_changed_secp256k1_key_never_reads_as_another, remove_files),
        cmocka_unit_test_teardown(other_key_types_and_containers_are_refused, remove_files),
        cmocka_unit_test_teardown(what_was_found_is_told, remove_files),
        cmocka_unit_test_teardown(the_older_form_of_an_ec_key_is_read, remove_files),
        cmocka_unit_test_teardown(a_changed_key_of_the_older_form_never_reads_as_another,
                                  remove_files),
        cmocka_unit_test_teardown(what_only_looks_like_the_older_form_is_refused, remove_files),
        cmocka_unit_test_teardown(a_byte_order_mark_is_no_part_of_a_key, remove_files),
        cmocka_unit_test_teardown(every_status_has_its_text, remove_files),
        cmocka_unit_test_teardown(openssl_reads_what_we_write, remove_files),
        cmocka_unit_test_teardown(we_encrypt_with_scrypt_and_aes, remove_files),
        cmocka_unit_test_teardown(we_read_what_openssl_writes, remove_files),
        cmocka_unit_test_teardown(we_read_other_forms_of_the_public_half, remove_files),
    };
    return cmocka_run_group_tests_name("keyfile", tests, make_folder, remove_folder);
}
