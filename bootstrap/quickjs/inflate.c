/* Reads deflated data: see inflate.h. */
#include <stdlib.h>
#include <string.h>

#include "inflate.h"
#include "native.h"

enum { WINDOW = 32768, LONGEST_CODE = 15, LITERALS = 288, DISTANCES = 32 };

/* A Huffman code: by the next `bits` bits, the symbol and, in the lowest 4 bits, the length of its code; 0 where none is. */
struct code {
    int bits;
    uint16_t table[1 << LONGEST_CODE];
};

struct inflater {
    const uint8_t *in, *end;
    uint64_t held;
    int held_bits;
    /* How many bits were made up after the end of the data. */
    int missing;
    struct window window;
    struct code literals, distances;
};

static void fill(struct inflater *inflater)
{
    while (inflater->held_bits <= 48) {
        if (inflater->in < inflater->end)
            inflater->held |= (uint64_t)*inflater->in++ << inflater->held_bits;
        else
            inflater->missing += 8;
        inflater->held_bits += 8;
    }
}

/* Take up to 16 bits. */
static unsigned take(struct inflater *inflater, int bits)
{
    fill(inflater);
    unsigned value = (unsigned)(inflater->held & ((1u << bits) - 1));
    inflater->held >>= bits;
    inflater->held_bits -= bits;
    return value;
}

static int ran_out(const struct inflater *inflater)
{
    return inflater->missing > inflater->held_bits;
}

/* Make the table of a code from the lengths of its symbols. Codes that say too much are refused, incomplete ones are not. */
static int make_code(struct code *code, const uint8_t *lengths, int count)
{
    int numbers[LONGEST_CODE + 2] = { 0 }, next[LONGEST_CODE + 2] = { 0 };
    for (int symbol = 0; symbol < count; symbol += 1)
        numbers[lengths[symbol]] += 1;
    numbers[0] = 0;
    code->bits = 1;
    for (int length = 1; length <= LONGEST_CODE; length += 1) {
        next[length + 1] = (next[length] + numbers[length]) << 1;
        if (next[length] + numbers[length] > 1 << length)
            return -1;
        if (numbers[length] > 0)
            code->bits = length;
    }
    memset(code->table, 0, sizeof(code->table[0]) << code->bits);
    for (int symbol = 0; symbol < count; symbol += 1) {
        int length = lengths[symbol];
        if (length == 0)
            continue;
        unsigned own = next[length]++, mirrored = 0;
        for (int bit = 0; bit < length; bit += 1)
            mirrored |= (own >> bit & 1) << (length - 1 - bit);
        for (unsigned at = mirrored; at < 1u << code->bits; at += 1u << length)
            code->table[at] = (uint16_t)(symbol << 4 | length);
    }
    return 0;
}

/* Read one symbol, or -1. */
static int read_symbol(struct inflater *inflater, const struct code *code)
{
    fill(inflater);
    unsigned found = code->table[inflater->held & ((1u << code->bits) - 1)];
    int length = found & 15;
    if (length == 0)
        return -1;
    inflater->held >>= length;
    inflater->held_bits -= length;
    return found >> 4;
}

static int inflate_stored(struct inflater *inflater)
{
    take(inflater, inflater->held_bits & 7);
    unsigned length = take(inflater, 16), inverse = take(inflater, 16);
    if ((length ^ inverse) != 0xffff)
        return UNPACK_MALFORMED;
    while (length-- > 0) {
        int done = window_put(&inflater->window, (uint8_t)take(inflater, 8));
        if (ran_out(inflater))
            return UNPACK_MALFORMED;
        if (done != UNPACK_DONE)
            return done;
    }
    return UNPACK_DONE;
}

/* What a length or distance symbol stands for: a base, and bits to add. Both come in steps whose size doubles. */
static int read_length(struct inflater *inflater, int symbol)
{
    int at = symbol - 257;
    if (at < 8)
        return at + 3;
    if (at == 28)
        return 258;
    if (at > 28)
        return -1;
    int bits = at / 4 - 1;
    return ((4 + at % 4) << bits) + 3 + (int)take(inflater, bits);
}

