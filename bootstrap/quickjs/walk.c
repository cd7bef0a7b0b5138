/* Walks over trees: see walk.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crew.h"
#include "order.h"
#include "walk.h"

/* From how many entries on a tree is worth a second thread; and to which depth folders are handed to others. */
enum { LARGE = 100, DEEPEST = 64 };

/* What threads that walk over one tree have in common. */
struct gang {
    struct crew *crew;
    /* Whether one of them has failed, so that all stop; and what was the first of these failures. */
    atomic_int failed;
    struct failure failure;
};

/* Give the flag for open() that keeps reading from changing the time of the last access: only owners may ask for that. */
static int unseen(const struct stat *status)
{
    static atomic_uint user = (uid_t)-1;
    if (user == (uid_t)-1)
        user = geteuid();
    return status->st_uid == user ? O_NOATIME : 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void free_listing(struct listing *listing)
{
    free(listing->names);
    free(listing->all);
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
            if (used + size + 1 > room) {
                room = (used + size + 1) * 2 + 256;
                all = must_alloc(all, room);
            }
            all[used] = (char)entry->type;
            memcpy(all + used + 1, entry->name, size);
            used += size + 1;
            number += 1;
        }
    }
    char **names = must_alloc(NULL, number * sizeof(*names));
    char *at = all;
    int listed = LISTED_ASCENDING | LISTED_DESCENDING;
    for (size_t each = 0; each < number; each += 1) {
        names[each] = at + 1;
        at += strlen(names[each]) + 2;
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
    /* How many folders in it other threads walk over, if it was any. */
    int *shared;
};

/* The innermost folder in which the walk is. */
static struct level *level_of(const struct walk *walk)
{
    return &walk->levels[walk->depth - 1 - walk->start];
}

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
    if (chain_push(&walk->chain, name, unseen(status)) < 0)
        return walk_fail(walk, "open", name);
    if (walk->depth - walk->start == walk->room) {
        walk->room = walk->room * 2 + 16;
        walk->levels = must_alloc(walk->levels, walk->room * sizeof(*walk->levels));
    }
    struct level *level = &walk->levels[walk->depth - walk->start];
    *level = (struct level){ .name = name, .status = *status, .lifted = lifted, .parent_length = walk->length };
    if (list_names(chain_fd(&walk->chain), &level->listing) < 0)
        return walk_fail(walk, "list", name);
    extend_path(walk, name);
    walk->depth += 1;
    return 0;
}

/* Wait until other threads are done with what is in the innermost folder. Gives whether none has failed. */
static int wait_for_others(struct walk *walk)
{
    struct level *level = level_of(walk);
    if (level->shared != NULL) {
        crew_wait(walk->gang->crew, level->shared, walk->thread);
        free(level->shared);
        level->shared = NULL;
    }
    return walk->gang == NULL || !atomic_load(&walk->gang->failed);
}

