/* What unpackers write to: hands on what was unpacked, and keeps as much as may be copied from. */
#ifndef CLEAVE_WINDOW_H
#define CLEAVE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

/* Takes what was unpacked, piece by piece. Anything but 0 stops. */
struct sink {
    int (*take)(struct sink *sink, const uint8_t *bytes, size_t length);
};

/* How unpacking ends. */
enum { UNPACK_DONE = 0, UNPACK_MALFORMED = -1, UNPACK_STOPPED = 1 };

struct window {
    uint8_t *bytes;
    size_t keep, room, filled, handed;
    struct sink *sink;
};

void window_start(struct window *window, size_t keep, struct sink *sink);
/* These give UNPACK_DONE, or UNPACK_STOPPED; copying from before what is kept gives UNPACK_MALFORMED. */
int window_put(struct window *window, uint8_t byte);
int window_write(struct window *window, const uint8_t *bytes, size_t length);
int window_copy(struct window *window, size_t distance, size_t length);
/* Hand over all that was written. */
int window_flush(struct window *window);
void window_end(struct window *window);

#endif
