#include "eventlog/rocks/scrub.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/log.h"
#include "core/runtime/thread.h"
#include "eventlog/rocks/record_checker.h"

namespace oee {
namespace {

// At least 1,000 records a second (0.4 MB/s), so that a short log is covered soon. With a period of
// one day the rate is higher for logs of more than 86 M records.
constexpr std::chrono::seconds step_time{1};
constexpr std::uint64_t step_records_min = 1'000;
constexpr std::chrono::milliseconds empty_pause{60'000};

// Of processor and disk. Best effort: a scrub at normal priority is still correct.
void lower_priority() {
  constexpr int all_levels = 40;
  lower_priority_of_this_thread(all_levels);
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  constexpr int ioprio_who_process = 1;
  constexpr int ioprio_class_idle = 3 << 13;
  (void)::syscall(SYS_ioprio_set, ioprio_who_process, thread, ioprio_class_idle);
}

}  // namespace

Scrub::Scrub(RocksStore& store, const BlockTail& tail, FailStop& fail_stop,
             std::chrono::hours period, std::atomic<Seq>& scrubbed)
    : store_(store), tail_(tail), fail_stop_(fail_stop), period_(period), scrubbed_(scrubbed) {}

Scrub::~Scrub() {
  stop();
}

void Scrub::start() {
  if (period_.count() == 0 || thread_.joinable()) return;
  thread_ = std::thread([this] { run(); });
}

void Scrub::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Scrub::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

void Scrub::run() {
  name_this_thread("log-scrub");
  lower_priority();
  do {
    const auto next_pass = std::chrono::steady_clock::now() + period_;
    pass();
    if (fail_stop_.raised()) return;
    auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(
        next_pass - std::chrono::steady_clock::now());
    // An empty log is checked again soon.
    if (scrubbed_.load(std::memory_order_relaxed) == 0) wait = empty_pause;
    if (!pause(std::max(wait, std::chrono::milliseconds(step_time)))) return;
  } while (true);
}

void Scrub::pass() {
  const auto period_s = static_cast<std::uint64_t>(std::chrono::seconds(period_).count());
  RecordChecker checker(store_, Hash256{});
  // The pass ends at the durable head of its beginning. The next pass checks newer records.
  const Seq head = tail_.durable_head();
  const std::uint64_t step = std::max(step_records_min, head * 10 / 9 / period_s + 1);
  auto each = [&](Seq seq, std::string_view bytes) { return checker.check(seq, bytes); };
  for (Seq first = 1; first <= head;) {
    const Seq last = std::min(head, first + step - 1);
    if (auto good = store_.scan(first, last, true, each); !good.ok()) {
      fail_stop_.raise(good.error());
      return;
    }
    scrubbed_.store(last, std::memory_order_relaxed);
    first = last + 1;
    if (!pause(step_time)) return;
  }
  if (head > 0) log::debug("scrub found no damage", log::field("records", head));
}

}  // namespace oee
