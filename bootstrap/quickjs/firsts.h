/* The copies of files with several names: of each file one thread makes one copy, and all others link to that. */
#ifndef CLEAVE_FIRSTS_H
#define CLEAVE_FIRSTS_H

#include <pthread.h>

#include "links.h"

struct firsts {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* By the number of the file: nothing, that somebody is making its copy, or the path of that. */
    char **paths;
    size_t room;
    /* Numbers of files, where they do not come from elsewhere. */
    struct links links;
    size_t count;
};

void firsts_start(struct firsts *firsts);
void firsts_end(struct firsts *firsts);

/* Give a file its number. */
size_t firsts_number(struct firsts *firsts, dev_t device, ino_t inode);

/* Give the path of the copy of a file; where that is NULL, the caller is to make one, and to call firsts_made. */
const char *firsts_claim(struct firsts *firsts, size_t number);

/* Say where the copy is, by a path that is freed in the end; NULL says that it could not be made. */
void firsts_made(struct firsts *firsts, size_t number, char *path);

#endif
