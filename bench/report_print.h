#ifndef TIJORI_BENCH_REPORT_PRINT_H
#define TIJORI_BENCH_REPORT_PRINT_H

/* Prints a session's report: tables for people, JSON for machines. */

#include <jansson.h>
#include <stdio.h>

void report_print_text(FILE *out, const json_t *report);
void report_print_json(FILE *out, const json_t *report);

#endif
