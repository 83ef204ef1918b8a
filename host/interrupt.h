/*
 * interrupt: the one signal flag.  runtime.c sets it; whatever waits in C checks it.
 */
#ifndef MH_INTERRUPT_H
#define MH_INTERRUPT_H

#include <signal.h>

/* The first SIGINT or SIGTERM that came, 0 before. */
extern volatile sig_atomic_t mh_interrupt_signal;

#endif
