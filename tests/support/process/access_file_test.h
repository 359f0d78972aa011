// AccessFileTest: a test of real processes with an access file, whose tokens the engine makes.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tests/support/clients/ws_client.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {

class AccessFileTest : public testing::Test {
 protected:
  using Headers = std::map<std::string, std::string>;

  // Returns the secret and adds the token's line, with the fields after the third, to the access
  // file.
  std::string new_token(const std::string& owner, const std::string& conditions = {}) {
    const RunResult made = run({program("order-engine"), "--new-token", owner});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    lines_ += made.out.substr(0, made.out.find('\n')) + conditions + "\n";
    return made.err.substr(made.err.find("oee_"), 68);
  }
  std::string access_file() {
    const auto file = dir_.path() / "access";
    std::ofstream(file) << lines_;
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return file.string();
  }
  static Headers bearer(const std::string& secret) {
    return {{"Authorization", "Bearer " + secret}};
  }
  static WsClientOptions ws_as(const std::string& secret) {
    WsClientOptions options;
    options.headers = {{"Authorization", "Bearer " + secret}};
    return options;
  }

  TemporaryDirectory dir_;
  std::string lines_;  // of the access file
};

}  // namespace oee::test
