-- The outbox. podips 1.1 made this table by hand, with a message column that was too narrow for long pod names.
CREATE TABLE IF NOT EXISTS messages (
  id serial PRIMARY KEY,
  message text
);

ALTER TABLE messages ALTER COLUMN message TYPE text;
