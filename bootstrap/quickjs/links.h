/* Finds files that have several names: a table from device and inode to a number that its user gives. */
#ifndef CLEAVE_LINKS_H
#define CLEAVE_LINKS_H

#include <stddef.h>
#include <sys/types.h>

struct links {
    struct known {
        dev_t device;
        ino_t inode;
        size_t value;
    } *table;
    size_t count, size;
};

/* What a file has that was not asked for before. */
#define LINKS_NEW ((size_t)-1)
/* What marks a free place of the table. */
#define LINKS_FREE ((size_t)-2)

/* Give where the number of a file is, to be read and set before the next call. */
size_t *links_find(struct links *links, dev_t device, ino_t inode);
void links_end(struct links *links);

#endif
