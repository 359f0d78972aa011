#include "eventlog/audit/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "eventlog/audit/index_audit.h"
#include "eventlog/rocks/watermark.h"
#include "tests/eventlog/audit/forged_log.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

using forge::ForgedLog;
using test::order_id;
using testing::HasSubstr;

// Four orders: 1 confirmed (seq 1-6), 2 failed, requeued, discarded after another attempt (7-16),
// 3 cancelled (17-18), 4 open with an interrupted attempt (19-22).
void add_orders(ForgedLog& log) {
  log.add_all(order_id(1), forge::confirmed_events(order_id(1), "key-1", "client-1"));
  log.add_all(order_id(2),
              {forge::accepted("key-2"), RoutingStarted{1}, forge::order_failed(1),
               DeadLetterRequeued{"ops", "again"}, RoutingStarted{2}, forge::route_selected(2),
               forge::transaction_built(order_id(2), 2), OutcomeUnknown{2, "timeout"},
               forge::order_failed(2), DeadLetterDiscarded{"ops", "enough"}});
  log.add_all(order_id(3),
              {forge::accepted({}, "client-3"), OrderCancelled{"user", "changed mind"}});
  log.add_all(order_id(4),
              {forge::accepted(), RoutingStarted{1}, RoutingStarted{1}, forge::attempt_failed(1)});
}

class Verify : public testing::Test {
 protected:
  // Writes the orders, applies `damage`, closes the log and audits it.
  VerifyReport after(const std::function<void(ForgedLog&)>& damage) {
    {
      ForgedLog log(dir_.path());
      add_orders(log);
      log.mark();
      damage(log);
    }
    return audit();
  }
  // Audits the log as it is.
  VerifyReport audit() {
    auto reader = LogReader::open(dir_.path());
    EXPECT_TRUE(reader.ok()) << reader.error().detail;
    auto report = verify(**reader, {});
    EXPECT_TRUE(report.ok()) << report.error().detail;
    return *report;
  }
  void expect_bad(Seq seq, Invariant broken, const std::string& what,
                  const std::function<void(ForgedLog&)>& damage) {
    const VerifyReport report = after(damage);
    EXPECT_FALSE(report.ok);
    EXPECT_EQ(report.first_bad, seq) << report.problem;
    EXPECT_EQ(to_string(report.broken), to_string(broken)) << report.problem;
    EXPECT_THAT(report.problem, HasSubstr(what));
  }
  // The same for a record that is appended after the orders.
  void expect_illegal(Invariant broken, const std::string& what, std::uint32_t n, Version version,
                      const Event& event) {
    expect_bad(23, broken, what, [&](ForgedLog& log) {
      log.add(order_id(n), version, event);
      log.mark();
    });
  }

  test::TemporaryDirectory dir_;
};

TEST_F(Verify, SoundLogIsOk) {
  Hash256 chain{};
  const VerifyReport report = after([&](ForgedLog& log) { chain = log.chain(); });
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.events, 22u);
  EXPECT_EQ(report.orders, 4u);
  EXPECT_EQ(report.head, 22u);
  EXPECT_EQ(report.chain, chain);
}

