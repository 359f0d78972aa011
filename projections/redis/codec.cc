#include "projections/redis/codec.h"

#include <hiredis/hiredis.h>
#include <hiredis/read.h>

#include <array>

namespace oee {

namespace {

// hiredis frees an empty buffer that is larger than this. One read is at most 256 KB.
constexpr std::size_t reader_buffer_kept_max = 1 << 20;
// Redis lets a message have 512 MB. The engine's have ~1 KB.
constexpr std::size_t reply_bytes_max = 8 << 20;

std::string_view text_of(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      return {reply.str, reply.len};
    default:
      return {};
  }
}

}  // namespace

void append_redis_command(std::string& out, std::initializer_list<std::string_view> arguments) {
  constexpr std::size_t arguments_max = 8;
  check(arguments.size() <= arguments_max, "append_redis_command: too many arguments");
  std::array<const char*, arguments_max> texts{};
  std::array<std::size_t, arguments_max> sizes{};
  std::size_t count = 0;
  for (const std::string_view argument : arguments) {
    texts[count] = argument.data();
    sizes[count] = argument.size();
    ++count;
  }
  char* command = nullptr;
  const int size =
      redisFormatCommandArgv(&command, static_cast<int>(count), texts.data(), sizes.data());
  check(size >= 0, "redisFormatCommandArgv: out of memory");
  out.append(command, static_cast<std::size_t>(size));
  redisFreeCommand(command);
}

void RedisReply::Free::operator()(redisReply* reply) const {
  freeReplyObject(reply);
}
bool RedisReply::is_error() const {
  return reply_->type == REDIS_REPLY_ERROR;
}
bool RedisReply::is_array() const {
  return reply_->type == REDIS_REPLY_ARRAY;
}
std::string_view RedisReply::text() const {
  return text_of(*reply_);
}
std::size_t RedisReply::size() const {
  return is_array() ? reply_->elements : 0;
}
std::string_view RedisReply::text_at(std::size_t index) const {
  if (index >= size()) return {};
  return text_of(*reply_->element[index]);
}

void RedisReader::Free::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

RedisReader::RedisReader() : reader_(redisReaderCreate()) {
  check(reader_ != nullptr, "redisReaderCreate: out of memory");
  reader_->maxbuf = reader_buffer_kept_max;
}

void RedisReader::feed(std::string_view bytes) {
  // The reader stores a failure, and next() returns it.
  (void)redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

Result<std::optional<RedisReply>> RedisReader::next() {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK)
    return Error{Errc::corrupt, std::string("protocol error: ") + reader_->errstr};
  if (reply == nullptr && reader_->len - reader_->pos > reply_bytes_max)
    return Error{Errc::corrupt, "protocol error: a reply of more than 8 MB"};
  if (reply == nullptr) return std::optional<RedisReply>();
  return std::optional<RedisReply>(RedisReply(static_cast<redisReply*>(reply)));
}

}  // namespace oee
