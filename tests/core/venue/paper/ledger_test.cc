#include "core/venue/paper/ledger/ledger.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "core/venue/paper/ledger/codec.h"
#include "tests/core/venue/paper/ledger_entries.h"
#include "tests/support/log/log_file.h"
#include "tests/support/paper_fixture.h"
#include "tests/support/process/servers.h"

namespace oee::paper {
namespace {

using test::TemporaryDirectory;
using test::venue_order_id;

// --- Codec ---------------------------------------------------------------------------------------

std::vector<JournalEntry> one_of_each() {
  Refusal refusal;
  refusal.id = venue_order_id(2);
  refusal.error = ErrorClass::slippage_exceeded;
  refusal.retry_after = Micros(1'500);
  refusal.detail = "would give 1, below min out 2";
  Expiry expiry;
  expiry.id = venue_order_id(4);
  expiry.valid_until_height = 9;
  Arbitrage arbitrage;
  arbitrage.trade = PoolTrade{0, false, 300, 100, 2};
  return {entry_of(deposit()),   entry_of(settlement(1)),
          entry_of(refusal),     entry_of(Tombstone{venue_order_id(3)}),
          entry_of(expiry),      entry_of(arbitrage),
          entry_of(HeightMark{})};
}

// Stored bytes of format 1: a change here makes existing ledgers unreadable.
TEST(LedgerCodec, FormatOneIsPinned) {
  const std::vector<std::string> golden = {
      "01000a000000000000000700726179646975"
      "6d0300534f4c0904005553444306"
      "40420f0000000000"
      "80841e0000000000",
      "01010a00000000000000"
      "0100000000000000272829"
      "2a2b2c2da5"
      "0000"
      "01"
      "6400000000000000"
      "be00000000000000"
      "0100000000000000",
      "01020a00000000000000"
      "0200000000000000464748"
      "494a4b4ca5"
      "00"
      "dc05000000000000"
      "1d00"
      "776f756c64206769766520312c2062656c6f77206d696e206f75742032",
      "01030a00000000000000"
      "0300000000000000656667"
      "68696a6ba5",
      "01040a00000000000000"
      "0400000000000000848586"
      "8788898aa5"
      "0900000000000000",
      "01050a00000000000000"
      "0000"
      "00"
      "2c01000000000000"
      "6400000000000000"
      "0200000000000000",
      "01060a00000000000000"};
  const auto entries = one_of_each();
  ASSERT_EQ(golden.size(), entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(to_hex(encode_entry(entries[i])), golden[i]) << "kind " << i;
    const auto decoded = decode_entry(*from_hex(golden[i]));
    ASSERT_TRUE(decoded.ok()) << decoded.error().detail;
    EXPECT_EQ(encode_entry(*decoded), encode_entry(entries[i]));
  }
}

TEST(LedgerCodec, EveryTruncationAndExtensionIsRefused) {
  for (const JournalEntry& entry : one_of_each()) {
    const std::string bytes = encode_entry(entry);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto decoded = decode_entry(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(decoded.ok()) << "kind " << entry.body.index() << " cut to " << size;
      EXPECT_EQ(decoded.error().code, Errc::corrupt);
    }
    EXPECT_FALSE(decode_entry(bytes + '\0').ok());
  }
}

TEST(LedgerCodec, ANewerFormatIsUnsupported) {
  std::string bytes = encode_entry(entry_of(HeightMark{}));
  bytes[0] = 5;
  EXPECT_EQ(decode_entry(bytes).error().code, Errc::unsupported);
}

RC_GTEST_PROP(LedgerCodecProperty, ArbitraryBytesNeverDoHarm, ()) {
  auto bytes = *rc::gen::arbitrary<std::string>();
  if (!bytes.empty()) bytes[0] = 1;
  if (bytes.size() > 1) bytes[1] = static_cast<char>(*rc::gen::inRange(0, 8));
  const auto decoded = decode_entry(bytes);
  if (decoded.ok()) RC_ASSERT(encode_entry(*decoded) == bytes);
}

TEST(LedgerCodec, BalancesKeepTheirSignAndSize) {
  TokenBalances row{test::token("SOL"), I128(1) << 90, -(I128(1) << 100), -1};
  const auto decoded = decode_balances(encode_balances(row));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, row);
  EXPECT_EQ(to_text(row.trader), "-1267650600228229401496703205376");
}

// --- State ---------------------------------------------------------------------------------------

TEST(LedgerState, ImpossibleEntriesAreRefusedAndChangeNothing) {
  LedgerState state;
  ASSERT_TRUE(state.apply(entry_of(deposit())).ok());
  const LedgerState before = state;
  Settlement no_pool = settlement(1);
  no_pool.trade.pool = 7;
  Settlement drains = settlement(1, 100, 2'000'000);
  Settlement overflows = settlement(1, ~Units{0}, 1);
  Settlement gives_too_much = settlement(1, 100, 201);
  Deposit other_decimals = deposit("RAY", "ETH");
  other_decimals.a = Token{Symbol("SOL"), 8};
  for (const EntryBody& body :
       {EntryBody(no_pool), EntryBody(drains), EntryBody(overflows), EntryBody(gives_too_much),
        EntryBody(deposit()), EntryBody(deposit("USDC", "SOL")), EntryBody(other_decimals),
        EntryBody(deposit("RAY", "RAY"))}) {
    const auto applied = state.apply(entry_of(body));
    ASSERT_FALSE(applied.ok()) << "body " << body.index();
    EXPECT_EQ(applied.error().code, Errc::corrupt);
    EXPECT_EQ(state, before);
  }
  EXPECT_FALSE(state.apply(entry_of(HeightMark{}, 9)).ok()) << "a falling height";
  EXPECT_EQ(state, before);
}

// --- Both stores ---------------------------------------------------------------------------------

TEST(Ledger, ReopenedStateIsTheFoldOfTheJournal) {
  TemporaryDirectory dir;
  LedgerState state;
  {
    auto store = open(dir.path() / "venue");
    ASSERT_TRUE(append(*store, state, one_of_each()).ok());
    ASSERT_TRUE(append(*store, state, {entry_of(settlement(5), 12)}).ok());
  }
  auto store = open(dir.path() / "venue");
  const auto loaded = store->load();
  ASSERT_TRUE(loaded.ok()) << loaded.error().detail;
  EXPECT_EQ(*loaded, state);
  const auto audit = audit_ledger(*store);
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_EQ(audit->state, state);
  EXPECT_EQ(audit->entries, 8u);
  EXPECT_EQ(audit->settlements, 2u);
  EXPECT_EQ(audit->refusals, 1u);
  EXPECT_EQ(audit->tombstones, 1u);
  EXPECT_EQ(audit->expiries, 1u);
  EXPECT_EQ(audit->arbitrage_trades, 1u);
}

TEST(Ledger, FindsTheEntryThatEndedAnIdAndNoOther) {
  TemporaryDirectory dir;
  auto store = open(dir.path());
  LedgerState state;
  ASSERT_TRUE(append(*store, state, one_of_each()).ok());
  const auto found = store->find({venue_order_id(3), venue_order_id(99), venue_order_id(1)});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, (std::vector<EntryNumber>{4, 0, 2}));
  const auto entry = store->read(2);
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(std::get<Settlement>(entry->body).trade.amount_out, 190u);
}

TEST(Ledger, IdsAreFoundBeforeDuringAndAfterTheyAreIndexed) {
  TemporaryDirectory dir;
  auto store = open(dir.path());
  LedgerState state;
  ASSERT_TRUE(append(*store, state, {entry_of(deposit())}).ok());
  std::uint64_t number = 0;
  // One and a half runs. The store is reopened before, during and after the first run is written.
  for (int commit = 0; commit < 45; ++commit) {
    std::vector<JournalEntry> entries;
    for (int i = 0; i < 650; ++i) entries.push_back(entry_of(settlement(++number, 10, 1)));
    ASSERT_TRUE(append(*store, state, entries).ok());
    if (commit == 10 || commit == 30 || commit == 40) {
      store.reset();
      store = open(dir.path());
      ASSERT_EQ(*store->load(), state);
    }
    const auto found = store->find({venue_order_id(1), venue_order_id(number / 2),
                                    venue_order_id(number), venue_order_id(number + 1)});
    ASSERT_TRUE(found.ok()) << found.error().detail;
    EXPECT_EQ(*found, (std::vector<EntryNumber>{2, number / 2 + 1, number + 1, 0}));
  }
  EXPECT_EQ(*store->count_ids(), number);
  const auto audit = audit_ledger(*store);
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_EQ(audit->settlements, number);
  const auto from_outside = audit_ledger(dir.path());
  ASSERT_TRUE(from_outside.ok()) << from_outside.error().detail;
  EXPECT_EQ(from_outside->digest, audit->digest);
}

TEST(Ledger, MemoryAndDiskHoldEqualBytes) {
  TemporaryDirectory dir;
  auto disk = open(dir.path());
  auto memory = make_memory_ledger();
  LedgerState on_disk;
  LedgerState in_memory;
  ASSERT_TRUE(append(*disk, on_disk, one_of_each()).ok());
  ASSERT_TRUE(append(*memory, in_memory, one_of_each()).ok());
  EXPECT_EQ(audit_ledger(*disk)->digest, audit_ledger(*memory)->digest);
}

TEST(Ledger, ASecondOpeningIsInUse) {
  TemporaryDirectory dir;
  auto store = open(dir.path());
  const auto second = open_rocks_ledger(dir.path(), {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Errc::in_use) << second.error().detail;
}

TEST(Ledger, AuditReadsADirectoryThatIsOpenAndOneThatIsNot) {
  TemporaryDirectory dir;
  EXPECT_EQ(audit_ledger(dir.path()).error().code, Errc::not_found);
  std::vector<SettledTrade> seen;
  {
    auto store = open(dir.path());
    LedgerState state;
    ASSERT_TRUE(append(*store, state, one_of_each()).ok());
    const auto audit = audit_ledger(dir.path());
    ASSERT_TRUE(audit.ok()) << audit.error().detail;
    EXPECT_EQ(audit->settlements, 1u);
  }
  const auto audit =
      audit_ledger(dir.path(), [&seen](const SettledTrade& trade) { seen.push_back(trade); });
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].id, venue_order_id(1));
  EXPECT_EQ(seen[0].venue.view(), "raydium");
  EXPECT_EQ(seen[0].input.symbol.view(), "SOL");
  EXPECT_EQ(seen[0].output.symbol.view(), "USDC");
  EXPECT_EQ(seen[0].amount_in, 100u);
  EXPECT_EQ(seen[0].amount_out, 190u);
  EXPECT_EQ(seen[0].tx_hash, tx_hash_of(venue_order_id(1)));
}