TEST_F(Verify, EmptyLogIsOk) {
  { ForgedLog log(dir_.path()); }
  auto reader = LogReader::open(dir_.path());
  ASSERT_TRUE(reader.ok());
  const auto report = verify(**reader, {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok);
  EXPECT_EQ(report->head, 0u);
}

// --- Beyond the watermark ------------------------------------------------------------------------

// Six records of a commit that was written before the watermark when the engine was killed.
void add_beyond(ForgedLog& log) {
  log.add_all(order_id(5), forge::confirmed_events(order_id(5), "key-5"));
}

TEST_F(Verify, RecordsPastTheWatermarkAreAuditedAndReported) {
  const VerifyReport report = after(add_beyond);
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.events, 22u);
  EXPECT_EQ(report.orders, 4u);
  EXPECT_EQ(report.head, 22u);
  EXPECT_EQ(report.last, 28u);
}
TEST_F(Verify, BadRecordPastTheWatermarkIsFound) {
  expect_bad(25, Invariant::log_chain, "chain", [](ForgedLog& log) {
    add_beyond(log);
    log.rewrite(24, [](RecordHeader& header, std::string&) { header.correlation.bytes[0] ^= 1; });
  });
}
TEST_F(Verify, HolePastTheWatermarkIsFound) {
  expect_bad(25, Invariant::log_contiguous, "missing", [](ForgedLog& log) {
    add_beyond(log);
    log.remove(layout::cf_events, layout::seq_key(25));
  });
}
TEST_F(Verify, RecordPastTheWatermarkWithoutItsIndexEntryIsFound) {
  expect_bad(24, Invariant::log_index, "by_order is missing", [](ForgedLog& log) {
    add_beyond(log);
    log.remove(layout::cf_by_order, layout::by_order_key(order_id(5), 2));
  });
}
TEST_F(Verify, IndexEntryBeyondTheLastRecordIsFound) {
  expect_bad(23, Invariant::log_index, "does not follow from it", [](ForgedLog& log) {
    log.put(layout::cf_by_order, layout::by_order_key(order_id(7), 1), layout::seq_key(23));
  });
}
TEST_F(Verify, BesideAWriterWhatIsBeyondTheHeadIsNormal) {
  ForgedLog log(dir_.path());
  add_orders(log);
  log.mark();
  add_beyond(log);
  log.put(layout::cf_by_order, layout::by_order_key(order_id(7), 1), layout::seq_key(29));
  const VerifyReport report = audit();
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.head, 22u);
  EXPECT_EQ(report.last, 22u);
}

TEST_F(Verify, DamageOfTheNewestSlotLeavesRecordsBeyondTheHead) {
  expect_bad(23, Invariant::log_watermark, "6 records, seq 23 to 28, lie beyond the head 22",
             [](ForgedLog& log) {
               add_beyond(log);
               log.mark();
               log.damage_mark(true);
             });
}
TEST_F(Verify, BesideAWriterADamagedSlotIsNormal) {
  ForgedLog log(dir_.path());
  add_orders(log);
  log.mark();
  add_beyond(log);
  log.mark();
  log.damage_mark(true);
  const VerifyReport report = audit();
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.head, 22u);
}
TEST_F(Verify, DamageOfTheOlderSlotLosesNothing) {
  const VerifyReport report = after([](ForgedLog& log) {
    add_beyond(log);
    log.mark();
    log.damage_mark(false);
  });
  EXPECT_TRUE(report.ok) << report.problem;
  EXPECT_EQ(report.head, 28u);
}

// --- Bytes and chain -----------------------------------------------------------------------------

TEST_F(Verify, FlippedByteIsFoundByCrc) {
  expect_bad(9, Invariant::log_record, "CRC", [](ForgedLog& log) {
    std::string bytes = log.get(layout::cf_events, layout::seq_key(9));
    bytes[bytes.size() / 2] ^= 1;
    log.put(layout::cf_events, layout::seq_key(9), bytes);
  });
}

TEST_F(Verify, TruncatedRecordIsFound) {
  expect_bad(9, Invariant::log_record, "length", [](ForgedLog& log) {
    const std::string bytes = log.get(layout::cf_events, layout::seq_key(9));
    log.put(layout::cf_events, layout::seq_key(9), bytes.substr(0, bytes.size() - 1));
  });
}

TEST_F(Verify, ChangedRecordWithRightCrcBreaksTheChainAfterIt) {
  expect_bad(10, Invariant::log_chain, "chain", [](ForgedLog& log) {
    log.rewrite(9, [](RecordHeader& header, std::string&) { header.correlation.bytes[0] ^= 1; });
  });
}

TEST_F(Verify, ChangedHeadContradictsTheWatermark) {
  expect_bad(22, Invariant::log_chain, "watermark", [](ForgedLog& log) {
    log.rewrite(22, [](RecordHeader& header, std::string&) { header.correlation.bytes[0] ^= 1; });
  });
}

TEST_F(Verify, RemovedRecordIsMissing) {
  expect_bad(9, Invariant::log_contiguous, "missing",
             [](ForgedLog& log) { log.remove(layout::cf_events, layout::seq_key(9)); });
}

TEST_F(Verify, RemovedRecordInsideAnSstIsMissing) {
  expect_bad(9, Invariant::log_contiguous, "missing", [](ForgedLog& log) {
    log.flush();
    log.remove(layout::cf_events, layout::seq_key(9));
    log.flush();
  });
}

