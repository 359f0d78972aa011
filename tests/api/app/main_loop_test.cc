// MainLoop: fail-stops of processes that the test forks.
#include "api/app/process/main_loop.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace oee {
namespace {

[[noreturn]] void hang(std::chrono::seconds time) {
  std::this_thread::sleep_for(time);
  std::quick_exit(99);
}

TEST(MainLoopDeathTest, AFailStopEndsTheProcessWhileTheMainThreadIsBlocked) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto blocked = [] {
    MainLoop loop;
    loop.run([&loop] {
      std::thread([&loop] { loop.fail_stop({Errc::corrupt, "a record is damaged"}); }).detach();
      hang(std::chrono::seconds(5));
    });
  };
  EXPECT_EXIT(blocked(), testing::ExitedWithCode(4), "");
}

TEST(MainLoopDeathTest, AFailStopDuringTheStartEndsTheProcessWhenItRuns) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto failed = [] {
    MainLoop loop;
    loop.fail_stop({Errc::corrupt, "a record is damaged"});
    loop.run([] { hang(std::chrono::seconds(5)); });
  };
  EXPECT_EXIT(failed(), testing::ExitedWithCode(4), "");
}

TEST(MainLoopDeathTest, AnOrderlyStopIsNotEndedByAFailStopAndReturnsItsCode) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto stopped = [] {
    MainLoop loop;
    loop.run([] { std::raise(SIGTERM); });
    loop.fail_stop({Errc::corrupt, "a record is damaged"});
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    std::quick_exit(10 + loop.failed_code());
  };
  EXPECT_EXIT(stopped(), testing::ExitedWithCode(14), "");
}

}  // namespace
}  // namespace oee
