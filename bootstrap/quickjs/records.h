/*
 * What a store forgets of an entry, as four numbers. Entries are in the order of a walk: a folder before what is in it,
 * names ordered by bytes.
 */
#ifndef CLEAVE_RECORDS_H
#define CLEAVE_RECORDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum {
    RECORD_DEPTH,  /* how many folders are above it: 0 for a root */
    RECORD_MODE,   /* the lowest 12 bits */
    RECORD_MINUTE, /* of the phase clock, or NONE */
    RECORD_LINK,   /* an earlier entry that is the same file, or NONE */
    RECORD,        /* how many numbers a record has */
};

#define NONE 0xffffffffu

/* A list of entries that grows. Names are one after the other, each with a NUL. */
struct entries {
    uint32_t *records;
    size_t count, room;
    char *names;
    size_t names_used, names_room;
    /* Which of them are files with more than one name. */
    struct shared_file {
        size_t entry;
        dev_t device;
        ino_t inode;
    } *shared;
    size_t shared_count, shared_room;
    /* Lists that come between these entries, for threads to fill. */
    struct insertion {
        size_t before, names_before;
        struct entries *entries;
    } *insertions;
    size_t insertion_count, insertion_room;
};

/* Add what a store forgets of something, but for the link. */
void entries_add(struct entries *entries, const char *name, size_t depth, const struct stat *status, int64_t base);

/* Add a list after what is there so far; it belongs to this one. */
struct entries *entries_insert(struct entries *entries);

/* Put all lists together into one, find the links, and end the list. */
struct entries entries_finish(struct entries *entries);

void entries_end(struct entries *entries);

#endif
