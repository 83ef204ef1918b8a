/* host_test: the groups of C tests; each runs its tests with check_run. */
#ifndef HOST_TEST_H
#define HOST_TEST_H

void run_fault_tests(void);
void run_lock_tests(void);
void run_proc_tests(void);
void run_sandbox_tests(void);
void run_script_tests(void);
void run_tree_tests(void);

#endif
