#ifndef TIJORI_BENCH_MACHINE_H
#define TIJORI_BENCH_MACHINE_H

/* What a figure depends on: the machine, the versions, the command. */

#include <jansson.h>
#include <stdint.h>

/* Keeps the command line for machine_facts; once, before anything else. */
void machine_command(char **argv, int argc);

/* CPU, cores, memory, kernel, file system of `dir`, sync mode, versions, commit, command line. The
 * caller owns it. */
json_t *machine_facts(const char *dir);

/* Anonymous memory of this process that is in use, bytes; what malloc keeps for later is given back
 * first. 0 when the kernel does not tell. */
uint64_t anonymous_bytes(void);

/* What has come on top of that since it was `before`; 0 when it has become less. */
uint64_t anonymous_since(uint64_t before);

/* Bytes that a file system has left for us. */
uint64_t free_bytes(const char *dir);

#endif
