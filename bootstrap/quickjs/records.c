/* Lists of what a store forgets: see records.h. */
#include <stdlib.h>
#include <string.h>

#include "links.h"
#include "native.h"
#include "records.h"

/* Make room for `more` items; there are `count`. */
static void *grow(void *list, size_t count, size_t more, size_t *room, size_t size)
{
    if (count + more <= *room)
        return list;
    *room = (count + more) * 2 + 64;
    return must_alloc(list, *room * size);
}

static uint32_t *add_records(struct entries *entries, size_t count)
{
    entries->records = grow(entries->records, entries->count, count, &entries->room, RECORD * sizeof(uint32_t));
    entries->count += count;
    return entries->records + (entries->count - count) * RECORD;
}

static void add_names(struct entries *entries, const char *names, size_t size)
{
    entries->names = grow(entries->names, entries->names_used, size, &entries->names_room, 1);
    if (size > 0)
        memcpy(entries->names + entries->names_used, names, size);
    entries->names_used += size;
}

static void add_shared(struct entries *entries, size_t entry, dev_t device, ino_t inode)
{
    entries->shared = grow(entries->shared, entries->shared_count, 1, &entries->shared_room, sizeof(*entries->shared));
    entries->shared[entries->shared_count++] = (struct shared_file){ entry, device, inode };
}

void entries_add(struct entries *entries, const char *name, size_t depth, const struct stat *status, int64_t base)
{
    mode_t mode = status->st_mode;
    int64_t after = (int64_t)status->st_mtim.tv_sec - base;
    int whole = status->st_mtim.tv_nsec == 0 && after >= 0 && after % 60 == 0 && after / 60 < NONE;
    if (!S_ISDIR(mode) && status->st_nlink > 1)
        add_shared(entries, entries->count, status->st_dev, status->st_ino);
    uint32_t *record = add_records(entries, 1);
    record[RECORD_DEPTH] = (uint32_t)depth;
    record[RECORD_MODE] = S_ISLNK(mode) ? 0777 : mode & 07777;
    record[RECORD_MINUTE] = whole ? (uint32_t)(after / 60) : NONE;
    record[RECORD_LINK] = NONE;
    add_names(entries, name, strlen(name) + 1);
}

struct entries *entries_insert(struct entries *entries)
{
    struct entries *inserted = must_alloc(NULL, sizeof(*inserted));
    *inserted = (struct entries){ 0 };
    entries->insertions = grow(entries->insertions, entries->insertion_count, 1, &entries->insertion_room,
                               sizeof(*entries->insertions));
    entries->insertions[entries->insertion_count++] =
        (struct insertion){ entries->count, entries->names_used, inserted };
    return inserted;
}

/* Append a list with all that is inserted into it. It is as deep as threads hand folders on. */
static void append(struct entries *all, const struct entries *entries)
{
    size_t done = 0, names_done = 0, shared = 0;
    for (size_t each = 0; each <= entries->insertion_count; each += 1) {
        const struct insertion *insertion = each < entries->insertion_count ? &entries->insertions[each] : NULL;
        size_t end = insertion == NULL ? entries->count : insertion->before;
        size_t names_end = insertion == NULL ? entries->names_used : insertion->names_before;
        for (; shared < entries->shared_count && entries->shared[shared].entry < end; shared += 1) {
            const struct shared_file *file = &entries->shared[shared];
            add_shared(all, all->count + file->entry - done, file->device, file->inode);
        }
        if (end > done)
            memcpy(add_records(all, end - done), entries->records + done * RECORD,
                   (end - done) * RECORD * sizeof(uint32_t));
        add_names(all, entries->names + names_done, names_end - names_done);
        done = end;
        names_done = names_end;
        if (insertion != NULL)
            append(all, insertion->entries);
    }
}

struct entries entries_finish(struct entries *entries)
{
    struct entries all = { 0 };
    struct links links = { 0 };
    append(&all, entries);
    for (size_t each = 0; each < all.shared_count; each += 1) {
        const struct shared_file *file = &all.shared[each];
        size_t *first = links_find(&links, file->device, file->inode);
        if (*first == LINKS_NEW)
            *first = file->entry;
        else
            all.records[file->entry * RECORD + RECORD_LINK] = (uint32_t)*first;
    }
    links_end(&links);
    entries_end(entries);
    return all;
}

void entries_end(struct entries *entries)
{
    for (size_t each = 0; each < entries->insertion_count; each += 1) {
        entries_end(entries->insertions[each].entries);
        free(entries->insertions[each].entries);
    }
    free(entries->records);
    free(entries->names);
    free(entries->shared);
    free(entries->insertions);
    *entries = (struct entries){ 0 };
}
