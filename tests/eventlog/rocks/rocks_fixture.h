// RocksFixture: a RocksLog in a directory of its own, and the changes that tests make between two
// openings.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "eventlog/rocks/log.h"
#include "tests/support/log/log_probe.h"
#include "tests/support/orders.h"
#include "tests/support/process/servers.h"
#include "tests/support/virtual_clock.h"

namespace oee::test {

inline AppendRequest order_request(std::uint64_t order, std::string key = {}) {
  OrderAccepted accepted = accepted_event();
  accepted.idempotency_key = std::move(key);
  AppendRequest request;
  request.order_id = order_id(order);
  request.events.push_back(std::move(accepted));
  return request;
}

inline AppendRequest event_request(std::uint64_t order, Version expected, Event event) {
  AppendRequest request;
  request.order_id = order_id(order);
  request.expected_version = expected;
  request.events.push_back(std::move(event));
  return request;
}

class RocksFixture : public ::testing::Test {
 protected:
  RocksFixture() {
    options_.dir = data_.path() / "log";
    options_.free_bytes_min = 0;
    options_.scrub_period = std::chrono::hours(0);
    options_.on_fail_stop = [this](const Error& why) {
      why_ = why;
      ++fail_stops_;
    };
  }

  Result<void> try_open() {
    log_.reset();
    auto opened = RocksLog::open(options_, clock_);
    if (!opened.ok()) return opened.error();
    log_ = *std::move(opened);
    return {};
  }
  void open() {
    const auto opened = try_open();
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
  }
  void open_and_start() {
    open();
    probe_ = std::make_unique<LogProbe>();
    BlockSink* sinks[] = {probe_.get()};
    log_->start(sinks);
  }
  // The error that refuses the start.
  Error refusal() {
    const auto opened = try_open();
    return opened.ok() ? Error{Errc::invalid, "the log opened"} : opened.error();
  }

  Call& send(AppendRequest request) {
    Call& call = probe_->new_call();
    log_->append(std::move(request), *probe_, &call);
    return call;
  }
  AppendAnswer append(AppendRequest request) {
    Call& call = send(std::move(request));
    EXPECT_TRUE(probe_->wait_for_all());
    return *call.answer;
  }
  // Appends orders first..last, one append each, and waits for all answers.
  void append_orders(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t n = first; n <= last; ++n) send(order_request(n, "key" + std::to_string(n)));
    ASSERT_TRUE(probe_->wait_for_all());
  }
  // Creates a closed log with `orders` records, all in the WAL.
  void make_log(std::uint64_t orders) {
    open_and_start();
    append_orders(1, orders);
    ASSERT_EQ(log_->metrics().durable_head.load(), orders);
    log_.reset();
  }
  // Moves all records from the WAL to SST files: recovery flushes.
  void flush_by_reopening() {
    open();
    log_.reset();
  }

  std::vector<std::filesystem::path> files(std::string_view extension) const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(options_.dir))
      if (entry.path().extension() == extension) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  }
  std::filesystem::path newest_wal() const {
    const auto wals = files(".log");
    check(!wals.empty(), "no WAL");
    return wals.back();
  }
  std::filesystem::path watermark() const { return options_.dir / "WATERMARK"; }

  static void flip(const std::filesystem::path& file, std::uintmax_t at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const auto byte = static_cast<char>(stream.get());
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(byte ^ 0x40));
    check(stream.good(), "flip: cannot change the file");
  }
  // Copies the log directory, so that the test damages the copy.
  void copy_log(const std::filesystem::path& from, const std::filesystem::path& to) const {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  }

  TemporaryDirectory data_;
  VirtualClock clock_;
  RocksLogOptions options_;
  std::atomic<int> fail_stops_{0};
  Error why_{Errc::io, ""};
  std::unique_ptr<LogProbe> probe_;
  std::unique_ptr<RocksLog> log_;
};

}  // namespace oee::test
