// The laws of core/seams/prices.h, for every implementation of the seam.
#include "core/seams/prices.h"

#include <gtest/gtest.h>

#include "tests/support/paper_fixture.h"
#include "tests/support/process/servers.h"
#include "tests/support/registries.h"
#include "tests/support/scripted_venue.h"

namespace oee {
namespace {

using test::sol_order;

// A venue under test with its loop. Every venue has a pool of SOL and USDC and another one.
class Bench {
 public:
  virtual ~Bench() = default;
  virtual Venue& venue() = 0;
  virtual void step() = 0;
  // Changes the state of the pool of SOL and USDC, by a trade that takes no longer than this call.
  virtual void sell_sol(Units amount) = 0;
  // Closes the venue and opens it again; false: this venue stores nothing durably.
  virtual bool reopen() { return false; }

  template <class T>
  T run(Task<T> task) {
    Started<T> started = start(gate_, std::move(task));
    while (!started.done()) step();
    return started.await_resume();
  }

 protected:
  void trade(Units amount) {
    const auto report = run(venue().submit(sol_order(++orders_, amount)));
    check(report.ok() && report->status == VenueStatus::settled, "a test's trade settles");
  }
  // The exchange trades for the arbitrage account first, so that later only a test's trade does.
  void settle_prices() {
    venue().prices_to([](std::span<const PoolPrice>) {});
    trade(1'000'000'000);
    venue().prices_to({});
  }

 private:
  Gate gate_;
  std::uint64_t orders_ = 0;
};

paper::ExchangeOptions still_options() {
  paper::ExchangeOptions options = test::instant_options();
  options.drift_bps_per_s = 0;
  return options;
}

class PaperBench final : public Bench {
 public:
  explicit PaperBench(const TokenRegistry& registry = TokenRegistry::defaults())
      : fixture_(still_options(), 7, registry) {
    settle_prices();
  }
  Venue& venue() override { return fixture_.raydium(); }
  void step() override { check(fixture_.step(), "no event is left"); }
  void sell_sol(Units amount) override { trade(amount); }

 private:
  test::PaperFixture fixture_;
};

class DurablePaperBench final : public Bench {
 public:
  DurablePaperBench() {
    options_.dir = dir_.path() / "venue";
    fixture_.emplace(options_);
    settle_prices();
  }
  Venue& venue() override { return fixture_->raydium(); }
  void step() override { fixture_->step(); }
  void sell_sol(Units amount) override { trade(amount); }
  bool reopen() override {
    fixture_.reset();
    fixture_.emplace(options_);
    return true;
  }

