/* Paths and files, one at a time. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "walk.h"

/* Throw what errno says, and free the path. */
static JSValue fail(JSContext *ctx, const char *what, char *path)
{
    JSValue thrown = throw_errno(ctx, errno, what, path);
    free(path);
    return thrown;
}

static JSValue done(char *path)
{
    free(path);
    return JS_UNDEFINED;
}

static const char *type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "file";
    case S_IFDIR:
        return "folder";
    case S_IFLNK:
        return "symlink";
    case S_IFIFO:
        return "fifo";
    case S_IFSOCK:
        return "socket";
    default:
        return "device";
    }
}

static JSValue look(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct stat status;
    char *path = path_of_text(ctx, argv[0]);
    (void)this, (void)argc;
    if (path == NULL)
        return JS_EXCEPTION;
    if (lstat(path, &status) < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return fail(ctx, "look at", path);
        free(path);
        return JS_NULL;
    }
    free(path);
    JSValue result = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, result, "type", JS_NewString(ctx, type_name(status.st_mode)));
    JS_SetPropertyStr(ctx, result, "mode", JS_NewInt32(ctx, status.st_mode & 07777));
    JS_SetPropertyStr(ctx, result, "size", JS_NewInt64(ctx, status.st_size));
    JS_SetPropertyStr(ctx, result, "inode", JS_NewInt64(ctx, (int64_t)status.st_ino));
    JS_SetPropertyStr(ctx, result, "device", JS_NewInt64(ctx, (int64_t)status.st_dev));
    JS_SetPropertyStr(ctx, result, "links", JS_NewInt64(ctx, (int64_t)status.st_nlink));
    JS_SetPropertyStr(ctx, result, "seconds", JS_NewInt64(ctx, status.st_mtim.tv_sec));
    JS_SetPropertyStr(ctx, result, "nanoseconds", JS_NewInt64(ctx, status.st_mtim.tv_nsec));
    return result;
}

static JSValue change_mode(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    int32_t mode;
    (void)this, (void)argc;
    if (JS_ToInt32(ctx, &mode, argv[1]) < 0)
        return JS_EXCEPTION;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    return chmod(path, mode & 07777) < 0 ? fail(ctx, "change mode of", path) : done(path);
}

static JSValue set_time(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    int64_t seconds, nanoseconds;
    (void)this, (void)argc;
    if (JS_ToInt64(ctx, &seconds, argv[1]) < 0 || JS_ToInt64(ctx, &nanoseconds, argv[2]) < 0)
        return JS_EXCEPTION;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    struct timespec time = { .tv_sec = seconds, .tv_nsec = nanoseconds };
    struct timespec both[2] = { time, time };
    return utimensat(AT_FDCWD, path, both, AT_SYMLINK_NOFOLLOW) < 0 ? fail(ctx, "set time of", path) : done(path);
}

/* Functions of two paths, by number. */
enum { LINK, SYMLINK, RENAME };

static JSValue with_two(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int what)
{
    (void)this, (void)argc;
    char *first = path_of_text(ctx, argv[0]);
    char *second = first == NULL ? NULL : path_of_text(ctx, argv[1]);
    if (second == NULL) {
        free(first);
        return JS_EXCEPTION;
    }
    int failed = what == LINK      ? linkat(AT_FDCWD, first, AT_FDCWD, second, 0)
                 : what == SYMLINK ? symlink(first, second)
                                   : rename(first, second);
    JSValue result = JS_UNDEFINED;
    if (failed < 0)
        result = throw_errno(ctx, errno, what == LINK ? "link" : what == SYMLINK ? "make symlink" : "rename to", second);
    free(first);
    free(second);
    return result;
}

static JSValue read_link(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    char *target = read_target(AT_FDCWD, path);
    if (target == NULL)
        return fail(ctx, "read symlink", path);
    JSValue result = text_of_bytes(ctx, target, strlen(target));
    free(target);
    free(path);
    return result;
}

static JSValue make_folder(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    int32_t mode = 0777;
    (void)this;
    if (argc > 1 && !JS_IsUndefined(argv[1]) && JS_ToInt32(ctx, &mode, argv[1]) < 0)
        return JS_EXCEPTION;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    return mkdir(path, mode & 07777) < 0 ? fail(ctx, "make folder", path) : done(path);
}

static JSValue remove_name(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int flags)
{
    (void)this, (void)argc;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    return unlinkat(AT_FDCWD, path, flags) < 0 ? fail(ctx, "remove", path) : done(path);
}

static JSValue read_folder(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct listing listing;
    (void)this, (void)argc;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail(ctx, "list", path);
    int failed = list_names(folder, &listing), error = errno;
    close(folder);
    errno = error;
    if (failed < 0)
        return fail(ctx, "list", path);
    free(path);
    JSValue result = JS_NewArray(ctx);
    for (size_t at = 0; at < listing.count; at += 1)
        JS_SetPropertyUint32(ctx, result, (uint32_t)at,
                             text_of_bytes(ctx, listing.names[at], strlen(listing.names[at])));
    free_listing(&listing);
    return result;
}

