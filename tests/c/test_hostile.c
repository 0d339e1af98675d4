/* Texts that no caller should pass, at every function that takes one: refused with a status of the table, nothing is changed. */
#include "check.h"

static const char *const TEXTS[] = {
    "", " ", "-", "-f", "--", ".", "..", "/", "../../etc/passwd", "a/b", "a b", "a\tb", "a\nb", "a;b", "$(id)", "`id`", "a\"b", "a'b",
    "a\\b", "a{b", "/-", "//", "\x01", "\x1b[2J", "\x7f", "\xc3", "\xff\xfe", "\xed\xa0\x80", "\xf4\x90\x80\x80", "global", "SUNWx",
    "123", "%s%n", "=", "a=", "=a", "attr.=x", "attr.a=\"", "capped-memory.physical=-1", "capped-memory.physical=1e400", "net.a=1",
    "\xe2\x80\xae" "abc", "{", "[", "null", "0", "\"", "{\"operation\":\"create\"}", "{\"a\":{\"a\":{\"a\":",
};

static uint32_t state = 2463534242u;

static size_t below(size_t n) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return n ? state % n : 0;
}

/* The status is one of the table, and an error object comes with every one but ZMGR_OK. */
static void settled(zmgr_status status, zmgr_error *error) {
    CHECK(zmgr_status_name(status) != NULL);
    CHECK((status == ZMGR_OK) == (error == NULL));
    CHECK(error == NULL || zmgr_error_message(error)[0] != '\0');
    zmgr_error_free(error);
}

/* The call comes first: the error is its output. */
#define SETTLED(call) do { zmgr_status is = (call); settled(is, error); error = NULL; } while (0)
#define REFUSED(call) do { zmgr_status is = (call); CHECK(is != ZMGR_OK && is != ZMGR_INTERNAL); settled(is, error); error = NULL; } while (0)

static void names(zmgr_manager *manager, const char *text) {
    zmgr_error *error = NULL;
    zmgr_create_options create;
    zmgr_zone *zone = NULL;
    zmgr_plan *plan = NULL;
    zmgr_value *usage = NULL;
    int32_t status = 0;
    const char *list[1];
    list[0] = text;

    REFUSED(zmgr_zone_find(manager, text, &zone, &error));
    REFUSED(zmgr_zone_destroy(manager, text, NULL, NULL, &error));
    REFUSED(zmgr_zone_boot(manager, text, NULL, &error));
    REFUSED(zmgr_zone_exec(manager, text, list, 1, NULL, &status, &error));
    REFUSED(zmgr_plan_destroy(manager, list, 1, NULL, &plan, &error));
    REFUSED(zmgr_pool_usage(manager, text, &usage, &error));
    REFUSED(zmgr_address_allocate(manager, text, "owner", NULL, NULL, NULL, &error));
    REFUSED(zmgr_address_allocate(manager, "internal", "owner", text, NULL, NULL, &error));
    REFUSED(zmgr_zone_set(manager, "web01", list, 1, NULL, NULL, &error));
    memset(&create, 0, sizeof create);
    create.size = sizeof create;
    create.template_name = text;
    REFUSED(zmgr_zone_create(manager, "web02", &create, NULL, NULL, &error));
}

/* A plan of this manager's with some of its bytes changed: it is not a plan, or one that is stale, or still the same. */
static void plans(zmgr_manager *manager) {
    zmgr_error *error = NULL;
    zmgr_plan *plan = NULL;
    const char *list[] = {"web09"};
    char *json;
    size_t length, round;

    CHECK_STATUS(zmgr_plan_create(manager, list, 1, NULL, &plan, &error), ZMGR_OK, error);
    json = zmgr_plan_json(plan);
    zmgr_plan_free(plan);
    length = strlen(json);
    for (round = 0; round < 60; round++) {
        char *changed = (char *)malloc(length + 1);
        size_t edits = 1 + below(3);
        memcpy(changed, json, length + 1);
        while (edits-- > 0) changed[below(length)] = "\"{}[],:0x\\\x01\xff"[below(12)];
        plan = NULL;
        SETTLED(zmgr_plan_from_json(changed, &plan, &error));
        zmgr_plan_free(plan);
        changed[below(length)] = '\0';
        plan = NULL;
        SETTLED(zmgr_plan_from_json(changed, &plan, &error));
        zmgr_plan_free(plan);
        free(changed);
    }
    zmgr_string_free(json);
}

int main(int argc, char **argv) {
    char directory[512];
    zmgr_manager *manager = check_manager(argc, argv, "hostile", directory, sizeof directory);
    zmgr_error *error = NULL;
    zmgr_zone_list *zones = NULL;
    zmgr_diagnostic_list *found = NULL;
    zmgr_plan *plan = NULL;
    char *before, *after, *nested;
    zmgr_zone *zone = NULL;
    size_t i;

    CHECK_STATUS(zmgr_zone_create(manager, "web01", NULL, NULL, &zone, &error), ZMGR_OK, error);
    before = zmgr_zone_json(zone);
    zmgr_zone_free(zone);
    for (i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        names(manager, TEXTS[i]);
        REFUSED(zmgr_plan_from_json(TEXTS[i], &plan, &error));
    }
    nested = (char *)malloc(200001);
    memset(nested, '[', 200000);
    nested[200000] = '\0';
    REFUSED(zmgr_plan_from_json(nested, &plan, &error));
    names(manager, nested);
    free(nested);
    plans(manager);

    CHECK_STATUS(zmgr_zones(manager, NULL, &zones, &error), ZMGR_OK, error);
    CHECK(zmgr_zone_list_len(zones) == 1);
    after = zmgr_zone_json(zmgr_zone_list_get(zones, 0));
    CHECK_TEXT(after, before);
    CHECK_STATUS(zmgr_check(manager, &found, &error), ZMGR_OK, error);
    CHECK(zmgr_diagnostic_list_len(found) == 0);
    zmgr_diagnostic_list_free(found);
    zmgr_string_free(before);
    zmgr_string_free(after);
    zmgr_zone_list_free(zones);
    zmgr_close(manager);
    return check_done();
}
