/*
 * Reads Zstandard frames: see zstd.h.
 *
 * A frame is a header and blocks. A compressed block is literals, by a Huffman code, and sequences: how many literals to take,
 * and what to copy after them. The three numbers of a sequence have codes by finite state entropy. Such streams of bits are
 * read from their end.
 */
#include <stdlib.h>
#include <string.h>

#include "native.h"
#include "zstd.h"

enum { MOST_LITERALS = 1 << 17, LONGEST_HUFFMAN = 11, MOST_ACCURACY = 9, MOST_SYMBOLS = 256 };

static int highest_bit(uint32_t value)
{
    int bit = -1;
    for (; value != 0; value >>= 1)
        bit += 1;
    return bit;
}

/* A stream of bits that is read from its end; `at` is how many are left, and below 0 what was made up as 0. */
struct backwards {
    const uint8_t *bytes;
    int64_t at;
};

/* The last byte says by its highest bit where the stream ends. */
static int start_backwards(struct backwards *bits, const uint8_t *bytes, size_t length)
{
    if (length == 0 || bytes[length - 1] == 0)
        return -1;
    *bits = (struct backwards){ bytes, (int64_t)(length - 1) * 8 + highest_bit(bytes[length - 1]) };
    return 0;
}

static uint32_t read_back(struct backwards *bits, int count)
{
    uint64_t value = 0;
    bits->at -= count;
    int64_t first = bits->at < 0 ? 0 : bits->at, end = bits->at + count;
    if (end <= 0)
        return 0;
    for (int64_t byte = (end - 1) / 8; byte >= first / 8; byte -= 1)
        value = value << 8 | bits->bytes[byte];
    value = value >> (first % 8) & ((1ull << (end - first)) - 1);
    return (uint32_t)(value << (first - bits->at));
}

/* A finite state: the symbol that it stands for, and how to come to the next one. */
struct states {
    int accuracy;
    struct state {
        uint8_t symbol, bits;
        uint16_t base;
    } table[1 << MOST_ACCURACY];
};

static void make_states(struct states *states, const int16_t *shares, int symbols, int accuracy)
{
    int size = 1 << accuracy, high = size, position = 0, step = (size >> 1) + (size >> 3) + 3;
    uint16_t next[MOST_SYMBOLS];
    states->accuracy = accuracy;
    for (int symbol = 0; symbol < symbols; symbol += 1)
        if (shares[symbol] < 0) {
            states->table[--high].symbol = (uint8_t)symbol;
            next[symbol] = 1;
        }
    for (int symbol = 0; symbol < symbols; symbol += 1) {
        if (shares[symbol] <= 0)
            continue;
        next[symbol] = (uint16_t)shares[symbol];
        for (int at = 0; at < shares[symbol]; at += 1) {
            states->table[position].symbol = (uint8_t)symbol;
            do
                position = (position + step) & (size - 1);
            while (position >= high);
        }
    }
    for (int at = 0; at < size; at += 1) {
        struct state *state = &states->table[at];
        unsigned own = next[state->symbol]++;
        state->bits = (uint8_t)(accuracy - highest_bit(own));
        state->base = (uint16_t)((own << state->bits) - size);
    }
}

/* Read from bits that are in their own order, the lowest of a byte first. */
static unsigned read_forth(const uint8_t *bytes, size_t length, size_t *at, int count)
{
    unsigned value = 0;
    for (int bit = 0; bit < count; bit += 1, *at += 1)
        if (*at / 8 < length)
            value |= (unsigned)(bytes[*at / 8] >> (*at % 8) & 1) << bit;
    return value;
}

