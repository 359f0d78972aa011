#include "tools/order_load/results.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

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

boost::json::object object_of(const Histogram& histogram) {
  boost::json::object object{{"count", histogram.count()}};
  for (const double percent : percents) {
    object[fmt::format("p{:g}", percent)] = millis(histogram.percentile(percent));
  }
  object["max"] = millis(histogram.max());
  object["mean"] = millis(histogram.mean());
  return object;
}

template <class Key>
std::string counts(const std::map<Key, std::uint64_t>& by) {
  std::string text;
  for (const auto& [key, count] : by)
    text += fmt::format("{}{} {}", text.empty() ? "" : "  ", key, count);
  return text.empty() ? "none" : text;
}

template <class Key>
boost::json::object object_of(const std::map<Key, std::uint64_t>& by) {
  boost::json::object object;
  for (const auto& [key, count] : by) object[fmt::format("{}", key)] = count;
  return object;
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
  add("target", fmt::format("http://{}:{}  {} {} -> {}", options.host, options.port, options.amount,
                            options.input_token, options.output_token));
  add("plan", plan(options));
  add("accepted", fmt::format("{} of {} in {:.2f} s = {:.1f}/s", results.accepted, results.due,
                              seconds(results.sending), per_second(results.accepted, results)));
  add("answers", counts(results.answers));
  add("retries",
      fmt::format("{} sent again, {} replayed, {} given up, {} lost, {} not sent", results.retried,
                  results.replayed, results.given_up, results.lost, results.not_sent));
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
  boost::json::object object{{"plan", plan(options)},
                             {"seconds", seconds(results.sending)},
                             {"due", results.due},
                             {"requests", results.requests},
                             {"accepted", results.accepted},
                             {"acceptedPerSecond", per_second(results.accepted, results)},
                             {"answers", object_of(results.answers)},
                             {"retried", results.retried},
                             {"replayed", results.replayed},
                             {"givenUp", results.given_up},
                             {"lost", results.lost},
                             {"notSent", results.not_sent},
                             {"connectFailures", results.connect_failures},
                             {"streamBreaks", results.stream_breaks},
                             {"acceptMs", object_of(results.accept)},
                             {"answerMs", object_of(results.answer)},
                             {"unexpected", object_of(results.unexpected)},
                             {"ok", in_order(results, options)}};
  if (options.outcomes) {
    object["endMs"] = object_of(results.end);
    object["outcomes"] = object_of(results.outcomes);
    object["open"] = results.open;
    object["endedUnseen"] = results.ended_unseen;
  }
  return boost::json::serialize(object) + "\n";
}

}  // namespace oee::load
