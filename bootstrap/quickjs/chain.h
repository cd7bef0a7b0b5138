/* Ways down from a folder, however deep, by descriptors of folders, of which few are open at once. */
#ifndef CLEAVE_CHAIN_H
#define CLEAVE_CHAIN_H

#include <stddef.h>

/* A way down from a folder, whose last folder is open; it reopens those above by `..` when it comes back to them. */
struct chain {
    struct link *links;
    size_t depth, room;
};

/* Start with the folder `path`, or with a copy of an open descriptor. These give -1 with errno where something fails. */
int chain_start(struct chain *chain, const char *path);
int chain_start_at(struct chain *chain, int folder);
/* Go into a folder of the last one; `flags` are further ones for opening it. */
int chain_push(struct chain *chain, const char *name, int flags);
int chain_pop(struct chain *chain);
/* Start a chain with the last folder of another, which goes back from it. */
void chain_hand_over(struct chain *from, struct chain *to);
int chain_fd(const struct chain *chain);
void chain_end(struct chain *chain);

/* Open the folder that holds `path`, which may be longer than PATH_MAX, and point `name` at its last part. -1 with errno. */
int open_parent(const char *path, const char **name);

#endif
