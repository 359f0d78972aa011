#include "tests/tools/scripted_engine.h"

#include <sys/socket.h>

#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <cstdio>

namespace oee::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

std::string http_answer(const std::string& status, const std::string& body,
                        const std::string& headers = {}) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + headers +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string member(const std::string& json, const std::string& name) {
  const std::string start = "\"" + name + "\":\"";
  const std::size_t at = json.find(start);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + start.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

void send_updates(beast::websocket::stream<asio::ip::tcp::socket&>& ws,
                  const std::vector<std::string>& updates, bool batch, beast::error_code* error) {
  std::string all;
  for (const std::string& update : updates) {
    if (!batch) ws.write(asio::buffer(update), *error);
    all += (all.empty() ? "" : ",") + update;
  }
  if (batch) ws.write(asio::buffer(R"({"type":"updates","updates":[)" + all + "]}"), *error);
}

}  // namespace

ScriptedEngine::ScriptedEngine(Script script)
    : script_(std::move(script)),
      acceptor_(io_, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
  thread_ = std::thread([this] { accept_loop(); });
}

ScriptedEngine::~ScriptedEngine() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : sockets_) ::shutdown(fd, SHUT_RDWR);
  }
  changed_.notify_all();
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  thread_.join();
  for (std::thread& session : sessions_) session.join();
}

std::string ScriptedEngine::url() const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

std::uint64_t ScriptedEngine::accepted() const {
  std::lock_guard lock(mutex_);
  return accepted_;
}

void ScriptedEngine::accept_loop() {
  for (;;) {
    beast::error_code error;
    Socket socket(io_);
    acceptor_.accept(socket, error);
    std::lock_guard lock(mutex_);
    if (error || stopping_) return;
    sockets_.push_back(socket.native_handle());
    sessions_.emplace_back(
        [this, moved = std::move(socket)]() mutable { serve(std::move(moved)); });
  }
}

void ScriptedEngine::serve(Socket socket) {
  beast::flat_buffer buffer;
  for (;;) {
    beast::error_code error;
    http::request<http::string_body> request;
    http::read(socket, buffer, request, error);
    if (error) break;
    if (beast::websocket::is_upgrade(request)) {
      beast::websocket::stream<Socket&> ws(socket);
      ws.accept(request, error);
      beast::flat_buffer subscription;
      ws.read(subscription, error);
      ws.write(asio::buffer(std::string(R"({"type":"subscribed","channel":"orders"})")), error);
      for (std::size_t sent = 0; !error;) {
        const std::vector<std::string> updates = wait_updates(sent);
        if (updates.empty()) break;
        sent += updates.size();
        send_updates(ws, updates, script_.batch, &error);
      }
      break;
    }
    std::string answer;
    const std::string target(request.target());
    if (!handle(std::string(request.method_string()), target, request.body(), &answer)) break;
    asio::write(socket, asio::buffer(answer), error);
    if (error) break;
  }
  std::lock_guard lock(mutex_);
  std::erase(sockets_, socket.native_handle());
  beast::error_code ignored;
  socket.close(ignored);
}

std::string ScriptedEngine::id_of(std::uint64_t order) const {
  char text[64];
  std::snprintf(text, sizeof text, "018f3c5e-7b1a-7cc2-9a53-%012llx",
                static_cast<unsigned long long>(script_.same_id ? 0 : order));
  return text;
}

bool ScriptedEngine::handle(const std::string& method, const std::string& target,
                            const std::string& body, std::string* answer) {
  std::unique_lock lock(mutex_);
  if (method == "GET") {
    const std::string id = target.substr(target.rfind('/') + 1);
    for (std::uint64_t order = 0; order < accepted_; ++order) {
      if (id_of(order) != id) continue;
      const std::string status = script_.never_end.contains(order) ? "routing" : "confirmed";
      *answer = http_answer("200 OK", R"({"orderId":")" + id + R"(","status":")" + status + "\"}");
      return true;
    }
    *answer = http_answer("404 Not Found", "{}");
    return true;
  }
  if (script_.stall_first && submits_ == 0) {
    ++submits_;
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    lock.lock();
  }
  if (++submits_ <= script_.refuse_first) {
    *answer = http_answer("503 Service Unavailable", R"({"code":"full"})",
                          "Retry-After: " + std::to_string(script_.retry_after) + "\r\n");
    return true;
  }
  if (script_.status != 202) {
    *answer = http_answer(std::to_string(script_.status) + " Whatever", "{}");
    return true;
  }
  const std::string key = member(body, "clientOrderId");
  const bool known = !key.empty() && by_key_.contains(key);
  const std::uint64_t order = known ? by_key_[key] : accepted_++;
  const std::string id = id_of(order);
  *answer = http_answer("202 Accepted", R"({"orderId":")" + id + R"(","status":"pending","seq":1})",
                        known ? "Idempotent-Replayed: true\r\n" : "");
  if (known) return true;
  if (!key.empty()) by_key_[key] = order;
  auto send_update = [&](const char* status) {
    updates_.push_back(R"({"type":"update","orderId":")" + id + R"(","status":")" + status +
                       R"(","seq":)" + std::to_string(++seq_) +
                       R"(,"note":{"status":"failed","seq":0}})");
  };
  send_update("routing");
  if (!script_.never_end.contains(order) && !script_.end_unsent.contains(order))
    send_update("confirmed");
  changed_.notify_all();
  return !script_.cut_after_accept.contains(order);
}

std::vector<std::string> ScriptedEngine::wait_updates(std::size_t from) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || updates_.size() > from; });
  if (stopping_) return {};
  return {updates_.begin() + static_cast<std::ptrdiff_t>(from), updates_.end()};
}

}  // namespace oee::test
