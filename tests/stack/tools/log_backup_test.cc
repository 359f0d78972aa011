// The real log-backup: repeated backups of a log in use and of a stopped one, interruptions,
// damage, and an engine that continues with a restored log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "eventlog/audit/log_reader.h"
#include "tests/eventlog/audit/forged_log.h"
#include "tests/support/log/log_file.h"
#include "tests/support/process/engine_process.h"

namespace oee::test {
namespace {

namespace fs = std::filesystem;
using forge::ForgedLog;
using testing::HasSubstr;

std::string last_line(const std::string& text) {
  const std::string body = text.substr(0, text.find_last_not_of('\n') + 1);
  return body.substr(body.rfind('\n') == std::string::npos ? 0 : body.rfind('\n') + 1);
}

// The last line that log-backup must print, made from the output of log-dump verify.
std::string verified(const fs::path& dir) {
  const auto audit = run({program("log-dump"), "verify", dir.string()});
  EXPECT_EQ(audit.exit_code, 0) << audit.out << audit.err;
  std::string line = last_line(audit.out);
  const auto orders = line.find(" orders=");
  if (orders != std::string::npos) line.erase(orders, line.find(' ', orders + 1) - orders);
  return line;
}

class LogBackup : public testing::Test {
 protected:
  static RunResult backup(const fs::path& from, const fs::path& to) {
    return run({program("log-backup"), from.string(), "--to", to.string()}, 120);
  }
  static RunResult restore(const fs::path& from, const fs::path& to) {
    return run({program("log-backup"), "--restore", from.string(), "--to", to.string()}, 120);
  }
  static void expect_backed_up(const fs::path& from, const fs::path& to) {
    const auto result = backup(from, to);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out, verified(from) + "\n");
    EXPECT_EQ(result.out, verified(to) + "\n");
  }
  // Orders first..last, six events each.
  static void add_orders(ForgedLog& log, std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t n = first; n <= last; ++n) {
      const std::string tag = std::to_string(n);
      log.add_all(test::order_id(n),
                  forge::confirmed_events(test::order_id(n), "key-" + tag, "client-" + tag));
    }
    log.mark();
  }
  static void flip_middle(const fs::path& file) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(fs::file_size(file) / 2);
    stream.seekg(at);
    const auto byte = static_cast<char>(stream.get());
    stream.seekp(at);
    stream.put(static_cast<char>(byte ^ 0x40));
  }
  static fs::path largest_file(const fs::path& dir) {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(dir))
      if (found.empty() || entry.file_size() > fs::file_size(found)) found = entry.path();
    return found;
  }

  TemporaryDirectory dir_;
  const fs::path data_ = dir_.path() / "data";
  const fs::path copy_ = dir_.path() / "deep" / "copy";
  const fs::path restored_ = dir_.path() / "restored";
};

TEST_F(LogBackup, TheCopyEqualsTheLogAndASecondRunAddsNewEvents) {
  ForgedLog log(data_);
  log.mark();
  expect_backed_up(data_, copy_);  // of an empty log, too
  add_orders(log, 1, 50);
  expect_backed_up(data_, copy_);
  EXPECT_THAT(backup(data_, copy_).err, HasSubstr("0 new events"));
  add_orders(log, 51, 70);
  const auto again = backup(data_, copy_);
  EXPECT_THAT(again.err, HasSubstr("120 new events"));
  EXPECT_EQ(again.out, verified(copy_) + "\n");
  for (const char* what : {"--format=csv", "--order=01954d20-0000-7000-8000-000000000007"}) {
    const auto of_log = run({program("log-dump"), data_.string(), what});
    EXPECT_EQ(of_log.out, run({program("log-dump"), copy_.string(), what}).out);
    EXPECT_FALSE(of_log.out.empty());
  }
}

TEST_F(LogBackup, ARestoredLogReplaysToTheSameState) {
  {
    ForgedLog log(data_);
    add_orders(log, 1, 50);
  }
  expect_backed_up(data_, copy_);
  const auto result = restore(copy_, restored_);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("ok events=300 orders=50 head=300 hash="));
  EXPECT_EQ(verified(restored_), verified(data_));
  const auto fold = run({program("log-dump"), "replay", data_.string()});
  const std::string state = fold.out.substr(fold.out.find("state="));
  EXPECT_EQ(result.out.substr(result.out.find("state=")), state);
  EXPECT_FALSE(fs::exists(restored_ / "log.partial"));
}

