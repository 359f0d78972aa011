#include "projections/postgres/session.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <pqxx/connectionpolicy>
#include <pqxx/except>
#include <pqxx/nontransaction>

#include "core/runtime/thread.h"

namespace oee {
namespace {

using Steady = std::chrono::steady_clock;

// While it connects, the session checks for an interrupt this often.
constexpr int connect_slice_ms = 50;
// The server cancels a statement after statement_timeout. When the server does not answer even
// then, the connection is cut this much later.
constexpr std::chrono::seconds answer_grace{5};
// One send of COPY data: libpq copies it into its own buffer.
constexpr std::size_t copy_chunk_bytes = 256 * 1024;

// The first line of a message. The following lines are hints and context, which may contain rows;
// they must not appear in an operator's log or on a readiness page.
std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

std::string libpq_message(PGconn* connection) {
  return connection == nullptr ? "out of memory" : first_line(PQerrorMessage(connection));
}

void ignore_notice(void*, const char*) {}

}  // namespace

// --- SocketGuard ---------------------------------------------------------------------------------

SocketGuard::~SocketGuard() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void SocketGuard::watch(int socket) {
  const std::lock_guard lock(mutex_);
  socket_ = socket;
  if (interrupted_) cut();
}

void SocketGuard::arm(std::chrono::milliseconds limit) {
  const std::lock_guard lock(mutex_);
  if (interrupted_) cut();
  if (limit.count() == 0) return;
  deadline_ = Steady::now() + limit;
  if (!thread_.joinable()) thread_ = std::thread([this] { run_thread(); });
  wake_.notify_all();
}

void SocketGuard::disarm() {
  // The thread is not woken: it reads the deadline when it wakes by itself, so that a call costs no
  // wake-up.
  const std::lock_guard lock(mutex_);
  deadline_.reset();
}

void SocketGuard::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  cut();
}

