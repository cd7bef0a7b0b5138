/* What unpackers write to: see window.h. */
#include <stdlib.h>
#include <string.h>

#include "native.h"
#include "window.h"

enum { FIRST_ROOM = 65536 };

void window_start(struct window *window, size_t keep, struct sink *sink)
{
    *window = (struct window){ .keep = keep, .sink = sink };
}

void window_end(struct window *window)
{
    free(window->bytes);
    window->bytes = NULL;
}

int window_flush(struct window *window)
{
    size_t length = window->filled - window->handed;
    const uint8_t *bytes = window->bytes + window->handed;
    window->handed = window->filled;
    return length > 0 && window->sink->take(window->sink, bytes, length) != 0 ? UNPACK_STOPPED : UNPACK_DONE;
}

/* Make room: by growing up to twice what is kept, then by forgetting what is not. */
static int make_room(struct window *window)
{
    if (window->room < window->keep * 2 + FIRST_ROOM) {
        window->room = window->room * 2 + FIRST_ROOM;
        window->bytes = must_alloc(window->bytes, window->room);
        return UNPACK_DONE;
    }
    int done = window_flush(window);
    memmove(window->bytes, window->bytes + window->filled - window->keep, window->keep);
    window->filled = window->handed = window->keep;
    return done;
}

int window_put(struct window *window, uint8_t byte)
{
    if (window->filled == window->room && make_room(window) != UNPACK_DONE)
        return UNPACK_STOPPED;
    window->bytes[window->filled++] = byte;
    return UNPACK_DONE;
}

int window_write(struct window *window, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        if (window->filled == window->room && make_room(window) != UNPACK_DONE)
            return UNPACK_STOPPED;
        size_t part = window->room - window->filled < length ? window->room - window->filled : length;
        memcpy(window->bytes + window->filled, bytes, part);
        window->filled += part;
        bytes += part;
        length -= part;
    }
    return UNPACK_DONE;
}

int window_copy(struct window *window, size_t distance, size_t length)
{
    if (distance == 0 || distance > window->filled || distance > window->keep)
        return UNPACK_MALFORMED;
    for (; length > 0; length -= 1)
        if (window_put(window, window->bytes[window->filled - distance]) != UNPACK_DONE)
            return UNPACK_STOPPED;
    return UNPACK_DONE;
}