static void free_bytes(JSRuntime *runtime, void *opaque, void *bytes)
{
    (void)runtime, (void)opaque;
    free(bytes);
}

static JSValue read_file(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc;
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL)
        return JS_EXCEPTION;
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0)
        return fail(ctx, "read", path);
    /* Files of /proc have no size: read on to the end in any case. */
    size_t room = status.st_size > 0 ? (size_t)status.st_size + 1 : 4096, length = 0;
    char *bytes = must_alloc(NULL, room);
    for (;;) {
        if (length == room)
            bytes = must_alloc(bytes, room *= 2);
        ssize_t got = read(fd, bytes + length, room - length);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int error = errno;
            close(fd);
            free(bytes);
            errno = error;
            return fail(ctx, "read", path);
        }
        length += got;
    }
    close(fd);
    free(path);
    return JS_NewArrayBuffer(ctx, (uint8_t *)bytes, length, free_bytes, NULL, 0);
}

static JSValue write_file(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    int32_t mode = 0666;
    size_t length;
    char *text = NULL;
    (void)this;
    if (argc > 2 && !JS_IsUndefined(argv[2]) && JS_ToInt32(ctx, &mode, argv[2]) < 0)
        return JS_EXCEPTION;
    const void *bytes = bytes_of_buffer(ctx, argv[1], &length);
    if (bytes == NULL) {
        if (!JS_IsString(argv[1]))
            return JS_ThrowTypeError(ctx, "writeFile takes a text, an ArrayBuffer or a Uint8Array");
        bytes = text = bytes_of_text(ctx, argv[1], &length);
        if (text == NULL)
            return JS_EXCEPTION;
    }
    char *path = path_of_text(ctx, argv[0]);
    if (path == NULL) {
        free(text);
        return JS_EXCEPTION;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode & 07777);
    int failed = fd < 0 ? -1 : write_all(fd, bytes, length), error = errno;
    free(text);
    if (fd >= 0 && close(fd) < 0 && failed == 0) {
        failed = -1;
        error = errno;
    }
    errno = error;
    return failed < 0 ? fail(ctx, "write", path) : done(path);
}

static JSValue decode_text(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    size_t length;
    (void)this, (void)argc;
    const uint8_t *bytes = bytes_of_buffer(ctx, argv[0], &length);
    if (bytes == NULL)
        return JS_ThrowTypeError(ctx, "decodeText takes an ArrayBuffer or a Uint8Array");
    return text_of_bytes(ctx, (const char *)bytes, length);
}

static JSValue encode_text(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    size_t length;
    (void)this, (void)argc;
    char *bytes = bytes_of_text(ctx, argv[0], &length);
    return bytes == NULL ? JS_EXCEPTION : JS_NewArrayBuffer(ctx, (uint8_t *)bytes, length, free_bytes, NULL, 0);
}

static JSValue copy_file(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct stat status;
    (void)this, (void)argc;
    char *path = path_of_text(ctx, argv[0]);
    char *to_path = path == NULL ? NULL : path_of_text(ctx, argv[1]);
    if (to_path == NULL) {
        free(path);
        return JS_EXCEPTION;
    }
    JSValue result = JS_UNDEFINED;
    int from = open(path, O_RDONLY | O_CLOEXEC), to = -1;
    if (from < 0 || fstat(from, &status) < 0) {
        result = throw_errno(ctx, errno, "read", path);
    } else {
        mode_t mode = status.st_mode & 0777;
        to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int is_new = to >= 0;
        if (!is_new && errno == EEXIST)
            to = open(to_path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        if (to < 0 || (is_new && fchmod(to, mode) < 0) || copy_content(from, to, status.st_size) < 0)
            result = throw_errno(ctx, errno, "copy to", to_path);
    }
    if (to >= 0)
        close(to);
    if (from >= 0)
        close(from);
    free(path);
    free(to_path);
    return result;
}

static const JSCFunctionListEntry list[] = {
    JS_CFUNC_DEF("lstat", 1, look),
    JS_CFUNC_DEF("chmod", 2, change_mode),
    JS_CFUNC_DEF("setTime", 3, set_time),
    JS_CFUNC_MAGIC_DEF("link", 2, with_two, LINK),
    JS_CFUNC_MAGIC_DEF("symlink", 2, with_two, SYMLINK),
    JS_CFUNC_MAGIC_DEF("rename", 2, with_two, RENAME),
    JS_CFUNC_DEF("readlink", 1, read_link),
    JS_CFUNC_DEF("mkdir", 2, make_folder),
    JS_CFUNC_MAGIC_DEF("unlink", 1, remove_name, 0),
    JS_CFUNC_MAGIC_DEF("rmdir", 1, remove_name, AT_REMOVEDIR),
    JS_CFUNC_DEF("readFolder", 1, read_folder),
    JS_CFUNC_DEF("readFile", 1, read_file),
    JS_CFUNC_DEF("writeFile", 3, write_file),
    JS_CFUNC_DEF("decodeText", 1, decode_text),
    JS_CFUNC_DEF("encodeText", 1, encode_text),
    JS_CFUNC_DEF("copyFile", 2, copy_file),
};

const struct native_functions path_functions = { list, COUNT(list) };
