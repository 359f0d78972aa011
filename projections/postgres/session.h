// PostgresSession: one PostgreSQL connection as the adapters use it. It is opened on demand and
// closed when it fails (libpqxx would silently open a new one in the middle of a unit of work).
// Every wait is bounded, and exceptions become errors. Each adapter owns one; one thread at a time,
// except interrupt().
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <pqxx/connection_base>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <string>
#include <thread>

#include "core/base/result.h"
#include "projections/postgres/options.h"

namespace oee {

// Cuts a connection whose server does not answer, because libpq itself waits without a limit.
// Another thread shuts the socket down (it does not close it), and libpq then reports a lost
// connection.
class SocketGuard {
 public:
  ~SocketGuard();
  // The connection's thread: sets the socket that may be cut; -1: none.
  void watch(int socket);
  // The connection's thread: the socket is cut after `limit` unless disarm() is called before.
  // Zero: no limit.
  void arm(std::chrono::milliseconds limit);
  void disarm();
  // Any thread: cuts the socket now, and every later one at once.
  void interrupt();
  bool interrupted() const;

 private:
  void run_thread();
  void cut();  // REQUIRES: the mutex is held
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  int socket_ = -1;
  bool interrupted_ = false;
  bool ending_ = false;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::thread thread_;
};

// A libpqxx connection that never reconnects by itself, with its libpq handle for COPY.
class PostgresConnection final : public pqxx::connection_base {
 public:
  // Throws pqxx::broken_connection.
  PostgresConnection(const PostgresOptions& options, const char* application_name,
                     SocketGuard& guard);
  ~PostgresConnection();

  // COPY `table`(`columns`) FROM STDIN. `text`: whole lines in COPY's text format. Throws what
  // libpqxx throws.
  void copy_in(pqxx::transaction_base& tx, const std::string& table, const std::string& columns,
               std::string_view text);

  // Between these two calls neither the server nor the guard ends a statement that takes long.
  // Outside of a transaction; both throw what libpqxx throws.
  void lift_time_limit();
  void restore_time_limit();

 private:
  class Policy;
  PostgresConnection(std::unique_ptr<Policy> policy, const PostgresOptions& options,
                     SocketGuard& guard);
  void set_statement_timeout(std::chrono::milliseconds limit);
  std::unique_ptr<Policy> policy_;
  SocketGuard& guard_;
  const std::chrono::milliseconds statement_timeout_;
};

// How long a call waits for a server that ends statements after `statement_timeout`: a little
// longer, because a server that works reports the time-out itself. Zero: no limit.
std::chrono::milliseconds answer_limit(std::chrono::milliseconds statement_timeout);

class PostgresSession {
 public:
  using Setup = std::function<void(PostgresConnection&)>;
  // `setup` runs on every new connection. When it throws, the call returns that error.
  PostgresSession(PostgresOptions options, const char* application_name, Setup setup = {});

  // Calls work(PostgresConnection&), which returns a Result<T> and may throw. Errors:
  //   unavailable   no connection, a lost one, a timeout, or the database refused for now
  //   invalid       the database refused the data
  //   closed        interrupted
  //   others        as `work` returned them, or as `setup` threw them in a SetupError
  template <class Work>
  std::invoke_result_t<Work&, PostgresConnection&> run(Work work) {
    try {
      PostgresConnection& connection = connected();
      const Armed armed(guard_, answer_limit(options_.statement_timeout));
      return work(connection);
    } catch (...) {
      return failed();
    }
  }

  void interrupt() { guard_.interrupt(); }
  // False before the first call, and after one that lost the connection.
  bool has_connection() const { return connection_ != nullptr; }

 private:
  struct Armed {
    Armed(SocketGuard& the_guard, std::chrono::milliseconds limit) : guard(the_guard) {
      guard.arm(limit);
    }
    ~Armed() { guard.disarm(); }
    SocketGuard& guard;
  };
  PostgresConnection& connected();
  // The error of the exception in flight. Drops the connection unless it is still usable.
  Error failed();

  const PostgresOptions options_;
  const char* application_name_;
  const Setup setup_;
  SocketGuard guard_;
  std::unique_ptr<PostgresConnection> connection_;
};

// A setup throws it to refuse a connection with an error of its own.
struct SetupError {
  Error error;
};

std::string_view view_of(const pqxx::field& field);
std::optional<std::string_view> optional_view_of(const pqxx::field& field);

}  // namespace oee
