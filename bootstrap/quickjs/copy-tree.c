/*
 * Copies trees: as they are, or with what a store forgot of them (records.h).
 *
 * Folders are made with mode 0700, so that anything can be put into them, and get their own mode when they are left; those
 * that nobody may enter get it at the very end, because later hard links may have to be made from files in them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "links.h"
#include "records.h"
#include "tree.h"
#include "walk.h"

struct closed {
    char *path;
    mode_t mode;
};

/* What stands for a path that is not known yet. */
static char awaited[] = "";

struct copier {
    /* The path of the copy, and the folder in it that goes with the one in which the walk is. */
    const char *to, *to_name;
    struct chain chain;
    /* Where what a store forgot is known: of all entries of all trees, and the one that comes next. */
    const uint32_t *records;
    const char *names, *names_end;
    size_t count, next;
    int64_t base;
    /* Whether everything may be read by all and changed by its owner, and only executable files keep that bit. */
    int plain;
    /* The paths of copies of files that have more names, by entry; `awaited` until they are known. */
    char **firsts;
    size_t firsts_room;
    struct links links;
    /* The entries of the folders in which the walk is. */
    size_t *folders;
    size_t folders_room;
    struct closed *closed;
    size_t closed_count, closed_room;
};

static char *path_of_copy(const struct walk *walk, const char *name)
{
    const struct copier *copier = walk->data;
    char *from = walk_path(walk, name);
    char *path = must_alloc(NULL, strlen(copier->to) + strlen(from + walk->root_length) + 1);
    strcat(strcpy(path, copier->to), from + walk->root_length);
    free(from);
    return path;
}

static int make_link(const char *first, int folder, const char *name)
{
    const char *last;
    int parent = open_parent(first, &last);
    if (parent < 0)
        return -1;
    int done = linkat(parent, last, folder, name, 0), error = errno;
    close(parent);
    errno = error;
    return done;
}

/* Copy a file, with its mode and times. -1 with errno. */
static int copy_file(int from_folder, const char *from_name, int folder, const char *name, const struct stat *status,
                     mode_t mode, const struct timespec times[2])
{
    mode_t own = status->st_mode & 07777;
    int lifted = 0, flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | unseen(status);
    int from = openat(from_folder, from_name, flags);
    if (from < 0 && errno == EACCES && fchmodat(from_folder, from_name, own | 0400, 0) == 0) {
        lifted = 1;
        from = openat(from_folder, from_name, flags);
    }
    if (from < 0)
        return -1;
    int to = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int done = to < 0 ? -1 : 0;
    if (done == 0)
        done = copy_content(from, to, status->st_size);
    if (done == 0)
        done = fchmod(to, mode);
    if (done == 0)
        done = futimens(to, times);
    int error = errno;
    if (lifted)
        fchmod(from, own);
    close(from);
    if (to >= 0 && close(to) < 0 && done == 0) {
        done = -1;
        error = errno;
    }
    errno = error;
    return done;
}

/* Copy a symlink, with its times. -1 with errno. */
static int copy_symlink(int from_folder, const char *from_name, int folder, const char *name, const struct stat *status,
                        const struct timespec times[2])
{
    char *target = read_target(from_folder, from_name);
    int done = target == NULL ? -1 : symlinkat(target, folder, name);
    free(target);
    /* Reading it is seen in its times, unless they are set again. */
    struct timespec own[2] = { status->st_atim, status->st_mtim };
    if (done == 0 && unseen(status) != 0)
        utimensat(from_folder, from_name, own, AT_SYMLINK_NOFOLLOW);
    return done < 0 ? -1 : utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW);
}

/* Give mode and times of an entry's copy. */
static mode_t look_up(const struct copier *copier, const struct stat *status, size_t entry, struct timespec times[2])
{
    mode_t mode = status->st_mode;
    times[0] = times[1] = status->st_mtim;
    if (copier->records != NULL) {
        const uint32_t *record = copier->records + entry * RECORD;
        mode = record[RECORD_MODE];
        times[0] = times[1] = (struct timespec){ .tv_sec = copier->base + (int64_t)record[RECORD_MINUTE] * 60 };
    }
    if (copier->plain)
        return S_ISDIR(mode) || (mode & 0100) != 0 ? 0755 : 0644;
    return mode & 01777;
}

/* Give the path of an earlier copy of the same file, if there is one; and where to put this one's if it may be needed. */
static const char *find_first(struct copier *copier, const struct stat *status, size_t entry, char ***place)
{
    if (copier->records != NULL) {
        uint32_t link = copier->records[entry * RECORD + RECORD_LINK];
        *place = copier->firsts[entry] == awaited ? &copier->firsts[entry] : NULL;
        return link < entry && copier->firsts[link] != awaited ? copier->firsts[link] : NULL;
    }
    *place = NULL;
    if (status->st_nlink < 2)
        return NULL;
    size_t *first = links_find(&copier->links, status->st_dev, status->st_ino);
    if (*first != LINKS_NEW)
        return copier->firsts[*first];
    *first = entry;
    if (entry >= copier->firsts_room) {
        size_t room = entry * 2 + 64;
        copier->firsts = must_alloc(copier->firsts, room * sizeof(*copier->firsts));
        for (size_t at = copier->firsts_room; at < room; at += 1)
            copier->firsts[at] = NULL;
        copier->firsts_room = room;
    }
    *place = &copier->firsts[entry];
    return NULL;
}

