#ifndef TIJORI_TESTS_PRELOADED_PROGRAM_H
#define TIJORI_TESTS_PRELOADED_PROGRAM_H

/* For libraries that are preloaded into a program: does a call come from the program itself, or
 * from a library that it is linked with? */

#include <link.h>
#include <stddef.h>
#include <stdint.h>

static uintptr_t program_start, program_end;

/* The first object is the program. */
static int note_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    program_start = UINTPTR_MAX;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD) {
            const uintptr_t start = info->dlpi_addr + part->p_vaddr;
            const uintptr_t end = start + part->p_memsz;
            program_start = start < program_start ? start : program_start;
            program_end = end > program_end ? end : program_end;
        }
    }
    return 1;
}

/* To be called before the other. */
static void find_program(void)
{
    dl_iterate_phdr(note_program, NULL);
}

static int is_of_program(const void *caller)
{
    return (uintptr_t)caller >= program_start && (uintptr_t)caller < program_end;
}

#endif
