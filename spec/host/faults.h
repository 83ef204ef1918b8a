/*
 * faults: makes the calls of the table in host/os.h fail, one after the other.
 *
 *     faults_install();
 *     for (int n = 1;; n++) {
 *         ... prepare ...
 *         faults_arm((struct fault){.call = n, .errnum = EIO});
 *         ... run ...
 *         if (!faults_disarm()) { break; }    // there is no n-th call
 *         ... check what the failure left ...
 *     }
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>

enum fault_kind {
    FAULT_FAIL,      /* the call fails with errnum */
    FAULT_FULL_DISK, /* from this call on, all that need room fail with ENOSPC */
    FAULT_KILL       /* the process ends before the call, as by SIGKILL */
};

struct fault {
    enum fault_kind kind;
    int call; /* the how many-th call since arming, from 1 */
    int errnum;
    const char *only; /* counts calls of this table entry alone, or NULL */
    bool every;       /* this and all later ones */
};

/* Puts wrappers into the table, once. */
void faults_install(void);

/* From now on calls are counted. */
void faults_arm(struct fault fault);

/* Counts no more; true when the fault happened. */
bool faults_disarm(void);

/* The name of the table entry that was made to fail. */
const char *faults_hit(void);

/* How many calls of a table entry were made since arming. */
int faults_count(const char *name);

/* Makes every write short and every clone work or not, by what is under test. */
void faults_write_short(bool on);
void faults_clone_works(bool on);

#endif
