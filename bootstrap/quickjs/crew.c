/* Threads that take tasks from each other: see crew.h. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "crew.h"
#include "native.h"

/* What functions have on their stacks here, blocks of content included, is far below this. */
enum { STACK = 1 << 20 };

struct hand {
    struct crew *crew;
    pthread_t thread;
    int number;
};

struct crew {
    pthread_mutex_t lock;
    /* Whatever is waited for has changed: a task was handed out or is done, or all is over. */
    pthread_cond_t changed;
    struct task *first;
    atomic_int waiting;
    int over;
    /* The threads besides the first. */
    int count;
    struct hand hands[MOST_THREADS - 1];
};

/* Run the next task. The lock is held before and after. */
static void run_next(struct crew *crew, int thread)
{
    struct task *task = crew->first;
    int *left = task->left;
    crew->first = task->next;
    atomic_fetch_sub(&crew->waiting, 1);
    pthread_mutex_unlock(&crew->lock);
    task->run(task, thread);
    pthread_mutex_lock(&crew->lock);
    *left -= 1;
    pthread_cond_broadcast(&crew->changed);
}

static void *work(void *data)
{
    struct hand *hand = data;
    struct crew *crew = hand->crew;
    /* With a working directory of its own. */
    if (unshare(CLONE_FS) < 0)
        return NULL;
    pthread_mutex_lock(&crew->lock);
    while (!crew->over) {
        if (crew->first != NULL)
            run_next(crew, hand->number);
        else
            pthread_cond_wait(&crew->changed, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

struct crew *crew_start(void)
{
    cpu_set_t set;
    pthread_attr_t attributes;
    sigset_t all, before;
    int threads = sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);
    if (threads > MOST_THREADS)
        threads = MOST_THREADS;
    if (threads < 2)
        return NULL;
    struct crew *crew = must_alloc(NULL, sizeof(*crew));
    *crew = (struct crew){ .first = NULL };
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->changed, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (crew->count < threads - 1) {
        struct hand *hand = &crew->hands[crew->count];
        *hand = (struct hand){ .crew = crew, .number = crew->count + 1 };
        if (pthread_create(&hand->thread, &attributes, work, hand) != 0)
            break;
        crew->count += 1;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return crew;
}

int crew_has_room(const struct crew *crew)
{
    return atomic_load_explicit(&crew->waiting, memory_order_relaxed) < crew->count;
}

void crew_offer(struct crew *crew, struct task *task)
{
    pthread_mutex_lock(&crew->lock);
    *task->left += 1;
    task->next = crew->first;
    crew->first = task;
    atomic_fetch_add(&crew->waiting, 1);
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
}

void crew_wait(struct crew *crew, const int *left, int thread)
{
    pthread_mutex_lock(&crew->lock);
    while (*left > 0) {
        if (crew->first != NULL)
            run_next(crew, thread);
        else
            pthread_cond_wait(&crew->changed, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
}

void crew_lock(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
}

void crew_unlock(struct crew *crew)
{
    pthread_mutex_unlock(&crew->lock);
}

void crew_end(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->over = 1;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    for (int at = 0; at < crew->count; at += 1)
        pthread_join(crew->hands[at].thread, NULL);
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
}
