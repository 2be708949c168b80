#include "cli/tijori/commands.h"

int main(int argc, char **argv)
{
    return program_main(&tijori_program_table, argv, argc);
}
