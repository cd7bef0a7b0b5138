/*
 * qjs FILE ARGS...: run a file as a JavaScript module.
 *
 * It may import `std` and `os` of QuickJS, `cleave:native`, and files. `scriptArgs` holds FILE and ARGS as byte strings.
 * Ends with 1 after printing an error that nobody caught, or the rejection of a promise that nobody handled.
 */
#include <stdio.h>
#include <stdlib.h>

#include "native.h"
#include "quickjs-libc.h"

/* The promises that were rejected and have no handler yet. */
struct rejection {
    JSValue promise, reason;
    struct rejection *next;
};

static struct rejection *rejections;

static int is_same_object(JSValueConst a, JSValueConst b)
{
    return JS_VALUE_GET_TAG(a) == JS_VALUE_GET_TAG(b) && JS_VALUE_GET_PTR(a) == JS_VALUE_GET_PTR(b);
}

static void track_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, JS_BOOL is_handled, void *opaque)
{
    (void)opaque;
    if (!is_handled) {
        struct rejection *new = must_alloc(NULL, sizeof(*new));
        new->promise = JS_DupValue(ctx, promise);
        new->reason = JS_DupValue(ctx, reason);
        new->next = rejections;
        rejections = new;
        return;
    }
    for (struct rejection **at = &rejections; *at != NULL; at = &(*at)->next) {
        if (!is_same_object((*at)->promise, promise))
            continue;
        struct rejection *old = *at;
        *at = old->next;
        JS_FreeValue(ctx, old->promise);
        JS_FreeValue(ctx, old->reason);
        free(old);
        return;
    }
}

static int fail(JSContext *ctx, JSValue reason)
{
    fflush(stdout);
    JS_Throw(ctx, reason);
    js_std_dump_error(ctx);
    return 1;
}

static int run_file(JSContext *ctx, const char *file)
{
    size_t length;
    uint8_t *source = js_load_file(ctx, &length, file);
    if (source == NULL) {
        perror(file);
        return 1;
    }
    JSValue value = JS_Eval(ctx, (char *)source, length, file, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    js_free(ctx, source);
    if (!JS_IsException(value)) {
        js_module_set_import_meta(ctx, value, 1, 1);
        value = JS_EvalFunction(ctx, value);
    }
    if (JS_IsException(value))
        return fail(ctx, JS_GetException(ctx));
    js_std_loop(ctx);
    switch (JS_PromiseState(ctx, value)) {
    case JS_PROMISE_REJECTED:
        return fail(ctx, JS_PromiseResult(ctx, value));
    case JS_PROMISE_PENDING:
        fflush(stdout);
        fprintf(stderr, "%s: waits for what never happens\n", file);
        return 1;
    default:
        break;
    }
    if (rejections != NULL)
        return fail(ctx, JS_DupValue(ctx, rejections->reason));
    return 0;
}

static void set_arguments(JSContext *ctx, int count, char **arguments)
{
    JSValue global = JS_GetGlobalObject(ctx), list = JS_NewArray(ctx);
    for (int at = 0; at < count; at += 1) {
        size_t length = 0;
        while (arguments[at][length] != '\0')
            length += 1;
        JS_SetPropertyUint32(ctx, list, at, text_of_bytes(ctx, arguments[at], length));
    }
    JS_SetPropertyStr(ctx, global, "scriptArgs", list);
    JS_FreeValue(ctx, global);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: qjs FILE ARGS...\n", stderr);
        return 2;
    }
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *ctx = runtime == NULL ? NULL : JS_NewContext(runtime);
    if (ctx == NULL) {
        fputs("qjs: cannot start\n", stderr);
        return 2;
    }
    js_std_init_handlers(runtime);
    JS_SetModuleLoaderFunc(runtime, NULL, js_module_loader, NULL);
    JS_SetHostPromiseRejectionTracker(runtime, track_rejection, NULL);
    js_init_module_std(ctx, "std");
    js_init_module_os(ctx, "os");
    init_module_native(ctx, "cleave:native");
    js_std_add_helpers(ctx, -1, NULL);
    set_arguments(ctx, argc - 1, argv + 1);
    /* The process ends now, and its memory with it. */
    return run_file(ctx, argv[1]);
}
