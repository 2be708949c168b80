#include "cli/tijori/balance_purpose.h"

#include "text/purposes.h"

#include <string.h>

int reserve_purposes(struct reading *reading, enum table_style style)
{
    bool same;
    if (!purposes_of_reserve(stdout, &same, reading->state, style)) {
        return fail_status(TIJORI_MEMORY, reading->dir, NULL);
    }
    return same ? EXIT_PASS
                : fail(EXIT_FAIL, "the totals by purpose and the balances of the reserve accounts "
                                  "differ: the stored state is damaged");
}

static enum tijori_status sum_history(struct reading *reading,
                                      struct purpose_sum sums[TJ_PURPOSE_END], uint64_t account)
{
    struct tijori_history_cursor cursor = {0};
    struct tijori_movement movement;
    enum tijori_status status;
    tj_ledger_view_end(reading->ledger, &reading->view);
    reading->viewing = false;
    while ((status = tijori_history(reading->ledger, &movement, &cursor, tj_account_party(account),
                                    tj_account_local(account))) == TIJORI_OK) {
        if (movement.entry < reading->size) {
            purposes_add(sums, &movement, account);
        }
    }
    return status == TIJORI_NOT_FOUND ? TIJORI_OK : status;
}

int account_purposes(struct reading *reading, uint64_t account, enum table_style style)
{
    struct purpose_sum sums[TJ_PURPOSE_END];
    /* Before the view ends: the newest state is the ledger's, and stays while it is open. */
    struct asset asset = account_asset(reading->state, tj_state_account(reading->state, account));
    memset(sums, 0, sizeof sums);
    enum tijori_status status = sum_history(reading, sums, account);
    if (status == TIJORI_OK && !purposes_of_account(stdout, sums, &asset, style)) {
        status = TIJORI_MEMORY;
    }
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, reading->dir, NULL);
}
