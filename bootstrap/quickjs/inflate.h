/* Reads deflated data (RFC 1951), as gzip and zip hold it. */
#ifndef CLEAVE_INFLATE_H
#define CLEAVE_INFLATE_H

#include <stddef.h>
#include <stdint.h>

/* Takes what was unpacked, piece by piece. Anything but 0 stops. */
struct sink {
    int (*take)(struct sink *sink, const uint8_t *bytes, size_t length);
};

enum { UNPACK_DONE = 0, UNPACK_MALFORMED = -1, UNPACK_STOPPED = 1 };

/* Unpack `bytes`, and set how many of them were used. */
int inflate(const uint8_t *bytes, size_t length, size_t *used, struct sink *sink);

#endif
