// Calls of TestApi that the tests of the endpoints share, and what their answers contain.
#pragma once

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "tests/api/rest/test_api.h"

namespace oee::test {

namespace json = boost::json;
namespace http = boost::beast::http;

inline const std::string good_body = R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5})";
inline const std::string unknown_id = "018f3c5e-7b1a-7cc2-9a53-8a1f2b3c4d5e";

inline std::string code_of(const HttpAnswer& answer) {
  const json::value problem = json::parse(answer.body);
  return std::to_string(answer.status) + " " + std::string(problem.at("code").as_string());
}
inline std::string text_of(const json::value& value) {
  return std::string(value.as_string());
}

inline HttpAnswer place_with(TestApi& rest, http::field, std::string_view name,
                             std::string_view value, const std::string& body = good_body) {
  BeastRequest request = TestApi::place_request(body);
  request.set({name.data(), name.size()}, boost::beast::string_view(value.data(), value.size()));
  return rest.call(std::move(request));
}
inline HttpAnswer place_with_key(TestApi& rest, std::string_view key,
                                 const std::string& body = good_body) {
  return place_with(rest, http::field::unknown, "Idempotency-Key", key, body);
}
inline HttpAnswer send(TestApi& rest, http::verb method, const std::string& target) {
  return rest.call(BeastRequest(method, target, 11));
}
// With If-Match and Idempotency-Key, those that are not empty.
inline HttpAnswer amend(TestApi& rest, const std::string& id, const std::string& body,
                        const std::string& if_match, const std::string& key = {}) {
  BeastRequest request(http::verb::patch, "/v1/orders/" + id, 11);
  request.set(http::field::content_type, "application/json");
  if (!if_match.empty()) request.set(http::field::if_match, if_match);
  if (!key.empty()) request.set("Idempotency-Key", key);
  request.body() = body;
  return rest.call(std::move(request));
}
inline OrderId place(TestApi& rest) {
  return *parse_order_id(text_of(json::parse(rest.place(good_body).body).at("orderId")));
}

}  // namespace oee::test
