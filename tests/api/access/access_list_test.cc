#include "api/access/access_list.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/process/servers.h"

namespace oee::test {
namespace {

const std::string hash_a(64, 'a');
const std::string hash_b(64, 'b');

TEST(AccessList, FindsATokenByItsHashAndNothingElse) {
  const NewToken reader = *make_token("reader:read");
  const NewToken trader = *make_token("trader:submit,read");
  const auto list =
      AccessList::parse("# tokens and roles\n\n" + reader.line + "\r\n\t" + trader.line + "  \n");
  ASSERT_TRUE(list.ok()) << list.error().detail;
  EXPECT_EQ(list->size(), 2U);
  EXPECT_EQ(list->find(reader.secret)->name, "reader");
  EXPECT_EQ(list->find(trader.secret)->name, "trader");
  EXPECT_EQ(list->find(""), nullptr);
  EXPECT_EQ(list->find(reader.secret + "0"), nullptr);
  EXPECT_EQ(list->find(reader.line.substr(12)), nullptr);  // the hash is not the token
}

TEST(AccessList, ARoleGrantsItselfAndOperateGrantsAll) {
  struct Case {
    std::string granted;
    bool read, submit, operate, own;
  };
  const Case cases[] = {{"read", true, false, false, false},
                        {"submit", false, true, false, false},
                        {"submit,read", true, true, false, false},
                        {"operate", true, true, true, false},
                        {"own", false, false, false, true}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.granted);
    const NewToken made = *make_token("a:" + each.granted);
    const auto list = AccessList::parse(made.line);
    ASSERT_TRUE(list.ok());
    const PrincipalPtr found = list->find(made.secret);
    EXPECT_TRUE(found->may(AccessRole::open));
    EXPECT_EQ(found->may(AccessRole::read), each.read);
    EXPECT_EQ(found->may(AccessRole::submit), each.submit);
    EXPECT_EQ(found->may(AccessRole::operate), each.operate);
    EXPECT_EQ(found->may(AccessRole::read_own), each.read || each.own);
    EXPECT_EQ(found->may(AccessRole::submit_own), each.submit || each.own);
    EXPECT_EQ(found->only_account(), each.own ? "a" : "");
    EXPECT_TRUE(found->may_see("a"));
    EXPECT_EQ(found->may_see("b"), !each.own);
  }
}

TEST(AccessList, TokensAre256RandomBits) {
  const NewToken one = *make_token("a:read");
  const NewToken two = *make_token("a:read");
  EXPECT_EQ(one.secret.size(), 4 + 64U);
  EXPECT_NE(one.secret, two.secret);
  EXPECT_EQ(one.line, "a read " + to_hex(as_bytes(sha256({one.secret}))));
}

TEST(AccessList, AnErrorNamesTheLineAndShowsNoSecret) {
  const std::string good = "a read " + hash_a + "\n";
  const std::string secret = "oee_" + std::string(64, '7');
  struct Case {
    std::string text;
    std::string line;
    std::string expected;
  };
  const Case cases[] = {
      {"", "line 1", "no token"},
      {"# nobody\n\n", "line 1", "no token"},
      {good + "b read\n", "line 2", "has 2 fields"},
      {good + "\n# x\nb\n", "line 4", "has 1 field"},
      {good + "b read " + hash_b + " # mine\n", "line 2", "has 5 fields"},
      {good + "b/c read " + hash_b, "line 2", "a name must be"},
      {std::string(65, 'n') + " read " + hash_a, "line 1", "a name must be"},
      {"a write " + hash_a, "line 1", "a role must be read, submit, operate or own, not \"write\""},
      {good + "b own,read " + hash_b, "line 2", "own must be alone"},
      {good + "b operate,own " + hash_b, "line 2", "own must be alone"},
      {"a read,,submit " + hash_a, "line 1", "a role must be"},
      {"a read, " + hash_a, "line 1", "a role must be"},
      {"a READ " + hash_a, "line 1", "a role must be"},
      {"a read " + hash_a.substr(2), "line 1", "64 hexadecimal digits"},
      {"a read " + hash_a + "aa", "line 1", "64 hexadecimal digits"},
      {"a read " + secret, "line 1", "64 hexadecimal digits"},
      {secret + " read " + hash_a, "line 1", "a name must be"},
      {good + good, "line 2", "earlier line"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.text);
    const auto list = AccessList::parse(each.text);
    ASSERT_FALSE(list.ok());
    const std::string& detail = list.error().detail;
    EXPECT_TRUE(detail.starts_with(each.line + ": ")) << detail;
    EXPECT_NE(detail.find(each.expected), std::string::npos) << detail;
    EXPECT_EQ(detail.find(secret), std::string::npos) << detail;
    EXPECT_EQ(detail.find('\n'), std::string::npos) << detail;
  }
}

TEST(AccessList, ABadFileIsNamed) {
  TemporaryDirectory dir;
  const auto file = dir.path() / "access";
  EXPECT_NE(load_access_list(file).error().detail.find(file.string()), std::string::npos);
  EXPECT_FALSE(load_access_list(dir.path()).ok());
  std::ofstream(file) << "a read\n";
  const auto bad = load_access_list(file);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, Errc::invalid);
  EXPECT_EQ(bad.error().detail.find("access-file " + file.string() + " line 1: "), 0U)
      << bad.error().detail;
  std::ofstream(file) << "a read " + hash_a + "\n";
  EXPECT_TRUE(load_access_list(file).ok());
}

}  // namespace
}  // namespace oee::test
