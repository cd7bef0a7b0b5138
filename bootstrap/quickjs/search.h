/* Finds hash parts of store paths: 32 characters of Nix's base32. */
#ifndef CLEAVE_SEARCH_H
#define CLEAVE_SEARCH_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_LENGTH = 32 };

struct hashes {
    char (*from)[HASH_LENGTH + 1];
    char (*to)[HASH_LENGTH + 1];
    size_t count;
};

/* Find the first of `hashes` at `start` or later. Gives where, or `length` if there is none; `which` is its index. */
size_t find_hash(const struct hashes *hashes, const uint8_t *bytes, size_t length, size_t start, size_t *which);

/* Replace all in place. Gives how many there were. */
size_t replace_hashes(const struct hashes *hashes, uint8_t *bytes, size_t length);

#endif
