#ifndef TIJORI_CORE_FORMAT_FORMAT_DOCUMENT_H
#define TIJORI_CORE_FORMAT_FORMAT_DOCUMENT_H

/* docs/FORMAT.md as it was when the program was built: every export carries it, so that what is
 * read in twenty years needs nothing else. Made by the build. */

#include <stddef.h>

extern const unsigned char tj_format_document[];
extern const size_t tj_format_document_size;

#endif