// --- The audit finds tampering -------------------------------------------------------------------

// A ledger with one defect.
class Tampered final : public LedgerStore {
 public:
  Tampered() : real_(make_memory_ledger()) {
    LedgerState folded;
    check(append(*real_, folded, one_of_each()).ok(), "the untampered ledger is valid");
  }
  std::function<void(EntryNumber&, std::string&)> entry = [](EntryNumber&, std::string&) {};
  std::function<void(LedgerState&)> state = [](LedgerState&) {};
  std::vector<JournalEntry> more;  // after the journal's end
  std::uint64_t more_ids = 0;      // in the index
  bool forget_ids = false;

  Result<LedgerState> load() override {
    OEE_TRY_ASSIGN(LedgerState loaded, real_->load());
    state(loaded);
    return loaded;
  }
  Result<std::vector<EntryNumber>> find(const std::vector<VenueOrderId>& ids) override {
    if (!forget_ids) return real_->find(ids);
    return std::vector<EntryNumber>(ids.size(), 0);
  }
  Result<JournalEntry> read(EntryNumber number) override { return real_->read(number); }
  Result<void> commit(const std::vector<JournalEntry>&, const LedgerState&) override { return {}; }
  Result<void> scan(const Visit& visit) override {
    EntryNumber last = 0;
    OEE_TRY(real_->scan([&](EntryNumber number, std::string_view bytes) {
      std::string copy(bytes);
      last = number;
      entry(number, copy);
      return visit(number, copy);
    }));
    for (const JournalEntry& extra : more) OEE_TRY(visit(++last, encode_entry(extra)));
    return {};
  }
  Result<std::uint64_t> count_ids() override {
    OEE_TRY_ASSIGN(const std::uint64_t count, real_->count_ids());
    return count + more_ids;
  }

