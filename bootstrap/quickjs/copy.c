/* Copies of content: see copy.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "copy.h"
#include "native.h"

/* Of linux/fs.h. */
#ifndef FICLONE
#define FICLONE _IOW(0x94, 9, int)
#endif

/* Files up to this size are not worth asking for more than a read and a write. */
enum { SMALL = 65536, BLOCK = 262144 };

int write_all(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t wrote = write(fd, at, length);
        if (wrote < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        at += wrote;
        length -= wrote;
    }
    return 0;
}

static int copy_by_hand(int from, int to)
{
    static char block[BLOCK];
    for (;;) {
        ssize_t got = read(from, block, sizeof(block));
        if (got == 0)
            return 0;
        if (got < 0 ? errno != EINTR : write_all(to, block, got) < 0)
            return -1;
    }
}

int copy_content(int from, int to, off_t size)
{
    static int no_reflinks;
    if (size > 0 && !no_reflinks) {
        if (ioctl(to, FICLONE, from) == 0)
            return 0;
        /* Other errors may be about these two files alone. */
        if (errno == EOPNOTSUPP || errno == ENOTTY || errno == ENOSYS)
            no_reflinks = 1;
    }
    if (size > SMALL) {
        off_t left = size;
        while (left > 0) {
            ssize_t copied = copy_file_range(from, NULL, to, NULL, left < (1 << 30) ? left : (1 << 30), 0);
            if (copied <= 0)
                break;
            left -= copied;
        }
    }
    return copy_by_hand(from, to);
}

char *read_target(int folder, const char *name)
{
    size_t room = 256;
    for (;;) {
        char *target = must_alloc(NULL, room);
        ssize_t length = readlinkat(folder, name, target, room);
        if (length >= 0 && (size_t)length < room) {
            target[length] = '\0';
            return target;
        }
        free(target);
        if (length < 0)
            return NULL;
        room *= 4;
    }
}
