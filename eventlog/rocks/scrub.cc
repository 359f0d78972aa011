#include "eventlog/rocks/scrub.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/log.h"
#include "core/runtime/worker.h"
#include "eventlog/rocks/record_checker.h"

namespace oee {
namespace {

// At least 1,000 records a second (0.4 MB/s): a young log is covered soon. More when the log is
// longer than 86 M records and a day.
constexpr std::chrono::seconds step_time{1};
constexpr std::uint64_t step_records_min = 1'000;
constexpr std::chrono::milliseconds empty_rest{60'000};

void lower_priority() {
  // This thread only (Linux: a thread id is taken). Best effort: a scrub at normal priority is
  // still right.
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  (void)::setpriority(PRIO_PROCESS, thread, 19);
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
    const auto rest = next_pass - std::chrono::steady_clock::now();
    auto rest_ms = std::chrono::duration_cast<std::chrono::milliseconds>(rest);
    // A log that was empty a moment ago is looked at again soon.
    if (scrubbed_.load(std::memory_order_relaxed) == 0) rest_ms = empty_rest;
    if (!pause(std::max(rest_ms, std::chrono::milliseconds(step_time)))) return;
  } while (true);
}

void Scrub::pass() {
  const auto period_s = static_cast<std::uint64_t>(std::chrono::seconds(period_).count());
  RecordChecker checker(store_, Hash256{});
  // The pass ends where the log ended when it began; what is newer is for the next one.
  const Seq end = tail_.durable_head();
  const std::uint64_t step = std::max(step_records_min, end * 10 / 9 / period_s + 1);
  auto each = [&](Seq seq, std::string_view bytes) { return checker.check(seq, bytes); };
  for (Seq first = 1; first <= end;) {
    const Seq last = std::min(end, first + step - 1);
    if (auto good = store_.scan(first, last, true, each); !good.ok()) {
      fail_stop_.raise(good.error());
      return;
    }
    scrubbed_.store(last, std::memory_order_relaxed);
    first = last + 1;
    if (!pause(step_time)) return;
  }
  if (end > 0) log::debug("scrub found no damage", log::field("records", end));
}

}  // namespace oee
