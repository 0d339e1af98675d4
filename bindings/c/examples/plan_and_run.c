/* Plans zones, shows the plan, keeps it as JSON as for an approval, and runs what was approved: plan_and_run DIRECTORY NAME... */
#include <stdio.h>
#include <zmgr.h>

int main(int argc, char **argv) {
    zmgr_open_options options = {.size = sizeof options};
    zmgr_run_options run = {.size = sizeof run, .jobs = 4};
    zmgr_manager *manager = NULL;
    zmgr_plan *plan = NULL, *approved = NULL;
    zmgr_report *report = NULL;
    zmgr_error *error = NULL;
    char *commands = NULL, *json = NULL;
    zmgr_status status;
    size_t i;

    if (argc < 3) {
        fprintf(stderr, "usage: %s DIRECTORY NAME...\n", argv[0]);
        return ZMGR_INVALID_ARGUMENT;
    }
    options.simulate_dir = argv[1];
    status = zmgr_open(&options, &manager, &error);
    if (status == ZMGR_OK) {
        status = zmgr_plan_create(manager, (const char *const *)argv + 2, (size_t)argc - 2, NULL, &plan, &error);
    }
    if (status == ZMGR_OK) {
        commands = zmgr_plan_text(plan); /* for a person */
        json = zmgr_plan_json(plan);     /* for a file, a ticket, another process */
        fputs(commands, stderr);
        status = zmgr_plan_from_json(json, &approved, &error);
    }
    /* Refused as ZMGR_STALE_PLAN, and nothing is done, where what the plan rests on has changed meanwhile. */
    if (status == ZMGR_OK) status = zmgr_plan_run(manager, approved, &run, &report, &error);
    for (i = 0; i < zmgr_report_len(report); i++) {
        const zmgr_error *why = zmgr_report_error(report, i);
        const zmgr_net *net = zmgr_zone_net(zmgr_report_zone(report, i), 0);
        const char *address = zmgr_net_address(net, 0);
        printf("%s %s %s\n", zmgr_report_name(report, i), why ? "failed:" : zmgr_report_action(report, i),
               why ? zmgr_error_message(why) : address ? address : "");
    }
    if (status != ZMGR_OK) fprintf(stderr, "%s: %s\n", zmgr_error_name(error), zmgr_error_message(error));
    zmgr_error_free(error);
    zmgr_report_free(report);
    zmgr_plan_free(approved);
    zmgr_plan_free(plan);
    zmgr_string_free(json);
    zmgr_string_free(commands);
    zmgr_close(manager);
    return (int)status;
}
