/* Finds hash parts: see search.h. */
#include <string.h>

#include "search.h"

static const char digits[] = "0123456789abcdfghijklmnpqrsvwxyz";

static const uint8_t *digit_table(void)
{
    static uint8_t table[256];
    if (!table['0'])
        for (const char *digit = digits; *digit != '\0'; digit += 1)
            table[(uint8_t)*digit] = 1;
    return table;
}

size_t find_hash(const struct hashes *hashes, const uint8_t *bytes, size_t length, size_t start, size_t *which)
{
    const uint8_t *is_digit = digit_table();
    /* Look at the end of a window first: what is no digit there rules out all windows that hold it. */
    size_t known = 0;
    while (length >= HASH_LENGTH && start <= length - HASH_LENGTH) {
        size_t back = HASH_LENGTH;
        while (back > known && is_digit[bytes[start + back - 1]])
            back -= 1;
        if (back > known) {
            start += back;
            known = 0;
            continue;
        }
        for (size_t each = 0; each < hashes->count; each += 1)
            if (memcmp(bytes + start, hashes->from[each], HASH_LENGTH) == 0) {
                *which = each;
                return start;
            }
        start += 1;
        known = HASH_LENGTH - 1;
    }
    return length;
}

size_t replace_hashes(const struct hashes *hashes, uint8_t *bytes, size_t length)
{
    size_t count = 0, which, at = 0;
    while ((at = find_hash(hashes, bytes, length, at, &which)) < length) {
        memcpy(bytes + at, hashes->to[which], HASH_LENGTH);
        at += HASH_LENGTH;
        count += 1;
    }
    return count;
}
