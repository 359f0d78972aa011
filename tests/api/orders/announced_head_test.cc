// The head that a gateway's bus announces, and its check of the tables.
#include "api/orders/announced_head.h"

#include <gtest/gtest.h>

#include "tests/support/orders.h"

namespace oee {
namespace {

TEST(AnnouncedHead, UpdatesRaiseItAndAHeadReplacesIt) {
  AnnouncedHead announced;
  EXPECT_TRUE(announced.get().log_id.is_zero());
  announced.on_head(test::log_id(1), 10);
  auto updates = std::make_shared<std::vector<Update>>(1);
  updates->front().seq = 12;
  announced.on_updates(updates);
  EXPECT_EQ(announced.get().last_seq, 12U);
  announced.on_head(LogIdentity(test::log_id(1), LogEpoch{{1}}), 5);
  EXPECT_EQ(announced.get().last_seq, 5U);
}

TEST(AnnouncedHead, TablesOfAnotherLogOrEpochAreRefused) {
  AnnouncedHead announced;
  const LogIdentity restored(test::log_id(1), LogEpoch{{1}});
  EXPECT_TRUE(announced.check({test::log_id(1), 5}).ok());  // nothing is announced yet
  announced.on_head(restored, 10);
  EXPECT_TRUE(announced.check({restored, 5}).ok());
  EXPECT_TRUE(announced.check({}).ok());  // nothing is projected yet
  for (const LogIdentity& other : {LogIdentity(test::log_id(1)), LogIdentity(test::log_id(2))}) {
    const Result<void> refused = announced.check({other, 5});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
  }
}

}  // namespace
}  // namespace oee
