/* Checks a host, and prints what needs attention: doctor DIRECTORY */
#include <stdio.h>
#include <zmgr.h>

int main(int argc, char **argv) {
    zmgr_open_options options = {.size = sizeof options};
    zmgr_manager *manager = NULL;
    zmgr_diagnosis *diagnosis = NULL;
    zmgr_error *error = NULL;
    options.simulate_dir = argc > 1 ? argv[1] : "host";

    zmgr_status status = zmgr_open(&options, &manager, &error);
    if (status == ZMGR_OK) status = zmgr_doctor(manager, &diagnosis, &error);
    if (status != ZMGR_OK) fprintf(stderr, "%s\n", zmgr_error_message(error));
    for (size_t i = 0; i < zmgr_diagnosis_len(diagnosis); i++) {
        const zmgr_diagnosis_item *item = zmgr_diagnosis_get(diagnosis, i);
        if (zmgr_diagnosis_item_get_level(item) < ZMGR_DIAGNOSIS_LEVEL_WARNING) continue;
        printf("%s: %s\n", zmgr_diagnosis_item_subject(item), zmgr_diagnosis_item_message(item));
        if (zmgr_diagnosis_item_help(item) != NULL) printf("  %s\n", zmgr_diagnosis_item_help(item));
    }
    if (status == ZMGR_OK) printf("%s\n", zmgr_diagnosis_can_manage(diagnosis) ? "ok" : "zmgr cannot manage this host");
    zmgr_diagnosis_free(diagnosis);
    zmgr_error_free(error);
    zmgr_close(manager);
    return (int)status;
}
