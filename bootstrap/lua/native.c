/*
 * The module `cleave` of Lua: files and processes, as far as Lua's own libraries lack them and a build needs them.
 *
 * Paths, arguments and variables are strings of bytes. Whatever fails raises an error `<what was done> <path>: <why>`. Nothing
 * follows a symlink but chmod and what is opened.
 *
 *   spawn{ program=, args={}, env={}, cwd=, stdin=, stdout=, stderr= }  start a program with its name, `args` and exactly the
 *        variables of `env`; the last three are descriptors or, for stdin, a path; gives the process id
 *   wait([pid])                wait for a child, or any; gives its id and its exit code, or its id, nil and a signal
 *   open(path, append)         open a file for writing, made anew unless `append`; gives the descriptor
 *   close(descriptor)
 *   lstat(path)                nil, or a table: type (file, folder, symlink, other), mode, size, seconds, nanoseconds
 *   is_folder(path), is_file(path)   whether there is such, or a symlink to such
 *   list(path)                 the names in a folder, ordered by bytes
 *   mkdir(path), rmdir(path), unlink(path), rename(from, to), link(from, to)
 *   symlink(target, path), readlink(path), chmod(path, mode), set_time(path, seconds, nanoseconds)
 *   copy_file(from, to)        copy content and mode to a path that is free
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lauxlib.h"
#include "lua.h"

static int fail(lua_State *L, const char *what, const char *path)
{
    return luaL_error(L, "%s %s: %s", what, path, strerror(errno));
}

/* Files */

static int native_open(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (lua_toboolean(L, 2) ? O_APPEND : O_TRUNC);
    int fd = open(path, flags, 0666);
    if (fd < 0)
        return fail(L, "open", path);
    lua_pushinteger(L, fd);
    return 1;
}

static int native_close(lua_State *L)
{
    close((int)luaL_checkinteger(L, 1));
    return 0;
}

static int native_lstat(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct stat status;
    if (lstat(path, &status) < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return fail(L, "look at", path);
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 5);
    lua_pushstring(L, S_ISREG(status.st_mode)   ? "file"
                      : S_ISDIR(status.st_mode) ? "folder"
                      : S_ISLNK(status.st_mode) ? "symlink"
                                                : "other");
    lua_setfield(L, -2, "type");
    lua_pushinteger(L, status.st_mode & 07777);
    lua_setfield(L, -2, "mode");
    lua_pushinteger(L, status.st_size);
    lua_setfield(L, -2, "size");
    lua_pushinteger(L, status.st_mtim.tv_sec);
    lua_setfield(L, -2, "seconds");
    lua_pushinteger(L, status.st_mtim.tv_nsec);
    lua_setfield(L, -2, "nanoseconds");
    return 1;
}

static int native_is_folder(lua_State *L)
{
    struct stat status;
    lua_pushboolean(L, stat(luaL_checkstring(L, 1), &status) == 0 && S_ISDIR(status.st_mode));
    return 1;
}

