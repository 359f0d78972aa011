#include "api/http/query.h"

#include <gtest/gtest.h>

#include "core/order/lifecycle.h"

namespace oee::test {
namespace {

std::string first_code(QueryReader& query) {
  const auto problem = query.problem();
  return problem ? std::string(problem->kind->code) + " " + problem->items.front().where + " " +
                       std::string(problem->items.front().code)
                 : "none";
}

TEST(Query, ReadsWhatIsThere) {
  QueryReader query(
      "limit=7&status=failed&text=a%20b%2Bc&&since=2026-03-01T12:00:00+01:00&after=0");
  EXPECT_EQ(query.number("limit", 1, 10, 5), 7u);
  EXPECT_EQ(query.one_of("status", parse_order_status, "a status"), OrderStatus::failed);
  EXPECT_EQ(query.text("text", 10), "a b+c");
  EXPECT_EQ(format_rfc3339(query.time("since").value()), "2026-03-01T11:00:00.000000Z");
  EXPECT_EQ(query.number("after", 0, 10), 0u);
  EXPECT_EQ(query.number("absent", 0, 10), std::nullopt);
  EXPECT_EQ(first_code(query), "none");
}

TEST(Query, NamesEachWrongValue) {
  const std::pair<const char*, const char*> cases[] = {
      {"limit=", "invalid_parameter limit not_a_number"},
      {"limit", "invalid_parameter limit not_a_number"},
      {"limit=x", "invalid_parameter limit not_a_number"},
      {"limit=-1", "invalid_parameter limit not_a_number"},
      {"limit=1.5", "invalid_parameter limit not_a_number"},
      {"limit=0", "invalid_parameter limit out_of_range"},
      {"limit=11", "invalid_parameter limit out_of_range"},
      {"limit=99999999999999999999", "invalid_parameter limit out_of_range"},
      {"status=done", "invalid_parameter status unknown_value"},
      {"status=", "invalid_parameter status bad_length"},
      {"since=noon", "invalid_parameter since not_a_time"},
      {"limit=1&limit=1", "invalid_query limit repeated"},
      {"limit=1&%6cimit=1", "invalid_query %6cimit repeated"},
      {"limit=%", "invalid_query limit bad_encoding"},
      {"limit=%g0", "invalid_query limit bad_encoding"},
      {"status=%FF", "invalid_parameter status bad_encoding"},
      {"status=failed%00", "invalid_parameter status bad_encoding"},
      {"status=%ED%A0%80", "invalid_parameter status bad_encoding"},
      {"limit=1%00", "invalid_parameter limit not_a_number"},
      {"other=1", "invalid_query other unknown_parameter"},
      {"Limit=1", "invalid_query Limit unknown_parameter"},
      {"=1", "invalid_query  unknown_parameter"},
  };
  for (const auto& [text, expected] : cases) {
    QueryReader query(text);
    (void)query.number("limit", 1, 10, 5);
    (void)query.one_of("status", parse_order_status, "a status");
    (void)query.time("since");
    EXPECT_EQ(first_code(query), expected) << text;
  }
}

TEST(Query, AListIsRepeatedOrHasCommas) {
  QueryReader query("a=1,2&b=x&a=3&a=%34%2C5");
  EXPECT_EQ(query.list("a", 4), (std::vector<std::string>{"1", "2", "3", "4", "5"}));
  EXPECT_EQ(query.list("absent", 4), std::vector<std::string>());
  EXPECT_EQ(query.text("b", 4), "x");
  EXPECT_EQ(first_code(query), "none");
  QueryReader bytes("a=1,%FF");
  EXPECT_EQ(bytes.list("a", 4), std::vector<std::string>());
  EXPECT_EQ(first_code(bytes), "invalid_parameter a bad_encoding");
  for (const char* text : {"a=", "a", "a=,", "a=1,", "a=,1", "a=12345", "a=1&a="}) {
    QueryReader wrong(text);
    EXPECT_EQ(wrong.list("a", 4), std::vector<std::string>()) << text;
    EXPECT_EQ(first_code(wrong), "invalid_parameter a bad_length") << text;
  }
}

TEST(Query, BoundsWhatItKeeps) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "p" + std::to_string(i) + "=1&";
  QueryReader query(text);
  EXPECT_LE(query.problem()->items.size(), 40u);
}

}  // namespace
}  // namespace oee::test
