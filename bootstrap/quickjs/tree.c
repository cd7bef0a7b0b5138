/* Trees: removing them, the phase clock, what a store forgets of them. Copies are in copy-tree.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "links.h"
#include "order.h"
#include "records.h"
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
    static const struct visitor visitor = { .need = 0700, .entry = remove_entry, .leave = remove_folder };
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

struct clock {
    int64_t base, minute;
    /* Whether the file system has had extended attributes so far. */
    int attributes;
    struct order order;
    /* What holds the tree, where names can be put aside. */
    int parent;
    /* What the folder that is being left is set to. */
    struct timespec folder_time;
};

/* Where names are put aside. Phases do not run meanwhile. */
static const char aside[] = ".cleave-aside";

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

/* Remove what users may add to a file beside its content. The rest is not the phase's. */
static void clear_attributes(struct clock *clock, int folder, const char *name)
{
    char list[65536];
    if (fchdir(folder) < 0)
        return;
    ssize_t length = llistxattr(name, list, sizeof(list));
    if (length < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        clock->attributes = 0;
    for (ssize_t at = 0; at < length; at += (ssize_t)strlen(list + at) + 1)
        if (strncmp(list + at, "user.", 5) == 0 || strncmp(list + at, "system.posix_acl_", 17) == 0)
            lremovexattr(name, list + at);
}

static int stamp_entry(struct walk *walk, int folder, char *name, const struct stat *status)
{
    struct clock *clock = walk->data;
    mode_t mode = status->st_mode;
    if (!S_ISREG(mode) && !S_ISDIR(mode) && !S_ISLNK(mode))
        return unlinkat(folder, name, 0) < 0 ? walk_fail(walk, "remove", name) : 0;
    if (clock->attributes)
        clear_attributes(clock, folder, name);
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
    clock->folder_time = clock_time(clock, &status);
    if (listing->count < 2)
        return 0;
    if (clock->order.kind == ORDER_UNKNOWN && order_start(&clock->order, clock->parent, aside) < 0)
        return walk_fail(walk, "put aside", "");
    if (!order_holds(&clock->order, listing->listed) &&
        order_make(&clock->order, folder, listing->names, listing->count) < 0)
        return walk_fail(walk, "order", "");
    return 0;
}

static int stamp_folder(struct walk *walk, int folder, char *name, const struct stat *status)
{
    const struct clock *clock = walk->data;
    mode_t mode = status->st_mode;
    if ((mode & 06000) != 0 && fchmodat(folder, name, mode & 01777, 0) < 0)
        return walk_fail(walk, "change mode of", name);
    return set_both_times(walk, folder, name, clock->folder_time);
}

static JSValue stamp_tree(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    static const struct visitor visitor = {
        .need = 0700, .keep_modes = 1, .entry = stamp_entry, .inside = stamp_inside, .leave = stamp_folder
    };
    struct clock clock = { .attributes = 1, .order.aside = -1 };
    struct failure failure;
    struct walk walk = { .visitor = &visitor, .failure = &failure, .data = &clock };
    (void)this, (void)argc;
    if (JS_ToInt64(ctx, &clock.base, argv[1]) < 0 || JS_ToInt64(ctx, &clock.minute, argv[2]) < 0)
        return JS_EXCEPTION;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    const char *name;
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    clock.parent = open_parent(path, &name);
    int done = walk_tree(&walk, path, 1);
    order_end(&clock.order, clock.parent, aside);
    if (clock.parent >= 0)
        close(clock.parent);
    if (here >= 0) {
        /* Where the working directory is gone, nobody can go back there. */
        (void)!fchdir(here);
        close(here);
    }
    free(path);
    return done < 0 ? throw_failure(ctx, &failure) : JS_UNDEFINED;
}

struct scan {
    int64_t base;
    uint32_t *records;
    size_t count, room;
    char *names;
    size_t names_used, names_room;
    struct links links;
};

static int scan_entry(struct walk *walk, int folder, char *name, const struct stat *status)
{
    struct scan *scan = walk->data;
    mode_t mode = status->st_mode;
    (void)folder;
    if (!S_ISREG(mode) && !S_ISDIR(mode) && !S_ISLNK(mode))
        return 0;
    if (scan->count == scan->room) {
        scan->room = scan->room * 2 + 256;
        scan->records = must_alloc(scan->records, scan->room * RECORD * sizeof(uint32_t));
    }
    uint32_t *record = scan->records + scan->count * RECORD;
    int64_t after = (int64_t)status->st_mtim.tv_sec - scan->base;
    int whole = status->st_mtim.tv_nsec == 0 && after >= 0 && after % 60 == 0 && after / 60 < NONE;
    record[RECORD_DEPTH] = (uint32_t)walk->depth;
    record[RECORD_MODE] = S_ISLNK(mode) ? 0777 : mode & 07777;
    record[RECORD_MINUTE] = whole ? (uint32_t)(after / 60) : NONE;
    record[RECORD_LINK] = NONE;
    if (!S_ISDIR(mode) && status->st_nlink > 1) {
        size_t *first = links_find(&scan->links, status->st_dev, status->st_ino);
        if (*first == LINKS_NEW)
            *first = scan->count;
        else
            record[RECORD_LINK] = (uint32_t)*first;
    }
    scan->count += 1;
    size_t size = strlen(name) + 1;
    if (scan->names_used + size > scan->names_room) {
        scan->names_room = (scan->names_used + size) * 2 + 4096;
        scan->names = must_alloc(scan->names, scan->names_room);
    }
    memcpy(scan->names + scan->names_used, name, size);
    scan->names_used += size;
    return S_ISDIR(mode) ? WALK_ENTER : 0;
}

static JSValue result_of_scan(JSContext *ctx, const struct scan *scan)
{
    JSValue result = JS_NewObject(ctx), names = JS_NewArray(ctx);
    const char *name = scan->names;
    for (size_t at = 0; at < scan->count; at += 1) {
        size_t length = strlen(name);
        JS_SetPropertyUint32(ctx, names, (uint32_t)at, text_of_bytes(ctx, name, length));
        name += length + 1;
    }
    JSValue buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *)scan->records, scan->count * RECORD * sizeof(uint32_t));
    /* It reads three arguments, whatever the count. */
    JSValue arguments[3] = { buffer, JS_UNDEFINED, JS_UNDEFINED };
    JSValue records = JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT32);
    JS_FreeValue(ctx, buffer);
    JS_SetPropertyStr(ctx, result, "names", names);
    JS_SetPropertyStr(ctx, result, "records", records);
    return result;
}

