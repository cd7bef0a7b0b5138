/*
 * Threads that take tasks from each other. Whoever waits for tasks that it has handed out does others meanwhile, so a task may
 * hand out further ones.
 */
#ifndef CLEAVE_CREW_H
#define CLEAVE_CREW_H

enum { MOST_THREADS = 4 };

struct crew;

struct task {
    /* Called in the thread that takes the task, whose number is below MOST_THREADS; 0 is the one that started the crew. */
    void (*run)(struct task *task, int thread);
    /* How many tasks are not done yet, of those that somebody waits for together. Belongs to the crew meanwhile. */
    int *left;
    struct task *next;
};

/* Start as many threads as there are processors, up to MOST_THREADS with this one. NULL where that would be this one alone. */
struct crew *crew_start(void);

/* Say whether a task would be taken soon. This may be wrong, but is quick. */
int crew_has_room(const struct crew *crew);

/* Hand out a task, which stays where it is until it has run. */
void crew_offer(struct crew *crew, struct task *task);

/* Wait until no task is left of those that count in `left`. */
void crew_wait(struct crew *crew, const int *left, int thread);

/* Keep what others change from changing; not to be held for long. */
void crew_lock(struct crew *crew);
void crew_unlock(struct crew *crew);

/* End the threads. No task may be left. */
void crew_end(struct crew *crew);

#endif
