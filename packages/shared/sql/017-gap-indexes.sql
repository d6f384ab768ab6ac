-- Which gaps touch a time. The expression cannot fail for any row, also not for one whose ends are in the wrong order.
CREATE INDEX gaps_by_range ON gaps
  USING gist (tstzrange(CASE WHEN started_at > ended_at THEN ended_at ELSE started_at END, ended_at, '[]'));
