/*
 * Copies trees: as they are, into a state, or out of one, with what a store forgot of them (records.h).
 *
 * Folders are made with mode 0700, so that anything can be put into them, and get their own mode when they are left; those
 * that nobody may enter get it at the very end, because later hard links may have to be made from files in them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copy.h"
#include "firsts.h"
#include "records.h"
#include "tree.h"
#include "walk.h"

struct closed {
    char *path;
    mode_t mode;
};

/* What all threads that copy one tree have in common. */
struct job {
    /* Whether a store is copied into, or, if `records` are known, out of it. */
    int save;
    /* For copy_source. */
    int exact;
    /* What a store forgot of all entries of all trees. */
    const uint32_t *records;
    const char **names;
    size_t count;
    /* Which of them are files to which later entries are links. */
    const char *has_links;
    int64_t base;
    /* The path of the copy, and its name in the folder that holds it. */
    const char *to, *to_name;
    struct firsts firsts;
    pthread_mutex_t lock;
    struct closed *closed;
    size_t closed_count, closed_room;
};

/* What one thread has for a folder and what is in it. */
struct copier {
    struct job *job;
    /* The folder of the copy that goes with the one in which the walk is. */
    struct chain chain;
    /* The entry that comes next, and the one after the last. */
    size_t next, end;
    /* The entries of the folders in which the walk is, from where it began. */
    size_t *folders;
    size_t folders_room;
    /* What a store will forget, where one is copied into. */
    struct entries *entries;
};