/* Read the description of states. Gives how many bytes it has, or 0. */
static size_t read_states(struct states *states, const uint8_t *bytes, size_t length, int most)
{
    int16_t shares[MOST_SYMBOLS] = { 0 };
    size_t at = 0;
    int accuracy = (int)read_forth(bytes, length, &at, 4) + 5, left = 1 << accuracy, symbols = 0;
    if (accuracy > most)
        return 0;
    while (left > 0 && symbols < MOST_SYMBOLS) {
        int bits = highest_bit(left + 1) + 1, low = (1 << (bits - 1)) - 1, threshold = (1 << bits) - 1 - (left + 1);
        int value = (int)read_forth(bytes, length, &at, bits);
        if ((value & low) < threshold) {
            at -= 1;
            value &= low;
        } else if (value > low) {
            value -= threshold;
        }
        int share = value - 1;
        shares[symbols++] = (int16_t)share;
        left -= share < 0 ? 1 : share;
        for (unsigned zeros = share == 0 ? 3 : 0; zeros == 3;) {
            zeros = read_forth(bytes, length, &at, 2);
            symbols += (int)zeros;
            if (symbols > MOST_SYMBOLS)
                return 0;
        }
    }
    size_t used = (at + 7) / 8;
    if (left != 0 || used > length)
        return 0;
    make_states(states, shares, symbols, accuracy);
    return used;
}

struct huffman {
    int bits;
    struct {
        uint8_t symbol, bits;
    } table[1 << LONGEST_HUFFMAN];
};

struct frame {
    struct window window;
    size_t offsets[3];
    struct huffman huffman;
    /* By which lengths of literals, offsets, and lengths of matches are read; and whether there are any yet. */
    struct states states[3];
    int has_huffman, has_states;
    uint8_t literals[MOST_LITERALS];
    size_t literal_count;
};

/* Read the weights of a Huffman code. Gives how many bytes they have, or 0. */
static size_t read_weights(struct states *states, const uint8_t *bytes, size_t length, uint8_t weights[256], int *count)
{
    size_t size = bytes[0];
    *count = 0;
    if (size >= 128) {
        int given = (int)size - 127;
        size = (size_t)(given + 1) / 2;
        if (size + 1 > length)
            return 0;
        for (; *count < given; *count += 1)
            weights[*count] = *count % 2 == 0 ? bytes[1 + *count / 2] >> 4 : bytes[1 + *count / 2] & 15;
        return size + 1;
    }
    struct backwards bits;
    size_t used = size + 1 > length ? 0 : read_states(states, bytes + 1, size, 6);
    if (used == 0 || start_backwards(&bits, bytes + 1 + used, size - used) < 0)
        return 0;
    uint32_t own = read_back(&bits, states->accuracy), other = read_back(&bits, states->accuracy);
    /* Two states take turns; when the bits have run out, the other one has the last word. */
    while (*count < 254) {
        const struct state *state = &states->table[own];
        weights[(*count)++] = state->symbol;
        own = state->base + read_back(&bits, state->bits);
        if (bits.at < 0) {
            weights[(*count)++] = states->table[other].symbol;
            return size + 1;
        }
        uint32_t swapped = own;
        own = other;
        other = swapped;
    }
    return 0;
}

/* Read a Huffman code. Gives how many bytes it has, or 0. */
static size_t read_huffman(struct huffman *huffman, struct states *scratch, const uint8_t *bytes, size_t length)
{
    uint8_t weights[256];
    int count;
    uint32_t sum = 0;
    size_t used = length == 0 ? 0 : read_weights(scratch, bytes, length, weights, &count);
    if (used == 0)
        return 0;
    for (int symbol = 0; symbol < count; symbol += 1) {
        if (weights[symbol] > LONGEST_HUFFMAN)
            return 0;
        sum += weights[symbol] > 0 ? 1u << (weights[symbol] - 1) : 0;
    }
    /* The last weight is what fills the sum up to a power of two. */
    huffman->bits = highest_bit(sum) + 1;
    if (sum == 0 || huffman->bits > LONGEST_HUFFMAN)
        return 0;
    uint32_t rest = (1u << huffman->bits) - sum;
    if ((rest & (rest - 1)) != 0)
        return 0;
    weights[count++] = (uint8_t)(highest_bit(rest) + 1);
    size_t at = 0;
    for (int weight = 1; weight <= huffman->bits; weight += 1)
        for (int symbol = 0; symbol < count; symbol += 1)
            for (uint32_t each = 0; weights[symbol] == weight && each < 1u << (weight - 1); each += 1, at += 1) {
                huffman->table[at].symbol = (uint8_t)symbol;
                huffman->table[at].bits = (uint8_t)(huffman->bits + 1 - weight);
            }
    return used;
}

