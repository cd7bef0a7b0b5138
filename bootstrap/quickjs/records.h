/*
 * What a store forgets of an entry, as four numbers. Entries are in the order of a walk: a folder before what is in it,
 * names ordered by bytes.
 */
#ifndef CLEAVE_RECORDS_H
#define CLEAVE_RECORDS_H

#include <stdint.h>

enum {
    RECORD_DEPTH,  /* how many folders are above it: 0 for a root */
    RECORD_MODE,   /* the lowest 12 bits */
    RECORD_MINUTE, /* of the phase clock, or NONE */
    RECORD_LINK,   /* an earlier entry that is the same file, or NONE */
    RECORD,        /* how many numbers a record has */
};

#define NONE 0xffffffffu

#endif
