// The fixture of the EventLog contract: RocksLog with real files and MemoryLog behind one set of
// calls.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "eventlog/codec.h"
#include "eventlog/memory_log.h"
#include "eventlog/rocks/log.h"
#include "tests/support/log/break_wal.h"
#include "tests/support/log/log_probe.h"
#include "tests/support/orders.h"
#include "tests/support/process/servers.h"
#include "tests/support/virtual_clock.h"

namespace oee::contract {

using test::Call;
using test::LogProbe;

// One implementation of the seam, and the actions of a test on it.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual EventLog& log() = 0;
  virtual void start(std::vector<BlockSink*> sinks) = 0;
  virtual void work() = 0;    // gives a single-threaded log the chance to commit
  virtual void reopen() = 0;  // as after a restart; start() follows
  virtual void fail_next_write() = 0;
  virtual LogId id() const = 0;
  virtual bool takes_appends_of_any_thread() const = 0;
};

inline constexpr std::size_t queue_max = 65'536;

class RocksSubject final : public Subject {
 public:
  explicit RocksSubject(const Clock& clock, RiskControl* risk = nullptr)
      : clock_(clock), risk_(risk) {
    open();
  }
  EventLog& log() override { return *log_; }
  void start(std::vector<BlockSink*> sinks) override { log_->start(sinks); }
  void work() override {}
  void reopen() override {
    log_.reset();
    open();
  }
  void fail_next_write() override { test::break_wal(dir_.path()); }
  LogId id() const override { return log_->id(); }
  bool takes_appends_of_any_thread() const override { return true; }

 private:
  void open() {
    RocksLogOptions options;
    options.dir = dir_.path();
    options.queue_requests_max = queue_max;
    options.free_bytes_min = 0;
    options.risk = risk_;
    auto opened = RocksLog::open(options, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    log_ = *std::move(opened);
  }
  const Clock& clock_;
  RiskControl* const risk_;
  test::TemporaryDirectory dir_;
  std::unique_ptr<RocksLog> log_;
};

class MemorySubject final : public Subject {
 public:
  explicit MemorySubject(const Clock& clock, RiskControl* risk = nullptr)
      : log_(clock, test::log_id('m'), risk) {}
  EventLog& log() override { return log_; }
  void start(std::vector<BlockSink*> sinks) override { log_.start(sinks); }
  void work() override { log_.commit(); }
  void reopen() override { log_.lose_unsynced(); }
  void fail_next_write() override { log_.fail_next_write(false); }
  LogId id() const override { return log_.id(); }
  bool takes_appends_of_any_thread() const override { return false; }

 private:
  MemoryLog log_;
};

inline OrderAccepted new_order(std::string key = {}, std::string client_id = {},
                               std::uint8_t what = 1) {
  OrderAccepted order = test::accepted_event();
  order.idempotency_key = std::move(key);
  order.client_order_id = std::move(client_id);
  order.fingerprint.fill(what);
  return order;
}

inline AppendRequest request_of(std::uint64_t order, Version expected, std::vector<Event> events) {
  AppendRequest request;
  request.order_id = test::order_id(order);
  request.expected_version = expected;
  request.events = std::move(events);
  return request;
}

inline std::string bytes_of(const Record& record, const Hash256& previous_chain = {}) {
  RecordHeader header;
  header.previous_chain = previous_chain;
  header.type = type_of(record.event);
  header.seq = record.seq;
  header.order_id = record.order_id;
  header.version = record.version;
  header.time = record.time;
  header.correlation = record.correlation;
  std::string bytes;
  append_record(bytes, header, encode_event(record.event)->payload);
  return bytes;
}

class EventLogContract : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) == "rocks")
      subject_ = std::make_unique<RocksSubject>(clock_, risk());
    else
      subject_ = std::make_unique<MemorySubject>(clock_, risk());
  }
  void TearDown() override { subject_.reset(); }

  // The limits of the log, and the preparation of each start with them.
  virtual RiskControl* risk() { return nullptr; }
  virtual void recover_risk() {}

  EventLog& log() { return subject_->log(); }
  void start() {
    recover_risk();
    subject_->start({&probe_, &other_});
  }
  // Creates new probes, without earlier deliveries.
  void restart() {
    subject_->reopen();
    restarts_.emplace_back();
    current_ = &restarts_.back();
    recover_risk();
    subject_->start({current_});
  }
  Call& send(AppendRequest request) {
    Call& call = current_->new_call();
    log().append(std::move(request), *current_, &call);
    return call;
  }
  void settle() {
    subject_->work();
    ASSERT_TRUE(current_->wait_for_all());
  }
  AppendAnswer append(AppendRequest request) {
    Call& call = send(std::move(request));
    settle();
    return *call.answer;
  }
  AppendAnswer append(std::uint64_t order, Version expected, std::vector<Event> events) {
    return append(request_of(order, expected, std::move(events)));
  }
  // An append that the test expects to succeed.
  void put(std::uint64_t order, Version expected, std::vector<Event> events) {
    const auto answer = append(order, expected, std::move(events));
    EXPECT_TRUE(answer.ok()) << answer.error().detail;
  }
  std::vector<Record> all_records() {
    std::vector<Record> records;
    const Seq end = log().wait_past(0, std::chrono::milliseconds(0));
    while (records.size() < end) {
      const Seq from = records.size() + 1;
      auto block = log().read(from, 100);
      EXPECT_TRUE(block.ok());
      if (!block.ok() || (*block)->records.empty()) break;
      for (const auto& record : (*block)->records)
        if (record.seq >= from) records.push_back(record);
    }
    for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(records[i].seq, i + 1);
    return records;
  }

  test::VirtualClock clock_;
  std::deque<LogProbe> restarts_;
  LogProbe probe_;
  LogProbe other_;
  LogProbe* current_ = &probe_;
  std::unique_ptr<Subject> subject_;  // destroyed first: it delivers to the probes
};

inline void expect_replay_of(const AppendAnswer& first, const AppendAnswer& again) {
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->order_id, first->order_id);
  EXPECT_EQ(again->first_seq, first->first_seq);
}

}  // namespace oee::contract
