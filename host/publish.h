/*
 * publish: replacing one migration directory as a unit and recording it as one git commit.
 *
 * Whatever happens, whenever: a reader of <live>/<slug> sees the previous tree or the next one,
 * whole; once commit returns, tree and commit survive a power cut; what a dead process left is
 * finished or undone by mh_site_recover; nothing of anyone else's is touched.  host/README.md
 * explains the order and why.
 *
 * Calling sequence of one step:
 *
 *     mh_site_open                              once a command
 *     mh_lease_take                             one holder a slug, to the end of the step
 *     mh_site_recover                           what a dead holder of this slug left
 *     mh_site_base                              clean in git?  what is live, and its tree in HEAD
 *       ... the caller makes the next tree in a workspace, judges it, keeps a record of it ...
 *     mh_tx_begin                               staged beside live, read back and compared
 *       ... the caller's rules on the staged tree ...
 *     mh_tx_exchange                            journal, sync, exchange, compare both trees
 *       ... the caller's rules on the live tree ...
 *     mh_tx_commit                              objects, sync, ref, index, sync
 *     mh_tx_finish                              journal, displaced tree and quarantine removed
 *     mh_tx_release                             rolls back what was exchanged and not committed,
 *                                               finishes what was committed
 *
 * Names of failures besides errnos: EBUSY, EDIRTY, ESTALE, EREMOVED (the staged tree), EMERGING (a
 * merge or rebase is under way), EINVALIDPATH, EUNSUPPORTED, ENOIDENT, ECORRUPT.
 */
#ifndef MH_PUBLISH_H
#define MH_PUBLISH_H

#include "lock.h"
#include "publish_journal.h"
#include "repo.h"
#include "tree.h"

enum { MH_PROJECT_ID_HEX = 32, MH_TOKEN_HEX = 32, MH_SLUG_MAX = 180 };

/* One live directory of one work tree. */
struct mh_site {
    const struct mh_repo *repo; /* borrowed */
    char *live;                 /* relative to the work tree, e.g. "migrations" */
    char *state_home; /* absolute; set-aside trees go to projects/<id>/set-aside below it */
    char *home;       /* absolute: <git common dir>/mighost */
    int home_fd;
    int leases_fd;
    int journals_fd;
    int locks_fd;
    int live_fd;
    char id[MH_PROJECT_ID_HEX + 1];
    bool allow_fuse;
};

struct mh_site_options {
    const struct mh_repo *repo; /* must outlive the site */
    const char *live;
    const char *state_home;
    bool allow_fuse;
};

/* Opens live and makes our folder in git's common directory where it is missing. */
int mh_site_open(const struct mh_site_options *options, struct mh_site *out, struct mh_err *err);
void mh_site_close(struct mh_site *site);

/* The right to change one slug; lost when the process ends, however it ends. */
struct mh_lease {
    struct mh_lock lock;
    char *slug;
};

#define MH_LEASE_INIT                      \
    {                                      \
        .lock = MH_LOCK_INIT, .slug = NULL \
    }

/* `operation` ("planning.expand") is shown to whoever is refused.  EBUSY after `wait` seconds. */
int mh_lease_take(const struct mh_site *site, const char *slug, const char *operation, double wait,
                  struct mh_lease *out, struct mh_err *err);
void mh_lease_drop(struct mh_lease *lease);

/* What is live, and where git has it. */
struct mh_base {
    struct mh_snapshot live;
    struct mh_oid tree; /* the subtree in HEAD, "" where there is none */
    char *branch;       /* that HEAD was on: the step is for no other */
};

#define MH_BASE_INIT                                           \
    {                                                          \
        .live = MH_SNAPSHOT_INIT, .tree = {""}, .branch = NULL \
    }

/*
 * EMERGING, EDIRTY (with the paths) or EUNSUPPORTED (unborn branch, detached HEAD) where no step
 * may begin.
 */
int mh_site_base(const struct mh_site *site, const struct mh_lease *lease, struct mh_base *out,
                 struct mh_err *err);
void mh_base_release(struct mh_base *base);

/*
 * Copies what was live to the absolute path `workspace`, which must not exist; an empty directory
 * where there was no live tree.  An edit to live meanwhile is ESTALE.
 */
int mh_base_copy(const struct mh_site *site, const struct mh_lease *lease,
                 const struct mh_base *base, const char *workspace, struct mh_err *err);

/*
 * Makes a workspace that holds an earlier state of the migration, as its snapshot `old` says, the
 * same as what was live, by copying only what differs.  After a failure it is something between the
 * two.
 */
int mh_base_refresh(const struct mh_site *site, const struct mh_lease *lease,
                    const struct mh_base *base, const char *workspace,
                    const struct mh_snapshot *old, struct mh_err *err);

enum mh_tx_state { MH_TX_EMPTY, MH_TX_STAGED, MH_TX_EXCHANGED, MH_TX_COMMITTED, MH_TX_DONE };

/* How live was replaced, so how it is put back. */
enum mh_tx_way { MH_TX_CREATED, MH_TX_SWAPPED, MH_TX_TWO_RENAMES };

