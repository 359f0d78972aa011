// The stored form of orders: every part comes back, and old orders keep their bytes.
#include "core/order/order_codec.h"

#include <gtest/gtest.h>

#include <map>

#include "core/base/bytes.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

std::string bytes_of(const Order& order) {
  std::string bytes;
  append_order(bytes, order);
  return bytes;
}

bool same(const std::optional<Order::Cancel>& a, const std::optional<Order::Cancel>& b) {
  return a.has_value() == b.has_value() && (!a || (a->by == b->by && a->why == b->why));
}

// The first member that differs; empty: none.
std::string difference(const Order& a, const Order& b) {
#define OEE_SAME(member) \
  if (a.member != b.member) return #member
  OEE_SAME(id);
  OEE_SAME(phase);
  OEE_SAME(outcome_unknown);
  OEE_SAME(type);
  OEE_SAME(error);
  OEE_SAME(version);
  OEE_SAME(accepted_seq);
  OEE_SAME(last_seq);
  OEE_SAME(accepted_at);
  OEE_SAME(updated_at);
  OEE_SAME(requeued_at);
  OEE_SAME(account);
  OEE_SAME(client_order_id);
  OEE_SAME(input);
  OEE_SAME(output);
  OEE_SAME(amount_in);
  OEE_SAME(slippage_bps);
  OEE_SAME(expires_at);
  OEE_SAME(min_out_floor);
  OEE_SAME(time_in_force);
  OEE_SAME(limit_price);
  OEE_SAME(allow_partial);
  OEE_SAME(type_terms);
  OEE_SAME(tags);
  OEE_SAME(quote_id);
  OEE_SAME(triggered_at);
  OEE_SAME(correlation);
  OEE_SAME(attempt);
  OEE_SAME(attempts_made);
  OEE_SAME(interruptions);
  OEE_SAME(first_expected_out);
  OEE_SAME(first_quoted_in);
  OEE_SAME(error_detail);
  OEE_SAME(retry_at);
  OEE_SAME(attempt_built);
  OEE_SAME(path);
  OEE_SAME(legs);
  OEE_SAME(split_failed);
  OEE_SAME(needs_requeue);
  OEE_SAME(tx_hash);
  OEE_SAME(filled_in);
  if (!same(a.cancel_requested, b.cancel_requested)) return "cancel_requested";
  if (a.outcome_unknown) OEE_SAME(unknown_since);
  if (a.attempt_built) {
    OEE_SAME(venue);
    OEE_SAME(venue_order_id);
    OEE_SAME(expected_out);
    OEE_SAME(attempt_in);
    OEE_SAME(min_out);
    OEE_SAME(valid_until_height);
  }
  if (a.filled_in > 0) {
    OEE_SAME(amount_out);
    OEE_SAME(executed_price);
    OEE_SAME(fee);
  }
  if (a.phase == Phase::confirmed) OEE_SAME(slippage_realised_bps);
#undef OEE_SAME
  return {};
}

// Each order is stored and read before each of its events.
TEST(OrderCodec, RandomOrdersComeBackAtEveryVersion) {
  std::map<OrderId, Order> orders;
  std::array<int, phase_count> seen{};
  int cancels = 0, parts = 0, fills = 0, limits = 0, paths = 0, legs = 0, splits = 0, stated = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (const Record& record : test::RandomOrders(seed).take(10'000)) {
      Order& order = orders[record.order_id];
      ASSERT_TRUE(evolve(order, record).ok());
      auto back = decode_order(bytes_of(order));
      ASSERT_TRUE(back.ok()) << back.error().detail;
      ASSERT_EQ(difference(order, *back), "") << to_string(type_of(record.event));
      ++seen[static_cast<std::size_t>(order.phase)];
      cancels += order.cancel_requested.has_value();
      parts += order.attempt_built && order.attempt_in < order.remaining();
      fills += order.filled_in > 0 && order.open();
      limits += order.limit_price.has_value();
      paths += !order.path.empty();
      legs += !order.legs.empty();
      splits += order.split_failed && order.legs.empty();
      for (const OrderLeg& leg : order.legs) stated += leg.stated_unsettled;
      order = *std::move(back);
    }
  }
  for (std::size_t phase = 1; phase < test::order_phases_end; ++phase)
    EXPECT_GT(seen[phase], 20) << phase;
  for (const int count : {cancels, parts, fills, limits, paths, legs, splits, stated})
    EXPECT_GT(count, 20);
}

