// Cross-origin rules: the origins whose pages may send every request.
#include "api/http/cors.h"

#include <gtest/gtest.h>

namespace oee {
namespace {

TEST(Cors, OnlyTheOwnHostAndListedOriginsAreAllowed) {
  const std::vector<std::string> none;
  const std::vector<std::string> listed = {"https://app.example.org", "http://localhost:5173"};
  EXPECT_TRUE(origin_allowed("", "127.0.0.1:3000", none));
  EXPECT_TRUE(origin_allowed("http://127.0.0.1:3000", "127.0.0.1:3000", none));
  EXPECT_TRUE(origin_allowed("https://Trade.Example.org", "trade.example.org", none));
  EXPECT_TRUE(origin_allowed("HTTPS://APP.example.org", "127.0.0.1:3000", listed));
  for (const std::string_view foreign :
       {"http://evil.example", "http://127.0.0.1:3001", "http://127.0.0.1", "null",
        "127.0.0.1:3000", "https://app.example.org.evil.example", "https://app.example.org:444",
        "http://app.example.org", "http://", "ws://127.0.0.1:3000"}) {
    EXPECT_FALSE(origin_allowed(foreign, "127.0.0.1:3000", listed)) << foreign;
  }
}

}  // namespace
}  // namespace oee
