/*
 * stage0 SCRIPT: carry out a script of commands, before there is a shell.
 *
 * It is the first program that the bootstrap compiles, and needs no C library: it calls Linux directly.
 *
 * A script is read line by line. A line has words between blanks; '#' where a word could begin starts a comment, and '\' as
 * the last word of a line joins the next one to it. In a word, $NAME stands for that variable of the environment, which must
 * be set, and 'text' for text as it is. The first word is the command:
 *
 *   mkdir DIR...                make folders, each below one that is there
 *   copy FILE TO                copy a file
 *   copy-tree DIR TO            copy what is in a folder to another, which is made if it is not there; files replace files
 *   copy-named LOG NAME TO      copy the file whose path is the last word of the file LOG to end with /NAME
 *   link TARGET PATH            make a symlink
 *   write FILE WORD...          write a file of one line
 *   run PROGRAM ARG...          run a program, with the environment of stage0
 *   run-to FILE PROGRAM ARG...  the same, what it prints goes to a file
 *
 * What is copied or written gets mode 644, folders get 755. The first command that fails ends the script: stage0 prints the
 * script, the line, the command and the reason, and ends with 1.
 *
 * Limits: a script or LOG of 8 MB, 512 words and 64 KB a command, paths of 4095 bytes.
 */

typedef unsigned long size;

/* Linux, as far as it is needed: system calls, by architecture, give a negative error number where they fail. */

#if defined(__x86_64__)

enum {
    SYS_read = 0, SYS_write = 1, SYS_close = 3, SYS_clone = 56, SYS_execve = 59, SYS_wait4 = 61, SYS_getdents64 = 217,
    SYS_exit_group = 231, SYS_openat = 257, SYS_mkdirat = 258, SYS_symlinkat = 266, SYS_dup3 = 292,
};
enum { O_DIRECTORY = 0200000 };

static long call(long number, long a, long b, long c, long d, long e)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

/* The kernel starts a program with its arguments on the stack, which C wants aligned. */
__asm__(".globl _start\n"
        "_start: mov %rsp, %rdi\n"
        "        and $-16, %rsp\n"
        "        call start\n");

#elif defined(__aarch64__)

enum {
    SYS_dup3 = 24, SYS_mkdirat = 34, SYS_symlinkat = 36, SYS_openat = 56, SYS_close = 57, SYS_getdents64 = 61, SYS_read = 63,
    SYS_write = 64, SYS_exit_group = 94, SYS_clone = 220, SYS_execve = 221, SYS_wait4 = 260,
};
enum { O_DIRECTORY = 040000 };

static long call(long number, long a, long b, long c, long d, long e)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
}

__asm__(".globl _start\n"
        "_start: mov x0, sp\n"
        "        bl start\n");

#else
#error "stage0 does not know the system calls of this architecture"
#endif

enum { AT_FDCWD = -100, O_RDONLY = 0, O_WRONLY = 01, O_CREAT = 0100, O_TRUNC = 01000, SIGCHLD = 17 };
enum { EEXIST = 17 };
enum { DT_DIR = 4, DT_REG = 8 };

enum { PATH_SIZE = 4096, MOST_WORDS = 512, WORDS_SIZE = 1 << 16, TEXT_SIZE = 8 << 20, BLOCK_SIZE = 1 << 17 };

/* What the command at work is, for messages, and its words. */

static const char *script;
static long line = 0;
static char *words[MOST_WORDS + 1];
static int word_count = 0;
static char word_bytes[WORDS_SIZE];
static size word_used = 0;

static char **environment;

/* The compiler may make calls of these two out of loops and assignments. */

void *memcpy(void *to, const void *from, size length)
{
    char *into = to;
    const char *out_of = from;
    while (length-- > 0)
        *into++ = *out_of++;
    return to;
}

void *memset(void *at, int value, size length)
{
    char *into = at;
    while (length-- > 0)
        *into++ = (char)value;
    return at;
}

/* Text */