static int native_is_file(lua_State *L)
{
    struct stat status;
    lua_pushboolean(L, stat(luaL_checkstring(L, 1), &status) == 0 && S_ISREG(status.st_mode));
    return 1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int native_list(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return fail(L, "list", path);
    char **names = NULL;
    size_t count = 0, room = 0;
    int error = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            error = errno;
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (count == room) {
            room = room * 2 + 16;
            char **grown = realloc(names, room * sizeof(*names));
            if (grown == NULL) {
                error = ENOMEM;
                break;
            }
            names = grown;
        }
        names[count] = strdup(entry->d_name);
        if (names[count] == NULL) {
            error = ENOMEM;
            break;
        }
        count++;
    }
    closedir(folder);
    if (error == 0) {
        if (count > 0)
            qsort(names, count, sizeof(*names), compare_names);
        lua_createtable(L, (int)count, 0);
        for (size_t i = 0; i < count; i++) {
            lua_pushstring(L, names[i]);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    if (error != 0) {
        errno = error;
        return fail(L, "list", path);
    }
    return 1;
}

static int native_mkdir(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    return mkdir(path, 0777) < 0 ? fail(L, "make folder", path) : 0;
}

static int native_rmdir(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    return rmdir(path) < 0 ? fail(L, "remove folder", path) : 0;
}

static int native_unlink(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    return unlink(path) < 0 ? fail(L, "remove", path) : 0;
}

static int native_rename(lua_State *L)
{
    const char *from = luaL_checkstring(L, 1);
    return rename(from, luaL_checkstring(L, 2)) < 0 ? fail(L, "move", from) : 0;
}

static int native_link(lua_State *L)
{
    const char *path = luaL_checkstring(L, 2);
    return link(luaL_checkstring(L, 1), path) < 0 ? fail(L, "link", path) : 0;
}

static int native_symlink(lua_State *L)
{
    const char *path = luaL_checkstring(L, 2);
    return symlink(luaL_checkstring(L, 1), path) < 0 ? fail(L, "link", path) : 0;
}

static int native_readlink(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    /* Linux has no longer targets than 4095 bytes. */
    char target[4096];
    ssize_t length = readlink(path, target, sizeof(target));
    if (length < 0)
        return fail(L, "read link", path);
    lua_pushlstring(L, target, (size_t)length);
    return 1;
}

static int native_chmod(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    return chmod(path, (mode_t)luaL_checkinteger(L, 2)) < 0 ? fail(L, "set mode of", path) : 0;
}

static int native_set_time(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    struct timespec time = { .tv_sec = luaL_checkinteger(L, 2), .tv_nsec = (long)luaL_checkinteger(L, 3) };
    struct timespec times[2] = { time, time };
    return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) < 0 ? fail(L, "set time of", path) : 0;
}

/* Copy until the end; gives 0, or -1 with errno. */
static int copy_content(int from, int to)
{
    char buffer[65536];
    for (;;) {
        ssize_t length = read(from, buffer, sizeof(buffer));
        if (length <= 0)
            return (int)length;
        for (ssize_t done = 0; done < length;) {
            ssize_t written = write(to, buffer + done, (size_t)(length - done));
            if (written < 0)
                return -1;
            done += written;
        }
    }
}

static int native_copy_file(lua_State *L)
{
    const char *from = luaL_checkstring(L, 1);
    const char *to = luaL_checkstring(L, 2);
    struct stat status;
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return fail(L, "open", from);
    int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int result = target < 0 || fstat(source, &status) < 0 || copy_content(source, target) < 0 ||
                 fchmod(target, status.st_mode & 07777) < 0;
    int error = errno;
    close(source);
    if (target >= 0)
        close(target);
    errno = error;
    return result ? fail(L, "copy to", to) : 0;
}

/* Processes */

/* Take a list of strings at index `at` as a vector that ends with NULL, in memory of Lua's, which is pushed. */
static char **to_vector(lua_State *L, int at, const char *first)
{
    lua_Integer count = luaL_len(L, at);
    int extra = first != NULL;
    char **vector = lua_newuserdatauv(L, sizeof(char *) * (size_t)(count + extra + 1), 1);
    if (extra)
        vector[0] = (char *)first;
    for (lua_Integer i = 1; i <= count; i++) {
        if (lua_geti(L, at, i) != LUA_TSTRING)
            luaL_error(L, "an argument that is no string");
        /* The string stays in its list, so that the pointer stays good. */
        vector[i - 1 + extra] = (char *)lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    vector[count + extra] = NULL;
    return vector;
}

/* Replace the table of variables at index `at` by a list of `name=value`. */
static void to_variables(lua_State *L, int at)
{
    lua_newtable(L);
    int list = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, at)) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "a variable that is no string");
        lua_pushfstring(L, "%s=%s", lua_tostring(L, -2), lua_tostring(L, -1));
        lua_rawseti(L, list, luaL_len(L, list) + 1);
        lua_pop(L, 1);
    }
    lua_replace(L, at);
}

