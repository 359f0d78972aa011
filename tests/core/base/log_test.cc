// The operator's log: the real lines of a separate process.
#include "core/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <sstream>
#include <thread>
#include <vector>

#include "core/exec/order_log.h"
#include "tests/support/log/sample_records.h"

namespace oee {
namespace {

namespace json = boost::json;

const std::vector<std::string> hostile_texts = {"",
                                                "plain",
                                                "two words",
                                                "new\nline",
                                                "carriage\rreturn",
                                                "tab\there",
                                                std::string("nul\0inside", 10),
                                                "quote \" and \\ and = and {\"json\":1}",
                                                "\033[31mred\033[0m",
                                                "del \x7f",
                                                "C1 \xC2\x9B"
                                                "31m",
                                                "half of \xC3",
                                                "overlong \xC0\xAF",
                                                "surrogate \xED\xA0\x80",
                                                "beyond \xF4\x90\x80\x80",
                                                "\xff\xfe",
                                                "snow \xE2\x98\x83",
                                                "2026-01-01T00:00:00Z error fake=line",
                                                std::string(100'000, 'x')};

// The text that `logs` writes to stderr, in a separate process. `hold`: stderr is read only after
// `logs` has returned.
std::string stderr_of(log::Format format, log::Level level, const std::function<void()>& logs,
                      bool hold = false) {
  int out[2], ended[2];
  EXPECT_EQ(::pipe(out), 0);
  EXPECT_EQ(::pipe(ended), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(out[1], STDERR_FILENO);
    ::close(out[0]);
    ::close(out[1]);
    ::close(ended[0]);
    log::configure(format, level);
    logs();
    ::close(ended[1]);
    std::quick_exit(0);
  }
  ::close(out[1]);
  ::close(ended[1]);
  char bytes[65'536];
  EXPECT_TRUE(!hold || ::read(ended[0], bytes, 1) == 0);
  ::close(ended[0]);
  std::string text;
  for (ssize_t size; (size = ::read(out[0], bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(size));
  ::close(out[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Log, JsonLinesAreOneObjectEachWhateverTheirTexts) {
  const auto lines = lines_of(stderr_of(log::Format::json, log::Level::info, [] {
    for (const std::string& text : hostile_texts)
      log::warn("a fact", log::field("text", text), log::field("number", -5),
                log::field("flag", true), log::field("count", std::uint64_t{7}));
  }));
  ASSERT_EQ(lines.size(), hostile_texts.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    boost::system::error_code ec;
    const json::value line = json::parse(lines[i], ec);
    ASSERT_FALSE(ec) << lines[i].substr(0, 200);
    EXPECT_EQ(line.at("level"), "warn");
    EXPECT_EQ(line.at("msg"), "a fact");
    EXPECT_EQ(line.at("number").as_int64(), -5);
    EXPECT_EQ(line.at("flag").as_bool(), true);
    EXPECT_EQ(line.at("count").as_int64(), 7);
    EXPECT_TRUE(i >= 2 || line.at("text").as_string() == hostile_texts[i]);
  }
}

TEST(Log, TextLinesCannotBeForgedNorReachTheTerminal) {
  const std::string text = stderr_of(log::Format::text, log::Level::info, [] {
    for (const std::string& hostile : hostile_texts)
      log::warn("a fact", log::field("text", hostile));
  });
  const auto lines = lines_of(text);
  ASSERT_EQ(lines.size(), hostile_texts.size());
  for (const std::string& line : lines) {
    EXPECT_NE(line.find(" warn  a fact text="), line.npos) << line.substr(0, 100);
    for (std::size_t i = 0; i < line.size(); ++i) {
      const auto byte = static_cast<unsigned char>(line[i]);
      EXPECT_TRUE(byte >= 0x20 && byte != 0x7f) << line.substr(0, 100);
      const bool c1 = byte == 0xC2 && static_cast<unsigned char>(line[i + 1]) < 0xA0;
      EXPECT_FALSE(c1) << line.substr(0, 100);
    }
  }
}

TEST(Log, AReaderThatHangsCostsInfoLinesAndNoWarning) {
  constexpr int infos = 50'000;
  constexpr int warnings = 100;
  const std::string text = stderr_of(
      log::Format::text, log::Level::info,
      [] {
        for (int i = 0; i < infos; ++i) log::info("an info", log::field("i", i));
        for (int i = 0; i < warnings; ++i) log::warn("a warning", log::field("i", i));
        log::warn("counts", log::field("dropped", log::lines_dropped()),
                  log::field("kept", log::lines(log::Level::info)));
      },
      true);
  std::uint64_t seen_infos = 0, seen_warnings = 0, reported_dropped = 0;
  for (const std::string& line : lines_of(text)) {
    seen_infos += line.find(" info  an info i=") != line.npos;
    seen_warnings += line.find(" warn  a warning i=") != line.npos;
    if (const auto at = line.find("dropped="); at != line.npos)
      reported_dropped = std::strtoull(line.c_str() + at + 8, nullptr, 10);
  }
  EXPECT_EQ(seen_warnings, std::uint64_t{warnings});
  EXPECT_GT(reported_dropped, 0U);
  EXPECT_EQ(seen_infos + reported_dropped, std::uint64_t{infos});
}

TEST(Log, AReaderThatHangsDelaysAllLinesByOneShortWaitAndLaterGetsTheNumberOfDroppedOnes) {
  constexpr std::uint64_t warnings = 20'000;
  const std::string text = stderr_of(
      log::Format::text, log::Level::info,
      [] {
        const auto begin = std::chrono::steady_clock::now();
        for (std::uint64_t i = 0; i < warnings; ++i)
          log::warn("a warning", log::field("i", i), log::field("text", std::string(50, 'x')));
        const auto took = std::chrono::steady_clock::now() - begin;
        if (took > std::chrono::seconds(2)) ::_exit(1);
        if (took < std::chrono::milliseconds(50)) ::_exit(2);
        if (log::lines_dropped() == 0) ::_exit(3);
      },
      true);
  std::uint64_t seen = 0, reported = 0;
  for (const std::string& line : lines_of(text)) {
    seen += line.find(" warn  a warning i=") != line.npos;
    const auto at = line.find(" warn  stderr was not read: lines of the log were dropped lines=");
    if (at != line.npos) reported += std::strtoull(&line[line.rfind('=') + 1], nullptr, 10);
  }
  EXPECT_GT(seen, 1'000U);
  EXPECT_GT(reported, 0U);
  EXPECT_EQ(seen + reported, warnings);
}

TEST(Log, AFailedCheckEndsTheProcessThoughNobodyReadsItsLine) {
  int out[2];
  ASSERT_EQ(::pipe2(out, O_NONBLOCK), 0);
  const std::string bytes(4'096, '\n');
  while (::write(out[1], bytes.data(), bytes.size()) > 0) {
  }
  ASSERT_EQ(::fcntl(out[1], F_SETFL, 0), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(out[1], STDERR_FILENO);
    check(false, "a deliberate one");
  }
  int status = 0;
  pid_t ended = 0;
  for (int i = 0; i < 500 && ended == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ended = ::waitpid(child, &status, WNOHANG);
  }
  if (ended == 0) ::kill(child, SIGKILL);
  if (ended == 0) ::waitpid(child, &status, 0);
  EXPECT_EQ(ended, child) << "it still ran after 5 s";
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
  ::close(out[0]);
  ::close(out[1]);
}

TEST(Log, WhatIsBelowTheLevelIsNotWritten) {
  EXPECT_EQ(stderr_of(log::Format::text, log::Level::error,
                      [] {
                        log::warn("no");
                        log::info("no");
                      }),
            "");
}

// At level info an order's routing decision is one line. At level debug each event is one line.
// Every line has the order, the seq and the trace.
TEST(Log, EveryLineAboutAnOrderNamesItItsSeqAndItsTrace) {
  const auto records = [] {
    std::vector<Record> made;
    for (Event& event : test::full_events()) {
      Record record;
      record.seq = 40 + made.size();
      record.correlation.bytes.fill(0xAB);
      record.order_id.bytes.fill(0x11);
      record.event = std::move(event);
      made.push_back(std::move(record));
    }
    return made;
  }();
  const auto logged = [&] {
    for (const Record& record : records) log_order_event(record);
  };
  const auto all = lines_of(stderr_of(log::Format::json, log::Level::debug, logged));
  ASSERT_EQ(all.size(), records.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const json::value line = json::parse(all[i]);
    EXPECT_EQ(line.at("order").as_string(), to_text(records[i].order_id));
    EXPECT_EQ(line.at("seq").to_number<Seq>(), records[i].seq);
    EXPECT_EQ(line.at("trace").as_string(), to_text(records[i].correlation));
  }
  std::size_t routes = 0;
  for (const std::string& text : lines_of(stderr_of(log::Format::json, log::Level::info, logged))) {
    const json::value line = json::parse(text);
    if (line.at("msg") != "route selected") continue;
    ++routes;
    for (const char* key : {"venue", "quotes", "lost", "attempt", "amountOut", "price"})
      EXPECT_TRUE(line.as_object().contains(key)) << key;
  }
  EXPECT_GT(routes, 0U);
}

}  // namespace
}  // namespace oee
