#include "api/orders/quotes.h"

#include <gtest/gtest.h>

#include <list>

#include "tests/core/exec/executor_fixture.h"
#include "tests/core/exec/fixed_pools.h"

namespace oee {
namespace {

const Token sol{"SOL", 9};
const Token usdc{"USDC", 6};

class QuotesTest : public testing::Test {
 protected:
  using Answer = std::optional<Result<QuoteAnswer>>;

  void TearDown() override {
    spawn(gate_, "stop", quotes_.stop());
    engine_.run_for(Micros(10'000'000));
    EXPECT_EQ(gate_.inside(), 0U);
  }
  // Begins to ask for a quote of so many SOL; the answer comes later.
  Answer& ask(Units sols, const Token& output = usdc) {
    return ask(SwapAmount{Decimal{sols * 1'000'000'000, 9}}, output);
  }
  Answer& ask(const SwapAmount& amount, const Token& output) {
    Answer& answer = answers_.emplace_back();
    spawn(gate_, "ask", run(amount, output, answer));
    return answer;
  }
  Task<void> run(SwapAmount amount, Token output, Answer& into) {
    Result<QuoteAnswer> answer = co_await quotes_.ask(sol, output, amount);
    into.emplace(std::move(answer));
  }
  void delay(Micros each) { engine_.raydium.quote_delay = engine_.meteora.quote_delay = each; }
  int calls() const { return engine_.raydium.quotes; }

  test::ExecutorFixture engine_;
  Quotes quotes_{engine_.clock, *engine_.executor};
  Gate gate_;
  std::list<Answer> answers_;
};

TEST_F(QuotesTest, EqualRequestsAtOnceAreOneCallOfEachVenue) {
  delay(Micros(200'000));
  for (int i = 0; i < 50; ++i) ask(1);
  engine_.run_for(Micros(199'999));
  EXPECT_FALSE(answers_.front());
  ask(1);
  engine_.run_for(Micros(1));
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(engine_.meteora.quotes, 1);
  for (const Answer& answer : answers_) {
    ASSERT_TRUE(answer && answer->ok());
    ASSERT_EQ((*answer)->quotes.size(), 2U);
    EXPECT_EQ((*answer)->chosen, 0U);
    EXPECT_EQ((*answer)->quotes[0].amount_out.units, 149'000'000U);
  }
}

TEST_F(QuotesTest, AnExactOutputIsARequestOfItsOwn) {
  ask(SwapAmount{Decimal{149'000'000, 6}, true}, usdc);
  ask(SwapAmount{Decimal{149'000'000, 9}}, usdc);
  engine_.run_for(Micros(1));
  EXPECT_EQ(calls(), 2);
  const QuoteAnswer& exact = **answers_.front();
  EXPECT_EQ(exact.chosen, 0U);
  EXPECT_EQ(exact.quotes[0].amount_in, (Decimal{1'000'000'000, 9}));
  EXPECT_EQ(exact.quotes[0].amount_out, (Decimal{149'000'000, 6}));
  EXPECT_EQ(exact.quotes[1].lost_because, "amount in 1.006756757 is 67 bps more than raydium's 1");
}

TEST_F(QuotesTest, AnAnswerIsKeptForASecond) {
  ask(1);
  engine_.raydium.quoted_out = 150'000'000;
  engine_.clock.advance(Quotes::kept_for - Micros(1));
  EXPECT_EQ((*ask(1))->quotes[0].amount_out.units, 149'000'000U);
  EXPECT_EQ(calls(), 1);
  engine_.clock.advance(Micros(1));
  EXPECT_EQ((*ask(1))->quotes[0].amount_out.units, 150'000'000U);
  EXPECT_EQ(calls(), 2);
}

TEST_F(QuotesTest, AnotherAmountOrPairIsAnotherRequest) {
  ask(1);
  ask(2);
  ask(1, Token{"USDT", 6});
  EXPECT_EQ(calls(), 3);
  ask(2);
  EXPECT_EQ(calls(), 3);
}

TEST_F(QuotesTest, FewDifferentRequestsAreUnderWayAtOnce) {
  delay(Micros(200'000));
  for (Units i = 1; i <= Quotes::asking_max; ++i) EXPECT_FALSE(ask(i));
  const Answer& refused = ask(Quotes::asking_max + 1);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error().code, Errc::full);
  EXPECT_FALSE(ask(1)) << "a request for a quote that is under way waits for it";
  EXPECT_EQ(calls(), static_cast<int>(Quotes::asking_max));
  engine_.run_for(Micros(200'000));
  const Answer& taken = ask(Quotes::asking_max + 1);
  EXPECT_FALSE(taken);
  engine_.run_for(Micros(200'000));
  EXPECT_TRUE(taken && taken->ok());
}

TEST_F(QuotesTest, TheNumberOfKeptAnswersIsLimited) {
  for (Units i = 1; i <= Quotes::answers_max + 1; ++i) ask(i);
  const int asked = calls();
  ask(2);
  EXPECT_EQ(calls(), asked);
  ask(1);
  EXPECT_EQ(calls(), asked + 1) << "the oldest answer was dropped";
}

Task<void> ask_of(Quotes& quotes, SwapAmount amount, std::optional<Result<QuoteAnswer>>& into) {
  Result<QuoteAnswer> answer = co_await quotes.ask(sol, usdc, amount);
  into.emplace(std::move(answer));
}

TEST(SplitQuotes, ASplitIsShownLegByLegAndPromisesNoMoreThanEachLegHolds) {
  constexpr Units unit = 1'000'000'000;
  test::FixedPools pools;
  for (const char* name : {"raydium", "meteora"})
    pools.pools.push_back(test::constant_pool((std::string(name) + "-1").c_str(), name, "SOL",
                                              "USDC", 100 * unit, 15'000'000'000));
  test::ExecutorFixture engine;
  engine.pools = &pools;
  engine.options.routes.impact_min_bps = 0;
  engine.restart();
  // Alone 136 and 135 USDC for 1 SOL; the legs get 143 and 140.
  const auto quote = [](test::ScriptedVenue& venue, Units alone, Units of_leg) {
    venue.on_quote = [&venue, alone, of_leg](const QuoteRequest& request) {
      venue.quoted_out = request.path.empty() ? alone : of_leg;
    };
  };
  quote(engine.raydium, 136'000'000, 143'000'000);
  quote(engine.meteora, 135'000'000, 140'000'000);
  Gate gate;
  std::optional<Result<QuoteAnswer>> answer;
  Quotes quotes{engine.clock, *engine.executor};
  spawn(gate, "ask", ask_of(quotes, SwapAmount{Decimal{10 * unit, 9}, false, true}, answer));
  engine.run_for(Micros(1));
  ASSERT_TRUE(answer && answer->ok());
  const QuoteAnswer& split = **answer;
  ASSERT_EQ(split.legs, 2U);
  EXPECT_EQ(split.chosen, 2U);
  EXPECT_NEAR(split.amount_out().units, 1'415'000'000, 10);
  EXPECT_EQ(split.promised_out(), 1'360'000'000U);  // the best quote of one pool
  QuoteAnswer none = split;
  for (std::size_t i = 0; i < 2; ++i) none.quotes[i].error = "no pool can trade it";
  EXPECT_NEAR(none.promised_out(), 1'400'000'000, 10);  // the leg of 140 holds its share of it
  spawn(gate, "stop", quotes.stop());
  engine.run_for(Micros(10'000'000));
}

}  // namespace
}  // namespace oee
