/* Creates zones one after the other: create_many DIRECTORY PREFIX COUNT. One of the faces of tests/python/test_front_ends.py. */
#include <stdio.h>
#include <stdlib.h>
#include <zmgr.h>

int main(int argc, char **argv) {
    zmgr_open_options options = {.size = sizeof options};
    zmgr_manager *manager = NULL;
    zmgr_error *error = NULL;
    zmgr_status status;
    int i, count = argc == 4 ? atoi(argv[3]) : 0;

    if (count < 1) return ZMGR_INVALID_ARGUMENT;
    options.simulate_dir = argv[1];
    options.command = "create_many";
    status = zmgr_open(&options, &manager, &error);
    for (i = 0; i < count && status == ZMGR_OK; i++) {
        char name[64];
        zmgr_zone *zone = NULL;
        snprintf(name, sizeof name, "%s%d", argv[2], i);
        status = zmgr_zone_create(manager, name, NULL, NULL, &zone, &error);
        if (status == ZMGR_OK) printf("%s\n", zmgr_net_address(zmgr_zone_net(zone, 0), 0));
        zmgr_zone_free(zone);
    }
    if (status != ZMGR_OK) fprintf(stderr, "%s: %s\n", zmgr_error_name(error), zmgr_error_message(error));
    zmgr_error_free(error);
    zmgr_close(manager);
    return (int)status;
}
