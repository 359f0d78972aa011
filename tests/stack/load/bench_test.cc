// tools/bench in its small sizes: every figure is measured, and the table and the JSON contain all
// of them. The values are not compared with any target.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <fstream>
#include <iterator>
#include <set>

#include "tests/support/process/engine_process.h"
#include "tests/support/process/process_metrics.h"

namespace oee::test {
namespace {

constexpr int figures = 20;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Bench, EveryFigureIsMeasuredAndIsInTheTableAndTheJson) {
  if (!memory_is_measurable) GTEST_SKIP() << "a build with sanitizers is not measured";
  TemporaryDirectory dir;
  const auto json_file = dir.path() / "bench.json";
  const auto bench = run({program("bench"), "--quick", "--json", json_file.string()}, 240);
  ASSERT_EQ(bench.exit_code, 0) << bench.out << bench.err;
  const auto json = parse_json(text_of(json_file));
  EXPECT_TRUE(json.at("failed").as_array().empty()) << bench.err;
  std::set<int> seen;
  for (const auto& row : json.at("rows").as_array()) {
    const std::string name = text_at(row, "name");
    seen.insert(row.at("figure").to_number<int>());
    EXPECT_GT(row.at("value").to_number<double>(), 0) << name;
    if (!row.at("ceiling").is_null()) {
      EXPECT_GT(row.at("ceiling").to_number<double>(), 0) << name;
    }
    EXPECT_EQ(row.at("met").is_null(), text_at(row, "target") == "reported") << name;
    EXPECT_NE(bench.out.find(name + " "), std::string::npos) << "not in the table: " << name;
  }
  EXPECT_EQ(seen.size(), figures);
  for (const char* name : {"cpu", "kernel", "date"})
    EXPECT_FALSE(text_at(json.at("machine"), name).empty()) << name;
  EXPECT_GT(json.at("machine").at("fdatasyncP50Us").to_number<double>(), 0);
  EXPECT_FALSE(text_at(json.at("machine").at("versions"), "engine").empty());
}

TEST(Bench, AWrongFigureIsAUsageError) {
  for (const char* wrong : {"0", "21", "first"}) {
    const auto bench = run({program("bench"), "--quick", wrong});
    EXPECT_EQ(bench.exit_code, 2) << wrong << bench.err;
    EXPECT_NE(bench.err.find("FIGURE"), std::string::npos) << bench.err;
  }
}

TEST(Bench, AnUnwritableJsonFileIsAUsageErrorBeforeAnythingIsMeasured) {
  const auto bench = run({program("bench"), "--quick", "--json", "/nonexistent/bench.json"});
  EXPECT_EQ(bench.exit_code, 2) << bench.err;
  EXPECT_NE(bench.err.find("/nonexistent/bench.json"), std::string::npos) << bench.err;
  EXPECT_TRUE(bench.out.empty());
}

}  // namespace
}  // namespace oee::test
