// The role `own` on streams: WebSocket, server-sent events and the dialects' sockets send updates
// of the token's account alone, and an order of another account does not exist.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <set>

#include "tests/api/push/test_stream.h"
#include "tests/support/clients/sse_client.h"
#include "tests/support/clients/ws_client.h"

namespace oee::test {
namespace {

const std::string channel = "/v1/stream?channel=orders&after=0";

class OwnStreams : public testing::Test {
 protected:
  // The orders 1 and 3 are Alice's, 2 and 4 are Bob's. The last record, 25, is of no order.
  OwnStreams() {
    for (std::uint32_t step = 0; step < usual_steps; ++step) {
      for (std::uint64_t number = 1; number <= 4; ++number) {
        Event event = usual_event(order_id(number), step);
        if (auto* accepted = std::get_if<OrderAccepted>(&event))
          accepted->account = number % 2 == 1 ? "alice" : "bob";
        sample_.add(order_id(number), std::move(event));
      }
    }
    sample_.add(engine_stream, TradingHalted{HaltScope::account, "alice", "ops", "depeg"});
    TestStreamOptions options;
    options.access = &access_;
    stream_.emplace(sample_, options);
  }
  SseOptions sse_as(const NewToken& token) const {
    SseOptions options;
    options.headers = {{"Authorization", "Bearer " + token.secret}};
    return options;
  }
  std::unique_ptr<WsClient> ws_as(const NewToken& token, const std::string& target = "/ws") {
    WsClientOptions options;
    options.target = target;
    options.headers = {{"Authorization", "Bearer " + token.secret}};
    return std::make_unique<WsClient>(stream_->port(), options);
  }
  // The orders of the updates that the frames carry, until `count` updates came.
  template <class Next>
  static std::vector<std::string> orders_of(Next next, std::size_t count) {
    std::vector<std::string> orders;
    while (orders.size() < count) {
      const std::optional<std::string> frame = next();
      if (!frame) break;
      const auto message = boost::json::parse(*frame).as_object();
      if (message.at("type") == "updates") {
        for (const auto& update : message.at("updates").as_array())
          orders.emplace_back(update.at("orderId").as_string());
      }
      if (message.at("type") == "update") orders.emplace_back(message.at("orderId").as_string());
    }
    return orders;
  }
  static void expect_only(const std::vector<std::string>& orders, std::size_t count,
                          std::initializer_list<int> numbers) {
    EXPECT_EQ(orders.size(), count);
    std::set<std::string> expected;
    for (const int number : numbers)
      expected.insert(to_text(order_id(static_cast<std::uint64_t>(number))));
    EXPECT_EQ(std::set<std::string>(orders.begin(), orders.end()), expected);
  }
  std::string id(std::uint64_t number) const { return to_text(order_id(number)); }