 private:
  test::TemporaryDirectory dir_;
  paper::ExchangeOptions options_ = still_options();
  std::optional<test::DiskFixture> fixture_;
};

class ScriptedBench final : public Bench {
 public:
  ScriptedBench() {
    venue_.move_price(test::token("SOL"), test::token("USDC"), {usdc_, 1'000'000'000});
    venue_.move_price(test::token("SOL"), test::token("JUP"), {187'000'000, 1'000'000'000});
  }
  Venue& venue() override { return venue_; }
  void step() override { check(clock_.fire_next(), "no event is left"); }
  void sell_sol(Units) override {
    venue_.move_price(test::token("SOL"), test::token("USDC"), {--usdc_, 1'000'000'000});
  }

 private:
  test::VirtualClock clock_;
  test::ScriptedVenue venue_{"scripted", clock_};
  Units usdc_ = 150'000'000;
};

std::unique_ptr<Bench> make_bench(const std::string& name) {
  if (name == "Paper") return std::make_unique<PaperBench>();
  if (const auto kind = pool_kind_of(name)) {
    const TokenRegistry registry = test::registry_of(*kind);
    return std::make_unique<PaperBench>(registry);
  }
  if (name == "DurablePaper") return std::make_unique<DurablePaperBench>();
  check(name == "Scripted", "a test names an unknown bench");
  return std::make_unique<ScriptedBench>();
}

// Many of them leave the price within the fee band, where the arbitrage account does not trade.
constexpr Units small = 10'000'000'000;

class PricesContract : public testing::TestWithParam<const char*> {
 protected:
  using Calls = std::vector<std::vector<PoolPrice>>;

  void SetUp() override { bench_ = make_bench(GetParam()); }

  PriceSink into_calls() {
    return [this](std::span<const PoolPrice> prices) {
      calls_.emplace_back(prices.begin(), prices.end());
    };
  }
  void listen() { bench_->venue().prices_to(into_calls()); }
  // Runs the loop until there are this many calls.
  void wait_for(std::size_t calls) {
    while (calls_.size() < calls) bench_->step();
  }
  // SOL in USDC, from the newest of `prices` that has it.
  static std::optional<PoolPrice> sol_usdc(const std::vector<PoolPrice>& prices) {
    for (const PoolPrice& price : prices)
      if (price.a == test::token("SOL") && price.b == test::token("USDC")) return price;
    return std::nullopt;
  }
  // Inside a bin the price stays as it is.
  static bool falls(const SpotPrice& before, const SpotPrice& after) {
    return std::string_view(GetParam()) == "bins" ? !less(before, after) : less(after, before);
  }
  static bool less(const SpotPrice& one, const SpotPrice& other) {
    return U128(one.out) * other.in < U128(other.out) * one.in;
  }

  std::unique_ptr<Bench> bench_;
  Calls calls_;
};

TEST_P(PricesContract, TheFirstCallDeliversEveryPoolOnceByAJobOfTheLoop) {
  listen();
  EXPECT_TRUE(calls_.empty()) << "inside prices_to()";
  wait_for(1);
  std::set<std::uint32_t> pools;
  for (const PoolPrice& price : calls_[0]) {
    EXPECT_TRUE(pools.insert(price.pool).second);
    EXPECT_GT(price.sell_a.in, 0U);
    EXPECT_GT(price.sell_b.in, 0U);
  }
  EXPECT_GE(pools.size(), 2U);
  ASSERT_TRUE(sol_usdc(calls_[0]).has_value());
}

TEST_P(PricesContract, AChangeDeliversThePoolThatChangedAndNoOther) {
  listen();
  wait_for(1);
  const PoolPrice before = *sol_usdc(calls_[0]);
  bench_->sell_sol(1'000'000'000'000);
  wait_for(2);
  ASSERT_EQ(calls_[1].size(), 1U);
  const PoolPrice after = calls_[1][0];
  EXPECT_EQ(after.pool, before.pool);
  EXPECT_EQ(after.fee_per_million, before.fee_per_million);
  EXPECT_TRUE(falls(before.sell_a, after.sell_a)) << "who sells makes it cheaper";
  EXPECT_TRUE(falls(after.sell_b, before.sell_b));
  EXPECT_GE(after.height, before.height);
}

TEST_P(PricesContract, NoTradeHasABetterAverageThanTheSpotPrice) {
  listen();
  for (std::size_t i = 1; i <= 5; ++i) {
    wait_for(i);
    const PoolPrice pool = *sol_usdc(calls_.back());
    for (const Units amount : {1'000'000'000ULL, 70'000'000'000ULL, 900'000'000'000'000ULL}) {
      QuoteRequest request = test::quote_request("SOL", "USDC", amount);
      const auto quote = bench_->run(bench_->venue().quote(request));
      ASSERT_TRUE(quote.ok()) << quote.error().detail;
      const Units traded = amount - quote->fee;
      EXPECT_FALSE(less(pool.sell_a, SpotPrice{quote->amount_out, traded})) << amount;
    }
    bench_->sell_sol(small);
  }
}

TEST_P(PricesContract, SeveralChangesBeforeTheCallAreOneEntryWithTheNewestState) {
  listen();
  wait_for(1);
  for (int i = 0; i < 20; ++i) bench_->sell_sol(small);
  // A last change, after which exactly one call is due.
  const std::size_t calls = calls_.size();
  bench_->sell_sol(small);
  wait_for(calls + 1);
  EXPECT_LE(calls_.size(), 22U);
  const std::vector<PoolPrice> last = calls_.back();
  listen();
  wait_for(calls_.size() + 1);
  EXPECT_EQ(sol_usdc(calls_.back())->sell_a, sol_usdc(last)->sell_a) << "the newest state";
  PoolPrice before = *sol_usdc(calls_[0]);
  for (const auto& call : calls_) {
    ASSERT_LE(std::count_if(call.begin(), call.end(),
                            [&](const PoolPrice& price) { return price.pool == before.pool; }),
              1);
    const PoolPrice now = sol_usdc(call).value_or(before);
    EXPECT_FALSE(less(before.sell_a, now.sell_a)) << "no older state";
    EXPECT_GE(now.height, before.height);
    before = now;
  }
}

TEST_P(PricesContract, WithoutASinkNothingComesAndANewSinkGetsEveryPoolAgain) {
  listen();
  wait_for(1);
  const std::size_t pools = calls_[0].size();
  bench_->venue().prices_to({});
  for (int i = 0; i < 3; ++i) bench_->sell_sol(small);
  EXPECT_EQ(calls_.size(), 1U);
  listen();
  wait_for(2);
  EXPECT_EQ(calls_[1].size(), pools);
  EXPECT_TRUE(falls(sol_usdc(calls_[0])->sell_a, sol_usdc(calls_[1])->sell_a));
}

TEST_P(PricesContract, TheCallMayRemoveItsOwnSink) {
  int calls = 0;
  bench_->venue().prices_to([this, &calls](std::span<const PoolPrice>) {
    ++calls;
    bench_->venue().prices_to({});
  });
  while (calls == 0) bench_->step();
  for (int i = 0; i < 3; ++i) bench_->sell_sol(small);
  EXPECT_EQ(calls, 1);
}

TEST_P(PricesContract, ARestartDeliversTheSamePrices) {
  listen();
  wait_for(1);
  bench_->sell_sol(1'000'000'000'000);
  wait_for(2);
  const PoolPrice before = *sol_usdc(calls_[1]);
  calls_.clear();
  if (!bench_->reopen()) return;  // this venue stores nothing
  listen();
  wait_for(1);
  EXPECT_EQ(sol_usdc(calls_[0])->sell_a, before.sell_a);
  EXPECT_GE(sol_usdc(calls_[0])->height, before.height);
}

INSTANTIATE_TEST_SUITE_P(All, PricesContract,
                         testing::Values("Paper", "DurablePaper", "Scripted", "stableSwap", "bins",
                                         "ticks"),
                         [](const auto& bench) { return std::string(bench.param); });

TEST(DecimalPrice, IsNeverBelowTheSpotPrice) {
  const Token sol = test::token("SOL");
  const Token usdc = test::token("USDC");
  EXPECT_EQ(to_text(decimal_price({150'000'000, 1'000'000'000}, sol, usdc)), "150");
  EXPECT_EQ(to_text(decimal_price({1'000'000, 3'000'000'000}, sol, usdc)), "0.333333333333333334");
}

}  // namespace
}  // namespace oee
