/* The functions of copy-tree.c, which tree.c shows to scripts. */
#ifndef CLEAVE_TREE_H
#define CLEAVE_TREE_H

#include "native.h"

JSValue copy_tree(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv);
JSValue save_trees(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv);
JSValue restore_trees(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv);

#endif
