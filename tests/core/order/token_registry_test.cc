#include "core/order/token_registry.h"

#include <gtest/gtest.h>

#include <map>

namespace oee {
namespace {

// The number of bytes that a base58 text decodes to; -1: it is not base58.
int base58_size(const std::string& text) {
  const std::string alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  std::vector<unsigned> bytes;  // least significant first
  std::size_t leading = 0;
  while (leading < text.size() && text[leading] == '1') ++leading;
  for (const char c : text) {
    const auto digit = alphabet.find(c);
    if (digit == std::string::npos) return -1;
    unsigned carry = static_cast<unsigned>(digit);
    for (unsigned& byte : bytes) {
      carry += byte * 58;
      byte = carry & 0xFF;
      carry >>= 8;
    }
    if (carry > 0) bytes.push_back(carry);
  }
  return static_cast<int>(bytes.size() + leading);
}

TEST(TokenRegistry, DefaultsHoldTheTokensAndVenuesThatClientsRelyOn) {
  const TokenRegistry& registry = TokenRegistry::defaults();
  const std::map<std::string, int> decimals = {{"SOL", 9}, {"USDC", 6}, {"USDT", 6}, {"BONK", 5},
                                               {"JUP", 6}, {"RAY", 6},  {"ETH", 8}};
  for (const auto& [symbol, expected] : decimals) {
    const TokenInfo* token = registry.find(symbol);
    ASSERT_NE(token, nullptr) << symbol;
    EXPECT_EQ(token->token.decimals, expected) << symbol;
    EXPECT_EQ(base58_size(token->mint), 32) << symbol << ": a Solana address has 32 bytes";
  }
  ASSERT_EQ(registry.venues().size(), 2u);
  EXPECT_EQ(registry.venues()[0].name.view(), "raydium");
  EXPECT_EQ(registry.venues()[0].fee_per_million, 3'000u);
  EXPECT_EQ(registry.venues()[1].name.view(), "meteora");
  EXPECT_EQ(registry.venues()[1].fee_per_million, 2'000u);
}

TEST(TokenRegistry, SymbolsAreCaseSensitive) {
  EXPECT_EQ(TokenRegistry::defaults().find("sol"), nullptr);
  EXPECT_EQ(TokenRegistry::defaults().find(""), nullptr);
}

TEST(TokenRegistry, WorthIsExactInBaseUnits) {
  const TokenRegistry& registry = TokenRegistry::defaults();
  EXPECT_EQ(*units_worth(300'000'000, *registry.find("SOL")), 2'000'000'000'000'000u);
  EXPECT_EQ(*units_worth(300'000'000, *registry.find("USDC")), 300'000'000'000'000u);
  EXPECT_EQ(*units_worth(300'000'000, *registry.find("BONK")), 1'200'000'000'000'000'000u);
  EXPECT_EQ(units_worth(~std::uint64_t{0}, *registry.find("BONK")).error().code, Errc::full);
}

const char* const good = R"({"tokens":[
  {"symbol":"AAA","name":"A","decimals":6,"reference_price":"2","mint":"m"},
  {"symbol":"BBB","name":"B","decimals":0,"reference_price":"0.5","mint":"m"}],
  "venues":[{"name":"dex","fee_per_million":100,"depth_usd":1000000,"price_offset_bps":-5}]})";

TEST(TokenRegistry, ParsesWhatItIsGiven) {
  const auto registry = TokenRegistry::parse(good);
  ASSERT_TRUE(registry.ok()) << registry.error().detail;
  EXPECT_EQ(registry->tokens()[1].reference_price, (Decimal{5, 1}));
  EXPECT_EQ(registry->venues()[0].price_offset_bps, -5);
}

TEST(TokenRegistry, PoolsAndTheirKindAreOptional) {
  const auto plain = TokenRegistry::parse(good);
  ASSERT_TRUE(plain.ok());
  EXPECT_TRUE(plain->tokens()[0].pools);
  EXPECT_EQ(plain->venues()[0].pool_kind, PoolKind::constant_product);
  std::string text = good;
  text.insert(text.find(R"("symbol":"BBB")"), R"("pools":false,)");
  text.insert(text.find(R"("depth_usd")"), R"("pool_kind":"ticks",)");
  const auto registry = TokenRegistry::parse(text);
  ASSERT_TRUE(registry.ok()) << registry.error().detail;
  EXPECT_TRUE(registry->tokens()[0].pools);
  EXPECT_FALSE(registry->tokens()[1].pools);
  EXPECT_EQ(registry->venues()[0].pool_kind, PoolKind::ticks);
}

// Replaces one piece of the good text and expects an error whose detail contains `named`.
void expect_refused(const std::string& piece, const std::string& by, const std::string& named) {
  std::string text = good;
  const auto at = text.find(piece);
  ASSERT_NE(at, std::string::npos) << piece;
  text.replace(at, piece.size(), by);
  const auto registry = TokenRegistry::parse(text);
  ASSERT_FALSE(registry.ok()) << by;
  EXPECT_EQ(registry.error().code, Errc::invalid);
  EXPECT_NE(registry.error().detail.find(named), std::string::npos) << registry.error().detail;
}

TEST(TokenRegistry, ErrorsNameTheMemberThatIsWrong) {
  expect_refused(R"("symbol":"AAA")", R"("symbol":"BBB")", "tokens[1].symbol is there twice");
  expect_refused(R"("symbol":"AAA")", R"("symbol":"A A")", "tokens[0].symbol");
  expect_refused(R"("symbol":"AAA")", R"("symbol":"")", "tokens[0].symbol");
  expect_refused(R"("decimals":6)", R"("decimals":19)", "tokens[0].decimals");
  expect_refused(R"("decimals":6)", R"("decimals":"6")", "tokens[0].decimals");
  expect_refused(R"("reference_price":"2")", R"("reference_price":2)", "tokens[0].reference_price");
  expect_refused(R"("reference_price":"2")", R"("reference_price":"0")", "must be above zero");
  expect_refused(R"("reference_price":"2")", R"("reference_price":"1e3")", "plain decimal");
  expect_refused(R"("reference_price":"2")", R"("reference_price":"2..5")", "reference_price");
  expect_refused(R"("mint":"m")", R"("colour":"m")", "tokens[0].colour is not a known member");
  expect_refused(R"("mint":"m")", R"("mint":"m","pools":"no")", "tokens[0].pools");
  expect_refused(R"("name":"dex")", R"("name":"dex","pool_kind":"weighted")",
                 "venues[0].pool_kind must be constantProduct, stableSwap, bins or ticks");
  expect_refused(R"("name":"dex")", R"("name":"Dex")", "venues[0].name");
  expect_refused(R"("fee_per_million":100)", R"("fee_per_million":-1)", "fee_per_million");
  expect_refused(R"("depth_usd":1000000)", R"("depth_usd":1)", "pool side outside");
  expect_refused(R"("price_offset_bps":-5)", R"("price_offset_bps":2001)", "price_offset_bps");
  expect_refused(R"("venues":[)", R"("venues":[[)", "not JSON");
  expect_refused(R"("tokens":[)", R"("coins":[)", "coins is not a known member");
}

}  // namespace
}  // namespace oee