static char *path_of_copy(const struct walk *walk, const char *name)
{
    const struct copier *copier = walk->data;
    char *from = walk_path(walk, name), *below = from + walk->root_length;
    char *to = must_alloc(NULL, strlen(copier->job->to) + strlen(below) + 1);
    strcat(strcpy(to, copier->job->to), below);
    free(from);
    return to;
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

/* Give mode and times of an entry's copy. */
static mode_t look_up(const struct job *job, const struct stat *status, size_t entry, struct timespec times[2])
{
    mode_t mode = status->st_mode;
    times[0] = times[1] = status->st_mtim;
    if (job->save) {
        /* As everything in a store is, so that it need not be changed there. */
        times[0] = times[1] = (struct timespec){ .tv_sec = 1 };
        return S_ISDIR(mode) || (mode & 0100) != 0 ? 0555 : 0444;
    }
    if (job->records != NULL) {
        const uint32_t *record = job->records + entry * RECORD;
        mode = record[RECORD_MODE];
        times[0] = times[1] = (struct timespec){ .tv_sec = job->base + (int64_t)record[RECORD_MINUTE] * 60 };
    }
    return mode & 01777;
}

/* Give the number of a file for `firsts`, or -1 for one that has a single name. */
static size_t number_of(struct job *job, const struct stat *status, size_t entry)
{
    if (job->records == NULL)
        return status->st_nlink < 2 ? (size_t)-1 : firsts_number(&job->firsts, status->st_dev, status->st_ino);
    uint32_t link = job->records[entry * RECORD + RECORD_LINK];
    return link < entry ? link : job->has_links[entry] ? entry : (size_t)-1;
}

/* Say whether the entry that comes next is this one. */
static int is_expected(const struct copier *copier, const char *name, size_t depth)
{
    const struct job *job = copier->job;
    if (copier->next >= copier->end || job->records[copier->next * RECORD + RECORD_DEPTH] != depth)
        return 0;
    /* The root has another name in a state than it had. */
    return depth == 0 || strcmp(job->names[copier->next], name) == 0;
}

static int enter_copy(struct walk *walk, size_t entry, int folder, const char *name)
{
    struct copier *copier = walk->data;
    size_t at = walk->depth - walk->start;
    if (at >= copier->folders_room) {
        copier->folders_room = at * 2 + 64;
        copier->folders = must_alloc(copier->folders, copier->folders_room * sizeof(*copier->folders));
    }
    copier->folders[at] = entry;
    if (mkdirat(folder, name, 0700) < 0 || chain_push(&copier->chain, name, 0) < 0)
        return walk_fail(walk, "copy", name);
    return WALK_ENTER;
}

/* Copy a file or symlink that is the next entry, or link to its copy; a file is open. */
static int copy_or_link(struct walk *walk, int from_folder, char *from_name, const struct source *source)
{
    struct copier *copier = walk->data;
    struct job *job = copier->job;
    const struct stat *status = &source->status;
    int folder = chain_fd(&copier->chain);
    const char *name = walk->depth == 0 ? job->to_name : from_name;
    if (job->save)
        entries_add(copier->entries, from_name, walk->depth, status, job->base);
    struct timespec times[2];
    size_t entry = copier->next++;
    mode_t mode = look_up(job, status, entry, times);
    size_t number = number_of(job, status, entry);
    const char *first = number == (size_t)-1 ? NULL : firsts_claim(&job->firsts, number);
    if (first != NULL)
        return make_link(first, folder, name) < 0 ? walk_fail(walk, "link the copy of", from_name) : 0;
    int done = S_ISLNK(status->st_mode) ? copy_symlink(from_folder, from_name, folder, name, status, times)
                                        : copy_source(source, folder, name, mode, job->exact, times);
    if (done < 0)
        done = walk_fail(walk, "copy", from_name);
    if (number != (size_t)-1)
        firsts_made(&job->firsts, number, done < 0 ? NULL : path_of_copy(walk, from_name));
    return done;
}

static int copy_entry(struct walk *walk, int from_folder, char *from_name, const struct stat *status)
{
    struct copier *copier = walk->data;
    struct job *job = copier->job;
    struct source source = { .fd = -1 };
    mode_t type = status->st_mode & S_IFMT;
    if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK)
        return 0;
    if (job->records != NULL && !is_expected(copier, from_name, walk->depth)) {
        errno = ESTALE;
        return walk_fail(walk, "find the record of", from_name);
    }
    if (type == S_IFDIR) {
        if (job->save)
            entries_add(copier->entries, from_name, walk->depth, status, job->base);
        return enter_copy(walk, copier->next++, chain_fd(&copier->chain), walk->depth == 0 ? job->to_name : from_name);
    }
    int done = type == S_IFREG ? open_source(&source, from_folder, from_name)
                               : fstatat(from_folder, from_name, &source.status, AT_SYMLINK_NOFOLLOW);
    done = done < 0 ? walk_fail(walk, "read", from_name) : copy_or_link(walk, from_folder, from_name, &source);
    close_source(&source);
    return done;
}

static void close_later(struct job *job, char *path, mode_t mode)
{
    pthread_mutex_lock(&job->lock);
    if (job->closed_count == job->closed_room) {
        job->closed_room = job->closed_room * 2 + 16;
        job->closed = must_alloc(job->closed, job->closed_room * sizeof(*job->closed));
    }
    job->closed[job->closed_count++] = (struct closed){ path, mode };
    pthread_mutex_unlock(&job->lock);
}

static int leave_copy(struct walk *walk, int from_folder, char *from_name, const struct stat *status)
{
    struct copier *copier = walk->data;
    struct timespec times[2];
    int folder = chain_fd(&copier->chain);
    mode_t mode = look_up(copier->job, status, copier->folders[walk->depth - walk->start], times);
    (void)from_folder;
    if ((mode & 0100) == 0)
        close_later(copier->job, path_of_copy(walk, from_name), mode);
    else if (fchmod(folder, mode) < 0)
        return walk_fail(walk, "change mode of the copy of", from_name);
    if (futimens(folder, times) < 0)
        return walk_fail(walk, "set time of the copy of", from_name);
    return chain_pop(&copier->chain) < 0 ? walk_fail(walk, "go back from the copy of", from_name) : 0;
}

