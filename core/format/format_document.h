#ifndef TIJORI_CORE_FORMAT_FORMAT_DOCUMENT_H
#define TIJORI_CORE_FORMAT_FORMAT_DOCUMENT_H

/* docs/FORMAT.md as it was when the program was built. Every export carries it, so that who reads
 * the export in twenty years needs nothing else. The build makes it. */

#include <stddef.h>

extern const unsigned char tj_format_document[];
extern const size_t tj_format_document_size;

#endif
