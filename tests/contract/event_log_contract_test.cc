// What every EventLog promises, on RocksLog with real files and on MemoryLog.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>

#include "eventlog/codec.h"
#include "eventlog/memory_log.h"
#include "eventlog/rocks_log.h"
#include "tests/support/break_wal.h"
#include "tests/support/log_probe.h"
#include "tests/support/orders.h"
#include "tests/support/temp_dir.h"

namespace oee {
namespace {

using test::Call;
using test::LogProbe;

// Set by the test while the log is idle or not.
class SetClock final : public Clock {
 public:
  WallTime now() const override { return WallTime(Micros(us_.load())); }
  SteadyTime steady_now() const override { return SteadyTime(Micros(us_.load())); }
  TimerId call_at(SteadyTime, std::function<void()>) override { return 1; }
  void cancel(TimerId) override {}
  void set(std::int64_t us) { us_ = us; }

 private:
  std::atomic<std::int64_t> us_{1'780'000'000'000'000};
};

// One implementation of the seam, and what a test does to it from outside.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual EventLog& log() = 0;
  virtual void start(std::vector<BlockSink*> sinks) = 0;
  virtual void work() = 0;    // gives a single-threaded log the chance to commit
  virtual void reopen() = 0;  // as after a restart; start() follows
  virtual void fail_next_write() = 0;
  virtual LogId id() const = 0;
};

constexpr std::size_t queue_max = 65'536;

class RocksSubject final : public Subject {
 public:
  explicit RocksSubject(const Clock& clock) : clock_(clock) { open(); }
  EventLog& log() override { return *log_; }
  void start(std::vector<BlockSink*> sinks) override { log_->start(sinks); }
  void work() override {}
  void reopen() override {
    log_.reset();
    open();
  }
  void fail_next_write() override { test::break_wal(dir_.path()); }
  LogId id() const override { return log_->id(); }

 private:
  void open() {
    RocksLogOptions options;
    options.dir = dir_.path();
    options.queue_requests_max = queue_max;
    options.free_bytes_min = 0;
    auto opened = RocksLog::open(options, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    log_ = *std::move(opened);
  }
  const Clock& clock_;
  test::TempDir dir_;
  std::unique_ptr<RocksLog> log_;
};

class MemorySubject final : public Subject {
 public:
  explicit MemorySubject(const Clock& clock) : log_(clock) {}
  EventLog& log() override { return log_; }
  void start(std::vector<BlockSink*> sinks) override { log_.start(sinks); }
  void work() override { log_.commit(); }
  void reopen() override { log_.lose_unsynced(); }
  void fail_next_write() override { log_.fail_next_write(false); }
  LogId id() const override { return log_.id(); }

 private:
  MemoryLog log_;
};

OrderAccepted new_order(std::string key = {}, std::string client_id = {}, std::uint8_t what = 1) {
  OrderAccepted order = test::accepted_event();
  order.idempotency_key = std::move(key);
  order.client_order_id = std::move(client_id);
  order.fingerprint.fill(what);
  return order;
}

AppendRequest request_of(std::uint64_t order, Version expected, std::vector<Event> events) {
  AppendRequest request;
  request.order_id = test::order_id(order);
  request.expected_version = expected;
  request.events = std::move(events);
  return request;
}

std::string bytes_of(const Record& record) {
  RecordHeader header;
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
      subject_ = std::make_unique<RocksSubject>(clock_);
    else
      subject_ = std::make_unique<MemorySubject>(clock_);
  }
  void TearDown() override { subject_.reset(); }

