#ifndef TIJORI_BENCH_RESULTS_H
#define TIJORI_BENCH_RESULTS_H

/* The files of a run: RESULTS.md, results.json and the plots, all from its report. */

#include <jansson.h>
#include <stdbool.h>

/* Writes them into `dir`, which is made when missing. False with errno set. */
bool results_write(const char *dir, const json_t *report);

#endif
