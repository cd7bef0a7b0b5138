/* Processes, and what they can leave in the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "walk.h"

static JSValue own_pid(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc, (void)argv;
    return JS_NewInt32(ctx, getpid());
}

static JSValue count_processors(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    cpu_set_t set;
    (void)this, (void)argc, (void)argv;
    int count = sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);
    return JS_NewInt32(ctx, count > 0 ? count : 1);
}

static JSValue set_umask(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    int32_t mask;
    (void)this, (void)argc;
    if (JS_ToInt32(ctx, &mask, argv[0]) < 0)
        return JS_EXCEPTION;
    return JS_NewInt32(ctx, umask(mask & 0777));
}

/* What is needed to start a program. */
struct start {
    char *program, *cwd;
    char **args, **env;
    /* For each of the three descriptors what it becomes; -1 opens `input` for standard input. */
    int descriptors[3];
    char *input;
    int session;
};

/* In the child: start the program, or write an error number to `report`. */
static void become(const struct start *start, int report)
{
    int kept[3];
    sigset_t none;
    if (start->session)
        setsid();
    for (int number = 1; number < NSIG; number += 1)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    report = fcntl(report, F_DUPFD_CLOEXEC, 10);
    for (int at = 0; at < 3; at += 1) {
        int from = start->descriptors[at];
        if (from < 0)
            from = open(start->input, O_RDONLY | O_CLOEXEC);
        kept[at] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, 10);
        if (kept[at] < 0)
            goto fail;
    }
    for (int at = 0; at < 3; at += 1)
        if (dup2(kept[at], at) < 0)
            goto fail;
    if (start->cwd != NULL && chdir(start->cwd) < 0)
        goto fail;
    /* All others are closed by the kernel when the program starts. */
    enum { SET_CLOEXEC = 4, CLOSE_RANGE = 436 };
    if (syscall(CLOSE_RANGE, 3, ~0u, SET_CLOEXEC) < 0)
        for (int fd = 3; fd < 1024; fd += 1)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
    execve(start->program, start->args, start->env);
fail:;
    int error = errno;
    if (write(report, &error, sizeof(error)) < 0)
        _exit(126);
    _exit(127);
}

/* Start it, and give its process id; -1 with errno. */
static pid_t launch(const struct start *start)
{
    int ends[2], error;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become(start, ends[1]);
    error = errno;
    close(ends[1]);
    if (pid > 0 && read(ends[0], &error, sizeof(error)) == sizeof(error)) {
        waitpid(pid, NULL, 0);
        pid = -1;
    }
    close(ends[0]);
    errno = error;
    return pid;
}

static void free_list(char **list)
{
    for (char **at = list; at != NULL && *at != NULL; at += 1)
        free(*at);
    free(list);
}

/* Read a list of texts, after `first` if that is given. NULL after throwing. */
static char **read_list(JSContext *ctx, JSValueConst list, const char *first)
{
    int64_t count = length_of_list(ctx, list);
    if (count < 0)
        return NULL;
    char **texts = must_alloc(NULL, (count + 2) * sizeof(*texts));
    int64_t used = 0;
    if (first != NULL)
        texts[used++] = strcpy(must_alloc(NULL, strlen(first) + 1), first);
    texts[used] = NULL;
    for (int64_t at = 0; at < count; at += 1) {
        JSValue item = JS_GetPropertyUint32(ctx, list, (uint32_t)at);
        texts[used] = path_of_text(ctx, item);
        JS_FreeValue(ctx, item);
        if (texts[used] == NULL) {
            free_list(texts);
            return NULL;
        }
        texts[++used] = NULL;
    }
    return texts;
}