static int read_distance(struct inflater *inflater, int symbol)
{
    if (symbol < 0 || symbol > 29)
        return -1;
    if (symbol < 4)
        return symbol + 1;
    int bits = symbol / 2 - 1;
    return ((2 + symbol % 2) << bits) + 1 + (int)take(inflater, bits);
}

static int inflate_coded(struct inflater *inflater)
{
    for (;;) {
        int symbol = read_symbol(inflater, &inflater->literals), done = UNPACK_DONE;
        if (symbol < 0 || ran_out(inflater))
            return UNPACK_MALFORMED;
        if (symbol == 256)
            return UNPACK_DONE;
        if (symbol < 256) {
            done = window_put(&inflater->window, (uint8_t)symbol);
        } else {
            int length = read_length(inflater, symbol);
            int distance = read_distance(inflater, read_symbol(inflater, &inflater->distances));
            if (length < 0 || distance < 0)
                return UNPACK_MALFORMED;
            done = window_copy(&inflater->window, distance, length);
        }
        if (done != UNPACK_DONE)
            return done;
    }
}

static int read_codes(struct inflater *inflater)
{
    static const uint8_t order[19] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
    uint8_t lengths[LITERALS + DISTANCES + 256] = { 0 }, own[19] = { 0 };
    int literals = take(inflater, 5) + 257, distances = take(inflater, 5) + 1, given = take(inflater, 4) + 4;
    for (int at = 0; at < given; at += 1)
        own[order[at]] = (uint8_t)take(inflater, 3);
    if (make_code(&inflater->literals, own, 19) < 0)
        return -1;
    for (int at = 0; at < literals + distances;) {
        int symbol = read_symbol(inflater, &inflater->literals), times = 1, value = symbol;
        if (symbol < 0 || ran_out(inflater) || (symbol == 16 && at == 0))
            return -1;
        if (symbol == 16) {
            value = lengths[at - 1];
            times = 3 + take(inflater, 2);
        } else if (symbol > 16) {
            value = 0;
            times = symbol == 17 ? 3 + take(inflater, 3) : 11 + take(inflater, 7);
        }
        while (times-- > 0)
            lengths[at++] = (uint8_t)value;
    }
    return make_code(&inflater->literals, lengths, literals) < 0 ||
                   make_code(&inflater->distances, lengths + literals, distances) < 0
               ? -1
               : 0;
}

static int fixed_codes(struct inflater *inflater)
{
    uint8_t lengths[LITERALS];
    for (int symbol = 0; symbol < LITERALS; symbol += 1)
        lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    make_code(&inflater->literals, lengths, LITERALS);
    memset(lengths, 5, DISTANCES);
    return make_code(&inflater->distances, lengths, DISTANCES);
}

static int inflate_blocks(struct inflater *inflater)
{
    for (int last = 0; !last;) {
        int done = UNPACK_MALFORMED;
        last = take(inflater, 1);
        switch (take(inflater, 2)) {
        case 0:
            done = inflate_stored(inflater);
            break;
        case 1:
            done = fixed_codes(inflater) < 0 ? UNPACK_MALFORMED : inflate_coded(inflater);
            break;
        case 2:
            done = read_codes(inflater) < 0 ? UNPACK_MALFORMED : inflate_coded(inflater);
            break;
        }
        if (done != UNPACK_DONE) {
            /* Even what is cut off may have held something. */
            if (done == UNPACK_MALFORMED && window_flush(&inflater->window) == UNPACK_STOPPED)
                return UNPACK_STOPPED;
            return done;
        }
    }
    return window_flush(&inflater->window);
}

int inflate(const uint8_t *bytes, size_t length, size_t *used, struct sink *sink)
{
    struct inflater *inflater = must_alloc(NULL, sizeof(*inflater));
    *inflater = (struct inflater){ .in = bytes, .end = bytes + length };
    window_start(&inflater->window, WINDOW, sink);
    int done = inflate_blocks(inflater);
    /* Whole bytes that were held but not used go back. */
    *used = inflater->in - bytes - (inflater->held_bits - inflater->missing > 0 ? (inflater->held_bits - inflater->missing) / 8 : 0);
    window_end(&inflater->window);
    free(inflater);
    return done;
}
