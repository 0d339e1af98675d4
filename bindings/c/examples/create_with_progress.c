/* Creates a zone, tells how it goes, and stops on Ctrl-C: create_with_progress DIRECTORY NAME */
#include <signal.h>
#include <stdio.h>
#include <zmgr.h>

static zmgr_cancel *cancel;

static void interrupted(int signal) {
    (void)signal;
    zmgr_cancel_request(cancel); /* the first undoes the work, a second leaves it to zmgr_recover */
}

static bool tell(void *userdata, const zmgr_event *event) {
    FILE *to = (FILE *)userdata;
    switch (zmgr_event_get_kind(event)) {
    case ZMGR_EVENT_STEP_STARTED:
        fprintf(to, "%s: %s (%zu of %zu)\n", zmgr_event_zone(event), zmgr_event_step(event), zmgr_event_position(event),
                zmgr_event_steps(event));
        break;
    case ZMGR_EVENT_STEP_FAILED:
    case ZMGR_EVENT_WARNING:
        fprintf(to, "%s: %s\n", zmgr_event_zone(event), zmgr_event_message(event));
        break;
    default:
        break;
    }
    return true;
}

int main(int argc, char **argv) {
    zmgr_open_options options = {.size = sizeof options};
    zmgr_run_options run = {.size = sizeof run, .progress = tell};
    zmgr_manager *manager = NULL;
    zmgr_zone *zone = NULL;
    zmgr_error *error = NULL;
    zmgr_status status;
    size_t i;

    if (argc != 3) {
        fprintf(stderr, "usage: %s DIRECTORY NAME\n", argv[0]);
        return ZMGR_INVALID_ARGUMENT;
    }
    cancel = zmgr_cancel_new();
    signal(SIGINT, interrupted);
    options.simulate_dir = argv[1];
    run.cancel = cancel;
    run.userdata = stderr;
    status = zmgr_open(&options, &manager, &error);
    if (status == ZMGR_OK) status = zmgr_zone_create(manager, argv[2], NULL, &run, &zone, &error);
    if (status == ZMGR_OK) {
        printf("%s is %s\n", zmgr_zone_name(zone), zmgr_zone_status(zone));
    } else {
        fprintf(stderr, "%s: %s\n", zmgr_error_name(error), zmgr_error_message(error));
        if (zmgr_error_help(error)) fprintf(stderr, "help: %s\n", zmgr_error_help(error));
        for (i = 0; i < zmgr_error_detail_count(error); i++) {
            const zmgr_diagnostic *detail = zmgr_error_detail(error, i);
            if (zmgr_diagnostic_path(detail)) {
                fprintf(stderr, "%s:%d: %s\n", zmgr_diagnostic_path(detail), (int)zmgr_diagnostic_line(detail),
                        zmgr_diagnostic_message(detail));
            }
        }
    }
    zmgr_error_free(error);
    zmgr_zone_free(zone);
    zmgr_close(manager);
    zmgr_cancel_free(cancel);
    return (int)status;
}
