/* The order in which a folder lists its names: see order.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "order.h"
#include "walk.h"

/* Make three files in this order, list them as one text, and remove them. -1 with errno. */
static int try_order(int folder, const char *created, char listed[4])
{
    char name[2] = { 0 };
    struct listing listing;
    for (int at = 0; at < 3; at += 1) {
        name[0] = created[at];
        int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
            return -1;
        close(fd);
    }
    if (list_names(folder, &listing) < 0)
        return -1;
    for (size_t at = 0; at < 3; at += 1)
        listed[at] = at < listing.count ? listing.first[2 * at] : '?';
    listed[3] = '\0';
    free_listing(&listing);
    for (int at = 0; at < 3; at += 1) {
        name[0] = created[at];
        unlinkat(folder, name, 0);
    }
    return 0;
}

int order_start(struct order *order, int parent, const char *name)
{
    char sorted[4], other[4];
    if (mkdirat(parent, name, 0700) < 0)
        return -1;
    order->aside = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (order->aside < 0 || try_order(order->aside, "abc", sorted) < 0 || try_order(order->aside, "cab", other) < 0)
        return -1;
    order->kind = strcmp(sorted, other) == 0   ? ORDER_BY_NAME
                  : strcmp(sorted, "abc") == 0 ? ORDER_ASCENDING
                  : strcmp(sorted, "cba") == 0 ? ORDER_DESCENDING
                                               : ORDER_OTHER;
    return 0;
}

int order_holds(const struct order *order, int listed)
{
    switch (order->kind) {
    case ORDER_BY_NAME:
        return 1;
    case ORDER_ASCENDING:
        return (listed & LISTED_ASCENDING) != 0;
    case ORDER_DESCENDING:
        return (listed & LISTED_DESCENDING) != 0;
    default:
        return 0;
    }
}

/* Move a name from one folder to another. A folder that its owner may not change is opened for that. -1 with errno. */
static int move(int from, int to, const char *name)
{
    struct stat status;
    if (renameat(from, name, to, name) == 0 || errno == ENOENT)
        return 0;
    if (errno != EACCES || fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode))
        return -1;
    if (fchmodat(from, name, 0700, 0) < 0 || renameat(from, name, to, name) < 0)
        return -1;
    return fchmodat(to, name, status.st_mode & 07777, 0);
}

int order_make(const struct order *order, int folder, char **names, size_t count)
{
    for (size_t at = 0; at < count; at += 1)
        if (move(folder, order->aside, names[at]) < 0)
            return -1;
    for (size_t at = 0; at < count; at += 1)
        if (move(order->aside, folder, names[at]) < 0)
            return -1;
    return 0;
}

void order_end(struct order *order, int parent, const char *name)
{
    if (order->aside < 0)
        return;
    close(order->aside);
    order->aside = -1;
    unlinkat(parent, name, AT_REMOVEDIR);
}
