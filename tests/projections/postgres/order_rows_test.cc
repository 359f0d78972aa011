// Rows, encodings and page cursors: each decoder is the inverse of its encoder.
#include <gtest/gtest.h>

#include <map>

#include "core/order/order_codec.h"
#include "core/order/order_json.h"
#include "projections/page_cursor.h"
#include "projections/postgres/event_json.h"
#include "projections/postgres/exact_text.h"
#include "projections/postgres/order_rows.h"
#include "tests/support/limit_life.h"
#include "tests/support/log/random_orders.h"
#include "tests/support/orders.h"

namespace oee {
namespace {

using test::RandomOrders;

constexpr std::size_t records_per_test = 5'000;

// Without what only the executor needs: no column has it.
std::string encoded(Order order) {
  order.requeued_at.reset();
  order.interrupted_asks = 0;
  order.path.clear();
  order.split_failed = order.needs_requeue = false;
  std::string bytes;
  append_order(bytes, order);
  return bytes;
}

std::string json_of(const Order& order) {
  std::string text;
  JsonWriter json(text);
  write_order(json, order);
  return text;
}

std::string data_of(const Event& event) {
  std::string text;
  JsonWriter json(text);
  write_event_data(json, event);
  return text;
}

// Calls visit(order, record) after every record of a random log.
template <class Visit>
void fold_random_orders(std::uint64_t seed, Visit visit) {
  RandomOrders random_orders(seed);
  std::map<OrderId, Order> orders;
  for (std::size_t i = 0; i < records_per_test; ++i) {
    const Record record = random_orders.next();
    Order& order = orders[record.order_id];
    ASSERT_TRUE(evolve(order, record).ok());
    visit(order, record);
  }
}

Result<Order> through_row(const Order& order) {
  RowBuffer rows(orders_table.columns.size());
  append_order_row(rows, order);
  std::vector<std::optional<std::string_view>> fields;
  for (std::size_t i = 0; i < rows.columns(); ++i) fields.push_back(rows.field(0, i));
  return order_of_row(fields);
}

TEST(OrderRows, AnOrderComesBackFromItsRowUnchanged) {
  fold_random_orders(1, [](const Order& order, const Record&) {
    const auto back = through_row(order);
    ASSERT_TRUE(back.ok()) << back.error().detail;
    EXPECT_EQ(json_of(*back), json_of(order));
    Order without_legs = order;  // they are folded from the order's events
    without_legs.legs.clear();
    EXPECT_EQ(to_hex(encoded(*back)), to_hex(encoded(without_legs)));
  });
}

TEST(OrderRows, ALimitOrderComesBackFromItsRowAndItsEventsUnchanged) {
  Order order;
  Order twin;
  for (const Record& record : test::limit_life()) {
    SCOPED_TRACE(to_string(type_of(record.event)));
    ASSERT_TRUE(evolve(order, record).ok());
    const auto back = through_row(order);
    ASSERT_TRUE(back.ok()) << back.error().detail;
    EXPECT_EQ(json_of(*back), json_of(order));
    EXPECT_EQ(to_hex(encoded(*back)), to_hex(encoded(order)));
    Record copy = record;
    const auto event = parse_event_data(type_of(record.event), data_of(record.event),
                                        TokenPair{order.input, order.output});
    ASSERT_TRUE(event.ok()) << event.error().detail;
    EXPECT_EQ(data_of(*event), data_of(record.event));
    copy.event = *event;
    ASSERT_TRUE(evolve(twin, copy).ok());
    EXPECT_EQ(to_hex(encoded(twin)), to_hex(encoded(order)));
  }
  EXPECT_EQ(order.phase, Phase::confirmed);
  EXPECT_EQ(order.filled_in, 3'000'000'000U);
}

// Rows of earlier versions have nulls in the columns that are new.
TEST(OrderRows, TheRowOfAnOrderThatIsFilledAtOnceHasNoUnusualAmounts) {
  const Order order = test::order_at(Phase::confirmed);
  RowBuffer rows(orders_table.columns.size());
  append_order_row(rows, order);
  for (std::size_t i = 0; i < rows.columns(); ++i) {
    const std::string_view name = orders_table.columns[i].name;
    if (name == "filled_in" || name == "attempt_in" || name == "first_quoted_in" ||
        name == "time_in_force" || name == "limit_price" || name == "cancel_by") {
      EXPECT_EQ(rows.field(0, i), std::nullopt) << name;
    }
  }
}

TEST(OrderRows, AnUnreadableRowNamesItsColumn) {
  RandomOrders random_orders(2);
  Order order;
  ASSERT_TRUE(evolve(order, random_orders.next()).ok());
  RowBuffer rows(orders_table.columns.size());
  append_order_row(rows, order);
  for (std::size_t broken = 0; broken < rows.columns(); ++broken) {
    const std::string_view name = orders_table.columns[broken].name;
    if (name == "status" || name == "error_detail" || name == "account" ||
        name == "client_order_id" || name == "input_token" || name == "output_token" ||
        name == "cancel_by" || name == "cancel_why" || name == "quote_id" || !rows.field(0, broken))
      continue;  // derived, free text, or null
    std::vector<std::optional<std::string_view>> fields;
    for (std::size_t i = 0; i < rows.columns(); ++i)
      fields.push_back(i == broken ? std::optional<std::string_view>("?!") : rows.field(0, i));
    const auto back = order_of_row(fields);
    ASSERT_FALSE(back.ok()) << name;
    EXPECT_NE(back.error().detail.find(name), std::string::npos) << back.error().detail;
  }
}

TEST(TextArray, IsWrittenAsPostgresWritesItAndReadBack) {
  const std::vector<std::string> elements = {"a", "null", "b,c",   "{", "\"\\",
                                             "",  " ",    "NULLs", "'"};
  const std::string text = R"({a,"null","b,c","{","\"\\",""," ",NULLs,'})";
  EXPECT_EQ(text_array(elements), text);
  const auto back = parse_text_array(text);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, elements);
  for (const char* wrong : {"", "{", "a", "{\"a}", "{\"a\"b}"})
    EXPECT_FALSE(parse_text_array(wrong).ok()) << wrong;
}

TEST(OrderCodec, AnOrderComesBackFromItsBytesUnchanged) {
  fold_random_orders(3, [](const Order& order, const Record&) {
    const std::string bytes = encoded(order);
    const auto back = decode_order(bytes);
    ASSERT_TRUE(back.ok()) << back.error().detail;
    EXPECT_EQ(json_of(*back), json_of(order));
    EXPECT_EQ(encoded(*back), bytes);
    EXPECT_EQ(back->account, order.account);
    EXPECT_EQ(back->first_expected_out, order.first_expected_out);
    EXPECT_EQ(back->min_out_floor, order.min_out_floor);
    EXPECT_EQ(back->correlation, order.correlation);
    EXPECT_EQ(back->attempts_made, order.attempts_made);
    EXPECT_EQ(back->interruptions, order.interruptions);
    EXPECT_EQ(back->unknown_since, order.unknown_since);
    EXPECT_EQ(back->venue_order_id, order.venue_order_id);
    EXPECT_EQ(back->valid_until_height, order.valid_until_height);
    EXPECT_EQ(back->expected_out, order.expected_out);
    EXPECT_EQ(back->retry_at, order.retry_at);
    const auto head = decode_order_head(bytes);
    ASSERT_TRUE(head.ok());
    EXPECT_EQ(head->phase, order.phase);
    EXPECT_EQ(head->accepted_at, order.accepted_at);
    EXPECT_EQ(head->input, order.input.symbol.view());
  });
}

TEST(OrderCodec, DamagedBytesAreRefusedNotMisread) {
  RandomOrders random_orders(4);
  Order order;
  ASSERT_TRUE(evolve(order, random_orders.next()).ok());
  const std::string bytes = encoded(order);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_order(std::string_view(bytes).substr(0, size)).ok()) << size;
  EXPECT_FALSE(decode_order(bytes + "x").ok());
  std::string newer = bytes;
  newer[0] = 3;
  EXPECT_FALSE(decode_order(newer).ok());
}

TEST(EventJson, AnEventComesBackFromItsDataWithAndWithoutTokens) {
  std::map<OrderId, Order> folded;
  fold_random_orders(5, [&](const Order& order, const Record& record) {
    const std::string text = data_of(record.event);
    const auto bare = parse_event_data(type_of(record.event), text, std::nullopt);
    ASSERT_TRUE(bare.ok()) << bare.error().detail << " in " << text;
    EXPECT_EQ(data_of(*bare), text);
    const auto full =
        parse_event_data(type_of(record.event), text, TokenPair{order.input, order.output});
    ASSERT_TRUE(full.ok()) << full.error().detail;
    EXPECT_EQ(data_of(*full), text);
    // The event that was read back folds to the same order.
    Record copy = record;
    copy.event = *full;
    Order& twin = folded[record.order_id];
    ASSERT_TRUE(evolve(twin, copy).ok());
    EXPECT_EQ(encoded(twin), encoded(order));
  });
}

// Raydium has a quote of one pool, and one of a path, which is chosen; meteora has an equal path.
RouteSelected route_of_path() {
  RouteSelected route = test::route_event(1);
  route.quotes[0].lost_because = "3 bps less";
  VenueQuote of_path = test::route_event(1).quotes[0];
  of_path.path = {{"raydium-3", "USDT"}, {"raydium-5", "USDC"}};
  VenueQuote other = of_path;
  other.venue = "meteora";
  other.lost_because = "equal, and later in the order of the venues";
  VenueQuote estimate;
  estimate.venue = "raydium";
  estimate.path = {{"raydium-3", "USDT"}, {"raydium-6", "USDC"}};
  estimate.error = "not asked: its estimate is 5 bps less";
  estimate.lost_because = "no quote";
  route.quotes.insert(route.quotes.end(), {other, of_path, estimate});
  route.chosen = 2;
  return route;
}

TEST(EventJson, TheChosenQuoteIsFoundByItsVenueAndPath) {
  const RouteSelected route = route_of_path();
  const auto back = [](const Event& event) {
    return parse_event_data(type_of(event), data_of(event),
                            TokenPair{Token{"SOL", 9}, Token{"USDC", 6}});
  };
  const auto event = back(route);
  ASSERT_TRUE(event.ok()) << event.error().detail;
  const auto& read = std::get<RouteSelected>(*event);
  ASSERT_EQ(read.quotes.size(), 4U);
  EXPECT_EQ(read.chosen, 2U);
  EXPECT_EQ(data_of(read), data_of(route));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(read.quotes[i].path, route.quotes[i].path) << i;

  RouteSelected direct = route;
  direct.chosen = 0;
  const auto of_one_pool = back(direct);
  ASSERT_TRUE(of_one_pool.ok()) << of_one_pool.error().detail;
  EXPECT_EQ(std::get<RouteSelected>(*of_one_pool).chosen, 0U);
}

TEST(EventJson, APathComesBackFromItsTransaction) {
  TransactionBuilt built = test::built_event(test::order_id(1), 1);
  EXPECT_EQ(data_of(built).find("path"), std::string::npos);
  built.path = route_of_path().quotes[2].path;
  const std::string text = data_of(built);
  EXPECT_TRUE(text.ends_with(R"("path":[{"pool":"raydium-3","outputToken":"USDT"},)"
                             R"({"pool":"raydium-5","outputToken":"USDC"}]})"))
      << text;
  const auto event = parse_event_data(EventType::transaction_built, text,
                                      TokenPair{Token{"SOL", 9}, Token{"USDC", 6}});
  ASSERT_TRUE(event.ok()) << event.error().detail;
  EXPECT_EQ(std::get<TransactionBuilt>(*event).path, built.path);
}

TEST(EventJson, APathThatCannotBeReadIsNamed) {
  const std::string before = R"({"attempt":1,"quotes":[{"venue":"raydium","error":"x","path":)";
  for (const char* wrong : {"1", "[1]", R"([{"pool":"raydium-3"}])", R"([{"outputToken":"USDC"}])",
                            R"([{"pool":"123456789012345678901234567890123456789012345",)"
                            R"("outputToken":"USDC"}])"}) {
    const auto event =
        parse_event_data(EventType::route_selected, before + wrong + "}]}", std::nullopt);
    ASSERT_FALSE(event.ok()) << wrong;
    EXPECT_EQ(event.error().code, Errc::corrupt) << wrong;
  }
}

TEST(QuoteRows, HaveThePathAsText) {
  Record record;
  record.seq = 4;
  record.order_id = test::order_id(1);
  record.event = route_of_path();
  RowBuffer rows(quotes_table.columns.size());
  append_quote_rows(rows, record);
  ASSERT_EQ(rows.rows(), 4U);
  const auto column = [](std::string_view name) {
    std::size_t at = 0;
    while (quotes_table.columns[at].name != name) ++at;
    return at;
  };
  const std::size_t path = column("path"), chosen = column("chosen");
  EXPECT_EQ(rows.field(0, path), std::nullopt);
  EXPECT_EQ(rows.field(1, path), "raydium-3>USDT>raydium-5");
  EXPECT_EQ(rows.field(2, path), "raydium-3>USDT>raydium-5");
  EXPECT_EQ(rows.field(3, path), "raydium-3>USDT>raydium-6");
  EXPECT_EQ(rows.field(0, chosen), "false");
  EXPECT_EQ(rows.field(2, chosen), "true");
}

TEST(EventJson, MissingMembersAreNamed) {
  const auto event =
      parse_event_data(EventType::order_failed, R"({"attempt":1,"error":"x"})", std::nullopt);
  ASSERT_FALSE(event.ok());
  EXPECT_NE(event.error().detail.find("errorClass"), std::string::npos);
  EXPECT_FALSE(parse_event_data(EventType::order_failed, "[1]", std::nullopt).ok());
  EXPECT_FALSE(parse_event_data(EventType::order_failed, "{", std::nullopt).ok());
}

TEST(RowBuffer, CopyTextEscapesTheCharactersThatCopyInterprets) {
  RowBuffer rows(3);
  rows.text("a\tb\nc\rd\\e").null().text("\\N");
  rows.number(std::uint64_t{18'446'744'073'709'551'615U}).decimal({1'500, 3}).boolean(false);
  std::string text;
  rows.append_copy_text(text);
  EXPECT_EQ(text, "a\\tb\\nc\\rd\\\\e\t\\N\t\\\\N\n18446744073709551615\t1.5\tfalse\n");
  EXPECT_EQ(rows.rows(), 2U);
  EXPECT_EQ(rows.field(0, 0), "a\tb\nc\rd\\e");
  EXPECT_EQ(rows.field(0, 1), std::nullopt);
}

TEST(RowBuffer, BytesThatPostgresRefusesBecomeReplacementCharacters) {
  RowBuffer rows(1);
  rows.text(std::string_view("a\0b", 3));
  rows.text("\xC3\x28 \xE2\x82 \xF0\x9F\x9A\x80 \xED\xA0\x80");
  rows.json(R"({"a":"x\u0000y","b":"\\u0000","c":"\\\u0000"})");
  EXPECT_EQ(rows.field(0, 0),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(rows.field(1, 0),
            "\xEF\xBF\xBD( \xEF\xBF\xBD\xEF\xBF\xBD \xF0\x9F\x9A\x80 "
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(rows.field(2, 0), R"({"a":"x\ufffdy","b":"\\u0000","c":"\\\ufffd"})");
}

TEST(ExactText, TransactionHashesComeBackFromBase58) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 2'000; ++i) {
    TxHash hash;
    for (auto& byte : hash.bytes) byte = static_cast<std::uint8_t>(random());
    for (int zeros = 0; zeros < i % 5; ++zeros) hash.bytes[static_cast<std::size_t>(zeros)] = 0;
    const auto back = parse_tx_hash(to_text(hash));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, hash);
  }
  EXPECT_EQ(*parse_tx_hash(to_text(TxHash{})), TxHash{});
  EXPECT_FALSE(parse_tx_hash("").ok());
  EXPECT_FALSE(parse_tx_hash("0OIl").ok());
  EXPECT_FALSE(parse_tx_hash(std::string(88, 'z')).ok());
}

TEST(ExactText, DecimalsKeepTheirValueAtEveryScale) {
  EXPECT_EQ(*parse_exact_decimal("1.5", 9), (Decimal{1'500'000'000, 9}));
  EXPECT_EQ(*parse_exact_decimal("1.5", 0), (Decimal{15, 1}));
  EXPECT_EQ(*parse_exact_decimal("18446744073709551615", 18),
            (Decimal{18'446'744'073'709'551'615U, 0}));
  EXPECT_FALSE(parse_exact_decimal("18446744073709551616", 0).ok());
  EXPECT_FALSE(parse_exact_decimal("0.0000000000000000001", 0).ok());
  EXPECT_FALSE(parse_exact_decimal("-1", 0).ok());
}

TEST(PageCursor, OnlyTokensOfThisListAreAccepted) {
  const std::string token = page_cursor(ListKind::orders, 12'345);
  EXPECT_EQ(*parse_page_cursor(ListKind::orders, token), 12'345U);
  EXPECT_EQ(parse_page_cursor(ListKind::dead_letters, token).error().code, Errc::invalid);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string broken = token;
    broken[i] = broken[i] == '1' ? '2' : '1';
    EXPECT_EQ(parse_page_cursor(ListKind::orders, broken).error().code, Errc::invalid) << i;
  }
  EXPECT_FALSE(parse_page_cursor(ListKind::orders, "x").ok());
  EXPECT_FALSE(parse_page_cursor(ListKind::orders, token + "0").ok());
  EXPECT_GT(*parse_page_cursor(ListKind::orders, ""), Seq{1} << 60);
}

TEST(RowsFor, OrdersAcceptedBeforeTheBatchAreChangedAndOthersAreNew) {
  RandomOrders random_orders(7);
  std::map<OrderId, Order> orders;
  const std::vector<Record> records = random_orders.take(200);
  ProjectionBatch batch;
  batch.from = 101;
  batch.end = 201;
  for (const Record& record : records) ASSERT_TRUE(evolve(orders[record.order_id], record).ok());
  std::size_t fresh = 0;
  for (std::size_t i = 100; i < 200; ++i) batch.records.push_back(&records[i]);
  for (const auto& [id, order] : orders) {
    if (order.last_seq < 101) continue;
    batch.orders.push_back(order);
    if (order.accepted_seq >= 101) ++fresh;
  }
  const ProjectionRows rows = rows_for(batch);
  EXPECT_EQ(rows.order_events.rows(), 100U);
  EXPECT_EQ(rows.new_orders.rows(), fresh);
  EXPECT_EQ(rows.changed_orders.rows(), batch.orders.size() - fresh);
  EXPECT_GT(fresh, 0U);
  EXPECT_GT(rows.changed_orders.rows(), 0U);
}

}  // namespace
}  // namespace oee
