/* Create, list, find, destroy: one machine, from C. */
#include "check.h"

struct heard {
    int events, finished, refuse_after, done_all_the_same;
    char last_step[64];
    const char *refuse_step;
};

static bool hear(void *userdata, const zmgr_event *event) {
    struct heard *heard = (struct heard *)userdata;
    heard->events++;
    if (zmgr_event_get_kind(event) == ZMGR_EVENT_FINISHED) {
        heard->finished++;
        CHECK(zmgr_event_zones_done(event) == zmgr_event_zones(event) && zmgr_event_message(event) != NULL);
    }
    if (zmgr_event_get_kind(event) == ZMGR_EVENT_STEP_STARTED) {
        snprintf(heard->last_step, sizeof heard->last_step, "%s", zmgr_event_step(event));
        if (zmgr_event_position(event) < 1 || zmgr_event_position(event) > zmgr_event_steps(event)) return false;
    }
    if (zmgr_event_zone(event) == NULL) return false;
    if (heard->refuse_step != NULL && zmgr_event_step(event) != NULL && strcmp(zmgr_event_step(event), heard->refuse_step) == 0) {
        heard->done_all_the_same += zmgr_event_get_kind(event) == ZMGR_EVENT_STEP_DONE;
        return false;
    }
    return heard->refuse_after == 0 || heard->events < heard->refuse_after;
}