/* Take the folder that was entered last out of a copier, for another thread. */
static void *part_of_copy(struct walk *walk)
{
    struct copier *copier = walk->data, *part = must_alloc(NULL, sizeof(*part));
    struct job *job = copier->job;
    *part = (struct copier){ .job = job, .next = copier->next, .end = copier->next, .folders_room = 16 };
    chain_hand_over(&copier->chain, &part->chain);
    part->folders = must_alloc(NULL, part->folders_room * sizeof(*part->folders));
    part->folders[0] = copier->folders[walk->depth - walk->start];
    if (job->save)
        part->entries = entries_insert(copier->entries);
    if (job->records != NULL) {
        while (part->end < copier->end && job->records[part->end * RECORD + RECORD_DEPTH] > walk->depth)
            part->end += 1;
        copier->next = part->end;
    }
    return part;
}

static int end_part(struct walk *walk, int done)
{
    struct copier *part = walk->data;
    if (done >= 0 && part->job->records != NULL && part->next != part->end) {
        errno = ESTALE;
        done = walk_fail(walk, "find all that has a record in", part->job->names[part->folders[0]]);
    }
    chain_end(&part->chain);
    free(part->folders);
    free(part);
    return done;
}

/* Copy one tree; `next` goes on from the one before. */
static int copy_one(struct copier *copier, const char *from, const char *to, struct failure *failure)
{
    static const struct visitor visitor = {
        .need = 0500, .keep_modes = 1, .only_types = 1, .entry = copy_entry, .leave = leave_copy,
        .shared = 1, .part = part_of_copy, .end = end_part,
    };
    struct walk walk = { .visitor = &visitor, .failure = failure, .data = copier };
    char *folder = must_alloc(NULL, strlen(to) + 2);
    char *slash = strrchr(strcpy(folder, to), '/');
    copier->job->to = to;
    copier->job->to_name = slash == NULL ? to : to + (slash - folder) + 1;
    if (slash != NULL)
        slash[slash == folder ? 1 : 0] = '\0';
    int done = chain_start(&copier->chain, slash == NULL ? "." : folder);
    free(folder);
    if (done < 0) {
        *failure = (struct failure){ errno, "open the folder of", strcpy(must_alloc(NULL, strlen(to) + 1), to) };
        return -1;
    }
    /* Access rules that folders inherit would count beside the mask. */
    copier->job->exact = fgetxattr(chain_fd(&copier->chain), "system.posix_acl_default", NULL, 0) < 0;
    mode_t mask = umask(0);
    done = walk_tree(&walk, from, 0);
    umask(mask);
    chain_end(&copier->chain);
    return done;
}

