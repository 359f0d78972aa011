#include "tools/order_load/results.h"

#include <fmt/format.h>

#include "core/base/json_writer.h"

namespace oee::load {

namespace {

using std::chrono::duration;

constexpr double percents[] = {50, 90, 99, 99.9, 99.99};

double seconds(std::chrono::nanoseconds time) {
  return duration<double>(time).count();
}
double millis(std::chrono::nanoseconds time) {
  return duration<double, std::milli>(time).count();
}

double per_second(std::uint64_t count, const Results& results) {
  return results.sending.count() == 0 ? 0 : static_cast<double>(count) / seconds(results.sending);
}

std::string line(std::string_view name, const Histogram& histogram) {
  if (histogram.count() == 0) return fmt::format("{:<16} none\n", name);
  std::string text = fmt::format("{:<16}", name);
  for (const double percent : percents) {
    text += fmt::format(" p{:g} {:.2f}", percent, millis(histogram.percentile(percent)));
  }
  return text + fmt::format(" max {:.2f} mean {:.2f} ms\n", millis(histogram.max()),
                            millis(histogram.mean()));
}

std::string rounded(double value) {
  return fmt::format("{:.3f}", value);
}

void write(JsonWriter& json, std::string_view name, const Histogram& histogram) {
  json.key(name).object([&] {
    json.key("count").number(histogram.count());
    for (const double percent : percents) {
      json.key(fmt::format("p{:g}", percent)).raw(rounded(millis(histogram.percentile(percent))));
    }
    json.key("max").raw(rounded(millis(histogram.max())));
    json.key("mean").raw(rounded(millis(histogram.mean())));
  });
}

template <class Key>
std::string counts(const std::map<Key, std::uint64_t>& by) {
  std::string text;
  for (const auto& [key, count] : by)
    text += fmt::format("{}{} {}", text.empty() ? "" : "  ", key, count);
  return text.empty() ? "none" : text;
}

template <class Key>
void write(JsonWriter& json, std::string_view name, const std::map<Key, std::uint64_t>& by) {
  json.key(name).object([&] {
    for (const auto& [key, count] : by) json.key(fmt::format("{}", key)).number(count);
  });
}

std::string plan(const Options& options) {
  std::string text;
  if (options.rate)
    text = fmt::format("{:g} orders/s", *options.rate);
  else if (options.open)
    text = fmt::format("{} orders kept open", *options.open);
  else
    text = "closed loop";
  return text + fmt::format(", {} connections", options.connections);
}

}  // namespace

bool in_order(const Results& results, const Options& options) {
  return results.unexpected.empty() && results.lost == 0 && results.not_sent == 0 &&
         results.accepted > 0 &&
         (!options.outcomes || (results.open == 0 && results.ended_unseen == 0));
}

std::string as_text(const Results& results, const Options& options) {
  std::string text;
  auto add = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("{:<16} {}\n", name, value);
  };
  add("target", fmt::format("{}  {} {} -> {}", url_of(options), options.amount, options.input_token,
                            options.output_token));
  add("plan", plan(options));
  add("accepted", fmt::format("{} of {} in {:.2f} s = {:.1f}/s", results.accepted, results.due,
                              seconds(results.sending), per_second(results.accepted, results)));
  add("answers", counts(results.answers));
  if (options.outcomes) {
    const auto confirmed = results.outcomes.find("confirmed");
    const std::uint64_t count = confirmed == results.outcomes.end() ? 0 : confirmed->second;
    add("goodput", fmt::format("{} confirmed = {:.1f}/s", count, per_second(count, results)));
  }
  add("retries",
      fmt::format("{} refused, {} sent again, {} replayed, {} given up, {} lost, {} not sent",
                  results.refused, results.retried, results.replayed, results.given_up,
                  results.lost, results.not_sent));
  add("breaks", fmt::format("{} failed connects, {} of the stream", results.connect_failures,
                            results.stream_breaks));
  text += line("accept latency", results.accept);
  text += line("answer latency", results.answer);
  if (options.outcomes) {
    text += line("end latency", results.end);
    add("outcomes", counts(results.outcomes) + fmt::format("  open {}", results.open));
    if (results.ended_unseen > 0)
      add("not on stream", fmt::format("{} ends", results.ended_unseen));
  }
  if (!results.unexpected.empty()) add("UNEXPECTED", counts(results.unexpected));
  add("verdict", in_order(results, options) ? "ok" : "not in order");
  return text;
}

std::string as_json(const Results& results, const Options& options) {
  const std::pair<std::string_view, std::uint64_t> numbers[] = {
      {"due", results.due},
      {"requests", results.requests},
      {"accepted", results.accepted},
      {"refused", results.refused},
      {"retried", results.retried},
      {"replayed", results.replayed},
      {"givenUp", results.given_up},
      {"lost", results.lost},
      {"notSent", results.not_sent},
      {"connectFailures", results.connect_failures},
      {"streamBreaks", results.stream_breaks},
  };
  std::string text;
  JsonWriter json(text);
  json.object([&] {
    json.key("plan").text(plan(options));
    json.key("seconds").raw(rounded(seconds(results.sending)));
    json.key("acceptedPerSecond").raw(rounded(per_second(results.accepted, results)));
    for (const auto& [name, number] : numbers) json.key(name).number(number);
    write(json, "answers", results.answers);
    write(json, "acceptMs", results.accept);
    write(json, "answerMs", results.answer);
    if (options.outcomes) {
      write(json, "endMs", results.end);
      write(json, "outcomes", results.outcomes);
      json.key("open").number(results.open);
      json.key("endedUnseen").number(results.ended_unseen);
    }
    write(json, "unexpected", results.unexpected);
    json.key("ok").boolean(in_order(results, options));
  });
  return text + "\n";
}

}  // namespace oee::load
