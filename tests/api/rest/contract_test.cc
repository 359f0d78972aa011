// The contracts are served, document every route and no other, and the tests' own check of answers
// and frames finds deviations.
#include "tests/support/clients/contract.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <sstream>

#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

namespace json = boost::json;

TEST(Contract, EveryRouteIsDocumentedAndEveryDocumentedOperationIsServed) {
  std::set<std::string> served;
  TestApi api;
  for (const std::string& name : route_names(api.groups({.health = api.health}))) {
    EXPECT_TRUE(documented_operations().contains(name)) << name << " is not in openapi.yaml";
    served.insert(name);
  }
  for (const std::string& name : documented_operations())
    EXPECT_TRUE(served.contains(name)) << name << " is in openapi.yaml, and not served";
}

TEST(Contract, BothDocumentsAreServedAndKept) {
  TestApi api;
  for (const char* target : {"/openapi.json", "/asyncapi.json"}) {
    const HttpAnswer answer = api.get(target);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.content_type, "application/json");
    EXPECT_EQ(header_of(answer, "Cache-Control"), "no-cache");
    const json::object document = json::parse(answer.body).as_object();
    EXPECT_TRUE(document.contains("openapi") || document.contains("asyncapi"));
    const std::string etag = header_of(answer, "ETag");
    ASSERT_EQ(etag.size(), 34u);
    for (const auto& [known, status] : {std::pair<std::string, unsigned>{etag, 304},
                                        {"\"other\", W/" + etag, 304},
                                        {"*", 304},
                                        {"\"other\"", 200}}) {
      BeastRequest request(boost::beast::http::verb::get, target, 11);
      request.set(boost::beast::http::field::if_none_match, known);
      const HttpAnswer again = api.call(std::move(request));
      EXPECT_EQ(again.status, status) << known;
      EXPECT_EQ(again.body.empty(), status == 304);
      EXPECT_EQ(header_of(again, "ETag"), etag);
    }
  }
  EXPECT_NE(header_of(api.get("/"), "Link").find("</openapi.json>"), std::string::npos);
}

TEST(Contract, TheReasonsOfARefusedUpgradeAreDocumentedWhereItIs) {
  TestApi api;
  const json::value document = json::parse(api.get("/openapi.json").body);
  for (const char* path : {"/ws", "/api/orders/execute", "/api/orders/status", "/order/{id}"}) {
    std::string pointer(
        document.at("paths").at(path).at("get").at("responses").at("403").at("$ref").as_string());
    const std::string response = json::serialize(document.at_pointer(pointer.substr(1)));
    for (const char* code : {"\"foreign_origin\"", "\"forbidden\""})
      EXPECT_NE(response.find(code), std::string::npos) << path << ": " << code;
  }
}

// Every example of a body, by its name.
std::map<std::string, std::string> body_examples(TestApi& api, std::string_view method,
                                                 const std::string& path) {
  const json::value document = json::parse(api.get("/openapi.json").body);
  const json::value& content =
      document.at("paths").at(path).at(method).at("requestBody").at("content");
  std::map<std::string, std::string> bodies;
  for (const auto& [name, example] : content.at("application/json").at("examples").as_object())
    bodies[name] = json::serialize(example.at("value"));
  return bodies;
}

TEST(Contract, EveryExampleOfAnOrderIsAccepted) {
  TestApi api;
  std::set<std::pair<OrderType, TimeInForce>> seen;
  const std::string target = "/v1/quote?inputToken=SOL&outputToken=USDC&amount=1.5";
  const json::value quote_id = json::parse(api.get(target).body).at("quoteId");
  for (const auto& [name, body] : body_examples(api, "post", "/v1/orders")) {
    json::object order = json::parse(body).as_object();
    if (order.contains("quoteId")) order["quoteId"] = quote_id;  // one of this process
    const HttpAnswer answer = api.place(json::serialize(order));
    EXPECT_EQ(answer.status, 202u) << name << ": " << answer.body;
    if (answer.status == 202)
      seen.emplace(api.orders.placed.back().type, api.orders.placed.back().time_in_force);
  }
  using enum TimeInForce;
  const std::set<std::pair<OrderType, TimeInForce>> all = {
      {OrderType::market, by_type}, {OrderType::market, gtt}, {OrderType::market, fok},
      {OrderType::limit, gtc},      {OrderType::limit, gtt},  {OrderType::limit, ioc},
      {OrderType::limit, fok},      {OrderType::twap, gtc},   {OrderType::twap, gtt},
      {OrderType::stop, gtc},       {OrderType::sniper, gtc}};
  EXPECT_EQ(seen, all);
}