/* Check that the entry is the one that the records have next. */
static int is_expected(struct copier *copier, const char *name, size_t depth)
{
    if (copier->next >= copier->count || copier->records[copier->next * RECORD + RECORD_DEPTH] != depth)
        return 0;
    if (copier->names >= copier->names_end)
        return 0;
    const char *expected = copier->names;
    size_t length = strlen(expected);
    copier->names += length + 1;
    /* The root has another name in a state than it had. */
    return depth == 0 || strcmp(expected, name) == 0;
}

static int enter_copy(struct walk *walk, size_t entry, int folder, const char *name)
{
    struct copier *copier = walk->data;
    if (walk->depth >= copier->folders_room) {
        copier->folders_room = walk->depth * 2 + 64;
        copier->folders = must_alloc(copier->folders, copier->folders_room * sizeof(*copier->folders));
    }
    copier->folders[walk->depth] = entry;
    return mkdirat(folder, name, 0700) < 0 ? -1 : chain_push(&copier->chain, name);
}

static int copy_entry(struct walk *walk, int from_folder, char *from_name, const struct stat *status)
{
    struct copier *copier = walk->data;
    mode_t type = status->st_mode & S_IFMT;
    if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK)
        return 0;
    if (copier->records != NULL && !is_expected(copier, from_name, walk->depth)) {
        errno = ESTALE;
        return walk_fail(walk, "find the record of", from_name);
    }
    int folder = chain_fd(&copier->chain);
    const char *name = walk->depth == 0 ? copier->to_name : from_name;
    struct timespec times[2];
    size_t entry = copier->next++;
    mode_t mode = look_up(copier, status, entry, times);
    if (type == S_IFDIR)
        return enter_copy(walk, entry, folder, name) < 0 ? walk_fail(walk, "copy", from_name) : WALK_ENTER;
    char **place;
    const char *first = find_first(copier, status, entry, &place);
    if (first != NULL)
        return make_link(first, folder, name) < 0 ? walk_fail(walk, "link the copy of", from_name) : 0;
    if (type == S_IFLNK) {
        if (copy_symlink(from_folder, from_name, folder, name, status, times) < 0)
            return walk_fail(walk, "copy", from_name);
    } else if (copy_file(from_folder, from_name, folder, name, status, mode, times) < 0) {
        return walk_fail(walk, "copy", from_name);
    }
    if (place != NULL)
        *place = path_of_copy(walk, from_name);
    return 0;
}

static int leave_copy(struct walk *walk, int from_folder, char *from_name, const struct stat *status)
{
    struct copier *copier = walk->data;
    const char *name = walk->depth == 0 ? copier->to_name : from_name;
    struct timespec times[2];
    mode_t mode = look_up(copier, status, copier->folders[walk->depth], times);
    (void)from_folder;
    if (chain_pop(&copier->chain) < 0)
        return walk_fail(walk, "go back from the copy of", from_name);
    int folder = chain_fd(&copier->chain);
    if ((mode & 0100) == 0) {
        if (copier->closed_count == copier->closed_room) {
            copier->closed_room = copier->closed_room * 2 + 16;
            copier->closed = must_alloc(copier->closed, copier->closed_room * sizeof(*copier->closed));
        }
        copier->closed[copier->closed_count++] = (struct closed){ path_of_copy(walk, from_name), mode };
    } else if (fchmodat(folder, name, mode, 0) < 0) {
        return walk_fail(walk, "change mode of the copy of", from_name);
    }
    return utimensat(folder, name, times, 0) < 0 ? walk_fail(walk, "set time of the copy of", from_name) : 0;
}

/* Copy one tree; `next` goes on from the one before. */
static int copy_one(struct copier *copier, const char *from, const char *to, struct failure *failure)
{
    static const struct visitor visitor = { .need = 0500, .keep_modes = 1, .entry = copy_entry, .leave = leave_copy };
    struct walk walk = { .visitor = &visitor, .failure = failure, .data = copier };
    char *folder = must_alloc(NULL, strlen(to) + 2);
    char *slash = strrchr(strcpy(folder, to), '/');
    copier->to = to;
    copier->to_name = slash == NULL ? to : to + (slash - folder) + 1;
    if (slash != NULL)
        slash[slash == folder ? 1 : 0] = '\0';
    int done = chain_start(&copier->chain, slash == NULL ? "." : folder);
    free(folder);
    if (done < 0) {
        *failure = (struct failure){ errno, "open the folder of", strcpy(must_alloc(NULL, strlen(to) + 1), to) };
        return -1;
    }
    done = walk_tree(&walk, from, 0);
    chain_end(&copier->chain);
    return done;
}

