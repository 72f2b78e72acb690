-- When a step's latest attempt began and when the step ended, by this database's clock, and what left a call's outcome unknown. Null in
-- rows that an older version has written. The table is made anew, so that the result stays the last column.

CREATE TABLE run_steps_with_times (
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
  started_at INTEGER,
  finished_at INTEGER,
  interruption TEXT,
  -- Last: a long result then costs nothing to whoever reads the other columns.
  result TEXT,
  PRIMARY KEY (run_id, idx)
) STRICT;

INSERT INTO run_steps_with_times (run_id, idx, step_id, server, tool, arguments, timeout_ms, on_unknown, status, attempts, error_code, error_message, error_retryable, result)
SELECT run_id, idx, step_id, server, tool, arguments, timeout_ms, on_unknown, status, attempts, error_code, error_message, error_retryable, result FROM run_steps;

DROP TABLE run_steps;
ALTER TABLE run_steps_with_times RENAME TO run_steps;
CREATE INDEX run_steps_server ON run_steps (server, run_id);
