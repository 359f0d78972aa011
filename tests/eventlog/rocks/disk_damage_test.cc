// Damage of every kind of file in a log's directory: a flipped byte, a cut, a removal. The log
// refuses and names the damage, or all its records are read back equal; it is never shorter without
// an error. The same holds for the tools' reader.
#include <cstdio>
#include <map>

#include "core/base/log.h"
#include "eventlog/audit/verify.h"
#include "eventlog/codec.h"
#include "tests/eventlog/audit/forged_log.h"
#include "tests/eventlog/rocks/disk_temporaries.h"
#include "tests/eventlog/rocks/rocks_fixture.h"

namespace oee {
namespace {

namespace fs = std::filesystem;

struct Row {
  int tried = 0;
  int refused = 0;   // at the start
  int at_read = 0;   // opened, then refused at the damaged record
  int harmless = 0;  // every record is read
  int tool_bad = 0;  // log-dump verify reports damage, or cannot open the log
  int tool_ok = 0;
};

constexpr int tools_every = 25;
constexpr std::uint32_t orders_flushed = 40;
constexpr std::uint32_t orders_total = 60;
constexpr Seq records_total = 6 * orders_total;

class DiskDamageTest : private test::TemporariesInMemory, public test::RocksFixture {
 protected:
  DiskDamageTest() {
    oee::log::configure(oee::log::Format::text, oee::log::Level::off);
    original_ = data_.path() / "original";
    options_.tail_records_max = 1;
  }
  ~DiskDamageTest() override { oee::log::configure(oee::log::Format::text, oee::log::Level::info); }

  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(add_orders(1, orders_flushed));
    ASSERT_NO_FATAL_FAILURE(add_orders(orders_flushed + 1, orders_total));
    // As after kill -9: zeros follow the appends.
    fs::resize_file(newest_wal(), fs::file_size(newest_wal()) + 4'096);
    copy_log(options_.dir, original_);
    log_.reset();
  }
  void add_orders(std::uint32_t first, std::uint32_t last) {
    open_and_start();
    for (std::uint32_t n = first; n <= last; ++n) {
      AppendRequest request;
      request.order_id = test::order_id(n);
      request.events = forge::confirmed_events(request.order_id, "key" + std::to_string(n));
      ASSERT_TRUE(append(std::move(request)).ok());
    }
    if (expected_.empty() || last == orders_total) {
      expected_.clear();
      ASSERT_EQ(bytes_of_all(expected_), "");
    }
    log_.reset();
  }