/* Give the folders that nobody may enter their modes, the inner ones first, as they were left. */
static int close_folders(struct copier *copier, struct failure *failure)
{
    for (size_t at = 0; at < copier->closed_count; at += 1) {
        struct closed *closed = &copier->closed[at];
        const char *name;
        int folder = open_parent(closed->path, &name);
        int done = folder < 0 ? -1 : fchmodat(folder, name, closed->mode, 0), error = errno;
        if (folder >= 0)
            close(folder);
        if (done < 0) {
            *failure = (struct failure){ error, "change mode of", closed->path };
            closed->path = NULL;
            return -1;
        }
    }
    return 0;
}

static void end_copier(struct copier *copier, size_t firsts)
{
    for (size_t at = 0; at < firsts; at += 1)
        if (copier->firsts[at] != awaited)
            free(copier->firsts[at]);
    free(copier->firsts);
    for (size_t at = 0; at < copier->closed_count; at += 1)
        free(copier->closed[at].path);
    free(copier->closed);
    free(copier->folders);
    links_end(&copier->links);
}

JSValue copy_tree(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct copier copier = { .plain = argc > 2 && JS_ToBool(ctx, argv[2]) };
    struct failure failure;
    (void)this;
    char *from = path_of_text(ctx, argv[0]);
    if (from == NULL)
        return JS_EXCEPTION;
    char *to = path_of_text(ctx, argv[1]);
    if (to == NULL) {
        free(from);
        return JS_EXCEPTION;
    }
    int done = copy_one(&copier, from, to, &failure);
    if (done == 0)
        done = close_folders(&copier, &failure);
    end_copier(&copier, copier.firsts_room);
    free(from);
    free(to);
    return done < 0 ? throw_failure(ctx, &failure) : JS_UNDEFINED;
}

/* Mark the entries to which others are links. */
static void await_firsts(struct copier *copier)
{
    copier->firsts = must_alloc(NULL, copier->count * sizeof(*copier->firsts));
    for (size_t at = 0; at < copier->count; at += 1)
        copier->firsts[at] = NULL;
    for (size_t at = 0; at < copier->count; at += 1) {
        uint32_t link = copier->records[at * RECORD + RECORD_LINK];
        if (link < at)
            copier->firsts[link] = awaited;
    }
}

/* Copy the trees of a list of pairs. Gives 0; -1 with *failure; -2 after throwing. */
static int restore_pairs(JSContext *ctx, struct copier *copier, JSValueConst pairs, struct failure *failure)
{
    int64_t count = length_of_list(ctx, pairs);
    if (count < 0)
        return -2;
    for (int64_t at = 0; at < count; at += 1) {
        JSValue pair = JS_GetPropertyUint32(ctx, pairs, (uint32_t)at);
        JSValue first = JS_GetPropertyUint32(ctx, pair, 0), second = JS_GetPropertyUint32(ctx, pair, 1);
        char *from = path_of_text(ctx, first), *to = from == NULL ? NULL : path_of_text(ctx, second);
        JS_FreeValue(ctx, first);
        JS_FreeValue(ctx, second);
        JS_FreeValue(ctx, pair);
        int done = to == NULL ? -2 : copy_one(copier, from, to, failure);
        free(from);
        free(to);
        if (done < 0)
            return done;
    }
    if (copier->next != copier->count) {
        *failure = (struct failure){ ESTALE, "find all that has a record", NULL };
        return -1;
    }
    return close_folders(copier, failure);
}

JSValue restore_trees(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct copier copier = { 0 };
    struct failure failure;
    size_t length;
    (void)this, (void)argc;
    if (JS_ToInt64(ctx, &copier.base, argv[3]) < 0)
        return JS_EXCEPTION;
    const uint8_t *records = bytes_of_buffer(ctx, argv[1], &length);
    if (records == NULL || length % (RECORD * sizeof(uint32_t)) != 0)
        return JS_ThrowTypeError(ctx, "restoreTrees takes records as a Uint32Array");
    char *names = bytes_of_text(ctx, argv[2], &copier.count);
    if (names == NULL)
        return JS_EXCEPTION;
    copier.records = (const uint32_t *)records;
    copier.names = names;
    copier.names_end = names + copier.count + 1;
    copier.count = length / (RECORD * sizeof(uint32_t));
    await_firsts(&copier);
    int done = restore_pairs(ctx, &copier, argv[0], &failure);
    end_copier(&copier, copier.count);
    free(names);
    return done == -1 ? throw_failure(ctx, &failure) : done < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}
