// DiskLife: one order's whole life, OrderAccepted to OrderConfirmed, appended one event at a time
// to a log on a MemoryDisk, and what must hold when such a life was cut and goes on. One thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "eventlog/codec.h"
#include "eventlog/rocks/log.h"
#include "eventlog/rocks/watermark.h"
#include "tests/eventlog/audit/forged_log.h"
#include "tests/eventlog/rocks/disk_memory.h"
#include "tests/eventlog/rocks/rocks_fixture.h"

namespace oee::test {

inline const std::filesystem::path disk_log_dir = "/srv/data/log";

// A log on a disk with a probe, opened and started.
class DiskLog {
 public:
  explicit DiskLog(std::shared_ptr<MemoryDisk> disk, std::size_t memtable_bytes = 256 << 10,
                   std::uint64_t free_bytes_min = 0) {
    options_.dir = disk_log_dir;
    options_.file_system = std::move(disk);
    options_.free_bytes_min = free_bytes_min;
    options_.scrub_period = std::chrono::hours(0);
    options_.memtable_bytes = memtable_bytes;
    options_.on_fail_stop = [this](const Error&) { ++fail_stops_; };
    auto opened = RocksLog::open(options_, clock_);
    if (!opened.ok()) {
      refusal_ = opened.error();
      return;
    }
    log_ = *std::move(opened);
    BlockSink* sinks[] = {&probe_};
    log_->start(sinks);
  }

  bool opened() const { return log_ != nullptr; }
  const Error& refusal() const { return refusal_; }
  RocksLog& log() { return *log_; }
  LogProbe& probe() { return probe_; }
  Seq head() const { return log_->stats().durable_head.load(); }
  // After stop().
  int fail_stops() const { return fail_stops_; }

  Call& send(AppendRequest request) {
    Call& call = probe_.new_call();
    log_->append(std::move(request), probe_, &call);
    return call;
  }
  AppendAnswer append(AppendRequest request) {
    Call& call = send(std::move(request));
    EXPECT_TRUE(probe_.wait_for_all());
    return *call.answer;
  }

 private:
  FixedClock clock_;
  RocksLogOptions options_;
  std::atomic<int> fail_stops_{0};
  Error refusal_{Errc::invalid, "it opened"};
  LogProbe probe_;
  std::unique_ptr<RocksLog> log_;
};

inline const OrderId& life_order() {
  static const OrderId id = forge::order_id(1);
  return id;
}
inline const std::vector<Event>& life_events() {
  static const std::vector<Event> events = forge::confirmed_life(life_order(), "the-key", "the-id");
  return events;
}
inline AppendRequest life_step(Version done) {
  AppendRequest request;
  request.order_id = life_order();
  request.expected_version = done;
  request.events.push_back(life_events()[done]);
  return request;
}

// What was seen of a life, from the first opening to the stop.
struct Lived {
  bool opened = false;
  Error refusal{Errc::invalid, ""};
  Version answered_ok = 0;
  bool indeterminate = false;  // the append after them
  bool failed = false;         // fail-stop
  int fail_stops = 0;
};

// Sends the steps after the first `done` ones, one after another, also after a failure.
inline Lived live(const std::shared_ptr<MemoryDisk>& disk, Version done = 0) {
  Lived lived;
  DiskLog log(disk);
  lived.refusal = log.refusal();
  lived.answered_ok = done;
  if (!log.opened()) return lived;
  lived.opened = true;
  bool refused = false;
  for (Version step = done; step < life_events().size(); ++step) {
    const AppendAnswer answer = log.append(life_step(step));
    if (answer.ok()) {
      EXPECT_FALSE(refused) << "an append was taken after a failure";
      EXPECT_EQ(answer->last_seq, step + 1);
      lived.answered_ok = step + 1;
      continue;
    }
    const Errc code = answer.error().code;
    EXPECT_TRUE(code == Errc::closed || (code == Errc::indeterminate && !refused))
        << answer.error().detail;
    if (code == Errc::indeterminate) lived.indeterminate = true;
    refused = true;
  }
  lived.failed = log.log().stats().failed.load();
  log.log().stop();
  lived.fail_stops = log.fail_stops();
  if (refused) {
    EXPECT_TRUE(lived.failed) << "it refuses and has not stopped";
    EXPECT_EQ(lived.fail_stops, 1);
  }
  return lived;
}

// The records of the life as they must be, each the payload that was sent.
inline void expect_records(const std::vector<Record>& records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].seq, i + 1);
    EXPECT_EQ(records[i].version, i + 1);
    EXPECT_EQ(records[i].order_id, life_order());
    EXPECT_EQ(encode_event(records[i].event)->payload, encode_event(life_events()[i])->payload);
  }
}

// Opens what is left of a cut life: every answered step is there, at most the unanswered one more;
// the rest can be lived, under the same key, and the end is the same, byte for byte (`chain`).
inline void expect_goes_on(const std::shared_ptr<MemoryDisk>& disk, const Lived& lived,
                           const Hash256& chain) {
  disk->heal();
  Version found = 0;
  {
    DiskLog log(disk);
    ASSERT_TRUE(log.opened()) << log.refusal().detail;
    found = static_cast<Version>(log.head());
    ASSERT_GE(found, lived.answered_ok) << "an answered append is lost";
    ASSERT_LE(found, lived.answered_ok + (lived.indeterminate ? 1U : 0U))
        << "an append that was refused is there";
    const auto records = log.log().read_order(life_order());
    ASSERT_TRUE(records.ok()) << records.error().detail;
    ASSERT_EQ(records->size(), found);
    expect_records(*records);
    const AppendAnswer again = log.append(life_step(0));
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_EQ(again->replayed, found > 0);
    EXPECT_EQ(again->first_seq, 1U);
    for (Version step = std::max<Version>(found, 1); step < life_events().size(); ++step) {
      const AppendAnswer answer = log.append(life_step(step));
      ASSERT_TRUE(answer.ok()) << answer.error().detail;
    }
    const auto all = log.log().read(1, 100);
    ASSERT_TRUE(all.ok());
    EXPECT_EQ(log.head(), life_events().size());
  }
  const auto mark = read_watermark(disk_log_dir / "WATERMARK", LogFiles(disk));
  ASSERT_TRUE(mark.ok());
  EXPECT_EQ(mark->seq, life_events().size());
  EXPECT_EQ(mark->chain, chain);
}

}  // namespace oee::test
