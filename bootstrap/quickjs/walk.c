/* Walks over trees: see walk.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "order.h"
#include "walk.h"

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

int chain_push(struct chain *chain, const char *name)
{
    return chain_add(chain, openat(chain_fd(chain), name, folder_flags));
}

int unseen(const struct stat *status)
{
    return status->st_uid == geteuid() ? O_NOATIME : 0;
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

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void free_listing(struct listing *listing)
{
    free(listing->names);
    free(listing->first);
    *listing = (struct listing){ 0 };
}

int list_names(int folder, struct listing *listing)
{
    struct entry {
        uint64_t inode;
        int64_t offset;
        unsigned short length;
        unsigned char type;
        char name[];
    };
    _Alignas(8) char buffer[32768];
    size_t used = 0, room = 0, number = 0;
    char *all = NULL;
    if (lseek(folder, 0, SEEK_SET) < 0)
        return -1;
    for (;;) {
        long got = syscall(SYS_getdents64, folder, buffer, sizeof(buffer));
        if (got < 0) {
            free(all);
            return -1;
        }
        if (got == 0)
            break;
        for (long at = 0; at < got;) {
            struct entry *entry = (struct entry *)(buffer + at);
            at += entry->length;
            if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
                continue;
            size_t size = strlen(entry->name) + 1;
            if (used + size > room) {
                room = (used + size) * 2 + 256;
                all = must_alloc(all, room);
            }
            memcpy(all + used, entry->name, size);
            used += size;
            number += 1;
        }
    }
    char **names = must_alloc(NULL, number * sizeof(*names));
    char *at = all;
    int listed = LISTED_ASCENDING | LISTED_DESCENDING;
    for (size_t each = 0; each < number; each += 1) {
        names[each] = at;
        at += strlen(at) + 1;
        if (each > 0)
            listed &= strcmp(names[each - 1], names[each]) < 0 ? LISTED_ASCENDING : LISTED_DESCENDING;
    }
    qsort(names, number, sizeof(*names), compare_names);
    *listing = (struct listing){ names, all, number, listed };
    return 0;
}

/* A folder that the walk is in: the entry itself, and the names in it. */
struct level {
    char *name;
    struct stat status;
    mode_t lifted; /* what its mode is meanwhile */
    struct listing listing;
    size_t at, parent_length;
};

char *walk_path(const struct walk *walk, const char *name)
{
    size_t size = strlen(name) + 1, length = walk->length;
    char *path = must_alloc(NULL, length + 1 + size);
    memcpy(path, walk->path, length);
    if (length > 0 && path[length - 1] != '/')
        path[length++] = '/';
    memcpy(path + length, name, size);
    return path;
}

int walk_fail(struct walk *walk, const char *what, const char *name)
{
    *walk->failure = (struct failure){ errno, what, walk_path(walk, name) };
    return WALK_FAIL;
}

static void extend_path(struct walk *walk, const char *name)
{
    size_t size = strlen(name);
    if (walk->length + size + 2 > walk->path_room) {
        walk->path_room = (walk->length + size + 2) * 2;
        walk->path = must_alloc(walk->path, walk->path_room);
    }
    if (walk->length > 0 && walk->path[walk->length - 1] != '/')
        walk->path[walk->length++] = '/';
    memcpy(walk->path + walk->length, name, size);
    walk->length += size;
}

static int enter(struct walk *walk, char *name, const struct stat *status)
{
    int folder = chain_fd(&walk->chain);
    mode_t mode = status->st_mode & 07777, lifted = mode | walk->visitor->need;
    /* On a file system that is read-only it stays as it is, which may do. */
    if (lifted != mode && fchmodat(folder, name, lifted, 0) < 0) {
        if (errno != EROFS && errno != EPERM)
            return walk_fail(walk, "change mode of", name);
        lifted = mode;
    }
    if (chain_add(&walk->chain, openat(folder, name, folder_flags | unseen(status))) < 0)
        return walk_fail(walk, "open", name);
    if (walk->depth == walk->room) {
        walk->room = walk->room * 2 + 16;
        walk->levels = must_alloc(walk->levels, walk->room * sizeof(*walk->levels));
    }
    struct level *level = &walk->levels[walk->depth];
    *level = (struct level){ .name = name, .status = *status, .lifted = lifted, .parent_length = walk->length };
    if (list_names(chain_fd(&walk->chain), &level->listing) < 0)
        return walk_fail(walk, "list", name);
    extend_path(walk, name);
    walk->depth += 1;
    return 0;
}

static int leave(struct walk *walk)
{
    struct level *level = &walk->levels[walk->depth - 1];
    if (walk->visitor->inside != NULL &&
        walk->visitor->inside(walk, chain_fd(&walk->chain), &level->listing) < 0)
        return WALK_FAIL;
    free_listing(&level->listing);
    walk->length = level->parent_length;
    walk->depth -= 1;
    if (chain_pop(&walk->chain) < 0)
        return walk_fail(walk, "go back from", level->name);
    int folder = chain_fd(&walk->chain);
    mode_t mode = level->status.st_mode & 07777;
    if (walk->visitor->keep_modes && level->lifted != mode && fchmodat(folder, level->name, mode, 0) < 0)
        return walk_fail(walk, "change mode of", level->name);
    return walk->visitor->leave == NULL ? 0 : walk->visitor->leave(walk, folder, level->name, &level->status);
}

static int visit(struct walk *walk, char *name)
{
    struct stat status;
    int folder = chain_fd(&walk->chain);
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return walk_fail(walk, "look at", name);
    int todo = walk->visitor->entry(walk, folder, name, &status);
    return todo == WALK_ENTER && S_ISDIR(status.st_mode) ? enter(walk, name, &status) : todo;
}

int walk_tree(struct walk *walk, const char *path, int missing_is_fine)
{
    char *copy = must_alloc(NULL, strlen(path) + 3);
    strcpy(copy, path);
    for (size_t end = strlen(copy); end > 1 && copy[end - 1] == '/';)
        copy[--end] = '\0';
    char *slash = strrchr(copy, '/'), *name = copy;
    const char *parent = ".";
    if (slash != NULL) {
        name = slash + 1;
        *slash = '\0';
        parent = slash == copy ? "/" : copy;
    }
    walk->depth = walk->length = 0;
    extend_path(walk, parent);
    walk->root_length = walk->length + (walk->path[walk->length - 1] == '/' ? 0 : 1) + strlen(name);
    int done = 0;
    struct stat status;
    if (chain_start(&walk->chain, parent) < 0)
        done = errno == ENOENT && missing_is_fine ? 0 : walk_fail(walk, "open the folder of", name);
    else if (missing_is_fine && fstatat(chain_fd(&walk->chain), name, &status, AT_SYMLINK_NOFOLLOW) < 0 &&
             errno == ENOENT)
        done = 0;
    else
        done = visit(walk, name);
    while (done >= 0 && walk->depth > 0) {
        struct level *level = &walk->levels[walk->depth - 1];
        done = level->at < level->listing.count ? visit(walk, level->listing.names[level->at++]) : leave(walk);
    }
    while (walk->depth > 0)
        free_listing(&walk->levels[--walk->depth].listing);
    chain_end(&walk->chain);
    free(walk->levels);
    free(walk->path);
    walk->levels = NULL;
    walk->path = NULL;
    walk->room = walk->path_room = 0;
    free(copy);
    return done < 0 ? -1 : 0;
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