TEST_F(Verify, LostTailIsMissing) {
  expect_bad(22, Invariant::log_contiguous, "missing",
             [](ForgedLog& log) { log.remove(layout::cf_events, layout::seq_key(22)); });
}

TEST_F(Verify, SwappedRecordsAreFound) {
  expect_bad(4, Invariant::log_contiguous, "states seq 5", [](ForgedLog& log) {
    const std::string four = log.get(layout::cf_events, layout::seq_key(4));
    log.put(layout::cf_events, layout::seq_key(4), log.get(layout::cf_events, layout::seq_key(5)));
    log.put(layout::cf_events, layout::seq_key(5), four);
  });
}

TEST_F(Verify, TimeThatStepsBackIsFound) {
  expect_bad(23, Invariant::log_time, "time", [](ForgedLog& log) {
    log.add(order_id(5), 1, forge::accepted(), ForgedLog::time_of(21));
    log.mark();
  });
}

TEST_F(Verify, NewerFormatIsNotSkipped) {
  expect_bad(9, Invariant::log_record, "format 3", [](ForgedLog& log) {
    log.rewrite(9, [](RecordHeader& header, std::string&) { header.format = 3; });
  });
}

TEST_F(Verify, PayloadThatIsNotOneIsFound) {
  expect_bad(9, Invariant::log_record, "payload", [](ForgedLog& log) {
    log.rewrite(9,
                [](RecordHeader&, std::string& payload) { payload = "not a flatbuffer at all"; });
  });
}

// --- Transitions ---------------------------------------------------------------------------------

TEST_F(Verify, SkippedVersionIsIllegal) {
  expect_illegal(Invariant::order_version, "follows version 4", 4, 6, RoutingStarted{2});
}
TEST_F(Verify, RepeatedVersionIsIllegal) {
  expect_illegal(Invariant::order_version, "follows version 4", 4, 4, RoutingStarted{2});
}
TEST_F(Verify, EventOfAnUnknownOrderIsIllegal) {
  expect_illegal(Invariant::order_transition, "before OrderAccepted", 9, 1, RoutingStarted{1});
}
TEST_F(Verify, SecondAcceptanceIsIllegal) {
  expect_illegal(Invariant::order_transition, "not legal", 4, 5, forge::accepted());
}
TEST_F(Verify, TransitionOutsideTheTableIsIllegal) {
  expect_illegal(Invariant::order_transition, "not legal when the order is pending", 4, 5,
                 forge::order_confirmed(1));
}
TEST_F(Verify, EventAfterTheEndIsIllegal) {
  expect_illegal(Invariant::order_after_end, "not legal when the order is confirmed", 1, 7,
                 RoutingStarted{2});
}
TEST_F(Verify, RequeueOfADiscardedOrderIsIllegal) {
  expect_illegal(Invariant::order_after_end, "not legal when the order is failed", 2, 11,
                 DeadLetterRequeued{"ops", "no"});
}
TEST_F(Verify, ReusedAttemptNumberIsIllegal) {
  expect_illegal(Invariant::order_attempt, "names attempt 1, not 2", 4, 5, RoutingStarted{1});
}
TEST_F(Verify, ForeignAttemptIsIllegal) {
  expect_bad(24, Invariant::order_attempt, "names attempt 3, not 2", [](ForgedLog& log) {
    log.add(order_id(4), 5, RoutingStarted{2});
    log.add(order_id(4), 6, forge::route_selected(3));
    log.mark();
  });
}
TEST_F(Verify, ForeignVenueOrderIdIsIllegal) {
  expect_bad(25, Invariant::order_venue_id_once, "venue order id", [](ForgedLog& log) {
    log.add(order_id(4), 5, RoutingStarted{2});
    log.add(order_id(4), 6, forge::route_selected(2));
    TransactionBuilt built = forge::transaction_built(order_id(4), 2);
    built.venue_order_id = venue_order_id_of(order_id(4), 1);
    log.add(order_id(4), 7, built);
    log.mark();
  });
}
TEST_F(Verify, ChosenQuoteThatIsAnErrorIsIllegal) {
  expect_bad(24, Invariant::log_record, "chosen quote", [](ForgedLog& log) {
    log.add(order_id(4), 5, RoutingStarted{2});
    RouteSelected route = forge::route_selected(2);
    route.chosen = 1;
    log.add(order_id(4), 6, route);
    log.mark();
  });
}

