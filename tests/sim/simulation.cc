#include "tests/sim/simulation.h"

#include "core/order/fold.h"
#include "core/order/order_json.h"

namespace oee::sim {
namespace {

constexpr std::uint64_t faulty_steps_max = 60'000;
constexpr std::uint64_t calm_steps_max = 600'000;
constexpr std::size_t trail_lines = 4'000;
constexpr std::int64_t restart_us = 1'500'000;
constexpr Micros stop_max{10'000'000};
constexpr Micros first_day{20'000'000};
// A venue's prices reach the engine in milliseconds.
constexpr Micros trigger_patience{10'000'000};

std::string json_of(const Order& order) {
  std::string text;
  JsonWriter json(text);
  write_order(json, order);
  return text;
}

}  // namespace

Simulation::Simulation(const Plan& plan, const Mutants& mutants)
    : plan_(plan),
      mutants_(mutants),
      dice_(plan.seed),
      hang_dice_(plan.seed ^ 0x4A76),
      halt_dice_(plan.seed ^ 0x4A17),
      risk_(plan_),
      log_clock_(time_),
      log_(log_clock_, LogId{{'m', 'e', 'm', 'o', 'r', 'y'}}, risk_.control()),
      disk_(log_, time_),
      venues_(plan_, time_, dice_, coverage_),
      types_(plan_, venues_, coverage_),
      environment_{plan_,   time_,  dice_,    coverage_,       log_,          disk_, venues_,
                   tables_, redis_, mutants_, risk_.control(), risk_.limits()},
      trail_(trail_lines),
      submitter_(environment_, checker_, trail_),
      reader_(environment_, hang_dice_, checker_) {
  for (std::uint32_t i = 0; i < plan_.subscribers; ++i)
    watchers_.push_back(std::make_unique<Watcher>(environment_, checker_, trail_, i % 2 == 1));
  venues_.on_submit = [this](const Venue& venue, const VenueOrder& order) {
    feed_checker();
    called_.insert(order.id);
    checker_.venue_called(venue.name(), order);
  };
  venues_.on_report = [this](const VenueOrderId& id, const VenueReport& answer) {
    if (answer.status == VenueStatus::settled) settled_.insert(id);
  };
  submitter_.may_cancel = [this](const OrderId& id) { return may_cancel(id); };
  checker_.log_is_current();
  // A day ends soon, and its limits with it.
  if (plan_.risk_limits)
    time_.wall_at_zero = std::chrono::ceil<std::chrono::days>(time_.wall()) - first_day;
  reads_lists_ = plan_.faults.tables_silent > 0 || plan_.away == Away::tables;
  redis_.lost = plan_.faults.bus * 6;
  redis_.repeated = plan_.faults.bus * 3;
  crash_at_step_ = dice_.below(plan_.steps_between_crashes * 2) + 1;
}

Simulation::~Simulation() = default;

void Simulation::report(Invariant invariant, std::string what) {
  checker_.report({invariant, 0, std::move(what)});
}

// --- Steps --------------------------------------------------------------------------------------

void Simulation::start_engine() {
  engine_ = std::make_unique<SimEngine>(environment_);
  engine_->on_wrong_stop = [this](std::string what) {
    report(Invariant::stop_order, std::move(what));
  };
  const auto started = engine_->start();
  check(started.ok(), "an engine starts on a healthy log");
  engine_->bus().set_away(time_.steady < bus_back_at_);
  check_risk_use();
  trail_.add(time_, "the engine starts at seq " + std::to_string(log_.durable_head()));
}

void Simulation::crash(std::string_view how) {
  count_crash_points();
  ++crashes_;
  submitter_.connection_lost();
  for (const auto& watcher : watchers_)
    if (!watcher->at_gateway()) watcher->connection_lost();
  if (!engine_->kill()) {
    report(Invariant::live_nothing_left,
           "a killed engine's coroutines do not end: " + engine_->left_over());
    engine_.release();  // NOLINT: it still holds parts of itself
  }
  engine_.reset();
  // A kill keeps all written batches. A power cut keeps a prefix of them.
  const std::size_t unsynced = log_.unsynced();
  const std::size_t kept = dice_.chance(500) ? unsynced : dice_.below(unsynced + 1);
  coverage_.hit(Point::log_batch_kept, kept);
  coverage_.hit(Point::log_batch_lost, unsynced - kept);
  log_.lose_unsynced(kept);
  durable_head_ = log_.durable_head();
  feed_checker();
  types_.restarted();
  recheck_from_ = durable_head_ + 1;
  trail_.add(time_, std::string(how) + ": " + std::to_string(kept) + " of " +
                        std::to_string(unsynced) + " unsynced batches are kept, the log ends at " +
                        std::to_string(log_.durable_head()));
  restart_at_ = time_.steady + Micros(1) + dice_.micros(restart_us);
  disk_.work();
  disk_.forget_writer();
  paused_until_ = {};
  kill_at_.reset();
  stop_at_.reset();
  probing_ = unready_ = operating_ = false;
  crash_at_step_ = steps_ + 1 + dice_.below(plan_.steps_between_crashes * 2);
}

void Simulation::kill_gateway() {
  coverage_.hit(Point::gateway_died);
  for (const auto& watcher : watchers_)
    if (watcher->at_gateway()) watcher->connection_lost();
  gateway_.reset();
}

bool Simulation::step() {
  ++steps_;
  inject_faults();
  if (faulty_ && risk_.reload()) {
    if (engine_ && engine_->alive() && !engine_->stopping()) engine_->change_limits(risk_.limits());
    coverage_.hit(Point::risk_limits_reloaded);
    trail_.add(time_, "the risk limits are others");
  }
  heal();
  operate();
  probe_readiness();
  const bool paused = time_.steady < paused_until_;
  const std::size_t watchers = watchers_.size();
  const std::size_t actors = 7 + watchers;
  if (reads_lists_ && !settled_down_ && reader_.step(reachable_engine(), serving_gateway()))
    return true;
  const std::uint64_t first = dice_.below(actors);
  SimEngine* const reachable = reachable_engine();
  // Open connections can still send while the engine stops, until it closes them.
  SimEngine* const connected = engine_ && engine_->reachable() && !paused ? engine_.get() : nullptr;
  for (std::size_t i = 0; i < actors; ++i) {
    const std::size_t actor = (first + i) % actors;
    bool did = false;
    if (actor == 0) {
      did = !paused && disk_.write();
      if (did && mutants_.shows_unsynced) feed_checker();
    } else if (actor == 1) {
      did = !paused && sync_log();
    } else if (actor == 2) {
      did = engine_ && !paused && engine_->step(dice_.next());
    } else if (actor == 3) {
      did = venues_.step() || venues_.clock().fire_due();
    } else if (actor == 4) {
      did = submitter_.step(connected);
    } else if (actor == 5) {
      did = engine_ && reachable && steps_ % 97 == 0;
      if (did) engine_->gather_hint();
    } else if (actor == 6) {
      did = gateway_ && gateway_->step();
    } else {
      did = watchers_[actor - 7]->step(reachable, serving_gateway());
    }
    if (did) return true;
  }
  return false;
}

bool Simulation::sync_log() {
  if (disk_.sync()) {
    if (++syncs_ % mutants_.real_sync_every == 0) durable_head_ = log_.durable_head();
    feed_checker();  // the answers are in the shards' mailboxes and not sent yet
    return true;
  }
  if (!mutants_.answers_hung_appends || !disk_.blocks() || disk_.commit_age().count() < 5)
    return false;
  log_.sync();
  return true;
}

// Nothing can happen now: moves the time to the next thing that can.
bool Simulation::advance_time() {
  std::optional<SteadyTime> next;
  const auto consider = [&](std::optional<SteadyTime> at) {
    if (at && *at > time_.steady && (!next || *at < *next)) next = at;
  };
  consider(venues_.clock().next_deadline());
  consider(paused_until_);
  consider(disk_.next_deadline());
  consider(tables_back_at_);
  consider(bus_back_at_);
  consider(redis_back_at_);
  consider(kill_at_);
  consider(stop_at_);
  if (engine_ && engine_->stopping()) consider(stop_by_ + Micros(1));
  if (away_) consider(away_since_ + plan_.away_for);
  if (reads_lists_ && !settled_down_ && (engine_ || gateway_)) consider(reader_.next_at());
  if (!engine_) consider(restart_at_);
  if (gateway_) consider(gateway_->next_deadline());
  if (engine_) {
    consider(engine_->next_deadline());
    consider(submitter_.next_at());
    if (!operating_ && faulty_ && operates()) consider(operate_at_);
  }
  if (engine_ || gateway_)
    for (const auto& watcher : watchers_) consider(watcher->next_at());
  if (!next) return false;
  time_.steady = *next;
  return true;
}

bool Simulation::at_rest() const {
  if (!halts_.empty() || operating_) return false;
  if (!engine_ || !submitter_.done() || log_.queued() > 0 || log_.unsynced() > 0) return false;
  // Checks the log too: an order that is just being requeued is not open in the engine yet.
  if (!venues_.quiet() || !engine_->left_over().empty() || !checker_.open_orders().empty())
    return false;
  const Seq head = log_.durable_head();
  if (tables_.contents().cursor.last_seq != head || engine_->published() != head) return false;
  for (const auto& watcher : watchers_)
    if (!watcher->complete(head)) return false;
  return risk_.are_limits_in_effect();
}

void Simulation::begin_stop() {
  if (engine_->stopping()) return;
  engine_->begin_stop();
  stop_by_ = std::max(time_.steady, paused_until_) + stop_max;
}

// The engine's process ends by itself, is stopped, or is killed by its supervisor.
void Simulation::end_process() {
  if (engine_->stopped()) return crash("stopped in order");
  if (engine_->exited()) {
    coverage_.hit(Point::stop_cut_short);
    if (disk_.blocks()) coverage_.hit(Point::log_stopped_hung);
    return crash("its stop was cut short");
  }
  if (engine_->stopping()) {
    if (time_.steady > stop_by_)
      report(Invariant::stop_in_time, "after 10 s there is left: " + engine_->left_over());
    return;
  }
  if (kill_at_ && time_.steady >= *kill_at_) {
    coverage_.hit(Point::log_killed_hung);
    return crash("killed by its supervisor");
  }
  const bool asked = stop_at_ && time_.steady >= *stop_at_;
  if (asked || (faulty_ && crashes_ < plan_.crashes && dice_.below(1'000) == 0)) begin_stop();
}

Outcome Simulation::run() {
  while (checker_.ok()) {
    if (faulty_ && (steps_ > faulty_steps_max ||
                    (submitter_.done() && crashes_ >= plan_.crashes && dice_.chance(10))))
      stop_faults();
    if (away_) watch_absence();
    if (settled_down_ && steps_ > calm_from_step_ + calm_steps_max) break;
    if (!engine_ && time_.steady >= restart_at_) start_engine();
    if (plan_.gateway && !gateway_) gateway_ = std::make_unique<SimGateway>(environment_);
    if (gateway_ && faulty_ && plan_.crashes > 0 && dice_.below(3'000) == 0) kill_gateway();
    const bool crash_due = faulty_ && crashes_ < plan_.crashes && steps_ >= crash_at_step_;
    if (engine_ && (crash_due || log_.failed())) {
      // A failed log ends the process, but not at once.
      if (crash_due || dice_.chance(100)) crash(log_.failed() ? "fail-stop" : "crash");
    } else if (engine_) {
      end_process();
    }
    if (settled_down_ && at_rest()) break;
    if (dice_.below(away_ ? 4'096 : 128) == 0) check_tables();
    if (!step() && !advance_time()) break;
  }
  check_end();
  Outcome outcome;
  outcome.violations = checker_.violations();
  outcome.steps = steps_;
  outcome.crashes = crashes_;
  outcome.orders = checker_.orders();
  outcome.settlements = settled_.size();
  outcome.coverage = coverage_;
  outcome.trace = trail_.hash();
  return outcome;
}

// --- Checks -------------------------------------------------------------------------------------

void Simulation::feed_checker() {
  const Seq head = mutants_.shows_unsynced ? log_.written_head() : durable_head_;
  std::vector<std::string_view> records;
  for (Seq seq = fed_ + 1; seq <= head; ++seq) {
    std::string bytes(log_.stored(seq));
    stored_.push_back(mutants_.stored ? mutants_.stored(bytes) : std::move(bytes));
  }
  for (Seq seq = fed_ + 1; seq <= head; ++seq) {
    records.push_back(stored_[seq - 1]);
    const auto real = view_record(log_.stored(seq));  // a mutant may change the other one
    if (real->type == EventType::trading_halted) halts_.insert(seq);
    if (real->type == EventType::trading_resumed) halts_.erase(real->halt);
  }
  if (records.empty()) return recheck_log(head);
  const Seq first = fed_ + 1;
  fed_ = head;
  checker_.saw_log(first, records);
  for (const std::string_view bytes : records) {
    const auto record = view_record(bytes);
    if (!record.ok()) return;  // the checker has reported it
    coverage_.hit(static_cast<Point>(record->type));
    if (record->type == EventType::order_accepted) {
      durable_keys_.emplace(record->idempotency_key);
      durable_keys_.emplace(record->client_order_id);
    }
    if (record->type == EventType::transaction_built) {
      last_built_[record->order_id] = record->venue_order_id;
      built_at_[record->order_id] = {std::string(record->venue)};
      last_legs_.erase(record->order_id);
    }
    if (record->type == EventType::leg_built) {
      built_at_[record->order_id].emplace(record->venue);
      last_legs_[record->order_id].push_back(record->venue_order_id);
    }
    if (record->type == EventType::leg_filled)
      confirmed_.insert(last_legs_[record->order_id][*record->leg]);
    risk_.take(*record, coverage_);
    check_quote_awaited(*record);
    types_.take(*record);
    if (record->type == EventType::order_confirmed ||
        record->type == EventType::order_partially_filled) {
      confirmed_.insert(last_built_[record->order_id]);
      if (!away_venue_.empty() && !built_at_[record->order_id].contains(away_venue_))
        coverage_.hit(Point::away_ended_elsewhere);
    }
    if (away_ && away_with_ == record->type && away_venue_.empty())
      send_venue_away(*built_at_[record->order_id].begin());
    trail_.add(time_, "seq " + std::to_string(record->seq) + " " +
                          std::string(to_string(record->type)) + " " + to_text(record->order_id) +
                          " version " + std::to_string(record->version));
  }
}

// REQUIRES: no record waits for its sync.
void Simulation::check_risk_use() {
  if (const std::string what = risk_.difference(time_.wall()); !what.empty())
    report(Invariant::risk_limits, what);
}

// An order that rests is cancelled at the end, unless its trigger has come: then it must go on.
bool Simulation::may_cancel(const OrderId& id) {
  if (!types_.trigger_has_come(id) || !halts_.empty()) {
    trigger_come_.erase(id);
    return halts_.empty();
  }
  const SteadyTime since = trigger_come_.emplace(id, time_.steady).first->second;
  if (time_.steady - since > trigger_patience)
    report(Invariant::live_orders_end, "order " + to_text(id) + " waits, and its trigger has come");
  return false;
}

void Simulation::check_quote_awaited(const RecordView& record) {
  newest_us_ = record.time_us;
  const bool accepted = record.type == EventType::order_accepted && record.expires_at_us;
  const bool amended = record.type == EventType::order_amended && record.amended.expires_at;
  if (accepted || amended) expiring_.insert(record.order_id);
  // An amendment does not end the wait.
  if (record.type != EventType::order_amended) unquoted_.erase(record.order_id);
  if (record.type == EventType::attempt_failed && record.error == ErrorClass::no_quote)
    unquoted_.insert(record.order_id);
  if (record.type == EventType::routing_started) unbuilt_.insert(record.order_id);
  if (record.type == EventType::transaction_built) unbuilt_.erase(record.order_id);
  const bool failed =
      record.type == EventType::attempt_failed || record.type == EventType::order_failed;
  if (failed && record.error == ErrorClass::venue_unavailable && unbuilt_.contains(record.order_id))
    checker_.report({Invariant::live_quotes_awaited, record.seq,
                     "order " + to_text(record.order_id) + " fails for lack of a quote"});
}

// After a crash the records that the checker received before must be unchanged.
void Simulation::recheck_log(Seq head) {
  std::vector<std::string_view> records;
  for (; recheck_from_ <= std::min(head, fed_); ++recheck_from_)
    records.push_back(log_.stored(recheck_from_));
  if (!records.empty() && !mutants_.stored)
    checker_.saw_log(recheck_from_ - records.size(), records);
}

void Simulation::count_crash_points() {
  bool any = false;
  const auto count = [&](bool is, Point point) {
    if (!is) return;
    any = true;
    coverage_.hit(point);
  };
  bool unstarted = false;
  bool uncalled = false;
  for (const OrderId& id : checker_.open_orders()) {
    const auto standing = checker_.standing(id);
    unstarted |= standing->phase == Phase::pending && standing->version == 1;
    if (standing->phase == Phase::building) uncalled |= !called_.contains(last_built_[id]);
  }
  bool unappended = false;
  for (const VenueOrderId& id : settled_) unappended |= !confirmed_.contains(id);
  const Seq head = log_.durable_head();
  count(engine_->recovering(), Point::crash_recovering);
  count(log_.queued() > 0, Point::crash_append_queued);
  count(log_.unsynced() > 0, Point::crash_append_unsynced);
  count(submitter_.awaits_answer(durable_keys_), Point::crash_answer_unsent);
  count(unstarted, Point::crash_accepted_unstarted);
  count(types_.awaits_trigger(), Point::crash_trigger_awaited);
  count(types_.has_unstarted(), Point::crash_triggered_unstarted);
  count(uncalled, Point::crash_intent_uncalled);
  count(engine_->venue_calls() > 0, Point::crash_venue_asked);
  count(unappended, Point::crash_outcome_unappended);
  count(tables_.contents().cursor.last_seq < head, Point::crash_unprojected);
  count(engine_->published() < head, Point::crash_unpublished);
  count(engine_->stopping() && !engine_->stopped(), Point::crash_stopping);
  count(!any, Point::crash_idle);
}

// Compares the rows with the fold of the log up to the tables' own cursor.
void Simulation::check_tables() {
  const SimTables::Contents& tables = tables_.contents();
  const Seq cursor = tables.cursor.last_seq;
  if (cursor > log_.durable_head())
    return report(Invariant::projection_is_fold, "the cursor is beyond the durable log");
  if (tables.events.size() != cursor)
    return report(
        Invariant::projection_is_fold,
        std::to_string(tables.events.size()) + " event rows at cursor " + std::to_string(cursor));
  for (const auto& [id, row] : tables.orders) {
    const auto records = log_.read_order(id);
    const auto order = fold_order(*records, cursor);
    const bool equal = order.ok() && order->has_value() && json_of(**order) == json_of(row);
    if (!equal)
      return report(Invariant::projection_is_fold,
                    "at cursor " + std::to_string(cursor) + " the row is " + json_of(row));
  }
}

void Simulation::check_rebuild() {
  SimTables rebuilt;
  const Seam<ReadModel> model(rebuilt, mutants_.rebuilt_tables);
  ProjectorOptions options;
  options.clock = &log_clock_;
  Projector projector(log_, log_.id(), *model, options);
  while (true) {
    const auto applied = projector.step();
    if (!applied.ok()) return report(Invariant::projection_rebuild, applied.error().detail);
    if (*applied == 0) break;
  }
  const SimTables::Contents& live = tables_.contents();
  const SimTables::Contents& fresh = rebuilt.contents();
  bool equal =
      live.events.size() == fresh.events.size() && live.orders.size() == fresh.orders.size();
  for (const auto& [id, order] : fresh.orders) {
    const auto found = live.orders.find(id);
    equal = equal && found != live.orders.end() && json_of(order) == json_of(found->second);
  }
  if (!equal) report(Invariant::projection_rebuild, "the rebuilt rows differ from the live ones");
}

void Simulation::check_ledger() {
  auto audit = venues_.audit([this](const paper::SettledTrade& trade) {
    const test::HistoryChecker::Settlement settlement{
        trade.id,         trade.venue, trade.input.symbol, trade.output.symbol, trade.amount_in,
        trade.amount_out, trade.fee,   trade.tx_hash,      trade.height};
    for (const OrderId& id : live_there_)
      if (last_built_[id] == trade.id) coverage_.hit(Point::away_settled_meanwhile);
    if (!mutants_.settled) return checker_.venue_settled(settlement);
    for (const auto& reported : mutants_.settled(settlement)) checker_.venue_settled(reported);
  });
  if (!audit.ok()) return checker_.venue_unbalanced(audit.error().detail);
  if (mutants_.ledger) mutants_.ledger(audit->state);
  for (const I128 gap : audit->state.conservation_gaps())
    if (gap != 0) checker_.venue_unbalanced("a token's accounts are off by " + paper::to_text(gap));
}

// Ends the work under way at the venues in every case, so that the environment can be destroyed.
void Simulation::quiet_venues() {
  for (int i = 0; i < 1'000'000 && !venues_.quiet(); ++i) {
    if (venues_.step() || venues_.clock().fire_due()) continue;
    const auto next = venues_.clock().next_deadline();
    if (!next) break;
    time_.steady = std::max(time_.steady, *next);
  }
}

void Simulation::check_liveness() {
  if (!checker_.ok() || at_rest()) return;
  const Seq head = log_.durable_head();
  const bool watching = engine_ != nullptr && submitter_.done();
  if (!watching || engine_->open_orders() > 0)
    return report(Invariant::live_orders_end,
                  engine_ ? engine_->left_over() : std::string("there is no engine"));
  if (!risk_.are_limits_in_effect())
    return report(Invariant::risk_limits,
                  "the limits in effect are not those that the operator wants");
  const Seq cursor = tables_.contents().cursor.last_seq;
  bool lag = cursor != head || engine_->published() != head;
  for (const auto& watcher : watchers_) lag |= !watcher->complete(head);
  report(lag ? Invariant::live_lag_zero : Invariant::live_nothing_left,
         "head " + std::to_string(head) + ", tables " + std::to_string(cursor) + ", published " +
             std::to_string(engine_->published()) + "; " + std::to_string(venues_.calls()) +
             " calls at the venues; " + std::to_string(log_.queued()) + " appends queued; " +
             engine_->left_over());
}

void Simulation::check_end() {
  check_liveness();
  if (engine_) {
    const Seq head = log_.durable_head();
    for (const auto& watcher : watchers_) {
      if (checker_.ok()) watcher->at_rest(head);
      watcher->connection_lost();
    }
    submitter_.connection_lost();
    if (!engine_->kill()) {
      report(Invariant::live_nothing_left, "the engine's coroutines do not end");
      engine_.release();  // NOLINT: it still holds parts of itself
    }
    engine_.reset();
  }
  for (const auto& watcher : watchers_) watcher->connection_lost();
  gateway_.reset();
  quiet_venues();
  if (!checker_.ok()) return;
  std::vector<std::string_view> records;
  for (Seq seq = 1; seq <= log_.durable_head(); ++seq) records.push_back(log_.stored(seq));
  // Gives the checker the whole log once more, as the store has it now.
  if (!records.empty() && !mutants_.stored) checker_.saw_log(1, records);
  check_tables();
  check_rebuild();
  check_ledger();
  checker_.at_rest();
  check_risk_use();
  if (checker_.ok() && submitter_.wrongly_refused() > 0)
    report(Invariant::log_acknowledged,
           std::to_string(submitter_.wrongly_refused()) + " good orders were refused for good");
}

}  // namespace oee::sim
