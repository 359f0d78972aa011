// LoopPulse: one loop that does not run is enough to miss a beat.
#include "api/app/process/loop_pulse.h"

#include <gtest/gtest.h>

namespace oee {
namespace {

TEST(LoopPulse, BeatsOnlyWhenEveryLoopHasRunSinceTheLastBeat) {
  std::vector<std::unique_ptr<ShardLoop>> loops;
  for (int i = 0; i < 3; ++i) loops.push_back(std::make_unique<ShardLoop>());
  LoopPulse pulse(loops);
  EXPECT_TRUE(pulse.beat()) << "nothing was asked before";
  EXPECT_FALSE(pulse.beat());
  loops[0]->loop.poll();
  loops[2]->loop.poll();
  EXPECT_FALSE(pulse.beat()) << "the loop in the middle has not run";
  EXPECT_FALSE(pulse.beat());
  loops[1]->loop.poll();
  EXPECT_TRUE(pulse.beat());
  EXPECT_FALSE(pulse.beat()) << "the beat is a new question";
  for (auto& own : loops) {
    own->loop.restart();
    own->loop.poll();
  }
  EXPECT_TRUE(pulse.beat());
}

}  // namespace
}  // namespace oee
