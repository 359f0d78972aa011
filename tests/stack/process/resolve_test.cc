// An operator states the outcome of an attempt whose venue is no longer configured.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

using testing::HasSubstr;

const std::string some_hash = std::string(63, '1') + "2";  // 64 bytes

std::string settled_body(const std::string& amount_out, const std::string& hash = some_hash) {
  return R"({"attempt":1,"outcome":"settled","txHash":")" + hash + R"(","amountOut":")" +
         amount_out + R"(","fee":"0.003","why":"mail of the venue's operator"})";
}
const std::string not_settled_body =
    R"({"attempt":1,"outcome":"notSettled","why":"the venue has closed"})";

const std::string lost_venue = "meteora";

boost::json::value registry_in(const std::string& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return parse_json(text.str());
}

// The first start has the venue to lose alone, so every order goes there; the next has the others.
class LostVenue {
 public:
  LostVenue() : tokens_((dir_.path() / "tokens.json").string()) {
    configure(true);
    engine_ = std::make_unique<EngineProcess>(
        dir_.path() / "data",
        std::vector<std::string>{"--tokens-file", tokens_, "--quote-delay", "0ms", "--venue-faults",
                                 "lose-request=1", "--log-level", "warn"});
  }
  EngineProcess& engine() { return *engine_; }
  HttpClient client() { return HttpClient(engine_->port()); }

  // Orders with a live attempt, of which nobody knows whether the venue has it.
  std::vector<std::string> place_live(int count) {
    std::vector<std::string> ids;
    HttpClient trader = client();
    for (int i = 0; i < count; ++i)
      ids.push_back(text_at(parse_json(trader.post("/v1/orders", order_body()).body), "orderId"));
    for (const std::string& id : ids)
      EXPECT_TRUE(EngineProcess::eventually(20, [&] { return text(id, "outcome") == "unknown"; }));
    return ids;
  }
  boost::json::value order(const std::string& id) {
    return parse_json(client().get("/v1/orders/" + id).body);
  }
  std::string text(const std::string& id, const char* member) { return text_at(order(id), member); }
  HttpReply resolve(const std::string& id, const std::string& body, const std::string& key = {}) {
    std::map<std::string, std::string> headers;
    if (!key.empty()) headers["Idempotency-Key"] = key;
    return client().post("/v1/orders/" + id + "/resolve", body, headers);
  }
  void restart_without_venue() {
    engine_->kill_hard();
    configure(false);
    engine_->start();
  }

 private:
  // The venue that is lost, or the others.
  void configure(bool with_lost) {
    boost::json::value registry = registry_in(OEE_SOURCE_DIR "/schemas/tokens.json");
    boost::json::array& venues = registry.at("venues").as_array();
    for (auto each = venues.begin(); each != venues.end();)
      each = (text_at(*each, "name") == lost_venue) == with_lost ? std::next(each)
                                                                 : venues.erase(each);
    std::ofstream(tokens_) << boost::json::serialize(registry);
  }

  TemporaryDirectory dir_;
  const std::string tokens_;
  std::unique_ptr<EngineProcess> engine_;
};

