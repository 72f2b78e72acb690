-- When a step's latest attempt began and when the step ended, by this database's clock, and what left a call's outcome unknown. Null in
-- rows that an older version has written.
ALTER TABLE run_steps ADD COLUMN started_at BIGINT;
ALTER TABLE run_steps ADD COLUMN finished_at BIGINT;
ALTER TABLE run_steps ADD COLUMN interruption TEXT;
