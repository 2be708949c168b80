#ifndef TIJORI_CRYPTO_UTF8_H
#define TIJORI_CRYPTO_UTF8_H

/* UTF-8 as RFC 3629 section 4 has it. Overlong forms, surrogates and what lies above U+10FFFF are
 * no characters. Which characters a text may hold is for the format of that text to say. */

#include <stddef.h>
#include <stdint.h>

/* Returns how many bytes the first character of `text` takes, 1 to 4, and gets its code point. 0
 * when the text, of `size` bytes and at least one, does not begin with a character. */
size_t tj_utf8_next(uint32_t *code_point, const void *text, size_t size)
    __attribute__((warn_unused_result));

#endif
