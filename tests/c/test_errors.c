/* Errors: NULL everywhere, options of other sizes, text that is none, what an error object tells. */
#include "check.h"

static void nothing_crashes_on_null(void) {
    zmgr_error *error = NULL;
    zmgr_manager *manager = (zmgr_manager *)&error; /* anything: it has to be set to NULL */

    CHECK_STATUS(zmgr_open(NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK_HAS(zmgr_error_message(error), "out is NULL");
    DROP(error);
    CHECK_STATUS(zmgr_open(NULL, NULL, NULL), ZMGR_INVALID_ARGUMENT, NULL);
    CHECK_STATUS(zmgr_open(NULL, &manager, &error), ZMGR_OK, error);
    CHECK(manager != NULL && error == NULL);

    CHECK_STATUS(zmgr_zone_find(manager, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    zmgr_zone *zone = (zmgr_zone *)&error;
    CHECK_STATUS(zmgr_zone_find(NULL, "web01", &zone, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK_HAS(zmgr_error_message(error), "manager is NULL");
    CHECK(zone == NULL);
    DROP(error);
    CHECK_STATUS(zmgr_zone_find(manager, NULL, &zone, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK_HAS(zmgr_error_message(error), "name is NULL");
    DROP(error);
    CHECK_STATUS(zmgr_zones(manager, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_create(manager, NULL, NULL, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_create(NULL, "web01", NULL, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_zone_destroy(manager, NULL, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    zmgr_close(manager);

    zmgr_close(NULL);
    zmgr_error_free(NULL);
    zmgr_zone_free(NULL);
    zmgr_zone_list_free(NULL);
    zmgr_plan_free(NULL);
    zmgr_report_free(NULL);
    zmgr_cancel_free(NULL);
    zmgr_value_free(NULL);
    zmgr_string_free(NULL);

    CHECK(zmgr_error_code(NULL) == ZMGR_OK);
    CHECK(zmgr_error_name(NULL) == NULL && zmgr_error_message(NULL) == NULL && zmgr_error_help(NULL) == NULL);
    CHECK(!zmgr_error_can_retry(NULL));
    CHECK(zmgr_error_detail_count(NULL) == 0 && zmgr_error_detail(NULL, 0) == NULL);
    CHECK(zmgr_error_command_arg(NULL, 0) == NULL && zmgr_error_command_status(NULL) == -1);
    CHECK(zmgr_error_command_stdout(NULL) == NULL && zmgr_error_command_stderr(NULL) == NULL);
    CHECK(zmgr_error_command_log(NULL) == NULL && zmgr_error_json(NULL) == NULL);
    CHECK(zmgr_diagnostic_severity(NULL) == ZMGR_SEVERITY_ERROR);
    CHECK(zmgr_diagnostic_code(NULL) == NULL && zmgr_diagnostic_message(NULL) == NULL);
    CHECK(zmgr_diagnostic_help(NULL) == NULL && zmgr_diagnostic_path(NULL) == NULL);
    CHECK(zmgr_diagnostic_line(NULL) == 0 && zmgr_diagnostic_column(NULL) == 0);
    CHECK(zmgr_diagnostic_snippet(NULL) == NULL);
    zmgr_cancel_request(NULL);
    CHECK(!zmgr_cancel_is_requested(NULL));
    CHECK(zmgr_zone_list_len(NULL) == 0 && zmgr_zone_list_get(NULL, 0) == NULL);
    CHECK(zmgr_zone_name(NULL) == NULL && zmgr_zone_id(NULL) == NULL && zmgr_zone_brand(NULL) == NULL);
    CHECK(zmgr_zone_template_name(NULL) == NULL && zmgr_zone_zonepath(NULL) == NULL);
    CHECK(zmgr_zone_state(NULL) == NULL && zmgr_zone_status(NULL) == NULL && zmgr_zone_uuid(NULL) == NULL);
    CHECK(zmgr_zone_created(NULL) == NULL && zmgr_zone_origin(NULL) == NULL && zmgr_zone_fault(NULL) == NULL);
    CHECK(zmgr_zone_autoboot(NULL) == -1 && zmgr_zone_json(NULL) == NULL);
    CHECK(zmgr_zone_tag_count(NULL) == 0 && zmgr_zone_tag(NULL, 0) == NULL);
    CHECK(zmgr_zone_attr_count(NULL) == 0 && zmgr_zone_attr_name(NULL, 0) == NULL);
    CHECK(zmgr_zone_pending_count(NULL) == 0 && zmgr_zone_pending(NULL, 0) == NULL);
    CHECK(!zmgr_zone_has_up(NULL) && zmgr_zone_up_count(NULL) == 0 && zmgr_zone_up(NULL, 0) == NULL);
    CHECK(zmgr_zone_attr_value(NULL, 0) == NULL && zmgr_zone_net_count(NULL) == 0 && zmgr_zone_net(NULL, 0) == NULL);
    CHECK(zmgr_net_name(NULL) == NULL && zmgr_net_pool(NULL) == NULL && zmgr_net_vnic(NULL) == NULL);
    CHECK(zmgr_net_stub(NULL) == NULL && zmgr_net_mac(NULL) == NULL && zmgr_net_physical(NULL) == NULL);
    CHECK(zmgr_net_vlan(NULL) == 0 && !zmgr_net_managed(NULL) && zmgr_net_address_count(NULL) == 0);
    CHECK(zmgr_net_address(NULL, 0) == NULL && zmgr_net_gateway(NULL, 0) == NULL);
    CHECK(zmgr_plan_json(NULL) == NULL && zmgr_plan_text(NULL) == NULL && zmgr_plan_digest(NULL) == NULL);
    CHECK(zmgr_plan_is_empty(NULL));
    CHECK(zmgr_report_len(NULL) == 0 && zmgr_report_name(NULL, 0) == NULL && zmgr_report_action(NULL, 0) == NULL);
    CHECK(zmgr_report_status(NULL, 0) == ZMGR_INVALID_ARGUMENT && zmgr_report_error(NULL, 0) == NULL);
    CHECK(zmgr_report_zone(NULL, 0) == NULL && zmgr_report_note(NULL, 0, 0) == NULL);
    CHECK(zmgr_event_get_kind(NULL) == ZMGR_EVENT_OTHER && zmgr_event_zone(NULL) == NULL);
    CHECK(zmgr_event_step(NULL) == NULL && zmgr_event_position(NULL) == 0 && zmgr_event_steps(NULL) == 0);
    CHECK(zmgr_event_message(NULL) == NULL && zmgr_event_elapsed_ms(NULL) == 0 && !zmgr_event_ok(NULL));
    CHECK(zmgr_value_get_kind(NULL) == ZMGR_VALUE_NULL && zmgr_value_text(NULL) == NULL && !zmgr_value_bool(NULL));
    CHECK(zmgr_value_integer(NULL) == 0 && zmgr_value_len(NULL) == 0 && zmgr_value_at(NULL, 0) == NULL);
    CHECK(zmgr_value_key(NULL, 0) == NULL && zmgr_value_get(NULL, "a") == NULL && zmgr_value_json(NULL) == NULL);
}

static void options_may_be_older_or_newer(const char *directory) {
    zmgr_error *error = NULL;
    zmgr_manager *manager = NULL;
    struct {
        zmgr_open_options known;
        void *later;
    } newer;
    zmgr_open_options options;

    memset(&options, 0, sizeof options);
    CHECK_STATUS(zmgr_open(&options, &manager, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK_HAS(zmgr_error_message(error), "size");
    CHECK(zmgr_error_help(error) != NULL);
    DROP(error);

    /* An older program knows only the first fields: what lies past its size is not read. */
    options.size = offsetof(zmgr_open_options, simulate_dir);
    options.simulate_dir = (const char *)1;
    options.root = directory;
    CHECK_STATUS(zmgr_open(&options, &manager, &error), ZMGR_OK, error);
    zmgr_close(manager);

    memset(&newer, 0, sizeof newer);
    newer.known.size = sizeof newer;
    CHECK_STATUS(zmgr_open((const zmgr_open_options *)&newer, &manager, &error), ZMGR_OK, error);
    zmgr_close(manager);
    newer.later = &newer;
    CHECK_STATUS(zmgr_open((const zmgr_open_options *)&newer, &manager, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK(manager == NULL);
    DROP(error);
}

static void values_out_of_range_are_refused(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_zone_list *zones = NULL;
    zmgr_query query;
    zmgr_create_options create;
    zmgr_run_options run;
    const char *pairs[] = {"no-equals-sign"};

    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.query_host = 99;
    CHECK_STATUS(zmgr_zones(manager, &query, &zones, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK_HAS(zmgr_error_message(error), "99");
    DROP(error);
    query.query_host = ZMGR_QUERY_HOST_IF_AVAILABLE;
    query.tag = "\xff\xfe";
    CHECK_STATUS(zmgr_zones(manager, &query, &zones, &error), ZMGR_INVALID_ARGUMENT, error);
    CHECK_HAS(zmgr_error_message(error), "UTF-8");
    DROP(error);
    query.tag = NULL;
    query.name_count = 1;
    CHECK_STATUS(zmgr_zones(manager, &query, &zones, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);

    memset(&create, 0, sizeof create);
    create.size = sizeof create;
    create.boot = 3;
    CHECK_STATUS(zmgr_zone_create(manager, "web01", &create, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    create.boot = 0;
    create.attrs = pairs;
    create.attr_count = 1;
    CHECK_STATUS(zmgr_zone_create(manager, "web01", &create, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    create.attr_count = 0;
    create.addresses = pairs;
    create.address_count = 1;
    CHECK_STATUS(zmgr_zone_create(manager, "web01", &create, NULL, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);

    memset(&run, 0, sizeof run);
    run.size = sizeof run;
    run.on_failure = 7;
    CHECK_STATUS(zmgr_zone_create(manager, "web01", NULL, &run, NULL, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
}

static void the_table_of_codes(void) {
    uint32_t status;
    for (status = ZMGR_OK; status <= ZMGR_STORE_UNREACHABLE; status++) CHECK(zmgr_status_name(status) != NULL);
    CHECK(zmgr_status_name(ZMGR_STORE_UNREACHABLE + 1) == NULL);
    CHECK(zmgr_status_name(0xffffffffU) == NULL);
    CHECK_TEXT(zmgr_status_name(ZMGR_NOT_FOUND), "not-found");
    CHECK_TEXT(zmgr_version(), "0.1.0");
}

static void an_error_tells(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_zone *zone = NULL;
    char *json;
    CHECK_STATUS(zmgr_zone_find(manager, "missing", &zone, &error), ZMGR_NOT_FOUND, error);
    CHECK_TEXT(zmgr_error_name(error), "not-found");
    CHECK_HAS(zmgr_error_message(error), "missing");
    CHECK(!zmgr_error_can_retry(error));
    json = zmgr_error_json(error);
    CHECK_HAS(json, "\"code\":\"not-found\"");
    zmgr_string_free(json);
    CHECK_STATUS(zmgr_zone_create(manager, "no/good", NULL, NULL, NULL, NULL), ZMGR_INVALID_ARGUMENT, NULL);
    DROP(error);
}

int main(int argc, char **argv) {
    char directory[1024];
    zmgr_manager *manager = check_manager(argc, argv, "errors", directory, sizeof directory);
    nothing_crashes_on_null();
    options_may_be_older_or_newer(directory);
    values_out_of_range_are_refused(manager);
    the_table_of_codes();
    an_error_tells(manager);
    zmgr_close(manager);
    return check_done();
}
