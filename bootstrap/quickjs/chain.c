/* Ways down from a folder: see chain.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain.h"
#include "native.h"

/* How many folders of a chain are open at once. */
enum { MOST_OPEN = 64 };

struct link {
    int fd; /* -1 while it is closed */
    dev_t device;
    ino_t inode;
};

static const int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

static int chain_add(struct chain *chain, int fd)
{
    struct stat status;
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) < 0) {
        close(fd);
        return -1;
    }
    if (chain->depth == chain->room) {
        chain->room = chain->room * 2 + 16;
        chain->links = must_alloc(chain->links, chain->room * sizeof(*chain->links));
    }
    chain->links[chain->depth++] = (struct link){ fd, status.st_dev, status.st_ino };
    if (chain->depth > MOST_OPEN) {
        struct link *old = &chain->links[chain->depth - 1 - MOST_OPEN];
        if (old->fd >= 0)
            close(old->fd);
        old->fd = -1;
    }
    return 0;
}

int chain_start(struct chain *chain, const char *path)
{
    *chain = (struct chain){ 0 };
    return chain_add(chain, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int chain_start_at(struct chain *chain, int folder)
{
    *chain = (struct chain){ 0 };
    return chain_add(chain, fcntl(folder, F_DUPFD_CLOEXEC, 0));
}

int chain_push(struct chain *chain, const char *name, int flags)
{
    return chain_add(chain, openat(chain_fd(chain), name, folder_flags | flags));
}

int chain_pop(struct chain *chain)
{
    struct link *last = &chain->links[chain->depth - 1], *above = last - 1;
    if (chain->depth > 1 && above->fd < 0) {
        struct stat status;
        above->fd = openat(last->fd, "..", folder_flags);
        if (above->fd < 0)
            return -1;
        if (fstat(above->fd, &status) < 0 || status.st_dev != above->device || status.st_ino != above->inode) {
            errno = ESTALE;
            return -1;
        }
    }
    close(last->fd);
    chain->depth -= 1;
    return 0;
}

void chain_hand_over(struct chain *from, struct chain *to)
{
    *to = (struct chain){ .links = must_alloc(NULL, sizeof(*to->links)), .depth = 1, .room = 1 };
    to->links[0] = from->links[--from->depth];
}

int chain_fd(const struct chain *chain)
{
    return chain->links[chain->depth - 1].fd;
}

void chain_end(struct chain *chain)
{
    for (size_t at = 0; at < chain->depth; at += 1)
        if (chain->links[at].fd >= 0)
            close(chain->links[at].fd);
    free(chain->links);
    *chain = (struct chain){ 0 };
}

int open_parent(const char *path, const char **name)
{
    const char *last = strrchr(path, '/');
    *name = last == NULL ? path : last + 1;
    int folder = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (folder >= 0 && path < *name) {
        /* As many whole parts as surely fit into one call. */
        char part[4096];
        size_t length = *name - path, end;
        if (length >= sizeof(part)) {
            for (length = sizeof(part) - 1; path[length - 1] != '/';)
                length -= 1;
        }
        memcpy(part, path, length);
        part[length] = '\0';
        path += length;
        for (end = 0; part[end] == '/';)
            end += 1;
        if (part[end] == '\0')
            continue;
        int next = openat(folder, part + end, O_PATH | O_DIRECTORY | O_CLOEXEC);
        int error = errno;
        close(folder);
        errno = error;
        folder = next;
    }
    return folder;
}
