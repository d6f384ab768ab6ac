-- By these a reader notices that the database went back, to a replica that lacks the last writes or to a backup: how often
-- the ledger was written in this term, and which load began it, because a term's number may come twice then.
ALTER TABLE reader_terms
  ADD COLUMN writes integer NOT NULL DEFAULT 0,
  ADD COLUMN loaded_by uuid;
