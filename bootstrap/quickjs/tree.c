/* Trees: removing them, the phase clock. Copies are in copy-tree.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "crew.h"
#include "order.h"
#include "tree.h"
#include "walk.h"

static int remove_entry(struct walk *walk, int folder, char *name, const struct stat *status)
{
    if (S_ISDIR(status->st_mode))
        return WALK_ENTER;
    return unlinkat(folder, name, 0) < 0 ? walk_fail(walk, "remove", name) : 0;
}

static int remove_folder(struct walk *walk, int folder, char *name, const struct stat *status)
{
    (void)status;
    return unlinkat(folder, name, AT_REMOVEDIR) < 0 ? walk_fail(walk, "remove", name) : 0;
}

static JSValue remove_tree(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    static const struct visitor visitor = { .need = 0700, .only_types = 1, .entry = remove_entry, .leave = remove_folder, .shared = 1 };
    struct failure failure;
    struct walk walk = { .visitor = &visitor, .failure = &failure };
    char *path = path_of_text(ctx, argv[0]);
    (void)this, (void)argc;
    if (path == NULL)
        return JS_EXCEPTION;
    int done = walk_tree(&walk, path, 1);
    free(path);
    return done < 0 ? throw_failure(ctx, &failure) : JS_UNDEFINED;
}

/* Makes trees ready for a phase, which finds no extended attributes, and names in order. */
struct tidier {
    /* Whether the file system has had extended attributes so far. */
    atomic_int attributes;
    /* The working directory, which is another one meanwhile. */
    int here;
    /* Where each thread puts names aside. */
    struct order orders[MOST_THREADS];
    /* What holds the tree, where names can be put aside. */
    int parent;
};

/* Give the name of the folder where a thread puts names aside. Phases do not run meanwhile. */
static const char *aside(int thread, char name[32])
{
    snprintf(name, 32, ".cleave-aside-%d", thread);
    return name;
}

static void start_tidier(struct tidier *tidier, const char *path)
{
    const char *name;
    *tidier = (struct tidier){ .attributes = 1, .parent = open_parent(path, &name) };
    tidier->here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (int thread = 0; thread < MOST_THREADS; thread += 1)
        tidier->orders[thread].aside = -1;
}

static void end_tidier(struct tidier *tidier)
{
    char name[32];
    for (int thread = 0; thread < MOST_THREADS; thread += 1)
        order_end(&tidier->orders[thread], tidier->parent, aside(thread, name));
    if (tidier->parent >= 0)
        close(tidier->parent);
    if (tidier->here >= 0) {
        /* Where the working directory is gone, nobody can go back there. */
        (void)!fchdir(tidier->here);
        close(tidier->here);
    }
}

