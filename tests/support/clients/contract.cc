#include "tests/support/clients/contract.h"

#include <atomic>
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <unordered_set>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace oee::test {
namespace {

namespace json = boost::json;

// Statuses with which the server may refuse any path ("default" of every operation).
const std::set<int> refusals = {400, 401, 403, 404, 405, 408, 413, 417,
                                421, 426, 429, 431, 500, 501, 503, 505};

// An object schema with listed members allows no others unless it permits them. Parts of an allOf
// are left alone; they have no "type".
void make_strict(json::value& value) {
  if (auto* list = value.if_array()) {
    for (json::value& each : *list) make_strict(each);
  }
  auto* object = value.if_object();
  if (object == nullptr) return;
  for (auto& member : *object) make_strict(member.value());
  if (object->contains("properties") && object->contains("type") &&
      !object->contains("additionalProperties"))
    (*object)["additionalProperties"] = false;
}

std::string escaped(std::string_view name) {
  std::string out;
  for (const char c : name) c == '~' ? out += "~0" : c == '/' ? out += "~1" : out += c;
  return out;
}

// One document. Its schemas are made when they are first needed and kept.
class Document {
 public:
  explicit Document(const std::string& name) {
    std::ifstream file(std::string(OEE_CONTRACTS_DIR) + "/" + name + ".json");
    std::ostringstream text;
    text << file.rdbuf();
    root_ = json::parse(text.str());
    make_strict(root_);
  }

  // The value at a pointer. A $ref is followed, and `pointer` becomes its target. Null: there is
  // none.
  const json::value* at(std::string& pointer) const {
    boost::system::error_code ec;
    const json::value* found = root_.find_pointer(pointer, ec);
    if (found == nullptr || !found->is_object() || !found->get_object().contains("$ref"))
      return found;
    pointer = std::string(found->at("$ref").as_string()).substr(1);
    return at(pointer);
  }

  std::string wrong(const std::string& pointer, const json::value& value) {
    const valijson::Schema& schema = schema_at(pointer);
    // It keeps the regular expressions of the patterns: compiled for each frame they are most of a
    // check, and a client under a sanitizer falls behind the stream.
    thread_local valijson::Validator validator;
    const valijson::adapters::BoostJsonAdapter target(value);
    valijson::ValidationResults results;
    if (validator.validate(schema, target, &results)) return {};
    std::string what;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
      for (const std::string& part : error.context) what += part;
      what += ": " + error.description + "; ";
    }
    return what;
  }

 private:
  const valijson::Schema& schema_at(const std::string& pointer) {
    std::lock_guard lock(mutex_);
    std::unique_ptr<valijson::Schema>& schema = schemas_[pointer];
    if (schema) return *schema;
    json::value wrapped = root_;
    wrapped.as_object()["allOf"] = json::array{json::object{{"$ref", "#" + pointer}}};
    schema = std::make_unique<valijson::Schema>();
    const valijson::adapters::BoostJsonAdapter adapter(wrapped);
    valijson::SchemaParser().populateSchema(adapter, *schema);
    return *schema;
  }

  json::value root_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<valijson::Schema>> schemas_;
};

Document& openapi() {
  static Document document("openapi");
  return document;
}
Document& asyncapi() {
  static Document document("asyncapi");
  return document;
}

bool matches(std::string_view pattern, std::string_view path) {
  const std::size_t hole = pattern.find('{');
  if (hole == pattern.npos) return pattern == path;
  const std::string_view suffix = pattern.substr(pattern.find('}') + 1);
  return path.size() > hole + suffix.size() && path.starts_with(pattern.substr(0, hole)) &&
         path.ends_with(suffix) &&
         path.substr(hole, path.size() - hole - suffix.size()).find('/') == path.npos;
}

// The pointer of the path item that documents the path. An exact path comes before a pattern.
std::optional<std::string> path_item(std::string_view path) {
  std::string pointer = "/paths";
  std::optional<std::string> found;
  for (const auto& [pattern, item] : openapi().at(pointer)->as_object()) {
    if (!matches(pattern, path)) continue;
    if (!found || std::string_view(pattern).find('{') == std::string_view::npos)
      found = "/paths/" + escaped(pattern);
  }
  return found;
}

std::string header_of(const SeenAnswer& answer, std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? std::string() : found->second;
}

std::string wrong_headers(const SeenAnswer& answer, const std::string& response) {
  std::string list = response + "/headers";
  const json::value* headers = openapi().at(list);
  if (headers == nullptr) return {};
  for (const auto& [name, each] : headers->as_object()) {
    std::string pointer = list + "/" + escaped(name);
    const json::object& header = openapi().at(pointer)->as_object();
    const std::string value = header_of(answer, name);
    const auto* required = header.if_contains("required");
    if (value.empty() && required != nullptr && required->as_bool())
      return "no header " + std::string(name);
    if (value.empty()) continue;
    if (auto wrong = openapi().wrong(pointer + "/schema", json::value(value)); !wrong.empty())
      return "header " + std::string(name) + ": " + wrong;
  }
  return {};
}

std::string wrong_json(const std::string& schema, std::string_view text, json::value* parsed) {
  boost::system::error_code ec;
  *parsed = json::parse(text, ec);
  if (ec) return "not JSON: " + ec.message();
  return openapi().wrong(schema, *parsed);
}

// The members of a problem must agree with the answer's status and headers.
std::string wrong_problem(const SeenAnswer& answer, const json::value& problem) {
  const json::object& members = problem.as_object();
  if (members.at("status").to_number<int>() != answer.status) return "status is not the answer's";
  if (members.at("requestId").as_string() != header_of(answer, "x-request-id"))
    return "requestId is not the answer's";
  return {};
}

std::string wrong_body(const SeenAnswer& answer, const std::string& response) {
  std::string pointer = response + "/content";
  const json::value* content = openapi().at(pointer);
  if (content == nullptr) return answer.body.empty() ? "" : "a body where none is documented";
  const std::string full = header_of(answer, "content-type");
  const std::string type = full.substr(0, full.find(';'));
  if (!content->as_object().contains(type)) return "content type " + full;
  if (answer.method == "HEAD") return answer.body.empty() ? "" : "the answer to HEAD has a body";
  const std::string schema = pointer + "/" + escaped(type) + "/schema";
  json::value parsed;
  if (type == "application/x-ndjson") {
    std::istringstream lines(answer.body);
    for (std::string line; std::getline(lines, line);)
      if (auto wrong = wrong_json(schema, line, &parsed); !wrong.empty()) return wrong;
    return {};
  }
  if (!type.ends_with("json")) return {};
  if (auto wrong = wrong_json(schema, answer.body, &parsed); !wrong.empty()) return wrong;
  return type == "application/problem+json" ? wrong_problem(answer, parsed) : std::string();
}

std::string wrong_response(const SeenAnswer& answer, std::string response) {
  openapi().at(response);
  std::string wrong = wrong_headers(answer, response);
  return wrong.empty() ? wrong_body(answer, response) : wrong;
}

// A check takes up to milliseconds under a sanitizer, and a thousand subscribers receive the same
// frames: a text that was found right is not checked again.
class RightFrames {
 public:
  bool has(const std::string& frame) const {
    std::lock_guard lock(mutex_);
    return frames_.contains(frame);
  }
  void add(std::string frame) {
    std::lock_guard lock(mutex_);
    if (frames_.size() < frames_max) frames_.insert(std::move(frame));
  }

 private:
  static constexpr std::size_t frames_max = 20'000;  // ~10 MB
  mutable std::mutex mutex_;
  std::unordered_set<std::string> frames_;
};

std::string wrong_new_frame(std::string_view channel, std::string_view text) {
#if defined(__SANITIZE_THREAD__)
  // A client that checks every frame would fall behind the stream.
  static std::atomic<int> frames_left{1'000};
  if (frames_left.fetch_sub(1, std::memory_order_relaxed) <= 0) return {};
#endif
  boost::system::error_code ec;
  const json::value frame = json::parse(text, ec);
  if (ec || !frame.is_object()) return "not a JSON object";
  const auto* type = frame.get_object().if_contains("type");
  std::string name = frame.get_object().contains("seq") ? "bareUpdate" : "state";
  if (channel.starts_with("dialect"))
    name = frame.get_object().contains("status") ? "status" : "error";
  if (type != nullptr) name = type->is_string() ? std::string(type->get_string()) : "?";
  if (channel == "redisHead") name = "head";
  if (channel == "redisEvents" || channel == "redisOrder") name = "cloudEvent";
  std::string message = "/channels/" + std::string(channel) + "/messages/" + escaped(name);
  if (asyncapi().at(message) == nullptr) return "no message " + name + " is documented";
  return asyncapi().wrong(message + "/payload", frame);
}

}  // namespace

std::string wrong_answer(const SeenAnswer& answer) {
  if (answer.method == "OPTIONS" && answer.status == 204) return {};  // a browser's preflight
  const std::string_view path(answer.target.data(),
                              std::min(answer.target.find('?'), answer.target.size()));
  std::string wrong = "nothing is documented at this path";
  if (const auto item = path_item(path)) {
    std::string method = answer.method == "HEAD" ? "get" : answer.method;
    for (char& c : method) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::string response = *item + "/" + method + "/responses/" + std::to_string(answer.status);
    wrong = "this status is not documented";
    if (openapi().at(response) != nullptr) wrong = wrong_response(answer, response);
    if (wrong.empty()) return {};
  }
  if (!refusals.contains(answer.status)) return wrong;
  const std::string refused = wrong_response(answer, "/components/responses/ServerRefusal");
  return refused.empty() ? refused : wrong + " (and as a refusal: " + refused + ")";
}

std::string wrong_frame(std::string_view channel, std::string_view text) {
  static RightFrames right;
  std::string frame = std::string(channel) + ' ' + std::string(text);
  if (right.has(frame)) return {};
  std::string wrong = wrong_new_frame(channel, text);
  if (wrong.empty()) right.add(std::move(frame));
  return wrong;
}

std::set<std::string> documented_operations() {
  std::set<std::string> operations;
  std::string pointer = "/paths";
  for (const auto& [path, item] : openapi().at(pointer)->as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      if (method == "parameters") continue;
      std::string name(method);
      for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      operations.insert(name + ' ' + std::string(path));
    }
  }
  return operations;
}

}  // namespace oee::test
