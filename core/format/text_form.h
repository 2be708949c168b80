#ifndef TIJORI_CORE_FORMAT_TEXT_FORM_H
#define TIJORI_CORE_FORMAT_TEXT_FORM_H

/* What the texts of records may hold: docs/FORMAT.md, "Conventions". The code points that are
 * refused are listed there one by one, so that no verdict depends on a version of Unicode. */

#include "crypto/must_use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* UTF-8, shortest form, without controls, and zeros to the end. What people write, too, is no more
 * than this: lines of input, the source of a price. */
bool tj_utf8_plain(const uint8_t *text, size_t size) TJ_MUST_USE;
/* A text: besides, no space at either end, and nothing that turns the direction of what is read. */
bool tj_text_valid(const uint8_t *text, size_t size) TJ_MUST_USE;
/* A name text: besides, not empty, and nothing that two names could differ by unseen. */
bool tj_name_valid(const uint8_t *text, size_t size) TJ_MUST_USE;

#endif
