#ifndef TIJORI_CLI_NEAREST_H
#define TIJORI_CLI_NEAREST_H

/* "Did you mean": of the words that are offered the one that is nearest to what was typed, by the
 * letters that are wrong, missing, too many or swapped with their neighbour. */

#include <stddef.h>

struct nearest {
    const char *typed;
    size_t size;
    size_t distance; /* of the best, or what it has to be below */
    const char *best;
};

/* `size` bytes of `typed`. A third of them may be wrong at most, and one always. */
struct nearest nearest_to(const char *typed, size_t size);
void nearest_offer(struct nearest *nearest, const char *word);

#endif