/* What the child does. Gives only where that failed. */
static void become(const char *program, char **args, char **variables, const char *cwd, const char *input, const int *fds)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int in = fds[0];
    if (input != NULL) {
        in = open(input, O_RDONLY);
        if (in < 0)
            return;
    }
    /* Above 2 first, so that none is overwritten before it is used; the copies close themselves. */
    int copies[3] = { fcntl(in, F_DUPFD_CLOEXEC, 3), fcntl(fds[1], F_DUPFD_CLOEXEC, 3), fcntl(fds[2], F_DUPFD_CLOEXEC, 3) };
    for (int i = 0; i < 3; i++)
        if (copies[i] < 0 || dup2(copies[i], i) < 0)
            return;
    if (in > 2)
        close(in);
    if (cwd != NULL && chdir(cwd) < 0)
        return;
    execve(program, args, variables);
}

static int native_spawn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "program");
    const char *program = luaL_checkstring(L, 2);
    lua_getfield(L, 1, "args");
    char **args = to_vector(L, 3, program);
    lua_getfield(L, 1, "env");
    luaL_checktype(L, 5, LUA_TTABLE);
    to_variables(L, 5);
    char **variables = to_vector(L, 5, NULL);
    lua_getfield(L, 1, "cwd");
    const char *cwd = luaL_optstring(L, 7, NULL);
    lua_getfield(L, 1, "stdin");
    const char *input = lua_type(L, 8) == LUA_TSTRING ? lua_tostring(L, 8) : NULL;
    int fds[3] = { input != NULL ? 0 : (int)luaL_optinteger(L, 8, 0) };
    lua_getfield(L, 1, "stdout");
    fds[1] = (int)luaL_optinteger(L, 9, 1);
    lua_getfield(L, 1, "stderr");
    fds[2] = (int)luaL_optinteger(L, 10, 2);

    /* The child tells through a pipe why it could not start; the pipe closes when it does. */
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return fail(L, "start", program);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        become(program, args, variables, cwd, input, fds);
        int error = errno;
        ssize_t ignored = write(report[1], &error, sizeof(error));
        (void)ignored;
        _exit(127);
    }
    int error = errno;
    close(report[1]);
    if (pid > 0) {
        ssize_t length;
        do
            length = read(report[0], &error, sizeof(error));
        while (length < 0 && errno == EINTR);
        if (length != (ssize_t)sizeof(error))
            error = 0;
        else
            waitpid(pid, NULL, 0);
    }
    close(report[0]);
    if (error != 0 || pid < 0) {
        errno = error;
        return fail(L, "start", program);
    }
    lua_pushinteger(L, pid);
    return 1;
}

static int native_wait(lua_State *L)
{
    int status;
    pid_t pid;
    do
        pid = waitpid((pid_t)luaL_optinteger(L, 1, -1), &status, 0);
    while (pid < 0 && errno == EINTR);
    if (pid < 0)
        return luaL_error(L, "wait: %s", strerror(errno));
    lua_pushinteger(L, pid);
    if (WIFEXITED(status)) {
        lua_pushinteger(L, WEXITSTATUS(status));
        return 2;
    }
    lua_pushnil(L);
    lua_pushinteger(L, WTERMSIG(status));
    return 3;
}

int luaopen_cleave(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "chmod", native_chmod },       { "close", native_close },
        { "copy_file", native_copy_file }, { "is_file", native_is_file },
        { "is_folder", native_is_folder }, { "link", native_link },
        { "list", native_list },         { "lstat", native_lstat },
        { "mkdir", native_mkdir },       { "open", native_open },
        { "readlink", native_readlink }, { "rename", native_rename },
        { "rmdir", native_rmdir },       { "set_time", native_set_time },
        { "spawn", native_spawn },       { "symlink", native_symlink },
        { "unlink", native_unlink },     { "wait", native_wait },
        { NULL, NULL },
    };
    luaL_newlib(L, functions);
    return 1;
}
