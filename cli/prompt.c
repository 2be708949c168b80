#include "cli/prompt.h"

#include "crypto/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* What ends a program or stops it, by a key or by another program. */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU};
enum { CAUGHT = sizeof caught / sizeof caught[0] };

/* A signal writes its number into this pipe. It may arrive in any thread, and at any time: between
 * a look at a flag and the wait for a key it would be missed. */
static int signal_pipe[2] = {-1, -1};

static void note_signal(int signal)
{
    const int error = errno;
    const unsigned char number = (unsigned char)signal;
    (void)!write(signal_pipe[1], &number, 1);
    errno = error;
}

static bool make_pipe(void)
{
    if (pipe(signal_pipe) != 0) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        (void)fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

/* What is ignored, as nohup does, stays so. */
static void catch_signals(struct sigaction before[CAUGHT])
{
    struct sigaction ours = {.sa_handler = note_signal};
    (void)sigemptyset(&ours.sa_mask);
    for (int i = 0; i < CAUGHT; i++) {
        (void)sigaction(caught[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) {
            (void)sigaction(caught[i], &ours, NULL);
        }
    }
}

static void release_signals(const struct sigaction before[CAUGHT])
{
    for (int i = 0; i < CAUGHT; i++) {
        (void)sigaction(caught[i], &before[i], NULL);
    }
    (void)close(signal_pipe[0]);
    (void)close(signal_pipe[1]);
}

/* Waits for a key or a signal. 0: there is something to read. Else the signal. */
static int wait_for_key(int terminal)
{
    struct pollfd wanted[2] = {{.fd = terminal, .events = POLLIN},
                               {.fd = signal_pipe[0], .events = POLLIN}};
    unsigned char number = 0;
    for (;;) {
        const int ready = poll(wanted, 2, -1);
        if (read(signal_pipe[0], &number, 1) == 1) {
            return number;
        }
        if (ready > 0 && wanted[0].revents != 0) {
            return 0;
        }
        if (ready < 0 && errno != EINTR) {
            return 0; /* reading will say what is wrong */
        }
    }
}

/* Reads a line; *signal gets what interrupted it. */
static enum prompt_answer read_line(char *out, size_t size, int *signal, int terminal)
{
    size_t got = 0;
    char c = '\n';
    enum prompt_answer answer = PROMPT_GIVEN;
    for (;;) {
        *signal = wait_for_key(terminal);
        const ssize_t count = *signal == 0 ? read(terminal, &c, 1) : 0;
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0 || c == '\n') {
            break;
        }
        if (c == '\0') {
            answer = PROMPT_NUL;
        }
        if (got + 1 == size) {
            answer = PROMPT_TOO_LONG;
        } else {
            out[got++] = c;
        }
    }
    if (*signal != 0 || answer != PROMPT_GIVEN) {
        tj_cleanse(out, got);
        got = 0;
    }
    out[got] = '\0';
    return answer == PROMPT_GIVEN && got == 0 ? PROMPT_NONE : answer;
}

static enum prompt_answer ask_once(char *out, size_t size, int *signal, int terminal,
                                   const struct termios *normal, const char *prompt, bool echo)
{
    struct sigaction before[CAUGHT];
    struct termios ours = *normal;
    ours.c_lflag &= ~(tcflag_t)ECHO;
    ours.c_lflag |= (tcflag_t)(ISIG | (echo ? ECHO | ICANON : 0));
    if (!make_pipe()) {
        *signal = 0;
        return PROMPT_NO_TERMINAL;
    }
    catch_signals(before);
    (void)tcsetattr(terminal, TCSAFLUSH, &ours);
    dprintf(terminal, "%s ", prompt);
    const enum prompt_answer answer = read_line(out, size, signal, terminal);
    (void)tcsetattr(terminal, TCSAFLUSH, normal);
    if (!echo || *signal != 0) {
        dprintf(terminal, "\n");
    }
    release_signals(before);
    return answer;
}

/* Sends the signal once more, now that it does what it does. To this thread, so that it has done it
 * when this returns. True for one that only stops the process, when it goes on. */
static bool stops_only(int signal)
{
    (void)raise(signal);
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static enum prompt_answer ask(char *out, size_t size, const char *prompt, bool echo)
{
    struct termios normal;
    int signal = 0;
    bool again = false;
    enum prompt_answer answer = PROMPT_NO_TERMINAL;
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    out[0] = '\0';
    if (terminal >= 0 && tcgetattr(terminal, &normal) == 0) {
        do {
            answer = ask_once(out, size, &signal, terminal, &normal, prompt, echo);
            again = signal != 0 && stops_only(signal);
        } while (again);
    }
    if (terminal >= 0) {
        (void)close(terminal);
    }
    return answer;
}

enum prompt_answer prompt_secret(char *out, size_t size, const char *prompt)
{
    char asked[256];
    snprintf(asked, sizeof asked, "%s:", prompt);
    return ask(out, size, asked, false);
}

enum prompt_answer prompt_line(char *out, size_t size, const char *prompt)
{
    return ask(out, size, prompt, true);
}
