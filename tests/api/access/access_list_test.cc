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
  std::string many_ranges = "10.0.0.0";
  for (int i = 1; i <= 32; ++i) many_ranges += ",10.0.0." + std::to_string(i);
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
      {good + "b read " + hash_b + " # mine\n", "line 2", "expires=TIME or from=RANGE"},
      {good + "b read " + hash_b + " until=2027-01-31T00:00:00Z", "line 2",
       "expires=TIME or from="},
      {good + "b read " + hash_b + " Expires=2027-01-31T00:00:00Z", "line 2", "expires=TIME or"},
      {good + "b read " + hash_b + " expires=", "line 2", "an RFC 3339 time"},
      {good + "b read " + hash_b + " expires=2027-01-31", "line 2", "an RFC 3339 time"},
      {good + "b read " + hash_b + " expires=2027-01-31T00:00:00", "line 2", "an RFC 3339 time"},
      {good + "b read " + hash_b + " expires=2027-02-30T00:00:00Z", "line 2", "an RFC 3339 time"},
      {good + "b read " + hash_b + " expires=" + secret, "line 2", "an RFC 3339 time"},
      {good + "b read " + hash_b + " expires=2027-01-31T00:00:00Z expires=2027-01-31T00:00:00Z",
       "line 2", "expires is given more than once"},
      {good + "b read " + hash_b + " from=", "line 2", "must be an IP address, or a network"},
      {good + "b read " + hash_b + " from=10.0.0.0/8,", "line 2", "must be an IP address"},
      {good + "b read " + hash_b + " from=localhost", "line 2", "must be an IP address"},
      {good + "b read " + hash_b + " from=10.0.0/8", "line 2", "must be an IP address"},
      {good + "b read " + hash_b + " from=fe80::1%eth0", "line 2", "must be an IP address"},
      {good + "b read " + hash_b + " from=10.0.0.0/33", "line 2", "prefix of 0 to 32 bits"},
      {good + "b read " + hash_b + " from=10.0.0.0/", "line 2", "prefix of 0 to 32 bits"},
      {good + "b read " + hash_b + " from=10.0.0.0/-1", "line 2", "prefix of 0 to 32 bits"},
      {good + "b read " + hash_b + " from=2001:db8::/129", "line 2", "prefix of 0 to 128 bits"},
      {good + "b read " + hash_b + " from=10.1.0.0/8", "line 2", "zero after its first 8 bits"},
      {good + "b read " + hash_b + " from=2001:db8::1/32", "line 2", "zero after its first 32"},
      {good + "b read " + hash_b + " from=::ffff:10.0.0.0/104", "line 2", "written as IPv4"},
      {good + "b read " + hash_b + " from=10.0.0.1 from=10.0.0.2", "line 2", "more than once"},
      {good + "b read " + hash_b + " from=" + many_ranges, "line 2", "more than 32 ranges"},
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

TEST(AccessList, ATokenMayHaveAnExpiryAndRanges) {
  const NewToken made = *make_token("a:own");
  const auto list = AccessList::parse(
      made.line +
      "\tfrom=10.0.0.0/8,192.168.1.7,2001:db8::/33 expires=2027-01-31T01:00:00+01:00\n" +
      "b read " + hash_b + " expires=2026-01-01T00:00:00Z\n");
  ASSERT_TRUE(list.ok()) << list.error().detail;
  const PrincipalPtr found = list->find(made.secret);
  const WallTime end = *parse_rfc3339("2027-01-31T00:00:00Z");
  EXPECT_FALSE(found->expired(end - Micros(1)));
  EXPECT_TRUE(found->expired(end));
  const std::pair<const char*, bool> clients[] = {
      {"10.0.0.0", true},         {"10.255.255.255", true},   {"9.255.255.255", false},
      {"11.0.0.0", false},        {"192.168.1.7", true},      {"192.168.1.6", false},
      {"::ffff:10.1.2.3", true},  {"::ffff:11.1.2.3", false}, {"2001:db8::", true},
      {"2001:db8:7fff::9", true}, {"2001:db8:8000::", false}, {"2001:db9::", false},
      {"::10.1.2.3", false},      {"0.0.0.0", false},
  };
  for (const auto& [client, may] : clients)
    EXPECT_EQ(found->may_come_from(boost::asio::ip::make_address(client)), may) << client;
  // Without the fields: for ever, from anywhere.
  const NewToken other = *make_token("c:read");
  const PrincipalPtr free = AccessList::parse(other.line)->find(other.secret);
  EXPECT_FALSE(free->expired(WallTime::max()));
  EXPECT_TRUE(free->may_come_from({}));

  EXPECT_EQ(list->expired(*parse_rfc3339("2025-12-31T23:59:59Z")), 0U);
  EXPECT_EQ(list->expired(*parse_rfc3339("2026-01-01T00:00:00Z")), 1U);
  EXPECT_EQ(list->expired(end), 2U);
  EXPECT_FALSE(list->expires_between(*parse_rfc3339("2026-01-01T00:00:00Z"), end - Micros(1)));
  EXPECT_TRUE(list->expires_between(end - Micros(1), end));
  EXPECT_FALSE(list->expires_between(end, WallTime::max()));
}

TEST(AccessList, ARangeOfAllAddressesIsOfOneFamily) {
  const NewToken v4 = *make_token("a:read");
  const NewToken v6 = *make_token("b:read");
  const auto list = AccessList::parse(v4.line + " from=0.0.0.0/0\n" + v6.line + " from=::/0\n");
  ASSERT_TRUE(list.ok()) << list.error().detail;
  for (const auto& [token, four] : {std::pair(&v4, true), std::pair(&v6, false)}) {
    const PrincipalPtr found = list->find(token->secret);
    EXPECT_EQ(found->may_come_from(boost::asio::ip::make_address("203.0.113.9")), four);
    EXPECT_EQ(found->may_come_from(boost::asio::ip::make_address("2001:db8::1")), !four);
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
