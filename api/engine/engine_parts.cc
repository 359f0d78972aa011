#include "api/engine/engine_parts.h"

#include <algorithm>
#include <atomic>

#include "core/base/log.h"
#include "core/exec/open_orders.h"
#include "core/exec/risk_recovery.h"
#include "core/risk/control.h"
#include "core/runtime/spawn.h"

namespace oee {
namespace {

// Calls `done` when `parts` parts have finished, on any threads.
struct Countdown {
  Countdown(std::size_t parts, std::function<void()> when_done)
      : left(parts), done(std::move(when_done)) {}
  void finish_one() {
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) done();
  }
  std::atomic<std::size_t> left;
  const std::function<void()> done;
};

// The halt of a start is in force already. One for another reason does not replace it: its end
// would resume trading although nobody has looked at this reason.
bool is_halted(const Halts& halts, const std::string& why) {
  const auto same = [&](const Halt& halt) {
    return halt.scope == HaltScope::all && halt.why == why;
  };
  return std::any_of(halts.in_force().begin(), halts.in_force().end(), same);
}

Task<void> finish_one_after(Task<void> task, std::shared_ptr<Countdown> countdown) {
  co_await std::move(task);
  countdown->finish_one();
}

}  // namespace

EngineParts::EngineParts(EnginePartsContext context, ShardOptions shard,
                         std::uint64_t open_orders_max)
    : context_(std::move(context)) {
  admission_.open_orders_max = open_orders_max;
  shard.shards = static_cast<std::uint32_t>(context_.shards.size());
  for (std::uint32_t i = 0; i < shard.shards; ++i) {
    shard.shard = i;
    loops_.push_back(&context_.shards[i].loop);
    context_.shards[i].open_orders = &open_orders_;
    shards_.push_back(std::make_unique<Shard>(context_.shards[i], shard, admission_,
                                              context_.health, context_.tokens));
    gates_.push_back(std::make_unique<Gate>());
    context_.bus.subscribe(shards_.back()->stream());
    if (context_.log == nullptr) continue;
    open_orders_.push_back({*loops_.back(), shards_.back()->executor()});
    admission_.executors.push_back(&shards_.back()->executor_metrics());
  }
}

Result<Recovered> EngineParts::start() {
  Recovered recovered;
  StartEvents missing;
  if (context_.log != nullptr) {
    OEE_TRY_ASSIGN(recovered, recover(missing));
  }
  OEE_TRY_ASSIGN(const ProjectionCursor position, context_.stream_position());
  for (std::size_t i = 0; i < shards_.size(); ++i)
    post(*loops_[i], [shard = shards_[i].get(), position] { shard->start_stream(position); });
  context_.bus.follow(position.log_id);
  context_.bus.start();
  if (missing.any()) {
    post(*loops_[0], [this, missing] {
      spawn(own_events_, "events of the start", append_then_execute(missing));
    });
  } else {
    admission_.recovering = false;
  }
  return recovered;
}

Result<Recovered> EngineParts::recover(StartEvents& missing) {
  Recovered recovered;
  OEE_TRY_ASSIGN(std::vector<Order> open, recover_open_orders(*context_.log, &recovered.as_of));
  OEE_TRY_ASSIGN(const std::vector<Record> own_stream, context_.log->read_order(engine_stream));
  const Halts halts = Halts::of(own_stream);
  recovered.open_orders = open.size();
  const bool halted = is_halted(halts, context_.halt_at_start);
  missing.halt = !context_.halt_at_start.empty() && !halted;
  OEE_TRY_ASSIGN(limits_, limits_of(own_stream));
  wanted_limits_ = context_.limits_at_start;
  missing.limits = limits_ != wanted_limits_;
  if (halted && context_.on_halted) context_.on_halted();
  for (const Halt& halt : halts.in_force())
    log::warn("trading is halted", log::field("halt", halt.id), log::field("why", to_text(halt)));
  if (context_.risk != nullptr) {
    OEE_TRY_ASSIGN(RiskUse use, recover_risk_use(*context_.log, open, recovered.as_of));
    context_.risk->restore(limits_, std::move(use));
  }
  std::vector<std::vector<Order>> by_shard(shards_.size());
  for (Order& order : open) {
    const auto shard = shard_of(order.id, static_cast<std::uint32_t>(shards_.size()));
    by_shard[shard].push_back(std::move(order));
  }
  std::vector<BlockSink*> sinks;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    sinks.push_back(&shards_[i]->block_sink());
    // Posted before the log starts, so it runs before the first block is taken.
    auto orders = std::make_shared<std::vector<Order>>(std::move(by_shard[i]));
    post(*loops_[i], [shard = shards_[i].get(), orders, as_of = recovered.as_of, halts,
                      start = !missing.any()] {
      shard->executor().recover(std::move(*orders), as_of, halts);
      if (start) shard->executor().start();
    });
  }
  context_.start_log(sinks);
  return recovered;
}

