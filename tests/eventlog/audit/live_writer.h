// LiveWriter: a RocksLog and a thread that appends to it without end, for tests of concurrent
// readers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "eventlog/rocks/log.h"
#include "tests/eventlog/audit/forged_log.h"
#include "tests/support/wall_clock.h"

namespace oee::forge {

class LiveWriter final : public BlockSink {
 public:
  struct Options {
    std::size_t memtable_bytes = 64 << 10;
    std::size_t orders_at_once = 32;  // appended together, then awaited
    std::uint32_t first_order = 1;
  };
  // REQUIRES: `data_dir`/log can be opened.
  LiveWriter(const std::filesystem::path& data_dir, Options options) : options_(options) {
    RocksLogOptions log_options;
    log_options.dir = data_dir / "log";
    log_options.memtable_bytes = options.memtable_bytes;
    log_options.free_bytes_min = 0;
    log_ = RocksLog::open(log_options, clock_).operator*();
    BlockSink* sinks[] = {this};
    log_->start(sinks);
    thread_ = std::thread([this] { write(); });
  }
  ~LiveWriter() override {
    stop_ = true;
    thread_.join();
    log_->stop();
  }

  // The thread writes while acknowledged() is below `seq`; initially 0.
  void allow(Seq seq) { allowed_ = seq; }
  // The last seq that was answered as durable.
  Seq acknowledged() const { return acknowledged_.load(); }
  // n: the orders order_id(1) to order_id(n) are accepted. A second append writes their other 5
  // events.
  std::uint32_t orders() const { return orders_.load(); }
  void wait_for(Seq seq) const {
    while (acknowledged() < seq) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  void deliver(BlockPtr, std::vector<Answer> answers) override {
    std::lock_guard lock(mutex_);
    for (Answer& answer : answers) {
      if (!answer.result.ok()) std::abort();
      acknowledged_ = std::max(acknowledged_.load(), answer.result->last_seq);
    }
    waiting_ -= answers.size();
    if (waiting_ == 0) changed_.notify_all();
  }

 private:
  void write() {
    std::uint32_t next = options_.first_order;
    while (!stop_) {
      if (acknowledged_ >= allowed_) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        continue;
      }
      const std::uint32_t end = next + static_cast<std::uint32_t>(options_.orders_at_once);
      append_all(next, end, 0, 1);
      orders_ = end - 1;
      append_all(next, end, 1, 6);
      next = end;
    }
  }
  // Appends the events [first, last) of the orders [begin, end).
  void append_all(std::uint32_t begin, std::uint32_t end, Version first, Version last) {
    {
      std::lock_guard lock(mutex_);
      waiting_ = end - begin;
    }
    for (std::uint32_t n = begin; n < end; ++n) {
      const OrderId id = test::order_id(n);
      std::vector<Event> events = confirmed_events(id, "key-" + std::to_string(n));
      AppendRequest request;
      request.order_id = id;
      request.expected_version = first;
      request.events.assign(events.begin() + first, events.begin() + last);
      log_->append(std::move(request), *this, nullptr);
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ == 0; });
  }

  const Options options_;
  test::WallClock clock_;
  std::unique_ptr<RocksLog> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t waiting_ = 0;
  std::atomic<Seq> allowed_{0};
  std::atomic<Seq> acknowledged_{0};
  std::atomic<std::uint32_t> orders_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace oee::forge