 private:
  std::unique_ptr<LedgerStore> real_;
};

void expect_caught(Tampered& ledger, const std::string& rule) {
  const auto audit = audit_ledger(ledger);
  ASSERT_FALSE(audit.ok()) << "not caught: " << rule;
  EXPECT_EQ(audit.error().code, Errc::corrupt);
  EXPECT_NE(audit.error().detail.find(rule), std::string::npos) << audit.error().detail;
}

TEST(LedgerAudit, TheUntamperedLedgerPasses) {
  Tampered ledger;
  EXPECT_TRUE(audit_ledger(ledger).ok());
}

TEST(LedgerAudit, ASecondSettlementOfOneIdIsCaught) {
  Tampered ledger;
  ledger.more = {entry_of(settlement(1, 100, 150))};
  expect_caught(ledger, "its id ends again in entry 2");
}

TEST(LedgerAudit, AHoleADamagedEntryAndAShrinkingProductAreCaught) {
  Tampered hole;
  hole.entry = [](EntryNumber& number, std::string&) { number += number > 3 ? 1 : 0; };
  expect_caught(hole, "entry 5: its number is not the next one");
  Tampered damaged;
  damaged.entry = [](EntryNumber number, std::string& bytes) {
    if (number == 2) bytes.pop_back();
  };
  expect_caught(damaged, "entry 2");
  Tampered shrinking;
  shrinking.entry = [](EntryNumber number, std::string& bytes) {
    if (number == 2) bytes = encode_entry(entry_of(settlement(1, 100, 300)));
  };
  expect_caught(shrinking, "entry 2: a trade shrinks the product");
}

