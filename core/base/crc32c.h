#ifndef TIJORI_CORE_BASE_CRC32C_H
#define TIJORI_CORE_BASE_CRC32C_H

/* CRC32C (Castagnoli; RFC 3720, section 12.1): finds a bit that the disk or the memory turned over.
 * It does not keep out anybody who means to change something; signatures and hashes do that.
 *
 * The processor's own instruction is used where it has one, tables elsewhere.
 *
 * Threads: any. */

#include <stddef.h>
#include <stdint.h>

/* Of `size` more bytes after those that gave `crc`; 0 before the first. */
uint32_t tj_crc32c(uint32_t crc, const void *bytes, size_t size);

/* The same by tables, on every processor. For tests. */
uint32_t tj_crc32c_by_tables(uint32_t crc, const void *bytes, size_t size);

#endif