  EventLog& log() { return subject_->log(); }
  void start() { subject_->start({&probe_, &other_}); }
  // New probes: deliveries begin anew.
  void restart() {
    subject_->reopen();
    restarts_.emplace_back();
    current_ = &restarts_.back();
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
  // An append that is to succeed.
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

  SetClock clock_;
  std::deque<LogProbe> restarts_;
  LogProbe probe_;
  LogProbe other_;
  LogProbe* current_ = &probe_;
  std::unique_ptr<Subject> subject_;  // ends first: it delivers to the probes
};

INSTANTIATE_TEST_SUITE_P(, EventLogContract, ::testing::Values("rocks", "memory"),
                         [](const auto& tested) { return std::string(tested.param); });

// --- Order and atomicity
// ---------------------------------------------------------------------------

TEST_P(EventLogContract, SeqsAreContiguousFromOneAndVersionsPerOrder) {
  start();
  EXPECT_EQ(log().wait_past(0, std::chrono::milliseconds(0)), 0U);
  auto first = append(1, 0, {new_order(), RoutingStarted{1}});
  auto second = append(2, 0, {new_order()});
  auto third = append(1, 2, {OrderCancelled{"me", "why"}});
  ASSERT_TRUE(first.ok() && second.ok() && third.ok());
  EXPECT_EQ(first->first_seq, 1U);
  EXPECT_EQ(first->last_seq, 2U);
  EXPECT_EQ(first->version, 2U);
  EXPECT_FALSE(first->replayed);
  EXPECT_EQ(second->first_seq, 3U);
  EXPECT_EQ(second->version, 1U);
  EXPECT_EQ(third->first_seq, 4U);
  EXPECT_EQ(third->order_id, test::order_id(1));
  EXPECT_EQ(third->version, 3U);
  const auto records = all_records();
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[1].version, 2U);
  EXPECT_EQ(records[1].order_id, test::order_id(1));
  EXPECT_TRUE(std::holds_alternative<OrderCancelled>(records[3].event));
}

TEST_P(EventLogContract, EveryFieldOfARecordIsKept) {
  start();
  auto request = request_of(1, 0, {new_order("k", "c")});
  request.correlation.bytes.fill(9);
  ASSERT_TRUE(append(request).ok());
  restart();
  const auto record = all_records().at(0);
  EXPECT_EQ(record.correlation, request.correlation);
  EXPECT_EQ(record.time, clock_.now());
  EXPECT_EQ(encode_event(record.event)->payload, encode_event(request.events[0])->payload);
}

TEST_P(EventLogContract, AnAppendIsAllOrNothing) {
  start();
  ASSERT_TRUE(append(1, 0, {new_order()}).ok());
  auto stale = append(1, 0, {new_order(), RoutingStarted{1}, OrderCancelled{}});
  EXPECT_EQ(stale.error().code, Errc::conflict);
  auto ahead = append(1, 2, {RoutingStarted{1}, OrderCancelled{}});
  EXPECT_EQ(ahead.error().code, Errc::conflict);
  EXPECT_EQ(all_records().size(), 1U);
  EXPECT_EQ(append(1, 1, {RoutingStarted{1}})->first_seq, 2U);
}

TEST_P(EventLogContract, InvalidShapesAreRefusedAndWriteNothing) {
  start();
  std::vector<Event> many(17, RoutingStarted{1});
  EXPECT_EQ(append(1, 0, {}).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 1, many).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 0, {RoutingStarted{1}}).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 1, {new_order()}).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 0, {new_order(), new_order()}).error().code, Errc::invalid);
  EXPECT_EQ(append(1, 1, {OutcomeUnknown{1, std::string(5'000, 'x')}}).error().code, Errc::invalid);
  EXPECT_TRUE(all_records().empty());
  many.resize(15);
  many.insert(many.begin(), new_order());
  EXPECT_EQ(append(1, 0, many)->last_seq, 16U);
}

TEST_P(EventLogContract, TimeNeverDecreases) {
  start();
  const auto at = clock_.now();
  put(1, 0, {new_order()});
  clock_.set(5);
  put(1, 1, {RoutingStarted{1}});
  restart();
  put(1, 2, {OrderCancelled{}});
  clock_.set(at.time_since_epoch().count() + 7);
  put(2, 0, {new_order()});
  const auto records = all_records();
  EXPECT_EQ(records[1].time, at);
  EXPECT_EQ(records[2].time, at);
  EXPECT_EQ(records[3].time, at + Micros(7));
}

// --- Expected versions
// -----------------------------------------------------------------------------

TEST_P(EventLogContract, OfTwoAppendsAtOneVersionOneWins) {
  start();
  put(1, 0, {new_order()});
  Call& first = send(request_of(1, 1, {RoutingStarted{1}}));
  Call& second = send(request_of(1, 1, {OrderCancelled{}}));
  settle();
  EXPECT_TRUE(first.answer->ok());
  EXPECT_EQ(second.answer->error().code, Errc::conflict);
}

TEST_P(EventLogContract, AppendsBuildOnEarlierOnesOfTheSameBatch) {
  // Before start() everything queues up: one batch.
  Call& a = send(request_of(1, 0, {new_order()}));
  Call& taken = send(request_of(1, 0, {new_order()}));
  Call& b = send(request_of(2, 0, {new_order()}));
  start();
  settle();
  EXPECT_TRUE(a.answer->ok());
  EXPECT_EQ(taken.answer->error().code, Errc::conflict);
  EXPECT_EQ((*b.answer)->first_seq, 2U);
}

TEST_P(EventLogContract, AnOrderThatEndedKeepsItsVersion) {
  start();
  put(1, 0, {new_order(), RoutingStarted{1}});
  Call& end = send(request_of(1, 2, {OrderFailed{1, ErrorClass::invalid_order, "x", 1}}));
  Call& stale = send(request_of(1, 2, {OrderCancelled{}}));
  settle();
  EXPECT_TRUE(end.answer->ok());
  EXPECT_EQ(stale.answer->error().code, Errc::conflict);
  // Ended orders leave memory with the next batch.
  put(2, 0, {new_order()});
  put(3, 0, {new_order()});
  EXPECT_EQ(append(1, 2, {DeadLetterRequeued{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 4, {DeadLetterRequeued{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 0, {new_order()}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 3, {DeadLetterRequeued{}})->version, 4U);
  EXPECT_EQ(append(1, 3, {DeadLetterDiscarded{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 4, {RoutingStarted{2}})->version, 5U);
}

TEST_P(EventLogContract, VersionsAreKnownAfterARestart) {
  start();
  put(1, 0, {new_order(), RoutingStarted{1}});
  restart();
  EXPECT_EQ(append(1, 1, {OrderCancelled{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 3, {OrderCancelled{}}).error().code, Errc::conflict);
  EXPECT_EQ(append(1, 0, {new_order()}).error().code, Errc::conflict);
  EXPECT_EQ(append(7, 1, {OrderCancelled{}}).error().code, Errc::conflict) << "no such order";
  EXPECT_EQ(append(1, 2, {OrderCancelled{}})->version, 3U);
}

// --- Idempotency
// -----------------------------------------------------------------------------------

void expect_replay_of(const AppendAnswer& first, const AppendAnswer& again) {
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->order_id, first->order_id);
  EXPECT_EQ(again->first_seq, first->first_seq);
}

TEST_P(EventLogContract, TheSameKeyAndFingerprintGetTheFirstAnswerAlsoAfterRestarts) {
  start();
  const auto first = append(1, 0, {new_order("key", "client")});
  put(1, 1, {RoutingStarted{1}});
  expect_replay_of(first, append(2, 0, {new_order("key", "client")}));
  expect_replay_of(first, append(3, 0, {new_order("key")}));
  expect_replay_of(first, append(4, 0, {new_order("", "client")}));
  restart();
  expect_replay_of(first, append(5, 0, {new_order("key", "client")}));
  restart();
  expect_replay_of(first, append(1, 0, {new_order("key", "client")}));
  EXPECT_EQ(all_records().size(), 2U);
}

TEST_P(EventLogContract, ADuplicateInFlightGetsTheFirstAnswer) {
  Call& first = send(request_of(1, 0, {new_order("key")}));
  Call& again = send(request_of(2, 0, {new_order("key")}));
  Call& by_client = send(request_of(3, 0, {new_order("other", "client")}));
  Call& by_client_again = send(request_of(4, 0, {new_order("", "client")}));
  Call& mismatch = send(request_of(5, 0, {new_order("key", "", 2)}));
  Call& keyless = send(request_of(6, 0, {new_order()}));
  start();
  settle();
  expect_replay_of(*first.answer, *again.answer);
  expect_replay_of(*by_client.answer, *by_client_again.answer);
  EXPECT_EQ(mismatch.answer->error().code, Errc::key_mismatch);
  EXPECT_FALSE((*keyless.answer)->replayed);
  EXPECT_EQ(all_records().size(), 3U);
}

TEST_P(EventLogContract, AKeyUsedWithAnotherOrderIsAMismatch) {
  start();
  put(1, 0, {new_order("k1", "c1", 1)});
  put(2, 0, {new_order("k2", "c2", 1)});
  EXPECT_EQ(append(3, 0, {new_order("k1", "", 9)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(append(3, 0, {new_order("", "c1", 9)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(append(3, 0, {new_order("fresh", "c1", 9)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(append(3, 0, {new_order("k1", "c2", 1)}).error().code, Errc::key_mismatch)
      << "two keys that belong to two orders";
  restart();
  EXPECT_EQ(append(3, 0, {new_order("k1", "", 9)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(append(3, 0, {new_order("k1", "c2", 1)}).error().code, Errc::key_mismatch);
  EXPECT_EQ(all_records().size(), 2U);
}

TEST_P(EventLogContract, KeysOfDifferentAccountsAndKindsDoNotMeet) {
  start();
  put(1, 0, {new_order("x")});
  auto other_account = new_order("x", "", 2);
  other_account.account = "another";
  EXPECT_FALSE(append(2, 0, {other_account})->replayed);
  EXPECT_FALSE(append(3, 0, {new_order("", "x", 3)})->replayed);
  // Account and key are told apart where one ends and the other begins.
  auto shifted = new_order("defaultx", "", 4);
  shifted.account = "";
  EXPECT_FALSE(append(4, 0, {shifted})->replayed);
}

// --- Delivery
// --------------------------------------------------------------------------------------

TEST_P(EventLogContract, EverySinkSeesEveryBlockInOrderAndOnlyItsOwnAnswers) {
  start();
  for (std::uint64_t i = 1; i <= 50; ++i) {
    LogProbe& origin = i % 3 == 0 ? other_ : probe_;
    Call& call = origin.new_call();
    log().append(request_of(i, 0, {new_order(), RoutingStarted{1}}), origin, &call);
    if (i % 7 == 0) subject_->work();
  }
  subject_->work();
  ASSERT_TRUE(probe_.wait_for_all());
  ASSERT_TRUE(other_.wait_for_all());
  // The last block may be on its way to the second sink while the first has its answers.
  put(100, 0, {new_order()});
  put(101, 0, {new_order()});
  EXPECT_EQ(probe_.answered(), 50U - 16 + 2);
  EXPECT_EQ(other_.answered(), 16U);
  const auto mine = probe_.blocks();
  const auto others = other_.blocks();
  ASSERT_GE(others.size() + 1, mine.size());
  for (std::size_t i = 0; i < others.size() && i < mine.size(); ++i)
    EXPECT_EQ(mine[i].get(), others[i].get()) << "one block, shared";
  ASSERT_EQ(probe_.records().size(), 102U);
  EXPECT_EQ(probe_.records().front().seq, 1U);
}

TEST_P(EventLogContract, EventsOfAdmittedOrdersGoFirst) {
  start();
  put(1, 0, {new_order()});
  subject_->reopen();
  Call& order = send(request_of(2, 0, {new_order()}));
  Call& event = send(request_of(1, 1, {RoutingStarted{1}}));
  // The blocks before the restart are not delivered again, so the probe goes on where it was.
  subject_->start({&probe_});
  settle();
  EXPECT_EQ((*event.answer)->first_seq, 2U);
  EXPECT_EQ((*order.answer)->first_seq, 3U);
}

TEST_P(EventLogContract, AFullQueueRefusesNewOrdersOnly) {
  for (std::uint64_t i = 0; i < queue_max / 2; ++i) send(request_of(10 + i, 0, {new_order()}));
  Call& refused = send(request_of(5, 0, {new_order()}));
  Call& event = send(request_of(10, 7, {RoutingStarted{1}}));
  EXPECT_EQ(refused.answer->error().code, Errc::full) << "at once, not after the disk";
  EXPECT_FALSE(event.answer) << "queued";
  start();
  for (int i = 0; i < 100 && !event.answer; ++i) subject_->work();
  settle();
  EXPECT_EQ(event.answer->error().code, Errc::conflict);
  EXPECT_EQ(all_records().size(), queue_max / 2);
  EXPECT_TRUE(append(5, 0, {new_order()}).ok()) << "room again";
}

// --- Reading
// ---------------------------------------------------------------------------------------

TEST_P(EventLogContract, ReadersSeeWhatWasDeliveredBeforeAndAfterARestart) {
  start();
  for (std::uint64_t i = 1; i <= 30; ++i) put(i, 0, {new_order(), RoutingStarted{1}});
  std::vector<std::string> delivered;
  for (const auto& record : probe_.records()) delivered.push_back(bytes_of(record));
  for (int round = 0; round < 2; ++round) {
    const auto records = all_records();
    ASSERT_EQ(records.size(), delivered.size());
    for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(bytes_of(records[i]), delivered[i]);
    for (const Seq from : {1, 2, 17, 60}) {
      auto block = log().read(from, 1);
      ASSERT_TRUE(block.ok());
      ASSERT_LE((*block)->first, from);
      ASSERT_GT((*block)->end(), from);
      EXPECT_EQ(bytes_of((*block)->records[from - (*block)->first]), delivered[from - 1]);
    }
    auto none = log().read(61, 10);
    ASSERT_TRUE(none.ok());
    EXPECT_TRUE((*none)->records.empty());
    restart();
  }
}

TEST_P(EventLogContract, AnOrdersRecordsAreReadInVersionOrder) {
  start();
  put(1, 0, {new_order()});
  put(2, 0, {new_order()});
  put(1, 1, {RoutingStarted{1}});
  put(2, 1, {OrderCancelled{}});
  put(1, 2, {OrderCancelled{}});
  for (int round = 0; round < 2; ++round) {
    auto records = log().read_order(test::order_id(1));
    ASSERT_TRUE(records.ok());
    ASSERT_EQ(records->size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ((*records)[i].version, i + 1);
    EXPECT_EQ((*records)[2].seq, 5U);
    EXPECT_TRUE(log().read_order(test::order_id(3))->empty());
    restart();
  }
}

TEST_P(EventLogContract, WaitPastReturnsTheDurableEnd) {
  using std::chrono::milliseconds;
  start();
  put(1, 0, {new_order(), RoutingStarted{1}});
  EXPECT_EQ(log().wait_past(0, milliseconds(60'000)), 2U);
  EXPECT_EQ(log().wait_past(2, milliseconds(20)), 2U);
  EXPECT_EQ(log().wait_past(99, milliseconds(0)), 2U);
}

TEST_P(EventLogContract, TheNewestHintIsKept) {
  start();
  EXPECT_EQ(log().load_hint()->seq, 0U);
  EXPECT_TRUE(log().load_hint()->open.empty());
  put(1, 0, {new_order()});
  put(2, 0, {new_order()});
  OpenOrderHint hint{1, {test::order_id(1)}};
  EXPECT_TRUE(log().store_hint(hint).ok());
  hint = {2, {test::order_id(1), test::order_id(2)}};
  EXPECT_TRUE(log().store_hint(hint).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(log().load_hint()->seq, 2U);
    EXPECT_EQ(log().load_hint()->open, hint.open);
    restart();
  }
  EXPECT_EQ(all_records().size(), 2U) << "a hint is no record";
}

// --- Failure
// ---------------------------------------------------------------------------------------

TEST_P(EventLogContract, AFailedWriteIsIndeterminateAndThenEverythingIsRefused) {
  start();
  put(1, 0, {new_order("k1")});
  subject_->fail_next_write();
  EXPECT_EQ(append(2, 0, {new_order("k2")}).error().code, Errc::indeterminate);
  EXPECT_EQ(append(3, 0, {new_order()}).error().code, Errc::closed);
  EXPECT_EQ(append(1, 1, {RoutingStarted{1}}).error().code, Errc::closed);
  EXPECT_EQ(append(4, 0, {new_order("k1")}).error().code, Errc::closed) << "replays too";
  EXPECT_EQ(log().wait_past(0, std::chrono::milliseconds(0)), 1U);
  EXPECT_EQ(probe_.records().size(), 1U) << "nothing of the failed write was delivered";
  // After a restart the log goes on; a retry with the same key gives one order either way.
  restart();
  const auto retried = append(5, 0, {new_order("k2")});
  ASSERT_TRUE(retried.ok());
  expect_replay_of(retried, append(6, 0, {new_order("k2")}));
  EXPECT_EQ(log().read_order(test::order_id(1))->size(), 1U);
  EXPECT_EQ(all_records().size(), 2U);
}

TEST_P(EventLogContract, EveryAppendOfAFailedBatchIsIndeterminate) {
  std::vector<Call*> calls;
  for (std::uint64_t i = 1; i <= 5; ++i)
    calls.push_back(&send(request_of(i, 0, {new_order("same")})));
  subject_->fail_next_write();
  start();
  settle();
  for (const Call* call : calls) EXPECT_EQ(call->answer->error().code, Errc::indeterminate);
}

// --- Against a model
// -------------------------------------------------------------------------------

TEST_P(EventLogContract, RandomAppendsAgreeWithASimpleModel) {
  std::mt19937_64 random(42);
  start();
  std::map<std::uint64_t, Version> versions;
  std::map<std::string, std::pair<std::uint64_t, std::uint8_t>> keys;
  std::size_t events = 0;
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t order = random() % 40;
      const Version now = versions[order];
      const Version expected = random() % 4 == 0 ? static_cast<Version>(random() % 4) : now;
      if (expected == 0) {
        const std::string key = "k" + std::to_string(random() % 30);
        const auto what = static_cast<std::uint8_t>(random() % 8 == 0);
        const auto answer = append(order, 0, {new_order(key, "", what)});
        if (const auto known = keys.find(key); known != keys.end()) {
          if (known->second.second != what) {
            EXPECT_EQ(answer.error().code, Errc::key_mismatch);
          } else {
            EXPECT_TRUE(answer->replayed);
            EXPECT_EQ(answer->order_id, test::order_id(known->second.first));
          }
        } else if (now != 0) {
          EXPECT_EQ(answer.error().code, Errc::conflict);
        } else {
          ASSERT_TRUE(answer.ok());
          EXPECT_EQ(answer->first_seq, ++events);
          versions[order] = 1;
          keys[key] = {order, what};
        }
      } else {
        // Ends and reopenings in any order: the log does not judge the lifecycle.
        Event event = RoutingStarted{1};
        if (random() % 3 == 0) event = OrderFailed{1, ErrorClass::no_liquidity, "", 1};
        const auto answer = append(order, expected, {event});
        if (expected == now) {
          ASSERT_TRUE(answer.ok());
          EXPECT_EQ(answer->last_seq, ++events);
          EXPECT_EQ(answer->version, ++versions[order]);
        } else {
          EXPECT_EQ(answer.error().code, Errc::conflict);
        }
      }
    }
    if (round % 20 == 19) restart();
  }
  EXPECT_EQ(all_records().size(), events);
  for (const auto& [order, version] : versions)
    EXPECT_EQ(log().read_order(test::order_id(order))->size(), version);
}

}  // namespace
}  // namespace oee
