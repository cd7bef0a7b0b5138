/* The module `cleave:native`, put together from its parts. */
#include "native.h"

static const struct native_functions *const parts[] = {
    &path_functions,
    &tree_functions,
    &rewrite_functions,
    &process_functions,
};

static int fill_module(JSContext *ctx, JSModuleDef *module)
{
    for (int at = 0; at < COUNT(parts); at += 1)
        if (JS_SetModuleExportList(ctx, module, parts[at]->list, parts[at]->count) < 0)
            return -1;
    return 0;
}

JSModuleDef *init_module_native(JSContext *ctx, const char *name)
{
    JSModuleDef *module = JS_NewCModule(ctx, name, fill_module);
    if (module == NULL)
        return NULL;
    for (int at = 0; at < COUNT(parts); at += 1)
        JS_AddModuleExportList(ctx, module, parts[at]->list, parts[at]->count);
    return module;
}
