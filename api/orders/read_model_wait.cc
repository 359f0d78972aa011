#include "api/orders/read_model_wait.h"

#include <algorithm>

#include "core/runtime/spawn.h"

namespace oee {
namespace {

constexpr Micros wait_max{2'000'000};
constexpr Micros poll_every{10'000};

}  // namespace

Task<Result<void>> ReadModelWait::reach(Seq seq) {
  Waiter waiter{seq, Alarm(clock_)};
  if (gate_.closed()) co_return Error{Errc::closed, "the server is stopping"};
  waiters_.push_back(&waiter);
  if (polling_) {
    wake_.ring();
  } else {
    polling_ = true;
    spawn(gate_, "read model position", poll());
  }
  const bool answered = co_await waiter.done.wait(clock_.steady_now() + wait_max);
  if (answered) co_return waiter.result;
  std::erase(waiters_, &waiter);
  co_return Error{Errc::unavailable, "the read model has not reached seq " + std::to_string(seq)};
}

Task<void> ReadModelWait::poll() {
  while (!waiters_.empty() && !gate_.closed()) {
    for (Waiter* waiter : waiters_) waiter->asked = true;
    auto job = [this] { return queries_.cursor(); };
    const auto cursor = co_await worker_.run(loop_, std::move(job));
    answer(cursor);
    if (waiters_.empty()) break;
    co_await wake_.wait(clock_.steady_now() + poll_every);
  }
  polling_ = false;
}

void ReadModelWait::answer(const Result<ProjectionCursor>& cursor) {
  std::vector<Waiter*> answered;
  std::erase_if(waiters_, [&](Waiter* waiter) {
    if (!waiter->asked || (cursor.ok() && cursor->last_seq < waiter->seq)) return false;
    if (!cursor.ok()) waiter->result = cursor.error();
    answered.push_back(waiter);
    return true;
  });
  for (Waiter* waiter : answered) waiter->done.ring();  // ends the wait, and its frame
}

Task<void> ReadModelWait::stop() {
  if (gate_.closed()) co_return;
  auto query_under_way = gate_.close();
  for (Waiter* waiter : waiters_) waiter->asked = true;
  answer(Error{Errc::closed, "the server is stopping"});
  wake_.ring();
  co_await query_under_way;
}

}  // namespace oee
