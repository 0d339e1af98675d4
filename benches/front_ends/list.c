/* Lists the zones of DIRECTORY once for each line that it reads, and prints the nanoseconds that the call took: list DIRECTORY */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>
#include <zmgr.h>

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
    zmgr_open_options options = {.size = sizeof options};
    zmgr_query query = {.size = sizeof query, .query_host = ZMGR_QUERY_HOST_NEVER};
    zmgr_manager *manager = NULL;
    zmgr_error *error = NULL;
    char line[16];

    if (argc != 2) return 2;
    options.simulate_dir = argv[1];
    if (zmgr_open(&options, &manager, &error) != ZMGR_OK) return 1;
    while (fgets(line, sizeof line, stdin) != NULL) {
        zmgr_zone_list *zones = NULL;
        long long begun = now(), took;
        if (zmgr_zones(manager, &query, &zones, &error) != ZMGR_OK) {
            fprintf(stderr, "%s\n", zmgr_error_message(error));
            return 1;
        }
        took = now() - begun;
        printf("%zu %lld\n", zmgr_zone_list_len(zones), took);
        fflush(stdout);
        zmgr_zone_list_free(zones);
    }
    zmgr_close(manager);
    return 0;
}