bool SocketGuard::interrupted() const {
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

void SocketGuard::cut() {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

void SocketGuard::run_thread() {
  name_this_thread("pg-guard");
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (!deadline_) {
      wake_.wait(lock);
    } else if (Steady::now() < *deadline_) {
      wake_.wait_until(lock, *deadline_);
    } else {
      deadline_.reset();
      cut();
    }
  }
}

// --- PostgresConnection --------------------------------------------------------------------------

// libpqxx gets its connections from this object. It connects only once, so that a lost connection
// is never replaced during a unit of work, and never blocks for longer than a slice.
class PostgresConnection::Policy final : public pqxx::connectionpolicy {
 public:
  Policy(const PostgresOptions& options, const char* application_name, SocketGuard& guard)
      : connectionpolicy(options.url),
        timeout_(options.connect_timeout),
        application_name_(application_name),
        guard_(guard) {}

  handle do_startconnect(handle existing) override {
    if (existing != nullptr) return existing;
    if (used_) throw pqxx::broken_connection("the connection was lost");
    used_ = true;
    // The URL comes first, as a "dbname" that is expanded; later keys override or complete it.
    const char* keys[] = {"dbname",           "fallback_application_name", "keepalives_idle",
                          "tcp_user_timeout", "client_encoding",           nullptr};
    const char* values[] = {options().c_str(), application_name_, "10", "15000", "UTF8", nullptr};
    connection_ = PQconnectStartParams(keys, values, 1);
    PQsetNoticeProcessor(connection_, ignore_notice, nullptr);  // libpq's own prints them on stderr
    complete();
    guard_.watch(PQsocket(connection_));
    return connection_;
  }
  handle do_completeconnect(handle existing) override { return existing; }
  handle do_dropconnect(handle existing) noexcept override { return do_disconnect(existing); }
  handle do_disconnect(handle existing) noexcept override {
    guard_.watch(-1);
    connection_ = nullptr;
    if (existing != nullptr) PQfinish(existing);
    return nullptr;
  }
  bool is_ready(handle existing) const noexcept override { return existing != nullptr; }

  PGconn* connection() const { return connection_; }

 private:
  void complete() {
    const auto deadline = Steady::now() + timeout_;
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
    std::string why;
    if (connection_ == nullptr || PQstatus(connection_) == CONNECTION_BAD) {
      why = libpq_message(connection_);
    }
    while (why.empty()) {
      pollfd socket{PQsocket(connection_), 0, 0};
      socket.events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
      const int ready = ::poll(&socket, 1, connect_slice_ms);
      if (guard_.interrupted()) why = "interrupted";
      if (ready <= 0 && Steady::now() >= deadline) why = "no answer while connecting";
      if (ready <= 0 || !why.empty()) continue;
      wanted = PQconnectPoll(connection_);
      if (wanted == PGRES_POLLING_OK) return;
      if (wanted == PGRES_POLLING_FAILED) why = libpq_message(connection_);
    }
    PQfinish(connection_);
    connection_ = nullptr;
    throw pqxx::broken_connection(why);
  }

  const std::chrono::seconds timeout_;
  const char* application_name_;
  SocketGuard& guard_;
  PGconn* connection_ = nullptr;
  bool used_ = false;
};

PostgresConnection::PostgresConnection(const PostgresOptions& options, const char* application_name,
                                       SocketGuard& guard)
    : PostgresConnection(std::make_unique<Policy>(options, application_name, guard), options,
                         guard) {}

PostgresConnection::PostgresConnection(std::unique_ptr<Policy> policy,
                                       const PostgresOptions& options, SocketGuard& guard)
    : connection_base(*policy),
      policy_(std::move(policy)),
      guard_(guard),
      statement_timeout_(options.statement_timeout) {
  init();
}

PostgresConnection::~PostgresConnection() {
  close();
}

void PostgresConnection::lift_time_limit() {
  guard_.disarm();
  set_statement_timeout(std::chrono::milliseconds(0));
}

void PostgresConnection::restore_time_limit() {
  guard_.arm(answer_limit(statement_timeout_));
  set_statement_timeout(statement_timeout_);
}

void PostgresConnection::set_statement_timeout(std::chrono::milliseconds limit) {
  pqxx::nontransaction tx(*this);
  tx.exec("SET statement_timeout = " + std::to_string(limit.count()));
}

void PostgresConnection::copy_in(pqxx::transaction_base& tx, const std::string& table,
                                 const std::string& columns, std::string_view text) {
  if (text.empty()) return;
  tx.exec("COPY " + table + "(" + columns + ") FROM STDIN");
  PGconn* raw = policy_->connection();
  bool sent = true;
  while (sent && !text.empty()) {
    const std::string_view chunk = text.substr(0, copy_chunk_bytes);
    sent = PQputCopyData(raw, chunk.data(), static_cast<int>(chunk.size())) == 1;
    text.remove_prefix(chunk.size());
  }
  sent = sent && PQputCopyEnd(raw, nullptr) == 1;
  std::string problem = sent ? std::string() : libpq_message(raw);
  std::string state;
  while (PGresult* result = PQgetResult(raw)) {
    const auto status = PQresultStatus(result);
    if (problem.empty() && status != PGRES_COMMAND_OK) {
      problem = first_line(PQresultErrorMessage(result));
      const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      state = code == nullptr ? "" : code;
    }
    PQclear(result);
    if (status == PGRES_COPY_IN) break;  // the connection broke before the end was sent
  }
  if (PQstatus(raw) == CONNECTION_BAD) throw pqxx::broken_connection(libpq_message(raw));
  if (!problem.empty()) throw pqxx::sql_error(problem, "COPY " + table, state.c_str());
}

// --- PostgresSession -----------------------------------------------------------------------------

PostgresSession::PostgresSession(PostgresOptions options, const char* application_name, Setup setup)
    : options_(std::move(options)), application_name_(application_name), setup_(std::move(setup)) {}

std::chrono::milliseconds answer_limit(std::chrono::milliseconds statement_timeout) {
  if (statement_timeout.count() == 0) return statement_timeout;
  return statement_timeout + answer_grace;
}

PostgresConnection& PostgresSession::connected() {
  if (guard_.interrupted()) throw SetupError{Error{Errc::closed, "postgres: interrupted"}};
  if (connection_ != nullptr) return *connection_;
  auto connection = std::make_unique<PostgresConnection>(options_, application_name_, guard_);
  const Armed armed(guard_, answer_limit(options_.statement_timeout));
  {
    pqxx::nontransaction settings(*connection);
    const std::chrono::milliseconds timeout = options_.statement_timeout;
    settings.exec("SET timezone = 'UTC'; SET datestyle = 'ISO'; SET statement_timeout = " +
                  std::to_string(timeout.count()));
  }
  if (setup_) setup_(*connection);
  connection_ = std::move(connection);
  return *connection_;
}

Error PostgresSession::failed() {
  const bool interrupted = guard_.interrupted();
  Error error{Errc::unavailable, {}};
  bool keep = false;
  try {
    throw;
  } catch (const SetupError& refused) {
    error = refused.error;
  } catch (const pqxx::sql_error& e) {
    const std::string state = e.sqlstate().substr(0, 2);
    // 22 data exception, 23 integrity violation; 57 operator intervention (also a timed out
    // statement), 08 connection exception.
    if (state == "22" || state == "23") error.code = Errc::invalid;
    keep = state != "08" && e.sqlstate().substr(0, 4) != "57P0" && connection_ != nullptr;
    error.detail = "postgres: " + first_line(e.what());
  } catch (const std::exception& e) {
    const bool lost = connection_ != nullptr && !connection_->is_open();
    error.detail = "postgres: " + (lost ? "the connection was lost" : first_line(e.what()));
  }
  if (interrupted) error = Error{Errc::closed, "postgres: interrupted"};
  if (!keep || interrupted) connection_.reset();
  return error;
}

std::string_view view_of(const pqxx::field& field) {
  return {field.c_str(), field.size()};
}

std::optional<std::string_view> optional_view_of(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return view_of(field);
}

}  // namespace oee
