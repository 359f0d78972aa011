// Reads over the REST API: the seq that an answer is as of, and refusals.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "tests/api/rest/test_api.h"

namespace oee::test {
namespace {

// Places an order and returns its path.
std::string place(TestApi& rest) {
  const HttpAnswer placed = rest.place(R"({"inputToken":"SOL","outputToken":"USDC","amount":1.5})");
  return header_of(placed, "Location");
}

TEST(Reads, AStateIsAsOfNoSeqBeyondTheHead) {
  TestApi rest;
  place(rest);
  const std::string order = place(rest);  // seq 2
  rest.orders.position = 10;
  const auto as_of = [&](const std::string& query) {
    return header_of(rest.get(order + query), "OEE-As-Of-Seq");
  };
  EXPECT_EQ(as_of(""), "10");
  EXPECT_EQ(as_of("?at=2"), "2");
  EXPECT_EQ(as_of("?at=10"), "10");
  EXPECT_EQ(as_of("?at=11"), "10");  // record 11 may change the order
  rest.orders.position = 1;          // read before the order's last record came
  EXPECT_EQ(as_of("?at=11"), "2");
}

// TestApi checks each answer against openapi.yaml.
TEST(Reads, ReadsThatAreTooManyAreRefusedAsDocumented) {
  TestApi rest;
  const std::string order = place(rest);
  rest.orders.fail_with = Error{Errc::full, "the queue of a worker thread is full"};
  for (const std::string& target :
       {std::string("/v1/orders"), order, order + "/events", std::string("/v1/events"),
        std::string("/v1/dead-letters"), std::string("/v1/dead-letters/stats")})
    EXPECT_NE(rest.get(target).body.find(R"("code":"full")"), std::string::npos) << target;
}

}  // namespace
}  // namespace oee::test
