// bench: measures the engine against this machine's own limits, figure by figure, and prints one
// table. tools/bench builds and runs it; README.md describes how each figure is measured.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "tests/bench/engine.h"
#include "tests/bench/figures.h"
#include "tests/bench/machine.h"
#include "tests/bench/report.h"

namespace oee::bench {
namespace {

constexpr int exit_failure = 1, exit_usage = 2, exit_damaged = 4;

// For a thousand subscribers and RocksDB's files.
void allow_open_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

struct Options {
  bool quick = false;
  std::vector<int> figures;
  std::string json;
};

bool chosen(const Options& options, int number) {
  return options.figures.empty() ||
         std::find(options.figures.begin(), options.figures.end(), number) != options.figures.end();
}

boost::json::object describe(Bench& bench) {
  boost::json::object machine = describe_machine();
  const auto dir = bench.fresh_path("sync");
  std::filesystem::create_directories(dir);
  machine["fdatasyncP50Us"] = fdatasync_latency(dir, 1'000, bench.quick ? 0.2 : 2).p50_us;
  machine["loadLatencyNs8MiB"] = load_latency_ns(std::size_t{8} << 20);
  return machine;
}

std::string machine_text(const boost::json::object& machine) {
  const auto text = [&machine](const char* key) {
    return std::string(machine.at(key).as_string());
  };
  const auto number = [&machine](const char* key) {
    return std::to_string(static_cast<int>(machine.at(key).to_number<double>()));
  };
  return text("cpu") + ", " + number("cores") + " cores, " + text("memory") + ", " +
         text("kernel") + ", fdatasync p50 " + number("fdatasyncP50Us") +
         " us, a load from 8 MiB " + number("loadLatencyNs8MiB") + " ns, " + text("date") + "\n\n";
}

int run(const Options& options) {
  std::ofstream json;
  if (!options.json.empty()) {
    json.open(options.json);
    if (!json) {
      std::fprintf(stderr, "bench: cannot write %s\n", options.json.c_str());
      return exit_usage;
    }
  }
  log::configure(log::Format::text, log::Level::warn);
  Bench bench(options.quick);
  const boost::json::object machine = describe(bench);
  std::vector<Failure> failures;
  bool damaged = false;
  const auto began = std::chrono::steady_clock::now();
  for (const Figure& figure : figures) {
    if (!chosen(options, figure.number)) continue;
    std::fprintf(stderr, "==> %3.0f s  %d %s\n", seconds_since(began), figure.number, figure.name);
    try {
      figure.measure(bench);
    } catch (const std::exception& error) {
      damaged = damaged || dynamic_cast<const LogDamaged*>(&error) != nullptr;
      failures.push_back({figure.number, error.what()});
      std::fprintf(stderr, "bench: figure %d could not be measured: %s\n", figure.number,
                   error.what());
    }
    bench.tidy();
  }
  std::fprintf(stderr, "==> %3.0f s  done\n", seconds_since(began));
  const std::string text = machine_text(machine) + as_table(bench.rows);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (json.is_open()) {
    json << boost::json::serialize(as_object(bench.rows, failures, machine, options.quick)) << "\n";
    if (!json.flush()) {
      std::fprintf(stderr, "bench: cannot write %s\n", options.json.c_str());
      return exit_failure;
    }
  }
  if (damaged) return exit_damaged;
  return failures.empty() ? 0 : exit_failure;
}

}  // namespace
}  // namespace oee::bench

int main(int argc, char** argv) {
  oee::bench::Options options;
  CLI::App app(
      "Measures the engine against ceilings of this machine taken in the same run. Table on "
      "stdout,\nprogress on stderr. Exit codes: 0 all was measured, whatever the ratios; 1 a "
      "figure could not be\nmeasured; 2 usage; 4 a log did not verify.",
      "bench");
  std::string names = "Figures:";
  std::vector<int> numbers;
  for (const auto& figure : oee::bench::figures) {
    names += "\n  " + std::to_string(figure.number) + " " + figure.name;
    numbers.push_back(figure.number);
  }
  app.footer(names);
  app.add_option("FIGURE", options.figures, "only these (all)")->check(CLI::IsMember(numbers));
  app.add_flag("--quick", options.quick, "small sizes: shows that all runs, not how fast");
  app.add_option("--json", options.json, "the same and every raw figure, as JSON in this file")
      ->type_name("FILE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : oee::bench::exit_usage;
  }
  oee::bench::allow_open_files();
  try {
    return oee::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return oee::bench::exit_failure;
  }
}
