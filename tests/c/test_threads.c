/* One manager, many threads: no address is given twice, and one thread ends the question of another. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

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

static void *request(void *argument) {
    struct timespec while_it_asks = {0, 100 * 1000 * 1000};
    nanosleep(&while_it_asks, NULL);
    zmgr_cancel_request((const zmgr_cancel *)argument);
    return NULL;
}

static void a_question_is_ended(const zmgr_manager *manager, const char *directory) {
    zmgr_error *error = NULL;
    zmgr_manager *asking = NULL;
    zmgr_sim *sim = NULL;
    zmgr_zone_list *list = NULL;
    zmgr_sim_fault_options slow;
    zmgr_cancel *cancel = zmgr_cancel_new();
    pthread_t thread;
    time_t begun = time(NULL);
    memset(&slow, 0, sizeof slow);
    slow.size = sizeof slow;
    slow.program = "zoneadm";
    slow.subcommand = "list";
    slow.delay_ms = 60 * 1000;
    CHECK_STATUS(zmgr_sim_open(directory, &sim, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_sim_fault(sim, &slow, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_with_cancel(manager, NULL, &asking, &error), ZMGR_INVALID_ARGUMENT, error);
    DROP(error);
    CHECK_STATUS(zmgr_with_cancel(manager, cancel, &asking, &error), ZMGR_OK, error);
    CHECK(pthread_create(&thread, NULL, request, cancel) == 0);
    CHECK_STATUS(zmgr_zones(asking, NULL, &list, &error), ZMGR_CANCELLED, error);
    CHECK(list == NULL && time(NULL) - begun < 30);
    DROP(error);
    pthread_join(thread, NULL);
    /* The other manager of the same host was asked nothing of the kind. */
    CHECK_STATUS(zmgr_sim_clear_faults(sim, &error), ZMGR_OK, error);
    CHECK_STATUS(zmgr_zones(manager, NULL, &list, &error), ZMGR_OK, error);
    zmgr_zone_list_free(list);
    zmgr_cancel_free(cancel);
    zmgr_close(asking);
    zmgr_sim_close(sim);
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
    a_question_is_ended(manager, directory);
    zmgr_close(manager);
    return check_done();
}
