// The figures of the bench: their rows and targets, and the state that they share in a run. One
// thread. A measurement throws std::runtime_error with the reason when it fails, and LogDamaged
// when a log that it left does not verify.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/engine.h"
#include "tests/bench/prefill.h"
#include "tests/support/process/servers.h"

namespace oee::bench {

struct Target {
  enum class Kind : std::uint8_t {
    ratio_min,
    ratio_max,
    difference_max,  // value - ceiling, in the row's unit
    value_max,
    reported,
  };
  Kind kind = Kind::reported;
  double bound = 0;
};

// A line of the table.
struct Row {
  int figure = 0;
  std::string name;
  std::string unit;
  double value = 0;
  std::optional<double> ceiling;  // in the row's unit
  Target target;
  std::string note;           // for the reader of the number
  boost::json::object raw{};  // the samples

  std::optional<double> ratio() const;
  std::optional<bool> met() const;  // empty: reported only
};

// The sizes of the measurements. quick: all figures take less than a minute.
struct Sizes {
  unsigned repeats;             // of short figures and their ceilings, in turn; the median counts
  double accept_s;              // figure 1 and its ceiling
  double trial_s;               // figure 2: choosing how many orders are kept open
  double warm_up_s, sustain_s;  // figure 2
  double latency_s;             // figures 3 and 4 and their ceilings
  std::uint64_t append_records;
  std::uint64_t prefilled_events, prefilled_open;
  std::uint64_t replay_events;
  std::uint64_t table_orders;  // the log that figures 9, 10 and 13 read
  std::size_t subscribers;
  double fanout_warm_up_s, fanout_s;
  std::uint64_t waiting_before, waiting_after;  // figure 12: orders held
  std::uint64_t ended_before, ended_after;      // figure 12: orders ended
  std::uint64_t growth_small, growth_orders;    // figure 14: orders in the small log, of a run
  unsigned growth_repeats;
  const char* slow_venue;                       // figure 16: the time that a venue takes
  std::uint64_t slow_open;                      // figure 16: orders kept open
  double slow_warm_up_s, slow_s;                // figure 16
  std::uint64_t resting_before, resting_after;  // figure 17: orders at rest
  std::uint64_t price_moves;                    // figure 17: that pass no order
  double idle_s;                                // figure 17: of the engine without requests
  double trigger_s;                             // figure 18
  std::uint64_t triggered;                      // figure 18: orders that one price passes
  std::uint64_t route_markets;                  // figure 19
};
extern const Sizes full_sizes;
extern const Sizes quick_sizes;

// The speed of psql's \copy with the table log's rows. rows 0: not measured yet.
struct CopiedRows {
  std::uint64_t rows = 0;
  double rows_per_s = 0;
};

// The state that the figures of a run share. Each part is made when it is first used.
class Bench {
 public:
  explicit Bench(bool quick);

  const bool quick;
  const Sizes& sizes;
  const unsigned shards;  // the engine's default: one per core
  std::vector<Row> rows;

  // A new path below the run's directory.
  std::filesystem::path fresh_path(const std::string& name);
  void add(Row row);
  // Removes the files of the figures so far, but not the logs that they share.
  void tidy();

  // Requests/s of the bare HTTP server under figure 1's load in this run. Figure 1 measures it in
  // turn with itself and sets it; otherwise it is measured once.
  double http_ceiling();
  void set_http_ceiling(double rate) { http_ceiling_ = rate; }

  // `--open` of figure 2, its own choice, for the figures that are compared with it.
  std::uint64_t end_to_end_open = 1'000;

  // Figure 9's ceiling, for figure 10.
  const CopiedRows& copied_rows() const { return copied_rows_; }
  void set_copied_rows(CopiedRows copied) { copied_rows_ = copied; }

  // The long log: figures 6, 7, 8, 13 and, at the end because it adds to it, 14.
  const Prefilled& long_log();
  // The same, with its embedded read model up to date.
  const Prefilled& long_log_with_read_model();
  // A smaller log of ended orders: figures 9, 10, 13.
  const Prefilled& table_log();

 private:
  test::TemporaryDirectory dir_;
  unsigned paths_ = 0;
  std::optional<double> http_ceiling_;
  CopiedRows copied_rows_;
  std::optional<Prefilled> long_log_, table_log_;
  bool long_log_projected_ = false;
};

struct Figure {
  int number;
  const char* name;
  void (*measure)(Bench&);  // adds one row or more
};
inline constexpr int figure_count = 20;
extern const Figure figures[figure_count];

void measure_accepts(Bench&);         // 1
void measure_end_to_end(Bench&);      // 2
void measure_accept_latency(Bench&);  // 3
void measure_end_latency(Bench&);     // 4
void measure_append(Bench&);          // 5
void measure_replay(Bench&);          // 6
void measure_verify(Bench&);          // 7
void measure_restart(Bench&);         // 8
void measure_rebuild(Bench&);         // 9
void measure_projector(Bench&);       // 10
void measure_fanout(Bench&);          // 11
void measure_memory(Bench&);          // 12
void measure_disk(Bench&);            // 13
void measure_growth(Bench&);          // 14
void measure_shards(Bench&);          // 15
void measure_slow_venues(Bench&);     // 16
void measure_resting(Bench&);         // 17
void measure_triggers(Bench&);        // 18
void measure_routes(Bench&);          // 19
void measure_limits(Bench&);          // 20

// Figure 2's rate with end_to_end_open, now and for a shorter time: the ceiling of others.
double end_to_end_rate(Bench& bench);
// Accepts/s of a held engine under figure 1's load. `flags`: beside held; `prepare` is called
// before the load.
double accept_rate(Bench& bench, const std::filesystem::path& data_dir,
                   const std::vector<std::string>& flags = {},
                   const std::function<void(const Engine&)>& prepare = {});

// Limit prices to which no figure moves the market, as order-load's --limit-price.
inline constexpr const char* far_prices = "5000.0000-9999.9999";
// Submits limit orders at `price` until `all` rest.
void rest_orders(const Engine& engine, std::uint64_t all, const char* price);

double median(std::vector<double> samples);
boost::json::array as_json(const std::vector<double>& samples);

}  // namespace oee::bench
