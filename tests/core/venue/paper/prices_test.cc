// The prices of the paper venues beyond the laws of their seam (tests/contract): commits, slow
// loops, and the reference prices that move with the time.
#include <gtest/gtest.h>

#include <thread>

#include "core/venue/paper/exchange_worker.h"
#include "core/venue/paper/venue.h"
#include "tests/support/paper_fixture.h"
#include "tests/support/process/servers.h"

namespace oee::paper {
namespace {

using test::instant_options;
using test::PaperFixture;
using test::quote_request;
using test::sol_order;

constexpr Micros second{1'000'000};

// The newest price of each pool, and the number of calls.
struct Received {
  PriceSink sink() {
    return [this](std::span<const PoolPrice> prices) {
      ++calls;
      entries += prices.size();
      for (const PoolPrice& price : prices) newest[price.pool] = price;
    };
  }
  // Of `input` in `output`.
  SpotPrice spot(const char* input, const char* output) const {
    for (const auto& [pool, price] : newest) {
      if (price.a == test::token(input) && price.b == test::token(output)) return price.sell_a;
      if (price.b == test::token(input) && price.a == test::token(output)) return price.sell_b;
    }
    return {};
  }
  std::map<std::uint32_t, PoolPrice> newest;
  std::size_t calls = 0;
  std::size_t entries = 0;
};

bool no_better(Units amount_out, Units amount_in, const SpotPrice& spot) {
  return U128(amount_out) * spot.in <= U128(spot.out) * amount_in;
}

// --- Commits -------------------------------------------------------------------------------------

// A ledger in memory whose commits succeed, wait or fail, as `mode` has it.
class HeldLedger final : public LedgerStore {
 public:
  explicit HeldLedger(std::atomic<int>& mode) : mode_(mode), real_(make_memory_ledger()) {}
  Result<LedgerState> load() override { return real_->load(); }
  Result<std::vector<EntryNumber>> find(const std::vector<VenueOrderId>& ids) override {
    return real_->find(ids);
  }
  Result<JournalEntry> read(EntryNumber number) override { return real_->read(number); }
  Result<void> commit(const std::vector<JournalEntry>& entries, const LedgerState& after) override {
    for (int mode = mode_; mode == held; mode = mode_) mode_.wait(mode);
    if (mode_ == failing) return Error{Errc::io, "no space left on device"};
    return real_->commit(entries, after);
  }
  Result<void> scan(const Visit& visit) override { return real_->scan(visit); }
  Result<std::uint64_t> count_ids() override { return real_->count_ids(); }

  static constexpr int open = 0;
  static constexpr int held = 1;
  static constexpr int failing = 2;

