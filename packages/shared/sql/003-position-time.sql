-- When the position was written, by this server's clock: the clocks of two readers may differ.
ALTER TABLE reader_positions ADD COLUMN written_at timestamptz NOT NULL DEFAULT 'epoch';
