/* Holds an address for something that is not a zone, then shows who holds what: addresses DIRECTORY OWNER */
#include <stdio.h>
#include <zmgr.h>

int main(int argc, char **argv) {
    zmgr_open_options options = {.size = sizeof options};
    zmgr_manager *manager = NULL;
    zmgr_address_list *given = NULL;
    zmgr_value *usage = NULL;
    zmgr_error *error = NULL;
    zmgr_status status;
    size_t i;

    if (argc != 3) {
        fprintf(stderr, "usage: %s DIRECTORY OWNER\n", argv[0]);
        return ZMGR_INVALID_ARGUMENT;
    }
    options.simulate_dir = argv[1];
    status = zmgr_open(&options, &manager, &error);
    if (status == ZMGR_OK) status = zmgr_init(manager, NULL, &error); /* keeps what is there */
    if (status == ZMGR_OK) status = zmgr_address_allocate(manager, "internal", argv[2], NULL, NULL, &given, &error);
    for (i = 0; i < zmgr_address_list_len(given); i++) printf("%s has %s\n", argv[2], zmgr_address_list_get(given, i));
    if (status == ZMGR_OK) status = zmgr_pool_usage(manager, "internal", &usage, &error);
    if (status == ZMGR_OK) {
        const zmgr_value *holders = zmgr_value_get(usage, "holders");
        for (i = 0; i < zmgr_value_len(holders); i++) {
            const zmgr_value *held = zmgr_value_at(holders, i);
            printf("%s %s %s\n", zmgr_value_text(zmgr_value_get(held, "address")),
                   zmgr_value_text(zmgr_value_get(held, "kind")), zmgr_value_text(zmgr_value_get(held, "name")));
        }
    }
    if (status != ZMGR_OK) fprintf(stderr, "%s: %s\n", zmgr_error_name(error), zmgr_error_message(error));
    zmgr_error_free(error);
    zmgr_value_free(usage);
    zmgr_address_list_free(given);
    zmgr_close(manager);
    return (int)status;
}
