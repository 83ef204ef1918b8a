/*
 * publish_journal: the record of one publish that is under way, enough to finish or undo it.
 *
 * One file a slug in <git common dir>/mighost/journals, written whole through a temporary file. The
 * form is a version line, then for each field "<name> <bytes>\n<value>\n", then the SHA-256 of all
 * before it: values may hold any byte but NUL, and a torn or altered journal is told from a good
 * one.
 */
#ifndef MH_PUBLISH_JOURNAL_H
#define MH_PUBLISH_JOURNAL_H

#include "err.h"

/* All fields are heap strings; "" where there is nothing to say. */
struct mh_journal {
    char *operation;
    char *slug;
    char *live;     /* relative to the work tree */
    char *worktree; /* absolute */
    char *linked;   /* git's name of that work tree where it is a linked one */
    char *token;
    char *branch;
    char *head; /* commit that HEAD was at */
    char *base; /* digests of the trees, hexadecimal */
    char *next;
    char *base_tree; /* git's ids of them */
    char *next_tree;
    char *workspace;
    char *message; /* of the commit, complete */
    char *author_name;
    char *author_email;
    char *committer_name;
    char *committer_email;
    char *time;   /* seconds since the epoch, decimal */
    char *offset; /* minutes east of UTC, decimal */
};

/* Accepts an empty one; it is empty afterwards. */
void mh_journal_release(struct mh_journal *journal);

/* Sets a field to a copy of value. */
int mh_journal_set(char **field, const char *value, struct mh_err *err);

/*
 * Writes the journal of its slug into `dirfd`; whole at every instant, durable only after a sync.
 * A process that dies meanwhile leaves a draft, hidden and named by `label`.
 */
int mh_journal_write(int dirfd, const char *label, const struct mh_journal *journal,
                     struct mh_err *err);

/* Removes such a draft; a missing one is success. */
int mh_journal_remove_draft(int dirfd, const char *label, struct mh_err *err);

/*
 * 1: read; 0: there is none; -1: failure, ECORRUPT where it is torn or altered, EUNSUPPORTED where
 * another version wrote it.
 */
int mh_journal_read(int dirfd, const char *slug, struct mh_journal *out, struct mh_err *err);

/* Removes the journal of the slug; a missing one is success. */
int mh_journal_remove(int dirfd, const char *slug, struct mh_err *err);

#endif