  const NewToken alice_ = *make_token("alice:own");
  const NewToken bob_ = *make_token("bob:own");
  const NewToken reader_ = *make_token("desk:read");
  const std::string lines_ = alice_.line + "\n" + bob_.line + "\n" + reader_.line + "\n";
  Access access_{std::make_shared<const AccessList>(*AccessList::parse(lines_))};
  SampleLog sample_;
  std::optional<TestStream> stream_;
};

TEST_F(OwnStreams, TheChannelCarriesTheOwnOrdersFromHistoryAndLive) {
  stream_->publish(1, 13);
  ASSERT_TRUE(eventually([&] { return stream_->position() == 12; }));
  SseClient sse(stream_->port(), channel, sse_as(alice_));
  SseClient all(stream_->port(), channel, sse_as(reader_));
  const auto plain = ws_as(alice_);
  const auto batch = ws_as(alice_);
  ASSERT_TRUE(plain->open() && batch->open());
  plain->send(R"({"type":"subscribe","channel":"orders","after":0})");
  batch->send(R"({"type":"subscribe","channel":"orders","after":0,"batch":true})");
  const auto next_sse = [](SseClient& client) {
    return [&client]() -> std::optional<std::string> {
      const auto event = client.next_event(10);
      if (!event) return std::nullopt;
      return event->data;
    };
  };
  expect_only(orders_of(next_sse(sse), 6), 6, {1, 3});
  expect_only(orders_of([&] { return plain->read(); }, 6), 6, {1, 3});
  expect_only(orders_of([&] { return batch->read(); }, 6), 6, {1, 3});
  expect_only(orders_of(next_sse(all), 12), 12, {1, 2, 3, 4});
  stream_->publish(13, 25);
  expect_only(orders_of(next_sse(sse), 6), 6, {1, 3});
  expect_only(orders_of([&] { return plain->read(); }, 6), 6, {1, 3});
  expect_only(orders_of([&] { return batch->read(); }, 6), 6, {1, 3});
  expect_only(orders_of(next_sse(all), 12), 12, {1, 2, 3, 4});
  // Nothing else came.
  EXPECT_FALSE(plain->read(std::chrono::milliseconds(50)).has_value());
}

TEST_F(OwnStreams, AHaltOfTradingIsNoUpdateOfAnAccount) {
  stream_->publish(1, 25);
  ASSERT_TRUE(eventually([&] { return stream_->position() == 24; }));
  const auto own = ws_as(alice_);
  const auto of_account = ws_as(reader_);
  const auto all = ws_as(reader_);
  ASSERT_TRUE(own->open() && of_account->open() && all->open());
  const std::string subscribe = R"({"type":"subscribe","channel":"orders","after":0)";
  own->send(subscribe + "}");
  of_account->send(subscribe + R"(,"account":["alice"]})");
  all->send(subscribe + "}");
  expect_only(orders_of([&] { return own->read(); }, 12), 12, {1, 3});
  expect_only(orders_of([&] { return of_account->read(); }, 12), 12, {1, 3});
  expect_only(orders_of([&] { return all->read(); }, 24), 24, {1, 2, 3, 4});
  for (WsClient* client : {own.get(), of_account.get(), all.get()}) {
    const auto caught_up = client->read();
    EXPECT_NE(caught_up.value_or("").find("caughtUp"), std::string::npos);
  }
  stream_->publish(25, 26);
  EXPECT_EQ(orders_of([&] { return all->read(); }, 1),
            std::vector<std::string>{to_text(engine_stream)});
  EXPECT_FALSE(own->read(std::chrono::milliseconds(50)).has_value());
  EXPECT_FALSE(of_account->read(std::chrono::milliseconds(50)).has_value());
}

TEST_F(OwnStreams, AnOrderOfAnotherAccountDoesNotExist) {
  stream_->publish(1, 25);
  ASSERT_TRUE(eventually([&] { return stream_->position() == 24; }));
  const std::string unknown = id(99);
  for (const char* after : {"", R"(,"after":0)"}) {
    const auto ask = [&](const NewToken& token, const std::string& order) {
      const auto socket = ws_as(token);
      EXPECT_TRUE(socket->open());
      socket->send(R"({"type":"subscribe","orderId":")" + order + "\"" + after + "}");
      return socket->read().value_or("");
    };
    const std::string refused = ask(alice_, id(2));
    EXPECT_NE(refused.find("not_found"), std::string::npos) << refused;
    EXPECT_EQ(refused, ask(alice_, unknown));
    EXPECT_EQ(ask(alice_, id(1)).find("not_found"), std::string::npos);
    EXPECT_EQ(ask(bob_, id(2)).find("not_found"), std::string::npos);
    EXPECT_EQ(ask(reader_, id(2)).find("not_found"), std::string::npos);
  }
  const auto status = [&](const NewToken& token, const std::string& order) {
    return SseClient(stream_->port(), "/v1/stream?orderId=" + order, sse_as(token)).status();
  };
  EXPECT_EQ(status(alice_, id(2)), 404);
  EXPECT_EQ(status(alice_, unknown), 404);
  EXPECT_EQ(status(alice_, id(1)), 200);
  EXPECT_EQ(status(reader_, id(2)), 200);
}

TEST_F(OwnStreams, TheDialectsSocketsKnowNoOrderOfAnotherAccount) {
  stream_->publish(1, 25);
  ASSERT_TRUE(eventually([&] { return stream_->position() == 24; }));
  for (const std::string before : {"/ws?orderId=", "/order/", "/api/orders/execute?orderId="}) {
    SCOPED_TRACE(before);
    const auto first_frame = [&](const std::string& order) {
      std::string frame = ws_as(alice_, before + order)->read().value_or("");
      for (std::size_t at = frame.find(order); at != frame.npos; at = frame.find(order))
        frame.replace(at, order.size(), "ID");
      const std::size_t time = frame.find("\"timestamp\":");
      return frame.substr(0, time);
    };
    const std::string refused = first_frame(id(2));
    EXPECT_NE(refused.find("there is no such order"), std::string::npos) << refused;
    EXPECT_EQ(refused, first_frame(id(99)));
    EXPECT_EQ(first_frame(id(1)).find("there is no such order"), std::string::npos);
  }
  for (const char* target : {"/api/orders/execute", "/api/orders/status"}) {
    const auto socket = ws_as(alice_, target);
    ASSERT_TRUE(socket->open());
    socket->send(id(2));
    EXPECT_NE(socket->read().value_or("").find("there is no such order"), std::string::npos);
  }
}

TEST_F(OwnStreams, AnotherAccountCannotBeNamed) {
  const auto socket = ws_as(alice_);
  ASSERT_TRUE(socket->open());
  for (const char* account : {R"(["bob"])", R"(["alice","bob"])"}) {
    socket->send(std::string(R"({"type":"subscribe","channel":"orders","account":)") + account +
                 "}");
    const std::string frame = socket->read().value_or("");
    EXPECT_NE(frame.find("must be the account of the token"), std::string::npos) << frame;
  }
  EXPECT_EQ(SseClient(stream_->port(), channel + "&account=bob", sse_as(alice_)).status(), 422);
  EXPECT_EQ(SseClient(stream_->port(), channel + "&account=alice", sse_as(alice_)).status(), 200);
}

TEST_F(OwnStreams, StreamsEndWhenTheirTokenExpiresOrLosesTheirAddress) {
  stream_->publish(1, 25);
  ASSERT_TRUE(eventually([&] { return stream_->position() == 24; }));
  for (const char* condition : {" expires=2026-01-01T00:00:00Z", " from=10.0.0.0/8"}) {
    SCOPED_TRACE(condition);
    stream_->change_access(
        [&] { access_.set_list(std::make_shared<const AccessList>(*AccessList::parse(lines_))); });
    const auto gone = ws_as(alice_);
    const auto kept = ws_as(bob_);
    ASSERT_TRUE(gone->open() && kept->open());
    SseClient sse(stream_->port(), channel, sse_as(alice_));
    ASSERT_EQ(sse.status(), 200);
    std::string lines = lines_;
    lines.insert(alice_.line.size(), condition);
    stream_->change_access(
        [&] { access_.set_list(std::make_shared<const AccessList>(*AccessList::parse(lines))); });
    EXPECT_EQ(gone->wait_closed(), 1008);
    EXPECT_NE(sse.rest().find(R"("code":"unauthorized")"), std::string::npos);
    kept->send(R"({"type":"ping"})");
    EXPECT_TRUE(kept->read().has_value());
    EXPECT_EQ(ws_as(alice_)->http_status(), condition[1] == 'e' ? 401 : 403);
    EXPECT_EQ(SseClient(stream_->port(), channel, sse_as(alice_)).status(),
              condition[1] == 'e' ? 401 : 403);
  }
}

// A stream that shows every account ends when its token may see one account only.
TEST_F(OwnStreams, AStreamEndsWhenItsTokenSeesLess) {
  const auto desk = ws_as(reader_);
  const auto own = ws_as(alice_);
  ASSERT_TRUE(desk->open() && own->open());
  std::string less = lines_;
  less.replace(less.find("desk read"), 9, "desk own");
  std::string more = less;
  more.replace(more.find("alice own"), 9, "alice read");
  stream_->change_access(
      [&] { access_.set_list(std::make_shared<const AccessList>(*AccessList::parse(more))); });
  EXPECT_EQ(desk->wait_closed(), 1008);
  own->send(R"({"type":"ping"})");
  EXPECT_TRUE(own->read().has_value());
}

}  // namespace
}  // namespace oee::test
