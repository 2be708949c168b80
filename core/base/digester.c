#include "core/base/digester.h"

#include "core/base/status.h"

bool tj_digester_init(struct tj_digester *digester)
{
    digester->hasher = tj_hasher_create();
    digester->envelope_tag = tj_tag_create("tijori/envelope/v1");
    return digester->hasher != NULL && digester->envelope_tag != NULL;
}

void tj_digester_clear(struct tj_digester *digester)
{
    tj_hasher_destroy(digester->hasher);
    tj_tag_destroy(digester->envelope_tag);
}
