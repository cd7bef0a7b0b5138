/*
 * system, popen and pclose for busybox, in place of those of the C library: these start /bin/sh, which a build does not have. The
 * shell that they start here is the one of this program itself. awk, ed and others run commands by them.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The pipes that are open. */
struct pipe {
    FILE *file;
    pid_t process;
    struct pipe *next;
};

static struct pipe *pipes;

/* Start `sh -c COMMAND`. Gives an error number, or 0. */
static int start(pid_t *process, const char *command, posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes)
{
    char *arguments[] = {"sh", "-c", (char *)command, NULL};
    return posix_spawn(process, "/proc/self/exe", actions, attributes, arguments, environ);
}

static int wait_for(pid_t process)
{
    int status;
    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

int system(const char *command)
{
    if (command == NULL)
        return 1;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
    sigset_t child, before, defaults;
    posix_spawnattr_t attributes;
    pid_t process;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    sigemptyset(&defaults);
    if (interrupt.sa_handler != SIG_IGN)
        sigaddset(&defaults, SIGINT);
    if (quit.sa_handler != SIG_IGN)
        sigaddset(&defaults, SIGQUIT);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &before);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int error = start(&process, command, NULL, &attributes);
    int status = error == 0 ? wait_for(process) : -1;
    posix_spawnattr_destroy(&attributes);
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        errno = error;
    return status;
}

FILE *popen(const char *command, const char *mode)
{
    int writes = mode[0] == 'w';
    int ends[2];
    posix_spawn_file_actions_t actions;
    if (mode[0] != 'r' && !writes) {
        errno = EINVAL;
        return NULL;
    }
    struct pipe *pipe = malloc(sizeof *pipe);
    if (pipe == NULL)
        return NULL;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        free(pipe);
        return NULL;
    }
    int own = ends[writes], other = ends[!writes];
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, other, writes ? 0 : 1);
    if (error == 0)
        error = start(&pipe->process, command, &actions, NULL);
    posix_spawn_file_actions_destroy(&actions);
    close(other);
    pipe->file = error == 0 ? fdopen(own, mode) : NULL;
    if (pipe->file == NULL) {
        if (error != 0)
            errno = error;
        close(own);
        free(pipe);
        return NULL;
    }
    pipe->next = pipes;
    pipes = pipe;
    return pipe->file;
}

int pclose(FILE *file)
{
    for (struct pipe **at = &pipes; *at != NULL; at = &(*at)->next) {
        struct pipe *pipe = *at;
        if (pipe->file != file)
            continue;
        pid_t process = pipe->process;
        *at = pipe->next;
        free(pipe);
        fclose(file);
        return wait_for(process);
    }
    errno = EINVAL;
    return -1;
}
