#include "core/audit/conclusion.h"

#include "core/rules/account_walk.h"

#include <inttypes.h>

/* ---- sums ---- */

struct sums {
    tj_i128 balance[TJ_ASSETS_MAX + 1];
    tj_i128 pending[TJ_ASSETS_MAX + 1];
};

static void add_accounts(struct sums *sums, const struct tj_state *state)
{
    for (struct tj_account_walk walk = {.state = state}; tj_account_next(&walk);) {
        const struct tj_account_object *account = walk.object;
        sums->balance[account->asset] += tj_account_balance(account);
        sums->pending[account->asset] +=
            (tj_i128)account->pending_in - (tj_i128)account->pending_out;
    }
}

bool tj_balances_are_zero(const struct tj_state *state)
{
    struct sums sums = {{0}, {0}};
    add_accounts(&sums, state);
    for (uint32_t a = 0; a <= TJ_ASSETS_MAX; a++) {
        if (sums.balance[a] != 0 || sums.pending[a] != 0) {
            return false;
        }
    }
    return true;
}

static void check_zero(struct tj_progress *progress)
{
    struct sums sums = {{0}, {0}};
    const struct tj_ledger_object *ledger = tj_state_ledger(progress->state);
    add_accounts(&sums, progress->state);
    for (uint32_t a = 1; ledger != NULL && a <= ledger->assets; a++) {
        if (sums.balance[a] == 0 && sums.pending[a] == 0) {
            tj_pass(progress->report, TJ_CHECK_ZERO, 1);
            continue;
        }
        tj_fail(progress->report, TJ_CHECK_ZERO, UINT64_MAX, NULL, NULL,
                "the balances of an asset do not sum to 0");
    }
}

static void check_class(struct tj_replay_report *report, const struct tj_tally_asset *asset,
                        int class)
{
    if (tj_tally_balances(&asset->classes[class])) {
        tj_pass(report, TJ_CHECK_TOTALS, asset->classes[class].accounts > 0);
        return;
    }
    tj_fail(report, TJ_CHECK_TOTALS, UINT64_MAX, NULL, NULL,
            "class %s of %s: opening + movements is not closing", tj_class_names[class],
            asset->code);
}

#ifdef TIJORI_VERIFY
/* How many movements of a purpose the state's totals have. Only those count that touched the
 * reserve (docs/FORMAT.md section 8). A correction leaves these numbers alone. */
static uint64_t counted_by_state(const struct tj_state *state, uint32_t asset, uint8_t purpose)
{
    uint64_t count = 0;
    for (uint8_t basis = TJ_BASIS_DECLARED; basis <= TJ_BASIS_BROUGHT_IN; basis++) {
        const struct tj_total_object *total =
            tj_state_peek(state, TJ_T_TOTAL, 0, tj_total_number(asset, purpose, basis));
        if (total != NULL) {
            count += total->count[TJ_FLOW_INTO] + total->count[TJ_FLOW_OUT] +
                     total->count[TJ_FLOW_WITHIN];
        }
    }
    return count;
}

/* The tally was counted from the records, the state's totals by the effects of the records. The two
 * agree whatever the log says, or this program counts wrong. */
static bool agrees_with_state(const struct tj_progress *progress, uint32_t number)
{
    const struct tj_tally_asset *asset = progress->report->tally->assets[number];
    const struct tj_asset_object *object = tj_state_asset(progress->state, number);
    const struct tj_tally_class *reserve = &asset->classes[TJ_CLASS_RESERVE];
    if (object == NULL || reserve->closing != tj_reserve_of(object)) {
        return false;
    }
    for (uint8_t purpose = 1; purpose < TJ_CORRECTION && progress->start == 0; purpose++) {
        if (reserve->purposes[purpose].count !=
            counted_by_state(progress->state, number, purpose)) {
            return false;
        }
    }
    return true;
}
#endif

