/*
 * cc, cpp, as, ld, ar, ranlib: what the Zig compiler has of each, under the name by which it is called.
 *
 * `zig cc` itself wants a cache that it may write to, and compiles a C library into it. The compiler and the linker inside of it
 * need neither: this program calls those with the folders of headers and libraries that lie beside it, and replaces itself by them.
 *
 *   cc, gcc, c99, c11   compile and link, statically, against musl; -shared is refused
 *   cpp                 the same with -E, of standard input where no file is named
 *   as                  the same for assembly, with -c
 *   ld                  the linker
 *   ar, ranlib          archives
 *
 * Set at compile time: ZIG, the path of the compiler; ROOT, the folder that has bin, lib and include; TARGET, clang's name of the
 * platform that code is made for.
 *
 * What it makes does not depend on when: __DATE__ and __TIME__ are those of SOURCE_DATE_EPOCH, 1980-01-02 where nobody set it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **command;
static int command_length = 0;

static void add(char *argument)
{
    command[command_length] = argument;
    command_length += 1;
}

/* Add what this program was called with. */
static void add_all(int count, char **arguments)
{
    for (int at = 1; at < count; at += 1)
        add(arguments[at]);
}

static int is_one_of(const char *text, const char *const *list)
{
    for (; *list != NULL; list += 1)
        if (strcmp(text, *list) == 0)
            return 1;
    return 0;
}

static int starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static const char *const compilers[] = {"cc", "gcc", "c99", "c11", "clang", NULL};

/* Options that end the work before linking, and those whose next argument is a value, not a file. */
static const char *const not_linking[] = {"-c", "-S", "-E", "-M", "-MM", "-fsyntax-only", NULL};
static const char *const with_value[] = {
    "-o",  "-I",  "-D",  "-U",         "-L",       "-x",       "-include",     "-imacros",    "-isystem", "-iquote",
    "-MF", "-MT", "-MQ", "-idirafter", "-isysroot", "-Xlinker", "-Xassembler", "-Xpreprocessor", "-T",  "-u",
    "-z",  NULL,
};

/* What the arguments of a compiler ask for. */
struct request {
    int has_input;      /* there is something to compile or link, and not only questions to the compiler */
    int links;          /* that is to be linked */
    int start_files;    /* the program starts as C programs do */
    int libraries;      /* the C library is linked */
    int headers;        /* the headers of compiler and C library are found */
    int is_shared;      /* a shared library is to be made */
};

static struct request read_request(int count, char **arguments)
{
    struct request request = {.start_files = 1, .libraries = 1, .headers = 1};
    int may_link = 1;
    for (int at = 1; at < count; at += 1) {
        const char *argument = arguments[at];
        if (is_one_of(argument, not_linking)) {
            may_link = 0;
        } else if (strcmp(argument, "-nostdlib") == 0 || strcmp(argument, "-r") == 0) {
            request.start_files = 0;
            request.libraries = 0;
        } else if (strcmp(argument, "-nodefaultlibs") == 0) {
            request.libraries = 0;
        } else if (strcmp(argument, "-nostartfiles") == 0) {
            request.start_files = 0;
        } else if (strcmp(argument, "-shared") == 0) {
            request.is_shared = 1;
        } else if (strcmp(argument, "-nostdinc") == 0) {
            request.headers = 0;
        } else if (is_one_of(argument, with_value)) {
            at += 1;
        } else if (argument[0] != '-' || argument[1] == '\0' || starts_with(argument, "-l") ||
                   starts_with(argument, "-Wl,")) {
            request.has_input = 1;
        }
    }
    request.links = request.has_input && may_link;
    return request;
}

static void add_compiler(const char *name, int count, char **arguments)
{
    struct request request = read_request(count, arguments);
    if (request.is_shared) {
        fprintf(stderr, "%s: -shared: this compiler makes static programs and archives only\n", name);
        exit(1);
    }
    int is_cpp = strcmp(name, "cpp") == 0, is_as = strcmp(name, "as") == 0;
    add("clang");
    add("--target=" TARGET);
    if (is_as) {
        add("-c");
        add("-x");
        add("assembler");
        add_all(count, arguments);
        return;
    }
    if (is_cpp)
        add("-E");
    else if (!request.has_input) {
        add_all(count, arguments);
        return;
    }
    add("-nostdinc");
    add("-fno-pie");
    request.links = request.links && !is_cpp;
    if (request.links) {
        add("-static");
        add("-nostdlib");
        add("--ld-path=" ROOT "/bin/ld");
        add("-Wl,--build-id=none");
        add("-L" ROOT "/lib");
        if (request.start_files)
            add(ROOT "/lib/crt1.o");
    }
    add_all(count, arguments);
    if (is_cpp && !request.has_input)
        add("-");
    if (request.headers) {
        add("-isystem");
        add(ROOT "/lib/clang/include");
        add("-isystem");
        add(ROOT "/include");
    }
    if (request.links && request.libraries) {
        /* libc.c has these. */
        add("-Wl,--wrap=realloc,--wrap=reallocarray");
        add("-lc");
    }
}

int main(int count, char **arguments)
{
    const char *slash = strrchr(arguments[0], '/');
    const char *name = slash == NULL ? arguments[0] : slash + 1;
    command = calloc((size_t)count + 32, sizeof *command);
    if (command == NULL) {
        perror(name);
        return 1;
    }
    setenv("SOURCE_DATE_EPOCH", "315619200", 0);
    add(ZIG);
    if (strcmp(name, "ld") == 0 || strcmp(name, "ar") == 0 || strcmp(name, "ranlib") == 0) {
        add(strcmp(name, "ld") == 0 ? "ld.lld" : strcmp(name, "ar") == 0 ? "ar" : "ranlib");
        add_all(count, arguments);
    } else if (is_one_of(name, compilers) || strcmp(name, "cpp") == 0 || strcmp(name, "as") == 0) {
        add_compiler(name, count, arguments);
    } else {
        fprintf(stderr, "%s: this program is cc, cpp, as, ld, ar or ranlib, by the name it is called by\n", name);
        return 1;
    }
    execv(command[0], command);
    fprintf(stderr, "%s: %s: %s\n", name, command[0], strerror(errno));
    return 1;
}
