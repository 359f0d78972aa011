// Plan: the parameters of a run, all drawn from its seed before it begins. They are data, so that a
// failing run can be repeated with smaller ones until the smallest that still fails is found.
#pragma once

#include <cstdint>
#include <random>

#include "core/base/time.h"
#include "core/seams/entropy.h"

namespace oee::sim {

// A random stream. The same seed gives the same numbers on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() { return engine_(); }
  // 0 .. n-1. REQUIRES: n > 0.
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  bool chance(std::uint32_t per_mille) { return below(1000) < per_mille; }
  Micros micros(std::int64_t max) {
    return Micros(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(max) + 1)));
  }

 private:
  std::mt19937_64 engine_;
};

// Random bits for ids and jitter, from the same stream.
class DiceEntropy final : public Entropy {
 public:
  explicit DiceEntropy(Dice& dice) : dice_(dice) {}
  std::uint64_t next() override { return dice_.next(); }

 private:
  Dice& dice_;
};

// Chances per mille, each per occasion.
struct Faults {
  std::uint32_t venue_request_lost = 0;
  std::uint32_t venue_reply_lost = 0;
  std::uint32_t venue_duplicated = 0;
  std::uint32_t venue_delayed = 0;
  std::uint32_t venue_late = 0;
  std::uint32_t venue_reject = 0;
  std::uint32_t venue_away = 0;   // one venue is silent for up to five minutes
  std::uint32_t quotes_fail = 0;  // every venue refuses to quote for up to 20 s
  std::uint32_t quotes_slow = 0;  // one venue's quotes take up to 4 s, for up to a minute
  std::uint32_t answer_lost = 0;
  std::uint32_t log_write_failed = 0;
  std::uint32_t log_stalled = 0;
  std::uint32_t tables = 0;
  std::uint32_t bus = 0;
  std::uint32_t wall_steps = 0;
  std::uint32_t pauses = 0;
  std::uint32_t log_hung = 0;
  std::uint32_t tables_silent = 0;
  std::uint32_t bus_silent = 0;
  std::uint32_t bus_garbage = 0;
  std::uint32_t market_moves = 0;  // a pair's price moves by up to 4 percent
};

// The party outside the engine that is away while all others work: the second phase of a run.
// A silent party takes everything and answers nothing.
enum class Away : std::uint8_t {
  nobody,
  tables,         // PostgreSQL is silent
  redis,          // Redis is silent; it delivers everything when it is back
  venue_silent,   // requests are lost
  venue_mute,     // it answers quotes only
  venue_refuses,  // every call is refused at once
  venue_late,     // requests are handled; every answer comes after the caller's time-out
};

struct Plan {
  std::uint64_t seed = 0;
  std::uint32_t shards = 1;
  std::uint32_t orders = 0;  // submitted by all clients together
  std::uint32_t subscribers = 0;
  std::uint32_t crashes = 0;
  std::uint32_t steps_between_crashes = 0;  // on average
  bool gateway = false;                     // a gateway process that serves reads and streams
  bool halts = false;                       // an operator halts trading and resumes it
  bool risk_limits = false;                 // an operator limits the orders, at times otherwise
  bool slow_venues = false;         // settlement takes time; false: the submit's answer reports it
  std::uint32_t limit_orders = 0;   // per mille of the orders; some of them trade in parts or once
  std::uint32_t amendments = 0;     // per mille of the changes
  std::uint32_t triggers = 0;       // per mille of the other orders: they are stop or sniper orders
  std::uint32_t exact_outputs = 0;  // per mille of the orders that are sold whole
  std::uint32_t leg_gain_min_bps = 0;  // of a split; 0: all that gain a unit are made
  Faults faults;
  Away away = Away::nobody;
  Micros away_for{0};
  std::uint32_t orders_meanwhile = 0;

  static Plan of(std::uint64_t seed) {
    Dice dice(seed ^ 0x5EED);
    const auto upto = [&dice](std::uint32_t max) {
      // Each fault is absent from half of the runs: rare combinations matter as much as many faults
      // at once.
      return dice.chance(500) ? 0U : static_cast<std::uint32_t>(dice.below(max + 1));
    };
    Plan plan;
    plan.seed = seed;
    plan.shards = 1 + static_cast<std::uint32_t>(dice.below(3));
    plan.orders = 1 + static_cast<std::uint32_t>(dice.below(24));
    plan.subscribers = static_cast<std::uint32_t>(dice.below(4));
    plan.crashes = static_cast<std::uint32_t>(dice.below(6));
    plan.steps_between_crashes = 20U << dice.below(6);
    plan.slow_venues = dice.chance(500);
    plan.gateway = dice.chance(500);
    plan.faults.venue_request_lost = upto(150);
    plan.faults.venue_reply_lost = upto(150);
    plan.faults.venue_duplicated = upto(150);
    plan.faults.venue_delayed = upto(300);
    plan.faults.venue_late = upto(150);
    plan.faults.venue_reject = upto(150);
    plan.faults.answer_lost = upto(200);
    plan.faults.log_write_failed = upto(40);
    plan.faults.log_stalled = upto(30);
    plan.faults.tables = upto(60);
    plan.faults.bus = upto(60);
    plan.faults.wall_steps = upto(8);
    plan.faults.pauses = upto(8);
    plan.faults.venue_away = upto(8);
    plan.faults.quotes_fail = upto(8);
    plan.faults.quotes_slow = upto(8);
    plan.draw_outside();
    plan.draw_limit_orders();
    plan.draw_triggers();
    // Streams of their own.
    plan.halts = Dice(seed ^ 0x4A17).chance(300);
    plan.risk_limits = Dice(seed ^ 0x7'215B).chance(400);
    Dice exact(seed ^ 0xE'8AC7);
    if (exact.chance(667)) plan.exact_outputs = static_cast<std::uint32_t>(exact.below(501));
    Dice splits(seed ^ 0x5'9117);
    if (splits.chance(500))
      plan.leg_gain_min_bps =
          splits.chance(500) ? 10'000 : static_cast<std::uint32_t>(splits.below(100));
    return plan;
  }

  // From a stream of their own: the rest of a seed's plan is as it would be without them.
  void draw_limit_orders() {
    Dice dice(seed ^ 0x11'317);
    if (dice.chance(333)) return;
    limit_orders = static_cast<std::uint32_t>(dice.below(701));
    amendments = static_cast<std::uint32_t>(dice.below(301));
  }

  // Orders that wait for a trigger, and the moves that trigger them.
  void draw_triggers() {
    Dice dice(seed ^ 0x57'09);
    if (dice.chance(250)) return;
    triggers = static_cast<std::uint32_t>(dice.below(701));
    faults.market_moves = static_cast<std::uint32_t>(dice.below(151));
  }

  // Parties outside that hang, from a stream of their own.
  void draw_outside() {
    Dice dice(seed ^ 0x0075'1DE5);
    const auto upto = [&dice](std::uint32_t max) {
      return dice.chance(667) ? 0U : static_cast<std::uint32_t>(dice.below(max + 1));
    };
    faults.log_hung = upto(40);
    faults.tables_silent = upto(30);
    faults.bus_silent = upto(30);
    faults.bus_garbage = upto(100);
    if (!dice.chance(300)) return;
    away = static_cast<Away>(1 + dice.below(6));
    const bool venue = away >= Away::venue_silent;
    away_for = venue ? Micros(3'600'000'000) : Micros(300'000'000) + dice.micros(600'000'000);
    orders_meanwhile = 4 + static_cast<std::uint32_t>(dice.below(12));
  }
};

}  // namespace oee::sim
