// TableSnapshots: takes snapshots of PostgreSQL's tables while an engine projects into them, and
// compares each with the fold of the log up to the snapshot's cursor. It runs on its own thread.
#pragma once

#include "tests/stack/fault_fixture.h"
#include "tests/support/table_contents.h"

namespace oee::test {

class TableSnapshots {
 public:
  TableSnapshots(std::string postgres_url, std::filesystem::path data_dir)
      : url_(std::move(postgres_url)), data_dir_(std::move(data_dir)), thread_([this] { run(); }) {}
  ~TableSnapshots() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int equal() const { return equal_; }    // snapshots that equal the fold
  int failed() const { return failed_; }  // attempts that could not read PostgreSQL
  // Snapshots with a lower cursor than the previous one: an older copy, or a lost commit.
  int went_back() const { return went_back_; }
  // After stop(): the first difference. Empty: there is none.
  const std::string& difference() const { return difference_; }

 private:
  void run() {
    std::unique_ptr<pqxx::connection> connection;
    while (!stopping_ && difference_.empty()) {
      try {
        if (!connection) connection = std::make_unique<pqxx::connection>(url_);
        Seq cursor = 0;
        const Tables tables = table_contents(*connection, "oee", &cursor);
        compare(tables, cursor);
      } catch (const std::exception&) {
        connection.reset();
        ++failed_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  void compare(const Tables& tables, Seq cursor) {
    went_back_ += cursor < last_cursor_ ? 1 : 0;
    last_cursor_ = cursor;
    if (!read_to(cursor)) return;
    const Tables wanted = tables_of_fold(log_, cursor);
    for (const auto& [name, rows] : wanted) {
      const auto& found = tables.at(name);
      if (found == rows) continue;
      difference_ = name + " at seq " + std::to_string(cursor) + ": " +
                    std::to_string(found.size()) + " rows for " + std::to_string(rows.size());
      const auto [is, be] = std::mismatch(found.begin(), found.end(), rows.begin(), rows.end());
      if (is != found.end()) difference_ += "\n is      " + *is;
      if (be != rows.end()) difference_ += "\n must be " + *be;
      return;
    }
    ++equal_;
  }
  bool read_to(Seq cursor) {
    if (!reader_) {
      auto opened = LogReader::open(data_dir_);
      if (!opened.ok()) return give_up("the log: " + opened.error().detail);
      reader_ = *std::move(opened);
    }
    const auto head = reader_->refresh();
    if (!head.ok()) return give_up("the log: " + head.error().detail);
    if (*head < cursor)
      return give_up("the cursor is " + std::to_string(cursor) + ", past the log's head " +
                     std::to_string(*head));
    while (log_.durable_head() < cursor) {
      auto records = reader_->read(log_.durable_head() + 1, 4'096);
      if (!records.ok()) return give_up("the log: " + records.error().detail);
      log_.add(*std::move(records));
    }
    return true;
  }
  bool give_up(std::string why) {
    difference_ = std::move(why);
    return false;
  }

  const std::string url_;
  const std::filesystem::path data_dir_;
  std::unique_ptr<LogReader> reader_;
  RecordLog log_{{}};
  Seq last_cursor_ = 0;
  std::string difference_;
  std::atomic<int> equal_{0};
  std::atomic<int> failed_{0};
  std::atomic<int> went_back_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace oee::test
