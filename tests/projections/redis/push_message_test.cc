// The CloudEvents envelope on Redis: an encoded update is decoded unchanged, and a malformed
// message is refused.
#include "projections/redis/push_message.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <random>

#include "projections/redis/json_members.h"
#include "tests/support/clients/contract.h"
#include "tests/support/log/sample_log.h"

namespace oee {
namespace {

namespace json = boost::json;

void expect_equal(const Update& a, const Update& b) {
  EXPECT_EQ(a.seq, b.seq);
  EXPECT_EQ(a.order_id, b.order_id);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.correlation, b.correlation);
  EXPECT_EQ(a.venue, b.venue);
  EXPECT_EQ(a.input, b.input);
  EXPECT_EQ(a.output, b.output);
  EXPECT_EQ(a.json, b.json);
  EXPECT_EQ(a.account, b.account);
}

test::SampleLog sample_with_every_event() {
  test::SampleLog sample;
  const OrderId id = test::order_id(1);
  for (std::uint32_t i = 0; i < test::usual_steps; ++i) sample.step(id);
  OutcomeUnknown unknown;
  unknown.seen = R"(a "quoted" } ] \ text with , and : and é)";
  sample.add(id, unknown);
  AttemptFailed attempt_failed;
  attempt_failed.detail = "Price moved 1.91% (max allowed: 1.01%)";
  sample.add(id, attempt_failed);
  OrderFailed failed;
  failed.detail = "{\"not\":\"json\"";
  sample.add(id, failed);
  sample.add(id, OrderCancelled{});
  sample.add(id, OrderExpired{});
  sample.add(id, DeadLetterRequeued{});
  sample.add(id, DeadLetterDiscarded{});
  sample.add(id, OutcomeResolved{});
  sample.add(id, OrderRested{});
  sample.add(id, OrderPartiallyFilled{});
  sample.add(id, CancelRequested{});
  sample.add(id, OrderAmended{});
  sample.add(engine_stream, TradingHalted{HaltScope::token, "USDC", "ops", "depeg"});
  sample.add(engine_stream, TradingResumed{19, "ops", "over"});
  sample.add(id, OrderTriggered{"raydium", {1'495, 1}, 7, {}});
  sample.add(engine_stream, RiskLimitsChanged{"oee/risk-limits/2\n", "engine", "reload"});
  for (const EventType type :
       {EventType::leg_built, EventType::leg_submitted, EventType::leg_outcome_unknown,
        EventType::leg_filled, EventType::leg_ended})
    sample.add(id, test::sample_event(type, id, 1));
  return sample;
}

std::string encode(const LogIdentity& log_id, const Update& update) {
  std::string out;
  append_push(out, log_id, update);
  return out;
}

// The attributes of CloudEvents' distributed tracing extension (W3C trace context).
TEST(PushMessage, TheEnvelopeCarriesTheTraceOfTheRequest) {
  const test::SampleLog sample = sample_with_every_event();
  Update update = update_of(sample.records()[10]);
  update.correlation = CorrelationId::from_bytes(*from_hex("4bf92f3577b34da6a3ce929d0e0e4736"));
  const json::value message = json::parse(encode(test::log_id(1), update));
  EXPECT_EQ(message.at("traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-000000000000000b-00");
  EXPECT_EQ(message.at("correlationid"), "4bf92f3577b34da6a3ce929d0e0e4736");
  update.correlation = {};
  const json::value without = json::parse(encode(test::log_id(1), update));
  EXPECT_FALSE(without.as_object().contains("traceparent"));
  EXPECT_FALSE(without.as_object().contains("correlationid"));
}

TEST(PushMessage, EveryEventComesBackAsItWasEncoded) {
  const test::SampleLog sample = sample_with_every_event();
  ASSERT_EQ(sample.head(), event_type_count);
  const LogId log_id = test::log_id(0xAB);
  for (const Record& record : sample.records()) {
    Update update = sample.update_at(record.seq);
    if (record.seq == 3) update.correlation = {};
    if (record.seq == 4) update.input = update.output = {};
    if (record.seq == 5) update.account.clear();
    const std::string text = encode(log_id, update);
    test::expect_contract_frame("redisEvents", text);
    test::expect_contract_frame("redisOrder", text);
    const auto push = decode_push(text);
    ASSERT_TRUE(push.ok()) << push.error().detail;
    EXPECT_EQ(push->log_id, log_id);
    expect_equal(push->update, update);
  }
}

TEST(PushMessage, TheEnvelopeIsCloudEvents) {
  test::SampleLog sample;
  const Update update = update_of(sample.step(test::order_id(5)));
  const json::value value = json::parse(encode(test::log_id(1), update));
  const json::object& envelope = value.as_object();
  EXPECT_EQ(envelope.at("specversion").as_string(), "1.0");
  EXPECT_EQ(envelope.at("id").as_string(), "01010101010101010101010101010101/1");
  EXPECT_EQ(envelope.at("source").as_string(), "urn:oee:log:01010101010101010101010101010101");
  EXPECT_EQ(envelope.at("type").as_string(), "io.oee.order.OrderAccepted.v1");
  EXPECT_EQ(envelope.at("subject").as_string(), to_text(update.order_id));
  EXPECT_EQ(envelope.at("sequence").as_string(), "00000000000000000001");
  EXPECT_EQ(envelope.at("datacontenttype").as_string(), "application/json");
  EXPECT_EQ(envelope.at("inputtoken").as_string(), "SOL");
  EXPECT_EQ(envelope.at("outputtoken").as_string(), "USDC");
  EXPECT_EQ(envelope.at("account").as_string(), "default");
  EXPECT_EQ(envelope.at("data"), json::parse(update.json));
}

TEST(PushMessage, MembersInAnyOrderAndUnknownOnesAreAccepted) {
  test::SampleLog sample;
  const Update update = update_of(sample.step(test::order_id(5)));
  const std::string text = encode(test::log_id(1), update);
  const auto members = json_members(text);
  ASSERT_TRUE(members.ok());
  std::string reversed = "{ \"later\" : [{\"data\":{}}, \"}\"] ";
  for (auto it = members->rbegin(); it != members->rend(); ++it)
    reversed += "\n, \"" + std::string(it->first) + "\" : " + std::string(it->second);
  reversed += " } \n";
  const auto push = decode_push(reversed);
  ASSERT_TRUE(push.ok()) << push.error().detail;
  expect_equal(push->update, update);
}

TEST(PushMessage, ExactNumbersOfTheUpdateAreKeptByteForByte) {
  test::SampleLog sample;
  for (std::uint32_t i = 0; i < test::usual_steps; ++i) sample.step(test::order_id(5));
  const Update update = update_of(sample.records().back());
  ASSERT_NE(update.json.find("\"executedPrice\":149.333333333333333"), std::string::npos)
      << update.json;
  const auto push = decode_push(encode(test::log_id(1), update));
  ASSERT_TRUE(push.ok());
  EXPECT_EQ(push->update.json, update.json);
}

TEST(PushMessage, ATruncatedMessageIsRefusedAtEveryLength) {
  test::SampleLog sample;
  const std::string text = encode(test::log_id(1), update_of(sample.step(test::order_id(5))));
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(decode_push(std::string_view(text).substr(0, size)).ok()) << size;
  EXPECT_FALSE(decode_push(text + "x").ok());
  EXPECT_FALSE(decode_push(text + text).ok());
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(PushMessage, WrongMembersAreRefused) {
  test::SampleLog sample;
  const std::string text = encode(test::log_id(1), update_of(sample.step(test::order_id(5))));
  const std::pair<std::string, std::string> changes[] = {
      {"\"specversion\":\"1.0\"", "\"specversion\":\"2.0\""},
      {"00000000000000000001", "00000000000000000002"},
      {"00000000000000000001", "1"},
      {"OrderAccepted", "OrderDreamt"},
      {"io.oee.order.", "io.other.order."},
      {"0101/1\"", "0101\""},
      {"0101/1\"", "0101/x\""},
      {"\"subject\":\"0", "\"subject\":\"z"},
      {"\"time\":\"2", "\"time\":\"x"},
      {"\"data\":{", "\"date\":{"},
      {"\"seq\":1", "\"seq\":2"},
      {"\"version\":1", "\"version\":-1"},
      {"\"correlationid\":\"", "\"correlationid\":\"q"}};
  ASSERT_TRUE(decode_push(text).ok());
  for (const auto& [from, to] : changes)
    EXPECT_FALSE(decode_push(replaced(text, from, to)).ok()) << from << " -> " << to;
}

// The data goes to clients byte by byte, and its first bytes, its lines and its seq are relied on.
TEST(PushMessage, DataThatNoEngineWritesIsRefused) {
  test::SampleLog sample;
  const OrderId id = test::order_id(5);
  const std::string text = encode(test::log_id(1), update_of(sample.step(id)));
  ASSERT_TRUE(decode_push(text).ok());
  std::string nested = "0";
  for (int i = 0; i < 7; ++i) nested = "[" + nested + "]";
  const std::pair<std::string, std::string> changes[] = {
      {R"("data":{"type":"update",)", R"("data":{ "type":"update",)"},
      {R"("data":{"type":"update",)", R"("data":{"type":"updates",)"},
      {R"("data":{"type":"update",)", R"("data":{)"},
      {R"("data":{"type":"update",)", "\"data\":{\"type\":\"update\",\n\n"},
      {R"("data":{"type":"update",)", R"("data":{"type":"update","x":)" + nested + ","},
      {R"("data":{"type":"update",)", R"("data":{"type":"update","x":1e99999999999,)"},
      {R"("data":{"type":"update",)", "\"data\":{\"type\":\"update\",\"x\":\"\xff\","},
      {R"("data":{"type":"update",)",
       R"("data":{"type":"update","x":")" + std::string(300'000, 'x') + "\","},
      {R"("orderId":")" + to_text(id), R"("orderId":")" + to_text(test::order_id(6))},
      {R"("data":{"type":"update",)", R"("data":{"type":"update","statu\u0073":"failed",)"},
      {R"("status":"pending")", R"("status":"confirmed")"}};
  for (const auto& [from, to] : changes) {
    EXPECT_FALSE(decode_push(replaced(text, from, to)).ok()) << to.substr(0, 80);
  }
  for (const Seq seq : {Seq{0}, Seq{1} << 63, ~Seq{0}}) {
    Record record = sample.records().front();
    record.seq = seq;
    EXPECT_FALSE(decode_push(encode(test::log_id(1), update_of(record))).ok()) << seq;
  }
  Record last = sample.records().front();
  last.seq = (Seq{1} << 63) - 1;
  EXPECT_TRUE(decode_push(encode(test::log_id(1), update_of(last))).ok());
  EXPECT_FALSE(decode_push(encode(LogId{}, update_of(last))).ok());
}

TEST(PushMessage, RandomDamageNeverCrashesTheDecoder) {
  test::SampleLog sample;
  const std::string text = encode(test::log_id(1), update_of(sample.step(test::order_id(5))));
  std::mt19937_64 random(42);
  const std::string_view alphabet = "{}[]\",:\\0 9eEn-\x01\xff";
  int refused = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string damaged = text;
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n)
      damaged[random() % damaged.size()] = alphabet[random() % alphabet.size()];
    if (!decode_push(damaged).ok()) ++refused;
    (void)decode_head_message(damaged);
  }
  EXPECT_GT(refused, 2'500);
}

TEST(PushMessage, TheEnvelopeCarriesTheEpoch) {
  const test::SampleLog sample = sample_with_every_event();
  const Update update = update_of(sample.records()[0]);
  const LogIdentity restored(test::log_id(1), LogEpoch{{0xAB}});
  const std::string text = encode(restored, update);
  EXPECT_EQ(json::parse(text).at("epoch"), "ab00000000000000");
  EXPECT_EQ(decode_push(text)->log_id, restored);
  std::string older = text;  // of an earlier release
  older.erase(older.find(R"("epoch":"ab00000000000000",)"), 27);
  const auto without = decode_push(older);
  ASSERT_TRUE(without.ok()) << without.error().detail;
  EXPECT_EQ(without->log_id, test::log_id(1));
}

TEST(PushMessage, TheHeadComesBack) {
  const std::string text = encode_head_message(test::log_id(9), 9'223'372'036'854'775'807ULL);
  test::expect_contract_frame("redisHead", encode_head_message(test::log_id(9), 7));
  EXPECT_EQ(text, R"({"logId":"09090909090909090909090909090909","epoch":"0000000000000000",)"
                  R"("seq":9223372036854775807})");
  const auto head = decode_head_message(text);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->log_id, test::log_id(9));
  EXPECT_EQ(head->head, 9'223'372'036'854'775'807ULL);
  const LogIdentity restored(test::log_id(9), LogEpoch{{1, 2, 3}});
  EXPECT_EQ(decode_head_message(encode_head_message(restored, 7))->log_id, restored);
  const auto older = decode_head_message(
      R"({"logId":"09090909090909090909090909090909","seq":7})");  // without an epoch
  ASSERT_TRUE(older.ok());
  EXPECT_EQ(older->log_id, test::log_id(9));
  for (const std::string_view bad :
       {"", "[]", "{}", R"({"seq":1})", R"({"logId":"09","seq":1})",
        R"({"logId":"09090909090909090909090909090909","epoch":"12","seq":1})",
        R"({"logId":"09090909090909090909090909090909","seq":-1})",
        R"({"logId":"09090909090909090909090909090909","seq":9223372036854775808})",
        R"({"logId":"09090909090909090909090909090909","seq":18446744073709551615})",
        R"({"logId":"00000000000000000000000000000000","seq":1})",
        R"({"logId":"09090909090909090909090909090909","seq":"1"})", R"({"logId":9,"seq":1})"})
    EXPECT_FALSE(decode_head_message(bad).ok()) << bad;
}

}  // namespace
}  // namespace oee