/* Give the folders that nobody may enter their modes, the inner ones first, as they were left. */
static int close_folders(struct job *job, struct failure *failure)
{
    for (size_t at = 0; at < job->closed_count; at += 1) {
        struct closed *closed = &job->closed[at];
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

static void start_job(struct job *job)
{
    firsts_start(&job->firsts);
    pthread_mutex_init(&job->lock, NULL);
}

static void end_job(struct job *job, struct copier *copier)
{
    firsts_end(&job->firsts);
    pthread_mutex_destroy(&job->lock);
    for (size_t at = 0; at < job->closed_count; at += 1)
        free(job->closed[at].path);
    free(job->closed);
    free(copier->folders);
}

JSValue copy_tree(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct job job = { 0 };
    struct copier copier = { .job = &job };
    struct failure failure;
    (void)this, (void)argc;
    char *from = path_of_text(ctx, argv[0]);
    char *to = from == NULL ? NULL : path_of_text(ctx, argv[1]);
    int done = -2;
    if (to != NULL) {
        start_job(&job);
        done = copy_one(&copier, from, to, &failure);
        if (done == 0)
            done = close_folders(&job, &failure);
        end_job(&job, &copier);
    }
    free(from);
    free(to);
    return done == -1 ? throw_failure(ctx, &failure) : done < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

/* Copy the trees of a list of pairs. Gives 0; -1 with *failure; -2 after throwing. */
static int copy_pairs(JSContext *ctx, struct copier *copier, JSValueConst pairs, struct failure *failure)
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
    if (copier->job->records != NULL && copier->next != copier->end) {
        *failure = (struct failure){ ESTALE, "find all that has a record", NULL };
        return -1;
    }
    return close_folders(copier->job, failure);
}

static JSValue describe_entries(JSContext *ctx, const struct entries *entries)
{
    JSValue result = JS_NewObject(ctx);
    JSValue buffer =
        JS_NewArrayBufferCopy(ctx, (const uint8_t *)entries->records, entries->count * RECORD * sizeof(uint32_t));
    /* It reads three arguments, whatever the count. */
    JSValue arguments[3] = { buffer, JS_UNDEFINED, JS_UNDEFINED };
    JSValue records = JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT32);
    JS_FreeValue(ctx, buffer);
    /* Without the last NUL. */
    size_t length = entries->names_used > 0 ? entries->names_used - 1 : 0;
    JS_SetPropertyStr(ctx, result, "names", text_of_bytes(ctx, entries->names, length));
    JS_SetPropertyStr(ctx, result, "records", records);
    return result;
}

JSValue save_trees(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct entries entries = { 0 };
    struct job job = { .save = 1 };
    struct copier copier = { .job = &job, .entries = &entries };
    struct failure failure;
    (void)this, (void)argc;
    if (JS_ToInt64(ctx, &job.base, argv[1]) < 0)
        return JS_EXCEPTION;
    start_job(&job);
    int done = copy_pairs(ctx, &copier, argv[0], &failure);
    end_job(&job, &copier);
    entries = entries_finish(&entries);
    JSValue result = done == -1  ? throw_failure(ctx, &failure)
                     : done < 0 ? JS_EXCEPTION
                                : describe_entries(ctx, &entries);
    entries_end(&entries);
    return result;
}

/* Find where each name begins, and to what others are links. Gives whether there are as many names as records. */
static int index_records(struct job *job, const char *names, size_t length, char *has_links)
{
    size_t at = 0;
    for (size_t entry = 0; entry < job->count; entry += 1) {
        if (at > length)
            return 0;
        job->names[entry] = names + at;
        at += strlen(names + at) + 1;
        uint32_t link = job->records[entry * RECORD + RECORD_LINK];
        has_links[entry] = 0;
        if (link < entry)
            has_links[link] = 1;
    }
    return job->count == 0 || at == length + 1;
}

JSValue restore_trees(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct job job = { 0 };
    struct copier copier = { .job = &job };
    struct failure failure;
    size_t length, names_length;
    (void)this, (void)argc;
    if (JS_ToInt64(ctx, &job.base, argv[3]) < 0)
        return JS_EXCEPTION;
    const uint8_t *records = bytes_of_buffer(ctx, argv[1], &length);
    if (records == NULL || length % (RECORD * sizeof(uint32_t)) != 0)
        return JS_ThrowTypeError(ctx, "restoreTrees takes records as a Uint32Array");
    char *names = bytes_of_text(ctx, argv[2], &names_length);
    if (names == NULL)
        return JS_EXCEPTION;
    job.records = (const uint32_t *)records;
    job.count = copier.end = length / (RECORD * sizeof(uint32_t));
    job.names = must_alloc(NULL, job.count * sizeof(*job.names));
    char *has_links = must_alloc(NULL, job.count);
    job.has_links = has_links;
    JSValue result = JS_UNDEFINED;
    if (index_records(&job, names, names_length, has_links)) {
        start_job(&job);
        int done = copy_pairs(ctx, &copier, argv[0], &failure);
        end_job(&job, &copier);
        result = done == -1 ? throw_failure(ctx, &failure) : done < 0 ? JS_EXCEPTION : JS_UNDEFINED;
    } else {
        result = JS_ThrowTypeError(ctx, "restoreTrees takes a name for every record");
    }
    free(job.names);
    free(has_links);
    free(names);
    return result;
}
