/* The log of a manager: a callback in its options, and nothing global. */
#include <pthread.h>

#include "check.h"

struct seen {
    pthread_mutex_t mutex;
    int records, commands, finished;
    char operation[32], install[64];
};

static void hear(void *userdata, const zmgr_log_record *record) {
    struct seen *seen = (struct seen *)userdata;
    const char *message = zmgr_log_record_message(record), *command = zmgr_log_record_field(record, "command");
    pthread_mutex_lock(&seen->mutex);
    seen->records++;
    if (command != NULL && strstr(command, " install") != NULL) snprintf(seen->install, sizeof seen->install, "%s", command);
    seen->commands += command != NULL;
    if (strcmp(message, "finished") == 0) {
        seen->finished++;
        snprintf(seen->operation, sizeof seen->operation, "%s", zmgr_log_record_field(record, "operation"));
        CHECK(zmgr_log_record_get_level(record) == ZMGR_LOG_INFO);
        CHECK_HAS(zmgr_log_record_line(record), "finished operation=create zone=");
    }
    CHECK(zmgr_log_record_field(record, "nonsense") == NULL && zmgr_log_record_field(record, NULL) == NULL);
    pthread_mutex_unlock(&seen->mutex);
}

static void create(const char *directory, uint32_t level, struct seen *seen) {
    zmgr_error *error = NULL;
    zmgr_manager *manager = NULL;
    zmgr_open_options options;
    zmgr_run_options run;
    const char *names[] = {"web01", "web02"};
    memset(seen, 0, sizeof *seen);
    pthread_mutex_init(&seen->mutex, NULL);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.simulate_dir = directory;
    options.log = hear;
    options.log_userdata = seen;
    options.log_level = level;
    memset(&run, 0, sizeof run);
    run.size = sizeof run;
    run.jobs = 2;
    CHECK_STATUS(zmgr_open(&options, &manager, &error), ZMGR_OK, error);
    DROP(error);
    CHECK_STATUS(zmgr_zones_create(manager, names, 2, NULL, &run, NULL, &error), ZMGR_OK, error);
    DROP(error);
    zmgr_close(manager);
    pthread_mutex_destroy(&seen->mutex);
}

int main(int argc, char **argv) {
    char directory[1024];
    struct seen seen;
    zmgr_manager *manager = NULL;
    zmgr_error *error = NULL;
    zmgr_open_options options;
    if (argc < 2) return 2;
    snprintf(directory, sizeof directory, "%s/log", argv[1]);
    create(directory, ZMGR_LOG_DEBUG, &seen);
    CHECK(seen.finished == 2 && seen.commands > 4);
    CHECK_TEXT(seen.operation, "create");
    CHECK_HAS(seen.install, "zoneadm -z web0");
    snprintf(directory, sizeof directory, "%s/log-info", argv[1]);
    create(directory, 0, &seen);
    CHECK(seen.finished == 2 && seen.commands == 0);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.log = hear;
    options.log_level = 9;
    CHECK_STATUS(zmgr_open(&options, &manager, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK_HAS(zmgr_error_message(error), "log_level");
    DROP(error);
    CHECK_TEXT(zmgr_log_record_message(NULL), NULL);
    return check_done();
}
