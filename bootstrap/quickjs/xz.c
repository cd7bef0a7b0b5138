/*
 * Reads xz files: see xz.h.
 *
 * A file is streams, one after the other. A stream is a header, blocks, an index and a footer. A block is a header that says how
 * large it is, LZMA2 data, and a check; LZMA2 data is chunks of LZMA data, or of bytes as they are. Filters for machine code,
 * which leave texts alone, are not undone.
 */
#include <stdlib.h>
#include <string.h>

#include "native.h"
#include "xz.h"

typedef uint16_t chance; /* how likely a bit is 0, of 2048 */

/* In bytes. */
enum { HEADER = 12, FOOTER = 12 };

enum { STATES = 12, POSITIONS = 16, LONGEST = 273, SLOTS = 64, ALIGNED = 16 };

/* The code of a length: one of three trees. */
struct lengths {
    chance beyond_low, beyond_middle, low[POSITIONS][8], middle[POSITIONS][8], high[256];
};

struct lzma {
    /* The range coder. */
    const uint8_t *in, *end;
    uint32_t range, code;
    int ran_out;
    struct window window;
    /* How many bytes were unpacked since the dictionary was reset. */
    size_t position;
    unsigned state, literal_context, literal_position, position_mask;
    size_t distances[4];
    chance is_match[STATES][POSITIONS], is_repeated[STATES], is_older[STATES], is_second[STATES], is_third[STATES],
        is_long[STATES][POSITIONS], slots[4][SLOTS], middle_bits[128], low_bits[ALIGNED], literals[16][0x300];
    struct lengths match, repeated;
};

static int read_bit(struct lzma *lzma, chance *chance)
{
    if (lzma->range < 1u << 24) {
        if (lzma->in == lzma->end)
            lzma->ran_out = 1;
        lzma->range <<= 8;
        lzma->code = lzma->code << 8 | (lzma->in < lzma->end ? *lzma->in++ : 0);
    }
    uint32_t bound = (lzma->range >> 11) * *chance;
    if (lzma->code < bound) {
        lzma->range = bound;
        *chance += (2048 - *chance) >> 5;
        return 0;
    }
    lzma->range -= bound;
    lzma->code -= bound;
    *chance -= *chance >> 5;
    return 1;
}

static unsigned read_even_bits(struct lzma *lzma, int count)
{
    unsigned value = 0;
    while (count-- > 0) {
        if (lzma->range < 1u << 24) {
            if (lzma->in == lzma->end)
                lzma->ran_out = 1;
            lzma->range <<= 8;
            lzma->code = lzma->code << 8 | (lzma->in < lzma->end ? *lzma->in++ : 0);
        }
        lzma->range >>= 1;
        unsigned bit = lzma->code >= lzma->range;
        if (bit)
            lzma->code -= lzma->range;
        value = value << 1 | bit;
    }
    return value;
}

/* Read a number of `bits` bits by a tree of chances, the highest bit first. */
static unsigned read_tree(struct lzma *lzma, chance *tree, int bits)
{
    unsigned node = 1;
    for (int at = 0; at < bits; at += 1)
        node = node << 1 | read_bit(lzma, &tree[node]);
    return node - (1u << bits);
}

/* The same with the lowest bit first. */
static unsigned read_tree_backwards(struct lzma *lzma, chance *tree, int bits)
{
    unsigned node = 1, value = 0;
    for (int at = 0; at < bits; at += 1) {
        unsigned bit = read_bit(lzma, &tree[node]);
        node = node << 1 | bit;
        value |= bit << at;
    }
    return value;
}

static size_t read_length(struct lzma *lzma, struct lengths *lengths, unsigned position)
{
    if (!read_bit(lzma, &lengths->beyond_low))
        return 2 + read_tree(lzma, lengths->low[position], 3);
    if (!read_bit(lzma, &lengths->beyond_middle))
        return 10 + read_tree(lzma, lengths->middle[position], 3);
    return 18 + read_tree(lzma, lengths->high, 8);
}

static size_t read_distance(struct lzma *lzma, size_t length)
{
    unsigned slot = read_tree(lzma, lzma->slots[length < 6 ? length - 2 : 3], 6);
    if (slot < 4)
        return slot;
    int bits = (int)(slot >> 1) - 1;
    size_t distance = (size_t)(2 | (slot & 1)) << bits;
    if (slot < 14)
        return distance + read_tree_backwards(lzma, lzma->middle_bits + distance - slot, bits);
    distance += (size_t)read_even_bits(lzma, bits - 4) << 4;
    return distance + read_tree_backwards(lzma, lzma->low_bits, 4);
}

static uint8_t byte_at(const struct lzma *lzma, size_t distance)
{
    const struct window *window = &lzma->window;
    return distance < window->filled ? window->bytes[window->filled - 1 - distance] : 0;
}

