// The filter of a subscription.
#include "api/stream/filter.h"

#include <gtest/gtest.h>

namespace oee {
namespace {

TEST(StreamFilterTest, NamesAtMostSixtyFourAccounts) {
  FilterNames names;
  const auto refusal = [&] {
    StreamFilter filter;
    return StreamFilter::make(names, TokenRegistry::defaults(), {}, &filter);
  };
  for (std::size_t i = 0; i < stream_accounts_max; ++i)
    names.account.push_back("a" + std::to_string(i));
  EXPECT_FALSE(refusal());
  names.account.push_back("one-more");
  ASSERT_TRUE(refusal());
  EXPECT_EQ(refusal()->kind, "account");
  EXPECT_EQ(refusal()->message, "must be at most 64");
}

}  // namespace
}  // namespace oee