LogEpoch epoch_of(const fs::path& dir) {
  const auto reader = LogReader::open(dir);
  EXPECT_TRUE(reader.ok()) << dir;
  return reader.ok() ? (*reader)->identity().epoch : LogEpoch{};
}

TEST_F(LogBackup, EveryRestoreHasANewEpochAndABackupThatOfItsLog) {
  {
    ForgedLog log(data_);
    add_orders(log, 1, 5);
  }
  expect_backed_up(data_, copy_);
  EXPECT_TRUE(epoch_of(copy_).is_zero());
  const fs::path again = dir_.path() / "again";
  const auto result = restore(copy_, restored_);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  ASSERT_EQ(restore(copy_, again).exit_code, 0);
  EXPECT_FALSE(epoch_of(restored_).is_zero());
  EXPECT_FALSE(epoch_of(again).is_zero());
  EXPECT_NE(epoch_of(restored_), epoch_of(again));
  EXPECT_THAT(result.err, HasSubstr("the epoch " + to_text(epoch_of(restored_))));
  expect_backed_up(restored_, copy_);
  EXPECT_EQ(epoch_of(copy_), epoch_of(restored_));
  EngineProcess engine(restored_, no_delays);
  engine.start();
  HttpClient client(engine.port());
  EXPECT_EQ(text_at(parse_json(client.get("/health").body), "epoch"), to_text(epoch_of(restored_)));
  EXPECT_EQ(engine.stop(), 0);
}

TEST_F(LogBackup, RestoredFromABackupUnderLoadAnEngineContinuesEveryOrder) {
  EngineProcess engine(data_,
                       {"--venue-delay", "3s", "--quote-delay", "0ms", "--log-level", "warn"});
  engine.start();
  ChildProcess load({program("order-load"), "--url", engine.url(), "--rate", "200", "--duration",
                     "4s", "--quiet"},
                    dir_.path() / "load.txt");
  std::this_thread::sleep_for(std::chrono::seconds(1));
  for (int round = 0; round < 3; ++round) {
    const auto result = backup(data_, copy_);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out, verified(copy_) + "\n");
  }
  HttpClient client(engine.port());
  std::vector<std::string> ids;
  for (int n = 0; n < 20; ++n) {
    const auto placed = client.post("/v1/orders", order_body("mine-" + std::to_string(n)));
    ASSERT_EQ(placed.status, 202) << placed.body;
    ids.push_back(text_at(parse_json(placed.body), "orderId"));
  }
  engine.kill_hard();  // during the load
  expect_backed_up(data_, copy_);
  const auto result = restore(copy_, restored_);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(verified(restored_), verified(data_));

  // The backup does not include the venue, which keeps its own ledger.
  fs::copy(data_ / "venue", restored_ / "venue", fs::copy_options::recursive);
  EngineProcess next(restored_, no_delays);
  next.start();
  HttpClient reader(next.port());
  for (int n = 0; n < 20; ++n) {
    const auto ended = [&] {
      const auto json = parse_json(reader.get("/v1/orders/" + ids[n]).body);
      return text_at(json, "status") == "confirmed";
    };
    ASSERT_TRUE(EngineProcess::eventually(20, ended)) << reader.get("/v1/orders/" + ids[n]).body;
    const auto again = reader.post("/v1/orders", order_body("mine-" + std::to_string(n)));
    EXPECT_EQ(text_at(parse_json(again.body), "orderId"), ids[n]) << again.body;
  }
  EXPECT_TRUE(EngineProcess::eventually(30, [&] { return next.health_number("openOrders") == 0; }));
  EXPECT_EQ(next.stop(), 0) << next.log_text();
  EXPECT_THAT(verified(restored_), HasSubstr("ok events="));
  // The old log and the restored one differ by now.
  const auto other = backup(restored_, copy_);
  EXPECT_EQ(other.exit_code, 0) << other.err;
  EXPECT_EQ(backup(data_, copy_).exit_code, 4);
}

