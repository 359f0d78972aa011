// Figures 5 to 8, 13 and 14: the log, against RocksDB alone with the same options.
#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "eventlog/audit/log_reader.h"
#include "eventlog/audit/replay.h"
#include "eventlog/audit/verify.h"
#include "eventlog/rocks/log.h"
#include "tests/bench/engine.h"
#include "tests/bench/figures.h"
#include "tests/bench/http_load.h"
#include "tests/bench/machine.h"
#include "tests/bench/plain_rocks.h"

namespace oee::bench {

namespace {

constexpr double bytes_of_mb = 1e6;

std::vector<AppendRequest> order_requests(std::uint64_t records, std::size_t window) {
  OrderFeed feed(records / events_per_order, 0, window);
  std::vector<AppendRequest> requests;
  for (AppendRequest request; feed.next(&request);) requests.push_back(std::move(request));
  return requests;
}

// --- Appends ------------------------------------------------------------------------------------

struct Appended {
  double rate = 0;  // records/s
  double records_per_commit = 0;
  double bytes_written_per_record = 0;
};

// Commits of at most `per_batch` requests, with four batches in the queue.
Appended append_to_log(const std::filesystem::path& data_dir, std::vector<AppendRequest> requests,
                       std::size_t per_batch) {
  LogFiller filler;
  RocksLogOptions options;
  options.dir = data_dir / "log";
  options.batch_requests_max = per_batch;
  const auto log = RocksLog::open(options, wall_clock());
  if (!log) throw std::runtime_error(log.error().detail);
  BlockSink* sinks[] = {&filler.sink()};
  (*log)->start(sinks);
  const Seq first = (*log)->metrics().durable_head;
  const std::uint64_t written = bytes_written_by_this_process();
  const auto began = std::chrono::steady_clock::now();
  filler.append_all(**log, std::move(requests), 4 * per_batch);
  const double took = seconds_since(began);
  const auto records = static_cast<double>((*log)->metrics().durable_head - first);
  const Appended appended{records / took,
                          records / static_cast<double>((*log)->metrics().commits.load()),
                          static_cast<double>(bytes_written_by_this_process() - written) / records};
  (*log)->stop();
  return appended;
}

// An order has 6 records in 3 appends: 2 records an append.
std::size_t requests_of(std::size_t records) {
  return records * appends_per_order / events_per_order;
}

bool chill(Bench& bench) {
  return !bench.quick && drop_page_cache();
}
const char* temperature(bool cold) {
  return cold ? "cold" : "warm: the page cache was not dropped";
}

std::unique_ptr<LogReader> open_reader(const std::filesystem::path& data_dir) {
  auto log = LogReader::open(data_dir);
  if (!log) throw std::runtime_error(log.error().detail);
  return *std::move(log);
}

}  // namespace

void measure_append(Bench& bench) {
  for (const std::size_t records_per_batch : {64, 256}) {
    const std::size_t per_batch = requests_of(records_per_batch);
    std::vector<double> rates, ceilings, per_commit, written;
    for (unsigned i = 0; i < bench.sizes.repeats; ++i) {
      const auto dir = bench.fresh_path("append");
      auto requests = order_requests(bench.sizes.append_records, 4 * per_batch);
      const auto puts = puts_of(requests, per_batch);
      const Appended appended = append_to_log(dir, std::move(requests), per_batch);
      verify_log(dir);
      rates.push_back(appended.rate);
      per_commit.push_back(appended.records_per_commit);
      written.push_back(appended.bytes_written_per_record);
      ceilings.push_back(static_cast<double>(bench.sizes.append_records) /
                         write_plain(bench.fresh_path("plain"), puts));
    }
    Row row{
        5,
        "log append, " + std::to_string(records_per_batch) + " per batch",
        "/s",
        median(rates),
        median(ceilings),
        {Target::Kind::ratio_min, 0.7},
        "commits had " + std::to_string(static_cast<int>(median(per_commit) + 0.5)) + " records"};
    row.raw = {{"log", as_json(rates)},
               {"rocksdb", as_json(ceilings)},
               {"recordsPerCommit", as_json(per_commit)},
               {"bytesWrittenPerRecord", as_json(written)}};
    bench.add(std::move(row));
  }
}

void measure_replay(Bench& bench) {
  const Prefilled& log = bench.long_log();
  const Seq last = std::min(bench.sizes.replay_events, log.events);
  std::vector<double> rates, ceilings;
  bool cold = false;
  for (unsigned i = 0; i < std::min(2U, bench.sizes.repeats); ++i) {
    const auto reader = open_reader(log.data_dir);
    cold = chill(bench);
    const auto began = std::chrono::steady_clock::now();
    const auto report = replay(*reader, {1, last, {}});
    if (!report) throw std::runtime_error(report.error().detail);
    rates.push_back(static_cast<double>(report->events) / seconds_since(began));
    const Iterated seen = iterate_events(
        log.data_dir / "log", last, [](auto) {}, [&bench] { chill(bench); });
    ceilings.push_back(static_cast<double>(seen.records) / seen.seconds);
  }
  Row row{6,
          "replay",
          "/s",
          median(rates),
          median(ceilings),
          {Target::Kind::ratio_min, 0.4},
          std::to_string(last) + " events, " + temperature(cold)};
  row.raw = {{"replay", as_json(rates)}, {"iterator", as_json(ceilings)}};
  bench.add(std::move(row));
}

namespace {

double verify_seconds(LogReader& log, bool indexes) {
  VerifyOptions options;
  options.indexes = indexes;
  const auto began = std::chrono::steady_clock::now();
  const auto report = verify(log, options);
  if (!report) throw std::runtime_error(report.error().detail);
  if (!report->ok) throw LogDamaged("verify: " + report->problem);
  return seconds_since(began);
}

}  // namespace

void measure_verify(Bench& bench) {
  const Prefilled& log = bench.long_log();
  const double mb = static_cast<double>(log.record_bytes) / bytes_of_mb;
  std::vector<double> rates, ceilings, with_indexes;
  bool cold = false;
  for (unsigned i = 0; i < std::min(2U, bench.sizes.repeats); ++i) {
    const auto reader = open_reader(log.data_dir);
    cold = chill(bench);
    rates.push_back(mb / verify_seconds(*reader, false));
    Hash256 hash{};
    const Iterated seen = iterate_events(
        log.data_dir / "log", log.events,
        [&hash](std::string_view record) {
          hash = sha256({as_bytes(hash), record});
        },
        [&bench] { chill(bench); });
    ceilings.push_back(mb / seen.seconds);
    if (i > 0) continue;
    chill(bench);
    with_indexes.push_back(verify_seconds(*reader, true));
  }
  Row row{7,
          "verify without index agreement",
          "MB/s",
          median(rates),
          median(ceilings),
          {Target::Kind::ratio_min, 0.6},
          std::to_string(static_cast<int>(mb)) + " MB of records, " + temperature(cold)};
  row.raw = {{"verify", as_json(rates)}, {"iteratorAndSha256", as_json(ceilings)}};
  bench.add(std::move(row));
  bench.add({7,
             "verify with index agreement",
             "s",
             median(with_indexes),
             mb / median(rates),
             {},
             "against the seconds without"});
}

void measure_restart(Bench& bench) {
  const Prefilled& log = bench.long_log_with_read_model();
  const auto empty = bench.fresh_path("empty");
  Engine(empty, held).stop();
  std::vector<double> long_s, empty_s;
  for (unsigned i = 0; i < bench.sizes.repeats; ++i) {
    Engine on_long(log.data_dir, held);
    long_s.push_back(on_long.start_seconds());
    on_long.stop(Engine::Audit::later);
    Engine on_empty(empty, held);
    empty_s.push_back(on_empty.start_seconds());
    on_empty.stop();
  }
  verify_log(log.data_dir);
  Row row{8,
          "restart until ready",
          "s",
          median(long_s),
          median(empty_s),
          {Target::Kind::difference_max, 2},
          std::to_string(log.events) + " events, " + std::to_string(log.open) + " open orders"};
  row.raw = {{"long", as_json(long_s)}, {"empty", as_json(empty_s)}};
  bench.add(std::move(row));
}

void measure_disk(Bench& bench) {
  const Prefilled& log = bench.table_log();
  const auto dir = log.data_dir / "log";
  compact(dir);
  verify_log(log.data_dir);
  const auto orders = static_cast<double>(log.ended);
  Row disk{13,
           "log per ended order",
           "B",
           static_cast<double>(directory_bytes(dir)) / orders,
           static_cast<double>(log.record_bytes) / orders,
           {Target::Kind::ratio_max, 1.6},
           "compacted, against its encoded records"};
  disk.raw = {{"orders", log.ended}, {"recordBytes", log.record_bytes}};
  bench.add(std::move(disk));
  const Prefilled& written = bench.long_log();
  const auto events = static_cast<double>(written.events);
  Row amplification{13,
                    "written per record",
                    "B",
                    static_cast<double>(written.written_bytes) / events,
                    static_cast<double>(written.record_bytes) / events,
                    {Target::Kind::ratio_max, 3},
                    "/proc/self/io while the long log was filled, against its encoded records"};
  amplification.raw = {{"events", written.events},
                       {"recordBytes", written.record_bytes},
                       {"writtenBytes", written.written_bytes},
                       {"fillSeconds", written.seconds}};
  bench.add(std::move(amplification));
}

// --- Figure 14 ----------------------------------------------------------------------------------

namespace {

// Few enough that none is refused: a Retry-After would be longer than the measurement.
constexpr std::uint64_t growth_open = 250;
constexpr std::size_t growth_records_per_batch = 256;
constexpr double growth_settle_s = 300;

struct Cost {
  std::vector<double> accepts, ends, appends;
};

void sample_cost(Bench& bench, const Prefilled& log, Cost* cost) {
  {
    Engine engine(log.data_dir, held);
    engine.settle(growth_settle_s);
    const auto load = run_load(engine.url(), accept_load_of(bench.sizes.growth_orders));
    cost->accepts.push_back(number_at(load, "acceptedPerSecond"));
    engine.stop(Engine::Audit::later);
  }
  {
    // Orders that are still open are finished first and not measured.
    Engine engine(log.data_dir, no_delays);
    engine.wait_until("openOrders", 0, growth_settle_s);
    engine.settle(growth_settle_s);
    std::vector<std::string> flags = open_load(growth_open);
    flags.insert(flags.end(), {"--keys", "--orders", std::to_string(bench.sizes.growth_orders)});
    const auto load = run_load(engine.url(), flags);
    cost->ends.push_back(number_at(load, "outcomes", "confirmed") / number_at(load, "seconds"));
    engine.stop(Engine::Audit::later);
  }
  const std::size_t per_batch = requests_of(growth_records_per_batch);
  const std::uint64_t records = bench.sizes.growth_orders * events_per_order;
  cost->appends.push_back(
      append_to_log(log.data_dir, order_requests(records, 4 * per_batch), per_batch).rate);
}

void add_growth(Bench& bench, const std::string& what, const std::vector<double>& large,
                const std::vector<double>& small, const std::string& note) {
  // At most 1.25 times slower: at least 0.8 of the rate.
  Row row{14, what, "/s", median(large), median(small), {Target::Kind::ratio_min, 0.8}, note};
  row.raw = {{"large", as_json(large)}, {"small", as_json(small)}};
  bench.add(std::move(row));
}

}  // namespace

void measure_growth(Bench& bench) {
  const Prefilled& large = bench.long_log_with_read_model();
  Cost of_large, of_small;
  for (unsigned i = 0; i < bench.sizes.growth_repeats; ++i) {
    PrefillPlan plan;
    plan.data_dir = bench.fresh_path("small");
    plan.ended = bench.sizes.growth_small;
    const Prefilled small = prefill(plan);
    sample_cost(bench, small, &of_small);
    verify_log(small.data_dir);
    sample_cost(bench, large, &of_large);
  }
  verify_log(large.data_dir);
  const std::string note = std::to_string(large.ended) + " ended orders in the log against " +
                           std::to_string(bench.sizes.growth_small) + "; >= 0.8 is 1.25x slower";
  add_growth(bench, "durable accepts on a long log", of_large.accepts, of_small.accepts, note);
  add_growth(bench, "accepted and confirmed on a long log", of_large.ends, of_small.ends, note);
  add_growth(bench, "log append on a long log, 256 per batch", of_large.appends, of_small.appends,
             note);
}

}  // namespace oee::bench
