/* In place of the peers whose libraries were not there when this was configured. */

#include "bench/peers.h"

#ifndef TIJORI_HAVE_SQLITE
const struct peer *const peer_sqlite = NULL;
#endif
#ifndef TIJORI_HAVE_POSTGRES
const struct peer *const peer_postgres = NULL;
#endif
