/* Reads deflated data (RFC 1951), as gzip and zip hold it. */
#ifndef CLEAVE_INFLATE_H
#define CLEAVE_INFLATE_H

#include "window.h"

/* Unpack `bytes`, and set how many of them were used. */
int inflate(const uint8_t *bytes, size_t length, size_t *used, struct sink *sink);

#endif