struct mh_tx {
    enum mh_tx_state state;
    enum mh_tx_way way;
    const struct mh_site *site;
    const struct mh_lease *lease;
    struct mh_journal journal;
    const struct mh_snapshot
        *base; /* of the live tree that is replaced; the caller's, or own_base */
    struct mh_snapshot own_base;
    struct mh_snapshot next; /* of the tree that replaces it */
    char *label;             /* "<slug>@<token>"; NULL in an empty transaction */
    bool prepared;  /* the commit on journal.head is written and durable, in the quarantine */
    bool committed; /* the branch has the commit, even if a later step failed */
    bool settled;   /* the commit is durable, and finish was not called yet */
    int dir;        /* <live>/__transactions__/<label> */
};

#define MH_TX_INIT                      \
    {                                   \
        .state = MH_TX_EMPTY, .dir = -1 \
    }

struct mh_tx_request {
    const struct mh_base *base; /* must outlive the transaction */
    const char *workspace;      /* absolute path of the next tree */
    const char *digest;         /* what it must still have, hexadecimal; NULL: as it is */
    const char *operation;
    const char *message; /* of the commit; the trailer Publish-Id is added */
    const char *token;   /* MH_TOKEN_HEX digits, unique */
};

/* Stages the next tree beside live.  ESTALE: branch, HEAD's tree or the workspace is another. */
int mh_tx_begin(const struct mh_site *site, const struct mh_lease *lease,
                const struct mh_tx_request *request, struct mh_tx *out, struct mh_err *err);

/*
 * Whether somebody is why a step cannot go on: EREMOVED where the staged tree is gone before the
 * exchange (the step can be begun again), ESTALE or EMERGING where live or the branch is not what
 * the step put there or began with.
 */
int mh_tx_verify(const struct mh_tx *tx, struct mh_err *err);

/* Writes the journal, makes everything durable, exchanges, compares; ESTALE has put live back. */
int mh_tx_exchange(struct mh_tx *tx, struct mh_err *err);

/* How long a commit waits for whoever commits or runs git meanwhile, when nobody says otherwise. */
enum { MH_TX_WAIT_SECONDS = 30 };

/*
 * Commits what was exchanged; waits up to `wait` seconds for each lock that it needs.  On failure
 * the transaction is either as before (after EBUSY commit may be called again, release rolls it
 * back) or, where only the last syncs failed, committed: then `state` says so and recovery finishes
 * it.
 */
int mh_tx_commit(struct mh_tx *tx, double wait, struct mh_oid *commit, struct mh_err *err);

/* Removes the journal and what is left.  A failure here loses nothing: recovery repeats it. */
int mh_tx_finish(struct mh_tx *tx, struct mh_err *err);

/*
 * Undoes what is not committed: live is as it was, unless somebody meanwhile put there what HEAD
 * has, which then stays.  ESTALE: undone, and somebody's edit to the new tree is kept.  After any
 * other failure the journal stays and recovery decides.
 */
int mh_tx_rollback(struct mh_tx *tx, struct mh_err *err);

/*
 * Rolls back what is not committed, finishes what is where nobody came to it (an interrupt), then
 * frees.  Idempotent; accepts an empty one.
 */
void mh_tx_release(struct mh_tx *tx);

enum mh_recovery_action {
    MH_RECOVERY_NONE,      /* nothing was left */
    MH_RECOVERY_FINISHED,  /* the step is published and committed */
    MH_RECOVERY_DISCARDED, /* remains of a step that is not live were removed */
    MH_RECOVERY_SET_ASIDE  /* the same, and a tree of it was kept for a person */
};

struct mh_recovery {
    enum mh_recovery_action action;
    struct mh_oid commit; /* of FINISHED */
    char *operation;      /* of the journal, NULL where there was none; likewise the next */
    char *workspace;      /* absolute path */
    char *kept;           /* absolute path of a tree that was kept, in FINISHED too; or NULL */
};

/*
 * Finishes or undoes what a dead holder of the slug left.  May be run again, and killed, anywhere.
 * ECORRUPT or ESTALE: it cannot be decided; everything is kept and the message says what to do.
 * After any other failure everything is as it was found, or further on.
 */
int mh_site_recover(const struct mh_site *site, const struct mh_lease *lease,
                    struct mh_recovery *out, struct mh_err *err);
void mh_recovery_release(struct mh_recovery *recovery);

/* What there may be of a step that is not over: of one under way too, if nobody holds its lease. */
enum mh_remains_kind {
    MH_REMAINS_JOURNAL,     /* `detail` is its operation, "" where it cannot be read */
    MH_REMAINS_DRAFT,       /* of a journal; `detail` is the label in this and the next two */
    MH_REMAINS_TRANSACTION, /* a directory of ours in __transactions__ */
    MH_REMAINS_OBJECTS      /* a quarantine */
};

struct mh_remains {
    enum mh_remains_kind kind;
    const char *slug;
    const char *detail;
};

/* Calls `visit` for each; a non-zero answer ends it and is returned.  Changes nothing. */
int mh_site_remains(const struct mh_site *site,
                    int (*visit)(void *context, const struct mh_remains *remains), void *context,
                    struct mh_err *err);

/*
 * Removes what dead processes of ours left of git's locks; all others stay.  EBUSY: somebody
 * commits at the moment.
 */
int mh_site_unlock(const struct mh_site *site, struct mh_err *err);

/*
 * Moves the entry `name` of __transactions__ to the project's set-aside folder as `label`, or a
 * number behind that, with a line that says why.  *path is where it is now, on the heap.
 */
int mh_site_set_aside(const struct mh_site *site, const char *name, const char *label,
                      const char *why, char **path, struct mh_err *err);

#endif
