/*
 * Looks into compressed files: see members.h.
 *
 * gzip (RFC 1952): the whole file is members, one after the other. zip: the central directory, found from the end of the
 * file, lists members; those that are stored count too, because the zip has their checksum. xz and zstd: the
 * whole file.
 */
#include <string.h>

#include "inflate.h"
#include "members.h"
#include "native.h"
#include "xz.h"
#include "zstd.h"

/* A sink that searches; what may be the start of a hash part is kept for the next piece. */
struct searcher {
    struct sink sink;
    const struct hashes *hashes;
    int found;
    size_t kept;
    uint8_t edge[2 * HASH_LENGTH];
};

static int search(struct sink *sink, const uint8_t *bytes, size_t length)
{
    struct searcher *searcher = (struct searcher *)sink;
    size_t which, head = length < HASH_LENGTH - 1 ? length : HASH_LENGTH - 1;
    memcpy(searcher->edge + searcher->kept, bytes, head);
    size_t joined = searcher->kept + head;
    if (find_hash(searcher->hashes, searcher->edge, joined, 0, &which) < joined ||
        find_hash(searcher->hashes, bytes, length, 0, &which) < length) {
        searcher->found = (int)which;
        return 1;
    }
    if (length >= HASH_LENGTH - 1) {
        searcher->kept = HASH_LENGTH - 1;
        memcpy(searcher->edge, bytes + length - searcher->kept, searcher->kept);
    } else {
        size_t keep = joined < HASH_LENGTH - 1 ? joined : HASH_LENGTH - 1;
        memmove(searcher->edge, searcher->edge + joined - keep, keep);
        searcher->kept = keep;
    }
    return 0;
}

static unsigned number(const uint8_t *at, int bytes)
{
    unsigned value = 0;
    while (bytes-- > 0)
        value = value << 8 | at[bytes];
    return value;
}

/* Give the length of the header of a gzip member, or 0. */
static size_t gzip_header(const uint8_t *bytes, size_t length)
{
    if (length < 18 || bytes[0] != 0x1f || bytes[1] != 0x8b || bytes[2] != 8)
        return 0;
    int flags = bytes[3];
    size_t at = 10;
    if ((flags & 4) != 0)
        at += 2 + number(bytes + at, 2);
    for (int text = 8; text <= 16; text *= 2)
        if ((flags & text) != 0) {
            while (at < length && bytes[at] != 0)
                at += 1;
            at += 1;
        }
    if ((flags & 2) != 0)
        at += 2;
    return at < length ? at : 0;
}

static int find_in_gzip(struct searcher *searcher, const uint8_t *bytes, size_t length)
{
    size_t header, used;
    while ((header = gzip_header(bytes, length)) > 0) {
        int done = inflate(bytes + header, length - header, &used, &searcher->sink);
        if (done == UNPACK_STOPPED)
            return searcher->found;
        used += header + 8;
        if (done == UNPACK_MALFORMED || used >= length)
            break;
        bytes += used;
        length -= used;
    }
    return -1;
}

/* Find the end of central directory record of a zip, which has a comment of up to 65,535 bytes after it. */
static const uint8_t *zip_end(const uint8_t *bytes, size_t length)
{
    for (size_t back = 22; back <= length && back <= 22 + 65535; back += 1)
        if (memcmp(bytes + length - back, "PK\5\6", 4) == 0)
            return bytes + length - back;
    return NULL;
}

static int find_in_zip_member(struct searcher *searcher, const uint8_t *bytes, size_t length, const uint8_t *entry)
{
    size_t at = number(entry + 42, 4), size = number(entry + 20, 4), used;
    int method = (int)number(entry + 10, 2);
    if (length < 30 || at > length - 30 || memcmp(bytes + at, "PK\3\4", 4) != 0)
        return -1;
    at += 30 + number(bytes + at + 26, 2) + number(bytes + at + 28, 2);
    if (at > length)
        return -1;
    if (size > length - at)
        size = length - at;
    searcher->kept = 0;
    if (method == 0)
        search(&searcher->sink, bytes + at, size);
    else if (method == 8)
        inflate(bytes + at, size, &used, &searcher->sink);
    return searcher->found;
}

static int find_in_zip(struct searcher *searcher, const uint8_t *bytes, size_t length)
{
    const uint8_t *end = zip_end(bytes, length);
    if (end == NULL)
        return -1;
    size_t at = number(end + 16, 4), directory_end = end - bytes;
    while (directory_end >= 46 && at <= directory_end - 46 && memcmp(bytes + at, "PK\1\2", 4) == 0) {
        if (find_in_zip_member(searcher, bytes, length, bytes + at) >= 0)
            return searcher->found;
        at += 46 + number(bytes + at + 28, 2) + number(bytes + at + 30, 2) + number(bytes + at + 32, 2);
    }
    return -1;
}

int find_in_members(const struct hashes *hashes, const uint8_t *bytes, size_t length)
{
    struct searcher searcher = { .sink = { search }, .hashes = hashes, .found = -1 };
    if (length < 18)
        return -1;
    if (bytes[0] == 0x1f && bytes[1] == 0x8b)
        return find_in_gzip(&searcher, bytes, length);
    if (memcmp(bytes, "\375" "7zXZ", 6) == 0)
        return unxz(bytes, length, &searcher.sink) == UNPACK_STOPPED ? searcher.found : -1;
    if (memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0)
        return unzstd(bytes, length, &searcher.sink) == UNPACK_STOPPED ? searcher.found : -1;
    if (length >= 22 && bytes[0] == 'P' && bytes[1] == 'K')
        return find_in_zip(&searcher, bytes, length);
    return -1;
}
