#ifndef TIJORI_CRYPTO_HASH_H
#define TIJORI_CRYPTO_HASH_H

/* SHA-256 (FIPS 180-4) and the tagged hash of BIP-340, through OpenSSL.
 *
 * A hasher is set up once and reused for every digest. The one-shot call of OpenSSL 3 fetches the
 * algorithm each time, which costs more than hashing a record. To set it up may fail; hashing
 * asks for no memory and does not.
 *
 * Threads: a hasher or a tag context belongs to one thread at a time. Different threads may use
 * different hashers at once. */

#include "crypto/must_use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TJ_HASH_SIZE = 32 };

/* A 32-byte digest. A struct, so that it is assigned, compared and passed as one value. */
struct tj_hash {
    uint8_t bytes[TJ_HASH_SIZE];
};

struct tj_hasher;

/* Creates a hasher. NULL: there is no memory, or OpenSSL offers no SHA-256. Destroy accepts NULL.
 */
struct tj_hasher *tj_hasher_create(void) TJ_MUST_USE;
void tj_hasher_destroy(struct tj_hasher *hasher);

/* One digest over `size` bytes. */
void tj_sha256(struct tj_hasher *hasher, struct tj_hash *out, const void *data, size_t size);

/* The same without a hasher, for who has one digest to make. False as where a hasher would be NULL;
 * with the engine of the default build it never is. */
bool tj_sha256_alone(struct tj_hash *out, const void *data, size_t size) TJ_MUST_USE;

/* The same in pieces: begin, any number of updates, finish. A begin drops what was unfinished. */
void tj_sha256_begin(struct tj_hasher *hasher);
void tj_sha256_update(struct tj_hasher *hasher, const void *data, size_t size);
void tj_sha256_finish(struct tj_hasher *hasher, struct tj_hash *out);

/* BIP-340 tagged hash: SHA-256(SHA-256(tag) || SHA-256(tag) || message). The two tag blocks are
 * prepared once, at creation. `tag` is a NUL-terminated string. NULL as for a hasher. */
struct tj_tag;
struct tj_tag *tj_tag_create(const char *tag) TJ_MUST_USE;
void tj_tag_destroy(struct tj_tag *tag);
void tj_tagged_hash(struct tj_tag *tag, struct tj_hash *out, const void *data, size_t size);

#endif