TEST(OrderCodec, AnyCutOrderIsRefused) {
  const Order order = [] {
    Order made = test::order_at(Phase::submitted);
    made.limit_price = Decimal{150, 0};
    made.filled_in = 5;
    made.attempt_in = 7;
    made.cancel_requested = Order::Cancel{"desk", "enough"};
    return made;
  }();
  const std::string bytes = bytes_of(order);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_order(bytes.substr(0, size)).ok()) << size;
  EXPECT_FALSE(decode_order(bytes + '\0').ok());
  EXPECT_TRUE(decode_order(bytes).ok());
}

// The bytes of earlier programs, and those of the parts that format 2 adds.
TEST(OrderCodec, TheBytesOfTwoFormatsArePinned) {
  const auto hex_at = [](Phase phase) { return to_hex(bytes_of(test::order_at(phase))); };
  EXPECT_EQ(hex_at(Phase::pending),
            "01010000e80300000000000003534f4c045553444301954d20000070008000000000000007000101"
            "00e8030000000000000764656661756c740009060980dea0cb0564000000");
  EXPECT_EQ(hex_at(Phase::submitted),
            "01052003e80300000000000003534f4c045553444301954d20000070008000000000000007000501"
            "0488130000000000000764656661756c740009060980dea0cb0564010000fea6826b077261796469"
            "756dc25bbc5f4eabf0963872d11506076cfc06fea6826b0694a9f969e80707070707070707070707"
            "07070707070707070707070707070707070707070707070707070707070707070707070707070707"
            "0707070707070707070707070707");
  EXPECT_EQ(hex_at(Phase::confirmed),
            "01062007e80300000000000003534f4c045553444301954d20000070008000000000000007000601"
            "0570170000000000000764656661756c740009060980dea0cb0564010100fea6826b077261796469"
            "756dc25bbc5f4eabf0963872d11506076cfc06fea6826b0694a9f969e80707070707070707070707"
            "07070707070707070707070707070707070707070707070707070707070707070707070707070707"
            "07070707070707070707070707070680f0e76a0fd5aad5f381bca2890209a0cb980100");
  EXPECT_EQ(hex_at(Phase::failed),
            "01070200e80300000000000003534f4c045553444301954d20000070008000000000000007000301"
            "02b80b0000000000000764656661756c740009060980dea0cb0564010300000d62656c6f77206d69"
            "6e206f7574");

  EXPECT_EQ(hex_at(Phase::resting),
            "020b0000e80300000000000003534f4c045553444301954d20000070008000000000000007000201"
            "01d0070000000000000764656661756c740009060980dea0cb0564000000");
  Order order = test::order_at(Phase::submitted);
  order.type = OrderType::limit;
  order.time_in_force = TimeInForce::gtt;
  order.allow_partial = true;
  order.limit_price = Decimal{1'495, 1};
  order.filled_in = 300;
  order.amount_out = Decimal{45, 6};
  order.executed_price = Decimal{15, 2};
  order.fee = Decimal{3, 9};
  order.cancel_requested = Order::Cancel{"desk", "enough"};
  order.attempt_in = 1'000;
  order.first_quoted_in = 70'000;
  const std::string hex = to_hex(bytes_of(order));
  EXPECT_EQ(hex,
            "020520e3e80300000000000003534f4c045553444301954d20000070008000000000000007010501"
            "0488130000000000000764656661756c740009060980dea0cb0564010000fea6826b077261796469"
            "756dc25bbc5f4eabf0963872d11506076cfc06fea6826b0694a9f969e80707070707070707070707"
            "07070707070707070707070707070707070707070707070707070707070707070707070707070707"
            "070707070707070707070707070702010101d70be807f0a204ac02062d020f0903046465736b0665"
            "6e6f756768");
  const auto back = decode_order(*from_hex(hex));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(difference(order, *back), "");
}

TEST(OrderCodec, HasTheTermsOfEachTypeInTheThirdFormat) {
  Order order = test::order_at(Phase::resting);
  order.type = OrderType::stop;
  order.type_terms.trigger.emplace(Decimal{1'495, 1}, TriggerWhen::at_or_above);
  order.triggered_at = WallTime(Micros(1));
  const std::string hex = to_hex(bytes_of(order));
  EXPECT_EQ(hex,
            "030b0020e80300000000000003534f4c045553444301954d20000070008000000000000007020201"
            "01d0070000000000000764656661756c740009060980dea0cb05640000000000000901d70b010100"
            "000000000000");
  const auto stop = decode_order(*from_hex(hex));
  ASSERT_TRUE(stop.ok());
  EXPECT_EQ(difference(order, *stop), "");

  order = test::order_at(Phase::pending);
  const std::string untagged = to_hex(bytes_of(order));
  order.tags = {"momentum", "desk-7"};
  const std::string with_tags = to_hex(bytes_of(order));
  EXPECT_TRUE(untagged.starts_with("01")) << "an order without tags keeps its format";
  EXPECT_TRUE(
      with_tags.ends_with("00000010"
                          "02086d6f6d656e74756d066465736b2d37"))
      << with_tags;
  const auto tagged = decode_order(*from_hex(with_tags));
  ASSERT_TRUE(tagged.ok());
  EXPECT_EQ(difference(order, *tagged), "");

  order.quote_id = "5a0b";
  const std::string with_quote = to_hex(bytes_of(order));
  EXPECT_TRUE(
      with_quote.ends_with("00000030"
                           "02086d6f6d656e74756d066465736b2d370435613062"))
      << with_quote;
  const auto quoted = decode_order(*from_hex(with_quote));
  ASSERT_TRUE(quoted.ok());
  EXPECT_EQ(difference(order, *quoted), "");

  order = test::order_at(Phase::resting);
  order.triggered_at = WallTime(Micros(1));
  order.type = OrderType::sniper;
  order.type_terms.min_liquidity = Decimal{5'000, 6};
  const auto sniper = decode_order(bytes_of(order));
  ASSERT_TRUE(sniper.ok());
  EXPECT_EQ(difference(order, *sniper), "");

  order.type = OrderType::twap;
  order.triggered_at.reset();
  order.type_terms = {};
  order.type_terms.slices.emplace(1'000U, Micros(30'000'000), std::uint8_t{25});
  const auto twap = decode_order(bytes_of(order));
  ASSERT_TRUE(twap.ok());
  EXPECT_EQ(difference(order, *twap), "");
}

TEST(OrderCodec, HasThePathOfTheLastAttemptInTheFifthFormat) {
  Order order = test::order_at(Phase::submitted);
  const std::string without = to_hex(bytes_of(order));
  EXPECT_TRUE(without.starts_with("01")) << "an order without a path keeps its format";
  order.path = {{"raydium-3", "USDT"}, {"raydium-5", "USDC"}};
  const std::string bytes = bytes_of(order);
  const std::string hex = to_hex(bytes);
  EXPECT_TRUE(hex.starts_with("05")) << hex;
  EXPECT_TRUE(
      hex.ends_with("80"  // the path alone
                    "02097261796469756d2d330455534454097261796469756d2d350455534443"))
      << hex;
  const auto back = decode_order(bytes);
  ASSERT_TRUE(back.ok()) << back.error().detail;
  EXPECT_EQ(difference(order, *back), "");

  // The exact output comes before it.
  order.exact_out = 224'433'022;
  const auto exact = decode_order(bytes_of(order));
  ASSERT_TRUE(exact.ok()) << exact.error().detail;
  EXPECT_EQ(exact->exact_out, order.exact_out);
  EXPECT_EQ(difference(order, *exact), "");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_order(bytes.substr(0, size)).ok()) << size;
}

}  // namespace
}  // namespace oee
