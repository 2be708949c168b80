#ifndef TIJORI_TESTS_READ_DOCUMENT_H
#define TIJORI_TESTS_READ_DOCUMENT_H

/* For tests that hold docs/ against the code; after <cmocka.h>. */

#include <stdio.h>
#include <stdlib.h>

/* The text of docs/NAME, freed by the caller. */
static inline char *read_document(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/docs/%s", TIJORI_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

#endif
