/*
 * Walks over trees of any depth and with names of any length, by descriptors of folders, of which few are open at once.
 */
#ifndef CLEAVE_WALK_H
#define CLEAVE_WALK_H

#include <stdint.h>
#include <sys/stat.h>

#include "native.h"

/* A way down from a folder, whose last folder is open; it reopens those above by `..` when it comes back to them. */
struct chain {
    struct link *links;
    size_t depth, room;
};

/* Start with the folder `path`. These give -1 with errno where something fails. */
int chain_start(struct chain *chain, const char *path);
int chain_push(struct chain *chain, const char *name);
int chain_pop(struct chain *chain);
int chain_fd(const struct chain *chain);
void chain_end(struct chain *chain);

/* What to do with an entry that is a folder. */
enum { WALK_SKIP = 0, WALK_ENTER = 1, WALK_FAIL = -1 };

struct walk;
struct listing;

struct visitor {
    /* What the walker must be allowed in folders: 0500 to look, 0700 to change. Modes are lifted while it is in them. */
    mode_t need;
    /* Give the modes back afterwards. */
    int keep_modes;
    /* Called for every entry, a folder before what is in it; may change the name in place. `folder` is what holds it. */
    int (*entry)(struct walk *walk, int folder, char *name, const struct stat *status);
    /* Called in a folder after what is in it, with what was in it before; `folder` is itself. */
    int (*inside)(struct walk *walk, int folder, const struct listing *listing);
    /* Called for an entered folder after what is in it, when its mode is its own again. */
    int (*leave)(struct walk *walk, int folder, char *name, const struct stat *status);
};

struct walk {
    const struct visitor *visitor;
    struct failure *failure;
    /* The way from the root of the walk, whose depth is 0. */
    size_t depth;
    struct chain chain;
    struct level *levels;
    size_t room;
    /* The path of the folder in which the walk is, for messages and for hard links. */
    char *path;
    size_t length, path_room;
    /* How long the path of the root is: what follows is the way from there. */
    size_t root_length;
    void *data;
};

/*
 * Walk over `path`: a file, a symlink, or a tree. Gives 0, and -1 with walk->failure set. Where there is nothing, it
 * gives 0 if `missing_is_fine`.
 */
int walk_tree(struct walk *walk, const char *path, int missing_is_fine);

/* Fail at an entry: set walk->failure by errno and give WALK_FAIL. */
int walk_fail(struct walk *walk, const char *what, const char *name);

/* Give the path of an entry, to be freed. */
char *walk_path(const struct walk *walk, const char *name);

/* Give the flag for open() that keeps reading from changing the time of the last access: only owners may ask for that. */
int unseen(const struct stat *status);

/* Open the folder that holds `path`, which may be longer than PATH_MAX, and point `name` at its last part. -1 with errno. */
int open_parent(const char *path, const char **name);

/* The names in a folder, ordered by bytes; `first` holds them as they were listed, one after the other. */
struct listing {
    char **names, *first;
    size_t count;
    /* LISTED_… of order.h. */
    int listed;
};

/* List the names in an open folder. -1 with errno. */
int list_names(int folder, struct listing *listing);
void free_listing(struct listing *listing);

#endif
