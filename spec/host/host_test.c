/* Runs one group of the host's C tests.  usage: host_test faults|locks|processes|sandboxes|scripts|trees */
#include "host_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"
#include "faults.h"

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } groups[] = {
        {"faults", run_fault_tests},   {"locks", run_lock_tests},
        {"processes", run_proc_tests}, {"sandboxes", run_sandbox_tests},
        {"scripts", run_script_tests}, {"trees", run_tree_tests},
    };

    (void)umask(022);
    faults_install();
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (argc == 2 && strcmp(argv[1], groups[i].name) == 0) {
            groups[i].run();
            return check_result();
        }
    }
    (void)fprintf(stderr, "usage: host_test faults|locks|processes|sandboxes|scripts|trees\n");
    return 2;
}