bool tj_conclude_sums(struct tj_progress *progress)
{
    struct tj_tally *tally = progress->report->tally;
    check_zero(progress);
    if (!tj_tally_closing(tally, progress->state)) {
        return false;
    }
    for (uint32_t a = 0; a <= TJ_ASSETS_MAX; a++) {
        const struct tj_tally_asset *asset = tally->assets[a];
        for (int c = 0; asset != NULL && c < TJ_CLASS_END; c++) {
            check_class(progress->report, asset, c);
        }
        TJ_VERIFY_CHECK(asset == NULL || progress->report->failed ||
                        agrees_with_state(progress, a));
    }
    return true;
}

/* ---- what was not checked ---- */

/* For a check that decides entry by entry: it skips the entries that it did not come to. */
static void skip_entries(const struct tj_source *source, struct tj_progress *progress,
                         enum tj_check check, const char *why)
{
    uint64_t reached = progress->report->checks[check].reached;
    if (reached < progress->start) {
        reached = progress->start;
    }
    TJ_VERIFY_CHECK(reached >= progress->start);
    if (reached < source->size) {
        tj_skip(progress->report, check, source->size - reached, "%s", why);
    }
}

/* The checks are listed here, rather than taken to be all that did not pass. Each stands where its
 * work would have been done, and the report says of each that it was not. */
void tj_skip_rest(struct tj_progress *progress, const struct tj_source *source)
{
    static const enum tj_check per_entry[] = {
        TJ_CHECK_NUMBERS,    TJ_CHECK_FORM,  TJ_CHECK_CHAIN, TJ_CHECK_BODIES,
        TJ_CHECK_SIGNATURES, TJ_CHECK_LANES, TJ_CHECK_RULES,
    };
    static const enum tj_check at_end[] = {
        TJ_CHECK_ZERO,    TJ_CHECK_TOTALS,    TJ_CHECK_ATTACHMENTS,
        TJ_CHECK_LOG_KEY, TJ_CHECK_WITNESSES, TJ_CHECK_CHECKPOINT,
    };
    static const enum tj_check of_ledger[] = {TJ_CHECK_SNAPSHOT, TJ_CHECK_HEAD};
    static const enum tj_check of_folder[] = {TJ_CHECK_TILES, TJ_CHECK_FILES};
    const enum tj_check *own = source->is_ledger ? of_ledger : of_folder;
    struct tj_replay_report *report = progress->report;
    const char *why = report->failed ? "not reached: the replay stopped at the first failure"
                                     : "not reached: the replay stopped at what could not be read";
    for (size_t i = 0; i < sizeof per_entry / sizeof per_entry[0]; i++) {
        skip_entries(source, progress, per_entry[i], why);
    }
    for (size_t i = 0; i < sizeof at_end / sizeof at_end[0]; i++) {
        tj_skip(report, at_end[i], 1, "%s", why);
    }
    for (size_t i = 0; i < 2; i++) {
        tj_skip(report, own[i], 1, "%s", why);
    }
    if (source->is_ledger) {
        uint64_t reached = report->checks[TJ_CHECK_DERIVED].reached;
        if (reached > source->size) { /* entries that it does not count are there all the same */
            reached = source->size;
        }
        tj_skip(report, TJ_CHECK_DERIVED, source->size - reached, "%s", why);
    }
}

void tj_skip_absent(struct tj_replay_report *report, uint64_t unjudged)
{
    if (report->restricted > 0) {
        tj_skip(report, TJ_CHECK_BODIES, report->restricted_records,
                "records of %" PRIu64 " restricted entries (the first is entry %" PRIu64
                ") whose bodies are not here: attested by their signatures",
                report->restricted, report->restricted_first);
    }
    if (report->restricted_records + unjudged > 0) {
        tj_skip(report, TJ_CHECK_RULES, report->restricted_records + unjudged,
                "rules on records that are not here, and %" PRIu64
                " on balances outside the public sector that depend on such",
                unjudged);
    }
}