TEST(LedgerAudit, AStateThatIsNotTheFoldIsCaught) {
  Tampered pool;
  pool.state = [](LedgerState& state) { ++state.pools[0].reserve_a; };
  expect_caught(pool, "not the fold");
  Tampered balance;
  balance.state = [](LedgerState& state) { --state.balances[0].trader; };
  expect_caught(balance, "not the fold");
  Tampered height;
  height.state = [](LedgerState& state) { ++state.height; };
  expect_caught(height, "not the fold");
}

TEST(LedgerAudit, AnIndexThatDisagreesIsCaught) {
  Tampered forgetful;
  forgetful.forget_ids = true;
  expect_caught(forgetful, "is not in the index");
  Tampered inventive;
  inventive.more_ids = 1;
  expect_caught(inventive, "the index holds");
}

// --- Crashes and damage --------------------------------------------------------------------------

// When these are set, this program runs as the child below and runs no test.
constexpr const char* child_dir = "OEE_TEST_LEDGER_CHILD_DIR";
constexpr const char* child_pipe = "OEE_TEST_LEDGER_CHILD_PIPE";

// Commits one settlement after another and writes each number to the pipe when it is durable.
[[noreturn]] void commit_for_ever(const std::filesystem::path& dir, int acknowledged) {
  auto opened = open_rocks_ledger(dir, {});
  if (!opened.ok()) _exit(3);
  LedgerStore& store = **opened;
  LedgerState state = *store.load();
  if (state.pools.empty() && !append(store, state, {entry_of(deposit())}).ok()) _exit(4);
  while (true) {
    const EntryNumber number = state.next_entry;
    if (!append(store, state, {entry_of(settlement(number, 100, 1))}).ok()) _exit(5);
    if (write(acknowledged, &number, sizeof number) != sizeof number) _exit(6);
  }
}

class ChildRole final : public testing::Environment {
 public:
  void SetUp() override {
    const char* dir = std::getenv(child_dir);
    const char* pipe = std::getenv(child_pipe);
    if (dir && pipe) commit_for_ever(dir, std::stoi(pipe));
  }
};
// owned by googletest
const testing::Environment* const child_role = testing::AddGlobalTestEnvironment(new ChildRole);

// A fresh program, not only a fork: RocksDB's threads do not exist in a fork.
pid_t start_committing(const std::filesystem::path& dir, int acknowledged) {
  setenv(child_dir, dir.c_str(), 1);
  setenv(child_pipe, std::to_string(acknowledged).c_str(), 1);
  const pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", "ledger_child", nullptr);
    _exit(2);
  }
  unsetenv(child_dir);
  unsetenv(child_pipe);
  return child;
}