static size length_of(const char *text)
{
    size length = 0;
    while (text[length] != '\0')
        length += 1;
    return length;
}

static int is_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a += 1;
        b += 1;
    }
    return *a == *b;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int is_end(char c)
{
    return c == '\n' || c == '\0';
}

static int is_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Messages */

static void put(const char *text)
{
    call(SYS_write, 2, (long)text, (long)length_of(text), 0, 0);
}

static void put_number(long number)
{
    char digits[24];
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    do {
        at -= 1;
        *at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(at);
}

__attribute__((noreturn)) static void stop(int code)
{
    for (;;)
        call(SYS_exit_group, code, 0, 0, 0, 0);
}

static const char *reason_of(long error)
{
    switch (error) {
    case 1: return "not permitted";
    case 2: return "no such file or folder";
    case 5: return "input or output error";
    case 7: return "arguments too long";
    case 8: return "no program for this machine";
    case 12: return "out of memory";
    case 13: return "permission denied";
    case 17: return "it is there already";
    case 20: return "not a folder";
    case 21: return "is a folder";
    case 28: return "no space left";
    case 30: return "read-only";
    case 36: return "name too long";
    default: return 0;
    }
}

/* Write `stage0: SCRIPT:LINE: COMMAND: `, as far as these are known yet. */
static void begin_message(void)
{
    put("stage0: ");
    if (line > 0) {
        put(script);
        put(":");
        put_number(line);
        put(": ");
    }
    if (word_count > 0) {
        put(words[0]);
        put(": ");
    }
}

/* End with a message, and what it is about if that is given. */
__attribute__((noreturn)) static void fail(const char *message, const char *about)
{
    begin_message();
    put(message);
    if (about != 0) {
        put(" ");
        put(about);
    }
    put("\n");
    stop(1);
}

/* End with `PATH: REASON` for a system call that failed. */
__attribute__((noreturn)) static void fail_call(const char *path, long result)
{
    const char *reason = reason_of(-result);
    begin_message();
    put(path);
    put(": ");
    if (reason != 0) {
        put(reason);
    } else {
        put("error ");
        put_number(-result);
    }
    put("\n");
    stop(1);
}

/* End with `PROGRAM: ended with exit code N`, or by which signal. */
__attribute__((noreturn)) static void fail_program(const char *program, int status)
{
    int signal = status & 0x7f;
    begin_message();
    put(program);
    put(signal != 0 ? ": ended by signal " : ": ended with exit code ");
    put_number(signal != 0 ? signal : status >> 8 & 0xff);
    put("\n");
    stop(1);
}

/* Files */

static long open_file(const char *path, int flags)
{
    long file = call(SYS_openat, AT_FDCWD, (long)path, flags, 0644, 0);
    if (file < 0)
        fail_call(path, file);
    return file;
}

static void close_file(long file)
{
    call(SYS_close, file, 0, 0, 0, 0);
}

static long create_file(const char *path)
{
    return open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
}

static long read_block(long file, const char *path, char *block, size most)
{
    long got = call(SYS_read, file, (long)block, (long)most, 0, 0);
    if (got < 0)
        fail_call(path, got);
    return got;
}

static void write_all(long file, const char *path, const char *bytes, size length)
{
    while (length > 0) {
        long written = call(SYS_write, file, (long)bytes, (long)length, 0, 0);
        if (written < 0)
            fail_call(path, written);
        bytes += written;
        length -= (size)written;
    }
}

/* Read a whole file as a text that ends with a zero byte, into `text` of TEXT_SIZE bytes. */
static void read_text(const char *path, char *text)
{
    long file = open_file(path, O_RDONLY);
    size used = 0;
    for (;;) {
        long got = read_block(file, path, text + used, TEXT_SIZE - used);
        if (got == 0)
            break;
        used += (size)got;
        if (used == TEXT_SIZE)
            fail("larger than 8 MB:", path);
    }
    text[used] = '\0';
    close_file(file);
}

static void make_folder(const char *path, int may_exist)
{
    long result = call(SYS_mkdirat, AT_FDCWD, (long)path, 0755, 0, 0);
    if (result < 0 && !(may_exist && result == -EEXIST))
        fail_call(path, result);
}

static void copy_file(const char *from, const char *to)
{
    static char block[BLOCK_SIZE];
    long in = open_file(from, O_RDONLY);
    long out = create_file(to);
    long got;
    while ((got = read_block(in, from, block, sizeof block)) > 0)
        write_all(out, to, block, (size)got);
    close_file(in);
    close_file(out);
}

/* Write FOLDER/NAME. */
static void join(char *path, const char *folder, const char *name)
{
    size first = length_of(folder), second = length_of(name);
    if (first + 1 + second >= PATH_SIZE)
        fail("path too long:", folder);
    memcpy(path, folder, first);
    path[first] = '/';
    memcpy(path + first + 1, name, second + 1);
}

/* What getdents64 writes, one after the other. */
struct entry {
    unsigned long inode, offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static void copy_tree(const char *from, const char *to)
{
    _Alignas(struct entry) char block[16384];
    char source[PATH_SIZE], target[PATH_SIZE];
    make_folder(to, 1);
    long folder = open_file(from, O_RDONLY | O_DIRECTORY);
    for (;;) {
        long got = call(SYS_getdents64, folder, (long)block, sizeof block, 0, 0);
        if (got < 0)
            fail_call(from, got);
        if (got == 0)
            break;
        for (long at = 0; at < got;) {
            struct entry *entry = (struct entry *)(block + at);
            at += entry->length;
            if (is_equal(entry->name, ".") || is_equal(entry->name, ".."))
                continue;
            join(source, from, entry->name);
            join(target, to, entry->name);
            if (entry->type == DT_DIR)
                copy_tree(source, target);
            else if (entry->type == DT_REG)
                copy_file(source, target);
            else
                fail("neither a file nor a folder:", source);
        }
    }
    close_file(folder);
}

/* Copy the file that the last word of a log to end with /NAME is the path of. The log's words are cut apart by this. */
static void copy_named(const char *log, const char *name, const char *to)
{
    static char text[TEXT_SIZE];
    const char *found = 0;
    read_text(log, text);
    for (char *at = text; *at != '\0';) {
        const char *word = at, *last = 0;
        while (*at != '\0' && !is_blank(*at) && *at != '\n') {
            if (*at == '/')
                last = at + 1;
            at += 1;
        }
        while (is_blank(*at) || *at == '\n')
            *at++ = '\0';
        if (last != 0 && is_equal(last, name))
            found = word;
    }
    if (found == 0)
        fail("the log names no file", name);
    copy_file(found, to);
}

/* Processes */

/* Run a program and wait for it. What it prints goes to a file, or where stage0 prints if `output` is null. */
static void run(const char *output, char **arguments)
{
    long process = call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (process < 0)
        fail_call(arguments[0], process);
    if (process == 0) {
        if (output != 0) {
            long file = create_file(output);
            call(SYS_dup3, file, 1, 0, 0, 0);
            call(SYS_dup3, file, 2, 0, 0, 0);
        }
        fail_call(arguments[0], call(SYS_execve, (long)arguments[0], (long)arguments, (long)environment, 0, 0));
    }
    int status = 0;
    long ended = call(SYS_wait4, process, (long)&status, 0, 0, 0);
    if (ended < 0)
        fail_call(arguments[0], ended);
    if (status != 0)
        fail_program(arguments[0], status);
}

/* The script */

static void add_byte(char byte)
{
    if (word_used == sizeof word_bytes)
        fail("more than 64 KB of words", 0);
    word_bytes[word_used] = byte;
    word_used += 1;
}

static void add_variable(const char *name, size length)
{
    for (char **each = environment; *each != 0; each += 1) {
        size same = 0;
        while (same < length && (*each)[same] == name[same])
            same += 1;
        if (same < length || (*each)[same] != '=')
            continue;
        for (const char *value = *each + length + 1; *value != '\0'; value += 1)
            add_byte(*value);
        return;
    }
    size start = word_used;
    for (size at = 0; at < length; at += 1)
        add_byte(name[at]);
    add_byte('\0');
    fail("no such variable:", word_bytes + start);
}

/* Read the word at a place in the script, which no blank is at, and give the place after it. */
static const char *read_word(const char *at)
{
    if (word_count == MOST_WORDS)
        fail("more than 512 words", 0);
    char *word = word_bytes + word_used;
    while (!is_blank(*at) && !is_end(*at)) {
        if (*at == '\'') {
            for (at += 1; *at != '\''; at += 1) {
                if (is_end(*at))
                    fail("a quote has no end", 0);
                add_byte(*at);
            }
            at += 1;
        } else if (*at == '$') {
            const char *name = at + 1;
            for (at = name; is_name(*at); at += 1)
                continue;
            add_variable(name, (size)(at - name));
        } else {
            add_byte(*at);
            at += 1;
        }
    }
    add_byte('\0');
    words[word_count] = word;
    word_count += 1;
    return at;
}

/* Read the words of the next command, none for an empty line, and give the place after its line. */
static const char *read_command(const char *at)
{
    word_count = 0;
    word_used = 0;
    line += 1;
    for (;;) {
        while (is_blank(*at))
            at += 1;
        if (at[0] == '\\' && at[1] == '\n') {
            at += 2;
            line += 1;
        } else if (*at == '#') {
            while (!is_end(*at))
                at += 1;
        } else if (is_end(*at)) {
            break;
        } else {
            at = read_word(at);
        }
    }
    words[word_count] = 0;
    return *at == '\n' ? at + 1 : at;
}

/* Tell whether the command is this one, and see to it that it has enough words. */
static int is_command(const char *name, int least, int most)
{
    if (!is_equal(words[0], name))
        return 0;
    if (word_count - 1 < least)
        fail("a word is missing", 0);
    if (word_count - 1 > most)
        fail("there is a word too many:", words[most + 1]);
    return 1;
}

static void carry_out(void)
{
    if (is_command("mkdir", 1, MOST_WORDS)) {
        for (int at = 1; at < word_count; at += 1)
            make_folder(words[at], 0);
    } else if (is_command("copy", 2, 2)) {
        copy_file(words[1], words[2]);
    } else if (is_command("copy-tree", 2, 2)) {
        copy_tree(words[1], words[2]);
    } else if (is_command("copy-named", 3, 3)) {
        copy_named(words[1], words[2], words[3]);
    } else if (is_command("link", 2, 2)) {
        long result = call(SYS_symlinkat, (long)words[1], AT_FDCWD, (long)words[2], 0, 0);
        if (result < 0)
            fail_call(words[2], result);
    } else if (is_command("write", 2, MOST_WORDS)) {
        long file = create_file(words[1]);
        for (int at = 2; at < word_count; at += 1) {
            write_all(file, words[1], words[at], length_of(words[at]));
            write_all(file, words[1], at + 1 < word_count ? " " : "\n", 1);
        }
        close_file(file);
    } else if (is_command("run", 1, MOST_WORDS)) {
        run(0, words + 1);
    } else if (is_command("run-to", 2, MOST_WORDS)) {
        run(words[1], words + 2);
    } else {
        fail("there is no such command", 0);
    }
}

/* Where the kernel starts the program: the stack has the number of arguments, these, a null, and the environment. */
__attribute__((used, noreturn)) void start(long *stack)
{
    static char text[TEXT_SIZE];
    long count = stack[0];
    char **arguments = (char **)(stack + 1);
    environment = arguments + count + 1;
    if (count != 2) {
        put("usage: stage0 SCRIPT\n");
        stop(2);
    }
    script = arguments[1];
    read_text(script, text);
    for (const char *at = text; *at != '\0';) {
        at = read_command(at);
        if (word_count > 0)
            carry_out();
    }
    stop(0);
}
