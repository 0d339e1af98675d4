/* The header needs nothing before it, and may be read twice. */
#include <zmgr.h>
#include <zmgr.h>

typedef char the_version_has_three_parts[ZMGR_VERSION_NUMBER ==
                                                 (ZMGR_VERSION_MAJOR * 65536 + ZMGR_VERSION_MINOR * 256 + ZMGR_VERSION_PATCH)
                                             ? 1
                                             : -1];

int main(void) {
    return zmgr_version_number() == ZMGR_VERSION_NUMBER ? 0 : 1;
}