/* Remove what users may add to a file beside its content. The rest is not the phase's. */
static void clear_attributes(struct tidier *tidier, int folder, const char *name)
{
    char list[65536];
    if (!tidier->attributes || fchdir(folder) < 0)
        return;
    ssize_t length = llistxattr(name, list, sizeof(list));
    if (length < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        tidier->attributes = 0;
    for (ssize_t at = 0; at < length; at += (ssize_t)strlen(list + at) + 1)
        if (strncmp(list + at, "user.", 5) == 0 || strncmp(list + at, "system.posix_acl_", 17) == 0)
            lremovexattr(name, list + at);
}

static int sort_names(struct walk *walk, struct tidier *tidier, int folder, const struct listing *listing)
{
    struct order *order = &tidier->orders[walk->thread];
    char name[32];
    if (listing->count < 2)
        return 0;
    if (order->kind == ORDER_UNKNOWN && order_start(order, tidier->parent, aside(walk->thread, name)) < 0)
        return walk_fail(walk, "put aside", "");
    if (!order_holds(order, listing->listed) && order_make(order, folder, listing) < 0)
        return walk_fail(walk, "order", "");
    return 0;
}

/* Set both times of an open folder. */
static int set_folder_time(struct walk *walk, int folder, struct timespec time)
{
    struct timespec both[2] = { time, time };
    return futimens(folder, both) < 0 ? walk_fail(walk, "set time of", "") : 0;
}

static int tidy_entry(struct walk *walk, int folder, char *name, const struct stat *status)
{
    clear_attributes(walk->data, folder, name);
    return S_ISDIR(status->st_mode) ? WALK_ENTER : 0;
}

static int tidy_inside(struct walk *walk, int folder, const struct listing *listing)
{
    struct stat status;
    if (fstat(folder, &status) < 0)
        return walk_fail(walk, "look at", "");
    return sort_names(walk, walk->data, folder, listing) < 0 ? WALK_FAIL
                                                             : set_folder_time(walk, folder, status.st_mtim);
}

static JSValue tidy_tree(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    static const struct visitor visitor = {
        .need = 0700, .keep_modes = 1, .only_types = 1, .entry = tidy_entry, .inside = tidy_inside, .shared = 1
    };
    struct tidier tidier;
    struct failure failure;
    struct walk walk = { .visitor = &visitor, .failure = &failure, .data = &tidier };
    char *path = path_of_text(ctx, argv[0]);
    (void)this, (void)argc;
    if (path == NULL)
        return JS_EXCEPTION;
    start_tidier(&tidier, path);
    int done = walk_tree(&walk, path, 1);
    end_tidier(&tidier);
    free(path);
    return done < 0 ? throw_failure(ctx, &failure) : JS_UNDEFINED;
}

struct clock {
    int64_t base, minute;
    /* NULL where no phase follows. */
    struct tidier *tidier;
};

/* Give the time that the phase clock has for something with this status. */
static struct timespec clock_time(const struct clock *clock, const struct stat *status)
{
    int64_t after = (int64_t)status->st_mtim.tv_sec - clock->base;
    int kept = status->st_mtim.tv_nsec == 0 && after >= 0 && after % 60 == 0 && after / 60 < clock->minute;
    return (struct timespec){ .tv_sec = kept ? status->st_mtim.tv_sec : clock->base + clock->minute * 60 };
}

static int is_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int set_both_times(struct walk *walk, int folder, const char *name, struct timespec time)
{
    struct timespec both[2] = { time, time };
    return utimensat(folder, name, both, AT_SYMLINK_NOFOLLOW) < 0 ? walk_fail(walk, "set time of", name) : 0;
}

static int stamp_entry(struct walk *walk, int folder, char *name, const struct stat *status)
{
    struct clock *clock = walk->data;
    mode_t mode = status->st_mode;
    if (!S_ISREG(mode) && !S_ISDIR(mode) && !S_ISLNK(mode))
        return unlinkat(folder, name, 0) < 0 ? walk_fail(walk, "remove", name) : 0;
    if (clock->tidier != NULL)
        clear_attributes(clock->tidier, folder, name);
    if (S_ISDIR(mode))
        return WALK_ENTER;
    if (S_ISREG(mode) && (mode & 06000) != 0 && fchmodat(folder, name, mode & 01777, 0) < 0)
        return walk_fail(walk, "change mode of", name);
    struct timespec time = clock_time(clock, status);
    if (is_time(&status->st_mtim, &time) && is_time(&status->st_atim, &time))
        return 0;
    return set_both_times(walk, folder, name, time);
}

static int stamp_inside(struct walk *walk, int folder, const struct listing *listing)
{
    struct clock *clock = walk->data;
    struct stat status;
    /* Its time may have changed since it was entered, if something was removed from it. */
    if (fstat(folder, &status) < 0)
        return walk_fail(walk, "look at", "");
    if (clock->tidier != NULL && sort_names(walk, clock->tidier, folder, listing) < 0)
        return WALK_FAIL;
    return set_folder_time(walk, folder, clock_time(clock, &status));
}

static int stamp_folder(struct walk *walk, int folder, char *name, const struct stat *status)
{
    mode_t mode = status->st_mode;
    return (mode & 06000) != 0 && fchmodat(folder, name, mode & 01777, 0) < 0 ? walk_fail(walk, "change mode of", name)
                                                                              : 0;
}

static JSValue stamp_tree(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    static const struct visitor visitor = {
        .need = 0700, .keep_modes = 1, .entry = stamp_entry, .inside = stamp_inside, .leave = stamp_folder, .shared = 1
    };
    struct tidier tidier;
    struct clock clock = { 0 };
    struct failure failure;
    struct walk walk = { .visitor = &visitor, .failure = &failure, .data = &clock };
    (void)this, (void)argc;
    if (JS_ToInt64(ctx, &clock.base, argv[1]) < 0 || JS_ToInt64(ctx, &clock.minute, argv[2]) < 0)
        return JS_EXCEPTION;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    if (JS_ToBool(ctx, argv[3])) {
        start_tidier(&tidier, path);
        clock.tidier = &tidier;
    }
    int done = walk_tree(&walk, path, 1);
    if (clock.tidier != NULL)
        end_tidier(&tidier);
    free(path);
    return done < 0 ? throw_failure(ctx, &failure) : JS_UNDEFINED;
}

static const JSCFunctionListEntry list[] = {
    JS_CFUNC_DEF("removeTree", 1, remove_tree),
    JS_CFUNC_DEF("stampTree", 4, stamp_tree),
    JS_CFUNC_DEF("tidyTree", 1, tidy_tree),
    JS_CFUNC_DEF("copyTree", 2, copy_tree),
    JS_CFUNC_DEF("saveTrees", 2, save_trees),
    JS_CFUNC_DEF("restoreTrees", 4, restore_trees),
};

const struct native_functions tree_functions = { list, COUNT(list) };