 private:
  std::atomic<int>& mode_;
  std::unique_ptr<LedgerStore> real_;
};

// A venue over a worker of its own, whose ledger a test holds or fails.
class HeldLedgerTest : public testing::Test {
 protected:
  HeldLedgerTest() {
    auto store = std::make_unique<HeldLedger>(mode_);
    LedgerState state;
    std::vector<JournalEntry> entries;
    const auto deposits = Market::missing_pools(TokenRegistry::defaults(), state);
    for (const EntryBody& deposit : *deposits) {
      JournalEntry entry;
      entry.body = deposit;
      check(state.apply(entry).ok(), "a fresh deposit applies");
      entries.push_back(entry);
    }
    check(store->commit(entries, state).ok(), "a fresh ledger takes deposits");
    ExchangeOptions options = instant_options();
    options.drift_bps_per_s = 0;
    worker_.emplace(options, TokenRegistry::defaults(), clock_, std::move(store), std::move(state),
                    [](const Error&) {});
    worker_->start_thread();
    venue_.emplace(*worker_, 0, loop_, clock_, entropy_);
    follow_reference();
  }
  ~HeldLedgerTest() override {
    set(HeldLedger::open);
    worker_->stop(ExchangeWorker::Ending::unmarked);
    venue_.reset();
  }
  // The exchange trades for the arbitrage account, as it does once a height while there is a sink.
  // The time stands still, so later only a test's trade changes a pool.
  void follow_reference() {
    venue_->prices_to([](std::span<const PoolPrice>) {});
    auto trade = start(gate_, venue_->submit(sol_order(1'000)));
    poll_until([&] { return trade.done(); });
    venue_->prices_to({});
    poll();
  }
  void set(int mode) {
    mode_ = mode;
    mode_.notify_all();
  }
  void poll() {
    loop_.restart();
    loop_.poll();
  }
  template <class Done>
  void poll_until(Done done) {
    while (!done()) {
      poll();
      std::this_thread::yield();
    }
  }

  std::atomic<int> mode_{HeldLedger::open};
  test::VirtualClock clock_;
  SystemEntropy entropy_{1};
  Loop loop_{1};
  std::optional<ExchangeWorker> worker_;
  std::optional<PaperVenue> venue_;
  Received received_;
  Gate gate_;
};

TEST_F(HeldLedgerTest, APriceIsReportedAfterItsCommitOnly) {
  venue_->prices_to(received_.sink());
  poll_until([&] { return received_.calls == 1; });
  const SpotPrice before = received_.spot("SOL", "USDC");
  set(HeldLedger::held);
  auto trade = start(gate_, venue_->submit(sol_order(1, 5'000'000'000'000)));
  for (int i = 0; i < 200; ++i) {
    poll();
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  EXPECT_EQ(received_.calls, 1U) << "the trade is not durable yet";
  // A new sink gets what is durable, too.
  venue_->prices_to(received_.sink());
  poll_until([&] { return received_.calls == 2; });
  EXPECT_EQ(received_.spot("SOL", "USDC"), before);
  set(HeldLedger::open);
  poll_until([&] { return trade.done(); });
  EXPECT_EQ(to_string(trade.await_resume()->status), "settled");
  poll_until([&] { return received_.calls == 3; });
  EXPECT_NE(received_.spot("SOL", "USDC"), before);
}

TEST_F(HeldLedgerTest, AFailedCommitReportsNothing) {
  venue_->prices_to(received_.sink());
  poll_until([&] { return received_.calls == 1; });
  const SpotPrice before = received_.spot("SOL", "USDC");
  set(HeldLedger::failing);
  auto trade = start(gate_, venue_->submit(sol_order(1, 5'000'000'000'000)));
  poll_until([&] { return trade.done(); });
  EXPECT_FALSE(trade.await_resume().ok());
  venue_->prices_to(received_.sink());
  poll_until([&] { return received_.calls == 2; });
  EXPECT_EQ(received_.spot("SOL", "USDC"), before);
}

// --- Slow loops ----------------------------------------------------------------------------------

TEST(PaperPrices, ALoopThatRunsLateGetsOneCallWithTheNewestState) {
  PaperFixture fixture(instant_options());
  Loop slow_loop{1};
  test::VirtualClock slow_clock;
  Received received;
  const auto slow = fixture.exchange->connect(slow_loop, slow_clock, fixture.entropy());
  slow[0]->prices_to(received.sink());
  slow_loop.poll();
  ASSERT_EQ(received.calls, 1U);
  for (std::uint64_t i = 1; i <= 50; ++i) {
    ASSERT_TRUE(fixture.run(fixture.raydium().submit(sol_order(i, 100'000'000'000))).ok());
    ASSERT_TRUE(fixture.run(fixture.meteora().submit(sol_order(100 + i))).ok());
  }
  slow_loop.restart();
  slow_loop.poll();
  EXPECT_EQ(received.calls, 2U);
  EXPECT_EQ(received.entries, 22U) << "21 pools, then the one that changed";
  Received fresh;
  fixture.raydium().prices_to(fresh.sink());
  fixture.settle_down();
  EXPECT_EQ(received.spot("SOL", "USDC"), fresh.spot("SOL", "USDC"));
  fixture.raydium().prices_to({});
  slow[0]->prices_to({});
}

TEST(PaperPrices, EveryLoopGetsTheNewestStateWhileOthersTrade) {
  test::TemporaryDirectory dir;
  ExchangeOptions options = instant_options();
  options.dir = dir.path();
  options.drift_bps_per_s = 0;
  Loop clock_loop{1};
  SystemClock clock(clock_loop);
  constexpr std::size_t shards = 3;
  std::deque<Loop> loops;
  std::vector<Received> received(shards);
  std::vector<std::thread> threads;
  std::atomic<std::size_t> traded{0};
  auto exchange = Exchange::open(options, TokenRegistry::defaults(), clock, {});
  ASSERT_TRUE(exchange.ok());
  for (std::size_t i = 0; i < shards; ++i) loops.emplace_back(1);
  for (std::size_t shard = 0; shard < shards; ++shard) {
    threads.emplace_back([&, shard] {
      SystemClock own_clock(loops[shard]);
      SystemEntropy entropy(shard);
      const auto venues = (*exchange)->connect(loops[shard], own_clock, entropy);
      boost::asio::executor_work_guard<Loop::executor_type> keep(loops[shard].get_executor());
      venues[0]->prices_to(received[shard].sink());
      Gate gate;
      for (std::uint64_t i = 0; i < 200; ++i) {
        auto trade = start(gate, venues[0]->submit(sol_order(shard * 1'000 + i)));
        while (!trade.done()) loops[shard].run_one();
        EXPECT_EQ(to_string(trade.await_resume()->status), "settled");
      }
      ++traded;
      while (traded < shards) loops[shard].poll();
      // Every commit was answered, so every change has posted its job.
      loops[shard].poll();
      venues[0]->prices_to({});
    });
  }
  for (std::thread& thread : threads) thread.join();
  (*exchange)->stop();
  const auto audit = (*exchange)->audit();
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  const auto& pools = audit->state.pools;
  for (const Received& each : received) {
    ASSERT_EQ(each.newest.size(), 21U);
    for (const auto& [pool, price] : each.newest) {
      EXPECT_EQ(price.sell_a, (SpotPrice{pools[pool].reserve_b, pools[pool].reserve_a})) << pool;
      EXPECT_EQ(price.sell_b, (SpotPrice{pools[pool].reserve_a, pools[pool].reserve_b})) << pool;
    }
  }
}

// --- Prices that move with the time --------------------------------------------------------------

TEST(PaperPrices, AQuoteAfterAnyTimeIsNoBetterThanThePriceReportedForItsHeight) {
  PaperFixture fixture(instant_options());
  Received received;
  fixture.raydium().prices_to(received.sink());
  fixture.settle_down();
  for (int i = 0; i < 9'000; ++i) {  // an hour
    fixture.advance(height_length);
    const char* const input = i % 2 == 0 ? "SOL" : "USDC";
    const char* const output = i % 2 == 0 ? "USDC" : "SOL";
    const Units amount = 1'000'000'000;
    const auto quote = fixture.run(fixture.raydium().quote(quote_request(input, output, amount)));
    ASSERT_TRUE(quote.ok());
    const Units traded = amount - quote->fee;
    ASSERT_TRUE(no_better(quote->amount_out, traded, received.spot(input, output))) << i;
  }
  fixture.raydium().prices_to({});
  EXPECT_GT(received.calls, 100U) << "the prices moved";
  const auto audit = fixture.exchange->audit();
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_GT(audit->arbitrage_trades, 100U);
  EXPECT_LT(audit->arbitrage_trades, 9'000U) << "not a trade in every height";
  EXPECT_EQ(audit->settlements, 0U);
}

TEST(PaperPrices, WithoutASinkTheTimeLeavesNoTrace) {
  PaperFixture fixture(instant_options());
  Received received;
  fixture.raydium().prices_to(received.sink());
  fixture.settle_down();
  fixture.raydium().prices_to({});
  const auto before = fixture.exchange->audit();
  fixture.advance(3'600 * second);
  EXPECT_FALSE(fixture.clock().has_timers());
  const auto after = fixture.exchange->audit();
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(after->digest, before->digest);
}

}  // namespace
}  // namespace oee::paper