  // Reads the payload of every record with read(). Returns "" or the error that ended it.
  std::string bytes_of_all(std::vector<std::string>& into) {
    for (Seq next = 1; next <= log_->metrics().durable_head.load();) {
      const auto block = log_->read(next, 100);
      if (!block.ok()) return block.error().detail;
      for (const Record& record : (*block)->records)
        if (record.seq >= next)
          into.push_back(to_text(record.order_id) + encode_event(record.event)->payload);
      next = (*block)->end();
    }
    return "";
  }
  // Reads every order through its index, and every key. Returns "" or the first error.
  std::string indexes_of_all() {
    for (std::uint32_t n = 1; n <= orders_total; ++n) {
      const auto records = log_->read_order(test::order_id(n));
      if (!records.ok()) return records.error().detail;
      EXPECT_EQ(records->size(), 6U) << "order " << n << " is short";
    }
    probe_ = std::make_unique<test::LogProbe>();
    BlockSink* sinks[] = {probe_.get()};
    log_->start(sinks);
    for (std::uint32_t n = 1; n <= orders_total; ++n) {
      AppendRequest request;
      request.order_id = test::order_id(1'000);
      request.events = {forge::accepted("key" + std::to_string(n))};
      const AppendAnswer answer = append(std::move(request));
      if (!answer.ok()) return answer.error().detail;
      EXPECT_TRUE(answer->replayed) << "key " << n << " is not found";
    }
    return "";
  }

  static void expect_named(const Error& error) {
    EXPECT_EQ(error.code, Errc::corrupt) << error.detail;
    const std::string& text = error.detail;
    const bool named =
        text.find("record") != std::string::npos || text.find(".sst") != std::string::npos ||
        text.find(".log") != std::string::npos || text.find("MANIFEST") != std::string::npos ||
        text.find("CURRENT") != std::string::npos || text.find("WATERMARK") != std::string::npos ||
        text.find("IDENTITY") != std::string::npos || text.find("OPTIONS") != std::string::npos;
    EXPECT_TRUE(named) << "the error names no record and no file: " << text;
  }

  // Opens and reads the damaged log with the engine and with the tools, and counts the results.
  void check_damaged(Row& row) {
    // The tools reopen a damaged log ten times, which takes half a second: only a part of the
    // cases.
    if (row.tried++ % tools_every == 0) ask_tools(row);
    const auto opened = try_open();
    if (!opened.ok()) {
      ++row.refused;
      ++messages_[opened.error().detail.substr(0, 150)];
      return expect_named(opened.error());
    }
    ASSERT_EQ(log_->metrics().durable_head.load(), records_total) << "shorter without an error";
    std::vector<std::string> found;
    std::string why = bytes_of_all(found);
    if (why.empty()) {
      EXPECT_EQ(found, expected_) << "other records without an error";
      why = indexes_of_all();
    }
    if (why.empty()) {
      ++row.harmless;
    } else {
      ++row.at_read;
      expect_named({Errc::corrupt, why});
    }
    log_.reset();
  }
  void ask_tools(Row& row) {
    const auto reader = LogReader::open(options_.dir);
    if (!reader.ok()) {
      ++row.tool_bad;
      return;
    }
    const auto report = verify(**reader, {});
    if (!report.ok() || !report->ok) {
      ++row.tool_bad;
    } else {
      EXPECT_EQ(report->events, records_total) << "the tools read too few records";
      ++row.tool_ok;
    }
  }

  static std::string kind_of(const fs::path& file) {
    const std::string name = file.filename().string();
    if (file.extension() == ".log") return "WAL";
    if (file.extension() == ".sst") return "SST";
    return name.substr(0, name.find('-'));
  }
  std::vector<fs::path> files_to_damage() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(original_)) {
      const std::string kind = kind_of(entry.path());
      if (kind != "LOCK" && !kind.starts_with("LOG") && entry.file_size() > 0)
        found.push_back(entry.path().filename());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  void print() const {
    std::printf("[ counts   ] %-16s %6s %8s %8s %9s | tools: %5s %5s\n", "damage", "tried",
                "refused", "at read", "harmless", "bad", "ok");
    Row all;
    for (const auto& [what, row] : rows_) {
      std::printf("[ counts   ] %-16s %6d %8d %8d %9d |        %5d %5d\n", what.c_str(), row.tried,
                  row.refused, row.at_read, row.harmless, row.tool_bad, row.tool_ok);
      all.tried += row.tried;
      all.refused += row.refused + row.at_read;
      all.harmless += row.harmless;
    }
    std::printf("[ counts   ] damaged files: %d damages, %d refused, %d harmless, 0 short\n",
                all.tried, all.refused, all.harmless);
    if (std::getenv("OEE_SHOW") != nullptr)
      for (const auto& [text, times] : messages_) std::printf("%5d %s\n", times, text.c_str());
  }

  fs::path original_;
  std::vector<std::string> expected_;
  std::map<std::string, Row> rows_;
  std::map<std::string, int> messages_;
};

TEST_F(DiskDamageTest, AFlippedByteIsRefusedWithItsPlaceOrHarmless) {
  for (const fs::path& file : files_to_damage()) {
    const std::uintmax_t size = fs::file_size(original_ / file);
    const std::uintmax_t tries = kind_of(file) == "SST" ? 30 : 100;
    for (std::uintmax_t at = 1; at < size; at += size / tries + 1) {
      SCOPED_TRACE(file.string() + " flipped at " + std::to_string(at));
      log_.reset();
      copy_log(original_, options_.dir);
      flip(options_.dir / file, at);
      ASSERT_NO_FATAL_FAILURE(check_damaged(rows_[kind_of(file) + " flip"]));
    }
  }
  print();
}

TEST_F(DiskDamageTest, ACutOrLostFileIsRefusedWithItsPlaceOrHarmless) {
  for (const fs::path& file : files_to_damage()) {
    const std::uintmax_t size = fs::file_size(original_ / file);
    for (std::uintmax_t left = 0; left < size; left += size / 20 + 1) {
      SCOPED_TRACE(file.string() + " cut to " + std::to_string(left));
      log_.reset();
      copy_log(original_, options_.dir);
      fs::resize_file(options_.dir / file, left);
      ASSERT_NO_FATAL_FAILURE(check_damaged(rows_[kind_of(file) + " cut"]));
    }
    SCOPED_TRACE(file.string() + " removed");
    log_.reset();
    copy_log(original_, options_.dir);
    fs::remove(options_.dir / file);
    ASSERT_NO_FATAL_FAILURE(check_damaged(rows_[kind_of(file) + " removed"]));
  }
  print();
}

}  // namespace
}  // namespace oee
