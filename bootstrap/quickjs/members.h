/* Looks for hash parts inside what is compressed in a file, where they cannot be replaced. */
#ifndef CLEAVE_MEMBERS_H
#define CLEAVE_MEMBERS_H

#include "search.h"

/* Give the index of a hash part that is inside a compressed member of a file with this content, or -1. */
int find_in_members(const struct hashes *hashes, const uint8_t *bytes, size_t length);

#endif
