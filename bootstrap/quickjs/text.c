/*
 * Byte strings as JavaScript strings, and errors.
 *
 * QuickJS writes a lone surrogate as the three bytes that its number would have in UTF-8, and reads it so. Of these, the
 * bytes ED B2 80 to ED B2 BF and ED B3 80 to ED B3 BF (U+DC80 to U+DCFF) stand for one byte, 80 to FF.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native.h"

void *must_alloc(void *old, size_t size)
{
    void *new = realloc(old, size > 0 ? size : 1);
    if (new == NULL) {
        fputs("qjs: out of memory\n", stderr);
        abort();
    }
    return new;
}

static int is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Give the length of the valid UTF-8 sequence at `at`, or 0 (Unicode, table 3-7). */
static size_t sequence_length(const uint8_t *at, const uint8_t *end)
{
    size_t left = end - at;
    uint8_t lead = at[0];
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return left >= 2 && is_tail(at[1]) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        uint8_t low = lead == 0xe0 ? 0xa0 : 0x80, high = lead == 0xed ? 0x9f : 0xbf;
        return left >= 3 && at[1] >= low && at[1] <= high && is_tail(at[2]) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        uint8_t low = lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xf4 ? 0x8f : 0xbf;
        return left >= 4 && at[1] >= low && at[1] <= high && is_tail(at[2]) && is_tail(at[3]) ? 4 : 0;
    }
    return 0;
}

JSValue text_of_bytes(JSContext *ctx, const char *bytes, size_t length)
{
    const uint8_t *at = (const uint8_t *)bytes, *end = at + length;
    while (at < end) {
        size_t step = sequence_length(at, end);
        if (step == 0)
            break;
        at += step;
    }
    if (at == end)
        return JS_NewStringLen(ctx, bytes, length);
    char *escaped = must_alloc(NULL, length * 3), *to = escaped;
    for (at = (const uint8_t *)bytes; at < end;) {
        size_t step = sequence_length(at, end);
        if (step > 0) {
            memcpy(to, at, step);
            to += step;
            at += step;
        } else {
            *to++ = (char)0xed;
            *to++ = (char)(*at < 0xc0 ? 0xb2 : 0xb3);
            *to++ = (char)(0x80 | (*at & 0x3f));
            at += 1;
        }
    }
    JSValue text = JS_NewStringLen(ctx, escaped, to - escaped);
    free(escaped);
    return text;
}

char *bytes_of_text(JSContext *ctx, JSValueConst text, size_t *length)
{
    size_t given;
    const char *escaped = JS_ToCStringLen(ctx, &given, text);
    if (escaped == NULL)
        return NULL;
    char *bytes = must_alloc(NULL, given + 1), *to = bytes;
    for (size_t at = 0; at < given;) {
        const uint8_t *from = (const uint8_t *)escaped + at;
        if (from[0] == 0xed && given - at >= 3 && from[1] >= 0xa0) {
            if (from[1] != 0xb2 && from[1] != 0xb3) {
                JS_FreeCString(ctx, escaped);
                free(bytes);
                JS_ThrowTypeError(ctx, "a lone surrogate other than U+DC80 to U+DCFF stands for no byte");
                return NULL;
            }
            *to++ = (char)((from[1] == 0xb2 ? 0x80 : 0xc0) | (from[2] & 0x3f));
            at += 3;
        } else {
            *to++ = (char)from[0];
            at += 1;
        }
    }
    JS_FreeCString(ctx, escaped);
    *to = '\0';
    *length = to - bytes;
    return bytes;
}

char *path_of_text(JSContext *ctx, JSValueConst text)
{
    size_t length;
    char *path = bytes_of_text(ctx, text, &length);
    if (path != NULL && strlen(path) != length) {
        free(path);
        JS_ThrowTypeError(ctx, "a path, argument or variable holds a NUL");
        return NULL;
    }
    return path;
}

const uint8_t *bytes_of_buffer(JSContext *ctx, JSValueConst value, size_t *length)
{
    static const uint8_t nothing[1];
    const uint8_t *bytes = NULL;
    if (!JS_IsObject(value))
        return NULL;
    size_t offset, each, whole;
    JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, length, &each);
    if (JS_IsException(buffer)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        bytes = JS_GetArrayBuffer(ctx, length, value);
    } else {
        bytes = JS_GetArrayBuffer(ctx, &whole, buffer);
        bytes = bytes == NULL ? nothing : bytes + offset;
        JS_FreeValue(ctx, buffer);
    }
    if (bytes == NULL)
        JS_FreeValue(ctx, JS_GetException(ctx));
    return bytes;
}

int64_t length_of_list(JSContext *ctx, JSValueConst list)
{
    int64_t length;
    JSValue value = JS_GetPropertyStr(ctx, list, "length");
    int failed = JS_IsException(value) || JS_ToInt64(ctx, &length, value) < 0;
    JS_FreeValue(ctx, value);
    return failed ? -1 : length;
}

static const char *errno_name(int error)
{
    switch (error) {
#define NAME(name) \
    case name: \
        return #name;
        NAME(EPERM)
        NAME(ENOENT)
        NAME(ESRCH)
        NAME(EINTR)
        NAME(EIO)
        NAME(E2BIG)
        NAME(ENOEXEC)
        NAME(EBADF)
        NAME(ECHILD)
        NAME(EAGAIN)
        NAME(ENOMEM)
        NAME(EACCES)
        NAME(EBUSY)
        NAME(EEXIST)
        NAME(EXDEV)
        NAME(ENOTDIR)
        NAME(EISDIR)
        NAME(EINVAL)
        NAME(ENFILE)
        NAME(EMFILE)
        NAME(ETXTBSY)
        NAME(EFBIG)
        NAME(ENOSPC)
        NAME(EROFS)
        NAME(EMLINK)
        NAME(EPIPE)
        NAME(ENAMETOOLONG)
        NAME(ENOTEMPTY)
        NAME(ELOOP)
        NAME(EOPNOTSUPP)
        NAME(EDQUOT)
        NAME(ENOSYS)
#undef NAME
    }
    static char other[16];
    snprintf(other, sizeof(other), "E%d", error);
    return other;
}

JSValue throw_errno(JSContext *ctx, int error, const char *what, const char *path)
{
    /* The message is made as a byte string, so that odd names survive in it. */
    const char *why = strerror(error);
    size_t size = strlen(what) + strlen(path) + strlen(why) + 4;
    char *message = must_alloc(NULL, size);
    int length = snprintf(message, size, "%s %s: %s", what, path, why);
    JSValue thrown = JS_NewError(ctx);
    JS_DefinePropertyValueStr(ctx, thrown, "message", text_of_bytes(ctx, message, length),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    JS_DefinePropertyValueStr(ctx, thrown, "errno", JS_NewInt32(ctx, error), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, thrown, "code", JS_NewString(ctx, errno_name(error)), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, thrown, "path", text_of_bytes(ctx, path, strlen(path)), JS_PROP_C_W_E);
    free(message);
    return JS_Throw(ctx, thrown);
}

JSValue throw_failure(JSContext *ctx, struct failure *failure)
{
    JSValue thrown = throw_errno(ctx, failure->error, failure->what, failure->path != NULL ? failure->path : "");
    free(failure->path);
    failure->path = NULL;
    return thrown;
}
