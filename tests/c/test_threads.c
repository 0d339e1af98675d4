/* One manager, many threads: no address is given twice. */
#include <pthread.h>

#include "check.h"

enum { THREADS = 6 };

struct work {
    zmgr_manager *manager;
    char name[16];
    char address[64];
    uint32_t status;
};

static void *create(void *argument) {
    struct work *work = (struct work *)argument;
    zmgr_zone *zone = NULL;
    work->status = (uint32_t)zmgr_zone_create(work->manager, work->name, NULL, NULL, &zone, NULL);
    if (zone != NULL) snprintf(work->address, sizeof work->address, "%s", zmgr_net_address(zmgr_zone_net(zone, 0), 0));
    zmgr_zone_free(zone);
    return NULL;
}

int main(int argc, char **argv) {
    char directory[1024];
    pthread_t threads[THREADS];
    struct work works[THREADS];
    zmgr_manager *manager = check_manager(argc, argv, "threads", directory, sizeof directory);
    int i, j;
    memset(works, 0, sizeof works);
    for (i = 0; i < THREADS; i++) {
        works[i].manager = manager;
        snprintf(works[i].name, sizeof works[i].name, "t%d", i);
        CHECK(pthread_create(&threads[i], NULL, create, &works[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_TEXT(zmgr_status_name(works[i].status), "ok");
        for (j = 0; j < i; j++) CHECK(strcmp(works[i].address, works[j].address) != 0);
    }
    zmgr_close(manager);
    return check_done();
}
