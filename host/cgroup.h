/*
 * cgroup: a control group of a program's own, so that SIGKILL reaches everything in it in one
 * write that no fork escapes.
 *
 * It takes cgroup.kill (Linux 5.14) and a parent group, mighost's own, in which we may make groups:
 * root may, and whoever systemd has delegated his session's groups to.  Where it cannot be had the
 * program runs without; the walk through /proc (proc_tree) is there in any case, since an
 * unconfined administrator's program may leave its group.
 *
 * Calling sequence: mh_cgroup_open before the fork; mh_cgroup_enter in the program's
 * process; mh_cgroup_kill until none is left; then mh_cgroup_remove, by whoever outlives
 * the program.  All but the first are async-signal-safe and accept a group that is not there.
 */
#ifndef MH_CGROUP_H
#define MH_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

enum { MH_CGROUP_NAME_MAX = 64 };

struct mh_cgroup { /* one that is not there has -1 everywhere */
    int parent;    /* directory of the group that it was made in */
    int members;   /* its cgroup.procs */
    int killer;    /* its cgroup.kill */
    char name[MH_CGROUP_NAME_MAX];
};

extern const struct mh_cgroup mh_cgroup_none;

/* Makes a group; where that is not possible, *group is none. */
void mh_cgroup_open(struct mh_cgroup *group);

/* Moves the calling process into it.  Failing is no error: what is not in it is found in /proc. */
void mh_cgroup_enter(const struct mh_cgroup *group);

/* SIGKILL to all that are in it now, and to what they fork meanwhile.  False where it is none. */
bool mh_cgroup_kill(const struct mh_cgroup *group);

/*
 * Removes the group, waiting a moment where what was killed is still on its way out.  One that
 * somebody lives on in stays; one that is gone is success.
 */
void mh_cgroup_remove(const struct mh_cgroup *group);

/* Closes the descriptors.  A second call does nothing. */
void mh_cgroup_close(struct mh_cgroup *group);

#endif
