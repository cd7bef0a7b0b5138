/* Changes content: bytes in a file, hash parts in a tree. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "copy.h"
#include "members.h"
#include "search.h"
#include "walk.h"

/* Open a file though its owner may lack the permission; `status` is what it had. -1 with errno. */
static int open_file(int folder, const char *name, int flags, struct stat *status)
{
    int fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        return fstat(fd, status) < 0 ? -1 : fd;
    if (errno != EACCES || fstatat(folder, name, status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status->st_mode))
        return -1;
    mode_t mode = status->st_mode & 07777;
    if (fchmodat(folder, name, mode | 0600, 0) < 0)
        return -1;
    fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC);
    int error = errno;
    fchmodat(folder, name, mode, 0);
    errno = error;
    return fd;
}

/* Map a whole file that is not empty. NULL with errno. */
static uint8_t *map_file(int fd, size_t size, int protection)
{
    uint8_t *bytes = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

struct change {
    struct hashes hashes;
    /* What is inside a compressed member, if any. */
    int found;
    char *found_in;
};

static int rewrite_file(struct walk *walk, int folder, const char *name, const struct stat *seen)
{
    struct change *change = walk->data;
    struct stat status;
    if (seen->st_size < HASH_LENGTH / 2)
        return 0;
    int fd = open_file(folder, name, O_RDONLY, &status);
    if (fd < 0)
        return walk_fail(walk, "open", name);
    uint8_t *bytes = map_file(fd, status.st_size, PROT_READ);
    close(fd);
    if (bytes == NULL)
        return walk_fail(walk, "read", name);
    size_t size = status.st_size, which;
    change->found = find_in_members(&change->hashes, bytes, size);
    int has_any = find_hash(&change->hashes, bytes, size, 0, &which) < size;
    munmap(bytes, size);
    if (change->found >= 0) {
        change->found_in = walk_path(walk, name);
        return WALK_FAIL;
    }
    if (!has_any)
        return 0;
    fd = open_file(folder, name, O_RDWR, &status);
    if (fd < 0)
        return walk_fail(walk, "open", name);
    bytes = map_file(fd, size, PROT_READ | PROT_WRITE);
    close(fd);
    if (bytes == NULL)
        return walk_fail(walk, "write", name);
    replace_hashes(&change->hashes, bytes, size);
    munmap(bytes, size);
    return 0;
}

static int rewrite_symlink(struct walk *walk, int folder, const char *name)
{
    struct change *change = walk->data;
    char *target = read_target(folder, name);
    if (target == NULL)
        return walk_fail(walk, "read", name);
    int done = 0;
    if (replace_hashes(&change->hashes, (uint8_t *)target, strlen(target)) > 0 &&
        (unlinkat(folder, name, 0) < 0 || symlinkat(target, folder, name) < 0))
        done = walk_fail(walk, "change", name);
    free(target);
    return done;
}

static int rename_entry(struct walk *walk, int folder, char *name)
{
    struct change *change = walk->data;
    size_t size = strlen(name) + 1;
    char *old = memcpy(must_alloc(NULL, size), name, size);
    int done = 0;
    /* The name is changed where the walk has it, so that it goes on with the new one. */
    if (replace_hashes(&change->hashes, (uint8_t *)name, size - 1) > 0) {
        enum { NO_REPLACE = 1 };
        long renamed = syscall(SYS_renameat2, folder, old, folder, name, NO_REPLACE);
        if (renamed < 0 && (errno == ENOSYS || errno == EINVAL))
            renamed = renameat(folder, old, folder, name);
        if (renamed < 0)
            done = walk_fail(walk, "rename to", name);
    }
    free(old);
    return done;
}

static int rewrite_entry(struct walk *walk, int folder, char *name, const struct stat *status)
{
    if (walk->depth > 0 && rename_entry(walk, folder, name) < 0)
        return WALK_FAIL;
    if (S_ISDIR(status->st_mode))
        return WALK_ENTER;
    if (S_ISLNK(status->st_mode))
        return rewrite_symlink(walk, folder, name);
    return S_ISREG(status->st_mode) ? rewrite_file(walk, folder, name, status) : 0;
}

/* Read a list of hash parts. Gives how many, or -1 after throwing. */
static int64_t read_hashes(JSContext *ctx, JSValueConst list, char (**hashes)[HASH_LENGTH + 1])
{
    int64_t count = length_of_list(ctx, list);
    if (count < 0)
        return -1;
    *hashes = must_alloc(NULL, count * sizeof(**hashes));
    for (int64_t at = 0; at < count; at += 1) {
        JSValue item = JS_GetPropertyUint32(ctx, list, (uint32_t)at);
        char *text = path_of_text(ctx, item);
        JS_FreeValue(ctx, item);
        if (text == NULL)
            return -1;
        if (strlen(text) != HASH_LENGTH) {
            free(text);
            JS_ThrowTypeError(ctx, "a hash part has 32 characters");
            return -1;
        }
        strcpy((*hashes)[at], text);
        free(text);
    }
    return count;
}

static JSValue describe_found(JSContext *ctx, struct change *change)
{
    JSValue result = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, result, "path", text_of_bytes(ctx, change->found_in, strlen(change->found_in)));
    JS_SetPropertyStr(ctx, result, "index", JS_NewInt32(ctx, change->found));
    return result;
}