// --- Indexes -------------------------------------------------------------------------------------

TEST_F(Verify, MissingOrderEntryIsFound) {
  expect_bad(8, Invariant::log_index, "by_order is missing", [](ForgedLog& log) {
    log.remove(layout::cf_by_order, layout::by_order_key(order_id(2), 2));
  });
}
TEST_F(Verify, OrderEntryThatPointsElsewhereIsFound) {
  expect_bad(8, Invariant::log_index, "by_order differs", [](ForgedLog& log) {
    log.put(layout::cf_by_order, layout::by_order_key(order_id(2), 2), layout::seq_key(9));
  });
}
TEST_F(Verify, SwappedOrderEntriesAreFound) {
  expect_bad(7, Invariant::log_index, "by_order differs", [](ForgedLog& log) {
    log.put(layout::cf_by_order, layout::by_order_key(order_id(2), 1), layout::seq_key(8));
    log.put(layout::cf_by_order, layout::by_order_key(order_id(2), 2), layout::seq_key(7));
  });
}
TEST_F(Verify, OrderEntryWithoutARecordIsFound) {
  expect_bad(3, Invariant::log_index, "by_order", [](ForgedLog& log) {
    log.put(layout::cf_by_order, layout::by_order_key(order_id(7), 1), layout::seq_key(3));
  });
}
TEST_F(Verify, MissingKeyIsFound) {
  expect_bad(7, Invariant::log_index, "keys is missing", [](ForgedLog& log) {
    log.remove(layout::cf_keys,
               layout::key_of(layout::KeyKind::idempotency_key, "default", "key-2"));
  });
}
TEST_F(Verify, KeyOfAnotherOrderIsFound) {
  expect_bad(17, Invariant::log_index, "keys differs", [](ForgedLog& log) {
    const std::string key = layout::key_of(layout::KeyKind::client_order_id, "default", "client-3");
    std::string value = log.get(layout::cf_keys, key);
    value.replace(0, 16, order_id(1).view());
    log.put(layout::cf_keys, key, value);
  });
}
TEST_F(Verify, KeyWithAnotherFingerprintIsFound) {
  expect_bad(1, Invariant::log_index, "keys differs", [](ForgedLog& log) {
    const std::string key = layout::key_of(layout::KeyKind::idempotency_key, "default", "key-1");
    std::string value = log.get(layout::cf_keys, key);
    value.back() ^= 1;
    log.put(layout::cf_keys, key, value);
  });
}
TEST_F(Verify, KeyThatNoOrderGaveIsFound) {
  expect_bad(19, Invariant::log_index, "keys", [](ForgedLog& log) {
    log.put(layout::cf_keys, layout::key_of(layout::KeyKind::idempotency_key, "default", "other"),
            std::string(order_id(4).view()) + layout::seq_key(19) + std::string(32, '\0'));
  });
}
TEST_F(Verify, KeysOfChangesAreIndexed) {
  const std::string key = layout::key_of(layout::KeyKind::idempotency_key, "ops", "stop");
  const auto cancel = [](ForgedLog& log) {
    log.add(order_id(4), 5, OrderCancelled{"ops", "", "stop", sha256({"stop"})});
    log.mark();
  };
  const VerifyReport sound = after(cancel);
  EXPECT_TRUE(sound.ok) << sound.problem;
  expect_bad(23, Invariant::log_index, "keys is missing", [&](ForgedLog& log) {
    cancel(log);
    log.remove(layout::cf_keys, key);
  });
}

// --- Bound keys ----------------------------------------------------------------------------------

std::string entry_of(ForgedLog& log, layout::KeyKind kind, const char* key) {
  return log.get(layout::cf_keys, layout::key_of(kind, "default", key));
}
// Binds the key "late" of `account` with this entry.
void bind_key(ForgedLog& log, std::string_view account, std::string_view entry) {
  log.put(layout::cf_keys, layout::key_of(layout::KeyKind::bound_key, account, "late"), entry);
}
constexpr auto client_id = layout::KeyKind::client_order_id;

