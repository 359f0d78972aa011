// EngineParts: the shards of an engine or a gateway with their admission, and the steps of the
// process: start, hint, stop. It has no thread, no socket and no clock of its own. Engine runs the
// steps with threads; the simulator runs the same steps in virtual time.
//
// One thread (the main thread) calls it. Work on a shard is posted to the shard's loop.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "api/engine/shard.h"
#include "api/orders/admission.h"
#include "api/telemetry/health_registry.h"
#include "core/risk/limits.h"
#include "core/runtime/gate.h"
#include "core/seams/bus.h"

namespace oee {

// References outlive the parts.
struct EnginePartsContext {
  std::vector<ShardSeams> shards;  // one per shard
  Bus& bus;
  HealthRegistry& health;
  const TokenRegistry& tokens;
  EventLog* log = nullptr;      // null on a gateway
  RiskControl* risk = nullptr;  // of the log; the start restores it; null: there are no limits
  // Starts the log's writer with the shards' sinks. Called once, when the shards can take blocks.
  std::function<void(std::span<BlockSink* const>)> start_log = {};
  // The position from which the stream is live, and its log: the durable head, or a gateway's
  // projection cursor.
  // Called after recovery; may block.
  std::function<Result<ProjectionCursor>()> stream_position;
  // Why trading is halted at the start; empty: it is not. No order is taken and none is executed
  // before the halt is durable. `on_halted` is then called, on a loop.
  std::string halt_at_start = {};
  std::function<void()> on_halted = {};
  // The limits of the start. When they are not those of the log, no order is taken and none is
  // executed before RiskLimitsChanged is durable. REQUIRES: no limits when `risk` is null.
  RiskLimits limits_at_start = {};
};

struct Recovered {
  std::size_t open_orders = 0;
  Seq as_of = 0;  // the open orders are the fold of 1..as_of
};

class EngineParts {
 public:
  // `shard`: the options of every shard; its number is filled in.
  EngineParts(EnginePartsContext context, ShardOptions shard, std::uint64_t open_orders_max);
  EngineParts(const EngineParts&) = delete;

  // Start-up is recovery; there is no other way to start. Folds the open orders from the log, gives
  // each shard its own, starts the log with the shards' sinks, starts the executors, the streams
  // and the bus, and clears `admission().recovering`, which a halt of the start does later.
  // Blocking. Returns the errors of the log's
  // reads and of stream_position().
  Result<Recovered> start();

  // Appends RiskLimitsChanged, unless these limits are in force. A failure is logged. Between start
  // and stop. REQUIRES: the context has `risk`.
  void change_limits(RiskLimits limits);

  // Collects the open orders of all shards, with a position that every shard has folded. `done` is
  // called once, on the loop of the shard that answers last. REQUIRES: a log.
  void gather_hint(std::function<void(OpenOrderHint)> done);

  // --- The orderly stop --------------------------------------------------------------------------
  // The steps in their order. A step begins when the one before is done, or when the caller has
  // waited long enough for it.
  enum class StopStep : std::uint8_t {
    refuse_orders,  // new orders get 503; /readyz reports draining
    // The events of no order that are under way are appended; orders in hand finish or are parked.
    // The log must still answer appends.
    stop_executing,
    stop_bus,      // no more updates from other processes
    stop_serving,  // requests in hand are answered; WebSockets and event streams close
  };
  static constexpr std::array stop_steps = {StopStep::refuse_orders, StopStep::stop_executing,
                                            StopStep::stop_bus, StopStep::stop_serving};
  // Begins one step. `done` is called once: inside this call when the step needs no shard, else on
  // the loop of the shard that finishes last.
  void begin(StopStep step, std::function<void()> done);

  std::span<const std::unique_ptr<Shard>> shards() const { return shards_; }
  const Admission& admission() const { return admission_; }

 private:
  void on_every_shard(Task<void> (Shard::*task)(), std::function<void()> done);
  // The events of no order that the start appends before any order is executed.
  struct StartEvents {
    bool halt = false;
    bool limits = false;
    bool any() const { return halt || limits; }
  };
  Result<Recovered> recover(StartEvents& missing);
  Task<void> append_then_execute(StartEvents missing);
  Task<void> stop_executing(std::function<void()> done);
  // Appends the wanted limits until they are those of the log.
  Task<bool> append_limits(std::string why);
  Task<void> follow_wanted_limits();

  EnginePartsContext context_;
  Admission admission_;
  std::vector<Loop*> loops_;
  std::vector<ShardOrders> open_orders_;  // by shard; filled before any loop uses it
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Gate>> gates_;  // of the tasks of the stop, by shard
  // Shard 0's loop uses them; the start sets them before.
  Gate own_events_;    // of the tasks that append events of no order
  RiskLimits limits_;  // the last ones in the log
  RiskLimits wanted_limits_;
  bool changing_limits_ = false;
};

}  // namespace oee
