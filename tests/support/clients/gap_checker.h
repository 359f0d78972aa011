// GapChecker: proves from the frames alone (their "n", "prevSeq" and "count") that a subscription
// has no gap and no repeat. It knows neither the filter nor the log. One thread.
#pragma once

#include <boost/json/parse.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oee::test {

class GapChecker {
 public:
  // Takes the next frame of one subscription, from its "subscribed" on. Describes what is wrong
  // with the frame. Empty: nothing is wrong.
  std::string take(std::string_view text) {
    boost::system::error_code ec;
    const boost::json::value value = boost::json::parse(text, ec);
    if (ec || !value.is_object()) return "not JSON";
    const boost::json::object& frame = value.get_object();
    const auto* type = frame.if_contains("type");
    if (type == nullptr || !type->is_string()) return "no type";
    if (type->as_string() == "subscribed") return begin(frame);
    if (type->as_string() == "update") return take_updates(frame, {&frame});
    if (type->as_string() == "updates") return take_batch(frame);
    if (type->as_string() == "caughtUp") return take_caught_up(frame);
    if (type->as_string() == "error") return "an error: " + std::string(text);
    return {};
  }
  const std::vector<std::uint64_t>& seqs() const { return seqs_; }
  std::uint64_t last() const { return last_; }
  bool caught_up() const { return caught_up_; }

 private:
  using Object = boost::json::object;

  static std::uint64_t number(const Object& object, const char* name) {
    const auto* value = object.if_contains(name);
    return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : ~0ULL;
  }
  std::string begin(const Object& frame) {
    *this = GapChecker();
    last_ = number(frame, "after");
    return last_ == ~0ULL ? "subscribed without after" : "";
  }
  std::string take_batch(const Object& frame) {
    const auto* list = frame.if_contains("updates");
    if (list == nullptr || !list->is_array()) return "no updates";
    std::vector<const Object*> updates;
    for (const auto& each : list->get_array()) updates.push_back(&each.as_object());
    if (number(frame, "count") != updates.size()) return "count is not that of the updates";
    return take_updates(frame, updates);
  }
  std::string take_updates(const Object& frame, const std::vector<const Object*>& updates) {
    if (number(frame, "n") != seqs_.size() + 1)
      return "n is " + std::to_string(number(frame, "n")) + " after " +
             std::to_string(seqs_.size()) + " updates";
    if (number(frame, "prevSeq") != last_)
      return "prevSeq is " + std::to_string(number(frame, "prevSeq")) + " after seq " +
             std::to_string(last_);
    for (const Object* update : updates) {
      const std::uint64_t seq = number(*update, "seq");
      if (seq <= last_ || seq == ~0ULL) return "seq does not rise";
      seqs_.push_back(last_ = seq);
    }
    return {};
  }
  std::string take_caught_up(const Object& frame) {
    if (caught_up_) return "caught up twice";
    caught_up_ = true;
    return number(frame, "seq") < last_ ? "caughtUp before the last seq" : "";
  }

  std::vector<std::uint64_t> seqs_;
  std::uint64_t last_ = 0;
  bool caught_up_ = false;
};

}  // namespace oee::test