TEST_F(Verify, AKeyBoundToAClientOrderIdIsSound) {
  const VerifyReport report =
      after([](ForgedLog& log) { bind_key(log, "default", entry_of(log, client_id, "client-3")); });
  EXPECT_TRUE(report.ok) << report.problem;
}
TEST_F(Verify, AKeyBoundToAnotherAccountsOrderIsFound) {
  expect_bad(17, Invariant::log_index, "keys", [](ForgedLog& log) {
    bind_key(log, "defaults", entry_of(log, client_id, "client-3"));
  });
}
TEST_F(Verify, ABoundKeyWithAnotherFingerprintIsFound) {
  expect_bad(17, Invariant::log_index, "keys", [](ForgedLog& log) {
    std::string entry = entry_of(log, client_id, "client-3");
    entry.back() ^= 1;
    bind_key(log, "default", entry);
  });
}
TEST_F(Verify, AKeyBoundToAnOrderWithoutAClientOrderIdIsFound) {
  expect_bad(7, Invariant::log_index, "keys", [](ForgedLog& log) {
    bind_key(log, "default", entry_of(log, layout::KeyKind::idempotency_key, "key-2"));
  });
}
TEST_F(Verify, ABoundKeyOfAWrongSizeIsFound) {
  expect_bad(0, Invariant::log_index, "keys",
             [](ForgedLog& log) { bind_key(log, "default", "short"); });
}

TEST_F(Verify, IndexEntryThatAppearsLaterIsNoDamage) {
  ForgedLog log(dir_.path());
  add_orders(log);
  log.mark();
  const std::string key = layout::by_order_key(order_id(2), 2);
  log.remove(layout::cf_by_order, key);
  auto reader = LogReader::open(dir_.path());
  ASSERT_TRUE(reader.ok());
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    log.put(layout::cf_by_order, key, layout::seq_key(8));
  });
  const auto report = verify(**reader, {});
  writer.join();
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok) << report->problem;
}

TEST_F(Verify, KeyOfTwoOrdersIsFoundWithAndWithoutTheIndex) {
  expect_bad(1, Invariant::log_index, "keys differs", [](ForgedLog& log) {
    log.add(order_id(5), 1, forge::accepted("key-1"));
    log.mark();
  });
  auto reader = LogReader::open(dir_.path());
  ASSERT_TRUE(reader.ok());
  VerifyOptions options;
  options.indexes = false;
  const auto report = verify(**reader, options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->first_bad, 23u);
  EXPECT_EQ(to_string(report->broken), "key.one_order");
}

TEST_F(Verify, IndexesAreNotReadWhenNotAskedFor) {
  {
    ForgedLog log(dir_.path());
    add_orders(log);
    log.mark();
    log.remove(layout::cf_by_order, layout::by_order_key(order_id(2), 2));
  }
  auto reader = LogReader::open(dir_.path());
  ASSERT_TRUE(reader.ok());
  VerifyOptions options;
  options.indexes = false;
  const auto report = verify(**reader, options);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok);
}

TEST(EntryMultiset, DependsOnEveryEntryAndNotOnTheirOrder) {
  const auto secret = EntryMultiset::Secret::draw();
  const auto of = [&](const std::vector<std::pair<std::string, std::string>>& entries) {
    EntryMultiset set(secret);
    for (const auto& [key, value] : entries) set.add(key, value);
    return set;
  };
  EXPECT_EQ(of({{"a", "1"}, {"b", "2"}}), of({{"b", "2"}, {"a", "1"}}));
  EXPECT_FALSE(of({{"a", "1"}, {"b", "2"}}) == of({{"a", "2"}, {"b", "1"}}));
  EXPECT_FALSE(of({{"a", "1"}}) == of({{"a", "1"}, {"a", "1"}}));
  EXPECT_FALSE(of({{"ab", "c"}}) == of({{"a", "bc"}}));
  EXPECT_FALSE(of({{"a", ""}}) == of({{"", "a"}}));
  EXPECT_FALSE(of({{"a", std::string(1, '\0')}}) == of({{"a", std::string(2, '\0')}}));
}

}  // namespace
}  // namespace oee
