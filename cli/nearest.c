#include "cli/nearest.h"

#include <string.h>

enum { WORD_MAX = 48 };

struct nearest nearest_to(const char *typed, size_t size)
{
    const size_t wrong = size / 3 > 1 ? size / 3 : 1;
    return (struct nearest){.typed = typed, .size = size, .distance = wrong + 1};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau and Levenshtein's, each swap counted once: row i has what the first i letters of `a` cost
 * to become the first j of `b`. Three rows are enough, for a swap looks two back. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a_size % 3][b_size];
}

void nearest_offer(struct nearest *nearest, const char *word)
{
    const size_t size = strlen(word);
    if (size > WORD_MAX || nearest->size > WORD_MAX) {
        return;
    }
    const size_t found = distance(nearest->typed, nearest->size, word, size);
    if (found < nearest->distance) {
        nearest->distance = found;
        nearest->best = word;
    }
}