TEST(Resolve, AnOperatorEndsAttemptsAtAVenueThatIsNotConfigured) {
  LostVenue lost;
  ASSERT_NO_FATAL_FAILURE(lost.engine().start());
  const std::vector<std::string> ids = lost.place_live(3);
  const std::string& sold = ids[0];
  const std::string& unsold = ids[1];
  const std::string& open = ids[2];
  for (const std::string& id : ids) ASSERT_EQ(lost.text(id, "venue"), lost_venue);
  const HttpReply asked = lost.resolve(sold, not_settled_body);
  EXPECT_EQ(asked.status, 409) << asked.body;
  EXPECT_THAT(asked.body, HasSubstr("the engine asks " + lost_venue));

  ASSERT_NO_FATAL_FAILURE(lost.restart_without_venue());
  EXPECT_THAT(lost.engine().log_text(), HasSubstr("venue is not configured"));
  EXPECT_EQ(lost.engine().health_number("unknownOutcomes"), 3U);
  EXPECT_EQ(lost.resolve("01a1fde3-c4aa-7001-bf2f-8722643334e3", not_settled_body).status, 404);
  for (const auto& [body, pointer] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "/attempt"},
           {R"({"attempt":1,"outcome":"perhaps","why":"?"})", "/outcome"},
           {R"({"attempt":1,"outcome":"notSettled","fee":"1","why":"?"})", "/fee"},
           {R"({"attempt":1,"outcome":"notSettled","why":"?","who":"me"})", "/who"},
           {settled_body("224", "no-hash"), "/txHash"},
           {settled_body("0.0000001"), "/amountOut"}}) {
    const HttpReply refused = lost.resolve(sold, body);
    EXPECT_EQ(refused.status, 422) << body;
    EXPECT_THAT(refused.body, HasSubstr("\"pointer\":\"" + pointer + "\"")) << body;
  }
  EXPECT_EQ(lost.resolve(sold, settled_body("0.000001")).status, 422) << "below min_out";
  std::string another = not_settled_body;
  another.replace(another.find("1"), 1, "2");
  EXPECT_EQ(lost.resolve(sold, another).status, 409);

  const std::string amount = lost.text(sold, "minOut");
  const HttpReply settled = lost.resolve(sold, settled_body(amount), "mail-7");
  ASSERT_EQ(settled.status, 202) << settled.body;
  const HttpReply failed = lost.resolve(unsold, not_settled_body, "mail-8");
  ASSERT_EQ(failed.status, 202) << failed.body;
  EXPECT_EQ(lost.resolve(sold, settled_body(amount), "mail-9").status, 409) << "it has ended";

  ASSERT_NO_FATAL_FAILURE(lost.restart_without_venue());
  const HttpReply again = lost.resolve(sold, settled_body(amount), "mail-7");
  EXPECT_EQ(again.body, settled.body);
  EXPECT_EQ(again.headers.count("idempotent-replayed"), 1U);
  EXPECT_EQ(lost.resolve(sold, not_settled_body, "mail-7").status, 422);
  EXPECT_EQ(lost.text(sold, "status"), "confirmed");
  EXPECT_EQ(lost.text(sold, "amountOut"), amount);
  EXPECT_EQ(lost.text(sold, "txHash"), some_hash);
  EXPECT_EQ(text_at(lost.order(sold).at("legs").at(0), "status"), "filled");
  EXPECT_EQ(text_at(lost.order(unsold).at("legs").at(0), "status"), "expired");
  EXPECT_EQ(text_at(lost.order(open).at("legs").at(0), "status"), "unknown");
  EXPECT_EQ(lost.text(unsold, "status"), "failed");
  EXPECT_EQ(lost.text(unsold, "errorClass"), "attempt_expired");
  EXPECT_EQ(lost.text(open, "status"), "submitted");
  EXPECT_EQ(lost.engine().health_number("unknownOutcomes"), 1U);
  const std::string events = lost.client().get("/v1/orders/" + sold + "/events").body;
  EXPECT_THAT(events, HasSubstr("\"by\":\"default\",\"why\":\"mail of the venue's operator\""));
  // A requeue trades it at the other venue.
  EXPECT_EQ(lost.client().post("/v1/dead-letters/" + unsold + "/requeue", {}).status, 202);
  EXPECT_TRUE(EngineProcess::eventually(
      10, [&] { return lost.order(unsold).at("attempts").as_int64() == 2; }));
  lost.engine().kill_hard();
  const auto audit = run({program("log-dump"), "verify", lost.engine().data_dir().string()}, 120);
  EXPECT_EQ(audit.exit_code, 0) << audit.out;
  EXPECT_THAT(audit.out, HasSubstr("resolved by an operator: 2 outcomes\n"));
}

}  // namespace
}  // namespace oee::test
