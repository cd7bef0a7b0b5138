/*
 * The order in which a folder lists its names. On some file systems it follows from the names, on others from the order in
 * which they came to be, and programs such as tar pass it on. There it is made to follow from the names too.
 */
#ifndef CLEAVE_ORDER_H
#define CLEAVE_ORDER_H

struct listing;

struct order {
    /* The folder in which names are put aside: on the same file system, and nothing else is in it. -1 if there is none yet. */
    int aside;
    /* Whether a name that is renamed and renamed back is listed as one that has just come to be. */
    int in_place;
    /* How this file system lists names that came to be in their own order. */
    enum { ORDER_UNKNOWN, ORDER_BY_NAME, ORDER_ASCENDING, ORDER_DESCENDING, ORDER_OTHER } kind;
};

/* What a folder says of itself: whether it lists its names from first to last, or from last to first. */
enum { LISTED_ASCENDING = 1, LISTED_DESCENDING = 2 };

/* Make the folder `name` in `parent` for putting names aside, and find out the kind. -1 with errno. */
int order_start(struct order *order, int parent, const char *name);

/* Say whether a folder lists its names as if they had come to be in their own order. */
int order_holds(const struct order *order, int listed);

/* Make it so. The listing has all that is in the folder; names that are not there any more are left out. -1 with errno. */
int order_make(struct order *order, int folder, const struct listing *listing);

/* Remove the folder again. */
void order_end(struct order *order, int parent, const char *name);

#endif
