// RequestLog and its access log: which refusals are warned about, and a file that is full, slow or
// renamed.
#include "api/http/request_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/process/servers.h"

namespace oee::test {
namespace {

using namespace std::chrono_literals;

const Socket::Address client = boost::asio::ip::make_address("203.0.113.9");

std::unique_ptr<RequestLog> open(const std::filesystem::path& file = {}) {
  auto log = RequestLog::open(file);
  EXPECT_TRUE(log.ok()) << log.error().detail;
  return *std::move(log);
}
void answer(RequestLog& log, unsigned status, std::string_view target = "/v1/orders") {
  log.answered({.client = client,
                .method = "GET",
                .route = "/v1/orders",
                .target = target,
                .status = status,
                .bytes = 7,
                .took = Micros(42),
                .request_id = "req-1",
                .token = "trader"});
}
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}
std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(RequestLog, OfEachRefusalTenAreShownAndTheOthersAreCounted) {
  const auto log = open();
  const SteadyTime start{1'000s};
  testing::internal::CaptureStderr();
  log->report(start);
  for (int i = 0; i < 1'244; ++i) answer(*log, 401);
  for (int i = 0; i < 3; ++i) answer(*log, 403);
  for (int i = 0; i < 11; ++i) log->tls_failed(client, "wrong\nversion\x1b[31m");
  for (const unsigned status : {101U, 200U, 400U, 404U, 503U}) answer(*log, status);
  log->report(start + 9s);
  const std::string first = testing::internal::GetCapturedStderr();
  EXPECT_EQ(count(first, "status=401"), 10U);
  EXPECT_EQ(count(first, "status=403"), 3U);
  EXPECT_EQ(count(first, "a TLS handshake failed"), 10U);
  EXPECT_EQ(lines_of(first).size(), 23U) << first;
  EXPECT_NE(
      first.find("address=203.0.113.9 method=GET route=/v1/orders request=req-1 token=trader"),
      first.npos)
      << first;
  EXPECT_EQ(first.find('\x1b'), first.npos);

  testing::internal::CaptureStderr();
  log->report(start + 10s);
  const std::string second = testing::internal::GetCapturedStderr();
  EXPECT_NE(second.find("refusal=401 more=1234 seconds=10"), second.npos) << second;
  EXPECT_NE(second.find("refusal=TLS more=1 seconds=10"), second.npos) << second;
  EXPECT_EQ(lines_of(second).size(), 2U) << second;

  testing::internal::CaptureStderr();
  answer(*log, 401);
  log->report(start + 20s);
  EXPECT_EQ(lines_of(testing::internal::GetCapturedStderr()).size(), 1U);
}

TEST(RequestLog, ALineIsJsonWithoutTheQueryAndWithoutControlCharacters) {
  const TemporaryDirectory dir;
  const auto log = open(dir.path() / "access.log");
  answer(*log, 200, "/v1/\"orders\"\x1b[31m\x80?access_token=secret");
  answer(*log, 404, "/" + std::string(10'000, 'x'));
  log->answered({.client = client, .status = 400, .request_id = "req-2"});
  ASSERT_TRUE(log->access_log()->flush(5s));
  const auto lines = lines_of(content_of(dir.path() / "access.log"));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].find("secret"), std::string::npos);
  EXPECT_EQ(lines[0].find('\x1b'), std::string::npos);
  const auto full = boost::json::parse(lines[0]).as_object();
  EXPECT_TRUE(parse_rfc3339(full.at("time").as_string()).ok());
  EXPECT_EQ(full.at("address"), "203.0.113.9");
  EXPECT_EQ(full.at("method"), "GET");
  EXPECT_EQ(full.at("route"), "/v1/orders");
  EXPECT_EQ(full.at("status"), 200);
  EXPECT_EQ(full.at("bytes"), 7);
  EXPECT_EQ(full.at("micros"), 42);
  EXPECT_EQ(full.at("requestId"), "req-1");
  EXPECT_EQ(full.at("token"), "trader");
  EXPECT_LT(lines[1].size(), 1'000U);
  const auto unread = boost::json::parse(lines[2]).as_object();
  EXPECT_EQ(unread.at("status"), 400);
  EXPECT_FALSE(unread.contains("method"));
  EXPECT_FALSE(unread.contains("token"));
}

TEST(AccessLog, AFullDiskCostsLinesAndIsReported) {
  const auto log = open("/dev/full");
  for (int i = 0; i < 100; ++i) answer(*log, 200);
  ASSERT_TRUE(log->access_log()->flush(5s));
  EXPECT_EQ(log->access_log()->written(), 0U);
  EXPECT_EQ(log->access_log()->dropped(), 100U);
  testing::internal::CaptureStderr();
  log->report(SteadyTime{1'000s});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find("lines=100 why=\"No space left on device\""), text.npos) << text;
}

TEST(AccessLog, AFileThatIsNotReadDelaysNobodyAndLosesOnlyWholeLines) {
  const TemporaryDirectory dir;
  const auto pipe = dir.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto without_reader = RequestLog::open(pipe);
  ASSERT_FALSE(without_reader.ok());
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  const auto log = open(pipe);
  constexpr std::uint64_t sent = 20'000;
  auto slowest = 0ns;
  for (std::uint64_t i = 0; i < sent; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    answer(*log, 200);
    slowest = std::max<std::chrono::nanoseconds>(slowest, std::chrono::steady_clock::now() - begin);
  }
  EXPECT_LT(slowest, 1s);
  EXPECT_FALSE(log->access_log()->flush(100ms));
  EXPECT_GT(log->access_log()->dropped(), 10'000U);
  std::string text;
  char bytes[65536];
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (log->access_log()->written() + log->access_log()->dropped() < sent &&
         std::chrono::steady_clock::now() < until) {
    const auto size = ::read(reader, bytes, sizeof bytes);
    if (size > 0) text.append(bytes, static_cast<std::size_t>(size));
  }
  for (ssize_t size; (size = ::read(reader, bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(size));
  EXPECT_TRUE(log->access_log()->flush(5s));
  const auto lines = lines_of(text);
  EXPECT_EQ(lines.size(), log->access_log()->written());
  EXPECT_GT(lines.size(), 1'000U);
  for (const std::string& line : lines) EXPECT_NO_THROW(boost::json::parse(line)) << line;
  ::close(reader);
}

TEST(AccessLog, ALineThatTheDiskTookHalfIsCompletedWhenThereIsRoomAgain) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / "access.log";
  const auto log = open(file);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{500, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  for (int i = 0; i < 5; ++i) answer(*log, 200);
  const bool flushed = log->access_log()->flush(5s);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_TRUE(flushed);
  EXPECT_EQ(std::filesystem::file_size(file), 500U);
  EXPECT_GT(log->access_log()->dropped(), 0U);
  answer(*log, 201);
  ASSERT_TRUE(log->access_log()->flush(5s));
  const auto lines = lines_of(content_of(file));
  EXPECT_EQ(lines.size(), log->access_log()->written());
  EXPECT_EQ(log->access_log()->written() + log->access_log()->dropped(), 6U);
  for (const std::string& line : lines) EXPECT_NO_THROW(boost::json::parse(line)) << line;
  EXPECT_NE(lines.back().find("201"), std::string::npos);
}

TEST(AccessLog, AReopenedFileTakesTheNextLinesAndAFailedReopeningKeepsTheEarlierFile) {
  const TemporaryDirectory dir;
  const auto folder = dir.path() / "logs";
  std::filesystem::create_directory(folder);
  const auto log = open(folder / "access.log");
  answer(*log, 200);
  ASSERT_TRUE(log->access_log()->flush(5s));
  std::filesystem::rename(folder / "access.log", folder / "access.log.1");
  answer(*log, 200);
  ASSERT_TRUE(log->access_log()->flush(5s));
  EXPECT_EQ(lines_of(content_of(folder / "access.log.1")).size(), 2U);
  log->access_log()->reopen();
  answer(*log, 404);
  ASSERT_TRUE(log->access_log()->flush(5s));
  EXPECT_EQ(lines_of(content_of(folder / "access.log.1")).size(), 2U);
  EXPECT_EQ(lines_of(content_of(folder / "access.log")).size(), 1U);
  const auto mode = std::filesystem::status(folder / "access.log").permissions();
  EXPECT_EQ(mode & std::filesystem::perms::others_all, std::filesystem::perms::none);

  std::filesystem::rename(folder, dir.path() / "away");
  testing::internal::CaptureStderr();
  log->access_log()->reopen();
  answer(*log, 404);
  ASSERT_TRUE(log->access_log()->flush(5s));
  EXPECT_NE(testing::internal::GetCapturedStderr().find("not reopened"), std::string::npos);
  EXPECT_EQ(lines_of(content_of(dir.path() / "away" / "access.log")).size(), 2U);
  EXPECT_EQ(log->access_log()->dropped(), 0U);
}

}  // namespace
}  // namespace oee::test
