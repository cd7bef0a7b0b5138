/* Reads Zstandard frames (RFC 8878). */
#ifndef CLEAVE_ZSTD_H
#define CLEAVE_ZSTD_H

#include "window.h"

/* Unpack all frames, which follow each other. Frames with dictionaries are taken for malformed; checksums are not looked at. */
int unzstd(const uint8_t *bytes, size_t length, struct sink *sink);

#endif
