// Checks answers and frames against the contracts schemas/openapi.yaml and asyncapi.yaml, as built
// into the programs. The check is stricter than a client should be: an undocumented member is
// wrong. Any thread.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace oee::test {

struct SeenAnswer {
  std::string method;
  std::string target;
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Made from Beast's `response` to that request.
template <class Response>
SeenAnswer seen_answer(std::string method, std::string target, const Response& response) {
  SeenAnswer seen{std::move(method),
                  std::move(target),
                  static_cast<int>(response.result_int()),
                  {},
                  response.body()};
  for (const auto& field : response) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    seen.headers[name] = std::string(field.value());
  }
  return seen;
}

// Describes what is wrong with the answer. Empty: it is as documented.
std::string wrong_answer(const SeenAnswer& answer);
// The same for a frame on this channel: "ws", "stream", "dialectB" to "dialectE", "redisEvents",
// "redisOrder" or "redisHead".
std::string wrong_frame(std::string_view channel, std::string_view text);
// "GET /v1/orders/{id}" for every documented operation.
std::set<std::string> documented_operations();

// Test clients call these for every answer and frame. Outside of a test they check nothing, because
// other programs use the clients too.
inline bool in_a_test() {
  return testing::UnitTest::GetInstance()->current_test_info() != nullptr;
}
inline void expect_contract(const SeenAnswer& answer) {
  if (!in_a_test()) return;
  if (const std::string wrong = wrong_answer(answer); !wrong.empty())
    ADD_FAILURE() << "not as in openapi.yaml: " << answer.method << ' ' << answer.target << " -> "
                  << answer.status << ": " << wrong << "\n"
                  << answer.body.substr(0, 2'000);
}
inline void expect_contract_frame(std::string_view channel, std::string_view text) {
  if (!in_a_test()) return;
  if (const std::string wrong = wrong_frame(channel, text); !wrong.empty())
    ADD_FAILURE() << "not as in asyncapi.yaml, on " << channel << ": " << wrong << "\n"
                  << text.substr(0, 2'000);
}

}  // namespace oee::test
