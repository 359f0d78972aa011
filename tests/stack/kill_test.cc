// kill -9 in the middle of orders at faulty venues, ten times: nothing acknowledged is lost, every
// order ends, and the venue's own ledger holds at most one settlement per order.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/order/ids.h"
#include "core/venue/ledger.h"
#include "tests/support/engine_process.h"

namespace oee::test {
namespace {

constexpr int orders_total = 2'000;
constexpr int kills = 10;

// Submits with a key of its own for each order, and again with the same key until it is answered.
class Submitter {
 public:
  explicit Submitter(std::uint16_t port) : client_(port, std::chrono::seconds(5)) {}

  // One try for the next order; what was answered is what the engine now owes.
  void submit_next() {
    const std::string key = "order-" + std::to_string(next_);
    const HttpReply reply = client_.post("/v1/orders", order_body(key));
    if (reply.status == 202) {
      const std::string id = text_at(parse_json(reply.body), "orderId");
      const auto [at, fresh] = acknowledged_.emplace(key, id);
      EXPECT_EQ(at->second, id) << "one key, two orders";
      ++next_;
    } else {
      EXPECT_TRUE(reply.status == 0 || reply.status == 503) << reply.status << " " << reply.body;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  // Asks again with a key that was answered before: the answer must be the same.
  void repeat(int n) {
    const std::string key = "order-" + std::to_string(n);
    const HttpReply reply = client_.post("/v1/orders", order_body(key));
    ASSERT_EQ(reply.status, 202) << reply.body;
    EXPECT_EQ(text_at(parse_json(reply.body), "orderId"), acknowledged_.at(key));
    EXPECT_EQ(reply.headers.count("idempotent-replayed"), 1U);
  }
  int submitted() const { return next_; }
  const std::map<std::string, std::string>& acknowledged() const { return acknowledged_; }

 private:
  HttpClient client_;
  int next_ = 0;
  std::map<std::string, std::string> acknowledged_;
};

struct Confirmed {
  std::string amount_out;
  std::string tx_hash;
};

TEST(Kill, NothingAcknowledgedIsLostAndNothingSettlesTwice) {
  TemporaryDirectory dir;
  EngineProcess engine(
      dir.path() / "data",
      {"--venue-delay", "0ms-20ms", "--quote-delay", "0ms-5ms", "--backoff", "50ms", "--log-level",
       "warn", "--venue-faults",
       "lose-request=0.05,lose-reply=0.05,duplicate=0.05,late=0.05:100ms,reject=0.05,move=5"});
  engine.start();
  Submitter submitter(engine.port());
  for (int kill = 0; kill < kills; ++kill) {
    const int target = orders_total * (kill + 1) / (kills + 1);
    while (submitter.submitted() < target) submitter.submit_next();
    engine.kill_hard();
    engine.start();
    // Acknowledged before the kill: there, under the same id.
    HttpClient client(engine.port());
    for (const auto& [key, id] : submitter.acknowledged()) {
      if (id.empty()) continue;
      const HttpReply found = client.get("/v1/orders/" + id);
      ASSERT_EQ(found.status, 200) << key << " " << id << " after kill " << kill;
      EXPECT_EQ(text_at(parse_json(found.body), "clientOrderId"), key);
    }
    submitter.repeat(target - 1);
  }
  while (submitter.submitted() < orders_total) submitter.submit_next();

  ASSERT_TRUE(EngineProcess::eventually(120, [&] { return engine.figure("openOrders") == 0; }))
      << engine.figure("openOrders") << " orders are open\n"
      << engine.log_text();
  std::map<std::string, Confirmed> confirmed;  // by order id
  std::map<std::string, int> by_status;
  HttpClient client(engine.port());
  for (const auto& [key, id] : submitter.acknowledged()) {
    const auto order = parse_json(client.get("/v1/orders/" + id).body);
    ++by_status[text_at(order, "status")];
    if (text_at(order, "status") == "confirmed")
      confirmed[id] = {text_at(order, "amountOut"), text_at(order, "txHash")};
  }
  EXPECT_EQ(by_status["confirmed"] + by_status["failed"], orders_total);
  EXPECT_GT(by_status["confirmed"], orders_total * 9 / 10);
  ASSERT_EQ(engine.stop(), 0) << engine.log_text();

  const auto verified = run({program("log-dump"), "verify", engine.data_dir().string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;

  // The venue's side: every settlement belongs to one order's attempt; no order has two.
  std::map<std::string, std::string> order_of;  // venue order id → order id
  for (const auto& [key, id] : submitter.acknowledged())
    for (Attempt attempt = 1; attempt <= 3; ++attempt)
      order_of[to_text(venue_order_id_of(*parse_order_id(id), attempt))] = id;
  std::map<std::string, int> settlements;
  const auto audit = audit_ledger(engine.data_dir() / "venue", [&](const SettledTrade& trade) {
    const auto found = order_of.find(to_text(trade.id));
    ASSERT_NE(found, order_of.end()) << "a settlement of no order";
    ++settlements[found->second];
    const auto confirmation = confirmed.find(found->second);
    ASSERT_NE(confirmation, confirmed.end()) << "a settlement without confirmation";
    EXPECT_EQ(confirmation->second.tx_hash, to_text(trade.tx_hash));
    EXPECT_EQ(confirmation->second.amount_out,
              to_text(Decimal{trade.amount_out, trade.output.decimals}));
  });
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  for (const auto& [id, count] : settlements) EXPECT_EQ(count, 1) << id;
  EXPECT_EQ(settlements.size(), confirmed.size());
}

}  // namespace
}  // namespace oee::test
