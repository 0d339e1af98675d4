/* The simulated machine; faults that come out as errors; what a dead process left is recovered. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static zmgr_sim_fault_options install_fault(void) {
    zmgr_sim_fault_options fault;
    memset(&fault, 0, sizeof fault);
    fault.size = sizeof fault;
    fault.program = "zoneadm";
    fault.subcommand = "install";
    return fault;
}

static void made_and_opened(const char *directory) {
    zmgr_error *error = NULL;
    zmgr_sim *sim = NULL, *again = NULL;
    zmgr_sim_fault_options fault = install_fault();
    char bin[2048];
    const char *command[] = {"/bin/sh", "-c", "true"};

    CHECK_STATUS(zmgr_sim_open(directory, &sim, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    CHECK_STATUS(zmgr_sim_create(directory, "plan9", &sim, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_sim_create(directory, NULL, &sim, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_sim_create(directory, NULL, NULL, &error), ZMGR_EXISTS, error);
    DROP(error);
    CHECK_STATUS(zmgr_sim_open(directory, &again, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_sim_directory(again), zmgr_sim_directory(sim));
    CHECK(zmgr_sim_directory(NULL) == NULL && zmgr_sim_dialect(NULL) == NULL);
    CHECK_TEXT(zmgr_sim_dialect(again), "openindiana");
    snprintf(bin, sizeof bin, "%s-bin", directory);
    CHECK_STATUS(zmgr_sim_link(sim, bin, command, 3, &error), ZMGR_OK, error);
    snprintf(bin, sizeof bin, "%s-bin/zoneadm", directory);
    CHECK(access(bin, X_OK) == 0);
    CHECK_STATUS(zmgr_sim_fault(sim, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK_HAS(zmgr_error_message(error), "fault->program is NULL");
    DROP(error);
    fault.abort = 9;
    CHECK_STATUS(zmgr_sim_fault(sim, &fault, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    zmgr_sim_close(again);
    zmgr_sim_close(sim);
    zmgr_sim_close(NULL);
}

static void a_command_that_fails(zmgr_manager *manager, const zmgr_sim *sim) {
    zmgr_error *error = NULL;
    zmgr_zone_list *list = NULL;
    zmgr_sim_fault_options fault = install_fault();
    fault.exit_status = 1;
    fault.stdout_text = "the hook's last words";
    fault.stderr_text = "and its complaint";
    CHECK_STATUS(zmgr_sim_fault(sim, &fault, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_create(manager, "web01", NULL, NULL, NULL, &error), ZMGR_COMMAND_FAILED, error);
    CHECK_HAS(zmgr_error_command_arg(error, 0), "zoneadm");
    CHECK(zmgr_error_command_arg(error, 99) == NULL);
    CHECK(zmgr_error_command_status(error) == 1);
    CHECK_HAS(zmgr_error_command_stdout(error), "the hook's last words");
    /* An install writes both streams to its log, in the order in which they came. */
    CHECK_HAS(zmgr_error_command_stdout(error), "and its complaint");
    CHECK(zmgr_error_command_stderr(error) != NULL);
    CHECK(zmgr_error_command_log(error) != NULL);
    DROP(error);
    CHECK_STATUS(zmgr_zones(manager, NULL, &list, &error), ZMGR_OK, error);
    CHECK(zmgr_zone_list_len(list) == 0);
    zmgr_zone_list_free(list);
    CHECK_STATUS(zmgr_sim_clear_faults(sim, &error), ZMGR_OK, error);
}

