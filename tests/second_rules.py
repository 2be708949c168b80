"""Tiers, limits and programmes for the second verifier: docs/FORMAT.md section 7.3.

A movement is judged by all rules of the ledger, one after another: there are few, and what is
plain is more easily seen to be right.
"""

import second_verifier as v  # which imports this module: its names are used when called only

STEPS = 16  # of an outflow limit's window


class Rule:
    """A tier, limit or programme: its record, and what it counts."""

    def __init__(self, record, record_id, from_ns=0):
        self.record = record
        self.set_id = record_id
        self.from_ns = from_ns  # for entries received from then on
        self.ended_id = None
        self.until_ns = None  # once it is ended, for entries received before then
        self.steps = {}  # of an outflow limit: step number to amount
        self.counted_in = self.counted_out = self.unclassified = self.corrected = 0
        self.brought_in = 0  # by openings, less what they took out
        self.day = self.day_amount = 0
        self.breaches = []  # record ids

    def in_force(self, received_ns):
        return (self.from_ns <= received_ns
                and (self.until_ns is None or received_ns < self.until_ns))

    def net(self):
        return self.counted_in - self.counted_out


def rules_for(movement, kind, *types):
    """In force, of a kind and types; those of an asset only when it is the movement's. Directives
    and movements share no envelope: what is set was set in an earlier entry."""
    return [rule for rule in movement.state.rules
            if rule.record.kind == kind and rule.in_force(movement.entry.received_ns)
            and (not types or rule.record.type in types)
            and rule.record.asset in (0, movement.source.asset)]


def judge(movement, named):
    """named is what a post or a correct names, as (entry, record)."""
    kind = movement.record.kind
    check_freeze(movement)
    check_purposes(movement)
    check_counterparties(movement)
    if kind in (v.MOVE, v.POST, v.CORRECT):
        check_outflow(movement)
        check_balance(movement)
        check_tiers(movement, named)
        check_programmes(movement, named)


def judge_missing(movement, named_ns):
    """A post or correct of a record that is not known: what it says alone is judged, and when the
    entry that it names was received."""
    check_freeze(movement)
    check_purposes(movement)
    check_counterparties(movement)
    tiers, kind = tiers_for(movement), movement.record.kind
    if kind == v.CORRECT:
        keys = [movement.state.parties[movement.source.party].keys[ordinal]
                for ordinal in movement.approvers()]
        for tier in tiers:
            check_approvals(tier, [key for key in keys if not key.revoked])
    for tier in tiers:
        check_delay(tier, movement, named_ns)


# --------------------------------------------------------------------------------------------
# Limits
# --------------------------------------------------------------------------------------------


def fits(movement, record):
    """The movement leaves or enters the holder in a direction of the limit."""
    return ((record.directions & v.OUTWARDS and movement.leaves(record.holder))
            or (record.directions & v.INWARDS and movement.enters(record.holder)))


def check_freeze(movement):
    for rule in rules_for(movement, v.SET_LIMIT, v.FREEZE):
        v.demand(not fits(movement, rule.record), "PARTY_FROZEN", "a rule freezes the party")


def check_purposes(movement):
    for rule in rules_for(movement, v.SET_LIMIT, v.PURPOSES_ONLY):
        allowed = rule.record.purposes >> movement.record.purpose & 1
        v.demand(allowed or not fits(movement, rule.record), "LIMIT_PURPOSES",
                 "a limit does not allow the purpose")


def check_counterparties(movement):
    """For each holder and direction, one of its limits names the other side."""
    allowed = {}
    for rule in rules_for(movement, v.SET_LIMIT, v.COUNTERPARTY):
        record = rule.record
        for direction, touches, other in (
                (v.OUTWARDS, movement.leaves, movement.record.target),
                (v.INWARDS, movement.enters, movement.record.source)):
            if record.directions & direction and touches(record.holder):
                names = record.counterparty in (other, v.all_of(v.party_of(other)))
                key = direction, record.holder
                allowed[key] = allowed.get(key, False) or names
    v.demand(all(allowed.values()), "LIMIT_COUNTERPARTY", "no limit names the other side")


