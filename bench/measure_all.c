/* `all`: every section, with a bar that knows about how long each takes. */

#include "bench/sections.h"

bool measure_all(struct session *s)
{
    static const struct {
        bool (*measure)(struct session *session);
        double seconds; /* about, on two cores: the section's part of the bar */
    } sections[] = {
        {measure_floors, 8}, {measure_ingest, 50},  {measure_log, 25},   {measure_rules, 30},
        {measure_audit, 40}, {measure_latency, 35}, {measure_peers, 45}, {measure_scale, 300},
    };
    enum { SECTIONS = sizeof sections / sizeof sections[0] };
    double all = 0;
    for (size_t i = 0; i < SECTIONS; i++) {
        all += sections[i].seconds;
    }
    double begin = 0;
    bool done = true;
    for (size_t i = 0; i < SECTIONS && done; i++) {
        struct stretch whole = session_narrow(s, begin, begin + sections[i].seconds, all);
        done = sections[i].measure(s);
        s->stretch = whole;
        begin += sections[i].seconds;
    }
    return done;
}