TEST_F(LogBackup, KilledTenTimesWhileItCopiesItContinuesAndIsNeverTakenForComplete) {
  ForgedLog log(data_);
  add_orders(log, 1, 10'000);
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(backup(data_, dir_.path() / "undisturbed").exit_code, 0);
  const auto took = std::chrono::steady_clock::now() - began;
  const auto killed = [&](int tenths) {
    ChildProcess child({program("log-backup"), data_.string(), "--to", copy_.string()},
                       dir_.path() / "backup.txt");
    std::this_thread::sleep_for(took * tenths / 10);
    child.signal(SIGKILL);
    return child.wait(10) == 128 + SIGKILL;
  };
  int kills = 0;
  for (int tenths = 1; tenths <= 9 && killed(tenths); ++tenths, ++kills) {
    if (fs::exists(copy_ / "log")) break;  // killed after its last step
    EXPECT_EQ(run({program("log-dump"), "verify", copy_.string()}).exit_code, 3);
    const auto result = restore(copy_, restored_);
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_FALSE(fs::exists(restored_ / "log"));
  }
  EXPECT_GE(kills, 3);
  if (fs::exists(copy_ / "log")) EXPECT_EQ(verified(copy_), verified(data_));
  expect_backed_up(data_, copy_);
  // Later runs add events. Until a run is complete, the copy verifies as before or as the run left
  // it.
  std::uint32_t orders = 10'000;
  for (int round = 0; round < 40 && kills < 10; ++round) {
    add_orders(log, orders + 1, orders + 1'000);
    orders += 1'000;
    kills += killed(1 + round % 5) ? 1 : 0;
    EXPECT_THAT(verified(copy_), HasSubstr("ok events="));
  }
  EXPECT_GE(kills, 10);
  expect_backed_up(data_, copy_);
}

// The files of a run that was killed in its first append to the copy.
TEST_F(LogBackup, AfterAKillInTheFirstAppendOfARunTheNextRunLeavesACopyThatOpens) {
  ForgedLog log(data_);
  add_orders(log, 1, 50);
  expect_backed_up(data_, copy_);
  const fs::path mark = dir_.path() / "mark";
  fs::copy_file(copy_ / "log" / "WATERMARK", mark);
  add_orders(log, 51, 70);
  expect_backed_up(data_, copy_);
  fs::copy_file(mark, copy_ / "log" / "WATERMARK", fs::copy_options::overwrite_existing);
  fs::path wal;
  for (const auto& entry : fs::directory_iterator(copy_ / "log"))
    if (entry.path().extension() == ".log") wal = std::max(wal, entry.path());
  test::tear_last_record(wal);
  ASSERT_EQ(test::end_of_log_file(wal).kind, LogEnd::Kind::torn);
  expect_backed_up(data_, copy_);
  EXPECT_EQ(restore(copy_, restored_).exit_code, 0);
}

TEST_F(LogBackup, DamageOfTheLogIsNamedAndMakesNoCopy) {
  const std::vector<std::pair<std::string, std::function<void(ForgedLog&)>>> damages = {
      {"seq 6",
       [](ForgedLog& log) { log.rewrite(5, [](auto& h, auto&) { h.time += Micros(1); }); }},
      {"seq 5", [](ForgedLog& log) { log.remove(layout::cf_events, layout::seq_key(5)); }},
      {"seq 5",
       [](ForgedLog& log) {
         std::string bytes = log.get(layout::cf_events, layout::seq_key(5));
         bytes[60] = static_cast<char>(bytes[60] ^ 1);
         log.put(layout::cf_events, layout::seq_key(5), bytes);
       }},
      {"seq 300",
       [](ForgedLog& log) { log.rewrite(300, [](auto& h, auto&) { h.time += Micros(1); }); }},
  };
  for (const auto& [named, damage] : damages) {
    const TemporaryDirectory dir;
    ForgedLog log(dir.path());
    add_orders(log, 1, 50);
    damage(log);
    const auto result = backup(dir.path(), dir.path() / "copy");
    EXPECT_EQ(result.exit_code, 4) << named << result.out;
    EXPECT_THAT(result.err, HasSubstr(named));
    EXPECT_FALSE(fs::exists(dir.path() / "copy" / "log"));
  }
}

TEST_F(LogBackup, DamageOfTheCopyIsFoundByTheRunThatMeetsItAndByEveryRestore) {
  ForgedLog log(data_);
  add_orders(log, 1, 500);
  expect_backed_up(data_, copy_);
  add_orders(log, 501, 510);
  for (const fs::path& file :
       {largest_file(copy_ / "log"), copy_ / "log" / "WATERMARK", copy_ / "log" / "CURRENT"}) {
    const fs::path saved = dir_.path() / "saved";
    fs::copy_file(file, saved, fs::copy_options::overwrite_existing);
    if (file.filename() == "WATERMARK") fs::resize_file(file, 10);
    flip_middle(file);
    const auto again = backup(data_, copy_);
    EXPECT_EQ(again.exit_code, 4) << file << again.err;
    EXPECT_EQ(restore(copy_, restored_).exit_code, 4) << file;
    EXPECT_FALSE(fs::exists(restored_ / "log")) << file;
    fs::copy_file(saved, file, fs::copy_options::overwrite_existing);
  }
  expect_backed_up(data_, copy_);
}

TEST_F(LogBackup, ALogThatDiffersIsRefusedFromItsFirstDifferentRecord) {
  const auto write_log = [](const fs::path& dir, std::uint32_t last_order, char epoch) {
    ForgedLog log(dir);
    log.put(layout::cf_meta, layout::meta_log_id, std::string(16, 'x'));
    log.put(layout::cf_meta, layout::meta_epoch, std::string(8, epoch));
    add_orders(log, 1, 40);
    add_orders(log, last_order, last_order + 9);
  };
  write_log(data_, 41, '1');
  write_log(dir_.path() / "other", 61, '2');
  expect_backed_up(data_, copy_);
  const std::string before = verified(copy_);
  const auto result = backup(dir_.path() / "other", copy_);
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.err, HasSubstr("seq 241: the log and its copy differ"));
  const auto shorter = [&] {
    ForgedLog log(dir_.path() / "short");
    log.put(layout::cf_meta, layout::meta_log_id, std::string(16, 'x'));
    add_orders(log, 1, 40);
    return backup(dir_.path() / "short", copy_);
  }();
  EXPECT_EQ(shorter.exit_code, 4);
  EXPECT_THAT(shorter.err, HasSubstr("seq 241: the copy holds records up to seq 300"));
  EXPECT_EQ(verified(copy_), before);
  EXPECT_EQ(epoch_of(copy_), epoch_of(data_));
}

TEST_F(LogBackup, AnotherLogsCopyIsRefused) {
  {
    ForgedLog log(data_);
    add_orders(log, 1, 3);
    ForgedLog other(copy_);
    other.put(layout::cf_meta, layout::meta_log_id, std::string(16, 'y'));
    other.mark();
    EXPECT_EQ(backup(data_, copy_).exit_code, 5);  // another process writes there
  }
  const auto result = backup(data_, copy_);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("holds another log (79797979797979797979797979797979)"));
}