def step_of(rule, received_ns):
    return received_ns // v.NS // (rule.record.window_s // STEPS)


def known(movement, rule):
    return movement.state.knows(v.party_of(rule.record.holder))


def check_outflow(movement):
    for rule in rules_for(movement, v.SET_LIMIT, v.OUTFLOW):
        if movement.leaves(rule.record.holder) and known(movement, rule):
            now = step_of(rule, movement.entry.received_ns)
            used = sum(rule.steps.get(step, 0) for step in range(now - STEPS, now + 1))
            v.demand(used + movement.record.amount <= rule.record.amount, "LIMIT_OUTFLOW",
                     "%d of %d are used" % (used, rule.record.amount))


def check_balance(movement):
    for rule in rules_for(movement, v.SET_LIMIT, v.BALANCE):
        holder = rule.record.holder
        if movement.enters(holder) and known(movement, rule):
            held = (movement.state.holding(v.party_of(holder), movement.target.asset)
                    if v.is_party(holder) else movement.target)
            v.demand(held.balance() + movement.record.amount <= rule.record.amount,
                     "LIMIT_BALANCE", "%d are held already" % held.balance())


# --------------------------------------------------------------------------------------------
# Tiers
# --------------------------------------------------------------------------------------------


def tiers_for(movement):
    """All that are below the amount, in order of rule."""
    return [rule.record for rule in rules_for(movement, v.SET_TIER)
            if rule.record.party == movement.source.party
            and rule.record.above < movement.record.amount]


def check_tiers(movement, named):
    tiers, state, kind = tiers_for(movement), movement.state, movement.record.kind
    ordinals = movement.approvers()
    if tiers and kind == v.POST:
        ordinals = ordinals | state.marks[movement.record.refers_to].approvals
    if kind != v.POST or state.knows_figures(movement.source):
        keys = [state.parties[movement.source.party].keys[ordinal] for ordinal in ordinals]
        for tier in tiers:
            check_approvals(tier, [key for key in keys if not key.revoked])
    for tier in tiers:
        check_delay(tier, movement, named[0].received_ns if named else None)


def check_delay(tier, movement, named_ns):
    if tier.delay_s:
        v.demand(movement.record.kind == v.POST, "DELAY",
                 "a tier with a delay takes no move and no correct")
        v.demand(movement.entry.received_ns >= named_ns + tier.delay_s * v.NS, "DELAY",
                 "too early to post")


def check_approvals(tier, keys):
    v.demand(len(keys) >= tier.approvals, "APPROVALS",
             "%d approvals of %d" % (len(keys), tier.approvals))
    there = {key.group for key in keys}
    for group in range(1, 16):
        v.demand(not tier.groups >> group & 1 or group in there, "APPROVALS",
                 "nobody of group %d approved" % group)


# --------------------------------------------------------------------------------------------
# Programmes
# --------------------------------------------------------------------------------------------


class Change:
    """What a movement adds to what a programme counts."""

    def __init__(self):
        self.counted_in = self.counted_out = self.unclassified = self.corrected = 0
        self.brought_in = 0
        self.day = None  # of what counted_in rose or fell by

    def net(self):
        return self.counted_in - self.counted_out


def within(programme, received_ns):
    return programme.starts <= received_ns // v.DAY_NS <= programme.ends


def vouched(entry, movement):
    owners = (movement.source.party, movement.target.party)
    parties = movement.state.parties
    return any(party not in owners and not parties[party].is_public()
               for party in entry.countersigners)


def programmes_for(movement):
    return [rule for rule in rules_for(movement, v.PROGRAMME)
            if within(rule.record, movement.entry.received_ns)]


def in_mask(programme, movement):
    return bool(programme.purposes >> movement.record.purpose & 1)


