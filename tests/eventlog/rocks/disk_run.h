// DiskRun: all events of one order, OrderAccepted to OrderConfirmed, appended one at a time to a
// log on a MemoryDisk, and the checks of a run that a fault ended and that is resumed. One thread.
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

// An opened and started log on a MemoryDisk, with its probe.
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
  Seq head() const { return log_->metrics().durable_head.load(); }
  // REQUIRES: stop() was called.
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
  VirtualClock clock_;
  RocksLogOptions options_;
  std::atomic<int> fail_stops_{0};
  Error refusal_{Errc::invalid, "it opened"};
  LogProbe probe_;
  std::unique_ptr<RocksLog> log_;
};

inline const OrderId& run_order() {
  static const OrderId id = test::order_id(1);
  return id;
}
inline const std::vector<Event>& run_events() {
  static const std::vector<Event> events =
      forge::confirmed_events(run_order(), "the-key", "the-id");
  return events;
}
inline AppendRequest run_step(Version done) {
  AppendRequest request;
  request.order_id = run_order();
  request.expected_version = done;
  request.events.push_back(run_events()[done]);
  return request;
}

// The result of one run, from the opening to the stop.
struct DiskRun {
  bool opened = false;
  Error refusal{Errc::invalid, ""};
  Version answered_ok = 0;
  bool indeterminate = false;  // the append after the answered ones was answered indeterminate
  bool failed = false;         // fail-stop
  int fail_stops = 0;
};

// Appends the steps after the first `done` ones, one after another, also after a failure.
inline DiskRun run_order_steps(const std::shared_ptr<MemoryDisk>& disk, Version done = 0) {
  DiskRun run;
  DiskLog log(disk);
  run.refusal = log.refusal();
  run.answered_ok = done;
  if (!log.opened()) return run;
  run.opened = true;
  bool refused = false;
  for (Version step = done; step < run_events().size(); ++step) {
    const AppendAnswer answer = log.append(run_step(step));
    if (answer.ok()) {
      EXPECT_FALSE(refused) << "an append was taken after a failure";
      EXPECT_EQ(answer->last_seq, step + 1);
      run.answered_ok = step + 1;
      continue;
    }
    const Errc code = answer.error().code;
    EXPECT_TRUE(code == Errc::closed || (code == Errc::indeterminate && !refused))
        << answer.error().detail;
    if (code == Errc::indeterminate) run.indeterminate = true;
    refused = true;
  }
  run.failed = log.log().metrics().failed.load();
  log.log().stop();
  run.fail_stops = log.fail_stops();
  if (refused) {
    EXPECT_TRUE(run.failed) << "the log refuses and has not stopped";
    EXPECT_EQ(run.fail_stops, 1);
  }
  return run;
}

// Expects the records of the order, each with the payload that was sent.
inline void expect_records(const std::vector<Record>& records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].seq, i + 1);
    EXPECT_EQ(records[i].version, i + 1);
    EXPECT_EQ(records[i].order_id, run_order());
    EXPECT_EQ(encode_event(records[i].event)->payload, encode_event(run_events()[i])->payload);
  }
}

// Opens the log of a run that a fault ended. Expects every answered step and at most one unanswered
// step more, appends the rest under the same key, and expects the same records, byte for byte
// (`chain`).
inline void expect_resumable(const std::shared_ptr<MemoryDisk>& disk, const DiskRun& run,
                             const Hash256& chain) {
  disk->heal();
  Version found = 0;
  {
    DiskLog log(disk);
    ASSERT_TRUE(log.opened()) << log.refusal().detail;
    found = static_cast<Version>(log.head());
    ASSERT_GE(found, run.answered_ok) << "an answered append is lost";
    ASSERT_LE(found, run.answered_ok + (run.indeterminate ? 1U : 0U))
        << "the log holds an append that was refused";
    const auto records = log.log().read_order(run_order());
    ASSERT_TRUE(records.ok()) << records.error().detail;
    ASSERT_EQ(records->size(), found);
    expect_records(*records);
    const AppendAnswer again = log.append(run_step(0));
    ASSERT_TRUE(again.ok()) << again.error().detail;
    EXPECT_EQ(again->replayed, found > 0);
    EXPECT_EQ(again->first_seq, 1U);
    for (Version step = std::max<Version>(found, 1); step < run_events().size(); ++step) {
      const AppendAnswer answer = log.append(run_step(step));
      ASSERT_TRUE(answer.ok()) << answer.error().detail;
    }
    const auto all = log.log().read(1, 100);
    ASSERT_TRUE(all.ok());
    EXPECT_EQ(log.head(), run_events().size());
  }
  const auto mark = read_watermark(disk_log_dir / "WATERMARK", LogFiles(disk));
  ASSERT_TRUE(mark.ok());
  EXPECT_EQ(mark->seq, run_events().size());
  EXPECT_EQ(mark->chain, chain);
}

}  // namespace oee::test
