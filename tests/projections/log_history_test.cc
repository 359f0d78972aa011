// The history that an engine folds from its log: the reads that a page of events costs, and several
// readers at once.
#include "projections/log_history.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "tests/support/log/random_orders.h"
#include "tests/support/log/record_log.h"

namespace oee {
namespace {

using test::RandomOrders;
using test::RecordLog;

struct LogHistoryTest : testing::Test {
  LogHistoryTest() {
    for (const Record& record : log.records_to(log.durable_head()))
      if (const auto* accepted = std::get_if<OrderAccepted>(&record.event))
        input_of.emplace(record.order_id, accepted->input.symbol);
  }
  // Reads all pages and returns the number of events, each with its input token or with none.
  std::size_t read_all(EventFilter filter) {
    std::size_t events = 0;
    for (;;) {
      const auto page = history.events(filter);
      EXPECT_TRUE(page.ok());
      if (!page.ok() || page->scanned == filter.after) return events;
      for (const EventView& event : page->items) {
        const bool has_input = filter.tokens || event.update.type == EventType::order_accepted;
        EXPECT_EQ(event.update.input, has_input ? input_of.at(event.update.order_id) : Symbol());
      }
      events += page->items.size();
      filter.after = page->scanned;
    }
  }

  RecordLog log{RandomOrders(11, 100).take(5'000)};
  std::map<OrderId, Symbol> input_of;
  LogHistory history{log};
};

TEST_F(LogHistoryTest, APageWithATypeFilterReadsNoTokens) {
  EventFilter filter;
  filter.type = EventType::order_confirmed;
  EXPECT_GT(read_all(filter), 0U);
  EXPECT_EQ(log.order_reads(), 0U);
  filter.type.reset();
  EXPECT_EQ(read_all(filter), 5'000U);
  EXPECT_EQ(log.order_reads(), 0U);
}

TEST_F(LogHistoryTest, TokensAreReadWhenTheyAreAskedFor) {
  EventFilter filter;
  filter.tokens = true;
  filter.type = EventType::order_confirmed;
  const std::size_t events = read_all(filter);
  EXPECT_GT(events, 0U);
  EXPECT_GE(log.order_reads(), events);
}

TEST_F(LogHistoryTest, FromTheBeginningTheEventsOfAnAccountCostNoFurtherReads) {
  std::map<OrderId, std::string> account_of;
  std::size_t expected = 0;
  for (const Record& record : log.records_to(log.durable_head())) {
    if (const auto* accepted = std::get_if<OrderAccepted>(&record.event))
      account_of[record.order_id] = accepted->account;
    expected += account_of[record.order_id] == "default" ? 1 : 0;
  }
  EventFilter filter;
  filter.account = "default";
  EXPECT_EQ(read_all(filter), expected);
  EXPECT_EQ(log.order_reads(), 0U);
  filter.after = 2'500;  // orders that were accepted before
  EXPECT_LT(read_all(filter), expected);
  EXPECT_GT(read_all(filter), 0U);
}

TEST_F(LogHistoryTest, SeveralThreadsReadAtOnce) {
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([this, i] {
      EventFilter filter;
      filter.tokens = true;
      filter.after = static_cast<Seq>(i) * 1'000;
      filter.limit = 64;
      EXPECT_EQ(read_all(filter), 5'000U - filter.after);
    });
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace oee
