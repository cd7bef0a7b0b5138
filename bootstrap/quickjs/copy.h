/* Copies of content: by reflink, else by the kernel, else by reading and writing. */
#ifndef CLEAVE_COPY_H
#define CLEAVE_COPY_H

#include <sys/types.h>

/* Copy the content of an open file to one that is open and empty. -1 with errno. */
int copy_content(int from, int to, off_t size);

/* Write all of it. -1 with errno. */
int write_all(int fd, const void *bytes, size_t length);

/* Read the target of a symlink, to be freed; NULL with errno. */
char *read_target(int folder, const char *name);

#endif
