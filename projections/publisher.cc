#include "projections/publisher.h"

#include <algorithm>
#include <chrono>

#include "core/base/log.h"
#include "core/runtime/thread.h"

namespace oee {

namespace {

using namespace std::chrono_literals;

// At ~300 B an update a batch is ~300 KB, and a message waits for its batch for ~1 ms.
constexpr std::size_t batch_records_max = 1'024;
constexpr auto head_every = 250ms;
constexpr auto wait_after_failure = 100ms;
// While no receiver wants updates: bounds the delay of the first subscriber's first update.
constexpr auto unwanted_poll = 5ms;

}  // namespace

Publisher::Publisher(EventLog& log, LogIdentity log_id, Bus& bus)
    : log_(log), log_id_(log_id), bus_(bus), tokens_(log) {}

Publisher::~Publisher() {
  stop();
}

void Publisher::begin() {
  if (begun_) return;
  begun_ = true;
  published_ = log_.wait_past(0, 0ms);
}

void Publisher::start() {
  if (thread_.joinable()) return;
  begin();
  stopping_ = false;
  thread_ = std::thread([this] { run_thread(); });
}

void Publisher::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

bool Publisher::step() {
  begin();
  if (!bus_.wanted()) return skip_to_head();
  const Seq next = published() + 1;
  Result<std::vector<Update>> updates = read(next);
  if (!updates.ok()) {
    // The log stops the engine by itself; the publisher only logs it, once.
    if (!read_failed_)
      log::error("the publisher cannot read the log", log::field("why", updates.error().detail));
    read_failed_ = true;
    return false;
  }
  read_failed_ = false;
  if (updates->empty()) return false;
  const Seq last = updates->back().seq;
  bus_.publish(std::make_shared<const std::vector<Update>>(*std::move(updates)));
  published_.store(last, std::memory_order_relaxed);
  return true;
}

bool Publisher::skip_to_head() {
  const Seq head = log_.wait_past(published(), 0ms);
  if (head <= published()) return false;
  bus_.publish_head(log_id_, head);
  published_.store(head, std::memory_order_relaxed);
  return true;
}

Result<std::vector<Update>> Publisher::read(Seq from) {
  std::vector<Update> updates;
  OEE_TRY_ASSIGN(const BlockPtr block, log_.read(from, batch_records_max));
  if (!block || block->end() <= from) return updates;
  updates.reserve(block->records.size());
  for (const Record& record : block->records) {
    if (record.seq < from) continue;
    updates.push_back(update_of(record));
    OEE_TRY(tokens_.fill(updates.back()));
  }
  return updates;
}

void Publisher::run_thread() {
  name_this_thread("publisher");
  auto head_due = std::chrono::steady_clock::now();
  while (!stopping_) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= head_due) {
      bus_.publish_head(log_id_, published());
      head_due = now + head_every;
    }
    const bool wanted = bus_.wanted();
    if (step() && wanted) continue;
    if (!wanted) {
      std::this_thread::sleep_for(unwanted_poll);
      continue;
    }
    if (read_failed_) {
      std::this_thread::sleep_for(wait_after_failure);
      continue;
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(head_due - now);
    log_.wait_past(published(), std::max(wait, 1ms));
  }
}

}  // namespace oee
