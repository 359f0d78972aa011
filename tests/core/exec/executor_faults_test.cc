// The executor beside venues that answer late or never, a slow log and clocks that step.
#include <gtest/gtest.h>

#include "tests/core/exec/executor_fixture.h"

namespace oee {
namespace {

using test::Act;
using test::ExecutorFixture;

TEST(ExecutorFaults, AnExpiryOfAnAttemptWaitsUntilItsVenueIsConfigured) {
  ExecutorFixture fixture;
  fixture.raydium.script = {Act::accept_first};
  const OrderId id = fixture.place(1, fixture.clock.now() + Micros{1'000'000});
  fixture.settle_now();
  fixture.venues = {&fixture.meteora};
  fixture.restart();
  fixture.run_for(Micros{20'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::submitted);
  fixture.venues = {&fixture.raydium, &fixture.meteora};
  fixture.restart();
  fixture.run_for(Micros{1'000'000});
  EXPECT_EQ(fixture.order(id).phase, Phase::expired);
}

}  // namespace
}  // namespace oee