TEST(Ledger, CommittedEntriesSurviveKillNine) {
  TemporaryDirectory dir;
  EntryNumber newest = 0;
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = start_committing(dir.path(), ends[1]);
    ASSERT_GT(child, 0);
    close(ends[1]);
    EntryNumber number = 0;
    for (int i = 0; i < 50 && read(ends[0], &number, sizeof number) == sizeof number; ++i) {
      newest = number;
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    while (read(ends[0], &number, sizeof number) == sizeof number) newest = number;
    close(ends[0]);
    const auto audit = audit_ledger(dir.path());
    ASSERT_TRUE(audit.ok()) << audit.error().detail;
    EXPECT_GE(audit->entries, newest);
    EXPECT_LE(audit->entries, newest + 1) << "at most the commit that was under way";
  }
  EXPECT_GE(newest, 250u);
}

std::filesystem::path only_wal(const std::filesystem::path& dir) {
  std::filesystem::path wal;
  std::uintmax_t size = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir)) {
    if (file.path().extension() == ".log" && file.file_size() >= size) {
      wal = file.path();
      size = file.file_size();
    }
  }
  return wal;
}

// Leaves a ledger whose newest commits are only in the WAL.
void leave_after_crash(const std::filesystem::path& dir) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = start_committing(dir, ends[1]);
  close(ends[1]);
  EntryNumber number = 0;
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(read(ends[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ends[0]);
}

TEST(Ledger, AFlippedByteInTheMiddleOfTheWalIsRefused) {
  TemporaryDirectory dir;
  leave_after_crash(dir.path());
  const auto wal = only_wal(dir.path());
  ASSERT_FALSE(wal.empty());
  std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(wal) / 2);
  file.seekg(middle);
  const int byte = file.get();
  file.seekp(middle);
  file.put(static_cast<char>(byte ^ 0x40));
  file.close();
  const auto opened = open_rocks_ledger(dir.path(), {});
  ASSERT_FALSE(opened.ok()) << "acknowledged settlements were lost without an error";
  EXPECT_EQ(opened.error().code, Errc::corrupt) << opened.error().detail;
}

// The file has its new length or its old one. A page that was not written reads as zeros.
TEST(Ledger, ATornTailOfTheWalIsDroppedAndTheRestKept) {
  for (const bool lengthened : {false, true}) {
    TemporaryDirectory dir;
    leave_after_crash(dir.path());
    const auto before = audit_ledger(dir.path());
    ASSERT_TRUE(before.ok()) << before.error().detail;
    const auto wal = only_wal(dir.path());
    if (lengthened) {
      test::tear_last_record(wal);
    } else {
      std::filesystem::resize_file(wal, test::end_of_log_file(wal).at - 100);
    }
    auto store = open(dir.path());
    const auto after = audit_ledger(*store);
    ASSERT_TRUE(after.ok()) << after.error().detail;
    EXPECT_EQ(after->entries, before->entries - 1);
  }
}

// Such a WAL stays beside the next one: recovery found nothing in it to flush.
TEST(Ledger, AWalThatHoldsNothingButATornCommitDoesNotDisturbTheAudit) {
  TemporaryDirectory dir;
  LedgerState state;
  ASSERT_TRUE(append(*open(dir.path()), state, {entry_of(deposit())}).ok());
  LedgerState torn = state;
  std::vector<JournalEntry> entries;
  for (std::uint64_t i = 1; i <= 100; ++i) entries.push_back(entry_of(settlement(i, 10, 1)));
  ASSERT_TRUE(append(*open(dir.path()), torn, entries).ok());
  std::filesystem::path newest;
  for (const auto& file : std::filesystem::directory_iterator(dir.path()))
    if (file.path().extension() == ".log") newest = std::max(newest, file.path());
  test::tear_last_record(newest);
  auto store = open(dir.path());
  ASSERT_EQ(*store->load(), state);
  ASSERT_TRUE(append(*store, state, entries).ok());
  const auto audit = audit_ledger(dir.path());
  ASSERT_TRUE(audit.ok()) << audit.error().detail;
  EXPECT_EQ(audit->settlements, 100u);
}

}  // namespace
}  // namespace oee::paper