static int read_literal(struct lzma *lzma)
{
    unsigned before = lzma->position > 0 ? byte_at(lzma, 0) : 0;
    unsigned low = lzma->position & ((1u << lzma->literal_position) - 1);
    chance *tree = lzma->literals[(low << lzma->literal_context) + (before >> (8 - lzma->literal_context))];
    unsigned node = 1;
    if (lzma->state >= 7) {
        unsigned match = byte_at(lzma, lzma->distances[0]);
        while (node < 0x100) {
            unsigned expected = match >> 7 & 1;
            match <<= 1;
            unsigned bit = read_bit(lzma, &tree[((1 + expected) << 8) + node]);
            node = node << 1 | bit;
            if (bit != expected)
                break;
        }
    }
    while (node < 0x100)
        node = node << 1 | read_bit(lzma, &tree[node]);
    lzma->state = lzma->state < 4 ? 0 : lzma->state < 10 ? lzma->state - 3 : lzma->state - 6;
    lzma->position += 1;
    return window_put(&lzma->window, (uint8_t)node);
}

/* Move one of the last distances to the front. */
static void use_distance(struct lzma *lzma, int which)
{
    size_t distance = lzma->distances[which];
    for (; which > 0; which -= 1)
        lzma->distances[which] = lzma->distances[which - 1];
    lzma->distances[0] = distance;
}

/* Read what is copied: give its length. */
static size_t read_match(struct lzma *lzma, unsigned position)
{
    unsigned state = lzma->state;
    int after_literal = state < 7;
    if (!read_bit(lzma, &lzma->is_repeated[state])) {
        use_distance(lzma, 3);
        size_t length = read_length(lzma, &lzma->match, position);
        lzma->distances[0] = read_distance(lzma, length);
        lzma->state = after_literal ? 7 : 10;
        return length;
    }
    if (!read_bit(lzma, &lzma->is_older[state])) {
        if (!read_bit(lzma, &lzma->is_long[state][position])) {
            lzma->state = after_literal ? 9 : 11;
            return 1;
        }
    } else if (!read_bit(lzma, &lzma->is_second[state])) {
        use_distance(lzma, 1);
    } else {
        use_distance(lzma, read_bit(lzma, &lzma->is_third[state]) ? 3 : 2);
    }
    lzma->state = after_literal ? 8 : 11;
    return read_length(lzma, &lzma->repeated, position);
}

/* Unpack one chunk of LZMA data. */
static int unpack_chunk(struct lzma *lzma, const uint8_t *bytes, size_t packed, size_t unpacked)
{
    if (packed < 5)
        return UNPACK_MALFORMED;
    lzma->range = 0xffffffff;
    lzma->code = (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4];
    lzma->in = bytes + 5;
    lzma->end = bytes + packed;
    lzma->ran_out = 0;
    size_t end = lzma->position + unpacked;
    while (lzma->position < end) {
        unsigned position = lzma->position & lzma->position_mask;
        int done;
        if (!read_bit(lzma, &lzma->is_match[lzma->state][position])) {
            done = read_literal(lzma);
        } else {
            size_t length = read_match(lzma, position);
            if (length > end - lzma->position)
                return UNPACK_MALFORMED;
            done = window_copy(&lzma->window, lzma->distances[0] + 1, length);
            lzma->position += length;
        }
        if (done != UNPACK_DONE || lzma->ran_out)
            return done != UNPACK_DONE ? done : UNPACK_MALFORMED;
    }
    return UNPACK_DONE;
}

static void reset_state(struct lzma *lzma)
{
    chance *first = &lzma->is_match[0][0];
    size_t count = (sizeof(*lzma) - ((char *)first - (char *)lzma)) / sizeof(chance);
    for (size_t at = 0; at < count; at += 1)
        first[at] = 1024;
    lzma->state = 0;
    memset(lzma->distances, 0, sizeof(lzma->distances));
}

static int set_properties(struct lzma *lzma, unsigned properties)
{
    if (properties >= 9 * 5 * 5)
        return -1;
    lzma->literal_context = properties % 9;
    lzma->literal_position = properties / 9 % 5;
    lzma->position_mask = (1u << properties / 45) - 1;
    return lzma->literal_context + lzma->literal_position > 4 ? -1 : 0;
}

