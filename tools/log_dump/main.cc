// log-dump: prints, audits and folds the event log, beside a running engine or without one.
// Data on stdout, messages on stderr. Exit codes: 0 ok, 1 failure, 2 usage, 3 no such log or order,
// 4 the log is damaged.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/base/exit_code.h"
#include "core/base/json_writer.h"
#include "core/order/order_json.h"
#include "eventlog/audit/log_reader.h"
#include "eventlog/audit/replay.h"
#include "eventlog/audit/verify.h"
#include "eventlog/codec.h"
#include "tools/log_dump/output.h"
#include "tools/log_dump/selection.h"
#include "tools/log_dump/text.h"
#include "tools/open_files.h"

namespace oee::log_dump {
namespace {

constexpr std::size_t records_at_once = 1024;

enum class Format { text, json, csv };

struct Options {
  std::string dir = "./data";
  Seq from = 1;
  Seq to = 0;  // inclusive; 0: the durable head
  SelectionTexts selection;
  Format format = Format::text;
  bool follow = false;
  std::uint64_t limit = 0;  // 0: none
  Seq at = 0;               // 0: now
};

const Error reversed_range{Errc::invalid, "--to lies before --from"};

int fail(const Error& error) {
  fmt::print(stderr, "log-dump: {}\n", error.detail);
  return exit_code(error.code);
}

int print_and_exit(std::string text, int code) {
  Output output;
  output.buffer() = std::move(text);
  output.flush();
  return output.exit_code() != 0 ? output.exit_code() : code;
}

// --- Printing events -----------------------------------------------------------------------------

class Printer {
 public:
  Printer(LogReader& log, const Options& options, Selection selection)
      : log_(log), options_(options), selection_(selection), next_(options.from) {
    const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
    colour_ = ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
  }

  // Events that were read before an error are printed before the error is returned.
  Result<int> run() {
    const Result<void> printed = print_all();
    output_.flush();
    OEE_TRY(printed);
    return output_.exit_code();
  }

 private:
  Result<void> print_all() {
    if (options_.format == Format::csv) output_.buffer() += csv_header();
    if (selection_.order) OEE_TRY(print_order());
    if (!selection_.order && selection_.since) OEE_TRY(skip_to_since());
    while (!done_) {
      OEE_TRY(print_new());
      if (!options_.follow || done_ || !output_.flush()) break;
      output_.wait();
      if (stop_requested != 0 || output_.closed()) break;
      OEE_TRY(log_.refresh());
    }
    return {};
  }

  // The last seq to print, inclusive.
  Seq head() const { return options_.to == 0 ? log_.head() : std::min(options_.to, log_.head()); }

  // Prints the records of one order that are in the log now, found by its index.
  Result<void> print_order() {
    OEE_TRY_ASSIGN(const auto records, log_.read_order(*selection_.order));
    if (records.empty() && !options_.follow) {
      return Error{Errc::not_found, "no order " + to_text(*selection_.order)};
    }
    for (const Record& record : records) {
      if (record.seq < options_.from || record.seq > head()) continue;
      print(record);
      if (done_) return {};
    }
    next_ = std::max(next_, log_.head() + 1);
    return {};
  }

