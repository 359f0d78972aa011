#include "core/exec/executor.h"

#include <algorithm>

#include "core/base/log.h"
#include "core/exec/order_log.h"
#include "core/runtime/sleep.h"

namespace oee {

Executor::Executor(OpenOrders& orders, EventLog& log, Appender& appender, Loop& loop, Clock& clock,
                   Entropy& entropy, Worker& read, std::vector<Venue*> venues,
                   ExecutorOptions options)
    : orders_(orders),
      log_(log),
      appender_(appender),
      loop_(loop),
      clock_(clock),
      entropy_(entropy),
      read_(read),
      venues_(std::move(venues)),
      options_(options),
      meters_(venues_) {
  stats_.concurrency = options_.concurrency;
}

Executor::~Executor() = default;

void Executor::recover(std::vector<Order> orders, Seq as_of) {
  stats_.folded.store(as_of, std::memory_order_relaxed);
  // Live attempts first: their fate is the oldest question.
  std::stable_partition(orders.begin(), orders.end(),
                        [](const Order& order) { return is_live_attempt(order.phase); });
  for (Order& order : orders) {
    const OrderId id = order.id;
    newest_ = std::max(newest_, order.updated_at);
    if (order.outcome_unknown) unknown_[id] = order.unknown_since;
    orders_.put(std::move(order));
    enqueue(Ready{id, true, false});
  }
  publish_stats();
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

void Executor::on_block(const Block& block) {
  for (const Record& record : block.records) {
    if (orders_.owns(record.order_id)) log_order_event(record);
    OpenOrders::Before before;
    const auto change = orders_.apply(record, before);
    if (change == OpenOrders::Change::advanced || change == OpenOrders::Change::ended)
      meters_.stages.add(record, before);
    if (change == OpenOrders::Change::none) {
      // An event of an order that is being loaded: the load must see it too.
      if (const auto found = loading_.find(record.order_id); found != loading_.end())
        if (record.version > found->second.version) found->second = Newest(record);
      continue;
    }
    const EventType type = type_of(record.event);
    switch (change) {
      case OpenOrders::Change::opened:
        enqueue(Ready{record.order_id, false, false});
        break;
      case OpenOrders::Change::ended:
        ++stats_.ended;
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
    if (type == EventType::order_confirmed) ++stats_.confirmed;
    if (type == EventType::attempt_failed) ++stats_.retries;
    if (type == EventType::order_failed) ++stats_.failed;
  }
  if (!block.records.empty()) newest_ = std::max(newest_, block.records.back().time);
  stats_.folded.store(block.end() - 1, std::memory_order_relaxed);
  publish_stats();
  schedule_pump();
}

WallTime Executor::log_now() const {
  return std::max(clock_.now(), newest_);
}

std::vector<OrderId> Executor::open_ids() const {
  std::vector<OrderId> ids = orders_.ids();
  for (const auto& [id, newest] : loading_) ids.push_back(id);
  return ids;
}

void Executor::publish_stats() {
  stats_.open.store(orders_.size(), std::memory_order_relaxed);
  stats_.executing.store(executing_, std::memory_order_relaxed);
  stats_.waiting.store(work_.size() - executing_, std::memory_order_relaxed);
  stats_.unknown.store(unknown_.size(), std::memory_order_relaxed);
  WallTime oldest{};
  for (const auto& [id, since] : unknown_)
    if (oldest == WallTime{} || since < oldest) oldest = since;
  stats_.unknown_since_us.store(oldest.time_since_epoch().count(), std::memory_order_relaxed);
}

void Executor::enqueue(Ready ready) {
  // Requeued while the coroutine that failed it has not left yet: that one goes on with it.
  if (work_.contains(ready.id)) return;
  // Others will be executed before: it takes no more room than it must.
  if (ready_.size() >= options_.concurrency) orders_.pack(ready.id);
  ready_.push_back(ready);
}

void Executor::forget(const OrderId& id) {
  const auto found = work_.find(id);
  if (found == work_.end() || found->second.state == Work::State::executing)
    return;  // run() forgets it
  clock_.cancel(found->second.timer);
  work_.erase(found);
}

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

Task<void> Executor::run(OrderId id) {
  const SteadyTime began = clock_.steady_now();
  while (running_) {
    const Order* order = orders_.find(id);
    if (order == nullptr) break;
    Work& work = work_[id];
    Step what = next_step(*order, clock_.now(), work.resumed);
    // A retry timer that has run is due, whatever the wall clock did meanwhile.
    if (what == Step::wait && work.due) what = Step::route;
    if (what == Step::none) break;
    if (what == Step::wait) {
      wait_for_retry(*order, work);
      break;
    }
    const Next next = co_await step(id, what);
    if (next == Next::leave) break;
    Work& seen = work_[id];
    seen.resumed = false;
    seen.due = false;
  }
  --executing_;
  if (const auto found = work_.find(id); found != work_.end()) {
    stats_.executed_us += static_cast<std::uint64_t>((clock_.steady_now() - began).count());
    stats_.append_wait_us += static_cast<std::uint64_t>(found->second.append_wait.count());
    found->second.append_wait = Micros{0};
    if (found->second.state == Work::State::executing && running_) work_.erase(found);
  }
  stats_.executing.store(executing_, std::memory_order_relaxed);
  schedule_pump();
}

void Executor::wait_for_retry(const Order& order, Work& work) {
  // By the steady clock; never longer than the wait that was decided, should the wall clock step
  // back.
  const Micros wait = std::min(order.retry_at - log_now(), order.retry_at - order.updated_at);
  work.state = Work::State::waiting;
  const OrderId id = order.id;
  work.timer = clock_.call_at(clock_.steady_now() + std::max(wait, Micros{0}), [this, id] {
    work_.erase(id);
    enqueue(Ready{id, false, true});
    schedule_pump();
  });
  orders_.pack(id);
}

// A failed order is not kept in memory: when it is requeued, it is folded from its own records.
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
    check(order.ok() && order->has_value(), "a requeued order has no legal story");
    const Version newest = loading_.at(id).version;
    if ((*order)->version < newest || newest != wanted.version) continue;  // more came meanwhile
    const bool open = (*order)->open();
    if (open) {
      orders_.put(**std::move(order));
      enqueue(Ready{id, false, false});
    }
    break;
  }
  loading_.erase(id);
  publish_stats();
  schedule_pump();
}

Task<Executor::Next> Executor::step(OrderId id, Step what) {
  const WallTime now = clock_.now();
  switch (what) {
    case Step::expire: {
      AppendBuilder draft(*orders_.find(id));
      draft.add(OrderExpired{"engine", "expiresAt has passed"}, now);
      co_return co_await append(std::move(draft));
    }
    case Step::give_up: {
      AppendBuilder draft(*orders_.find(id));
      AttemptEnd end;
      end.error = ErrorClass::interrupted;
      end.detail = "interrupted " + std::to_string(interruptions_max) + " times while routing";
      draft.add(end_attempt(draft.order(), end, options_.retry, log_now(), 0), now);
      co_return co_await append(std::move(draft));
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

Task<Executor::Next> Executor::append(AppendBuilder draft) {
  AppendRequest request = std::move(draft).request();
  const OrderId id = request.order_id;
  const SteadyTime began = clock_.steady_now();
  const AppendAnswer answer = co_await appender_.append(std::move(request));
  const Micros took = clock_.steady_now() - began;
  meters_.append_wait.add(took);
  if (const auto found = work_.find(id); found != work_.end()) found->second.append_wait += took;
  // A conflict is normal (a cancel came first): what won is folded already, so decide again.
  if (answer.ok() || answer.error().code == Errc::conflict) co_return Next::go_on;
  co_return Next::leave;  // the log has stopped; a restart goes on from what it holds
}

Task<void> Executor::back_off(std::uint32_t tries) {
  const Micros wait =
      std::min(options_.ask_backoff_max, options_.ask_backoff_min * (1 << std::min(tries, 10U)));
  const auto jitter = entropy_.next() % static_cast<std::uint64_t>(wait.count() / 4 + 1);
  const SteadyTime at = clock_.steady_now() + wait + Micros{static_cast<std::int64_t>(jitter)};
  co_await sleep_until(clock_, at);
}

void Executor::count_call(const Venue& venue, VenueMeters::Call call, SteadyTime began,
                          const Result<VenueReport>& answer) {
  for (std::size_t i = 0; i < venues_.size(); ++i)
    if (venues_[i] == &venue) meters_.venues[i]->add(call, answer, clock_.steady_now() - began);
}

Venue* Executor::venue_of(const Order& order) const {
  for (Venue* venue : venues_)
    if (venue->name() == order.venue.view()) return venue;
  return nullptr;
}

}  // namespace oee