static void a_zone_comes_and_goes(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_zone *zone = NULL, *found = NULL;
    zmgr_zone_list *list = NULL;
    const zmgr_net *net;
    struct heard heard;
    zmgr_run_options run;
    zmgr_create_options create;
    zmgr_destroy_options destroy;
    struct {
        size_t size;
        bool force, keep_data;
    } older;
    zmgr_plan *plan = NULL;
    zmgr_query query;
    const char *attrs[] = {"owner=alice"};
    const char *names[] = {"web02"};
    char *json;

    memset(&heard, 0, sizeof heard);
    memset(&run, 0, sizeof run);
    run.size = sizeof run;
    run.progress = hear;
    run.userdata = &heard;
    memset(&create, 0, sizeof create);
    create.size = sizeof create;
    create.attrs = attrs;
    create.attr_count = 1;

    CHECK_STATUS(zmgr_zone_create(manager, "web01", &create, &run, &zone, &error), ZMGR_OK, error);
    DROP(error);
    CHECK(heard.events > 3 && heard.finished == 1);
    CHECK_TEXT(zmgr_zone_name(zone), "web01");
    CHECK_TEXT(zmgr_zone_state(zone), "ready");
    CHECK_TEXT(zmgr_zone_status(zone), "running");
    CHECK_TEXT(zmgr_zone_origin(zone), "create");
    CHECK(strlen(zmgr_zone_id(zone)) == 32);
    CHECK(zmgr_zone_brand(zone) != NULL && zmgr_zone_uuid(zone) != NULL && zmgr_zone_created(zone) != NULL);
    CHECK(zmgr_zone_template_name(zone) != NULL && zmgr_zone_fault(zone) == NULL);
    CHECK_HAS(zmgr_zone_zonepath(zone), "/web01");
    CHECK(zmgr_zone_autoboot(zone) == 1);
    CHECK(zmgr_zone_attr_count(zone) == 1);
    CHECK_TEXT(zmgr_zone_attr_name(zone, 0), "owner");
    CHECK_TEXT(zmgr_zone_attr_value(zone, 0), "alice");
    CHECK(zmgr_zone_attr_name(zone, 1) == NULL && zmgr_zone_attr_value(zone, 1) == NULL);
    CHECK(zmgr_zone_tag(zone, zmgr_zone_tag_count(zone)) == NULL);
    CHECK(zmgr_zone_net_count(zone) == 1 && zmgr_zone_net(zone, 1) == NULL);
    net = zmgr_zone_net(zone, 0);
    CHECK_TEXT(zmgr_net_name(net), "internal");
    CHECK_TEXT(zmgr_net_pool(net), "internal");
    CHECK_TEXT(zmgr_net_address(net, 0), "10.1.0.10/24");
    CHECK_TEXT(zmgr_net_gateway(net, 0), "10.1.0.1");
    CHECK(zmgr_net_address(net, zmgr_net_address_count(net)) == NULL);
    CHECK(zmgr_net_gateway(net, 99) == NULL);
    CHECK_TEXT(zmgr_net_vnic(net), "web01_0");
    CHECK(zmgr_net_stub(net) != NULL && zmgr_net_mac(net) != NULL);
    CHECK(zmgr_net_physical(net) == NULL && zmgr_net_vlan(net) == 0 && zmgr_net_managed(net));
    json = zmgr_zone_json(zone);
    CHECK_HAS(json, "\"address\":\"10.1.0.10/24\"");
    zmgr_string_free(json);

    CHECK_STATUS(zmgr_zone_create(manager, "web01", NULL, NULL, NULL, &error), ZMGR_EXISTS, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_create(manager, "web02", NULL, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_find(manager, "web02", &found, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_net_address(zmgr_zone_net(found, 0), 0), "10.1.0.11/24");
    zmgr_zone_free(found);

    CHECK_STATUS(zmgr_zones(manager, NULL, &list, &error), ZMGR_OK, error);
    CHECK(zmgr_zone_list_len(list) == 2 && zmgr_zone_list_get(list, 2) == NULL);
    CHECK_TEXT(zmgr_zone_name(zmgr_zone_list_get(list, 0)), "web01");
    CHECK_TEXT(zmgr_zone_name(zmgr_zone_list_get(list, 1)), "web02");
    zmgr_zone_list_free(list);

    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.names = names;
    query.name_count = 1;
    query.query_host = ZMGR_QUERY_HOST_NEVER;
    CHECK_STATUS(zmgr_zones(manager, &query, &list, &error), ZMGR_OK, error);
    CHECK(zmgr_zone_list_len(list) == 1);
    CHECK(zmgr_zone_status(zmgr_zone_list_get(list, 0)) == NULL);
    zmgr_zone_list_free(list);

    /* The padding of an older program's struct, whatever is in it, is not an option: with keep_data, purge would be refused. */
    memset(&older, 0xff, sizeof older);
    older.size = sizeof older;
    older.force = false;
    older.keep_data = true;
    CHECK_STATUS(zmgr_plan_destroy(manager, names, 1, (const zmgr_destroy_options *)&older, &plan, &error), ZMGR_OK, error);
    zmgr_plan_free(plan);

    memset(&destroy, 0, sizeof destroy);
    destroy.size = sizeof destroy;
    destroy.keep_data = true;
    destroy.purge = 1;
    CHECK_STATUS(zmgr_zone_destroy(manager, "web01", &destroy, &run, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    destroy.keep_data = false;
    CHECK_STATUS(zmgr_zone_destroy(manager, "web01", &destroy, &run, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_find(manager, "web01", &found, &error), ZMGR_NOT_FOUND, error);
    CHECK(found == NULL);
    DROP(error);
    CHECK_STATUS(zmgr_zone_create(manager, "web03", NULL, NULL, &found, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_net_address(zmgr_zone_net(found, 0), 0), "10.1.0.10/24");
    zmgr_zone_free(found);
    /* A snapshot outlives what it is of. */
    CHECK_TEXT(zmgr_zone_name(zone), "web01");
    zmgr_zone_free(zone);
}

static void a_refusal_and_a_token_stop_it(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_zone *zone = NULL;
    struct heard heard;
    zmgr_run_options run;
    zmgr_cancel *cancel = zmgr_cancel_new();

    memset(&heard, 0, sizeof heard);
    memset(&run, 0, sizeof run);
    run.size = sizeof run;
    run.progress = hear;
    run.userdata = &heard;
    heard.refuse_after = 3;
    CHECK_STATUS(zmgr_zone_create(manager, "stopped", NULL, &run, &zone, &error), ZMGR_CANCELLED, error);
    CHECK(zone == NULL);
    DROP(error);
    CHECK_STATUS(zmgr_zone_find(manager, "stopped", &zone, &error), ZMGR_NOT_FOUND, error);
    DROP(error);

    /* Refused when it is about to begin, the last step is not done, and those before it are taken back. */
    heard.refuse_after = 0;
    heard.refuse_step = "autoboot";
    CHECK_STATUS(zmgr_zone_create(manager, "stopped", NULL, &run, &zone, &error), ZMGR_CANCELLED, error);
    CHECK_TEXT(heard.last_step, "autoboot");
    CHECK(heard.done_all_the_same == 0);
    DROP(error);
    CHECK_STATUS(zmgr_zone_find(manager, "stopped", &zone, &error), ZMGR_NOT_FOUND, error);
    DROP(error);

    heard.refuse_step = NULL;
    run.cancel = cancel;
    CHECK(!zmgr_cancel_is_requested(cancel));
    zmgr_cancel_request(cancel);
    CHECK(zmgr_cancel_is_requested(cancel));
    CHECK_STATUS(zmgr_zone_create(manager, "stopped", NULL, &run, &zone, &error), ZMGR_CANCELLED, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_find(manager, "stopped", &zone, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    zmgr_cancel_free(cancel);
}

static void plans_are_values(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_plan *plan = NULL, *again = NULL;
    zmgr_report *report = NULL;
    zmgr_zone *zone = NULL;
    const char *names[] = {"p1", "p2"};
    char *json, *text;

    CHECK_STATUS(zmgr_plan_create(manager, names, 2, NULL, &plan, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_find(manager, "p1", &zone, NULL), ZMGR_NOT_FOUND, NULL);
    CHECK(!zmgr_plan_is_empty(plan) && strlen(zmgr_plan_digest(plan)) == 64);
    text = zmgr_plan_text(plan);
    CHECK_HAS(text, "zonecfg");
    zmgr_string_free(text);
    json = zmgr_plan_json(plan);
    CHECK_STATUS(zmgr_plan_from_json(json, &again, &error), ZMGR_OK, error);
    zmgr_string_free(json);
    CHECK_TEXT(zmgr_plan_digest(again), zmgr_plan_digest(plan));
    CHECK_STATUS(zmgr_plan_run(manager, again, NULL, &report, &error), ZMGR_OK, error);
    CHECK(zmgr_report_len(report) == 2);
    zmgr_report_free(report);
    /* The state that the plan was made from is gone: nothing is done. */
    CHECK_STATUS(zmgr_plan_run(manager, plan, NULL, &report, &error), ZMGR_STALE_PLAN, error);
    CHECK(zmgr_error_can_retry(error));
    DROP(error);
    zmgr_report_free(report);
    zmgr_plan_free(plan);
    zmgr_plan_free(again);
    CHECK_STATUS(zmgr_zones_destroy(manager, names, 2, NULL, NULL, NULL, &error), ZMGR_OK, error);

    CHECK_STATUS(zmgr_plan_from_json("{}", &plan, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK(plan == NULL);
    DROP(error);
    CHECK_STATUS(zmgr_zones_create(manager, names, 2, NULL, NULL, &report, &error), ZMGR_OK, error);
    CHECK(zmgr_report_len(report) == 2);
    CHECK_TEXT(zmgr_report_name(report, 1), "p2");
    CHECK_TEXT(zmgr_report_action(report, 0), "created");
    CHECK(zmgr_report_get_action(report, 0) == ZMGR_ACTION_CREATED && zmgr_report_get_action(report, 2) == ZMGR_ACTION_OTHER);
    CHECK(zmgr_report_status(report, 0) == ZMGR_OK && zmgr_report_error(report, 0) == NULL);
    CHECK(zmgr_zone_get_state(zmgr_report_zone(report, 0)) == ZMGR_STATE_READY);
    CHECK(zmgr_zone_get_status(zmgr_report_zone(report, 0)) == ZMGR_HOST_STATUS_RUNNING);
    CHECK(zmgr_zone_get_origin(zmgr_report_zone(report, 0)) == ZMGR_ORIGIN_CREATE);
    CHECK(zmgr_zone_get_state(NULL) == ZMGR_STATE_NONE && zmgr_zone_get_status(NULL) == ZMGR_HOST_STATUS_NONE);
    CHECK_TEXT(zmgr_zone_status(zmgr_report_zone(report, 0)), "running");
    CHECK(zmgr_report_name(report, 2) == NULL && zmgr_report_zone(report, 2) == NULL);
    CHECK(zmgr_report_note(report, 0, 99) == NULL);
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_plan_destroy(manager, names, 2, NULL, &plan, &error), ZMGR_OK, error);
    CHECK(!zmgr_plan_is_empty(plan));
    CHECK(zmgr_plan_get_operation(plan) == ZMGR_OPERATION_DESTROY && zmgr_plan_get_operation(NULL) == ZMGR_OPERATION_OTHER);
    zmgr_plan_free(plan);
    /* What failed was not created, and one that exists already fails. */
    CHECK_STATUS(zmgr_zones_create(manager, names, 1, NULL, NULL, &report, &error), ZMGR_EXISTS, error);
    CHECK_TEXT(zmgr_report_action(report, 0), "failed");
    CHECK(zmgr_report_get_action(report, 0) == ZMGR_ACTION_FAILED && zmgr_report_zone(report, 0) == NULL);
    CHECK(strpbrk(zmgr_error_message(error), "\r\n") == NULL);
    DROP(error);
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_zones_destroy(manager, names, 2, NULL, NULL, NULL, &error), ZMGR_OK, error);
}

struct output {
    char stdout_text[256];
    int refuse;
};

static bool keep(void *userdata, uint32_t stream, const uint8_t *bytes, size_t length) {
    struct output *output = (struct output *)userdata;
    size_t have = strlen(output->stdout_text), room = sizeof output->stdout_text - 1 - have;
    if (stream == ZMGR_STREAM_STDOUT) {
        memcpy(output->stdout_text + have, bytes, length < room ? length : room);
    }
    return !output->refuse;
}

/* "power" comes after "second", and by name before it. */
static void every_zone_powered(zmgr_manager *manager, const zmgr_halt_options *halt, const zmgr_run_options *run) {
    zmgr_error *error = NULL;
    zmgr_report *report = NULL;
    zmgr_plan *plan = NULL;
    size_t at;
    const char *pairs[] = {"after=second"};
    CHECK_STATUS(zmgr_zone_set(manager, "power", pairs, 1, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zones_boot_all(manager, run, &report, &error), ZMGR_OK, error);
    CHECK(zmgr_report_len(report) >= 2);
    for (at = 0; at < zmgr_report_len(report); at++) {
        CHECK_TEXT(zmgr_zone_status(zmgr_report_zone(report, at)), "running");
    }
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_plan_boot(manager, NULL, 0, &plan, &error), ZMGR_OK, error);
    CHECK(zmgr_plan_is_empty(plan));
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_plan_shutdown(manager, NULL, 0, halt, &plan, &error), ZMGR_OK, error);
    CHECK(!zmgr_plan_is_empty(plan));
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_zones_shutdown_all(manager, halt, run, &report, &error), ZMGR_OK, error);
    for (at = 0; at < zmgr_report_len(report); at++) {
        CHECK_TEXT(zmgr_zone_status(zmgr_report_zone(report, at)), "installed");
    }
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_zones_boot_all(NULL, run, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
}

static void several_zones_powered(zmgr_manager *manager, const zmgr_halt_options *halt) {
    zmgr_error *error = NULL;
    zmgr_report *report = NULL;
    zmgr_run_options run;
    const char *names[] = {"power", "second", "missing"};
    memset(&run, 0, sizeof run);
    run.size = sizeof run;
    run.jobs = 2;
    CHECK_STATUS(zmgr_zone_create(manager, "second", NULL, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zones_boot(manager, names, 2, &run, &report, &error), ZMGR_OK, error);
    CHECK(zmgr_report_len(report) == 2);
    CHECK_TEXT(zmgr_zone_status(zmgr_report_zone(report, 0)), "running");
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_zones_reboot(manager, names, 2, halt, &run, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zones_shutdown(manager, names, 2, halt, &run, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zones_halt(manager, names, 3, NULL, &run, &report, &error), ZMGR_PARTIAL, error);
    DROP(error);
    CHECK(zmgr_report_len(report) == 3 && zmgr_report_status(report, 0) == ZMGR_OK);
    CHECK(zmgr_report_status(report, 2) == ZMGR_NOT_FOUND);
    CHECK_TEXT(zmgr_zone_status(zmgr_report_zone(report, 1)), "installed");
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_zones_boot(manager, NULL, 1, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    every_zone_powered(manager, halt, &run);
}

static void power_and_commands(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_zone *zone = NULL;
    zmgr_plan *plan = NULL;
    zmgr_halt_options halt;
    zmgr_reinstall_options reinstall;
    zmgr_value *kept = NULL;
    zmgr_exec_options exec;
    struct output output;
    const char *words[] = {"echo", "hello"};
    const char *names[] = {"power"};
    int32_t status = -1;

    memset(&halt, 0, sizeof halt);
    halt.size = sizeof halt;
    halt.timeout_ms = 60000;
    halt.force = true;
    memset(&reinstall, 0, sizeof reinstall);
    reinstall.size = sizeof reinstall;
    reinstall.boot = 1;
    memset(&exec, 0, sizeof exec);
    exec.size = sizeof exec;
    exec.output = keep;
    exec.userdata = &output;
    memset(&output, 0, sizeof output);

    CHECK_STATUS(zmgr_zone_create(manager, "power", NULL, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_exec(manager, "power", words, 2, &exec, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_exec(manager, "power", words, 2, &exec, &status, &error), ZMGR_OK, error);
    DROP(error);
    CHECK(status == 0);
    CHECK_TEXT(output.stdout_text, "hello\n");
    CHECK_STATUS(zmgr_zone_halt(manager, "power", NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_exec(manager, "power", words, 2, NULL, &status, &error), ZMGR_WRONG_STATE, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_login(manager, "power", NULL, "vt100", &status, &error), ZMGR_WRONG_STATE, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_boot(manager, "power", NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_reboot(manager, "power", &halt, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_shutdown(manager, "power", &halt, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_find(manager, "power", &zone, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_zone_status(zone), "installed");
    zmgr_zone_free(zone);
    CHECK_STATUS(zmgr_zone_boot(manager, "missing", NULL, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    several_zones_powered(manager, &halt);

    CHECK_STATUS(zmgr_plan_reinstall(manager, names, 1, NULL, &plan, &error), ZMGR_OK, error);
    zmgr_plan_free(plan);
    reinstall.snapshot = 1;
    CHECK_STATUS(zmgr_zones_reinstall(manager, names, 1, &reinstall, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_snapshots(manager, names, 1, &kept, &error), ZMGR_OK, error);
    CHECK(zmgr_value_len(kept) == 1);
    zmgr_value_free(kept);
    CHECK_STATUS(zmgr_plan_reinstall(manager, names, 1, NULL, &plan, &error), ZMGR_WRONG_STATE, error);
    DROP(error);
    reinstall.snapshot = 0;
    reinstall.force = true;
    CHECK_STATUS(zmgr_zone_reinstall(manager, "power", &reinstall, NULL, &zone, &error), ZMGR_OK, error);
    DROP(error);
    CHECK_TEXT(zmgr_zone_status(zone), "running");
    zmgr_zone_free(zone);
    reinstall.boot = 7;
    CHECK_STATUS(zmgr_zone_reinstall(manager, "power", &reinstall, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_zones_reinstall(manager, names, 1, NULL, NULL, NULL, &error), ZMGR_OK, error);
    DROP(error);
}

/* Two hosts of one network, compared without either of them. */
static void a_fleet_is_compared(const char *scratch) {
    char first[4096], second[4096];
    const char *trees[2];
    zmgr_error *error = NULL;
    snprintf(first, sizeof first, "%s/fleet-h1", scratch);
    snprintf(second, sizeof second, "%s/fleet-h2", scratch);
    trees[0] = first;
    trees[1] = second;
    for (int i = 0; i < 2; i++) {
        zmgr_open_options options;
        zmgr_manager *manager = NULL;
        memset(&options, 0, sizeof options);
        options.size = sizeof options;
        options.simulate_dir = trees[i];
        CHECK_STATUS(zmgr_open(&options, &manager, &error), ZMGR_OK, error);
        CHECK_STATUS(zmgr_zone_create(manager, "web01", NULL, NULL, NULL, &error), ZMGR_OK, error);
        zmgr_close(manager);
    }
    snprintf(first, sizeof first, "%s/fleet-h1/etc/zmgr", scratch);
    snprintf(second, sizeof second, "%s/fleet-h2/etc/zmgr", scratch);

    zmgr_diagnostic_list *found = NULL;
    CHECK_STATUS(zmgr_fleet_check(trees, 2, &found, &error), ZMGR_OK, error);
    CHECK(zmgr_diagnostic_list_len(found) == 2);
    CHECK_TEXT(zmgr_diagnostic_code(zmgr_diagnostic_list_get(found, 0)), "held-twice");
    zmgr_diagnostic_list_free(found);

    zmgr_value *zones = NULL;
    CHECK_STATUS(zmgr_fleet_list(trees, 2, &zones, &error), ZMGR_OK, error);
    CHECK(zmgr_value_len(zones) == 2);
    zmgr_value_free(zones);

    CHECK_STATUS(zmgr_fleet_check(trees, 0, &found, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_fleet_check(trees, 2, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_fleet_list(trees, 2, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
}

/* Writes config.kdl of a tree. */
static void configure(const char *directory, const char *text) {
    char path[4096];
    snprintf(path, sizeof path, "%s/etc/zmgr/config.kdl", directory);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    if (file) {
        CHECK(fputs(text, file) >= 0);
        CHECK(fclose(file) == 0);
    }
}

/* A host without a store is in no fleet; a store that cannot be reached changes nothing. */
static void a_store_is_needed(const char *scratch) {
    char directory[4096];
    zmgr_open_options options;
    zmgr_manager *manager = NULL;
    zmgr_error *error = NULL;
    zmgr_value *value = NULL;
    snprintf(directory, sizeof directory, "%s/fleet-h1", scratch);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.simulate_dir = directory;
    for (int stored = 0; stored < 2; stored++) {
        zmgr_status wanted = stored ? ZMGR_STORE_UNREACHABLE : ZMGR_CONFIG;
        configure(directory, stored ? "host \"h1\"\nstore \"etcd\" { fleet \"prod\"; endpoint \"http://127.0.0.1:1\"; timeout 1 }\n"
                                    : "host \"h1\"\n");
        CHECK_STATUS(zmgr_open(&options, &manager, &error), ZMGR_OK, error);
        CHECK_STATUS(zmgr_fleet_status(manager, &value, &error), wanted, error);
        DROP(error);
        CHECK_STATUS(zmgr_fleet_join(manager, NULL, &value, &error), wanted, error);
        DROP(error);
        CHECK_STATUS(zmgr_fleet_forget(manager, "h2", &value, &error), wanted, error);
        DROP(error);
        CHECK_STATUS(zmgr_fleet_push(manager, "internal", NULL, &error), stored ? ZMGR_NOT_FOUND : ZMGR_CONFIG, error);
        DROP(error);
        CHECK(value == NULL);
        zmgr_close(manager);
    }
}

/* What is wrong with the host comes as items, each with its level, kind and area. */
static void a_host_is_diagnosed(zmgr_manager *manager, const char *directory) {
    zmgr_error *error = NULL;
    zmgr_diagnosis *diagnosis = NULL;
    CHECK_STATUS(zmgr_doctor(manager, &diagnosis, &error), ZMGR_OK, error);
    CHECK(zmgr_diagnosis_can_manage(diagnosis) && zmgr_diagnosis_simulated(diagnosis));
    CHECK_TEXT(zmgr_diagnosis_distribution(diagnosis), "openindiana");
    CHECK(zmgr_diagnosis_release(diagnosis) != NULL && zmgr_diagnosis_version(diagnosis) != NULL);
    CHECK(strncmp(zmgr_diagnosis_kernel(diagnosis), "SunOS 5.11 ", 11) == 0);
    CHECK(zmgr_diagnosis_get(diagnosis, zmgr_diagnosis_len(diagnosis)) == NULL);
    int brands = 0;
    for (size_t i = 0; i < zmgr_diagnosis_len(diagnosis); i++) {
        const zmgr_diagnosis_item *item = zmgr_diagnosis_get(diagnosis, i);
        CHECK(zmgr_diagnosis_item_get_level(item) < ZMGR_DIAGNOSIS_LEVEL_ERROR);
        CHECK(zmgr_diagnosis_item_message(item)[0] != '\0' && zmgr_diagnosis_item_subject(item) != NULL);
        if (zmgr_diagnosis_item_get_kind(item) == ZMGR_DIAGNOSIS_BRAND_KNOWN) {
            brands++;
            CHECK(zmgr_diagnosis_item_get_area(item) == ZMGR_DIAGNOSIS_AREA_BRANDS);
            CHECK_TEXT(zmgr_diagnosis_item_evidence(item), "read");
        }
    }
    CHECK(brands == 2);
    zmgr_diagnosis_free(diagnosis);

    zmgr_sim *sim = NULL;
    zmgr_sim_fault_options fault;
    memset(&fault, 0, sizeof fault);
    fault.size = sizeof fault;
    fault.program = "dladm";
    fault.subcommand = "show-link";
    fault.exit_status = 1;
    CHECK_STATUS(zmgr_sim_open(directory, &sim, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_sim_fault(sim, &fault, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_doctor(manager, &diagnosis, &error), ZMGR_OK, error);
    CHECK(!zmgr_diagnosis_can_manage(diagnosis));
    char *json = zmgr_diagnosis_json(diagnosis);
    CHECK(strstr(json, "command-failed") != NULL);
    zmgr_string_free(json);
    zmgr_diagnosis_free(diagnosis);
    CHECK_STATUS(zmgr_sim_clear_faults(sim, &error), ZMGR_OK, error);
    zmgr_sim_close(sim);

    CHECK_STATUS(zmgr_doctor(manager, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK(!zmgr_diagnosis_can_manage(NULL) && zmgr_diagnosis_len(NULL) == 0 && zmgr_diagnosis_json(NULL) == NULL);
    CHECK(zmgr_diagnosis_item_get_kind(NULL) == ZMGR_DIAGNOSIS_OTHER && zmgr_diagnosis_item_help(NULL) == NULL);
    zmgr_diagnosis_free(NULL);
}

static void snapshots_are_taken_and_rolled_back_to(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_zone *zone = NULL;
    zmgr_plan *plan = NULL;
    zmgr_value *value = NULL;
    zmgr_report *report = NULL;
    zmgr_rollback_options options;
    zmgr_apply_options apply;
    const char *names[] = {"snap"};
    const char *pairs[] = {"attr.owner=alice"};

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    memset(&apply, 0, sizeof apply);
    apply.size = sizeof apply;
    apply.snapshot = 1;
    CHECK_STATUS(zmgr_zone_create(manager, "snap", NULL, NULL, &zone, &error), ZMGR_OK, error);
    zmgr_zone_free(zone);
    CHECK_STATUS(zmgr_plan_snapshot_create(manager, "snap", "before", &plan, &error), ZMGR_OK, error);
    CHECK(!zmgr_plan_is_empty(plan));
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_snapshot_create(manager, "snap", "before", NULL, &value, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(value, "label")), "before");
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(value, "state")), "complete");
    CHECK(zmgr_value_len(zmgr_value_get(value, "excluded")) == 0);
    zmgr_value_free(value);
    CHECK_STATUS(zmgr_snapshot_create(manager, "snap", "before", NULL, NULL, &error), ZMGR_EXISTS, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_set(manager, "snap", pairs, 1, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_apply(manager, names, 1, &apply, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_snapshots(manager, NULL, 0, &value, &error), ZMGR_OK, error);
    CHECK(zmgr_value_len(value) == 2);
    zmgr_value_free(value);
    CHECK_STATUS(zmgr_plan_snapshot_rollback(manager, "snap", "before", NULL, &plan, &error), ZMGR_WRONG_STATE, error);
    DROP(error);
    options.force = 1;
    CHECK_STATUS(zmgr_plan_snapshot_rollback(manager, "snap", "before", &options, &plan, &error), ZMGR_OK, error);
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_snapshot_rollback(manager, "snap", "before", &options, NULL, &report, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_report_action(report, 0), "rolled-back");
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_plan_snapshot_delete(manager, "snap", "before", &plan, &error), ZMGR_OK, error);
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_snapshot_delete(manager, "snap", "before", NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_snapshot_delete(manager, "snap", "before", NULL, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    CHECK_STATUS(zmgr_snapshot_create(manager, NULL, NULL, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_destroy(manager, "snap", NULL, NULL, &error), ZMGR_OK, error);
}

int main(int argc, char **argv) {
    char directory[1024];
    zmgr_manager *manager = check_manager(argc, argv, "zones", directory, sizeof directory);
    a_zone_comes_and_goes(manager);
    a_refusal_and_a_token_stop_it(manager);
    plans_are_values(manager);
    power_and_commands(manager);
    snapshots_are_taken_and_rolled_back_to(manager);
    a_fleet_is_compared(directory);
    a_store_is_needed(directory);
    a_host_is_diagnosed(manager, directory);
    zmgr_close(manager);
    return check_done();
}
