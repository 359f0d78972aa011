// Proves the checkers: one deliberate bug for each invariant, each in a run of the simulation that
// must report that invariant. A program of its own: none of this is in the engine or in `sim`.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "core/base/log.h"
#include "core/risk/limits.h"
#include "eventlog/codec.h"
#include "tests/sim/mutations/away.h"
#include "tests/sim/mutations/records.h"
#include "tests/sim/mutations/types.h"

namespace oee::sim {
namespace {

constexpr std::uint64_t seeds_max = 1'000;

// --- A log that breaks its laws -----------------------------------------------------------------

template <class Mutant>
Mutants with_log() {
  Mutants mutants;
  mutants.log = [](EventLog& real, MemoryLog& store) {
    return std::make_unique<Mutant>(real, store);
  };
  return mutants;
}

Mutants syncs_every_other_time() {
  Mutants mutants;
  mutants.real_sync_every = 2;
  return mutants;
}
Mutants shows_what_is_not_synced() {
  Mutants mutants;
  mutants.shows_unsynced = true;
  return mutants;
}

// Stores an order and answers that its key is taken.
Mutants refuses_what_it_stores() {
  Mutants mutants;
  mutants.answers = [](std::vector<Answer>& answers) {
    for (Answer& answer : answers)
      if (answer.result.ok() && answer.result->version == 1 && !answer.result->replayed)
        answer.result = Error{Errc::key_mismatch, "the key is taken"};
  };
  return mutants;
}

// Answers no repeat of a change.
Mutants leaves_a_repeat_unanswered() {
  Mutants mutants;
  mutants.answers = [](std::vector<Answer>& answers) {
    std::erase_if(answers, [](const Answer& answer) {
      return answer.result.ok() && answer.result->replayed && answer.result->version == 0;
    });
  };
  return mutants;
}

// Stores a repeat under another account, so that its key is not found and it becomes another order.
class ForgetsKeys final : public PassingLog {
 public:
  using PassingLog::PassingLog;
  void append(AppendRequest request, BlockSink& origin, void* ticket) override {
    if (auto* order = std::get_if<OrderAccepted>(&request.events.front())) {
      const std::string& key =
          order->idempotency_key.empty() ? order->client_order_id : order->idempotency_key;
      if (!seen_.insert(key).second) order->account += "#" + std::to_string(++repeats_);
    }
    PassingLog::append(std::move(request), origin, ticket);
  }

 private:
  std::set<std::string> seen_;
  std::uint64_t repeats_ = 0;
};

// Stores a change without its key: a repetition is another change.
class ForgetsKeysOfChanges final : public PassingLog {
 public:
  using PassingLog::PassingLog;
  void append(AppendRequest request, BlockSink& origin, void* ticket) override {
    const auto forget = [](auto& event) {
      if constexpr (!std::is_same_v<std::decay_t<decltype(event)>, OrderAccepted> &&
                    requires { event.idempotency_key; })
        event.idempotency_key.clear();
    };
    std::visit(forget, request.events.front());
    PassingLog::append(std::move(request), origin, ticket);
  }
};

// --- Venues -------------------------------------------------------------------------------------

// A new id for each try of one attempt.
class NewIdOnRetry final : public PassingVenue {
 public:
  using PassingVenue::PassingVenue;
  Task<Result<VenueReport>> submit(VenueOrder order) override {
    const std::uint8_t tries = tries_[order.id]++;
    order.id.bytes[0] = static_cast<std::uint8_t>(order.id.bytes[0] + tries);
    return real_.submit(order);
  }

 private:
  std::map<VenueOrderId, std::uint8_t> tries_;
};

class ForgetsTheLimit final : public PassingVenue {
 public:
  using PassingVenue::PassingVenue;
  Task<Result<VenueReport>> submit(VenueOrder order) override {
    order.min_out = 0;
    return real_.submit(order);
  }
};

class ForgetsThePath final : public PassingVenue {
 public:
  using PassingVenue::PassingVenue;
  Task<Result<VenueReport>> submit(VenueOrder order) override {
    order.path.clear();
    return real_.submit(order);
  }
};

// Changes a venue's report of a settlement.
template <class Change>
class Misreports final : public PassingVenue {
 public:
  using PassingVenue::PassingVenue;
  Task<Result<VenueReport>> submit(VenueOrder order) override {
    Result<VenueReport> report = co_await real_.submit(order);
    co_return changed(std::move(report));
  }
  Task<Result<std::vector<VenueReport>>> find(std::vector<VenueOrderRef> refs) override {
    Result<std::vector<VenueReport>> reports = co_await real_.find(std::move(refs));
    if (reports.ok())
      for (VenueReport& report : *reports) report = *changed(std::move(report));
    co_return reports;
  }
  void report_to(VenueReportSink sink) override {
    if (!sink) return real_.report_to({});
    real_.report_to(
        [sink](const VenueOrderId& id, const VenueReport& report) { sink(id, *changed(report)); });
  }