static void a_panic_is_a_status(zmgr_manager *manager, const zmgr_sim *sim) {
    zmgr_error *error = NULL;
    zmgr_sim_fault_options fault = install_fault();
    fault.program = "dladm";
    fault.subcommand = "create-vnic";
    fault.panic = true;
    fault.times = 1;
    CHECK_STATUS(zmgr_sim_fault(sim, &fault, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_create(manager, "panics", NULL, NULL, NULL, &error), ZMGR_INTERNAL, error);
    DROP(error);
    CHECK_STATUS(zmgr_recover(manager, NULL, 0, NULL, NULL, NULL, &error), ZMGR_OK, error);
    DROP(error);
}

static void a_fault_of_a_document_points_at_it(zmgr_manager *manager, const char *directory) {
    zmgr_error *error = NULL;
    const zmgr_diagnostic *finding;
    char path[2048], keep[2048];
    FILE *file;
    size_t i;
    snprintf(path, sizeof path, "%s/etc/zmgr/pools/broken.kdl", directory);
    file = fopen(path, "w");
    CHECK(file != NULL);
    fputs("pool \"broken\" {\n    netwrk \"10.9.0.0/24\"\n}\n", file);
    fclose(file);
    CHECK_STATUS(zmgr_zone_create(manager, "web09", NULL, NULL, NULL, &error), ZMGR_CONFIG, error);
    CHECK(zmgr_error_detail_count(error) >= 1 && zmgr_error_detail(error, 99) == NULL);
    for (i = 0; i + 1 < zmgr_error_detail_count(error); i++) {
        if (zmgr_diagnostic_line(zmgr_error_detail(error, i)) == 2) break;
    }
    finding = zmgr_error_detail(error, i);
    CHECK(zmgr_diagnostic_severity(finding) == ZMGR_SEVERITY_ERROR);
    CHECK(zmgr_diagnostic_code(finding) != NULL && zmgr_diagnostic_message(finding) != NULL);
    CHECK_HAS(zmgr_diagnostic_path(finding), "broken.kdl");
    CHECK(zmgr_diagnostic_line(finding) == 2 && zmgr_diagnostic_column(finding) == 5);
    CHECK_HAS(zmgr_diagnostic_snippet(finding), "netwrk");
    CHECK_HAS(zmgr_diagnostic_help(finding), "network");
    DROP(error);
    snprintf(keep, sizeof keep, "%s", path);
    CHECK(remove(keep) == 0);
}

static void what_a_dead_process_left_is_recovered(zmgr_manager *manager, const zmgr_sim *sim, const char *directory) {
    zmgr_error *error = NULL;
    zmgr_report *report = NULL;
    zmgr_zone *zone = NULL;
    zmgr_recover_options recover;
    zmgr_sim_fault_options fault = install_fault();
    const char *names[] = {"dies"};
    int status = 0;
    pid_t child;
    fault.abort = ZMGR_SIM_ABORT_BEFORE;
    fault.times = 1;
    CHECK_STATUS(zmgr_sim_fault(sim, &fault, &error), ZMGR_OK, error);
    child = fork();
    if (child == 0) {
        /* A manager of its own: what the parent has is not for a forked child. */
        zmgr_manager *mine = NULL;
        zmgr_open_options options;
        memset(&options, 0, sizeof options);
        options.size = sizeof options;
        options.simulate_dir = directory;
        if (zmgr_open(&options, &mine, NULL) == ZMGR_OK) zmgr_zone_create(mine, "dies", NULL, NULL, NULL, NULL);
        _exit(3);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK_STATUS(zmgr_zone_find(manager, "dies", &zone, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_zone_state(zone), "creating");
    zmgr_zone_free(zone);
    memset(&recover, 0, sizeof recover);
    recover.size = sizeof recover;
    recover.resume = true;
    recover.skip_installs = false;
    CHECK_STATUS(zmgr_recover(manager, names, 1, &recover, NULL, &report, &error), ZMGR_OK, error);
    CHECK(zmgr_report_len(report) == 1);
    CHECK_TEXT(zmgr_report_name(report, 0), "dies");
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_zone_find(manager, "dies", &zone, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_zone_state(zone), "ready");
    zmgr_zone_free(zone);
}

static void rebooted(const zmgr_sim *sim) {
    zmgr_error *error = NULL;
    zmgr_value *failed = NULL;
    CHECK_STATUS(zmgr_sim_reboot(sim, &failed, &error), ZMGR_OK, error);
    CHECK(zmgr_value_len(failed) == 0);
    zmgr_value_free(failed);
}

int main(int argc, char **argv) {
    char directory[1024], other[1024];
    zmgr_manager *manager = check_manager(argc, argv, "sim", directory, sizeof directory);
    zmgr_sim *sim = NULL;
    zmgr_error *error = NULL;
    snprintf(other, sizeof other, "%s/other", argv[1]);
    made_and_opened(other);
    CHECK_STATUS(zmgr_sim_create(directory, "openindiana", &sim, &error), ZMGR_OK, error);
    a_command_that_fails(manager, sim);
    a_fault_of_a_document_points_at_it(manager, directory);
    what_a_dead_process_left_is_recovered(manager, sim, directory);
    rebooted(sim);
    a_panic_is_a_status(manager, sim);
    zmgr_sim_close(sim);
    zmgr_close(manager);
    return check_done();
}
