#include "core/base/crc32c.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

/* The polynomial, its bits in reverse order. */
#define POLYNOMIAL UINT32_C(0x82f63b78)

/* ---- by tables ---- */

/* after[k][b]: what the byte b does to the sum when k more bytes follow it. With eight of them,
 * eight bytes are taken at once. */
static uint32_t after[8][256];

static void make_tables(void)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t crc = b;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (POLYNOMIAL & (0 - (crc & 1)));
        }
        after[0][b] = crc;
    }
    for (uint32_t b = 0; b < 256; b++) {
        for (int k = 1; k < 8; k++) {
            after[k][b] = after[k - 1][b] >> 8 ^ after[0][after[k - 1][b] & 0xff];
        }
    }
}

uint32_t tj_crc32c_by_tables(uint32_t crc, const void *bytes, size_t size)
{
    static pthread_once_t made = PTHREAD_ONCE_INIT;
    const uint8_t *p = bytes;
    pthread_once(&made, make_tables);
    crc = ~crc;
    for (; size >= 8; size -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word); /* little-endian, as all of Tijori is (core/rules/state.h) */
        word ^= crc;
        crc = 0;
        for (int k = 0; k < 8; k++) {
            crc ^= after[7 - k][word >> (8 * k) & 0xff];
        }
    }
    for (; size > 0; size--, p++) {
        crc = crc >> 8 ^ after[0][(crc ^ *p) & 0xff];
    }
    return ~crc;
}

/* ---- by the processor ---- */

/* What processors differ in: how one is asked whether it has the instruction, and the instruction
 * for eight bytes and for one. */
#if defined(__x86_64__)
#define INSTRUCTION_TARGET      "sse4.2"
#define CRC_OF_EIGHT(sum, word) ((uint32_t)__builtin_ia32_crc32di(sum, word))
#define CRC_OF_ONE(sum, byte)   __builtin_ia32_crc32qi(sum, byte)
static bool has_instruction(void)
{
    return __builtin_cpu_supports("sse4.2") != 0;
}
#elif defined(__aarch64__) && defined(__linux__)
#define INSTRUCTION_TARGET      "+crc"
#define CRC_OF_EIGHT(sum, word) __crc32cd(sum, word)
#define CRC_OF_ONE(sum, byte)   __crc32cb(sum, byte)
static bool has_instruction(void)
{
    enum { HAS_CRC32 = 1 << 7 }; /* HWCAP_CRC32 */
    return (getauxval(AT_HWCAP) & HAS_CRC32) != 0;
}
#endif

#if defined(INSTRUCTION_TARGET)
__attribute__((target(INSTRUCTION_TARGET))) static uint32_t
by_instruction(uint32_t crc, const uint8_t *p, size_t size)
{
    uint32_t sum = ~crc;
    for (; size >= 8; size -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        sum = CRC_OF_EIGHT(sum, word);
    }
    for (; size > 0; size--, p++) {
        sum = CRC_OF_ONE(sum, *p);
    }
    return ~sum;
}
#endif

uint32_t tj_crc32c(uint32_t crc, const void *bytes, size_t size)
{
#if defined(INSTRUCTION_TARGET)
    if (has_instruction()) {
        return by_instruction(crc, bytes, size);
    }
#endif
    return tj_crc32c_by_tables(crc, bytes, size);
}