 private:
  static Result<VenueReport> changed(Result<VenueReport> report) {
    if (report.ok() && report->status == VenueStatus::settled) Change()(*report);
    return report;
  }
};
struct OneMore {
  void operator()(VenueReport& report) const { ++report.amount_out; }
};
struct ReportsCancelled {
  void operator()(VenueReport& report) const { report.status = VenueStatus::cancelled; }
};

// Cancels at the venue in words alone.
class LeavesNoTombstone final : public PassingVenue {
 public:
  using PassingVenue::PassingVenue;
  Task<Result<VenueReport>> cancel(VenueOrderRef) override {
    VenueReport report;
    report.status = VenueStatus::cancelled;
    co_return report;
  }
};

Mutants settles_twice() {
  Mutants mutants;
  mutants.settled = [](test::HistoryChecker::Settlement settlement) {
    return std::vector{settlement, settlement};
  };
  return mutants;
}
Mutants settles_one_more() {
  Mutants mutants;
  mutants.settled = [](test::HistoryChecker::Settlement settlement) {
    ++settlement.amount_in;
    return std::vector{settlement};
  };
  return mutants;
}
Mutants mints() {
  Mutants mutants;
  mutants.ledger = [](paper::LedgerState& state) { state.balances.front().trader += 1; };
  return mutants;
}

// --- Risk limits --------------------------------------------------------------------------------

// The engine keeps the limits that it has, and the log states one open order less.
Mutants takes_one_order_more() {
  return rewriting([](Stored& stored) {
    auto* changed = std::get_if<RiskLimitsChanged>(&stored.event);
    if (changed == nullptr) return;
    RiskLimits limits = *parse_canonical_limits(changed->limits);
    for (LimitSet* set : {&limits.account, &limits.all})
      if (set->open_orders) --*set->open_orders;
    changed->limits = canonical_text(limits);
  });
}

// A start reads the orders of the day as orders of nothing: after the open orders, which it reads
// before the engine's own stream.
class ForgetsTheDay final : public PassingLog {
 public:
  using PassingLog::PassingLog;
  Result<std::vector<Record>> read_order(const OrderId& id) override {
    if (id == engine_stream) forgets_ = true;
    return PassingLog::read_order(id);
  }
  Result<BlockPtr> read(Seq from, std::size_t limit) override {
    auto block = PassingLog::read(from, limit);
    if (!block.ok() || !forgets_) return block;
    auto less = std::make_shared<Block>(**block);
    for (Record& record : less->records)
      if (auto* order = std::get_if<OrderAccepted>(&record.event)) order->amount_in.units = 0;
    return BlockPtr(std::move(less));
  }
  // The first call after the use of the limits.
  Seq wait_past(Seq seq, std::chrono::milliseconds wait) override {
    forgets_ = false;
    return PassingLog::wait_past(seq, wait);
  }

