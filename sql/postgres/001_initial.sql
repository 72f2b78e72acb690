-- Times are Unix milliseconds, flags 0 or 1, UUIDs and JSON are text.

CREATE TABLE credentials (
  user_id BIGINT NOT NULL CHECK (user_id > 0),
  mcp_server_id TEXT COLLATE "C" NOT NULL,
  generation BIGINT NOT NULL CHECK (generation >= 0),
  state TEXT NOT NULL
    CHECK (state IN ('absent', 'ready', 'refreshing', 'unresolved', 'needs-reauth', 'operator-error')),
  reason TEXT NOT NULL,
  refresh_token BYTEA,
  kept_refresh_token BYTEA,
  try_kept SMALLINT NOT NULL CHECK (try_kept IN (0, 1)),
  access_token BYTEA,
  access_token_expires_at BIGINT,
  refresh_at BIGINT,
  token_endpoint TEXT,
  client_id TEXT,
  client_secret BYTEA,
  client_secret_expires_at BIGINT,
  auth_method TEXT,
  scopes TEXT,
  lineage BYTEA,
  intent_id TEXT,
  minted_by TEXT,
  retry_at BIGINT,
  failures INTEGER NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (user_id, mcp_server_id),
  CHECK (refresh_token IS NULL OR token_endpoint IS NOT NULL),
  CHECK ((token_endpoint IS NULL) = (auth_method IS NULL))
);

CREATE INDEX credentials_unresolved ON credentials (user_id, mcp_server_id)
  WHERE state IN ('refreshing', 'unresolved', 'operator-error');

CREATE TABLE refresh_intents (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id BIGINT NOT NULL,
  mcp_server_id TEXT COLLATE "C" NOT NULL,
  generation BIGINT NOT NULL,
  ordinal INTEGER NOT NULL,
  owner_name TEXT NOT NULL,
  owner_incarnation BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  deadline BIGINT NOT NULL,
  uses_kept SMALLINT NOT NULL CHECK (uses_kept IN (0, 1)),
  settlement TEXT NOT NULL CHECK (settlement IN ('unsettled', 'not-spent', 'in-doubt', 'refused')),
  recorded_failure TEXT NOT NULL,
  UNIQUE (user_id, mcp_server_id, generation, ordinal)
);

CREATE INDEX refresh_intents_owner ON refresh_intents (owner_incarnation);

CREATE SEQUENCE generations AS BIGINT MINVALUE 1 NO CYCLE;

CREATE TABLE runs (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id BIGINT NOT NULL CHECK (user_id > 0),
  name TEXT NOT NULL,
  input TEXT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('pending', 'running', 'awaiting-input', 'succeeded', 'failed', 'cancelled')),
  position INTEGER NOT NULL,
  step_count INTEGER NOT NULL,
  next_server TEXT COLLATE "C",
  awaiting_reason TEXT NOT NULL CHECK (awaiting_reason IN ('none', 'needs-oauth-reauth', 'interrupted')),
  awaited_server TEXT COLLATE "C",
  not_before BIGINT,
  -- Its place in the queue while pending: not_before, or else its age.
  due_at BIGINT NOT NULL,
  blocked_since BIGINT,
  cancel_requested SMALLINT NOT NULL CHECK (cancel_requested IN (0, 1)),
  owner_name TEXT,
  owner_incarnation BIGINT,
  fence BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  finished_at BIGINT,
  idempotency_key TEXT COLLATE "C",
  body_hash BYTEA,
  CHECK ((status = 'running') = (owner_incarnation IS NOT NULL)),
  CHECK ((owner_name IS NULL) = (owner_incarnation IS NULL))
);

CREATE INDEX runs_of_user ON runs (user_id, id);
CREATE UNIQUE INDEX runs_idempotency ON runs (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX runs_queue ON runs (user_id, due_at, id, next_server) WHERE status = 'pending';
CREATE INDEX runs_due ON runs (due_at) WHERE status = 'pending';
CREATE INDEX runs_parked ON runs (user_id, awaited_server)
  WHERE status = 'awaiting-input' AND awaiting_reason = 'needs-oauth-reauth';
CREATE INDEX runs_owner ON runs (owner_incarnation) WHERE status = 'running';
CREATE INDEX runs_finished ON runs (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE run_steps (
  run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  idx INTEGER NOT NULL,
  step_id TEXT NOT NULL,
  server TEXT COLLATE "C" NOT NULL,
  tool TEXT NOT NULL,
  arguments TEXT NOT NULL,
  timeout_ms BIGINT,
  on_unknown TEXT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('pending', 'executing', 'succeeded', 'failed', 'skipped', 'cancelled')),
  attempts INTEGER NOT NULL,
  error_code TEXT,
  error_message TEXT,
  error_retryable SMALLINT NOT NULL CHECK (error_retryable IN (0, 1)),
  result TEXT,
  PRIMARY KEY (run_id, idx)
);

CREATE INDEX run_steps_server ON run_steps (server, run_id);

CREATE TABLE node_incarnations (
  incarnation BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  gone SMALLINT NOT NULL CHECK (gone IN (0, 1)),
  entered_at BIGINT NOT NULL
);

-- Apart from the incarnations, so that the frequent writes leave those rows alone.
CREATE TABLE node_heartbeats (
  incarnation BIGINT NOT NULL PRIMARY KEY REFERENCES node_incarnations (incarnation) ON DELETE CASCADE,
  counter BIGINT NOT NULL
) WITH (fillfactor = 50);
