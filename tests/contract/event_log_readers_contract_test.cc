// The contract of every EventLog for readers and sinks, and for a failed write.
#include "tests/contract/event_log_contract.h"

namespace oee::contract {

// --- Delivery ----------------------------------------

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
  // The first sink may have its answers before the last block reaches the second sink.
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
  // The blocks before the restart are not delivered again: the probe keeps its position.
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

// --- Reading ----------------------------------------

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

TEST_P(EventLogContract, EveryRecordThatIsDeliveredOrReadHasItsChainHash) {
  start();
  for (std::uint64_t i = 1; i <= 30; ++i) put(i, 0, {new_order(), RoutingStarted{1}});
  std::vector<Hash256> chain;
  Hash256 last{};
  for (const Record& record : probe_.records()) {
    std::string bytes = bytes_of(record, last);
    last = chain.emplace_back(chain_hash(last, bytes));
    EXPECT_EQ(record.hash, last) << record.seq;
  }
  for (int round = 0; round < 2; ++round) {
    for (const Record& record : all_records()) EXPECT_EQ(record.hash, chain[record.seq - 1]);
    const auto order = *log().read_order(test::order_id(7));
    ASSERT_EQ(order.size(), 2U);
    for (const Record& record : order) EXPECT_EQ(record.hash, chain[record.seq - 1]);
    restart();
  }
}

TEST_P(EventLogContract, WaitPastReturnsTheDurableHead) {
  using std::chrono::milliseconds;
  start();
  put(1, 0, {new_order(), RoutingStarted{1}});
  EXPECT_EQ(log().wait_past(0, milliseconds(60'000)), 2U);
  EXPECT_EQ(log().wait_past(2, milliseconds(20)), 2U);
  EXPECT_EQ(log().wait_past(99, milliseconds(0)), 2U);
}

TEST_P(EventLogContract, TheNewestHintIsKept) {
  start();
  EXPECT_EQ(log().load_hint().seq, 0U);
  EXPECT_TRUE(log().load_hint().open.empty());
  put(1, 0, {new_order()});
  put(2, 0, {new_order()});
  log().store_hint({1, {test::order_id(1)}});
  const OpenOrderHint hint{2, {test::order_id(1), test::order_id(2)}};
  log().store_hint(hint);
  for (int round = 0; round < 2; ++round) {
    restart();
    EXPECT_EQ(log().load_hint().seq, 2U);
    EXPECT_EQ(log().load_hint().open, hint.open);
  }
  EXPECT_EQ(all_records().size(), 2U) << "a hint is no record";
}

// --- Failure ----------------------------------------

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
  // After a restart the log works again; a retry with the same key gives one order in both cases.
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

}  // namespace oee::contract