TEST(Contract, EveryExampleOfAnAmendmentIsAccepted) {
  TestApi api;
  const auto orders = body_examples(api, "post", "/v1/orders");
  for (const auto& [name, body] : body_examples(api, "patch", "/v1/orders/{id}")) {
    const HttpAnswer placed = api.place(orders.at(name == "trigger" ? "stopLoss" : "limitGtc"));
    BeastRequest request(boost::beast::http::verb::patch, header_of(placed, "Location"), 11);
    request.set(boost::beast::http::field::content_type, "application/json");
    request.set(boost::beast::http::field::if_match, header_of(placed, "ETag"));
    request.body() = body;
    const HttpAnswer answer = api.call(std::move(request));
    EXPECT_EQ(answer.status, 202u) << name << ": " << answer.body;
  }
}

TEST(Contract, EveryExampleOfAPoolIsOpened) {
  TestApi api(false, true);
  std::set<PoolKind> seen;
  for (const auto& [name, body] : body_examples(api, "post", "/test/pools")) {
    BeastRequest request(boost::beast::http::verb::post, "/test/pools", 11);
    request.set(boost::beast::http::field::content_type, "application/json");
    request.body() = body;
    const HttpAnswer answer = api.call(std::move(request));
    EXPECT_EQ(answer.status, 200u) << name << ": " << answer.body;
    if (answer.status == 200) seen.insert(api.venues.openings.back().kind);
  }
  EXPECT_EQ(seen.size(), pool_kind_names.size());
}

TEST(Contract, EveryExampleOfAMessageIsAsDocumented) {
  TestApi api;
  const json::value document = json::parse(api.get("/asyncapi.json").body);
  const json::value& messages = document.at("components").at("messages");
  std::set<std::string> events;
  for (const auto& [name, message] : messages.as_object()) {
    if (!message.as_object().contains("examples")) continue;
    for (const json::value& example : message.at("examples").as_array()) {
      const std::string channel = name == "close" ? "stream" : "ws";
      const std::string frame = json::serialize(example.at("payload"));
      EXPECT_EQ(wrong_frame(channel, frame), "") << frame;
      if (name == "update") events.emplace(example.at("payload").at("event").as_string());
    }
  }
  for (const char* event :
       {"OrderRested", "OrderTriggered", "OrderPartiallyFilled", "OrderAmended", "CancelRequested",
        "TradingHalted", "TradingResumed", "RiskLimitsChanged"})
    EXPECT_TRUE(events.contains(event)) << event;
}

