// Stream tickets: one use, 30 s, limits, and many shards at once.
#include "api/access/stream_tickets.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "core/runtime/gate.h"
#include "core/runtime/spawn.h"
#include "core/runtime/system_clock.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

PrincipalPtr holder(std::uint8_t token) {
  Principal principal;
  principal.name = "holder-" + std::to_string(token);
  principal.token.fill(token);
  return std::make_shared<const Principal>(principal);
}

class Tickets : public testing::Test {
 protected:
  std::string make(const PrincipalPtr& who) {
    Result<std::string> made = table_.make(who, now_);
    return made.ok() ? *made : std::string(to_string(made.error().code));
  }
  std::string taker_of(const std::string& ticket) {
    const PrincipalPtr who = table_.take(ticket, now_);
    return who ? who->name : "";
  }
  Loop loop_{1};
  TicketTable table_{loop_};
  SteadyTime now_{};
};

TEST_F(Tickets, ATicketIsUsedOnceByItsHolder) {
  const std::string one = make(holder(1));
  const std::string two = make(holder(2));
  EXPECT_NE(one, two);
  EXPECT_EQ(taker_of(two), "holder-2");
  EXPECT_EQ(taker_of(two), "");
  EXPECT_EQ(taker_of(one), "holder-1");
  EXPECT_EQ(taker_of(one), "");
  EXPECT_EQ(taker_of(""), "");
}

TEST_F(Tickets, ATicketExpiresAfter30Seconds) {
  const std::string early = make(holder(1));
  now_ += 29'999ms;
  const std::string late = make(holder(1));
  EXPECT_EQ(taker_of(early), "holder-1");
  const std::string unused = make(holder(1));
  now_ += 29'999ms;
  EXPECT_EQ(taker_of(late), "holder-1");
  now_ += 1ms;
  EXPECT_EQ(taker_of(unused), "");
}

TEST_F(Tickets, TheTicketsOfATokenAndOfAllAreLimited) {
  std::set<std::string> made;
  for (int i = 0; i < 1'000; ++i) made.insert(make(holder(1)));
  EXPECT_EQ(made.size(), 1'000U);
  EXPECT_EQ(make(holder(1)), "full");
  EXPECT_EQ(taker_of(*made.begin()), "holder-1");
  EXPECT_EQ(make(holder(1)), "full");  // used ones count until they expire
  now_ += 10s;
  for (std::uint8_t token = 2; token <= 10; ++token)
    for (int i = 0; i < 1'000; ++i) made.insert(make(holder(token)));
  EXPECT_EQ(made.size(), 10'000U);
  EXPECT_EQ(make(holder(11)), "full");
  now_ += 20s;
  EXPECT_EQ(make(holder(11)).size(), 69U);
  EXPECT_EQ(make(holder(1)).size(), 69U);
}

// One of the loops, with its thread.
struct ShardThread {
  Loop loop{1};
  boost::asio::executor_work_guard<Loop::executor_type> work{loop.get_executor()};
  SystemClock clock{loop};
  Gate gate;
  std::thread thread;
};

Task<void> take_all(const StreamTickets& tickets, std::vector<std::string> texts, Loop& own,
                    std::atomic<int>& taken, std::promise<void>& done) {
  for (const std::string& text : texts) {
    const PrincipalPtr who = co_await tickets.take(text);
    EXPECT_TRUE(own.get_executor().running_in_this_thread());
    if (who) ++taken;
  }
  done.set_value();
}

TEST(StreamTickets, ShardsThatTakeAtOnceTakeEachTicketOnce) {
  constexpr int shards = 4;
  std::vector<std::unique_ptr<ShardThread>> all;
  for (int i = 0; i < shards; ++i) all.push_back(std::make_unique<ShardThread>());
  TicketTable table(all[0]->loop);
  std::vector<std::string> texts;
  for (int i = 0; i < 500; ++i) texts.push_back(*table.make(holder(1), all[0]->clock.steady_now()));
  std::vector<std::unique_ptr<StreamTickets>> own;
  std::vector<std::promise<void>> done(shards);
  std::atomic<int> taken{0};
  for (int i = 0; i < shards; ++i) {
    ShardThread& shard = *all[i];
    own.push_back(std::make_unique<StreamTickets>(table, shard.loop, shard.clock));
    post(shard.loop, [&, i] {
      spawn(shard.gate, "take", take_all(*own[i], texts, shard.loop, taken, done[i]));
    });
  }
  for (auto& shard : all) shard->thread = std::thread([&shard] { shard->loop.run(); });
  for (auto& each : done) each.get_future().wait();
  for (auto& shard : all) shard->work.reset();
  for (auto& shard : all) shard->thread.join();
  EXPECT_EQ(taken, 500);
}

}  // namespace
}  // namespace oee::test