static int leave(struct walk *walk)
{
    struct level *level = level_of(walk);
    if (!wait_for_others(walk))
        return WALK_FAIL;
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

/* A folder that is handed to another thread. */
struct errand {
    struct task task;
    struct walk walk;
    struct failure failure;
    char *name;
    struct stat status;
};

static int visit(struct walk *walk, char *name);

/* Go on until the walk is where it began. */
static int go_on(struct walk *walk, int done)
{
    while (done >= 0 && walk->depth > walk->start) {
        struct level *level = level_of(walk);
        done = level->at < level->listing.count ? visit(walk, level->listing.names[level->at++]) : leave(walk);
    }
    if (done < 0 && walk->gang != NULL)
        atomic_store(&walk->gang->failed, 1);
    for (; walk->depth > walk->start; walk->depth -= 1) {
        wait_for_others(walk);
        free_listing(&level_of(walk)->listing);
    }
    return done;
}

static void free_walk(struct walk *walk)
{
    chain_end(&walk->chain);
    free(walk->levels);
    free(walk->path);
    walk->levels = NULL;
    walk->path = NULL;
    walk->room = walk->path_room = 0;
}

/* Note how a walk of one thread failed. One that stopped because another had failed has nothing to tell. */
static void keep_failure(struct gang *gang, struct failure *failure)
{
    crew_lock(gang->crew);
    if (gang->failure.what == NULL)
        gang->failure = *failure;
    else
        free(failure->path);
    crew_unlock(gang->crew);
}

static void run_errand(struct task *task, int thread)
{
    struct errand *errand = (struct errand *)task;
    struct walk *walk = &errand->walk;
    walk->thread = thread;
    int done = go_on(walk, enter(walk, errand->name, &errand->status));
    if (walk->visitor->end != NULL)
        done = walk->visitor->end(walk, done);
    free_walk(walk);
    if (done < 0) {
        atomic_store(&walk->gang->failed, 1);
        keep_failure(walk->gang, &errand->failure);
    }
    free(errand->name);
    free(errand);
}

/* Hand a folder to another thread, if one would take it soon. Gives whether that was done. */
static int share(struct walk *walk, const char *name, const struct stat *status)
{
    if (!walk->visitor->shared || walk->depth == walk->start || walk->depth > DEEPEST)
        return 0;
    if (walk->gang == NULL) {
        struct crew *crew = walk->seen == LARGE ? crew_start() : NULL;
        if (crew == NULL)
            return 0;
        walk->gang = must_alloc(NULL, sizeof(*walk->gang));
        *walk->gang = (struct gang){ .crew = crew };
    }
    if (!crew_has_room(walk->gang->crew))
        return 0;
    struct errand *errand = must_alloc(NULL, sizeof(*errand));
    struct level *level = level_of(walk);
    if (level->shared == NULL)
        level->shared = memset(must_alloc(NULL, sizeof(*level->shared)), 0, sizeof(*level->shared));
    *errand = (struct errand){
        .task = { .run = run_errand, .left = level->shared },
        .walk = { .visitor = walk->visitor, .depth = walk->depth, .start = walk->depth, .root_length = walk->root_length,
                  .gang = walk->gang },
        .name = strcpy(must_alloc(NULL, strlen(name) + 1), name),
        .status = *status,
    };
    if (chain_start_at(&errand->walk.chain, chain_fd(&walk->chain)) < 0) {
        free(errand->name);
        free(errand);
        return 0;
    }
    errand->walk.failure = &errand->failure;
    errand->walk.path = memcpy(must_alloc(NULL, walk->length + 1), walk->path, walk->length);
    errand->walk.length = walk->length;
    errand->walk.path_room = walk->length + 1;
    errand->walk.data = walk->visitor->part == NULL ? walk->data : walk->visitor->part(walk);
    crew_offer(walk->gang->crew, &errand->task);
    return 1;
}

static int visit(struct walk *walk, char *name)
{
    struct stat status;
    int folder = chain_fd(&walk->chain);
    char type = walk->visitor->only_types && walk->depth > walk->start ? name[-1] : DT_UNKNOWN;
    if (type == DT_UNKNOWN || type == DT_DIR) {
        if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
            return walk_fail(walk, "look at", name);
    } else {
        status = (struct stat){ .st_mode = DTTOIF(type) };
    }
    if (walk->seen < LARGE)
        walk->seen += 1;
    int todo = walk->visitor->entry(walk, folder, name, &status);
    if (todo != WALK_ENTER || !S_ISDIR(status.st_mode))
        return todo;
    if (walk->gang != NULL && atomic_load_explicit(&walk->gang->failed, memory_order_relaxed))
        return WALK_FAIL;
    return share(walk, name, &status) ? 0 : enter(walk, name, &status);
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
    walk->depth = walk->start = walk->length = walk->seen = 0;
    walk->gang = NULL;
    walk->thread = 0;
    *walk->failure = (struct failure){ 0 };
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
    done = go_on(walk, done);
    free_walk(walk);
    struct gang *gang = walk->gang;
    if (gang != NULL) {
        if (done < 0)
            keep_failure(gang, walk->failure);
        crew_end(gang->crew);
        *walk->failure = gang->failure;
        done = gang->failed ? -1 : 0;
        free(gang);
        walk->gang = NULL;
    }
    free(copy);
    return done < 0 ? -1 : 0;
}

