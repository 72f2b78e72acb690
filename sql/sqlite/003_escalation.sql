-- What a credential waits for, and the refusal that comes again and again. A node that does not know these columns leaves them alone,
-- so what is counted names the generation that it was counted in.
ALTER TABLE credentials ADD COLUMN waits_for TEXT;
ALTER TABLE credentials ADD COLUMN repeated_mark TEXT;
ALTER TABLE credentials ADD COLUMN repeated_generation INTEGER;
ALTER TABLE credentials ADD COLUMN repeated_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN repeated_since INTEGER;

ALTER TABLE runs ADD COLUMN blocked_reason TEXT;
