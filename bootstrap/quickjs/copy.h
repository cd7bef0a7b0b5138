/* Copies of files, by reflink, else by the kernel, else by reading and writing; and of symlinks. */
#ifndef CLEAVE_COPY_H
#define CLEAVE_COPY_H

#include <sys/stat.h>
#include <sys/types.h>

/* Copy the content of an open file to one that is open and empty. -1 with errno. */
int copy_content(int from, int to, off_t size);

/* A file to be copied: open, with what it was. */
struct source {
    int fd;
    struct stat status;
    /* Set while its owner is allowed to read it, which it was not. */
    struct lifted *lifted;
};

/* Open a file to be copied, without a trace in its time of access if it is ours. -1 with errno; to be closed all the same. */
int open_source(struct source *source, int folder, const char *name);
void close_source(struct source *source);

/*
 * Make a copy with a mode and times. If `exact`, files in this folder get the mode that they are made with (the umask is 0,
 * and there are no rules for access). -1 with errno.
 */
int copy_source(const struct source *source, int folder, const char *name, mode_t mode, int exact,
                const struct timespec times[2]);

/* Copy a symlink, and set its times. -1 with errno. */
int copy_symlink(int from_folder, const char *from_name, int folder, const char *name, const struct stat *status,
                 const struct timespec times[2]);

/* Write all of it. -1 with errno. */
int write_all(int fd, const void *bytes, size_t length);

/* Read the target of a symlink, to be freed; NULL with errno. */
char *read_target(int folder, const char *name);

#endif
