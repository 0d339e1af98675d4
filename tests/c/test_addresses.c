/* Addresses for what is not a zone; who holds which; values and findings. */
#include "check.h"

static void found_where_they_are_held(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_value *found = NULL;
    const zmgr_value *holding;

    CHECK_STATUS(zmgr_find(manager, "10.1.0.1", &found, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(found, "query")), "10.1.0.1");
    holding = zmgr_value_at(zmgr_value_get(found, "holdings"), 0);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(holding, "kind")), "pool");
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(holding, "why")), "gateway");
    CHECK(zmgr_value_integer(zmgr_value_get(holding, "line")) > 0);
    zmgr_value_free(found);
    CHECK_STATUS(zmgr_find(manager, "192.0.2.1", &found, &error), ZMGR_OK, error);
    CHECK(zmgr_value_len(zmgr_value_get(found, "holdings")) == 0);
    zmgr_value_free(found);
    CHECK_STATUS(zmgr_find(manager, "a b", &found, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK(found == NULL);
    DROP(error);
    CHECK_STATUS(zmgr_find(manager, "10.1.0.1", NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
}

static void files_are_written_if_valid(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_diagnostic_list *found = NULL;
    const char *pool = "pool \"spare\" {\n    network \"10.8.0.0/24\"\n    stub \"stub0\"\n}\n";

    CHECK_STATUS(zmgr_file_write(manager, "pools/spare.kdl", pool, NULL, NULL, &found, &error), ZMGR_OK, error);
    CHECK(found != NULL);
    zmgr_diagnostic_list_free(found);
    CHECK_STATUS(zmgr_file_write(manager, "pools/spare.kdl", pool, NULL, NULL, NULL, &error), ZMGR_EXISTS, error);
    DROP(error);
    CHECK_STATUS(zmgr_file_write(manager, "pools/spare.kdl", "pool \"spare\" {", pool, NULL, &found, &error), ZMGR_CONFIG, error);
    CHECK(found == NULL && zmgr_error_detail_count(error) > 0);
    DROP(error);
    CHECK_STATUS(zmgr_file_write(manager, "pools/spare.kdl", pool, "", NULL, NULL, &error), ZMGR_STALE_PLAN, error);
    DROP(error);
    CHECK_STATUS(zmgr_file_write(manager, "pools/spare.kdl", pool, pool, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_file_write(manager, "/etc/passwd", pool, NULL, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
}

static void given_and_taken_back(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_address_list *given = NULL, *again = NULL;
    zmgr_value *many = NULL;
    const char *owners[] = {"a", "b"};
    zmgr_run_options run;
    zmgr_cancel *cancel = zmgr_cancel_new();
    char id[64];

    CHECK_STATUS(zmgr_address_allocate(manager, "internal", "printer", NULL, NULL, &given, &error), ZMGR_OK, error);
    CHECK(zmgr_address_list_len(given) == 1);
    CHECK_TEXT(zmgr_address_list_get(given, 0), "10.1.0.10/24");
    CHECK_TEXT(zmgr_address_list_gateway(given, 0), "10.1.0.1");
    CHECK(zmgr_address_list_get(given, 1) == NULL && zmgr_address_list_gateway(given, 1) == NULL);
    snprintf(id, sizeof id, "%s", zmgr_address_list_id(given));
    CHECK(strlen(id) == 32);
    CHECK_STATUS(zmgr_address_allocate(manager, "internal", "printer", NULL, NULL, &again, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_address_list_get(again, 0), zmgr_address_list_get(given, 0));
    CHECK_TEXT(zmgr_address_list_id(again), id);
    zmgr_address_list_free(again);
    zmgr_address_list_free(given);

    CHECK_STATUS(zmgr_address_allocate(manager, "internal", "printer", "10.1.0.99", NULL, NULL, &error), ZMGR_EXISTS, error);
    DROP(error);
    CHECK_STATUS(zmgr_address_allocate(manager, "internal", "other", "10.1.0.10", NULL, NULL, &error), ZMGR_ADDRESS_IN_USE, error);
    DROP(error);
    CHECK_STATUS(zmgr_address_allocate(manager, "internal", "other", "10.1.0.10/24", NULL, NULL, &error), ZMGR_INVALID_ARGUMENT,
                 error);
    DROP(error);
    CHECK_STATUS(zmgr_address_allocate(manager, "missing", "other", NULL, NULL, NULL, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    CHECK_STATUS(zmgr_address_allocate(manager, NULL, "other", NULL, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);

    memset(&run, 0, sizeof run);
    run.size = sizeof run;
    run.cancel = cancel;
    zmgr_cancel_request(cancel);
    CHECK_STATUS(zmgr_address_allocate(manager, "internal", "late", NULL, &run, NULL, &error), ZMGR_CANCELLED, error);
    DROP(error);
    CHECK_STATUS(zmgr_address_release(manager, "internal", "printer", NULL, NULL, &run, &error), ZMGR_CANCELLED, error);
    DROP(error);
    zmgr_cancel_free(cancel);

    CHECK_STATUS(zmgr_addresses_allocate(manager, "internal", owners, 2, NULL, &many, &error), ZMGR_OK, error);
    CHECK(zmgr_value_get_kind(many) == ZMGR_VALUE_LIST && zmgr_value_len(many) == 2);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(zmgr_value_at(many, 1), "owner")), "b");
    CHECK_TEXT(zmgr_value_text(zmgr_value_at(zmgr_value_get(zmgr_value_at(many, 1), "addresses"), 0)), "10.1.0.12/24");
    zmgr_value_free(many);

    CHECK_STATUS(zmgr_address_release(manager, "internal", "printer", "10.1.0.99", NULL, NULL, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    CHECK_STATUS(zmgr_address_release(manager, "internal", "printer", NULL, id, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_address_release(manager, "internal", "printer", NULL, NULL, NULL, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
}

static void who_holds_what(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_value *usage = NULL, *all = NULL;
    const zmgr_value *family;
    zmgr_diagnostic_list *found = NULL;
    char *json;
    size_t i, holders;

    CHECK_STATUS(zmgr_pool_usage(manager, "internal", &usage, &error), ZMGR_OK, error);
    CHECK(zmgr_value_get_kind(usage) == ZMGR_VALUE_MAP);
    CHECK_TEXT(zmgr_value_key(usage, 0), "pool");
    CHECK(zmgr_value_key(usage, 99) == NULL && zmgr_value_at(usage, 99) == NULL);
    CHECK(zmgr_value_get(usage, "nothing of that name") == NULL && zmgr_value_get(usage, NULL) == NULL);
    family = zmgr_value_at(zmgr_value_get(usage, "families"), 0);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(family, "family")), "ipv4");
    CHECK(zmgr_value_integer(zmgr_value_get(family, "reservations")) == 2);
    CHECK(zmgr_value_text(zmgr_value_get(family, "total")) == NULL);
    holders = zmgr_value_len(zmgr_value_get(usage, "holders"));
    for (i = 0; i < holders; i++) {
        const zmgr_value *held = zmgr_value_at(zmgr_value_get(usage, "holders"), i);
        CHECK(zmgr_value_get_kind(zmgr_value_get(held, "in-range")) == ZMGR_VALUE_BOOL);
        CHECK(zmgr_value_bool(zmgr_value_get(held, "in-range")));
    }
    json = zmgr_value_json(usage);
    CHECK_HAS(json, "\"pool\":\"internal\"");
    zmgr_string_free(json);
    zmgr_value_free(usage);
    CHECK_STATUS(zmgr_pool_usage(manager, NULL, &all, &error), ZMGR_OK, error);
    CHECK(zmgr_value_get_kind(all) == ZMGR_VALUE_LIST && zmgr_value_len(all) >= 1);
    zmgr_value_free(all);
    CHECK_STATUS(zmgr_pool_usage(manager, "internal", NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);

    CHECK_STATUS(zmgr_pool_check(manager, NULL, &found, &error), ZMGR_OK, error);
    CHECK(zmgr_diagnostic_list_len(found) == 0 && zmgr_diagnostic_list_get(found, 0) == NULL);
    zmgr_diagnostic_list_free(found);
}

static void null_is_answered(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    CHECK(zmgr_address_list_len(NULL) == 0 && zmgr_address_list_get(NULL, 0) == NULL);
    CHECK(zmgr_address_list_gateway(NULL, 0) == NULL && zmgr_address_list_id(NULL) == NULL);
    CHECK(zmgr_diagnostic_list_len(NULL) == 0 && zmgr_diagnostic_list_get(NULL, 0) == NULL);
    zmgr_address_list_free(NULL);
    zmgr_diagnostic_list_free(NULL);
    CHECK_STATUS(zmgr_addresses_allocate(manager, "internal", NULL, 2, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_pool_check(manager, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_address_release(NULL, "internal", "a", NULL, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
}

static void documents(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_value *value = NULL;
    zmgr_diagnostic_list *found = NULL;
    zmgr_plan *plan = NULL;
    zmgr_report *report = NULL;
    zmgr_import_options options;
    zmgr_apply_options apply;
    const char *names[] = {"desired"};
    const char *pairs[] = {"attr.owner=alice"};
    CHECK_STATUS(zmgr_check(manager, &found, &error), ZMGR_OK, error);
    zmgr_diagnostic_list_free(found);
    CHECK_STATUS(zmgr_config(manager, &value, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(value, "zonepath_prefix")), "/zones");
    zmgr_value_free(value);
    CHECK_STATUS(zmgr_templates(manager, NULL, &value, &error), ZMGR_OK, error);
    CHECK(zmgr_value_get_kind(value) == ZMGR_VALUE_LIST && zmgr_value_len(value) >= 1);
    zmgr_value_free(value);
    CHECK_STATUS(zmgr_pools(manager, "internal", &value, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(value, "name")), "internal");
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(zmgr_value_at(zmgr_value_get(value, "networks"), 0), "network")), "10.1.0.0/24");
    zmgr_value_free(value);
    CHECK_STATUS(zmgr_publishers(manager, "missing", &value, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_create(manager, "desired", NULL, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_spec(manager, "desired", &value, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(zmgr_value_get(value, "brand"), "value")), "nlipkg");
    zmgr_value_free(value);

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    CHECK_STATUS(zmgr_plan_import(manager, NULL, 0, &options, &plan, &error), ZMGR_OK, error);
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_zones_import(manager, NULL, 0, &options, NULL, &report, &error), ZMGR_OK, error);
    zmgr_report_free(report);
    options.no_template = true;
    options.template_name = "oi";
    CHECK_STATUS(zmgr_plan_import(manager, NULL, 0, &options, &plan, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);

    memset(&apply, 0, sizeof apply);
    apply.size = sizeof apply;
    CHECK_STATUS(zmgr_diff(manager, names, 1, &value, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(zmgr_value_at(value, 0), "status")), "clean");
    zmgr_value_free(value);
    CHECK_STATUS(zmgr_zone_set(manager, "desired", pairs, 1, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_diff(manager, NULL, 0, &value, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(zmgr_value_at(value, 0), "status")), "differs");
    zmgr_value_free(value);
    CHECK_STATUS(zmgr_diff_offline(manager, NULL, 0, &value, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_value_text(zmgr_value_get(zmgr_value_at(value, 0), "status")), "differs");
    CHECK(zmgr_value_bool(zmgr_value_get(zmgr_value_at(value, 0), "unchecked")));
    zmgr_value_free(value);
    CHECK_STATUS(zmgr_plan_apply(manager, names, 1, &apply, &plan, &error), ZMGR_OK, error);
    CHECK(!zmgr_plan_is_empty(plan));
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_apply(manager, names, 1, &apply, NULL, &report, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_report_action(report, 0), "applied");
    zmgr_report_free(report);
    pairs[0] = "no equals sign";
    CHECK_STATUS(zmgr_zone_set(manager, "desired", pairs, 1, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);

    CHECK_STATUS(zmgr_plan_forget(manager, names, 1, &plan, &error), ZMGR_OK, error);
    CHECK(!zmgr_plan_is_empty(plan));
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_zones_forget(manager, names, 1, NULL, &report, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_report_action(report, 0), "forgotten");
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_zone_forget(manager, "desired", NULL, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    options.template_name = NULL;
    CHECK_STATUS(zmgr_zones_import(manager, names, 1, &options, NULL, &report, &error), ZMGR_OK, error);
    CHECK(zmgr_zone_template_name(zmgr_report_zone(report, 0)) == NULL);
    zmgr_report_free(report);
}

static void another_name(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_plan *plan = NULL;
    zmgr_report *report = NULL;
    zmgr_rename_options options;
    CHECK_STATUS(zmgr_zone_create(manager, "before", NULL, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zone_rename(manager, "before", "after", NULL, NULL, NULL, &error), ZMGR_WRONG_STATE, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_halt(manager, "before", NULL, NULL, &error), ZMGR_OK, error);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.links = true;
    CHECK_STATUS(zmgr_plan_rename(manager, "before", "after", &options, &plan, &error), ZMGR_OK, error);
    CHECK(!zmgr_plan_is_empty(plan));
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_zone_rename(manager, "before", "after", &options, NULL, &report, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_report_action(report, 0), "renamed");
    CHECK_TEXT(zmgr_zone_name(zmgr_report_zone(report, 0)), "after");
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_zone_rename(manager, "before", "other", NULL, NULL, NULL, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    CHECK_STATUS(zmgr_plan_rename(manager, "after", NULL, NULL, &plan, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
}

static void taken_away_and_back(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_plan *plan = NULL;
    zmgr_report *report = NULL;
    zmgr_attach_options options;
    const char *names[] = {"kept"};
    CHECK_STATUS(zmgr_zone_create(manager, "kept", NULL, NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_plan_detach(manager, names, 1, &plan, &error), ZMGR_WRONG_STATE, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_halt(manager, "kept", NULL, NULL, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_plan_detach(manager, names, 1, &plan, &error), ZMGR_OK, error);
    CHECK(!zmgr_plan_is_empty(plan));
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_zones_detach(manager, names, 1, NULL, &report, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_report_action(report, 0), "detached");
    zmgr_report_free(report);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.boot = true;
    CHECK_STATUS(zmgr_plan_attach(manager, names, 1, &options, &plan, &error), ZMGR_OK, error);
    CHECK(!zmgr_plan_is_empty(plan));
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_zones_attach(manager, names, 1, &options, NULL, &report, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_report_action(report, 0), "attached");
    CHECK_TEXT(zmgr_zone_status(zmgr_report_zone(report, 0)), "running");
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_zones_attach(manager, names, 1, NULL, NULL, NULL, &error), ZMGR_EXISTS, error);
    DROP(error);
}

static void brought_up_to_date(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_plan *plan = NULL;
    zmgr_report *report = NULL;
    zmgr_update_options options;
    const char *names[] = {"kept"};
    CHECK_STATUS(zmgr_plan_update(manager, names, 1, NULL, &plan, &error), ZMGR_WRONG_STATE, error);
    DROP(error);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.reboot = true;
    CHECK_STATUS(zmgr_plan_update(manager, names, 1, &options, &plan, &error), ZMGR_OK, error);
    CHECK(!zmgr_plan_is_empty(plan));
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_zones_update(manager, names, 1, &options, NULL, &report, &error), ZMGR_OK, error);
    CHECK_TEXT(zmgr_report_action(report, 0), "unchanged");
    zmgr_report_free(report);
    options.force = true;
    CHECK_STATUS(zmgr_zones_update(manager, names, 1, &options, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
}

static void refreshed(zmgr_manager *manager, const char *directory) {
    zmgr_error *error = NULL;
    zmgr_plan *plan = NULL;
    zmgr_report *report = NULL;
    zmgr_refresh_options options;
    const char *names[] = {"farm"};
    char path[1200];
    FILE *file;
    CHECK_STATUS(zmgr_plan_refresh_templates(manager, names, 1, NULL, &plan, &error), ZMGR_NOT_FOUND, error);
    DROP(error);
    snprintf(path, sizeof path, "%s/etc/zmgr/templates/farm.kdl", directory);
    file = fopen(path, "w");
    CHECK(file != NULL);
    fputs("template \"farm\" { extends \"oi\"; install { golden #true; }; }\n", file);
    CHECK(fclose(file) == 0);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.unproven = true;
    CHECK_STATUS(zmgr_templates_refresh(manager, names, 1, &options, NULL, &report, &error), ZMGR_OK, error);
    CHECK(zmgr_report_len(report) == 1);
    CHECK(zmgr_report_get_action(report, 0) == ZMGR_ACTION_CREATED);
    zmgr_report_free(report);
    CHECK_STATUS(zmgr_plan_refresh_templates(manager, names, 1, &options, &plan, &error), ZMGR_OK, error);
    CHECK(zmgr_plan_get_operation(plan) == ZMGR_OPERATION_REFRESH);
    zmgr_plan_free(plan);
    CHECK_STATUS(zmgr_templates_refresh(manager, names, 1, NULL, NULL, &report, &error), ZMGR_OK, error);
    CHECK(zmgr_report_len(report) == 2);
    CHECK(zmgr_report_get_action(report, 1) == ZMGR_ACTION_DESTROYED);
    zmgr_report_free(report);
    /* Without templates, only what nothing needs is removed. */
    CHECK_STATUS(zmgr_templates_refresh(manager, NULL, 0, NULL, NULL, &report, &error), ZMGR_OK, error);
    CHECK(zmgr_report_len(report) == 0);
    zmgr_report_free(report);
    names[0] = "oi";
    CHECK_STATUS(zmgr_templates_refresh(manager, names, 1, NULL, NULL, NULL, &error), ZMGR_WRONG_STATE, error);
    DROP(error);
}

int main(int argc, char **argv) {
    char directory[1024];
    zmgr_manager *manager = check_manager(argc, argv, "addresses", directory, sizeof directory);
    zmgr_error *error = NULL;
    zmgr_value *written = NULL;
    CHECK_STATUS(zmgr_init(manager, &written, &error), ZMGR_OK, error);
    CHECK(zmgr_value_len(written) > 0);
    zmgr_value_free(written);
    given_and_taken_back(manager);
    found_where_they_are_held(manager);
    files_are_written_if_valid(manager);
    who_holds_what(manager);
    null_is_answered(manager);
    documents(manager);
    another_name(manager);
    taken_away_and_back(manager);
    brought_up_to_date(manager);
    refreshed(manager, directory);
    zmgr_close(manager);
    return check_done();
}
