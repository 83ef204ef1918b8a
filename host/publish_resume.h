/*
 * publish_resume: the ways in which recovery ends a publish whose process died; publish_recover.c
 * chooses one.
 *
 * Each may be killed anywhere and chosen again.  A failure leaves what was found, or is further on;
 * nothing that anybody else may have written is removed: a tree of the transaction that is neither
 * of those that the journal knows is moved to set-aside.
 */
#ifndef MH_PUBLISH_RESUME_H
#define MH_PUBLISH_RESUME_H

#include "publish_parts.h"

/* A transaction rebuilt from its journal. */
struct mh_resume {
    struct mh_tx tx;         /* dir is -1 where the directory is gone (git clean -fdx) */
    struct mh_snapshot live; /* what is live now */
    struct mh_repo_head head;
    struct mh_oid tree; /* of the slug in HEAD */
    char *path;         /* of the slug, relative to the work tree */
    struct mh_recovery *out;
};

/* Whether a snapshot has this digest, hexadecimal. */
bool mh_resume_is(const struct mh_snapshot *snapshot, const char *hex);

/* The commit is on the branch: the index, where HEAD still has that tree, and the cleaning up. */
int mh_resume_finish(struct mh_resume *resume, const struct mh_oid *commit, struct mh_err *err);

/* Live and HEAD are as before: exchange, commit, clean up.  0: the staged tree is not whole. */
int mh_resume_exchange(struct mh_resume *resume, struct mh_err *err);

/* Live is the new tree, HEAD has the base's: commit, clean up. */
int mh_resume_commit(struct mh_resume *resume, struct mh_err *err);

/* Live is absent: forward, or back where the staged tree is not whole.  1: live is there again. */
int mh_resume_restore(struct mh_resume *resume, struct mh_err *err);

/* The step cannot become live any more: what is whole of it is kept, the rest removed. */
int mh_resume_give_up(struct mh_resume *resume, struct mh_err *err);

#endif