/* Read variables as `name=value`, in the order of the object. NULL after throwing. */
static char **read_env(JSContext *ctx, JSValueConst object)
{
    JSPropertyEnum *names;
    uint32_t count;
    if (JS_GetOwnPropertyNames(ctx, &names, &count, object, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0)
        return NULL;
    char **env = must_alloc(NULL, (count + 1) * sizeof(*env));
    uint32_t at;
    for (at = 0; at < count; at += 1) {
        JSValue key = JS_AtomToString(ctx, names[at].atom), item = JS_GetProperty(ctx, object, names[at].atom);
        char *name = path_of_text(ctx, key), *value = name == NULL ? NULL : path_of_text(ctx, item);
        JS_FreeValue(ctx, key);
        JS_FreeValue(ctx, item);
        env[at] = NULL;
        if (value != NULL) {
            env[at] = must_alloc(NULL, strlen(name) + strlen(value) + 2);
            sprintf(env[at], "%s=%s", name, value);
        }
        free(name);
        free(value);
        if (env[at] == NULL)
            break;
    }
    env[at] = NULL;
    for (uint32_t each = 0; each < count; each += 1)
        JS_FreeAtom(ctx, names[each].atom);
    js_free(ctx, names);
    if (at < count) {
        free_list(env);
        return NULL;
    }
    return env;
}

/* Read an optional text of a request. Gives -1 after throwing. */
static int read_text(JSContext *ctx, JSValueConst request, const char *name, char **text)
{
    JSValue item = JS_GetPropertyStr(ctx, request, name);
    int done = 0;
    *text = NULL;
    if (JS_IsException(item))
        return -1;
    if (!JS_IsUndefined(item))
        done = (*text = path_of_text(ctx, item)) == NULL ? -1 : 0;
    JS_FreeValue(ctx, item);
    return done;
}

/* Read a descriptor of a request: a number, or for standard input a path. Gives -1 after throwing. */
static int read_descriptor(JSContext *ctx, JSValueConst request, const char *name, int number, struct start *start)
{
    JSValue item = JS_GetPropertyStr(ctx, request, name);
    int done = 0;
    start->descriptors[number] = number;
    if (JS_IsString(item) && number == 0) {
        start->descriptors[0] = -1;
        done = (start->input = path_of_text(ctx, item)) == NULL ? -1 : 0;
    } else if (!JS_IsUndefined(item)) {
        done = JS_ToInt32(ctx, &start->descriptors[number], item);
        if (done == 0 && start->descriptors[number] < 0) {
            JS_ThrowRangeError(ctx, "%s is no descriptor", name);
            done = -1;
        }
    }
    JS_FreeValue(ctx, item);
    return done;
}

static int read_start(JSContext *ctx, JSValueConst request, struct start *start)
{
    if (read_text(ctx, request, "program", &start->program) < 0 || read_text(ctx, request, "cwd", &start->cwd) < 0 ||
        read_descriptor(ctx, request, "stdin", 0, start) < 0 ||
        read_descriptor(ctx, request, "stdout", 1, start) < 0 ||
        read_descriptor(ctx, request, "stderr", 2, start) < 0)
        return -1;
    if (start->program == NULL) {
        JS_ThrowTypeError(ctx, "spawn needs a program");
        return -1;
    }
    JSValue args = JS_GetPropertyStr(ctx, request, "args"), env = JS_GetPropertyStr(ctx, request, "env");
    JSValue session = JS_GetPropertyStr(ctx, request, "session");
    start->session = JS_ToBool(ctx, session);
    start->args = read_list(ctx, args, start->program);
    start->env = start->args == NULL ? NULL : read_env(ctx, env);
    JS_FreeValue(ctx, session);
    JS_FreeValue(ctx, args);
    JS_FreeValue(ctx, env);
    return start->env == NULL ? -1 : 0;
}

static JSValue spawn(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct start start = { 0 };
    JSValue result = JS_EXCEPTION;
    (void)this, (void)argc;
    if (read_start(ctx, argv[0], &start) == 0) {
        pid_t pid = launch(&start);
        result = pid < 0 ? throw_errno(ctx, errno, "start", start.program) : JS_NewInt32(ctx, pid);
    }
    free(start.program);
    free(start.cwd);
    free(start.input);
    free_list(start.args);
    free_list(start.env);
    return result;
}

static JSValue wait_for(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    int32_t pid;
    int status;
    (void)this;
    if (JS_ToInt32(ctx, &pid, argv[0]) < 0)
        return JS_EXCEPTION;
    int reap = argc > 1 && JS_ToBool(ctx, argv[1]);
    for (;;) {
        pid_t ended = waitpid(reap ? -1 : pid, &status, 0);
        if (ended == pid)
            break;
        if (ended < 0 && errno != EINTR)
            return throw_errno(ctx, errno, "wait for", "a process");
    }
    JSValue result = JS_NewObject(ctx);
    int exited = WIFEXITED(status);
    JS_SetPropertyStr(ctx, result, "code", exited ? JS_NewInt32(ctx, WEXITSTATUS(status)) : JS_NULL);
    JS_SetPropertyStr(ctx, result, "signal", exited ? JS_NULL : JS_NewInt32(ctx, WTERMSIG(status)));
    return result;
}

static JSValue send_signal(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    int32_t pid, number;
    (void)this, (void)argc;
    if (JS_ToInt32(ctx, &pid, argv[0]) < 0 || JS_ToInt32(ctx, &number, argv[1]) < 0)
        return JS_EXCEPTION;
    if (kill(pid, number) == 0)
        return JS_TRUE;
    return errno == ESRCH ? JS_FALSE : throw_errno(ctx, errno, "send a signal to", "a process");
}

static int compare_numbers(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static JSValue list_processes(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct listing listing;
    size_t used = 0;
    (void)this, (void)argc, (void)argv;
    int folder = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = folder < 0 ? -1 : list_names(folder, &listing), error = errno;
    if (folder >= 0)
        close(folder);
    if (failed < 0)
        return throw_errno(ctx, error, "list", "/proc");
    int *pids = must_alloc(NULL, listing.count * sizeof(*pids));
    for (size_t at = 0; at < listing.count; at += 1)
        if (listing.names[at][0] >= '1' && listing.names[at][0] <= '9')
            pids[used++] = atoi(listing.names[at]);
    qsort(pids, used, sizeof(*pids), compare_numbers);
    JSValue result = JS_NewArray(ctx);
    for (size_t at = 0; at < used; at += 1)
        JS_SetPropertyUint32(ctx, result, (uint32_t)at, JS_NewInt32(ctx, pids[at]));
    free(pids);
    free_listing(&listing);
    return result;
}

static JSValue end_processes(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this, (void)argc, (void)argv;
    if (getpid() != 1)
        return JS_ThrowTypeError(ctx, "only process 1 may end all others");
    /* Those that are dead count until they are reaped; those that fork meanwhile are met in the next round. */
    while (kill(-1, SIGKILL) == 0) {
        waitpid(-1, NULL, 0);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
    }
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        continue;
    return JS_UNDEFINED;
}

/* The variants of `*_STAT` that need no permission to read (Linux 4.17). */
enum { SHM_ANY = 15, MSG_ANY = 13, SEM_ANY = 20 };

union semaphore_argument {
    int value;
    struct semid_ds *status;
    struct seminfo *info;
};

static JSValue remove_ipc(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)ctx, (void)this, (void)argc, (void)argv;
    struct shm_info shm;
    struct shmid_ds shm_status;
    int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&shm);
    for (int at = 0; at <= last; at += 1) {
        int id = shmctl(at, SHM_ANY, &shm_status);
        if (id >= 0)
            shmctl(id, IPC_RMID, NULL);
    }
    struct msginfo msg;
    struct msqid_ds msg_status;
    last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&msg);
    for (int at = 0; at <= last; at += 1) {
        int id = msgctl(at, MSG_ANY, &msg_status);
        if (id >= 0)
            msgctl(id, IPC_RMID, NULL);
    }
    struct seminfo sem;
    struct semid_ds sem_status;
    last = semctl(0, 0, SEM_INFO, (union semaphore_argument){ .info = &sem });
    for (int at = 0; at <= last; at += 1) {
        int id = semctl(at, 0, SEM_ANY, (union semaphore_argument){ .status = &sem_status });
        if (id >= 0)
            semctl(id, 0, IPC_RMID, (union semaphore_argument){ 0 });
    }
    return JS_UNDEFINED;
}

static JSValue seclude(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct rlimit nothing = { 0, 0 };
    (void)this, (void)argc, (void)argv;
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_MSGQUEUE, &nothing) < 0)
        return throw_errno(ctx, errno, "seclude", "this process");
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry list[] = {
    JS_CFUNC_DEF("pid", 0, own_pid),
    JS_CFUNC_DEF("processors", 0, count_processors),
    JS_CFUNC_DEF("umask", 1, set_umask),
    JS_CFUNC_DEF("spawn", 1, spawn),
    JS_CFUNC_DEF("wait", 2, wait_for),
    JS_CFUNC_DEF("kill", 2, send_signal),
    JS_CFUNC_DEF("processes", 0, list_processes),
    JS_CFUNC_DEF("endProcesses", 0, end_processes),
    JS_CFUNC_DEF("removeIpc", 0, remove_ipc),
    JS_CFUNC_DEF("seclude", 0, seclude),
};

const struct native_functions process_functions = { list, COUNT(list) };