def change_of_new(programme, movement, named):
    """By a move or a post."""
    change, amount = Change(), movement.record.amount
    flow = v.direction(movement.source, movement.target)
    if movement.record.opening:
        change.brought_in = {"in": amount, "out": -amount}.get(flow, 0)
        if flow == "in" and not vouched(movement.entry, movement):
            change.unclassified = amount
    elif flow == "in" and in_mask(programme, movement):
        change.counted_in = amount
        change.day = movement.entry.received_ns // v.DAY_NS
    elif flow == "in":
        entries = [movement.entry] + ([named[0]] if named else [])
        if not any(vouched(entry, movement) for entry in entries):
            change.unclassified = amount
    elif flow == "out" and in_mask(programme, movement):
        change.counted_out = amount
    return change


def change_of_correct(rule, movement, named):
    """The named record went the other way."""
    change, amount, programme = Change(), movement.record.amount, rule.record
    named_entry, named_record = named
    flow = v.direction(movement.source, movement.target)
    counts = (named_entry.index > rule.set_id >> v.POSITION_BITS
              and within(programme, named_entry.received_ns))
    if counts and movement.record.opening:
        change.brought_in = {"in": amount, "out": -amount}.get(flow, 0)
        if flow == "out" and not vouched(named_entry, movement):
            change.unclassified = -amount
        return change
    if counts:
        if flow == "out" and in_mask(programme, movement):
            change.counted_in, change.corrected = -amount, amount
            change.day = named_entry.received_ns // v.DAY_NS
        elif flow == "in" and in_mask(programme, movement):
            change.counted_out, change.corrected = -amount, amount
        elif flow == "out" and unclassified_before(movement, named_entry, named_record):
            change.unclassified = -amount
    if flow == "in" and not change.counted_out and not vouched(movement.entry, movement):
        change.unclassified += amount
    return change


def unclassified_before(movement, entry, record):
    """The named record, of a purpose that is not in the mask, raised unclassified."""
    entries = [entry]
    if record.kind == v.POST:
        entries.append(movement.state.record(record.refers_to)[0])
    return not any(vouched(one, movement) for one in entries)


def change_of(rule, movement, named):
    if movement.record.kind == v.CORRECT:
        return change_of_correct(rule, movement, named)
    return change_of_new(rule.record, movement, named)


def day_amount_after(rule, change):
    """Day and its amount: a day that counts anew starts from 0."""
    if change.counted_in > 0 and change.day != rule.day:
        return change.day, change.counted_in
    if change.counted_in and change.day == rule.day:
        return rule.day, rule.day_amount + change.counted_in
    return rule.day, rule.day_amount


def breaks(rule, movement, change):
    programme = rule.record
    if programme.type == v.MINIMUM:
        lowers = v.direction(movement.source, movement.target) == "out"
        reserve = movement.state.assets[movement.source.asset].reserve()
        return lowers and reserve - movement.record.amount < programme.amount
    if change.net() <= 0 or programme.type == v.ALLOCATION:
        return False
    above = rule.net() + change.net() > programme.amount
    if programme.type == v.MANDATE and programme.amount_day and change.counted_in > 0:
        return above or day_amount_after(rule, change)[1] > programme.amount_day
    return above


def check_programmes(movement, named):
    for rule in programmes_for(movement):
        if rule.record.mode == v.ENFORCE:
            v.demand(not breaks(rule, movement, change_of(rule, movement, named)), "PROGRAMME",
                     "a programme does not allow it")


# --------------------------------------------------------------------------------------------
# What a move, post or correct that nothing bars is counted for; before it moves anything
# --------------------------------------------------------------------------------------------


def apply(movement, named, record_id):
    for rule in rules_for(movement, v.SET_LIMIT, v.OUTFLOW):
        if movement.leaves(rule.record.holder):
            now = step_of(rule, movement.entry.received_ns)
            rule.steps[now] = rule.steps.get(now, 0) + movement.record.amount
    for rule in programmes_for(movement):
        change = change_of(rule, movement, named)
        if breaks(rule, movement, change):
            rule.breaches.append(record_id)
        rule.day, rule.day_amount = day_amount_after(rule, change)
        rule.counted_in += change.counted_in
        rule.counted_out += change.counted_out
        rule.unclassified += change.unclassified
        rule.corrected += change.corrected
        rule.brought_in += change.brought_in
