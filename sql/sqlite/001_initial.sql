-- Times are Unix milliseconds, flags 0 or 1, UUIDs and JSON are text.

CREATE TABLE credentials (
  user_id INTEGER NOT NULL CHECK (user_id > 0),
  mcp_server_id TEXT NOT NULL,
  generation INTEGER NOT NULL CHECK (generation >= 0),
  state TEXT NOT NULL
    CHECK (state IN ('absent', 'ready', 'refreshing', 'unresolved', 'needs-reauth', 'operator-error')),
  reason TEXT NOT NULL,
  refresh_token BLOB,
  kept_refresh_token BLOB,
  try_kept INTEGER NOT NULL CHECK (try_kept IN (0, 1)),
  access_token BLOB,
  access_token_expires_at INTEGER,
  refresh_at INTEGER,
  token_endpoint TEXT,
  client_id TEXT,
  client_secret BLOB,
  client_secret_expires_at INTEGER,
  auth_method TEXT,
  scopes TEXT,
  lineage BLOB,
  intent_id TEXT,
  minted_by TEXT,
  retry_at INTEGER,
  failures INTEGER NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (user_id, mcp_server_id),
  CHECK (refresh_token IS NULL OR token_endpoint IS NOT NULL),
  CHECK ((token_endpoint IS NULL) = (auth_method IS NULL))
) STRICT;

CREATE INDEX credentials_unresolved ON credentials (user_id, mcp_server_id)
  WHERE state IN ('refreshing', 'unresolved', 'operator-error');

CREATE TABLE refresh_intents (
  id TEXT NOT NULL PRIMARY KEY,
  user_id INTEGER NOT NULL,
  mcp_server_id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  owner_name TEXT NOT NULL,
  owner_incarnation INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  uses_kept INTEGER NOT NULL CHECK (uses_kept IN (0, 1)),
  settlement TEXT NOT NULL CHECK (settlement IN ('unsettled', 'not-spent', 'in-doubt', 'refused')),
  recorded_failure TEXT NOT NULL,
  UNIQUE (user_id, mcp_server_id, generation, ordinal)
) STRICT;

CREATE INDEX refresh_intents_owner ON refresh_intents (owner_incarnation);

-- The generation drawn last. Only ever raised.
CREATE TABLE generations (
  only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  last INTEGER NOT NULL
) STRICT;

INSERT INTO generations (only_row, last) VALUES (1, 0);

CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY,
  user_id INTEGER NOT NULL CHECK (user_id > 0),
  name TEXT NOT NULL,
  input TEXT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('pending', 'running', 'awaiting-input', 'succeeded', 'failed', 'cancelled')),
  position INTEGER NOT NULL,
  step_count INTEGER NOT NULL,
  next_server TEXT,
  awaiting_reason TEXT NOT NULL CHECK (awaiting_reason IN ('none', 'needs-oauth-reauth', 'interrupted')),
  awaited_server TEXT,
  not_before INTEGER,
  -- Its place in the queue while pending: not_before, or else its age.
  due_at INTEGER NOT NULL,
  blocked_since INTEGER,
  cancel_requested INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
  owner_name TEXT,
  owner_incarnation INTEGER,
  fence INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER,
  idempotency_key TEXT,
  body_hash BLOB,
  CHECK ((status = 'running') = (owner_incarnation IS NOT NULL)),
  CHECK ((owner_name IS NULL) = (owner_incarnation IS NULL))
) STRICT;

CREATE INDEX runs_of_user ON runs (user_id, id);
CREATE UNIQUE INDEX runs_idempotency ON runs (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX runs_queue ON runs (user_id, due_at, id, next_server) WHERE status = 'pending';
CREATE INDEX runs_due ON runs (due_at) WHERE status = 'pending';
CREATE INDEX runs_parked ON runs (user_id, awaited_server)
  WHERE status = 'awaiting-input' AND awaiting_reason = 'needs-oauth-reauth';
CREATE INDEX runs_owner ON runs (owner_incarnation) WHERE status = 'running';
CREATE INDEX runs_finished ON runs (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE run_steps (
  run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  idx INTEGER NOT NULL,
  step_id TEXT NOT NULL,
  server TEXT NOT NULL,
  tool TEXT NOT NULL,
  arguments TEXT NOT NULL,
  timeout_ms INTEGER,
  on_unknown TEXT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('pending', 'executing', 'succeeded', 'failed', 'skipped', 'cancelled')),
  attempts INTEGER NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_retryable INTEGER NOT NULL CHECK (error_retryable IN (0, 1)),
  -- Last: a long result then costs nothing to whoever reads the other columns.
  result TEXT,
  PRIMARY KEY (run_id, idx)
) STRICT;

CREATE INDEX run_steps_server ON run_steps (server, run_id);

CREATE TABLE node_incarnations (
  incarnation INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  gone INTEGER NOT NULL CHECK (gone IN (0, 1)),
  entered_at INTEGER NOT NULL
) STRICT;
