/* Assertions that count and go on; the program's exit status is 1 when one failed. */
#ifndef CHECK_H
#define CHECK_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmgr.h>

static int check_failed, check_passed;

static void check_note(int ok, const char *file, int line, const char *what) {
    if (ok) {
        check_passed++;
    } else {
        check_failed++;
        printf("%s:%d: %s\n", file, line, what);
    }
}

static void check_text(const char *is, const char *wanted, const char *file, int line, const char *what) {
    int ok = (is == NULL || wanted == NULL) ? is == wanted : strcmp(is, wanted) == 0;
    check_note(ok, file, line, what);
    if (!ok) printf("    is %s, wanted %s\n", is ? is : "(null)", wanted ? wanted : "(null)");
}

static void check_status(uint32_t is, uint32_t wanted, const zmgr_error *error, const char *file, int line, const char *what) {
    int ok = is == wanted && (error == NULL || (uint32_t)zmgr_error_code(error) == is);
    check_note(ok, file, line, what);
    if (!ok) {
        printf("    is %s, wanted %s: %s\n", zmgr_status_name(is), zmgr_status_name(wanted),
               error ? zmgr_error_message(error) : "(no error object)");
    }
}

#define CHECK(condition) check_note((condition) ? 1 : 0, __FILE__, __LINE__, #condition)
#define CHECK_TEXT(is, wanted) check_text((is), (wanted), __FILE__, __LINE__, #is " == " #wanted)
/* The status and, where there is one, the error object have to agree. The call comes first: the error is its output. */
#define CHECK_STATUS(call, wanted, error)                                                       \
    do {                                                                                        \
        uint32_t check_is = (uint32_t)(call);                                                   \
        check_status(check_is, (uint32_t)(wanted), (error), __FILE__, __LINE__, #call " is " #wanted); \
    } while (0)
#define CHECK_HAS(text, part) CHECK((text) != NULL && strstr((text), (part)) != NULL)

/* Frees an error and forgets it, so that one variable serves many calls. */
#define DROP(error) (zmgr_error_free(error), (error) = NULL)

static int check_done(void) {
    printf("%d assertions held, %d did not\n", check_passed, check_failed);
    return check_failed ? 1 : 0;
}

/* A manager of a simulated machine in DIRECTORY/NAME, where DIRECTORY is the program's first argument. */
static inline zmgr_manager *check_manager(int argc, char **argv, const char *name, char *directory, size_t size) {
    zmgr_manager *manager = NULL;
    zmgr_error *error = NULL;
    zmgr_open_options options;
    if (argc < 2) {
        fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
        exit(2);
    }
    snprintf(directory, size, "%s/%s", argv[1], name);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.simulate_dir = directory;
    CHECK_STATUS(zmgr_open(&options, &manager, &error), ZMGR_OK, error);
    zmgr_error_free(error);
    return manager;
}

#endif
