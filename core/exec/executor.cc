#include "core/exec/executor.h"

#include <algorithm>

#include "core/base/log.h"
#include "core/exec/order_log.h"
#include "core/order/fold.h"
#include "core/runtime/sleep.h"

namespace oee {

// --- Start, recovery and stop --------------------------------------------------------------------

Executor::Executor(ExecutorContext context, ExecutorOptions options)
    : orders_(context.orders),
      log_(context.log),
      appender_(context.appender),
      loop_(context.loop),
      clock_(context.clock),
      entropy_(context.entropy),
      read_(context.read),
      venues_(std::move(context.venues)),
      options_(options),
      metrics_(venues_) {
  metrics_.concurrency = options_.concurrency;
}

Executor::~Executor() = default;

void Executor::recover(std::vector<Order> orders, Seq as_of) {
  metrics_.folded.store(as_of, std::memory_order_relaxed);
  // Live attempts first: their outcomes have been open longest.
  std::stable_partition(orders.begin(), orders.end(),
                        [](const Order& order) { return is_live_attempt(order.phase); });
  for (Order& order : orders) {
    const OrderId id = order.id;
    newest_time_ = std::max(newest_time_, order.updated_at);
    if (order.outcome_unknown) unknown_[id] = order.unknown_since;
    orders_.put(std::move(order));
    enqueue(Ready{.id = id, .resumed = true});
  }
  publish_metrics();
}

void Executor::start() {
  running_ = true;
  schedule_pump();
}

Task<void> Executor::stop() {
  running_ = false;
  for (auto& [id, work] : work_)
    if (work.state == Work::State::waiting) clock_.cancel(work.timer);
  if (!gate_.closed()) co_await gate_.close();
}

// --- Blocks --------------------------------------------------------------------------------------

void Executor::on_block(const Block& block) {
  for (const Record& record : block.records) {
    if (orders_.owns(record.order_id)) log_order_event(record);
    OpenOrders::Before before;
    const auto change = orders_.apply(record, before);
    if (change == OpenOrders::Change::advanced || change == OpenOrders::Change::ended)
      metrics_.stages.add(record, before);
    if (change == OpenOrders::Change::none) {
      // The order may be loading; the load must include this event.
      if (const auto found = loading_.find(record.order_id); found != loading_.end())
        if (record.version > found->second.version) found->second = Newest(record);
      continue;
    }
    const EventType type = type_of(record.event);
    switch (change) {
      case OpenOrders::Change::opened:
        enqueue(Ready{.id = record.order_id});
        break;
      case OpenOrders::Change::ended:
        ++metrics_.ended;
        forget(record.order_id);
        break;
      case OpenOrders::Change::unknown:
        if (loading_.insert_or_assign(record.order_id, Newest(record)).second)
          spawn(gate_, "load requeued order", load_requeued(record.order_id));
        break;
      default:
        break;
    }
    if (type == EventType::outcome_unknown) {
      unknown_.emplace(record.order_id, record.time);
    } else if (!unknown_.empty()) {
      unknown_.erase(record.order_id);
    }
  }
  if (!block.records.empty()) newest_time_ = std::max(newest_time_, block.records.back().time);
  metrics_.folded.store(block.end() - 1, std::memory_order_relaxed);
  publish_metrics();
  schedule_pump();
}

// Folds a requeued order from its own records: a failed order is not kept in memory.
Task<void> Executor::load_requeued(OrderId id) {
  for (;;) {
    const Newest wanted = loading_.at(id);
    auto job = [this, id] { return log_.read_order(id); };
    auto records = co_await read_.run(loop_, std::move(job));
    if (!records.ok()) {
      if (records.error().code != Errc::full) {
        log::error("a requeued order cannot be read", log::field("order", id),
                   log::field("seq", wanted.seq), log::field("trace", wanted.trace),
                   log::field("version", wanted.version),
                   log::field("error", records.error().detail));
        break;
      }
      co_await back_off(0);
      if (!running_) break;
      continue;
    }
    auto order = fold_order(*records);
    check(order.ok() && order->has_value(), "a requeued order has no legal records");
    const Version newest = loading_.at(id).version;
    if ((*order)->version < newest || newest != wanted.version) continue;  // newer records came
    const bool open = (*order)->open();
    if (open) {
      orders_.put(**std::move(order));
      enqueue(Ready{.id = id});
    }
    break;
  }
  loading_.erase(id);
  publish_metrics();
  schedule_pump();
}

// --- Slots ---------------------------------------------------------------------------------------

void Executor::schedule_pump() {
  if (pump_scheduled_ || !running_ || ready_.empty() || options_.concurrency == 0) return;
  pump_scheduled_ = true;
  post(loop_, [this] { pump(); });
}

void Executor::pump() {
  pump_scheduled_ = false;
  while (running_ && !ready_.empty() && executing_ < options_.concurrency) {
    const Ready next = ready_.front();
    ready_.pop_front();
    if (orders_.find(next.id) == nullptr) continue;
    Work work;
    work.resumed = next.resumed;
    work.due = next.due;
    if (!work_.try_emplace(next.id, work).second) continue;
    ++executing_;
    spawn(gate_, "execute order", run(next.id));
  }
}

void Executor::enqueue(Ready ready) {
  // The order was requeued before the coroutine that failed it ended: that coroutine continues it.
  if (work_.contains(ready.id)) return;
  // Other orders take all slots first: this one waits packed.
  if (ready_.size() >= options_.concurrency) orders_.pack(ready.id);
  ready_.push_back(ready);
}

void Executor::forget(const OrderId& id) {
  const auto found = work_.find(id);
  if (found == work_.end() || found->second.state == Work::State::executing)
    return;  // run() erases it
  clock_.cancel(found->second.timer);
  work_.erase(found);
}

void Executor::wait_for_retry(const Order& order, Work& work) {
  // The steady clock measures the wait. It is never longer than decided, even if the wall clock
  // steps back.
  const Micros wait = std::min(order.retry_at - log_now(), order.retry_at - order.updated_at);
  work.state = Work::State::waiting;
  const OrderId id = order.id;
  work.timer = clock_.call_at(clock_.steady_now() + std::max(wait, Micros{0}), [this, id] {
    work_.erase(id);
    enqueue(Ready{.id = id, .due = true});
    schedule_pump();
  });
  orders_.pack(id);
}

// --- The loop of one order -----------------------------------------------------------------------

Task<void> Executor::run(OrderId id) {
  const SteadyTime began = clock_.steady_now();
  while (running_) {
    const Order* order = orders_.find(id);
    if (order == nullptr) break;
    Work& work = work_[id];
    Step what = next_step(*order, clock_.now(), work.resumed);
    // After its retry timer has fired the order is due, even if the wall clock has stepped back.
    if (what == Step::wait && work.due) what = Step::route;
    if (what == Step::none) break;
    if (what == Step::wait) {
      wait_for_retry(*order, work);
      break;
    }
    const Next next = co_await step(id, what);
    if (next == Next::leave) break;
    Work& current = work_[id];  // the map may have changed during the step
    current.resumed = false;
    current.due = false;
  }
  --executing_;
  if (const auto found = work_.find(id); found != work_.end()) {
    metrics_.executed_us += static_cast<std::uint64_t>((clock_.steady_now() - began).count());
    metrics_.append_wait_us += static_cast<std::uint64_t>(found->second.append_wait.count());
    found->second.append_wait = Micros{0};
    if (found->second.state == Work::State::executing && running_) work_.erase(found);
  }
  metrics_.executing.store(executing_, std::memory_order_relaxed);
  schedule_pump();
}

Task<Executor::Next> Executor::step(OrderId id, Step what) {
  const WallTime now = clock_.now();
  switch (what) {
    case Step::expire: {
      AppendBuilder builder(*orders_.find(id));
      builder.add(OrderExpired{"engine", "expiresAt has passed"}, now);
      co_return co_await append(std::move(builder));
    }
    case Step::give_up: {
      AppendBuilder builder(*orders_.find(id));
      AttemptEnd end;
      end.error = ErrorClass::interrupted;
      end.detail = "interrupted " + std::to_string(interruptions_max) + " times while routing";
      builder.add(end_attempt(builder.order(), end, options_.retry, log_now(), 0), now);
      co_return co_await append(std::move(builder));
    }
    case Step::route:
      co_return co_await route(id);
    case Step::submit:
      co_return co_await submit(id);
    case Step::ask:
      co_return co_await ask(id);
    default:
      co_return Next::leave;
  }
}

Task<Executor::Next> Executor::append(AppendBuilder builder) {
  AppendRequest request = std::move(builder).request();
  const OrderId id = request.order_id;
  const SteadyTime began = clock_.steady_now();
  const AppendAnswer answer = co_await appender_.append(std::move(request));
  const Micros took = clock_.steady_now() - began;
  metrics_.append_duration.add(took);
  if (const auto found = work_.find(id); found != work_.end()) found->second.append_wait += took;
  // A conflict is normal (a cancel came first). The winner is folded already, so decide again.
  if (answer.ok() || answer.error().code == Errc::conflict) co_return Next::decide;
  co_return Next::leave;  // the log has stopped; a restart continues from its records
}

Task<void> Executor::back_off(std::uint32_t tries) {
  const Micros wait =
      std::min(options_.ask_backoff_max, options_.ask_backoff_min * (1 << std::min(tries, 10U)));
  const auto jitter = entropy_.next() % static_cast<std::uint64_t>(wait.count() / 4 + 1);
  const SteadyTime at = clock_.steady_now() + wait + Micros{static_cast<std::int64_t>(jitter)};
  co_await sleep_until(clock_, at);
}

WallTime Executor::log_now() const {
  return std::max(clock_.now(), newest_time_);
}

// --- State for others ----------------------------------------------------------------------------

std::vector<OrderId> Executor::open_ids() const {
  std::vector<OrderId> ids = orders_.ids();
  for (const auto& [id, newest] : loading_) ids.push_back(id);
  return ids;
}

void Executor::publish_metrics() {
  metrics_.open.store(orders_.size(), std::memory_order_relaxed);
  metrics_.executing.store(executing_, std::memory_order_relaxed);
  metrics_.waiting.store(work_.size() - executing_, std::memory_order_relaxed);
  metrics_.unknown.store(unknown_.size(), std::memory_order_relaxed);
  WallTime oldest{};
  for (const auto& [id, since] : unknown_)
    if (oldest == WallTime{} || since < oldest) oldest = since;
  metrics_.unknown_since_us.store(oldest.time_since_epoch().count(), std::memory_order_relaxed);
}

}  // namespace oee