 private:
  bool forgets_ = false;
};

// --- Projections and streams --------------------------------------------------------------------

// Moves the cursor without the last row.
class CursorFirst final : public PassingTables {
 public:
  using PassingTables::PassingTables;
  Result<void> apply(const ProjectionBatch& batch) override {
    ProjectionBatch less = batch;
    less.orders.pop_back();
    return real_.apply(less);
  }
};
class StopsApplying final : public PassingTables {
 public:
  using PassingTables::PassingTables;
  Result<void> apply(const ProjectionBatch& batch) override {
    if (batch.from > bug_at) return Error{Errc::unavailable, "no"};
    return real_.apply(batch);
  }
};
template <class Mutant>
Mutants with_tables(Mutants::Wrap<ReadModel> Mutants::*which) {
  Mutants mutants;
  mutants.*which = [](ReadModel& real) { return std::make_unique<Mutant>(real); };
  return mutants;
}

// Loses an update inside a batch.
class LosesOne final : public PassingBus {
 public:
  using PassingBus::PassingBus;
  void publish(UpdateBatch batch) override {
    std::vector<Update> updates = *batch;
    if (updates.size() >= 3) updates.erase(updates.begin() + 1);
    real_.publish(std::make_shared<const std::vector<Update>>(std::move(updates)));
  }
};

// Shows the publisher what is written and not yet synced.
class PublishesEarly final : public PassingLog {
 public:
  using PassingLog::PassingLog;
  Seq wait_past(Seq, std::chrono::milliseconds) override { return store_.written_head(); }
  Result<BlockPtr> read(Seq from, std::size_t) override {
    auto block = std::make_shared<Block>();
    block->first = from;
    for (Seq seq = from; seq <= store_.written_head(); ++seq) {
      auto record = decode_record(store_.stored(seq));
      if (!record.ok()) return record.error();
      block->records.push_back(*std::move(record));
    }
    return BlockPtr(std::move(block));
  }
};

// Returns an order's events without the first.
class ForgetsTheFirst final : public OrderHistory {
 public:
  explicit ForgetsTheFirst(OrderHistory& real) : real_(real) {}
  Result<std::optional<Order>> order(const OrderId& id, std::optional<Seq> at) override {
    return real_.order(id, at);
  }
  Result<Events> events(const EventFilter& filter) override {
    Result<Events> events = real_.events(filter);
    if (events.ok() && filter.order_id && events->items.size() > 1)
      events->items.erase(events->items.begin());
    return events;
  }
  Result<std::vector<Record>> records(const OrderId& id, std::optional<Seq> at) override {
    return real_.records(id, at);
  }

