// One PostgreSQL connection as the adapters use it: opened on demand, dropped when it fails
// (libpqxx would silently open a new one in the middle of a unit of work), every wait bounded,
// exceptions turned into errors. One thread at a time, except interrupt().
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

#include "projections/postgres/postgres.h"

namespace oee {

// Cuts a connection whose server does not answer: libpq waits without a limit of its own. Shutting
// the socket down (not closing it) from another thread makes libpq see a lost connection.
class SocketGuard {
 public:
  ~SocketGuard();
  // The connection's thread: the socket that may be cut; -1: none.
  void watch(int socket);
  // The connection's thread: cut when disarm() has not come by then. Zero: no limit.
  void arm(std::chrono::milliseconds limit);
  void disarm();
  // Any thread: cut now and for ever.
  void interrupt();
  bool interrupted() const;

 private:
  void run_thread();
  void cut();  // under the mutex
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  int socket_ = -1;
  bool interrupted_ = false;
  bool ending_ = false;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::thread thread_;
};

// A libpqxx connection that never re-activates itself, with its libpq handle for COPY.
class PostgresConnection final : public pqxx::connection_base {
 public:
  // Throws pqxx::broken_connection.
  PostgresConnection(const PostgresOptions& options, const char* application_name,
                     SocketGuard& guard);
  ~PostgresConnection();

  // COPY `table`(`columns`) FROM STDIN: `text` is whole lines in COPY's text format. Throws.
  void copy_in(pqxx::transaction_base& tx, const std::string& table, const std::string& columns,
               std::string_view text);

 private:
  class Policy;
  explicit PostgresConnection(std::unique_ptr<Policy> policy);
  std::unique_ptr<Policy> policy_;
};

class PostgresSession {
 public:
  using Setup = std::function<void(PostgresConnection&)>;
  // `setup` runs on every new connection; what it throws is the error of the call.
  PostgresSession(PostgresOptions options, const char* application_name, Setup setup = {});

  // Calls work(PostgresConnection&), which returns a Result<T> and may throw. unavailable: no
  // connection, lost, timed out or refused for now; invalid: the database refused the data; closed:
  // interrupted; else what `work` returned, or what `setup` threw as SetupError.
  template <class Work>
  std::invoke_result_t<Work&, PostgresConnection&> run(Work work) {
    try {
      PostgresConnection& connection = connected();
      const Armed armed(guard_, answer_limit());
      return work(connection);
    } catch (...) {
      return failed();
    }
  }

  void interrupt() { guard_.interrupt(); }

 private:
  struct Armed {
    Armed(SocketGuard& the_guard, std::chrono::milliseconds limit) : guard(the_guard) {
      guard.arm(limit);
    }
    ~Armed() { guard.disarm(); }
    SocketGuard& guard;
  };
  PostgresConnection& connected();
  std::chrono::milliseconds answer_limit() const;
  Error failed();  // of the exception in flight; drops the connection unless it is still good

  const PostgresOptions options_;
  const char* application_name_;
  const Setup setup_;
  SocketGuard guard_;
  std::unique_ptr<PostgresConnection> connection_;
};

// For a setup to refuse a connection with an error of its own.
struct SetupError {
  Error error;
};

std::string_view view_of(const pqxx::field& field);
std::optional<std::string_view> optional_view_of(const pqxx::field& field);

}  // namespace oee