Task<void> EngineParts::append_then_execute(StartEvents missing) {
  changing_limits_ = true;  // a change that is wanted meanwhile is appended here
  if (missing.halt) {
    const AppendAnswer halted = co_await shards_[0]->halt_at_start(context_.halt_at_start);
    if (!halted.ok()) {
      log::error("trading is not halted and no order is executed",
                 log::field("why", halted.error().detail));
      co_return;
    }
    if (context_.on_halted) context_.on_halted();
  }
  const bool changed = co_await append_limits("the start");
  changing_limits_ = false;
  if (!changed || admission_.draining) co_return;
  for (std::size_t i = 0; i < shards_.size(); ++i)
    post(*loops_[i], [shard = shards_[i].get()] { shard->executor().start(); });
  admission_.recovering = false;
}

Task<bool> EngineParts::append_limits(std::string why) {
  // They may change while an append is under way.
  while (limits_ != wanted_limits_) {
    const RiskLimits limits = wanted_limits_;
    const AppendAnswer answer = co_await shards_[0]->change_limits(canonical_text(limits), why);
    if (!answer.ok()) {
      log::error("the risk limits are not changed; the earlier ones stay in effect",
                 log::field("why", answer.error().detail));
      co_return false;
    }
    limits_ = limits;
  }
  co_return true;
}

Task<void> EngineParts::follow_wanted_limits() {
  co_await append_limits("the risk file was read again");
  changing_limits_ = false;
}

void EngineParts::change_limits(RiskLimits limits) {
  check(context_.risk != nullptr, "EngineParts::change_limits: the log keeps no limits");
  auto wanted = std::make_shared<RiskLimits>(std::move(limits));
  post(*loops_[0], [this, wanted] {
    if (admission_.draining) return;
    wanted_limits_ = std::move(*wanted);
    if (std::exchange(changing_limits_, true)) return;
    spawn(own_events_, "change of the risk limits", follow_wanted_limits());
  });
}

void EngineParts::gather_hint(std::function<void(OpenOrderHint)> done) {
  const auto parts = std::make_shared<std::vector<OpenOrderHint>>(shards_.size());
  const auto countdown =
      std::make_shared<Countdown>(shards_.size(), [parts, done = std::move(done)] {
        OpenOrderHint all = std::move(parts->front());
        for (std::size_t i = 1; i < parts->size(); ++i) {
          const OpenOrderHint& part = (*parts)[i];
          all.seq = std::min(all.seq, part.seq);
          all.open.insert(all.open.end(), part.open.begin(), part.open.end());
        }
        done(std::move(all));
      });
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    post(*loops_[i], [shard = shards_[i].get(), part = &(*parts)[i], parts, countdown] {
      *part = shard->hint();
      countdown->finish_one();
    });
  }
}

void EngineParts::begin(StopStep step, std::function<void()> done) {
  switch (step) {
    case StopStep::refuse_orders:
      admission_.draining = true;
      context_.health.start_draining();
      return done();
    case StopStep::stop_executing:
      return post(*loops_[0], [this, done = std::move(done)]() mutable {
        spawn(*gates_[0], "stop step", stop_executing(std::move(done)));
      });
    case StopStep::stop_bus:
      context_.bus.stop();
      return done();
    case StopStep::stop_serving:
      return on_every_shard(&Shard::stop_serving, std::move(done));
  }
}

// The start of the executors, which may be under way, comes before their stop.
Task<void> EngineParts::stop_executing(std::function<void()> done) {
  co_await own_events_.close();
  on_every_shard(&Shard::stop_executing, std::move(done));
}

void EngineParts::on_every_shard(Task<void> (Shard::*task)(), std::function<void()> done) {
  const auto countdown = std::make_shared<Countdown>(shards_.size(), std::move(done));
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    post(*loops_[i], [shard = shards_[i].get(), gate = gates_[i].get(), task, countdown] {
      spawn(*gate, "stop step", finish_one_after((shard->*task)(), countdown));
    });
  }
}

}  // namespace oee
