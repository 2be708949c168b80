#ifndef TIJORI_CORE_BASE_CURSOR_H
#define TIJORI_CORE_BASE_CURSOR_H

/* Little-endian reads and writes at fixed places, and a cursor over untrusted bytes. The cursor
 * either advances by exactly what it read, or does not move. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t tj_load16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (p[1] << 8));
}

static inline uint32_t tj_load32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t tj_load64(const uint8_t *p)
{
    return (uint64_t)tj_load32(p) | (uint64_t)tj_load32(p + 4) << 32;
}

static inline void tj_store16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void tj_store32(uint8_t *p, uint32_t v)
{
    tj_store16(p, (uint16_t)v);
    tj_store16(p + 2, (uint16_t)(v >> 16));
}

static inline void tj_store64(uint8_t *p, uint64_t v)
{
    tj_store32(p, (uint32_t)v);
    tj_store32(p + 4, (uint32_t)(v >> 32));
}

/* A number of 1 to 8 bytes. When the compiler knows the size, this is one load. */
static inline uint64_t tj_load_number(const uint8_t *at, size_t size)
{
    if (size == 8) {
        return tj_load64(at);
    }
    if (size == 4) {
        return tj_load32(at);
    }
    if (size == 2) {
        return tj_load16(at);
    }
    uint64_t value = 0;
    while (size > 0) {
        value = value << 8 | at[--size];
    }
    return value;
}

static inline void tj_store_number(uint8_t *at, size_t size, uint64_t value)
{
    if (size == 8) {
        tj_store64(at, value);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static inline bool tj_all_zero(const uint8_t *p, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++) {
        any |= p[i];
    }
    return any == 0;
}

struct tj_bytes {
    const uint8_t *at;
    size_t left;
};

/* The next `size` bytes, or NULL (and the cursor stays) when there are fewer. */
static inline const uint8_t *tj_take(struct tj_bytes *in, size_t size)
{
    if (size > in->left) {
        return NULL;
    }
    const uint8_t *taken = in->at;
    in->at += size;
    in->left -= size;
    return taken;
}

static inline bool tj_take16(struct tj_bytes *in, uint16_t *out)
{
    const uint8_t *p = tj_take(in, 2);
    if (p != NULL) {
        *out = tj_load16(p);
    }
    return p != NULL;
}

static inline bool tj_take32(struct tj_bytes *in, uint32_t *out)
{
    const uint8_t *p = tj_take(in, 4);
    if (p != NULL) {
        *out = tj_load32(p);
    }
    return p != NULL;
}

#endif
