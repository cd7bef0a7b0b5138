/*
 * What of the C library Zig wrote anew, and got wrong: these go before its own. All are weak, so that programs may bring theirs.
 *
 *   realloc, reallocarray        of no bytes gave no memory, where musl gives some: programs take that for exhaustion
 *   strtol and its kin           told no end of what they read where that was no number, and a wrong one of numbers that are too large
 *   strnlen, strncat, stpncpy,   read past the end of a string, by blocks, into memory that may not be there; so did
 *   strncpy, memchr, wmemchr,    what calls them, such as printf
 *   wcsnlen
 *   memccpy                      left out the byte that it was to stop after, and told another place
 *
 * cc links with --wrap=realloc and --wrap=reallocarray: calls come to __wrap_realloc, and __real_realloc is that of the library.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define WEAK __attribute__((weak))

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__stpncpy(char *to, const char *from, size_t length);

WEAK void *__wrap_realloc(void *memory, size_t size)
{
    return __real_realloc(memory, size == 0 ? 1 : size);
}

WEAK void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    size_t whole;
    if (__builtin_mul_overflow(count, size, &whole)) {
        errno = ENOMEM;
        return NULL;
    }
    return __wrap_realloc(memory, whole);
}

/* The value of a digit, and more than that of any where it is none. */
static int digit_value(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'Z')
        return character - 'A' + 10;
    return INT_MAX;
}

/*
 * Read a number: its size, and whether there is a minus before it. A size beyond `limit`, or `negative_limit` after a minus, is
 * that limit, with ERANGE. All digits are read in any case.
 */
static uintmax_t read_number(const char *text, char **end, int base, uintmax_t limit, uintmax_t negative_limit, int *is_negative)
{
    const char *at = text, *last = text;
    uintmax_t value = 0;
    int overflows = 0;
    *is_negative = 0;
    if (base < 0 || base == 1 || base > 36) {
        if (end != NULL)
            *end = (char *)text;
        errno = EINVAL;
        return 0;
    }
    while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
        at += 1;
    if (*at == '-' || *at == '+') {
        *is_negative = *at == '-';
        at += 1;
    }
    int has_prefix = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && digit_value(at[2]) < 16;
    if ((base == 0 || base == 16) && has_prefix) {
        at += 2;
        base = 16;
    } else if (base == 0) {
        base = *at == '0' ? 8 : 10;
    }
    for (int digit = digit_value(*at); digit < base; digit = digit_value(*at)) {
        if (__builtin_mul_overflow(value, (uintmax_t)base, &value) ||
            __builtin_add_overflow(value, (uintmax_t)digit, &value))
            overflows = 1;
        at += 1;
        last = at;
    }
    if (end != NULL)
        *end = (char *)last;
    uintmax_t most = *is_negative ? negative_limit : limit;
    if (overflows || value > most) {
        errno = ERANGE;
        return most;
    }
    return value;
}

static intmax_t read_signed(const char *text, char **end, int base, intmax_t most)
{
    int is_negative;
    uintmax_t value = read_number(text, end, base, (uintmax_t)most, (uintmax_t)most + 1, &is_negative);
    return (intmax_t)(is_negative ? -value : value);
}

/* A minus takes the number from the largest plus one, as unsigned arithmetic has it; what is too large is the largest. */
static uintmax_t read_unsigned(const char *text, char **end, int base, uintmax_t most)
{
    int is_negative, before = errno;
    errno = 0;
    uintmax_t value = read_number(text, end, base, most, most, &is_negative);
    int is_too_large = errno == ERANGE;
    if (errno == 0)
        errno = before;
    return is_negative && !is_too_large ? -value : value;
}

WEAK long strtol(const char *restrict text, char **restrict end, int base)
{
    return (long)read_signed(text, end, base, LONG_MAX);
}

WEAK long long strtoll(const char *restrict text, char **restrict end, int base)
{
    return read_signed(text, end, base, LLONG_MAX);
}

WEAK intmax_t strtoimax(const char *restrict text, char **restrict end, int base)
{
    return read_signed(text, end, base, INTMAX_MAX);
}

WEAK unsigned long strtoul(const char *restrict text, char **restrict end, int base)
{
    return (unsigned long)read_unsigned(text, end, base, ULONG_MAX);
}

WEAK unsigned long long strtoull(const char *restrict text, char **restrict end, int base)
{
    return read_unsigned(text, end, base, ULLONG_MAX);
}

WEAK uintmax_t strtoumax(const char *restrict text, char **restrict end, int base)
{
    return read_unsigned(text, end, base, UINTMAX_MAX);
}

/*
 * Eight bytes at once, from an address that is a multiple of eight: those cannot lie on two pages, so that reading all of them is
 * no harm where one may be read.
 */
typedef uint64_t __attribute__((may_alias)) block;

static const uint64_t ones = 0x0101010101010101;

/* Tell whether one of eight bytes is zero. */
static int has_zero(uint64_t bytes)
{
    return ((bytes - ones) & ~bytes & (ones << 7)) != 0;
}

WEAK void *memchr(const void *memory, int value, size_t length)
{
    const unsigned char *at = memory;
    unsigned char wanted = (unsigned char)value;
    for (; length > 0 && (uintptr_t)at % sizeof(block) != 0; at += 1, length -= 1)
        if (*at == wanted)
            return (void *)at;
    while (length >= sizeof(block) && !has_zero(*(const block *)at ^ ones * wanted)) {
        at += sizeof(block);
        length -= sizeof(block);
    }
    for (; length > 0; at += 1, length -= 1)
        if (*at == wanted)
            return (void *)at;
    return NULL;
}

WEAK size_t strnlen(const char *text, size_t length)
{
    const char *end = memchr(text, 0, length);
    return end == NULL ? length : (size_t)(end - text);
}

WEAK char *__stpncpy(char *restrict to, const char *restrict from, size_t length)
{
    size_t copied = strnlen(from, length);
    memcpy(to, from, copied);
    memset(to + copied, 0, length - copied);
    return to + copied;
}

WEAK char *stpncpy(char *restrict to, const char *restrict from, size_t length)
{
    return __stpncpy(to, from, length);
}

WEAK char *strncpy(char *restrict to, const char *restrict from, size_t length)
{
    __stpncpy(to, from, length);
    return to;
}

WEAK char *strncat(char *restrict to, const char *restrict from, size_t length)
{
    char *end = to + strlen(to);
    size_t added = strnlen(from, length);
    memcpy(end, from, added);
    end[added] = 0;
    return to;
}

WEAK void *memccpy(void *restrict to, const void *restrict from, int value, size_t length)
{
    const char *found = memchr(from, value, length);
    size_t copied = found == NULL ? length : (size_t)(found - (const char *)from) + 1;
    memcpy(to, from, copied);
    return found == NULL ? NULL : (char *)to + copied;
}

WEAK wchar_t *wmemchr(const wchar_t *memory, wchar_t value, size_t length)
{
    for (; length > 0; memory += 1, length -= 1)
        if (*memory == value)
            return (wchar_t *)memory;
    return NULL;
}

WEAK size_t wcsnlen(const wchar_t *text, size_t length)
{
    const wchar_t *end = wmemchr(text, 0, length);
    return end == NULL ? length : (size_t)(end - text);
}
