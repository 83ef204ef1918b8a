#include "interrupt.h"

volatile sig_atomic_t mh_interrupt_signal = 0;