static int read_stream(const struct huffman *huffman, const uint8_t *bytes, size_t length, uint8_t *to, size_t count)
{
    struct backwards bits;
    if (start_backwards(&bits, bytes, length) < 0)
        return -1;
    uint32_t state = read_back(&bits, huffman->bits), mask = (1u << huffman->bits) - 1;
    for (size_t at = 0; at < count; at += 1) {
        int used = huffman->table[state].bits;
        to[at] = huffman->table[state].symbol;
        state = (state << used | read_back(&bits, used)) & mask;
    }
    return 0;
}

/* Read four streams, whose sizes come first but for the last. */
static int read_streams(const struct huffman *huffman, const uint8_t *bytes, size_t length, uint8_t *to, size_t count)
{
    size_t each = (count + 3) / 4, at = 6;
    if (length < 6 || each * 3 > count)
        return -1;
    for (int stream = 0; stream < 4; stream += 1) {
        size_t size = stream < 3 ? bytes[2 * stream] | (size_t)bytes[2 * stream + 1] << 8 : length - at;
        if (size > length - at)
            return -1;
        if (read_stream(huffman, bytes + at, size, to + each * stream, stream < 3 ? each : count - 3 * each) < 0)
            return -1;
        at += size;
    }
    return 0;
}

/* Read the literals of a block. Gives how many bytes they have, or 0. */
static size_t read_literals(struct frame *frame, const uint8_t *bytes, size_t length)
{
    uint64_t head = 0;
    for (size_t at = 0; at < 5 && at < length; at += 1)
        head |= (uint64_t)bytes[at] << (8 * at);
    int type = head & 3, format = head >> 2 & 3;
    if (type < 2) {
        size_t header = format == 1 ? 2 : format == 3 ? 3 : 1;
        size_t count = format == 1 ? head >> 4 & 0xfff : format == 3 ? head >> 4 & 0xfffff : head >> 3 & 31;
        size_t size = type == 0 ? count : 1;
        if (count > MOST_LITERALS || header + size > length)
            return 0;
        if (type == 0)
            memcpy(frame->literals, bytes + header, count);
        else
            memset(frame->literals, bytes[header], count);
        frame->literal_count = count;
        return header + size;
    }
    int width = format < 2 ? 10 : format == 2 ? 14 : 18;
    size_t header = format < 2 ? 3 : (size_t)format + 2, mask = ((size_t)1 << width) - 1;
    size_t count = head >> 4 & mask, size = head >> (4 + width) & mask, used = 0;
    if (count > MOST_LITERALS || header > length || size > length - header)
        return 0;
    if (type == 2) {
        used = read_huffman(&frame->huffman, &frame->states[0], bytes + header, size);
        /* The states were borrowed, and are those of literals' lengths no more. */
        if (used == 0)
            return 0;
        frame->has_huffman = 1;
    } else if (!frame->has_huffman) {
        return 0;
    }
    frame->literal_count = count;
    int done = (format == 0 ? read_stream : read_streams)(&frame->huffman, bytes + header + used, size - used,
                                                          frame->literals, count);
    return done < 0 ? 0 : header + size;
}

/* What codes of lengths stand for: a base, and bits to add. */
static const uint32_t literal_bases[36] = { 0,  1,  2,  3,  4,  5,  6,  7,   8,   9,   10,   11,   12,   13,   14,    15,    16,    18,
                                            20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536 };
static const uint8_t literal_bits[36] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  1,  1,
                                          1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const uint32_t match_bases[21] = { 35, 37, 39,  41,  43,  47,   51,   59,   67,   83,   99,
                                          131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539 };
