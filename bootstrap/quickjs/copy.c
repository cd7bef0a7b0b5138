/* Copies of files and symlinks: see copy.h. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "copy.h"
#include "native.h"

/* Of linux/fs.h. */
#ifndef FICLONE
#define FICLONE _IOW(0x94, 9, int)
#endif

/* Files that are smaller than this are not worth asking for more than a read and a write. */
enum { BLOCK = 131072 };

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

/* Copy what is left; `size` is how much that may be. */
static int copy_by_hand(int from, int to, off_t size)
{
    char block[BLOCK];
    for (;;) {
        ssize_t got = read(from, block, sizeof(block));
        if (got == 0)
            return 0;
        if (got < 0 ? errno != EINTR : write_all(to, block, got) < 0)
            return -1;
        /* Files end where less comes than was asked for. */
        if (got == size && got < BLOCK)
            return 0;
    }
}

int copy_content(int from, int to, off_t size)
{
    static atomic_int no_reflinks;
    if (size == 0)
        return copy_by_hand(from, to, -1);
    if (!atomic_load_explicit(&no_reflinks, memory_order_relaxed)) {
        if (ioctl(to, FICLONE, from) == 0)
            return 0;
        /* Other errors may be about these two files alone. */
        if (errno == EOPNOTSUPP || errno == ENOTTY || errno == ENOSYS)
            no_reflinks = 1;
    }
    if (size >= BLOCK) {
        off_t left = size;
        while (left > 0) {
            ssize_t copied = copy_file_range(from, NULL, to, NULL, left < (1 << 30) ? left : (1 << 30), 0);
            if (copied <= 0)
                break;
            left -= copied;
        }
    }
    return copy_by_hand(from, to, size);
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

/* Open a file without leaving a trace in the time of the last access, where we may ask for that. -1 with errno. */
static int open_unseen(int folder, const char *name)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC, fd = openat(folder, name, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? openat(folder, name, flags) : fd;
}

/*
 * Files that their owner is allowed to read meanwhile, with the modes that are theirs. Other threads may come upon one of them
 * by another of its names; the lock is held while a mode and this list change, and while both are looked at.
 */
struct lifted {
    dev_t device;
    ino_t inode;
    mode_t mode;
    struct lifted *next;
};

static struct lifted *all_lifted;
static pthread_mutex_t lifting = PTHREAD_MUTEX_INITIALIZER;

/* Put the mode of a file that is lifted right in its status. Gives whether it is. */
static int look_behind(struct stat *status)
{
    for (const struct lifted *each = all_lifted; each != NULL; each = each->next)
        if (each->inode == status->st_ino && each->device == status->st_dev) {
            status->st_mode = each->mode;
            return 1;
        }
    return 0;
}

/* Allow the owner of a file to read it, unless that is so by now, and open it. The lock is held. */
static int lift(struct source *source, int folder, const char *name)
{
    struct stat *status = &source->status;
    if (fstatat(folder, name, status, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (!look_behind(status)) {
        if (fchmodat(folder, name, (status->st_mode & 07777) | 0400, 0) < 0)
            return -1;
        source->lifted = must_alloc(NULL, sizeof(*source->lifted));
        *source->lifted = (struct lifted){ status->st_dev, status->st_ino, status->st_mode, all_lifted };
        all_lifted = source->lifted;
    }
    source->fd = open_unseen(folder, name);
    return source->fd < 0 ? -1 : 0;
}

static void unlift(struct source *source)
{
    struct lifted **at = &all_lifted;
    while (*at != source->lifted)
        at = &(*at)->next;
    *at = source->lifted->next;
    fchmod(source->fd, source->lifted->mode & 07777);
    free(source->lifted);
}

int open_source(struct source *source, int folder, const char *name)
{
    *source = (struct source){ .fd = open_unseen(folder, name) };
    if (source->fd < 0 && errno != EACCES)
        return -1;
    if (source->fd >= 0) {
        if (fstat(source->fd, &source->status) < 0)
            return -1;
        if (source->status.st_nlink < 2)
            return 0;
    }
    pthread_mutex_lock(&lifting);
    int done = source->fd < 0 ? lift(source, folder, name) : fstat(source->fd, &source->status), error = errno;
    if (done == 0)
        look_behind(&source->status);
    pthread_mutex_unlock(&lifting);
    errno = error;
    return done;
}

void close_source(struct source *source)
{
    if (source->lifted != NULL) {
        pthread_mutex_lock(&lifting);
        unlift(source);
        pthread_mutex_unlock(&lifting);
    }
    if (source->fd >= 0)
        close(source->fd);
}

int copy_source(const struct source *source, int folder, const char *name, mode_t mode, int exact,
                const struct timespec times[2])
{
    int to = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, exact ? mode : 0600);
    if (to < 0)
        return -1;
    int done = copy_content(source->fd, to, source->status.st_size);
    if (done == 0 && (!exact || (mode & 07000) != 0))
        done = fchmod(to, mode);
    if (done == 0)
        done = futimens(to, times);
    int error = errno;
    if (close(to) < 0 && done == 0)
        return -1;
    errno = error;
    return done;
}

int copy_symlink(int from_folder, const char *from_name, int folder, const char *name, const struct stat *status,
                 const struct timespec times[2])
{
    char *target = read_target(from_folder, from_name);
    int done = target == NULL ? -1 : symlinkat(target, folder, name);
    free(target);
    /* Reading it is seen in its times, unless they are set again. */
    struct timespec own[2] = { status->st_atim, status->st_mtim };
    if (done == 0 && status->st_uid == geteuid())
        utimensat(from_folder, from_name, own, AT_SYMLINK_NOFOLLOW);
    return done < 0 ? -1 : utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW);
}
