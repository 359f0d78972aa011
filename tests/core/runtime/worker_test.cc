// The worker's queue: clients take turns, and one client cannot fill the queue for the others.
#include "core/runtime/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "core/runtime/gate.h"
#include "core/runtime/spawn.h"

namespace oee {
namespace {

struct WorkerQueue : testing::Test {
  bool post(const std::string& name, std::uint64_t client) {
    return worker.post([this, name] { ran.push_back(name); }, client);
  }

  Loop loop{1};
  Worker worker{loop, 4};
  std::vector<std::string> ran;
};

TEST_F(WorkerQueue, ClientsTakeTurns) {
  for (const char* name : {"a1", "a2", "a3"}) EXPECT_TRUE(post(name, 1));
  EXPECT_TRUE(post("b1", 2));
  EXPECT_TRUE(post("c1", 3));
  loop.poll();
  EXPECT_THAT(ran, testing::ElementsAre("a1", "b1", "c1", "a2", "a3"));
}

TEST_F(WorkerQueue, AClientWithoutAJobIsTakenByAFullQueue) {
  for (const char* name : {"a1", "a2", "a3", "a4"}) EXPECT_TRUE(post(name, 1));
  EXPECT_FALSE(post("a5", 1));
  EXPECT_TRUE(post("b1", 2));
  EXPECT_FALSE(post("b2", 2));
  loop.poll();
  EXPECT_THAT(ran, testing::ElementsAre("a1", "b1", "a2", "a3", "a4"));
  EXPECT_TRUE(post("a6", 1));
  worker.stop();
  EXPECT_FALSE(post("a7", 1));
  EXPECT_FALSE(post("d1", 4));
}

TEST(Worker, ThreadsRunTheJobsOfEveryClientBeforeTheyEnd) {
  std::atomic<int> ran{0};
  Worker worker("test worker", 1'000, 3);
  for (int i = 0; i < 300; ++i)
    EXPECT_TRUE(worker.post([&ran] { ++ran; }, static_cast<std::uint64_t>(i) % 7));
  worker.stop();
  EXPECT_EQ(ran, 300);
}

template <class Job>
Task<void> run_job(Loop& loop, Worker& worker, Job job, int& resumed) {
  const Result<int> result = co_await worker.run(loop, std::move(job));
  EXPECT_TRUE(result.ok());
  ++resumed;
}

TEST(Worker, OfBackgroundPriorityWaitsUntilTheLoopHasItsResult) {
  Loop loop{1};
  Gate gate;
  std::atomic<int> ran{0};
  int resumed = 0;
  Worker worker("test worker", 1'000, 1, WorkerPriority::background);
  auto job = [&ran]() -> Result<int> { return ++ran; };
  for (int i = 0; i < 3; ++i) spawn(gate, "job", run_job(loop, worker, job, resumed));
  for (int expected = 1; expected <= 3; ++expected) {
    while (ran < expected) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(ran, expected) << "a job ran before the loop had the result of the one before";
    while (resumed < expected) loop.poll_one();
  }
  worker.stop();
}

TEST(Worker, OfBackgroundPriorityHasNoMoreResultsThanThreads) {
  Loop loop{1};
  Gate gate;
  std::atomic<int> ran{0};
  int resumed = 0;
  Worker worker("test worker", 1'000, 3, WorkerPriority::background);
  auto first = [&ran]() -> Result<int> { return ++ran; };
  spawn(gate, "job", run_job(loop, worker, first, resumed));
  while (ran < 1) std::this_thread::yield();
  // One result waits. These jobs take long enough for all threads to begin one.
  auto job = [&ran]() -> Result<int> {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return ++ran;
  };
  for (int i = 0; i < 6; ++i) spawn(gate, "slow job", run_job(loop, worker, job, resumed));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LE(ran, 3);
  while (resumed < 7) loop.poll_one();
  worker.stop();
}

}  // namespace
}  // namespace oee