static const uint8_t match_bits[21] = { 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

/* The shares of codes where a block brings none. */
static const int16_t literal_shares[36] = { 4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1,  1,  2,  2,
                                            2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1 };
static const int16_t offset_shares[29] = { 1, 1, 1, 1, 1, 1, 2, 2, 2, 1,  1,  1,  1,  1, 1,
                                           1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1 };
static const int16_t match_shares[53] = { 1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1,  1, 1,
                                          1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1 };

/* Set up the states of one of the three numbers. Gives how many bytes that takes, or -1. */
static int64_t choose_states(struct frame *frame, int which, int mode, const uint8_t *bytes, size_t length)
{
    static const struct {
        const int16_t *shares;
        int symbols, accuracy, most;
    } known[3] = { { literal_shares, 36, 6, 9 }, { offset_shares, 29, 5, 8 }, { match_shares, 53, 6, 9 } };
    struct states *states = &frame->states[which];
    size_t used = 0;
    switch (mode) {
    case 0:
        make_states(states, known[which].shares, known[which].symbols, known[which].accuracy);
        return 0;
    case 1:
        if (length == 0)
            return -1;
        states->accuracy = 0;
        states->table[0] = (struct state){ bytes[0], 0, 0 };
        return 1;
    case 2:
        used = read_states(states, bytes, length, known[which].most);
        return used == 0 ? -1 : (int64_t)used;
    default:
        return frame->has_states ? 0 : -1;
    }
}

/* Give the offset that a value of a sequence stands for, and remember it. */
static size_t take_offset(struct frame *frame, size_t value, size_t literals)
{
    size_t *last = frame->offsets, offset;
    if (value > 3) {
        offset = value - 3;
        last[2] = last[1];
        last[1] = last[0];
    } else {
        size_t which = value - 1 + (literals == 0);
        offset = which < 3 ? last[which] : last[0] - 1;
        if (which > 1)
            last[2] = last[1];
        if (which > 0)
            last[1] = last[0];
    }
    return last[0] = offset;
}

static int run_sequences(struct frame *frame, size_t count, const uint8_t *bytes, size_t length)
{
    struct backwards bits;
    uint32_t state[3];
    size_t literal = 0;
    if (start_backwards(&bits, bytes, length) < 0)
        return UNPACK_MALFORMED;
    for (int which = 0; which < 3; which += 1)
        state[which] = read_back(&bits, frame->states[which].accuracy);
    for (size_t sequence = 0; sequence < count; sequence += 1) {
        const struct state *now[3];
        for (int which = 0; which < 3; which += 1)
            now[which] = &frame->states[which].table[state[which]];
        unsigned literal_code = now[0]->symbol, offset_code = now[1]->symbol, match_code = now[2]->symbol;
        if (literal_code > 35 || offset_code > 31 || match_code > 52)
            return UNPACK_MALFORMED;
        size_t value = ((size_t)1 << offset_code) + read_back(&bits, (int)offset_code);
        size_t match = match_code < 32 ? match_code + 3
                                       : match_bases[match_code - 32] + read_back(&bits, match_bits[match_code - 32]);
        size_t literals = literal_bases[literal_code] + read_back(&bits, literal_bits[literal_code]);
        if (literals > frame->literal_count - literal || bits.at < 0)
            return UNPACK_MALFORMED;
        int done = window_write(&frame->window, frame->literals + literal, literals);
        literal += literals;
        if (done == UNPACK_DONE)
            done = window_copy(&frame->window, take_offset(frame, value, literals), match);
        if (done != UNPACK_DONE)
            return done;
        static const int order[3] = { 0, 2, 1 };
        for (int at = 0; at < 3 && sequence + 1 < count; at += 1)
            state[order[at]] = now[order[at]]->base + read_back(&bits, now[order[at]]->bits);
    }
    return window_write(&frame->window, frame->literals + literal, frame->literal_count - literal);
}

static int unpack_block(struct frame *frame, const uint8_t *bytes, size_t length)
{
    struct states kept = frame->states[0];
    size_t at = read_literals(frame, bytes, length), count;
    frame->states[0] = kept;
    if (at == 0 || at >= length)
        return UNPACK_MALFORMED;
    count = bytes[at++];
    if (count == 0)
        return window_write(&frame->window, frame->literals, frame->literal_count);
    if (count >= 128) {
        if (length - at < 2)
            return UNPACK_MALFORMED;
        if (count < 255) {
            count = (count - 128) << 8 | bytes[at];
            at += 1;
        } else {
            count = (bytes[at] | (size_t)bytes[at + 1] << 8) + 0x7f00;
            at += 2;
        }
    }
    if (at >= length)
        return UNPACK_MALFORMED;
    int modes = bytes[at++];
    for (int which = 0; which < 3; which += 1) {
        int64_t used = choose_states(frame, which, modes >> (6 - 2 * which) & 3, bytes + at, length - at);
        if (used < 0)
            return UNPACK_MALFORMED;
        at += (size_t)used;
    }
    frame->has_states = 1;
    return run_sequences(frame, count, bytes + at, length - at);
}

/* Unpack the blocks of a frame from `*at` on. */
static int unpack_blocks(struct frame *frame, const uint8_t *bytes, size_t length, size_t *at)
{
    for (int last = 0; !last;) {
        if (length - *at < 3)
            return UNPACK_MALFORMED;
        uint32_t head = bytes[*at] | (uint32_t)bytes[*at + 1] << 8 | (uint32_t)bytes[*at + 2] << 16;
        size_t size = head >> 3, stored = (head >> 1 & 3) == 1 ? 1 : size;
        int done = UNPACK_DONE;
        last = head & 1;
        *at += 3;
        if (stored > length - *at)
            return UNPACK_MALFORMED;
        switch (head >> 1 & 3) {
        case 0:
            done = window_write(&frame->window, bytes + *at, size);
            break;
        case 1:
            for (; size > 0 && done == UNPACK_DONE; size -= 1)
                done = window_put(&frame->window, bytes[*at]);
            break;
        case 2:
            done = unpack_block(frame, bytes + *at, size);
            break;
        default:
            done = UNPACK_MALFORMED;
        }
        if (done != UNPACK_DONE)
            return done;
        *at += stored;
    }
    return UNPACK_DONE;
}

static uint64_t number(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    while (count-- > 0)
        value = value << 8 | bytes[count];
    return value;
}

/* Unpack the frame at `*at`, and go behind it. */
static int unpack_frame(struct frame *frame, const uint8_t *bytes, size_t length, size_t *at, struct sink *sink)
{
    if (length - *at < 9)
        return UNPACK_MALFORMED;
    if (bytes[*at + 1] == 0x2a) {
        /* A frame to be skipped. */
        uint64_t size = number(bytes + *at + 4, 4) + 8;
        *at = size > length - *at ? length : *at + size;
        return UNPACK_DONE;
    }
    int descriptor = bytes[*at + 4], single = descriptor >> 5 & 1, flag = descriptor >> 6;
    int size_bytes = flag == 0 ? single : 1 << flag;
    size_t head = *at + 5, window = 0;
    if ((descriptor & 3) != 0 || length - head < (size_t)size_bytes + 1)
        return UNPACK_MALFORMED;
    if (!single) {
        size_t base = (size_t)1 << (10 + (bytes[head] >> 3));
        window = base + base / 8 * (bytes[head] & 7);
        head += 1;
    } else {
        window = number(bytes + head, size_bytes) + (flag == 1 ? 256 : 0);
    }
    *at = head + size_bytes;
    frame->has_huffman = frame->has_states = 0;
    frame->offsets[0] = 1;
    frame->offsets[1] = 4;
    frame->offsets[2] = 8;
    /* What is larger is not kept: a window of that size is of no use to a file in a package. */
    window_start(&frame->window, window < 1u << 31 ? window : 1u << 31, sink);
    int done = unpack_blocks(frame, bytes, length, at);
    if (done != UNPACK_STOPPED && window_flush(&frame->window) == UNPACK_STOPPED)
        done = UNPACK_STOPPED;
    window_end(&frame->window);
    *at += (descriptor & 4) != 0 ? 4 : 0;
    return done;
}

int unzstd(const uint8_t *bytes, size_t length, struct sink *sink)
{
    struct frame *frame = must_alloc(NULL, sizeof(*frame));
    size_t at = 0;
    int done = UNPACK_DONE;
    while (done == UNPACK_DONE && at < length && length - at > 4 &&
           (memcmp(bytes + at, "\x28\xb5\x2f\xfd", 4) == 0 ||
            (bytes[at] >> 4 == 5 && memcmp(bytes + at + 1, "\x2a\x4d\x18", 3) == 0)))
        done = unpack_frame(frame, bytes, length, &at, sink);
    free(frame);
    return done;
}
