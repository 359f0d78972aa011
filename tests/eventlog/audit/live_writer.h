// LiveWriter: a RocksLog that a thread of its own keeps appending to, for tests of who reads
// meanwhile.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "eventlog/rocks/log.h"
#include "tests/eventlog/audit/forged_log.h"

namespace oee::forge {

class WallClockOnly final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::time_point_cast<Micros>(std::chrono::system_clock::now());
  }
  SteadyTime steady_now() const override {
    return std::chrono::time_point_cast<Micros>(std::chrono::steady_clock::now());
  }
  TimerId call_at(SteadyTime, std::function<void()>) override { std::abort(); }
  void cancel(TimerId) override {}
};

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

  // It writes as long as acknowledged() is below this, which is 0 at first.
  void allow(Seq seq) { allowed_ = seq; }
  // The last seq that was answered as durable.
  Seq acknowledged() const { return acknowledged_.load(); }
  // Orders 1..n of order_id() have at least their acceptance (an accepted order gets its other 5
  // events in a second append).
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
  // Events [first, last) of the lives of orders [begin, end).
  void append_all(std::uint32_t begin, std::uint32_t end, Version first, Version last) {
    {
      std::lock_guard lock(mutex_);
      waiting_ = end - begin;
    }
    for (std::uint32_t n = begin; n < end; ++n) {
      const OrderId id = order_id(n);
      std::vector<Event> life = confirmed_life(id, "key-" + std::to_string(n));
      AppendRequest request;
      request.order_id = id;
      request.expected_version = first;
      request.events.assign(life.begin() + first, life.begin() + last);
      log_->append(std::move(request), *this, nullptr);
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ == 0; });
  }

  const Options options_;
  WallClockOnly clock_;
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
