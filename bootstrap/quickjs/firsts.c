/* The copies of files with several names: see firsts.h. */
#include <stdlib.h>
#include <string.h>

#include "firsts.h"
#include "native.h"

/* What stands for a path while somebody is making the copy. */
static char awaited[] = "";

void firsts_start(struct firsts *firsts)
{
    *firsts = (struct firsts){ .paths = NULL };
    pthread_mutex_init(&firsts->lock, NULL);
    pthread_cond_init(&firsts->changed, NULL);
}

void firsts_end(struct firsts *firsts)
{
    for (size_t at = 0; at < firsts->room; at += 1)
        free(firsts->paths[at]);
    free(firsts->paths);
    links_end(&firsts->links);
    pthread_cond_destroy(&firsts->changed);
    pthread_mutex_destroy(&firsts->lock);
}

size_t firsts_number(struct firsts *firsts, dev_t device, ino_t inode)
{
    pthread_mutex_lock(&firsts->lock);
    size_t *number = links_find(&firsts->links, device, inode);
    if (*number == LINKS_NEW)
        *number = firsts->count++;
    size_t found = *number;
    pthread_mutex_unlock(&firsts->lock);
    return found;
}

const char *firsts_claim(struct firsts *firsts, size_t number)
{
    pthread_mutex_lock(&firsts->lock);
    if (number >= firsts->room) {
        size_t room = number * 2 + 64;
        firsts->paths = must_alloc(firsts->paths, room * sizeof(*firsts->paths));
        memset(firsts->paths + firsts->room, 0, (room - firsts->room) * sizeof(*firsts->paths));
        firsts->room = room;
    }
    /* Whoever makes it waits for nothing meanwhile. */
    while (firsts->paths[number] == awaited)
        pthread_cond_wait(&firsts->changed, &firsts->lock);
    const char *path = firsts->paths[number];
    if (path == NULL)
        firsts->paths[number] = awaited;
    pthread_mutex_unlock(&firsts->lock);
    return path;
}

void firsts_made(struct firsts *firsts, size_t number, char *path)
{
    pthread_mutex_lock(&firsts->lock);
    firsts->paths[number] = path;
    pthread_cond_broadcast(&firsts->changed);
    pthread_mutex_unlock(&firsts->lock);
}
