/*
 * Walks over trees of any depth and with names of any length. Large ones are walked by several threads: each has folders of
 * its own, so what happens in one folder happens in its order.
 */
#ifndef CLEAVE_WALK_H
#define CLEAVE_WALK_H

#include <stdint.h>
#include <sys/stat.h>

#include "chain.h"
#include "native.h"

/* What to do with an entry that is a folder. */
enum { WALK_SKIP = 0, WALK_ENTER = 1, WALK_FAIL = -1 };

struct walk;
struct listing;

struct visitor {
    /* What the walker must be allowed in folders: 0500 to look, 0700 to change. Modes are lifted while it is in them. */
    mode_t need;
    /* Give the modes back afterwards. */
    int keep_modes;
    /* Look only at folders: the status of other entries has nothing but their type. */
    int only_types;
    /* Called for every entry, a folder before what is in it; may change the name in place. `folder` is what holds it. */
    int (*entry)(struct walk *walk, int folder, char *name, const struct stat *status);
    /* Called in a folder after what is in it, with what was in it before; `folder` is itself. */
    int (*inside)(struct walk *walk, int folder, const struct listing *listing);
    /* Called for an entered folder after what is in it, when its mode is its own again. */
    int (*leave)(struct walk *walk, int folder, char *name, const struct stat *status);
    /* Whether other threads may walk over folders of the tree. */
    int shared;
    /*
     * Called for a folder that another thread is to walk over, instead of entering it: gives that walk's data. Without this
     * it is the same data, which then must be fit for that.
     */
    void *(*part)(struct walk *walk);
    /* Called when such a walk has ended, with whether it went well; says that again, or that it did not. Frees the data. */
    int (*end)(struct walk *walk, int done);
};

struct walk {
    const struct visitor *visitor;
    struct failure *failure;
    /* The way from the root of the tree, whose depth is 0, and where on it this walk began. */
    size_t depth, start;
    struct chain chain;
    struct level *levels;
    size_t room;
    /* The path of the folder in which the walk is, for messages and for hard links. */
    char *path;
    size_t length, path_room;
    /* How long the path of the root is: what follows is the way from there. */
    size_t root_length;
    /* The other threads, once there are some; and which thread this is, below MOST_THREADS of crew.h. */
    struct gang *gang;
    int thread;
    /* How many entries were seen by this thread. */
    size_t seen;
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

/* The names in a folder, ordered by bytes. Before each is a byte, its type in the sense of d_type. */
struct listing {
    char **names;
    /* What holds them, as they were listed, one after the other. */
    char *all;
    size_t count;
    /* LISTED_… of order.h. */
    int listed;
};

/* List the names in an open folder. -1 with errno. */
int list_names(int folder, struct listing *listing);
void free_listing(struct listing *listing);

#endif