 private:
  OrderHistory& real_;
};

Mutants loses_one_on_the_bus() {
  Mutants mutants;
  mutants.bus = [](Bus& real) { return std::make_unique<LosesOne>(real); };
  return mutants;
}
Mutants publishes_early() {
  Mutants mutants;
  mutants.publisher_log = [](EventLog& real, MemoryLog& store) {
    return std::make_unique<PublishesEarly>(real, store);
  };
  return mutants;
}
Mutants forgets_the_first() {
  Mutants mutants;
  mutants.history = [](OrderHistory& real) { return std::make_unique<ForgetsTheFirst>(real); };
  return mutants;
}

Mutants closes_before_it_parks() {
  using Step = EngineParts::StopStep;
  Mutants mutants;
  mutants.stop_steps = {Step::refuse_orders, Step::stop_bus, Step::stop_serving,
                        Step::stop_executing};
  return mutants;
}
Mutants refuses_last() {
  using Step = EngineParts::StopStep;
  Mutants mutants;
  mutants.stop_steps = {Step::stop_executing, Step::refuse_orders, Step::stop_bus,
                        Step::stop_serving};
  return mutants;
}

// --- The list -----------------------------------------------------------------------------------

struct Mutation {
  Invariant invariant;
  std::string_view bug;
  std::function<Mutants()> make;
  // The bug may break one of these first: such seeds are passed over.
  std::vector<Invariant> also = {};
};

const std::vector<Mutation>& mutations() {
  using I = Invariant;
  static const std::vector<Mutation> all = {
      {I::log_record, "the store flips a byte", flips_a_byte},
      {I::log_contiguous, "the writer skips a seq", skips_a_seq},
      {I::log_chain, "the writer forgets the chain hash", forgets_the_chain},
      {I::log_time, "the writer stamps the past", stamps_the_past},
      {I::order_version, "the writer skips a version", skips_a_version},
      {I::order_transition, "the engine leaves the lifecycle table", leaves_the_table},
      {I::order_after_end, "an attempt starts after the end", goes_on_after_the_end},
      {I::order_attempt, "an event names another attempt", names_another_attempt},
      {I::order_venue_id_once, "a venue order id is used again", reuses_a_venue_id},
      {I::order_price_limit, "a min_out of zero", changing(gives_up_the_price)},
      {I::order_price_limit,
       "a retry loosens the limit by one unit",
       loosens_on_a_retry,
       {I::venue_intent_kept}},
      {I::order_price_limit, "the limit is rounded down", rounds_down},
      {I::order_price_limit,
       "a leg's min_out is one unit below its limit",
       changing(loosens_a_leg),
       {I::order_amounts, I::venue_intent_kept}},
      {I::order_venue_id_once, "a leg has the venue order id of leg 0", gives_legs_one_id},
      {I::order_transition, "an attempt ends while a leg is open", ends_with_its_first_leg},
      {I::order_amounts, "the sum of the legs' fees is another", changing(states_another_fee)},
      {I::order_price_limit, "half of the price is filled", changing(fills_half)},
      {I::order_amounts, "one unit more is sold", changing(sells_one_more), {I::order_price_limit}},
      {I::order_price_limit, "an exact output takes one unit more than its limit",
       takes_more_than_the_most},
      {I::order_amounts, "another price is stated", changing(states_another_price)},
      {I::order_route, "a better quote is passed over", changing(passes_a_better_quote_over)},
      {I::order_route, "an attempt goes to another venue", changing(goes_elsewhere)},
      {I::order_route,
       "an attempt takes another path",
       changing(takes_another_path),
       {I::venue_intent_kept}},
      {I::order_tx_hash, "another transaction is confirmed", changing(confirms_another)},
      {I::order_tx_hash, "an attempt is submitted as two transactions", submits_another},
      {I::order_budget, "a dead letter hides an attempt", changing(hides_an_attempt)},
      {I::order_budget, "an order makes one attempt too many", tries_once_more},
      {I::order_expiry, "a transaction is built after the expiry", outlives_its_expiry},
      {I::order_cancel,
       "an attempt starts after a requested cancel",
       goes_on_after_a_cancel,
       {I::stream_durable}},
      {I::order_immediate, "an order that trades once trades again", changing(trades_once)},
      {I::order_slices, "a slice is sold before it is due", changing(has_later_slices)},
      {I::order_price_limit, "a limit order is sold below its limit", changing(has_a_high_limit)},
      {I::order_amounts,
       "a part of an order is sold that is sold whole",
       changing(sells_one_unit),
       {I::order_price_limit}},
      {I::order_amounts, "the whole is reported as a part", reports_the_whole_as_a_part},
      {I::order_halted, "the engine halts less than the log", changing(halts_everything)},
      {I::order_trigger, "a stop order trades without its trigger", changing(waits_for_a_trigger)},
      {I::order_trigger,
       "a trigger's comparison is reversed",
       changing(has_the_other_side),
       {I::live_orders_end}},
      {I::order_trigger, "a transaction is built without its trigger", hides_the_trigger},
      {I::live_orders_end, "a start forgets the triggers",
       with_log<RecoversOthers<forget_trigger>>},
      {I::order_slices,
       "a start forgets the sold slices",
       with_log<RecoversOthers<forget_slice>>,
       {I::order_amounts, I::risk_limits}},
      {I::key_one_order, "two orders share a key", shares_a_key},
      {I::log_acknowledged,
       "every other sync is skipped: answered early",
       syncs_every_other_time,
       {I::stream_durable}},
      {I::log_prefix, "readers see what is not synced", shows_what_is_not_synced, {I::log_chain}},
      {I::log_refused_absent, "an order is refused and stored", refuses_what_it_stores},
      {I::key_equal_answers, "a repeat's key is not known", with_log<ForgetsKeys>},
      {I::key_equal_answers, "a change's key is not kept", with_log<ForgetsKeysOfChanges>},
      {I::risk_limits, "one open order more is taken", takes_one_order_more},
      {I::risk_limits, "a start forgets the day", with_log<ForgetsTheDay>},
      {I::venue_settled_once, "the venue forgets what it settled", settles_twice},
      {I::venue_intent_first, "a new venue order id on retry", with_venue<NewIdOnRetry>},
      {I::venue_intent_kept, "the venue is called without the limit", with_venue<ForgetsTheLimit>},
      {I::venue_intent_kept,
       "the venue settles one unit more",
       settles_one_more,
       {I::venue_confirmed_equal}},
      {I::venue_intent_kept, "the venue is called without the path", with_venue<ForgetsThePath>},
      {I::venue_confirmed_equal, "one unit more is confirmed", with_venue<Misreports<OneMore>>},
      {I::venue_settled_confirmed, "a settled order is reported as cancelled",
       with_venue<Misreports<ReportsCancelled>>},
      {I::venue_settled_confirmed, "a cancel leaves no tombstone", with_venue<LeavesNoTombstone>},
      {I::venue_conservation, "the venue mints a unit", mints},
      {I::projection_is_fold, "the cursor moves before the rows",
       [] { return with_tables<CursorFirst>(&Mutants::tables); }},
      {I::projection_rebuild, "a rebuild forgets an order",
       [] { return with_tables<CursorFirst>(&Mutants::rebuilt_tables); }},
      {I::stream_gapless, "the bus loses an update inside a batch", loses_one_on_the_bus},
      {I::stream_durable, "published before the sync", publishes_early},
      {I::stream_resumable, "history is sent without its beginning", forgets_the_first},
      {I::live_orders_end, "the venue never reports an order's outcome", with_venue<NeverReports>},
      {I::live_lag_zero, "the projector stops",
       [] { return with_tables<StopsApplying>(&Mutants::tables); }},
      {I::live_nothing_left,
       "a request is never answered",
       leaves_a_repeat_unanswered,
       {I::live_goes_on}},
      {I::ready_log, "/readyz does not know the disk", forgets_the_disk},
      {I::stop_in_time, "a stop waits for the disk for ever", waits_for_ever},
      {I::log_acknowledged,
       "an append is answered while its sync hangs",
       answers_hung_appends,
       {I::stream_durable}},
      {I::live_goes_on, "writes wait behind PostgreSQL's queries", writes_behind_queries},
      {I::live_goes_on, "one venue's silence holds up the routing", waits_for_every_quote},
      {I::live_quotes_awaited, "an attempt fails for lack of a quote", changing(fails_unquoted)},
      {I::venue_settled_confirmed, "an order at a silent venue is given up", with_venue<GivesUp>},
      {I::live_goes_on, "a gateway waits for a silent Redis", waits_for_redis},
      {I::stream_durable, "a gateway takes another log's updates", takes_any_log},
      {I::stop_order, "a stop closes connections before it parks", closes_before_it_parks},
      {I::stop_order, "a stop refuses new orders last", refuses_last},
  };
  return all;
}

// Runs seeds until one reports a violation. The first violation must be of the mutation's
// invariant.
bool catches(const Mutation& mutation) {
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
    Simulation simulation(Plan::of(seed), mutation.make());
    const Outcome outcome = simulation.run();
    if (outcome.ok()) continue;
    const Violation& first = outcome.violations.front();
    const auto& also = mutation.also;
    if (std::find(also.begin(), also.end(), first.invariant) != also.end()) continue;
    const bool right = first.invariant == mutation.invariant;
    std::printf("%-24s %-46s %s in seed %llu: %s\n",
                std::string(to_string(mutation.invariant)).c_str(),
                std::string(mutation.bug).c_str(), right ? "caught" : "NOT CAUGHT",
                static_cast<unsigned long long>(seed), first.what.c_str());
    if (!right)
      std::printf("    it was %s instead\n", std::string(to_string(first.invariant)).c_str());
    return right;
  }
  std::printf("%-24s %-46s NOT CAUGHT in %llu seeds\n",
              std::string(to_string(mutation.invariant)).c_str(), std::string(mutation.bug).c_str(),
              static_cast<unsigned long long>(seeds_max));
  return false;
}

}  // namespace
}  // namespace oee::sim

int main(int argc, char** argv) {
  CLI::App app("Runs the simulation with one deliberate bug at a time: each must be caught.");
  std::string only;
  app.add_option("--only", only, "the invariant's name");
  CLI11_PARSE(app, argc, argv);
  oee::log::configure(oee::log::Format::text, oee::log::Level::off);
  int tried = 0;
  int missed = 0;
  for (const auto& mutation : oee::sim::mutations()) {
    if (!only.empty() && only != to_string(mutation.invariant)) continue;
    ++tried;
    missed += !catches(mutation);
  }
  std::printf("mutations %d, caught %d\n", tried, tried - missed);
  return missed == 0 && tried > 0 ? 0 : 1;
}
