/* Lists the zones of a simulated machine: list_zones DIRECTORY */
#include <stdio.h>
#include <zmgr.h>

int main(int argc, char **argv) {
    zmgr_open_options options = {.size = sizeof options, .simulate_dir = argc > 1 ? argv[1] : "host"};
    zmgr_manager *manager = NULL;
    zmgr_zone_list *zones = NULL;
    zmgr_error *error = NULL;
    zmgr_status status = zmgr_open(&options, &manager, &error);
    size_t i, n, a;

    if (status == ZMGR_OK) status = zmgr_zones(manager, NULL, &zones, &error);
    for (i = 0; i < zmgr_zone_list_len(zones); i++) {
        const zmgr_zone *zone = zmgr_zone_list_get(zones, i);
        const char *live = zmgr_zone_status(zone);
        printf("%s %s", zmgr_zone_name(zone), live ? live : "-");
        for (n = 0; n < zmgr_zone_net_count(zone); n++) {
            const zmgr_net *net = zmgr_zone_net(zone, n);
            for (a = 0; a < zmgr_net_address_count(net); a++) printf(" %s", zmgr_net_address(net, a));
        }
        printf("\n");
    }
    if (status != ZMGR_OK) fprintf(stderr, "%s: %s\n", zmgr_error_name(error), zmgr_error_message(error));
    zmgr_error_free(error);
    zmgr_zone_list_free(zones);
    zmgr_close(manager);
    return (int)status;
}