static JSValue rewrite_tree(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    static const struct visitor visitor = { .need = 0700, .keep_modes = 1, .entry = rewrite_entry };
    struct change change = { .found = -1 };
    struct failure failure = { 0 };
    struct walk walk = { .visitor = &visitor, .failure = &failure, .data = &change };
    JSValue result = JS_EXCEPTION;
    (void)this, (void)argc;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    int64_t from = read_hashes(ctx, argv[1], &change.hashes.from);
    int64_t to = from < 0 ? -1 : read_hashes(ctx, argv[2], &change.hashes.to);
    if (to >= 0 && from != to) {
        JS_ThrowTypeError(ctx, "rewriteTree takes two lists of one length");
    } else if (to >= 0) {
        change.hashes.count = from;
        if (walk_tree(&walk, path, 0) == 0)
            result = JS_NULL;
        else if (change.found_in != NULL)
            result = describe_found(ctx, &change);
        else
            throw_failure(ctx, &failure);
    }
    free(change.found_in);
    free(change.hashes.from);
    free(change.hashes.to);
    free(path);
    return result;
}

/* Call `with` on the content of a file, mapped to be changed or not. Throws what goes wrong. */
static JSValue with_content(JSContext *ctx, JSValueConst *argv, int writable)
{
    JSValue result = JS_EXCEPTION;
    size_t length, replaced_length = 0;
    char *path = path_of_text(ctx, argv[0]);
    char *bytes = path == NULL ? NULL : bytes_of_text(ctx, argv[1], &length);
    char *other = bytes == NULL || !writable ? NULL : bytes_of_text(ctx, argv[2], &replaced_length);
    struct stat status;
    int64_t count = 0;
    if (bytes == NULL || (writable && other == NULL))
        goto end;
    if (writable && (length == 0 || length != replaced_length)) {
        JS_ThrowTypeError(ctx, "replaceInFile takes two texts of as many bytes, at least one");
        goto end;
    }
    int fd = open_file(AT_FDCWD, path, writable ? O_RDWR : O_RDONLY, &status);
    if (fd < 0 || !S_ISREG(status.st_mode)) {
        throw_errno(ctx, fd < 0 ? errno : EISDIR, "open", path);
        if (fd >= 0)
            close(fd);
        goto end;
    }
    size_t size = status.st_size;
    uint8_t *content = size == 0 ? NULL : map_file(fd, size, PROT_READ | (writable ? PROT_WRITE : 0));
    close(fd);
    if (content == NULL && size > 0) {
        throw_errno(ctx, errno, "read", path);
        goto end;
    }
    for (uint8_t *at = content; size > 0 && (at = memmem(at, content + size - at, bytes, length)) != NULL;) {
        count += 1;
        if (!writable)
            break;
        memcpy(at, other, length);
        at += length;
    }
    if (size > 0)
        munmap(content, size);
    result = writable ? JS_NewInt64(ctx, count) : JS_NewBool(ctx, count > 0 || length == 0);
end:
    free(path);
    free(bytes);
    free(other);
    return result;
}

static JSValue file_contains(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc;
    return with_content(ctx, argv, 0);
}

static JSValue replace_in_file(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc;
    return with_content(ctx, argv, 1);
}

static const JSCFunctionListEntry list[] = {
    JS_CFUNC_DEF("fileContains", 2, file_contains),
    JS_CFUNC_DEF("replaceInFile", 3, replace_in_file),
    JS_CFUNC_DEF("rewriteTree", 3, rewrite_tree),
};

const struct native_functions rewrite_functions = { list, COUNT(list) };
