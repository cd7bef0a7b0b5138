/* Reads xz files. */
#ifndef CLEAVE_XZ_H
#define CLEAVE_XZ_H

#include "window.h"

/* Unpack the blocks of an xz file. Checksums are not looked at. */
int unxz(const uint8_t *bytes, size_t length, struct sink *sink);

#endif
