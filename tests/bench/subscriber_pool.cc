#include "tests/bench/subscriber_pool.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "core/base/bytes.h"

namespace oee::bench {

namespace {

constexpr std::size_t read_bytes = 256 << 10;
constexpr std::size_t recorded_bytes_max = 64 << 20;
constexpr unsigned opcode_text = 1, opcode_continuation = 0, opcode_ping = 9, opcode_pong = 10;

constexpr std::string_view upgrade =
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
constexpr std::string_view subscription = R"({"type":"subscribe","channel":"orders","batch":true})";

// A frame of at most 125 bytes, masked with zeros.
std::string client_frame(unsigned opcode, std::string_view payload) {
  std::string frame{static_cast<char>(0x80 | opcode), static_cast<char>(0x80 | payload.size())};
  frame.append(4, '\0');
  return frame.append(payload);
}

// Sends a few bytes, which fit into the empty socket buffer. false: the server has closed.
bool send_all(int fd, std::string_view bytes) {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::uint64_t count(std::string_view text, std::string_view what) {
  std::uint64_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++found;
  return found;
}

}  // namespace

struct SubscriberPool::Member {
  explicit Member(int socket) : fd(socket) {}
  ~Member() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
  bool is_probe = false;
  unsigned opcode = 0;
  bool in_payload = false;
  std::uint64_t left = 0;  // of the payload
  std::size_t header_size = 0;
  std::array<unsigned char, 10> header{};
  std::string payload;  // texts of the probe, pings of all

  // The size of the payload once the header is complete.
  bool header_complete() {
    if (header_size < 2) return false;
    const unsigned size = header[1] & 0x7F;
    const std::size_t wide = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (header_size < 2 + wide) return false;
    left = size;
    if (wide == 2) left = load_be<std::uint16_t>(&header[2]);
    if (wide == 8) left = load_be<std::uint64_t>(&header[2]);
    opcode = header[0] & 0x0F;
    return true;
  }
};

SubscriberPool::SubscriberPool(std::uint16_t port, std::size_t size, bool record,
                               std::function<void(std::string_view)> on_message)
    : record_(record),
      on_message_(std::move(on_message)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      buffer_(read_bytes) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (std::size_t i = 0; i < size; ++i) {
    auto member = std::make_unique<Member>(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int fd = member->fd;
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error(std::string("a subscriber cannot connect: ") + std::strerror(errno));
    send_all(fd, upgrade);
    // Nothing follows the answer before the subscription is sent.
    std::string answer;
    while (!answer.ends_with("\r\n\r\n")) {
      const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), 0);
      if (got <= 0) throw std::runtime_error("a subscriber was refused: " + answer);
      answer.append(buffer_.data(), static_cast<std::size_t>(got));
    }
    if (!answer.starts_with("HTTP/1.1 101 "))
      throw std::runtime_error("a subscriber was refused: " + answer);
    send_all(fd, client_frame(opcode_text, subscription));
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    member->is_probe = i == 0;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = member.get();
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    members_.push_back(std::move(member));
  }
  thread_ = std::thread([this] { run(); });
}

SubscriberPool::~SubscriberPool() {
  stop();
  ::close(epoll_);
}

void SubscriberPool::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

SubscriberPool::Totals SubscriberPool::totals() const {
  return {frames_, bytes_, gone_, probe_bytes_, updates_, confirmed_};
}

void SubscriberPool::save(const std::filesystem::path& file) const {
  std::ofstream out(file, std::ios::binary);
  out.write(recorded_.data(), static_cast<std::streamsize>(recorded_.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

void SubscriberPool::run() {
  std::array<epoll_event, 256> events;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 20);
    for (int i = 0; i < ready; ++i)
      read(*static_cast<Member*>(events[static_cast<std::size_t>(i)].data.ptr));
  }
}

void SubscriberPool::read(Member& member) {
  const ssize_t got = ::recv(member.fd, buffer_.data(), buffer_.size(), 0);
  if (got > 0) return take(member, buffer_.data(), static_cast<std::size_t>(got));
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, member.fd, nullptr);
  ++gone_;
}

void SubscriberPool::take(Member& member, const char* bytes, std::size_t size) {
  while (size > 0) {
    if (!member.in_payload) {
      member.header[member.header_size++] = static_cast<unsigned char>(*bytes++);
      --size;
      if (!member.header_complete()) continue;
      member.header_size = 0;
      member.in_payload = true;
    }
    const std::size_t part = std::min<std::uint64_t>(size, member.left);
    if (member.is_probe || member.opcode == opcode_ping) member.payload.append(bytes, part);
    bytes += part;
    size -= part;
    member.left -= part;
    bytes_.fetch_add(part, std::memory_order_relaxed);
    if (member.left == 0) end_frame(member);
  }
}

void SubscriberPool::end_frame(Member& member) {
  member.in_payload = false;
  frames_.fetch_add(1, std::memory_order_relaxed);
  // A closed connection shows at the next read.
  if (member.opcode == opcode_ping) send_all(member.fd, client_frame(opcode_pong, member.payload));
  if (member.is_probe && (member.opcode == opcode_text || member.opcode == opcode_continuation))
    count_updates(member);
  member.payload.clear();
}

void SubscriberPool::count_updates(const Member& member) {
  const std::string& payload = member.payload;
  if (on_message_) on_message_(payload);
  probe_bytes_.fetch_add(payload.size(), std::memory_order_relaxed);
  // Every update names its order once; "subscribed" and "caughtUp" name none.
  const std::uint64_t updates = count(payload, "\"orderId\":");
  updates_.fetch_add(updates, std::memory_order_relaxed);
  confirmed_.fetch_add(count(payload, "\"status\":\"confirmed\""), std::memory_order_relaxed);
  if (!record_ || updates == 0 || recorded_.size() > recorded_bytes_max) return;
  for (int shift = 0; shift < 32; shift += 8)
    recorded_ += static_cast<char>(payload.size() >> shift);
  recorded_ += payload;
}

}  // namespace oee::bench
