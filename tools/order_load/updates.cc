#include "tools/order_load/updates.h"

#include <boost/json/basic_parser_impl.hpp>

namespace oee::load {

namespace {

namespace json = boost::json;

// Reads the few members that order-load needs and builds no document: at 20,000 orders/s there are
// over 100,000 updates/s to read, on the machine of the server under test.
class MessageReader {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = 4096;
  static constexpr std::size_t max_string_size = 1 << 20;

  explicit MessageReader(const std::function<void(const UpdateSeen&)>& each) : each_(each) {}

  const std::string& type() const { return type_; }
  std::uint64_t seq() const { return message_seq_; }
  std::uint64_t after() const { return message_after_; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    ++depth_;
    if (depth_ == update_depth()) order_id_.clear(), status_.clear(), seq_ = 0;
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    if (depth_ == update_depth() && !order_id_.empty() && (in_updates_ || type_ == "update")) {
      each_({order_id_, status_, seq_});
    }
    --depth_;
    return true;
  }
  bool on_array_begin(json::error_code&) {
    if (depth_ == 1 && key_ == "updates") in_updates_ = true;
    ++arrays_;
    return true;
  }
  bool on_array_end(std::size_t, json::error_code&) {
    if (--arrays_ == 0) in_updates_ = false;
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    append(&key_, part, &key_open_);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    append(&key_, part, &key_open_);
    key_open_ = false;
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    append(&text_, part, &text_open_);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    append(&text_, part, &text_open_);
    text_open_ = false;
    if (depth_ == 1 && key_ == "type") type_ = text_;
    if (depth_ != update_depth()) return true;
    if (key_ == "orderId") order_id_ = text_;
    if (key_ == "status") status_ = text_;
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, json::error_code& error) {
    return value < 0 || on_uint64(static_cast<std::uint64_t>(value), {}, error);
  }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
    if (key_ == "seq" && depth_ == update_depth()) seq_ = value;
    if (key_ == "seq" && depth_ == 1) message_seq_ = value;
    if (key_ == "after" && depth_ == 1) message_after_ = value;
    return true;
  }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  // The depth of an update's members: 1 in the message itself, 2 in an object of "updates".
  int update_depth() const { return in_updates_ ? 2 : 1; }
  static void append(std::string* to, json::string_view part, bool* open) {
    if (!*open) to->clear();
    *open = true;
    to->append(part.data(), part.size());
  }

  const std::function<void(const UpdateSeen&)>& each_;
  std::string type_, key_, text_, order_id_, status_;
  bool key_open_ = false;
  bool text_open_ = false;
  bool in_updates_ = false;
  int depth_ = 0;
  int arrays_ = 0;
  std::uint64_t seq_ = 0;
  std::uint64_t message_seq_ = 0;
  std::uint64_t message_after_ = 0;
};

}  // namespace

MessageSeen read_message(std::string_view message,
                         const std::function<void(const UpdateSeen&)>& each) {
  json::basic_parser<MessageReader> parser(json::parse_options{}, each);
  json::error_code error;
  const std::size_t read = parser.write_some(false, message.data(), message.size(), error);
  if (error || read != message.size() || !parser.done()) return {};
  const MessageReader& reader = parser.handler();
  return {reader.type(), reader.seq(), reader.after()};
}

}  // namespace oee::load
