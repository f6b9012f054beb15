/* Runs commands in turn, A B C A B C ..., and prints what each run took. So a machine that grows slower or faster
 * meanwhile is unfair to nobody.
 *
 *   timer ROUNDS < PLAN
 *
 * A line of PLAN, with tabs between:  NAME  BEFORE  AFTER  PROGRAM  ARGUMENT...
 * BEFORE and AFTER are shell lines, perhaps empty, and not timed. PROGRAM is executed directly.
 * A line of output, with tabs between:  NAME  ROUND  WALL (µs)  CPU (µs)  PEAK MEMORY (KiB)  WAIT STATUS
 * CPU and memory are those of the program and the children that it waited for. Round 0 is for warming up.
 *
 * It is in C because a process inherits its parent's peak memory across fork and exec (getrusage(2), ru_maxrss): this one's
 * is 2 MiB, that of a Go program would hide what a small engine needs.
 *
 * Before each run is a pause of 60 ms. The kernel takes namespaces and cgroups apart after a container's end, and while it
 * still does, the next start shares its grace periods and looks cheaper than the first start of the day. */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTESTANTS = 32, WORDS = 128, PAUSE_US = 60000 };

struct contestant {
    char *name, *before, *after, *argv[WORDS];
};

extern char **environ;

static long microseconds(struct timeval t) { return t.tv_sec * 1000000L + t.tv_usec; }

/* shell runs a line if there is one. Its output is not wanted, its failure is the next run's. */
static void shell(const char *line) {
    if (*line && system(line) < 0) perror(line);
}

static int parse(char *line, struct contestant *c) {
    char *word;
    int n = 0;
    line[strcspn(line, "\n")] = 0;
    if (!(c->name = strsep(&line, "\t")) || !*c->name || !(c->before = strsep(&line, "\t")) || !(c->after = strsep(&line, "\t")))
        return 0;
    while (n < WORDS - 1 && (word = strsep(&line, "\t"))) c->argv[n++] = word;
    c->argv[n] = NULL;
    return n > 0;
}

static void measure(const struct contestant *c, int round, posix_spawn_file_actions_t *files) {
    struct timespec start, end;
    struct rusage used = { 0 };
    int status = -1;
    pid_t pid;

    shell(c->before);
    usleep(PAUSE_US);
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (posix_spawnp(&pid, c->argv[0], files, NULL, c->argv, environ) == 0 && wait4(pid, &status, 0, &used) < 0) status = -1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    shell(c->after);
    printf("%s\t%d\t%ld\t%ld\t%ld\t%d\n", c->name, round,
           (end.tv_sec - start.tv_sec) * 1000000L + (end.tv_nsec - start.tv_nsec) / 1000,
           microseconds(used.ru_utime) + microseconds(used.ru_stime), used.ru_maxrss, status);
    fflush(stdout);
}

int main(int argc, char **argv) {
    static struct contestant all[CONTESTANTS];
    posix_spawn_file_actions_t files;
    int rounds = argc == 2 ? atoi(argv[1]) : 0, n = 0;
    char *line = NULL;
    size_t room = 0;

    if (rounds < 1) {
        fprintf(stderr, "usage: timer ROUNDS < PLAN\n");
        return 2;
    }
    while (n < CONTESTANTS && getline(&line, &room, stdin) > 0) {
        if (*line == '\n') continue;
        if (!parse(strdup(line), &all[n++])) {
            fprintf(stderr, "timer: not a line of a plan: %s\n", line);
            return 2;
        }
    }
    /* standard error stays open: the caller keeps what a failed run said */
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", 1, 0);
    for (int round = 0; round <= rounds; round++)
        for (int i = 0; i < n; i++) measure(&all[i], round, &files);
    return 0;
}