SeenAnswer usual_answer() {
  return {"POST",
          "/v1/orders",
          202,
          {{"content-type", "application/json"},
           {"x-request-id", "a-1"},
           {"etag", "\"1\""},
           {"location", "/v1/orders/01a1fde3-c4aa-7001-bf2f-8722643334e3"}},
          R"({"orderId":"01a1fde3-c4aa-7001-bf2f-8722643334e3","status":"pending","seq":1})"};
}
SeenAnswer usual_problem() {
  return {"GET",
          "/v1/orders/x?at=1",
          404,
          {{"content-type", "application/problem+json"}, {"x-request-id", "a-1"}},
          R"({"type":"urn:oee:problem:not_found","title":"t","status":404,"detail":"d",)"
          R"("code":"not_found","requestId":"a-1"})"};
}
std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(Contract, AnAnswerThatIsNotAsDocumentedIsFound) {
  EXPECT_EQ(wrong_answer(usual_answer()), "");
  EXPECT_EQ(wrong_answer(usual_problem()), "");
  const auto wrong = [](const char* what, SeenAnswer answer) {
    EXPECT_NE(wrong_answer(answer), "") << what;
  };
  const auto with_body = [](const std::string& what, const std::string& with) {
    SeenAnswer answer = usual_answer();
    answer.body = replaced(answer.body, what, with);
    return answer;
  };
  wrong("a member more", with_body("\"seq\":1", R"("seq":1,"extra":2)"));
  wrong("a member less", with_body(R"(,"seq":1)", ""));
  wrong("another type", with_body("\"seq\":1", R"("seq":"1")"));
  wrong("another name", with_body("\"seq\"", "\"Seq\""));
  wrong("no status", with_body("pending", "waiting"));
  wrong("no id", with_body("01a1fde3-", ""));
  wrong("not JSON", with_body("}", ""));
  SeenAnswer answer = usual_answer();
  answer.status = 200;
  wrong("an undocumented status", answer);
  answer = usual_answer();
  answer.headers.erase("location");
  wrong("no Location", answer);
  answer = usual_answer();
  answer.headers.erase("x-request-id");
  wrong("no request id", answer);
  SeenAnswer list{
      "GET",
      "/v1/orders",
      200,
      {{"content-type", "application/json"}, {"x-request-id", "a-1"}, {"oee-as-of-seq", "7"}},
      R"({"items":[]})"};
  EXPECT_EQ(wrong_answer(list), "");
  list.headers.erase("oee-as-of-seq");
  wrong("a list without its position", list);
  answer = usual_answer();
  answer.headers["content-type"] = "text/plain";
  wrong("another content type", answer);
  answer = usual_answer();
  answer.target = "/v1/orderz";
  wrong("an undocumented path", answer);
  answer = usual_answer();
  answer.method = "PUT";
  wrong("an undocumented method", answer);

  const auto with_problem = [](const std::string& what, const std::string& with) {
    SeenAnswer problem = usual_problem();
    problem.body = replaced(problem.body, what, with);
    return problem;
  };
  wrong("an undocumented code", with_problem(R"("code":"not_found")", R"("code":"conflict")"));
  wrong("another status in the body", with_problem("404", "409"));
  wrong("another request id in the body", with_problem("a-1", "a-2"));
  wrong("no detail", with_problem(R"("detail":"d",)", ""));
}

TEST(Contract, AFrameThatIsNotAsDocumentedIsFound) {
  const std::string update =
      R"({"type":"update","n":1,"prevSeq":0,"orderId":"01a1fde3-c4aa-7001-bf2f-8722643334e3",)"
      R"("status":"pending","seq":1,"version":1,"ts":"2026-11-21T18:07:09.426078Z",)"
      R"("event":"OrderAccepted"})";
  for (const char* channel : {"ws", "stream"}) {
    EXPECT_EQ(wrong_frame(channel, update), "");
    for (const auto& [what, with] : {std::pair<std::string, std::string>{"\"n\":1,", ""},
                                     {"\"prevSeq\":0,", ""},
                                     {"\"n\":1", "\"n\":0"},
                                     {"\"n\":1", "\"n\":1,\"m\":2"},
                                     {"\"seq\":1", "\"seq\":-1"},
                                     {"pending", "waiting"},
                                     {"OrderAccepted", "OrderSeen"},
                                     {"\"update\"", "\"news\""},
                                     {"426078", "426"},
                                     {"{", "["}})
      EXPECT_NE(wrong_frame(channel, replaced(update, what, with)), "") << what << " -> " << with;
  }
  EXPECT_EQ(wrong_frame("ws", R"({"type":"pong"})"), "");
  EXPECT_NE(wrong_frame("stream", R"({"type":"pong"})"), "");
  EXPECT_NE(wrong_frame("ws", R"({"type":"error","code":"no_such","message":""})"), "");
  EXPECT_NE(wrong_frame("ws", "pong"), "");
}

}  // namespace
}  // namespace oee::test
