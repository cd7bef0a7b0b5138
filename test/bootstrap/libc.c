/*
 * Compares the functions of bootstrap/cc/libc.c with those of the machine's own C library, and prints how many differ. Strings lie
 * at the end of a page after which there is no memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#define strtol our_strtol
#define strtoll our_strtoll
#define strtoimax our_strtoimax
#define strtoul our_strtoul
#define strtoull our_strtoull
#define strtoumax our_strtoumax
#define memchr our_memchr
#define strnlen our_strnlen
#define __stpncpy our_inner_stpncpy
#define stpncpy our_stpncpy
#define strncpy our_strncpy
#define strncat our_strncat
#define memccpy our_memccpy
#define wmemchr our_wmemchr
#define wcsnlen our_wcsnlen
#include "../../bootstrap/cc/libc.c"
#undef strtol
#undef strtoll
#undef strtoimax
#undef strtoul
#undef strtoull
#undef strtoumax
#undef memchr
#undef strnlen
#undef __stpncpy
#undef stpncpy
#undef strncpy
#undef strncat
#undef memccpy
#undef wmemchr
#undef wcsnlen

static int differences = 0;

static void expect(int same, const char *what, const char *text, int number)
{
    if (same)
        return;
    printf("%s differs: '%s' %d\n", what, text, number);
    differences += 1;
}

void *__real_realloc(void *memory, size_t size)
{
    return size == 0 ? NULL : realloc(memory, size);
}

#define COMPARE_NUMBERS(name, type)                                                              \
    do {                                                                                         \
        char *end = NULL, *our_end = NULL;                                                       \
        errno = 0;                                                                               \
        type value = name(text, &end, base);                                                     \
        int error = errno;                                                                       \
        errno = 0;                                                                               \
        type ours = our_##name(text, &our_end, base);                                            \
        int our_error = errno;                                                                   \
        expect(value == ours && error == our_error && end == our_end, #name, text, base);        \
        expect(our_##name(text, NULL, base) == value, #name " without end", text, base);         \
    } while (0)

static void compare_numbers(const char *text)
{
    for (int base = 0; base <= 36; base += 1) {
        if (base == 1)
            continue;
        COMPARE_NUMBERS(strtol, long);
        COMPARE_NUMBERS(strtoll, long long);
        COMPARE_NUMBERS(strtoimax, intmax_t);
        COMPARE_NUMBERS(strtoul, unsigned long);
        COMPARE_NUMBERS(strtoull, unsigned long long);
        COMPARE_NUMBERS(strtoumax, uintmax_t);
    }
}

/* `page_end` is the end of the memory that may be read. */
static void compare_strings(char *page_end)
{
    char to[256], ours[256];
    for (int length = 0; length < 70; length += 1) {
        char *text = page_end - length - 1;
        memset(text, 'x', (size_t)length);
        text[length] = 0;
        expect(our_strnlen(text, SIZE_MAX) == (size_t)length, "strnlen", "", length);
        for (int at = 0; at < length; at += 1) {
            text[at] = 'y';
            expect(our_memchr(text, 'y', SIZE_MAX) == text + at, "memchr", "", at);
            expect(our_memchr(text, 'y', (size_t)at) == NULL, "memchr before", "", at);
            expect(our_memchr(text, 'y' + 256, (size_t)at + 1) == text + at, "memchr at", "", at);
            memset(ours, 0, sizeof ours);
            expect(our_memccpy(ours, text, 'y', 200) == ours + at + 1 && ours[at] == 'y', "memccpy", "", at);
            expect(our_memccpy(ours, text, 'z', (size_t)at) == NULL, "memccpy of none", "", at);
            text[at] = 'x';
        }
        for (size_t most = 0; most < 80; most += 1) {
            expect(our_strnlen(text, most) == strnlen(text, most), "strnlen", "", (int)most);
            memset(to, '#', sizeof to);
            memset(ours, '#', sizeof ours);
            strncpy(to, text, most);
            expect(our_strncpy(ours, text, most) == ours, "strncpy", "", (int)most);
            expect(memcmp(to, ours, sizeof to) == 0, "strncpy", "", (int)most);
            expect(our_stpncpy(ours, text, most) - ours == stpncpy(to, text, most) - to, "stpncpy", "", (int)most);
            strcpy(to, "abc");
            strcpy(ours, "abc");
            strncat(to, text, most);
            expect(our_strncat(ours, text, most) == ours && strcmp(to, ours) == 0, "strncat", "", (int)most);
        }
    }
    wchar_t *wide = (wchar_t *)page_end - 4;
    wmemcpy(wide, L"abc", 4);
    expect(our_wcsnlen(wide, SIZE_MAX) == 3 && our_wcsnlen(wide, 2) == 2, "wcsnlen", "abc", 0);
    expect(our_wmemchr(wide, L'b', SIZE_MAX) == wide + 1 && our_wmemchr(wide, L'c', 2) == NULL, "wmemchr", "abc", 0);
}

int main(void)
{
    static const char *const numbers[] = {
        "", " ", "-", "+", "+-1", "abc", "0", "00", "0x", "0xg", "0xF", "-0x10", "0b1", "08", "017", " \t\n\v\f\r12 ", "z", "Zz9",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "-18446744073709551615", "-18446744073709551616", "99999999999999999999999 ", "-1", "1\xff",
    };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_NONE) != 0)
        return 1;
    for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at += 1)
        compare_numbers(numbers[at]);
    compare_strings(memory + page);

    errno = 0;
    expect(our_strtol("1", NULL, 1) == 0 && errno == EINVAL, "strtol", "1", 1);
    void *none = __wrap_realloc(NULL, 0), *array = __wrap_reallocarray(NULL, 0, 8);
    expect(none != NULL && array != NULL, "realloc", "", 0);
    errno = 0;
    expect(__wrap_reallocarray(NULL, SIZE_MAX, 2) == NULL && errno == ENOMEM, "reallocarray", "", 2);
    free(none);
    free(array);
    printf("%d differences\n", differences);
    return differences != 0;
}
