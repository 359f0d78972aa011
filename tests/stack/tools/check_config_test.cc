// order-engine --check-config as an operator runs it before a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

using testing::HasSubstr;

TEST(CheckConfig, PrintsWhatWouldBeUsedAndStartsNothing) {
  TemporaryDirectory dir;
  const std::string data = (dir.path() / "data").string();
  const auto result = run({program("order-engine"), "--data-dir", data, "--check-config"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("data-dir = \"" + data + "\""));
  EXPECT_FALSE(std::filesystem::exists(data));
}

TEST(CheckConfig, ATokensFileThatWouldStopTheStartIsRefusedByBoth) {
  TemporaryDirectory dir;
  const std::string tokens = (dir.path() / "tokens.json").string();
  for (const std::string text : {"{", "{}", "[1]", R"({"tokens":[]})"}) {
    std::ofstream(tokens) << text;
    std::vector<std::string> argv{program("order-engine"), "--tokens-file", tokens, "--data-dir",
                                  (dir.path() / "data").string()};
    EXPECT_EQ(run(argv).exit_code, 2) << text;
    argv.push_back("--check-config");
    const auto checked = run(argv);
    EXPECT_EQ(checked.exit_code, 2) << text;
    EXPECT_THAT(checked.err, HasSubstr("tokens-file " + tokens));
    EXPECT_EQ(checked.out, "") << text;
  }
  std::filesystem::copy_file(std::string(OEE_SOURCE_DIR) + "/schemas/tokens.json", tokens,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(run({program("order-engine"), "--tokens-file", tokens, "--check-config"}).exit_code, 0);
}

}  // namespace
}  // namespace oee::test
