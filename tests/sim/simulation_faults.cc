// The faults of the first phase of a run, and the second phase, in which one party is away.
#include "api/telemetry/log_stall.h"
#include "core/order/update.h"
#include "tests/sim/simulation.h"

namespace oee::sim {
namespace {

constexpr std::uint64_t away_steps_max = 20'000'000;
constexpr std::uint32_t disk_hangs_max = 3;
constexpr Micros supervisor_patience{60'000'000};  // WatchdogSec
// When all work must have ended that does not need the party that is away.
constexpr Micros last_minute{60'000'000};
constexpr Micros venue_patience{20'000'000};

}  // namespace

// Faults of the disk, PostgreSQL, Redis, the wall clock and the scheduler, and moves of the market.
void Simulation::inject_faults() {
  const Faults& faults = plan_.faults;
  // About every 16th step, so that a chance per mille is rare enough.
  if (!faulty_ || dice_.below(16) != 0) return;
  venues_.inject_faults();
  if (log_.queued() > 0 && dice_.chance(faults.log_write_failed)) {
    coverage_.hit(Point::log_write_failed);
    log_.fail_next_write(dice_.chance(500));
    trail_.add(time_, "the next write of the log fails");
  }
  if (dice_.chance(faults.log_stalled)) {
    coverage_.hit(Point::log_stalled);
    disk_.stall_until(time_.steady + dice_.micros(3'000'000));
  }
  if (dice_.chance(faults.tables)) {
    switch (dice_.below(4)) {
      case 0:
        coverage_.hit(Point::tables_away);
        tables_.set_fault(SimTables::Fault::away);
        tables_back_at_ = time_.steady + dice_.micros(5'000'000);
        break;
      case 1:
        coverage_.hit(Point::tables_reply_lost);
        tables_.set_fault(SimTables::Fault::reply_lost);
        break;
      case 2:
        tables_.backup();
        break;
      default:
        coverage_.hit(Point::tables_older_copy);
        tables_.restore();
        trail_.add(time_, "the tables are an older copy");
        break;
    }
  }
  if (engine_ && dice_.chance(faults.bus)) {
    coverage_.hit(Point::bus_away);
    engine_->bus().set_away(true);
    bus_back_at_ = time_.steady + dice_.micros(5'000'000);
  }
  if (dice_.chance(faults.wall_steps)) {
    coverage_.hit(Point::wall_clock_stepped);
    const Micros step = dice_.micros(7'200'000'000) - Micros(3'600'000'000);
    time_.wall_at_zero += step;
    trail_.add(time_, "the wall clock steps by " + std::to_string(step.count()) + " us");
  }
  if (engine_ && dice_.chance(faults.pauses)) {
    coverage_.hit(Point::engine_paused);
    paused_until_ = time_.steady + dice_.micros(60'000'000);
    stop_by_ += paused_until_ - time_.steady;
    trail_.add(time_, "the engine is paused");
  }
  if (types_.moves(faults.market_moves)) types_.move_market();
  inject_hangs();
}

// Faults of parties that hang. They draw from a stream of their own.
void Simulation::inject_hangs() {
  const Faults& faults = plan_.faults;
  Dice& dice = hang_dice_;
  if (engine_ && disk_hangs_ < disk_hangs_max && !disk_.hung() && dice.chance(faults.log_hung))
    hang_disk();
  if (tables_.fault() == SimTables::Fault::none && dice.chance(faults.tables_silent)) {
    coverage_.hit(Point::tables_silent);
    tables_.set_fault(SimTables::Fault::silent);
    tables_back_at_ = time_.steady + dice.micros(180'000'000);
    trail_.add(time_, "the tables are silent");
  }
  if (time_.steady >= redis_back_at_ && dice.chance(faults.bus_silent)) {
    coverage_.hit(Point::bus_silent);
    redis_.set_silent(true);
    redis_back_at_ = time_.steady + dice.micros(60'000'000);
    trail_.add(time_, "Redis is silent");
  }
  if (gateway_ && log_.durable_head() > 0 && dice.chance(faults.bus_garbage)) publish_garbage();
}

// For some seconds, or until the engine is stopped, or killed by its supervisor.
void Simulation::hang_disk() {
  Dice& dice = hang_dice_;
  ++disk_hangs_;
  coverage_.hit(Point::log_hung);
  trail_.add(time_, "the disk hangs");
  if (dice.chance(600))
    return disk_.hang_until(time_.steady + Micros(1'000'000) + dice.micros(50'000'000));
  coverage_.hit(Point::log_hung_for_ever);
  disk_.hang_for_ever();
  if (dice.chance(500)) {
    kill_at_ = time_.steady + supervisor_patience;
  } else {
    stop_at_ = time_.steady + dice.micros(20'000'000);
  }
}

// A message that is not one, that is of another log, or a head that is false.
void Simulation::publish_garbage() {
  Dice& dice = hang_dice_;
  const Seq head = log_.durable_head();
  const LogId other{{'o', 't', 'h', 'e', 'r'}};
  const LogId sender = mutants_.any_log_is_own ? log_.id() : other;
  // The next update: a gateway that believed it would not take the true one.
  const Seq next = engine_ ? std::min(engine_->published() + 1, head) : head;
  const BlockPtr block = *log_.read(next, 1);
  Update update = update_of(block->records[next - block->first]);
  RedisChunk chunk;
  chunk.garbage = true;
  RedisChunk::Message& message = chunk.messages.emplace_back();
  switch (dice.below(6)) {
    case 0:
      coverage_.hit(Point::bus_garbage);
      message.head = dice.chance(500);
      for (std::uint64_t i = dice.below(64); i > 0; --i)
        message.text += static_cast<char>(dice.below(256));
      break;
    case 1:
      coverage_.hit(Point::bus_garbage);
      append_push(message.text, log_.id(), update);
      message.text.resize(dice.below(message.text.size()));
      break;
    case 2: {
      coverage_.hit(Point::bus_other_log);
      const std::string id = to_text(update.order_id);
      update.order_id.bytes[15] ^= 1;
      update.json.replace(update.json.find(id), id.size(), to_text(update.order_id));
      append_push(message.text, sender, update);
      break;
    }
    case 3:
      coverage_.hit(Point::bus_other_log);
      message = {true, encode_head_message(sender, head + 1'000)};
      break;
    default:
      coverage_.hit(Point::bus_false_head);
      message = {true,
                 encode_head_message(log_.id(), dice.chance(500) ? head + 1'000'000 : head / 2)};
      break;
  }
  redis_.publish(std::move(chunk));
}

// Ends the faults whose time is over.
void Simulation::heal() {
  const bool tables_gone = tables_.fault() == SimTables::Fault::away || tables_.silent();
  if (tables_gone && time_.steady >= tables_back_at_) tables_.set_fault(SimTables::Fault::none);
  if (engine_ && time_.steady >= bus_back_at_) engine_->bus().set_away(false);
  if (time_.steady >= redis_back_at_) redis_.set_silent(false);
}

void Simulation::stop_faults() {
  faulty_ = false;
  venues_.stop_faults();
  tables_.set_fault(SimTables::Fault::none);
  redis_.lost = redis_.repeated = 0;
  disk_.work();
  kill_at_.reset();
  stop_at_.reset();
  paused_until_ = {};
  tables_back_at_ = bus_back_at_ = redis_back_at_ = {};
  heal();
  trail_.add(time_, "the faults stop");
  if (plan_.away == Away::nobody) return settle_down();
  begin_absence();
}

// An operator halts trading now and then, and resumes it. After the faults every halt ends.
void Simulation::operate() {
  SimEngine* const engine = reachable_engine();
  if (engine == nullptr || operating_ || !operates()) return;
  if (faulty_ && time_.steady < operate_at_) return;
  operate_at_ = time_.steady + Micros(1) + halt_dice_.micros(6'000'000);
  SimEngine::Request request;
  if (!halts_.empty() && (!faulty_ || halt_dice_.chance(600))) {
    request.method = "DELETE";
    request.target = "/v1/halt/" + std::to_string(*halts_.begin());
  } else {
    static constexpr const char* scopes[] = {R"("all")", R"({"account":"default"})",
                                             R"({"token":"USDC"})", R"({"venue":"raydium"})"};
    request.method = "POST";
    request.target = "/v1/halt";
    request.body =
        R"({"scope":)" + std::string(scopes[halt_dice_.below(4)]) + R"(,"reason":"a drill"})";
  }
  const auto shard = static_cast<std::uint32_t>(halt_dice_.below(engine->shards()));
  const std::string what = request.method + " " + request.target;
  operating_ = true;
  engine->request(shard, std::move(request), [this, what](HttpAnswer answer) {
    operating_ = false;
    trail_.add(time_, what + " is answered " + std::to_string(answer.status));
    if (answer.status == 400 || answer.status == 422)
      report(Invariant::log_acknowledged, what + " is answered " + std::to_string(answer.status));
  });
}

void Simulation::settle_down() {
  settled_down_ = true;
  calm_from_step_ = steps_;
  submitter_.settle_down();
  for (const auto& watcher : watchers_) watcher->settle_down();
}

// --- One party away ------------------------------------------------------------------------------

void Simulation::begin_absence() {
  away_ = true;
  away_since_ = time_.steady;
  away_from_step_ = steps_;
  submitter_.send_more(plan_.orders_meanwhile);
  const SteadyTime until = away_since_ + plan_.away_for;
  if (plan_.away == Away::tables) {
    coverage_.hit(Point::away_tables);
    tables_.set_fault(SimTables::Fault::silent);
    tables_back_at_ = until;
  } else if (plan_.away == Away::redis) {
    coverage_.hit(Point::away_redis);
    redis_.set_silent(true);
    redis_back_at_ = until;
  }
  // A venue goes away with the next order that is live there: before it is called, or after.
  const bool before = !plan_.slow_venues || hang_dice_.chance(500);
  away_with_ = before ? EventType::transaction_built : EventType::transaction_submitted;
  trail_.add(time_, "one party goes away");
}

void Simulation::send_venue_away(const std::string& venue) {
  if (plan_.away < Away::venue_silent) return;
  constexpr Point points[] = {Point::away_venue_silent, Point::away_venue_mute,
                              Point::away_venue_refuses, Point::away_venue_late};
  coverage_.hit(points[static_cast<int>(plan_.away) - static_cast<int>(Away::venue_silent)]);
  away_venue_ = venue;
  venues_.send_away(venue, plan_.away, away_since_ + plan_.away_for);
  trail_.add(time_, venue + " is away");
  for (const OrderId& id : checker_.open_orders())
    if (is_live_attempt(checker_.standing(id)->phase) && built_at_[id].contains(venue))
      live_there_.insert(id);
  coverage_.hit(Point::away_live_orders, live_there_.size());
}

void Simulation::watch_absence() {
  const bool venue = plan_.away >= Away::venue_silent;
  if (venue && away_venue_.empty() && time_.steady - away_since_ > venue_patience)
    send_venue_away("raydium");
  const SteadyTime until = away_since_ + plan_.away_for;
  if (!went_on_ && time_.steady >= until - last_minute) went_on_ = unfinished().empty();
  if (steps_ - away_from_step_ > away_steps_max)
    return report(Invariant::live_goes_on, "the engine is busy while a party is away");
  if (time_.steady < until) return;
  if (!went_on_) report(Invariant::live_goes_on, unfinished());
  away_ = false;
  away_venue_.clear();
  heal();
  trail_.add(time_, "the party is back");
  settle_down();
}

// The work that does not need the party that is away and has not ended. Empty: none.
std::string Simulation::unfinished() const {
  if (!engine_) return "there is no engine";
  if (!submitter_.done()) return "a submit is not answered";
  const std::vector<OrderId> open = checker_.open_orders();
  const auto there = [this](const OrderId& id) {
    const auto venue = built_at_.find(id);
    return is_live_attempt(checker_.standing(id)->phase) && venue != built_at_.end() &&
           venue->second.contains(away_venue_);
  };
  const auto rests = [this](const OrderId& id) {
    return checker_.standing(id)->phase == Phase::resting;
  };
  // The log's time stands still after the wall clock was stepped back, and so do the orders' own
  // expiries.
  const bool stands_still = time_.wall().time_since_epoch().count() < newest_us_;
  const auto waits = [&](const OrderId& id) {
    return stands_still && unquoted_.contains(id) && expiring_.contains(id);
  };
  for (const OrderId& id : open)
    if (!there(id) && !rests(id) && !waits(id)) return "order " + to_text(id) + " is open";
  if (log_.queued() > 0 || log_.unsynced() > 0) return "an append is not answered";
  const Seq head = log_.durable_head();
  if (engine_->published() != head)
    return "published up to " + std::to_string(engine_->published()) + " of " +
           std::to_string(head);
  const bool tables = plan_.away != Away::tables;
  if (tables && tables_.contents().cursor.last_seq != head) return "the tables lag";
  const bool gateway = !plan_.gateway || (serving_gateway() != nullptr &&
                                          serving_gateway()->stream().position() == head);
  if (tables && !gateway) return "the gateway's stream lags";
  for (const auto& watcher : watchers_) {
    if (watcher->has_no_order() || (!tables && watcher->at_gateway())) continue;
    if (!watcher->complete(head)) return "a stream lags";
  }
  return {};
}

// Asks for /readyz when the disk begins or ends to hang.
void Simulation::probe_readiness() {
  const bool hangs = disk_.commit_age() > commit_age_max;
  SimEngine* const engine = reachable_engine();
  if (engine == nullptr || probing_ || hangs == unready_) return;
  probing_ = true;
  SimRequest request;
  request.method = "GET";
  request.target = "/readyz";
  const auto check = [this, engine, hangs, commits = disk_.commits()](const HttpAnswer& answer) {
    probing_ = false;
    const bool changed =
        commits != disk_.commits() || hangs != (disk_.commit_age() > commit_age_max);
    if (changed || engine->stopping()) return;
    unready_ = hangs;
    coverage_.hit(hangs ? Point::unready_hung : Point::ready_again);
    trail_.add(time_, "/readyz is " + std::to_string(answer.status));
    if (answer.status != (hangs ? 503U : 200U))
      report(Invariant::ready_log, "/readyz is " + std::to_string(answer.status) +
                                       (hangs ? " while a sync hangs" : " and no sync hangs"));
  };
  engine->request(0, std::move(request), check);
}

}  // namespace oee::sim