TEST_F(LogBackup, BadUsageIsRefusedAndChangesNothing) {
  {
    ForgedLog log(data_);
    add_orders(log, 1, 3);
  }
  expect_backed_up(data_, copy_);
  std::ofstream(dir_.path() / "file") << "text";
  const std::string data = data_.string(), copy = copy_.string(), fresh = restored_.string();
  struct Case {
    std::vector<std::string> flags;
    int code;
    std::string message;  // a part of it
  };
  const std::vector<Case> cases = {
      {{}, 2, "--to"},
      {{data}, 2, "--to"},
      {{data, "--to"}, 2, "--to"},
      {{data, "--to", ""}, 2, "--to"},
      {{data, copy}, 2, ""},
      {{data, "--to", fresh, "--frm", "3"}, 2, "--frm"},
      {{data, "--to", data}, 2, "the log to copy itself"},
      {{data + "/log", "--to", data}, 2, "the log to copy itself"},
      {{data, "--restore", copy, "--to", fresh}, 2, "no DIR"},
      {{"--restore", copy}, 2, "--to"},
      {{"--restore", copy, "--to", data}, 2, "has a log already"},
      {{"--restore", fresh, "--to", fresh}, 3, "no event log"},
      {{fresh, "--to", copy}, 3, "no event log"},
      {{data, "--to", (dir_.path() / "file").string()}, 1, "file"},
  };
  for (const Case& each : cases) {
    std::vector<std::string> argv = each.flags;
    argv.insert(argv.begin(), program("log-backup"));
    const auto result = run(argv);
    EXPECT_EQ(result.exit_code, each.code) << testing::PrintToString(each.flags) << result.err;
    EXPECT_THAT(result.err, HasSubstr(each.message)) << testing::PrintToString(each.flags);
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(fs::exists(restored_)) << testing::PrintToString(each.flags);
  }
  EXPECT_EQ(verified(copy_), verified(data_));
}

}  // namespace
}  // namespace oee::test
