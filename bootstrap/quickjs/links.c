/* Finds files that have several names: see links.h. */
#include <stdint.h>
#include <stdlib.h>

#include "links.h"
#include "native.h"

static struct known *place_of(struct links *links, dev_t device, ino_t inode)
{
    size_t at = (size_t)(((uint64_t)inode ^ (uint64_t)device << 32) * 0x9e3779b97f4a7c15u >> 20) & (links->size - 1);
    while (links->table[at].value != LINKS_FREE &&
           (links->table[at].inode != inode || links->table[at].device != device))
        at = (at + 1) & (links->size - 1);
    return &links->table[at];
}

size_t *links_find(struct links *links, dev_t device, ino_t inode)
{
    if (links->count * 2 >= links->size) {
        struct links old = *links;
        links->size = old.size * 2 + 64;
        while ((links->size & (links->size - 1)) != 0)
            links->size &= links->size - 1;
        links->table = must_alloc(NULL, links->size * sizeof(*links->table));
        for (size_t at = 0; at < links->size; at += 1)
            links->table[at].value = LINKS_FREE;
        for (size_t at = 0; at < old.size; at += 1)
            if (old.table[at].value != LINKS_FREE)
                *place_of(links, old.table[at].device, old.table[at].inode) = old.table[at];
        free(old.table);
    }
    struct known *place = place_of(links, device, inode);
    if (place->value == LINKS_FREE) {
        *place = (struct known){ device, inode, LINKS_NEW };
        links->count += 1;
    }
    return &place->value;
}

void links_end(struct links *links)
{
    free(links->table);
    *links = (struct links){ 0 };
}