/* Unpack LZMA2 data, and set how many bytes it has. */
static int unpack_lzma2(struct lzma *lzma, const uint8_t *bytes, size_t length, size_t *used)
{
    size_t at = 0;
    while (at < length && bytes[at] != 0) {
        unsigned control = bytes[at];
        size_t size, packed;
        int done;
        if (length - at < 7)
            return UNPACK_MALFORMED;
        if (control < 0x80) {
            size = ((size_t)bytes[at + 1] << 8 | bytes[at + 2]) + 1;
            at += 3;
            if (control > 2 || size > length - at)
                return UNPACK_MALFORMED;
            done = window_write(&lzma->window, bytes + at, size);
            lzma->position = control == 1 ? size : lzma->position + size;
            at += size;
        } else {
            size = ((size_t)(control & 0x1f) << 16 | (size_t)bytes[at + 1] << 8 | bytes[at + 2]) + 1;
            packed = ((size_t)bytes[at + 3] << 8 | bytes[at + 4]) + 1;
            at += 5;
            if (control >= 0xe0)
                lzma->position = 0;
            if (control >= 0xc0 && set_properties(lzma, bytes[at++]) < 0)
                return UNPACK_MALFORMED;
            if (control >= 0xa0)
                reset_state(lzma);
            if (packed > length - at)
                return UNPACK_MALFORMED;
            done = unpack_chunk(lzma, bytes + at, packed, size);
            at += packed;
        }
        if (done != UNPACK_DONE)
            return done;
    }
    *used = at + 1;
    return UNPACK_DONE;
}

/* Read a number of up to 9 bytes with 7 bits each, the lowest first. */
static uint64_t read_number(const uint8_t *bytes, size_t length, size_t *at)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 63 && *at < length; shift += 7) {
        uint8_t byte = bytes[(*at)++];
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            break;
    }
    return value;
}

/* Read the size of the dictionary from the header of a block; 0 if there is none. */
static size_t dictionary_size(const uint8_t *header, size_t length)
{
    size_t at = 2, size = 0;
    for (int given = 0x40; given <= 0x80; given *= 2)
        if ((header[1] & given) != 0)
            read_number(header, length, &at);
    for (int filters = (header[1] & 3) + 1; filters > 0; filters -= 1) {
        uint64_t id = read_number(header, length, &at), properties = read_number(header, length, &at);
        if (properties > length - at)
            return 0;
        if (id == 0x21 && properties == 1 && header[at] <= 40)
            size = (size_t)(2 | (header[at] & 1)) << (header[at] / 2 + 11);
        at += properties;
    }
    return size;
}

/* Unpack the blocks of a stream, of which the first is at `*at`, and go to its index. */
static int unpack_blocks(struct lzma *lzma, const uint8_t *bytes, size_t length, size_t check, size_t *at, struct sink *sink)
{
    /* A header that starts with 0 is the index. */
    while (*at < length && bytes[*at] != 0) {
        size_t used = 0, header = ((size_t)bytes[*at] + 1) * 4;
        size_t dictionary = header < length - *at ? dictionary_size(bytes + *at, header) : 0;
        if (dictionary == 0)
            return UNPACK_MALFORMED;
        window_start(&lzma->window, dictionary, sink);
        int done = unpack_lzma2(lzma, bytes + *at + header, length - *at - header, &used);
        if (done != UNPACK_STOPPED && window_flush(&lzma->window) == UNPACK_STOPPED)
            done = UNPACK_STOPPED;
        window_end(&lzma->window);
        if (done != UNPACK_DONE)
            return done;
        *at += header + (used + 3) / 4 * 4 + check;
    }
    return UNPACK_DONE;
}

/* Say where the next stream is, behind an index, a footer, and zeros that a stream may be padded with. */
static size_t next_stream(const uint8_t *bytes, size_t length, size_t index)
{
    size_t at = index + 1;
    uint64_t records = read_number(bytes, length, &at);
    for (; records > 0 && at < length; records -= 1) {
        read_number(bytes, length, &at);
        read_number(bytes, length, &at);
    }
    /* The index ends with a checksum. */
    at = index + (at - index + 3) / 4 * 4 + 4 + FOOTER;
    while (at < length && bytes[at] == 0)
        at += 1;
    return at;
}

int unxz(const uint8_t *bytes, size_t length, struct sink *sink)
{
    static const uint8_t check_sizes[16] = { 0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64 };
    struct lzma *lzma = must_alloc(NULL, sizeof(*lzma));
    memset(lzma, 0, sizeof(*lzma));
    int done = UNPACK_DONE;
    for (size_t at = 0; done == UNPACK_DONE && at < length; at = next_stream(bytes, length, at)) {
        if (length - at < HEADER + FOOTER || memcmp(bytes + at, "\375" "7zXZ", 6) != 0) {
            done = UNPACK_MALFORMED;
            break;
        }
        size_t check = check_sizes[bytes[at + 7] & 15];
        at += HEADER;
        done = unpack_blocks(lzma, bytes, length, check, &at, sink);
    }
    free(lzma);
    return done;
}
