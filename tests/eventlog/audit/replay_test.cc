#include "eventlog/audit/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/base/json_writer.h"
#include "core/order/order_json.h"
#include "tests/eventlog/audit/forged_log.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/process/servers.h"

namespace oee {
namespace {

using forge::ForgedLog;
using testing::HasSubstr;

std::unique_ptr<LogReader> open(const std::filesystem::path& dir) {
  auto reader = LogReader::open(dir);
  EXPECT_TRUE(reader.ok()) << reader.error().detail;
  return reader.ok() ? *std::move(reader) : nullptr;
}

// The report as replay.h defines it, computed with a map of all orders.
ReplayReport folded(const std::vector<Record>& records, Seq from, Seq to) {
  std::map<OrderId, Order> orders;
  std::map<OrderId, bool> reported;
  for (const Record& record : records) {
    if (record.seq > to) break;
    EXPECT_TRUE(evolve(orders[record.order_id], record).ok());
    if (record.seq >= from) reported[record.order_id] = true;
  }
  ReplayReport report;
  report.state = sha256({"oee/replay/1"});
  for (const auto& [id, yes] : reported) {
    std::string text;
    JsonWriter json(text);
    write_order(json, orders[id]);
    const Hash256 state = sha256({text});
    report.state = sha256({as_bytes(report.state), id.view(), as_bytes(state)});
    ++report.by_status[static_cast<std::size_t>(orders[id].status())];
    ++report.orders;
  }
  report.from = from;
  report.to = to;
  report.events = to - from + 1;
  return report;
}

void expect_same(const Result<ReplayReport>& got, const ReplayReport& want) {
  ASSERT_TRUE(got.ok()) << got.error().detail;
  EXPECT_EQ(got->from, want.from);
  EXPECT_EQ(got->to, want.to);
  EXPECT_EQ(got->events, want.events);
  EXPECT_EQ(got->orders, want.orders);
  EXPECT_EQ(got->by_status, want.by_status);
  EXPECT_EQ(to_hex(as_bytes(got->state)), to_hex(as_bytes(want.state)));
}

// More than three batches of 4,096, with orders of every kind across their bounds.
constexpr Seq records_total = 13'000;

class Replays : public testing::Test {
 protected:
  Replays() {
    ForgedLog log(dir_.path());
    test::RandomOrders orders(20'261'121, 300);
    for (Record& record : orders.take(records_total)) {
      record.correlation = {};  // a forged log has none
      log.add(record.order_id, record.version, record.event, record.time);
      records_.push_back(std::move(record));
    }
    log.mark();
  }
  test::TemporaryDirectory dir_;
  std::vector<Record> records_;
};

TEST_F(Replays, EveryKindOfOrderGivesTheSameAsAFoldOfWholeRecords) {
  const auto reader = open(dir_.path());
  std::vector<Seq> reported;
  const auto progress = [&reported](Seq done, Seq) { reported.push_back(done); };
  expect_same(replay(*reader, {1, 0, progress}), folded(records_, 1, records_total));
  EXPECT_EQ(reported, (std::vector<Seq>{4096, 8192, 12288, records_total}));
}

TEST_F(Replays, ARangeReportsItsOrdersWholeAndReadsThemWhileItReadsAhead) {
  const auto reader = open(dir_.path());
  for (const auto& [from, to] : {std::pair<Seq, Seq>{500, 12'900}, {4097, 8192}, {7, 7}, {1, 1}})
    expect_same(replay(*reader, {from, to, {}}), folded(records_, from, to));
  const auto none = replay(*reader, {records_total + 1, 0, {}});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->orders, 0U);
  EXPECT_EQ(none->events, 0U);
}

TEST(Replay, NamesTheRecordThatCannotBeReadOrIsNotLegal) {
  struct Damage {
    const char* what;
    std::function<void(ForgedLog&)> make;
    const char* detail;
  };
  const auto flip = [](ForgedLog& log, std::size_t at) {
    const std::string key = layout::seq_key(4);
    std::string bytes = log.get(layout::cf_events, key);
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    log.put(layout::cf_events, key, bytes);
  };
  const Damage damages[] = {
      {"CRC", [&](ForgedLog& log) { flip(log, 150); }, "seq 4: "},
      {"payload",
       [](ForgedLog& log) {
         log.rewrite(4, [](RecordHeader&, std::string& payload) { payload.resize(9); });
       },
       "seq 4: record 4: the payload is not a valid FlatBuffer"},
      {"seq",
       [](ForgedLog& log) { log.rewrite(4, [](RecordHeader& header, auto&) { header.seq = 5; }); },
       "seq 4: the record states seq 5"},
      {"version",
       [](ForgedLog& log) {
         log.rewrite(4, [](RecordHeader& header, auto&) { header.version = 5; });
       },
       "seq 4: order "},
      {"missing", [](ForgedLog& log) { log.remove(layout::cf_events, layout::seq_key(4)); },
       "seq 4: the record is missing"},
      {"after its end",
       [](ForgedLog& log) {
         log.add(test::order_id(1), 7, OutcomeUnknown{1, "late"});
         log.mark();
       },
       "seq 7: order "},
  };
  for (const Damage& damage : damages) {
    SCOPED_TRACE(damage.what);
    const test::TemporaryDirectory dir;
    {
      ForgedLog log(dir.path());
      log.add_all(test::order_id(1), forge::confirmed_events(test::order_id(1)));
      log.mark();
      damage.make(log);
    }
    const auto report = replay(*open(dir.path()), {});
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, Errc::corrupt);
    EXPECT_THAT(report.error().detail, HasSubstr(damage.detail));
  }
}

}  // namespace
}  // namespace oee