  // Binary search: times never decrease along the log.
  Result<void> skip_to_since() {
    Seq low = next_;
    Seq high = head() + 1;
    while (low < high) {
      const Seq middle = low + (high - low) / 2;
      OEE_TRY(log_.read_raw(middle, 1, raw_));
      OEE_TRY_ASSIGN(const RecordHeader header, decode_header(raw_[0]));
      if (header.time < *selection_.since) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    next_ = std::max(next_, low);
    return {};
  }

  Result<void> print_new() {
    while (!done_ && next_ <= head()) {
      const std::size_t limit = std::min<Seq>(records_at_once, head() - next_ + 1);
      OEE_TRY(log_.read_raw(next_, limit, raw_));
      for (std::size_t i = 0; i < raw_.size() && !done_; ++i, ++next_) OEE_TRY(print_raw(raw_[i]));
    }
    if (options_.to != 0 && next_ > options_.to) done_ = true;
    return {};
  }

  Result<void> print_raw(std::string_view bytes) {
    const auto at_next = [this](const Error& error) {
      return Error{error.code, "seq " + std::to_string(next_) + ": " + error.detail};
    };
    const Result<RecordHeader> header = decode_header(bytes);
    if (!header) return at_next(header.error());
    if (header->seq != next_) {
      return at_next({Errc::corrupt, "the record has seq " + std::to_string(header->seq)});
    }
    if (selection_.until && header->time > *selection_.until) done_ = true;
    if (!selection_.takes(header->type, header->order_id, header->time)) return {};
    const Result<Record> record = decode_record(bytes);
    if (!record) return at_next(record.error());
    print(*record);
    return {};
  }

  void print(const Record& record) {
    if (!selection_.takes(type_of(record.event), record.order_id, record.time)) return;
    std::string& out = output_.buffer();
    switch (options_.format) {
      case Format::text:
        append_text_line(out, record, colour_);
        break;
      case Format::json:
        append_json_line(out, record);
        break;
      case Format::csv:
        append_csv_line(out, record);
        break;
    }
    ++printed_;
    if (printed_ == options_.limit || !output_.flush_when_full()) done_ = true;
    if (stop_requested != 0) done_ = true;
  }

  LogReader& log_;
  const Options& options_;
  Selection selection_;
  Seq next_;
  bool colour_ = false;
  bool done_ = false;
  std::uint64_t printed_ = 0;
  RawRecords raw_;
  Output output_;
};

int print_events(const Options& options) {
  const Result<Selection> selection = parse_selection(options.selection);
  if (!selection) return fail(selection.error());
  if (options.to != 0 && options.to < options.from) return fail(reversed_range);
  const auto log = LogReader::open(options.dir);
  if (!log) return fail(log.error());
  const Result<int> code = Printer(**log, options, *selection).run();
  return code ? *code : fail(code.error());
}

// --- Verify, state, replay -----------------------------------------------------------------------

int verify_log(const Options& options) {
  const auto bad = [](Seq seq, Invariant broken, const std::string& problem) {
    return print_and_exit(fmt::format("bad seq={} {}: {}\n", seq, to_string(broken), problem), 4);
  };
  const auto log = LogReader::open(options.dir);
  if (!log) {
    if (exit_code(log.error().code) == 4) {
      return bad(0, Invariant::log_record, log.error().detail);
    }
    return fail(log.error());
  }
  Result<VerifyReport> report = Error{Errc::closed, {}};
  {
    Progress progress("verified");
    VerifyOptions verify_options;
    verify_options.progress = std::ref(progress);
    report = verify(**log, verify_options);
  }
  if (!report) return fail(report.error());
  if (!report->ok) return bad(report->first_bad, report->broken, report->problem);
  std::string text;
  if (report->last > report->head) {
    text = fmt::format(
        "beyond the head: {} sound records, seq {} to {}; the engine's next start "
        "takes them in\n",
        report->last - report->head, report->head + 1, report->last);
  }
  if (report->resolved > 0)
    text += fmt::format("resolved by an operator: {} outcomes\n", report->resolved);
  text += fmt::format("ok events={} orders={} head={} hash={}\n", report->events, report->orders,
                      report->head, to_hex(as_bytes(report->chain)));
  return print_and_exit(std::move(text), 0);
}

int print_state(const Options& options) {
  const Result<OrderId> id = parse_order_id(options.selection.order);
  if (!id) return fail(id.error());
  const auto log = LogReader::open(options.dir);
  if (!log) return fail(log.error());
  if (options.at > (*log)->head()) {
    return fail({Errc::not_found, fmt::format("the log is durable up to seq {}, not up to seq {}",
                                              (*log)->head(), options.at)});
  }
  const Result<Order> order = order_at(**log, *id, options.at);
  if (!order) return fail(order.error());
  std::string text;
  JsonWriter json(text);
  write_order(json, *order);
  return print_and_exit(text + "\n", 0);
}

int replay_log(const Options& options) {
  if (options.to != 0 && options.to < options.from) return fail(reversed_range);
  const auto log = LogReader::open(options.dir);
  if (!log) return fail(log.error());
  Result<ReplayReport> report = Error{Errc::closed, {}};
  {
    Progress progress("folded");
    report = replay(**log, {options.from, options.to, std::ref(progress)});
  }
  if (!report) return fail(report.error());
  std::string text;
  for (std::size_t i = 0; i < order_status_count; ++i) {
    text += fmt::format("{} {}\n", to_string(static_cast<OrderStatus>(i)), report->by_status[i]);
  }
  text += fmt::format("from={} to={} events={} orders={} state={}\n", report->from, report->to,
                      report->events, report->orders, to_hex(as_bytes(report->state)));
  return print_and_exit(text, 0);
}

// --- Command line --------------------------------------------------------------------------------

void add_range(CLI::App& app, Options& options) {
  app.add_option("--from", options.from, "first seq (1)")->check(CLI::PositiveNumber);
  app.add_option("--to", options.to, "last seq, included (the durable head)")
      ->check(CLI::PositiveNumber);
}

CLI::Option* add_dir(CLI::App& app, Options& options) {
  return app.add_option("DIR", options.dir, "data directory, or the log directory itself (./data)");
}

void add_print_options(CLI::App& app, Options& options) {
  add_range(app, options);
  app.add_option("--since", options.selection.since, "not before this time (RFC 3339)");
  app.add_option("--until", options.selection.until, "not after this time (RFC 3339)");
  app.add_option("--order", options.selection.order, "only this order's events");
  app.add_option("--type", options.selection.types,
                 "only these events, e.g. OrderConfirmed,OrderFailed")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--status", options.selection.statuses,
                 "only events after which the order has one of these statuses, e.g. failed")
      ->delimiter(',')
      ->allow_extra_args(false);
  const std::vector<std::pair<std::string, Format>> formats{
      {"text", Format::text}, {"json", Format::json}, {"csv", Format::csv}};
  app.add_option("--format", options.format, "text (default), json (one object a line) or csv")
      ->transform(CLI::CheckedTransformer(formats).description(""))
      ->type_name("text|json|csv");
  app.add_flag("--follow,-f", options.follow, "continue with new events until interrupted");
  app.add_option("--limit", options.limit, "number of events to print")->check(CLI::PositiveNumber);
}

// Every flag can be set as OEE_<FLAG> in the environment.
void read_environment(CLI::App& app) {
  for (CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
    if (option->get_lnames().empty() || option->get_lnames().front() == "help") continue;
    std::string name = "OEE_" + option->get_lnames().front();
    for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
    option->envname(name);
  }
}

// A closed pipe becomes a write error instead of a signal. With --follow, SIGINT and SIGTERM end
// the program after the buffered output is written.
void prepare_signals(bool follow) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  if (!follow) return;
  struct sigaction stop {};  // without SA_RESTART: a wait ends at once
  stop.sa_handler = on_stop_signal;
  ::sigaction(SIGINT, &stop, nullptr);
  ::sigaction(SIGTERM, &stop, nullptr);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Reads an order engine's event log, beside a running engine or without one.\n"
      "Exit codes: 0 ok, 1 failure, 2 usage, 3 no such log or order, 4 the log is damaged.",
      "log-dump");
  add_dir(app, options)->envname("OEE_DATA_DIR");
  add_print_options(app, options);
  CLI::App* verify = app.add_subcommand(
      "verify",
      "audit everything: chain, CRC, contiguity, legal transitions, price limits, indexes");
  CLI::App* state = app.add_subcommand("state", "an order now, or after a seq");
  CLI::App* replay = app.add_subcommand("replay", "fold: counts by status and a hash of the state");
  for (CLI::App* command : {verify, state, replay}) add_dir(*command, options);
  state->add_option("--order", options.selection.order, "the order's id")->required();
  state->add_option("--at", options.at, "the order after this seq")->check(CLI::PositiveNumber);
  add_range(*replay, options);
  for (CLI::App* each : {&app, state, replay}) read_environment(*each);
  app.set_version_flag("--version", std::string("log-dump ") + OEE_VERSION,
                       "print the version and exit");
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  prepare_signals(options.follow);
  allow_open_files();
  if (*verify) return verify_log(options);
  if (*state) return print_state(options);
  if (*replay) return replay_log(options);
  return print_events(options);
}

}  // namespace
}  // namespace oee::log_dump

int main(int argc, char** argv) {
  return oee::log_dump::run(argc, argv);
}