static JSValue scan_trees(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    static const struct visitor visitor = { .need = 0500, .keep_modes = 1, .entry = scan_entry };
    struct scan scan = { 0 };
    struct failure failure;
    struct walk walk = { .visitor = &visitor, .failure = &failure, .data = &scan };
    JSValue result = JS_EXCEPTION;
    int64_t count = length_of_list(ctx, argv[0]);
    (void)this, (void)argc;
    if (count < 0 || JS_ToInt64(ctx, &scan.base, argv[1]) < 0)
        return JS_EXCEPTION;
    int64_t at;
    for (at = 0; at < count; at += 1) {
        JSValue item = JS_GetPropertyUint32(ctx, argv[0], (uint32_t)at);
        char *path = path_of_text(ctx, item);
        JS_FreeValue(ctx, item);
        if (path == NULL)
            break;
        int done = walk_tree(&walk, path, 0);
        free(path);
        if (done < 0) {
            throw_failure(ctx, &failure);
            break;
        }
    }
    if (at == count)
        result = result_of_scan(ctx, &scan);
    free(scan.records);
    free(scan.names);
    links_end(&scan.links);
    return result;
}

static const JSCFunctionListEntry list[] = {
    JS_CFUNC_DEF("removeTree", 1, remove_tree),
    JS_CFUNC_DEF("stampTree", 3, stamp_tree),
    JS_CFUNC_DEF("scanTrees", 2, scan_trees),
    JS_CFUNC_DEF("copyTree", 3, copy_tree),
    JS_CFUNC_DEF("restoreTrees", 4, restore_trees),
};

const struct native_functions tree_functions = { list, COUNT(list) };
