// Pools of every kind in a real engine: a sniper order waits for a pair without a pool, POST
// /test/pools opens one, and kill -9 comes in between. Every engine's log is verified at its end.
#include <gtest/gtest.h>

#include <fstream>

#include "core/venue/paper/ledger/ledger.h"
#include "tests/support/process/engine_process.h"
#include "tests/support/registries.h"

namespace oee::test {
namespace {

constexpr PoolKind all_kinds[] = {PoolKind::constant_product, PoolKind::stable_swap, PoolKind::bins,
                                  PoolKind::ticks};

class PoolsTest : public testing::Test {
 protected:
  // An engine whose venues open pools of these kinds, and none of NEWT.
  EngineProcess& engine_of(PoolKind raydium, PoolKind meteora) {
    const std::filesystem::path registry = dir_.path() / "tokens.json";
    std::ofstream(registry) << registry_text(raydium, meteora);
    engine_.emplace(dir_.path() / "data", joined(no_delays, {"--enable-test-endpoints",
                                                             "--tokens-file", registry.string()}));
    return *engine_;
  }
  HttpReply post(const std::string& path, const std::string& body) {
    return HttpClient(engine_->port()).post(path, body);
  }
  std::string place(const std::string& members) {
    const HttpReply placed = post("/v1/orders", "{" + members + "}");
    EXPECT_EQ(placed.status, 202) << placed.body;
    return text_at(parse_json(placed.body), "orderId");
  }
  boost::json::value order(const std::string& id) {
    return parse_json(HttpClient(engine_->port()).get("/v1/orders/" + id).body);
  }
  bool reaches(const std::string& id, const std::string& status) {
    return EngineProcess::eventually(20, [&] { return text_at(order(id), "status") == status; });
  }
  paper::LedgerAudit audit() {
    auto audited = paper::audit_ledger(engine_->data_dir() / "venue");
    EXPECT_TRUE(audited.ok()) << audited.error().detail;
    return audited ? *std::move(audited) : paper::LedgerAudit();
  }

  TemporaryDirectory dir_;
  std::optional<EngineProcess> engine_;
};

std::string pool_body(PoolKind kind) {
  return R"({"venue":"meteora","inputToken":"NEWT","outputToken":"USDC","price":"2",)"
         R"("liquidity":"500000","kind":")" +
         std::string(to_string(kind)) + R"("})";
}

class PoolOfAKind : public PoolsTest, public testing::WithParamInterface<PoolKind> {};

TEST_P(PoolOfAKind, ASniperOrderWaitsThroughAKillForItAndItIsThereAfterAnother) {
  const PoolKind kind = GetParam();
  EngineProcess& engine = engine_of(PoolKind::constant_product, PoolKind::constant_product);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const std::string sniper =
      place(R"("type":"sniper","inputToken":"NEWT","outputToken":"USDC","amount":"10",)"
            R"("minLiquidity":"100000")");
  ASSERT_TRUE(reaches(sniper, "resting"));
  const std::string quote = "/v1/quote?inputToken=NEWT&outputToken=USDC&amount=1";
  EXPECT_NE(HttpClient(engine.port()).get(quote).body.find("no pool for NEWT/USDC"),
            std::string::npos);
  engine.kill_hard();
  ASSERT_NO_FATAL_FAILURE(engine.start());
  EXPECT_EQ(text_at(order(sniper), "status"), "resting");

  const HttpReply opened = post("/test/pools", pool_body(kind));
  engine.kill_hard();
  ASSERT_EQ(opened.status, 200) << opened.body;
  const auto pool = parse_json(opened.body);
  EXPECT_EQ(text_at(pool, "venue"), "meteora");
  EXPECT_EQ(text_at(pool, "kind"), to_string(kind));
  EXPECT_NEAR(std::strtod(text_at(pool, "price").c_str(), nullptr), 2, 0.004);
  EXPECT_EQ(audit().state.pools.at(42).kind(), kind);

  ASSERT_NO_FATAL_FAILURE(engine.start());
  ASSERT_TRUE(reaches(sniper, "confirmed"))
      << boost::json::serialize(order(sniper)) << engine.log_text();
  const auto filled = order(sniper);
  EXPECT_EQ(text_at(filled, "venue"), "meteora");
  EXPECT_NEAR(std::strtod(text_at(filled, "executedPrice").c_str(), nullptr), 2, 0.02);
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  EXPECT_EQ(audit().settlements, 1U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, PoolOfAKind, testing::ValuesIn(all_kinds),
                         [](const auto& kind) { return std::string(to_string(kind.param)); });

TEST_F(PoolsTest, VenuesOfTheOtherKindsTradeAndContinueAfterAKill) {
  EngineProcess& engine = engine_of(PoolKind::bins, PoolKind::ticks);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  std::vector<std::string> orders;
  for (int i = 0; i < 10; ++i) {
    const bool sells = i % 2 == 0;
    orders.push_back(place(std::string(sells ? R"("inputToken":"SOL","outputToken":"USDC",)"
                                             : R"("inputToken":"USDC","outputToken":"SOL",)") +
                           R"("amount":")" + (sells ? "1.5" : "225") + '"'));
    if (i == 4) {
      EXPECT_TRUE(reaches(orders.back(), "confirmed"));
      engine.kill_hard();
      ASSERT_NO_FATAL_FAILURE(engine.start());
    }
  }
  for (const std::string& id : orders) EXPECT_TRUE(reaches(id, "confirmed"));
  const HttpReply moved =
      post("/test/market", R"({"inputToken":"SOL","outputToken":"USDC","price":"160"})");
  EXPECT_EQ(moved.status, 200) << moved.body;
  const HttpReply far =
      post("/test/market", R"({"inputToken":"SOL","outputToken":"USDC","price":"400"})");
  EXPECT_EQ(far.status, 422) << "beyond the bins";
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
  const auto audited = audit();
  EXPECT_EQ(audited.settlements, 10U);
  EXPECT_EQ(audited.state.pools.at(0).kind(), PoolKind::bins);
  EXPECT_EQ(audited.state.pools.at(41).kind(), PoolKind::ticks);
}

TEST_F(PoolsTest, WhatCannotBeOpenedIsRefused) {
  EngineProcess& engine = engine_of(PoolKind::constant_product, PoolKind::constant_product);
  ASSERT_NO_FATAL_FAILURE(engine.start());
  const HttpReply price =
      post("/test/pools", R"({"venue":"meteora","inputToken":"NEWT","outputToken":"USDC",)"
                          R"("price":"0.000000000000000001","liquidity":"500000"})");
  EXPECT_EQ(price.status, 422);
  EXPECT_NE(price.body.find("out_of_range"), std::string::npos) << price.body;
  for (int i = 0; i < 256; ++i)
    ASSERT_EQ(post("/test/pools", pool_body(PoolKind::constant_product)).status, 200) << i;
  const HttpReply over = post("/test/pools", pool_body(PoolKind::constant_product));
  EXPECT_EQ(over.status, 422);
  EXPECT_NE(over.body.find("too_many_pools"), std::string::npos) << over.body;
  EXPECT_EQ(engine.stop(), 0) << engine.log_text();
}

}  // namespace
}  // namespace oee::test
