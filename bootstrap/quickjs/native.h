/*
 * What the files of the module `cleave:native` share. stdenv/runner/native.d.ts says what each function does.
 *
 * The functions that scripts call are in path.c, tree.c (with copy-tree.c), rewrite.c and process.c; native.c puts them
 * together. Below them are text.c (byte strings), walk.c (trees), search.c and members.c (what is in files), and their parts.
 */
#ifndef CLEAVE_NATIVE_H
#define CLEAVE_NATIVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "quickjs.h"

/* text.c */

/* Make a JavaScript string of bytes; those that are not UTF-8 become U+DC80 to U+DCFF. */
JSValue text_of_bytes(JSContext *ctx, const char *bytes, size_t length);
/* Give the bytes of a JavaScript string, with a NUL after them, to be freed; NULL after throwing. */
char *bytes_of_text(JSContext *ctx, JSValueConst text, size_t *length);
/* The same for what Linux takes, in which no NUL may be. */
char *path_of_text(JSContext *ctx, JSValueConst text);
/* Give the bytes of a Uint8Array or an ArrayBuffer; they belong to it. NULL without throwing where it is neither. */
const uint8_t *bytes_of_buffer(JSContext *ctx, JSValueConst value, size_t *length);
/* Give the length of an array, or -1 after throwing. */
int64_t length_of_list(JSContext *ctx, JSValueConst list);
/* Throw a NativeError. */
JSValue throw_errno(JSContext *ctx, int error, const char *what, const char *path);

/* Where and why something went wrong, for code that knows nothing of JavaScript. */
struct failure {
    int error;
    const char *what;
    char *path; /* to be freed */
};

/* Throw what a failure says, and free it. */
JSValue throw_failure(JSContext *ctx, struct failure *failure);

/* The functions that scripts see. */
struct native_functions {
    const JSCFunctionListEntry *list;
    int count;
};
extern const struct native_functions path_functions, tree_functions, rewrite_functions, process_functions;

/* Initialise the module; it is imported by `name`. */
JSModuleDef *init_module_native(JSContext *ctx, const char *name);

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

/* Allocate or end the process: there is nothing to fall back to. */
void *must_alloc(void *old, size_t size);

#endif
