/* The order in which a folder lists its names: see order.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "order.h"
#include "walk.h"

/* What a name is called between being renamed and being renamed back. */
static const char between[] = ".cleave-between";

/* Rename a name and rename it back. Gives whether that is possible; -1 with errno if only half of it was. */
static int touch_name(int folder, const char *name)
{
    enum { NO_REPLACE = 1 };
    if (syscall(SYS_renameat2, folder, name, folder, between, NO_REPLACE) < 0)
        return errno == ENOENT;
    return renameat(folder, between, folder, name) < 0 ? -1 : 1;
}

/* Make three files in this order, touch their names in order if asked to, list them, and remove them. -1 with errno. */
static int try_order(int folder, const char *created, int touched, char listed[4])
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
    for (name[0] = 'a'; touched && name[0] <= 'c'; name[0] += 1)
        touch_name(folder, name);
    if (list_names(folder, &listing) < 0)
        return -1;
    for (size_t at = 0; at < 3; at += 1)
        listed[at] = at < listing.count ? listing.all[3 * at + 1] : '?';
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
    char sorted[4], other[4], touched[4];
    if (mkdirat(parent, name, 0700) < 0)
        return -1;
    order->aside = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (order->aside < 0 || try_order(order->aside, "abc", 0, sorted) < 0 ||
        try_order(order->aside, "cab", 0, other) < 0 || try_order(order->aside, "cab", 1, touched) < 0)
        return -1;
    order->kind = strcmp(sorted, other) == 0   ? ORDER_BY_NAME
                  : strcmp(sorted, "abc") == 0 ? ORDER_ASCENDING
                  : strcmp(sorted, "cba") == 0 ? ORDER_DESCENDING
                                               : ORDER_OTHER;
    order->in_place = order->kind != ORDER_OTHER && strcmp(sorted, touched) == 0;
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

/* Try to put a folder in order by touching names, but for the first that are so already. Gives whether it is; -1 with errno. */
static int touch_names(const struct order *order, int folder, const struct listing *listing)
{
    size_t at = 1;
    struct listing after;
    /* The listing holds names in the order in which they were listed. */
    while (at < listing->count && (listing->names[at] > listing->names[at - 1]) == (order->kind == ORDER_ASCENDING))
        at += 1;
    for (; at < listing->count; at += 1) {
        int done = touch_name(folder, listing->names[at]);
        if (done < 1)
            return done;
    }
    if (list_names(folder, &after) < 0)
        return -1;
    int holds = order_holds(order, after.listed);
    free_listing(&after);
    return holds;
}

int order_make(struct order *order, int folder, const struct listing *listing)
{
    if (order->in_place) {
        int done = touch_names(order, folder, listing);
        if (done != 0)
            return done < 0 ? -1 : 0;
        /* Large folders may be different. */
        order->in_place = 0;
    }
    for (size_t at = 0; at < listing->count; at += 1)
        if (move(folder, order->aside, listing->names[at]) < 0)
            return -1;
    for (size_t at = 0; at < listing->count; at += 1)
        if (move(order->aside, folder, listing->names[at]) < 0)
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
